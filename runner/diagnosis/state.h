/*
 * What a diagnosis remembers, for the files of this room only: signs by cause, our tasks, how the deployment stands.
 * All of it bounded: what was first is kept for `since`, what is newest for the verdict.
 */
#ifndef RUNNER_DIAGNOSIS_STATE_H
#define RUNNER_DIAGNOSIS_STATE_H

#include "runner/diagnosis/causes.h"
#include "runner/diagnosis/diagnosis.h"

#define SIGNS_MAX 12
#define TASKS_MAX 512
#define NAME_MAX_SIZE 128 /* of a task's id, a container, a target */
#define TEXT_MAX_SIZE 600
#define LOGS_MAX 4

/* One thing seen that points to a cause. */
struct sign {
    int64_t at_ms;
    char key[NAME_MAX_SIZE];   /* what it was seen at: seen again it is the same sign */
    char task[NAME_MAX_SIZE];  /* its task's id, or "" */
    char about[NAME_MAX_SIZE]; /* for people: "container 'app' (exit code 1)" */
    char text[TEXT_MAX_SIZE];
    int host_port; /* where only that says whose it is; else 0 */
    bool sure;     /* no accident */
};

/* Oldest first. */
struct suspicion {
    struct sign signs[SIGNS_MAX];
    int count;
    int64_t first_ms; /* of those that had to make room */
};

enum whose { WHOSE_UNKNOWN, WHOSE_OURS, WHOSE_OTHERS };

struct task_seen {
    char id[NAME_MAX_SIZE];
    enum whose whose;
    int64_t created_ms;
    int64_t placed_ms; /* 0: not yet */
    int64_t started_ms;
    int64_t ended_ms;
    int64_t good_ms; /* when it was first found good; 0: not yet */
    bool failed;     /* ended, and nobody wanted it to */
    enum cause_kind failed_by;
    bool unhealthy;   /* by a health check of its containers */
    bool checked;     /* a health check of its containers says that it is well */
    bool target_good; /* the load balancer says so */
    bool target_bad;
    char address[64];  /* where targets know it by: its IP, or its instance's port */
    int host_ports[4]; /* on EC2 without awsvpc */
    bool log_wanted;   /* its containers said something before they ended */
    bool log_taken;
    char arn[NAME_MAX_SIZE * 2];
    char container[NAME_MAX_SIZE]; /* which ended it */
};

struct log_seen {
    enum cause_kind kind; /* CAUSE_KINDS: nothing that we know */
    char container[NAME_MAX_SIZE];
    char line[TEXT_MAX_SIZE]; /* the one that tells most */
};

struct diagnosis {
    struct arena *arena;
    const char *deployment;
    const char *task_definition;
    int64_t began_ms;

    struct suspicion suspicions[CAUSE_KINDS];
    struct task_seen *tasks; /* the newest TASKS_MAX */
    size_t task_count;
    size_t task_capacity;
    struct log_seen logs[LOGS_MAX]; /* newest last */
    int log_count;

    /* How the service stood when it was last added. */
    bool gradual; /* BLUE_GREEN and the like: two revisions run side by side on purpose */
    bool daemon;
    bool failed; /* for good */
    bool over;   /* completed */
    bool has_balancer;
    bool tasks_known; /* somebody describes tasks */
    bool targets_known;
    bool wants_tasks;
    int64_t tasks_to_ms; /* when they were described last */
    int64_t grace_ms;
    int64_t desired, running, pending, failed_tasks, others_running;
    int64_t settled_ms;  /* since when all that runs of ours runs; 0: not now */
    int64_t deadlock_ms; /* since when the percents hold each other up; 0: not now */
    int64_t draining_ms; /* when ECS began to end old tasks; 0: not yet */
    int64_t drain_limit_ms;
    char drain_text[TEXT_MAX_SIZE];
    char percents[NAME_MAX_SIZE];
    char target_group[NAME_MAX_SIZE];
    int64_t longest_life_ms; /* of a task of ours that ended by itself */

    struct cause cause; /* the latest answer */
};

/* A sign is new by its key; one that is known keeps the time at which it was first seen. */
void suspect(struct diagnosis *diagnosis, enum cause_kind kind, const struct sign *sign);

/* NULL where nobody described it. `id` may be an ARN. */
struct task_seen *task_find(struct diagnosis *diagnosis, const char *id);

void name_copy(char *out, size_t size, const char *text); /* NULL is "" */
#define NAME_COPY(field, text) name_copy((field), sizeof(field), (text))

const char *name_short(const char *arn); /* after the last '/' */

/* Epoch seconds with a fraction, as AWS's JSON has times; 0 where absent. */
int64_t time_of(const struct json *object, const char *member);

#endif
