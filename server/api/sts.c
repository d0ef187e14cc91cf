/*
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
#include "server/api/sts.h"

#include "common/str.h"

#include <string.h>

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

bool sts_wants(const struct request *request) {
    const char *type = request_header(request, "content-type");
    return type && str_starts_with(type, "application/x-www-form-urlencoded");
}

/* True where the form has that pair, which needs no decoding. */
static bool form_has(const char *form, const char *pair) {
    size_t length = strlen(pair);
    for (const char *at = form; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (strncmp(at, pair, length) == 0 && (at[length] == '&' || at[length] == '\0'))
            return true;
    return false;
}

static const char *escape(struct arena *arena, const char *text) {
    struct str out CLEANUP(str_release) = STR_INIT(4096);
    for (; *text; text++)
        switch (*text) {
        case '<':
            str_append(&out, "&lt;");
            break;
        case '&':
            str_append(&out, "&amp;");
            break;
        default:
            str_append_char(&out, *text);
        }
    return arena_strdup(arena, str_text(&out));
}

static void refuse(const struct aws_call *call, struct reply *reply, int status, const char *code,
                   const char *message) {
    reply_text(call->request, reply, status, "text/xml",
               arena_printf(call->arena,
                            "<ErrorResponse xmlns=\"" NAMESPACE "\"><Error><Type>Sender</Type><Code>%s</Code>"
                            "<Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>\n",
                            code, message, call->request->id));
}

void sts_answer(const struct aws_call *call, struct reply *reply) {
    const struct principal *who = &call->request->principal;
    if (who->service && !str_equal(who->service, "sts")) {
        refuse(call, reply, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.");
        return;
    }
    if (!form_has(call->request->body, "Action=GetCallerIdentity")) {
        refuse(call, reply, 400, "InvalidAction", "only GetCallerIdentity is answered here");
        return;
    }
    reply_text(call->request, reply, 200, "text/xml",
               arena_printf(call->arena,
                            "<GetCallerIdentityResponse xmlns=\"" NAMESPACE "\"><GetCallerIdentityResult>"
                            "<Arn>%s</Arn><UserId>%s</UserId><Account>%s</Account></GetCallerIdentityResult>"
                            "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>"
                            "</GetCallerIdentityResponse>\n",
                            escape(call->arena, call->by ? call->by : ""), escape(call->arena, who->id ? who->id : ""),
                            call->account_id, call->request->id));
}
