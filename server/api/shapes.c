/*
 * Shapes that many operations share.
 */
#include "server/api/aws.h"

static const struct shape_pattern uuid_pattern = {
    .aws = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    .expression = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    .words = "an id such as 3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e",
};

const struct shape aws_any = {.type = SHAPE_ANY};
const struct shape aws_plain_text = {.type = SHAPE_TEXT};
const struct shape aws_filled_text = {.type = SHAPE_TEXT, .least = 1};
const struct shape aws_boolean = {.type = SHAPE_BOOL};
const struct shape aws_uuid = {.type = SHAPE_TEXT, .least = 1, .most = 64, .pattern = &uuid_pattern};
const struct shape aws_next_token = {.type = SHAPE_TEXT, .least = 1, .most = 2048};
const struct shape aws_nothing = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};

static const struct shape tag_key = {.type = SHAPE_TEXT, .least = 1, .most = 128};

static const struct shape tag = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "key", .required = true, .shape = &tag_key},
            {.name = "value", .required = true, .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 256}},
            {0},
        },
};

const struct shape aws_tag_list = {.type = SHAPE_LIST, .members = &tag};
const struct shape aws_tag_keys = {.type = SHAPE_LIST, .members = &tag_key};
