#include "server/config.h"

#include "common/str.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LOG_LIMIT_MAX (1024 * 1024) /* MiB */

const char config_help[] =
    "penstock-server: CodePipeline and CodeBuild on your own machine\n"
    "\n"
    "  penstock-server --data /var/lib/penstock --listen 127.0.0.1:8080\n"
    "\n"
    "Each flag can be an environment variable instead (--listen is PENSTOCK_LISTEN); the flag wins.\n"
    "  --data DIR             database, logs, artifacts, repositories, secret.key (/var/lib/penstock)\n"
    "  --listen ADDRESS:PORT  where to listen; port 0 takes a free one (127.0.0.1:8080)\n"
    "  --base-url URL         what links, hooks and clone addresses begin with (http://ADDRESS:PORT)\n"
    "  --pipelines DIR        pipeline files to load at start and again on SIGHUP\n"
    "  --region NAME          the region that answers and signatures carry (us-east-1)\n"
    "  --account-id N         the account that ARNs carry (123456789012)\n"
    "  --log-limit MIB        how much of one log is kept (1024)\n"
    "  --version, --help\n";

/* Where each setting's text goes before it is checked. */
struct texts {
    const char *data, *listen, *base_url, *pipelines, *region, *account_id, *log_limit;
};

static const struct setting {
    const char *flag;
    const char *variable;
    size_t offset;
} settings[] = {
    {"--data", "PENSTOCK_DATA", offsetof(struct texts, data)},
    {"--listen", "PENSTOCK_LISTEN", offsetof(struct texts, listen)},
    {"--base-url", "PENSTOCK_BASE_URL", offsetof(struct texts, base_url)},
    {"--pipelines", "PENSTOCK_PIPELINES", offsetof(struct texts, pipelines)},
    {"--region", "PENSTOCK_REGION", offsetof(struct texts, region)},
    {"--account-id", "PENSTOCK_ACCOUNT_ID", offsetof(struct texts, account_id)},
    {"--log-limit", "PENSTOCK_LOG_LIMIT", offsetof(struct texts, log_limit)},
};
#define SETTING_COUNT (sizeof settings / sizeof settings[0])

static const char **slot(struct texts *texts, const struct setting *setting) {
    return (const char **)(void *)((char *)texts + setting->offset);
}

static void read_environment(struct texts *texts) {
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = getenv(settings[i].variable);
        if (value && *value)
            *slot(texts, &settings[i]) = value;
    }
}

/* "--flag value" or "--flag=value". */
static bool read_flag(struct arena *arena, int count, char *const *arguments, int *at, struct texts *texts,
                      struct err *err) {
    const char *argument = arguments[*at];
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        size_t length = strlen(settings[i].flag);
        if (strncmp(argument, settings[i].flag, length) != 0 || (argument[length] && argument[length] != '='))
            continue;
        const char *value = argument[length] ? argument + length + 1 : NULL;
        if (!value && *at + 1 < count)
            value = arguments[++*at];
        if (!value || !*value)
            return err_set(err, ERR_INVALID, "flag '%s' needs a value; --help lists them", settings[i].flag);
        *slot(texts, &settings[i]) = arena_strdup(arena, value);
        return true;
    }
    return err_set(err, ERR_INVALID, "unknown argument '%s'; --help lists the flags", argument);
}

/* "127.0.0.1:8080", "[::1]:8080" */
static bool split_listen(struct arena *arena, const char *text, struct config *out, struct err *err) {
    const char *colon = strrchr(text, ':');
    long long port;
    if (!colon || colon == text || !str_to_int64(colon + 1, 0, 65535, &port))
        return err_set(err, ERR_INVALID, "--listen '%s' is not ADDRESS:PORT, such as 127.0.0.1:8080", text);
    char *address = arena_strndup(arena, text, (size_t)(colon - text));
    if (address[0] == '[' && str_ends_with(address, "]")) {
        address[strlen(address) - 1] = '\0';
        address++;
    } else if (strchr(address, ':')) {
        return err_set(err, ERR_INVALID, "--listen '%s': an IPv6 address stands in brackets, such as [::1]:8080", text);
    }
    out->listen_address = address;
    out->listen_port = (int)port;
    return true;
}

static bool check_base_url(struct arena *arena, const char *text, struct config *out, struct err *err) {
    if (!text)
        return true;
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '/')
        length--;
    const char *host = strstr(text, "://");
    if ((!str_starts_with(text, "http://") && !str_starts_with(text, "https://")) ||
        length <= (size_t)(host - text) + 3)
        return err_set(err, ERR_INVALID, "--base-url '%s' does not begin with http:// or https:// and a host", text);
    if (strpbrk(text, "?# \t\r\n\"'<>\\"))
        return err_set(err, ERR_INVALID, "--base-url '%s' holds more than scheme, host, port and path", text);
    out->base_url = arena_strndup(arena, text, length);
    return true;
}

static bool check_log_limit(const char *text, struct config *out, struct err *err) {
    long long number;
    if (!str_to_int64(text, 1, LOG_LIMIT_MAX, &number))
        return err_set(err, ERR_INVALID, "--log-limit '%s' is not a number of MiB from 1 to %d", text, LOG_LIMIT_MAX);
    out->log_limit_mib = (int)number;
    return true;
}

static bool check_names(struct config *out, struct err *err) {
    if (strspn(out->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(out->region))
        return err_set(err, ERR_INVALID, "--region '%s' is not a name such as us-east-1", out->region);
    if (strlen(out->account_id) != 12 || strspn(out->account_id, "0123456789") != 12)
        return err_set(err, ERR_INVALID, "--account-id '%s' is not 12 digits", out->account_id);
    return true;
}

bool config_read(struct arena *arena, int argument_count, char *const *arguments, struct config *out, struct err *err) {
    struct texts texts = {
        .data = "/var/lib/penstock",
        .listen = "127.0.0.1:8080",
        .region = "us-east-1",
        .account_id = "123456789012",
        .log_limit = "1024",
    };
    struct config config = {0};
    read_environment(&texts);
    for (int at = 1; at < argument_count; at++) {
        if (str_equal(arguments[at], "--help") || str_equal(arguments[at], "-h"))
            config.show_help = true;
        else if (str_equal(arguments[at], "--version"))
            config.show_version = true;
        else if (!read_flag(arena, argument_count, arguments, &at, &texts, err))
            return false;
    }
    config.data_directory = arena_strdup(arena, texts.data);
    config.pipelines_directory = arena_strdup(arena, texts.pipelines);
    config.region = arena_strdup(arena, texts.region);
    config.account_id = arena_strdup(arena, texts.account_id);
    if (!split_listen(arena, texts.listen, &config, err) || !check_base_url(arena, texts.base_url, &config, err) ||
        !check_names(&config, err) || !check_log_limit(texts.log_limit, &config, err))
        return false;
    *out = config;
    return true;
}

void config_set_port(struct arena *arena, struct config *config, int port) {
    config->listen_port = port;
    if (config->base_url)
        return;
    bool colons = strchr(config->listen_address, ':') != NULL;
    config->base_url = arena_printf(arena, colons ? "http://[%s]:%d" : "http://%s:%d", config->listen_address, port);
}
