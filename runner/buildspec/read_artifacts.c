/*
 * `artifacts` of a buildspec: the primary set and the secondary ones, which have the same keys.
 */
#include "runner/buildspec/read.h"

static const char *const set_keys[] = {"files",     "exclude-paths", "base-directory",  "name",
                                       "s3-prefix", "discard-paths", "enable-symlinks", "secondary-artifacts",
                                       "type", /* of version 0.1, where "zip" was all it could say */
                                       NULL};

/* False where `files` is of a wrong type. */
static bool read_set(struct reader *reader, const struct json *object, struct buildspec_artifacts *out) {
    bool good = spec_texts(reader, json_get(object, "files"), "Files", true, &out->files);
    spec_texts(reader, json_get(object, "exclude-paths"), "Exclude-paths", true, &out->exclude_paths);
    spec_text(reader, object, "base-directory", &out->base_directory);
    spec_text(reader, object, "name", &out->name);
    spec_text(reader, object, "s3-prefix", &out->s3_prefix);
    spec_flag(reader, object, "discard-paths", &out->discard_paths);
    spec_flag(reader, object, "enable-symlinks", &out->keep_symlinks);
    return good;
}

static void read_secondary(struct reader *reader, const struct json *artifacts, struct buildspec *out) {
    const struct json *object = NULL;
    if (spec_counts(reader, artifacts, "secondary-artifacts"))
        spec_object(reader, artifacts, "secondary-artifacts", &object);
    struct buildspec_artifacts *sets =
        arena_array(reader->arena, struct buildspec_artifacts, (object ? object->count : 0) + 1);
    json_each(item, object) {
        struct buildspec_artifacts *set = &sets[out->secondary_count++];
        set->identifier = arena_strdup(reader->arena, item->name);
        if (item->type != JSON_OBJECT) {
            spec_refuse_key(reader, item, "secondary artifact '%.100s' must hold keys, 'files' at least", item->name);
            continue;
        }
        spec_note_unknown(reader, item, set_keys,
                          arena_printf(reader->arena, "of secondary artifact '%.100s'", item->name));
        if (read_set(reader, item, set) && set->files.count == 0)
            spec_refuse_key(reader, item, "secondary artifact '%.100s' lacks 'files'", item->name);
    }
    out->secondary = sets;
}

void buildspec_read_artifacts(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *artifacts;
    if (!spec_object(reader, root, "artifacts", &artifacts) || !artifacts)
        return;
    spec_note_unknown(reader, artifacts, set_keys, "of 'artifacts'");
    bool good = read_set(reader, artifacts, &out->artifacts);
    read_secondary(reader, artifacts, out);
    /* AWS asks for 'files' even beside secondary artifacts; nobody misses it where they are all that is used. */
    if (good && out->artifacts.files.count == 0 && out->secondary_count == 0)
        spec_refuse_key(reader, artifacts, "'artifacts' lacks 'files'; write the patterns of the files to keep");
    out->has_artifacts = out->artifacts.files.count > 0;
}
