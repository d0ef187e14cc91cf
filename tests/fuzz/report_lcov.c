/* LCOV's tracefiles. */
#include "tests/fuzz/report_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const formats[] = {"LCOV"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        try_format(formats[i], bytes, size);
    return 0;
}
