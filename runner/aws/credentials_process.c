/*
 * credential_process: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
#include "runner/aws/credentials.h"

#include "common/json.h"
#include "common/spawn.h"
#include "common/str.h"
#include "runner/aws/assume_role.h"

#include <string.h>

#define LONGEST_MS 60000
#define MOST_BYTES ((size_t)64 * 1024)

extern char **environ;

/* One word, quotes taken off: "..." knows backslashes, '...' nothing. NULL where a quote is not closed. */
static const char *split_word(struct arena *arena, const char **at) {
    struct str word CLEANUP(str_release) = STR_INIT(strlen(*at) + 1);
    char quote = '\0';
    for (; **at && (quote || !strchr(" \t", **at)); (*at)++) {
        if (quote && **at == quote)
            quote = '\0';
        else if (!quote && strchr("\"'", **at))
            quote = **at;
        else if (**at == '\\' && quote != '\'' && (*at)[1])
            str_append_char(&word, *++*at);
        else
            str_append_char(&word, **at);
    }
    return quote ? NULL : arena_strdup(arena, str_text(&word));
}

const char *const *credentials_split_command(struct arena *arena, const char *command) {
    const char **words = arena_array(arena, const char *, strlen(command) / 2 + 2);
    size_t count = 0;
    for (const char *at = command + strspn(command, " \t"); *at; at += strspn(at, " \t"))
        if (!(words[count++] = split_word(arena, &at)))
            return NULL;
    words[count] = NULL;
    return words;
}

bool credentials_from_process(struct arena *arena, const char *command, struct credentials_found *out,
                              struct err *err) {
    const char *const *words = credentials_split_command(arena, command);
    struct spawn_result result;
    const struct json *body;
    if (!words || !words[0])
        return err_set(err, ERR_INVALID, "the profile's credential_process is no command line: '%.200s'", command);
    const struct spawn spawn = {.arguments = words,
                                .environment = (const char *const *)environ,
                                .input = -1,
                                .output = -1,
                                .errors = 2,
                                .timeout_ms = LONGEST_MS};
    if (!spawn_run_collect(&spawn, arena, MOST_BYTES, &result, err))
        return err_wrap(err, "the profile's credential_process");
    if (result.exit_code != 0)
        return err_set(err, ERR_DENIED, "the profile's credential_process '%.100s' ended with %d%s", words[0],
                       result.exit_code, result.timed_out ? ", because it took longer than a minute" : "");
    if (!json_parse(arena, result.output, result.output_size, &body, err))
        return err_wrap(err, "what the profile's credential_process printed");
    *out = (struct credentials_found){.credentials = {.access_key = json_get_text(body, "AccessKeyId"),
                                                      .secret_key = json_get_text(body, "SecretAccessKey"),
                                                      .session_token = json_get_text(body, "SessionToken")},
                                      .expires_ms = credentials_parse_time(json_get_text(body, "Expiration"))};
    if (json_get_integer(body, "Version", 0) != 1 || !out->credentials.access_key || !out->credentials.secret_key)
        return err_set(err, ERR_DENIED,
                       "the profile's credential_process printed no credentials of Version 1 with AccessKeyId and "
                       "SecretAccessKey");
    return true;
}
