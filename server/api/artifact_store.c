/*
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ArtifactStore.html
 */
#include "server/api/artifact_store.h"

#include "server/store/pipelines.h"

#include <string.h>

void artifact_store_read(struct arena *arena, const struct config *config, const struct json *declaration,
                         const char *region, struct artifact_store *out) {
    const struct json *store = json_get(declaration, "artifactStore");
    if (!store)
        store = json_get(json_get(declaration, "artifactStores"), region ? region : config->region);
    const char *bucket = json_get_text(store, "location");
    *out = (struct artifact_store){
        .bucket = bucket ? bucket : arena_printf(arena, "penstock-artifacts-%s", config->account_id),
        .encryption_key = json_get(store, "encryptionKey"),
    };
}

bool artifact_store_find(struct tx *tx, struct arena *arena, const struct config *config, int64_t pipeline_id,
                         int64_t version, const char *region, struct artifact_store *out, struct err *err) {
    const char *text = NULL;
    const struct json *declaration = NULL;
    if (!pipelines_get_version(tx, arena, pipeline_id, version, &text, NULL, err) ||
        !json_parse(arena, text, strlen(text), &declaration, err))
        return false;
    artifact_store_read(arena, config, declaration, region, out);
    return true;
}
