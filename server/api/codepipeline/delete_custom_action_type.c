/*
 * DeleteCustomActionType: no pipeline may name it any more, and actions that would start with it fail. One that is not
 * there is no error.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/codepipeline/action_type.h"

const struct shape delete_custom_action_type_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category", .required = true, .shape = &action_category_shape},
            {.name = "provider", .required = true, .shape = &action_provider_shape},
            {.name = "version", .required = true, .shape = &action_version_shape},
            {0},
        },
};

bool delete_custom_action_type(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return custom_type_rows_delete(tx, aws_text(call, "category"), aws_text(call, "provider"),
                                   aws_text(call, "version"), err);
}
