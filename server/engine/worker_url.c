/*
 * URL templates of custom action types.
 */
#include "server/engine/worker_types.h"

#include "common/str.h"

#include <string.h>

#define URL_MAX 8192

/* The value of what stands between the braces; NULL for none. */
static const char *value_of(struct arena *arena, const char *name, const struct json *configuration,
                            const char *external_id) {
    if (str_equal(name, "ExternalExecutionId"))
        return external_id;
    if (str_starts_with(name, "Config:"))
        return json_get_text(configuration, name + strlen("Config:"));
    return arena_printf(arena, "{%s}", name);
}

const char *worker_url(struct arena *arena, const char *template, const struct json *configuration,
                       const char *external_id) {
    struct str url CLEANUP(str_release) = STR_INIT(URL_MAX);
    if (!template)
        return NULL;
    for (const char *at = template; *at;) {
        size_t plain = strcspn(at, "{");
        const char *close = at[plain] ? strchr(at + plain, '}') : NULL;
        if (!close) {
            str_append(&url, at);
            break;
        }
        str_append_bytes(&url, at, plain);
        const char *name = arena_strndup(arena, at + plain + 1, (size_t)(close - at) - plain - 1);
        const char *value = value_of(arena, name, configuration, external_id);
        if (!value)
            return NULL;
        str_append(&url, value);
        at = close + 1;
    }
    /* It becomes a link on a page: nothing but an address, whatever stands in the configuration. */
    bool is_address = str_starts_with(str_text(&url), "http://") || str_starts_with(str_text(&url), "https://");
    return url.cut || !is_address ? NULL : arena_strdup(arena, str_text(&url));
}
