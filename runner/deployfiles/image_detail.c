/*
 * Reading imageDetail.json.
 */
#include "runner/deployfiles/image_detail.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"
#include "runner/deployfiles/json_file.h"

#define WANTED "{\"ImageURI\": \"…\"}"

static bool refuse_shape(struct findings *findings, const struct json *root) {
    const struct json *entry = root->type == JSON_ARRAY ? root->first : NULL;
    if (json_get(entry, "imageUri"))
        return findings_refuse(findings, root,
                               "this is imagedefinitions.json's list, which the ECS action takes; CodeDeployToECS "
                               "wants an object: " WANTED);
    return findings_refuse(findings, root, "this must be an object: " WANTED);
}

static bool refuse_without(struct findings *findings, const struct json *root) {
    static const char *const misspelt[] = {"imageUri", "imageURI", "ImageUri", "imageUrl", "ImageUrl", "image"};
    for (size_t i = 0; i < sizeof misspelt / sizeof *misspelt; i++) {
        const struct json *found = json_get(root, misspelt[i]);
        if (found)
            return findings_refuse_name(findings, found, "the file has '%s'; write 'ImageURI' instead", misspelt[i]);
    }
    return findings_refuse(findings, root, "the file lacks 'ImageURI'; write " WANTED);
}

bool image_detail_check(const char *text, size_t size, struct image_detail *out, struct findings *findings) {
    const struct json *root;
    if (size > IMAGE_DETAIL_CEILING)
        return findings_refuse(findings, NULL, "the file is larger than 100 KB; it needs nothing but " WANTED);
    if (!json_file_open(findings, "the image detail file", text, size, &root))
        return false;
    if (root->type != JSON_OBJECT)
        return refuse_shape(findings, root);
    const struct json *uri = json_get(root, "ImageURI");
    if (!uri)
        return refuse_without(findings, root);
    if (uri->type != JSON_TEXT)
        return findings_refuse(findings, uri, "'ImageURI' must be a text, not %s", json_file_found(uri));
    if (!*uri->text)
        return findings_refuse(findings, uri, "'ImageURI' is empty");
    if (image_name_is_placeholder(uri->text))
        return findings_refuse(findings, uri,
                               "'%.255s' is a placeholder; this file says what fills those of taskdef.json", uri->text);
    if (!image_name_check(findings, uri, uri->text))
        return false;
    *out = (struct image_detail){.uri = uri->text,
                                 .digest = json_get_text(root, "ImageDigest"),
                                 .repository = json_get_text(root, "RepositoryName")};
    return true;
}

bool image_detail_read(struct arena *arena, const char *file, const char *text, size_t size, struct image_detail *out,
                       struct err *err) {
    struct findings findings = findings_of(arena, file);
    bool good = image_detail_check(text, size, out, &findings);
    return findings_verdict(&findings, err) && good;
}
