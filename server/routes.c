#include "server/routes.h"

#include "server/api/aws.h"
#include "server/api/hooks/hooks.h"
#include "server/api/jobs/jobs.h"
#include "server/api/s3/s3.h"
#include "server/api/watch/watch.h"
#include "server/artifacts/artifacts.h"
#include "server/auth/auth.h"
#include "server/git/hosting.h"
#include "server/health.h"
#include "server/http/files.h"

#define AWS_BODY_MAX (1024 * 1024)
#define FORM_BODY_MAX 4096
#define PUSH_BYTES_MAX (4LL << 30)

/* Who may. A door without a line for it is for anyone. */
#define USER .check_head = auth_user, .check_body = auth_user_body
#define SESSION .check_head = auth_session, .check_body = auth_user_body
#define RUNNER .check_head = auth_runner
#define GIT .check_head = auth_git
#define S3_WORKER .wants = s3_wants, .check_head = auth_worker, .refuse = s3_refuse
#define SENDER .check_head = hooks_github_head

#define MEMORY(limit) .body = HTTP_BODY_MEMORY, .body_limit = (limit)
#define FILE_BODY(limit) .body = HTTP_BODY_FILE, .body_limit = (limit)

const struct http_route routes[] = {
    /* Job workers' artifacts, as S3 has them: known by what they sign, since their paths are buckets and keys */
    {"GET", "/**", S3_WORKER, .handler = s3_get},
    {"PUT", "/**", S3_WORKER, FILE_BODY(ARTIFACT_BYTES_MAX), .handler = s3_put, .slow = true},
    {"POST", "/**", S3_WORKER, MEMORY(S3_DOCUMENT_MAX), .handler = s3_post, .slow = true},
    {"DELETE", "/**", S3_WORKER, .handler = s3_delete},

    /* The AWS door */
    {"POST", "/", USER, MEMORY(AWS_BODY_MAX), .handler = aws_door},
    {"POST", "/aws", USER, MEMORY(AWS_BODY_MAX), .handler = aws_door},
    {"POST", "/aws/", USER, MEMORY(AWS_BODY_MAX), .handler = aws_door},

    /* Watching */
    {"GET", "/events", SESSION, .handler = watch_events},
    {"GET", "/logs/*", USER, .handler = watch_log},
    {"GET", "/logs/*/raw", USER, .handler = watch_log_raw},
    {"GET", "/badges", .handler = watch_badge},

    /* Signing in */
    {"GET", "/sign-in", .handler = auth_sign_in_page},
    {"POST", "/sign-in", MEMORY(FORM_BODY_MAX), .handler = auth_sign_in},
    {"POST", "/sign-out", SESSION, MEMORY(FORM_BODY_MAX), .handler = auth_sign_out},

    /* Git hosting and webhooks */
    {"GET", "/git/*/**", GIT, .handler = hosting_door, .slow = true},
    {"POST", "/git/*/**", GIT, FILE_BODY(PUSH_BYTES_MAX), .handler = hosting_door, .slow = true},
    {"POST", "/hooks/github/*", SENDER, FILE_BODY(HOOKS_BODY_MAX), .handler = hooks_github, .slow = true,
     .wants = hooks_github_is_slow},
    {"POST", "/hooks/github/*", SENDER, FILE_BODY(HOOKS_BODY_MAX), .handler = hooks_github},

    /* Runners */
    {"POST", "/runner/join", MEMORY(FORM_BODY_MAX), .handler = jobs_join},
    {"POST", "/runner/hello", RUNNER, MEMORY(FORM_BODY_MAX), .handler = jobs_hello},
    {"POST", "/runner/lease", RUNNER, MEMORY(JOBS_MESSAGE_MAX), .handler = jobs_lease},
    {"POST", "/runner/jobs/*/acknowledge", RUNNER, MEMORY(FORM_BODY_MAX), .handler = jobs_acknowledge},
    {"POST", "/runner/jobs/*/return", RUNNER, MEMORY(FORM_BODY_MAX), .handler = jobs_return},
    {"POST", "/runner/jobs/*/heartbeat", RUNNER, MEMORY(FORM_BODY_MAX), .handler = jobs_heartbeat},
    {"POST", "/runner/jobs/*/log", RUNNER, MEMORY(JOBS_LOG_MAX), .handler = jobs_log},
    {"POST", "/runner/jobs/*/checkpoint", RUNNER, MEMORY(JOBS_MESSAGE_MAX), .handler = jobs_checkpoint},
    {"POST", "/runner/jobs/*/progress", RUNNER, MEMORY(JOBS_MESSAGE_MAX), .handler = jobs_progress},
    {"PUT", "/runner/jobs/*/artifacts/*", RUNNER, FILE_BODY(ARTIFACT_BYTES_MAX), .handler = jobs_put_artifact,
     .slow = true},
    {"GET", "/runner/jobs/*/artifacts/*", RUNNER, .handler = jobs_get_artifact},
    {"POST", "/runner/jobs/*/report", RUNNER, MEMORY(JOBS_REPORT_MAX), .handler = jobs_put_report},
    {"POST", "/runner/jobs/*/result", RUNNER, MEMORY(JOBS_MESSAGE_MAX), .handler = jobs_result},

    /* The rest */
    {"GET", "/healthz", .handler = health_live},
    {"GET", "/readyz", .handler = health_ready},
    {"GET", "/version", .handler = health_version},
    {"GET", "/assets/*", .handler = files_asset},
    {"GET", "/", .handler = files_page},
    {"GET", "/pipelines/**", .handler = files_page},
    {"GET", "/environments", .handler = files_page},
    {"GET", "/environments/**", .handler = files_page},
    {"GET", "/runners", .handler = files_page},
    {"GET", "/settings", .handler = files_page},
};

const size_t route_count = sizeof routes / sizeof routes[0];
