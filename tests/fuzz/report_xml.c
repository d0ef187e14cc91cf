/* Reports in the formats that are XML. */
#include "tests/fuzz/report_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const formats[] = {"JUNITXML",        "NUNITXML",  "NUNIT3XML",    "TESTNGXML",
                                          "VISUALSTUDIOTRX", "CLOVERXML", "COBERTURAXML", "JACOCOXML"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        try_format(formats[i], bytes, size);
    return 0;
}
