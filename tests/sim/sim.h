/*
 * One simulated world: a server (the real engine, queue and store on the disk of disk.h), its clock, its runners, the
 * network between them, the provider that deploys change, and the people. Everything in it happens in an order that the
 * seed decides, in one thread; the store's writer thread works in lockstep.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "common/arena.h"
#include "common/clock.h"
#include "common/hash.h"
#include "server/store/db.h"
#include "server/store/states.h"
#include "tests/sim/record.h"
#include "tests/sim/workers.h"

#include <stdint.h>

#define PIPELINES_MAX 3
#define RUNNERS_MAX 6
#define SLOTS 2
#define LETTERS_MAX 64
#define TOKENS_MAX 64

#define NAME_PLACES 5 /* stages beyond the first; designs.c has as many names */

/* ---- pipelines, as people have written them ---- */

struct design {
    char name[16];
    bool exists;
    int generation; /* one more with each creation: the executions of a deleted one are another pipeline's */
    int version;
    int mode;
    uint64_t seed; /* the text is made from it */
    const char *text;
};

/* ---- starts, as senders know them ---- */

struct sent_start {
    int pipeline, generation;
    char token[UUID_SIZE];     /* "" : none */
    char execution[UUID_SIZE]; /* "" : not answered */
};

/* ---- runners ---- */

enum slot_state {
    SLOT_FREE,   /* asks for a job */
    SLOT_PARKED, /* its question waits in the server */
    SLOT_TAKEN,  /* offered, not yet acknowledged */
    SLOT_WORKS,
};

enum request_kind {
    REQUEST_HELLO,
    REQUEST_LEASE,
    REQUEST_ACKNOWLEDGE,
    REQUEST_HEARTBEAT,
    REQUEST_INPUT,
    REQUEST_CHECKPOINT,
    REQUEST_PROGRESS,
    REQUEST_ARTIFACT,
    REQUEST_RESULT,
    REQUEST_RETURN,
};

/* A message of a runner; who gets the answer is in it. */
struct request {
    enum request_kind kind;
    uint64_t id;
    size_t runner, slot;
    int instance;
    int64_t sent_ms;
    char claim[UUID_SIZE];
    char job[UUID_SIZE];
    int64_t token;
    const char *action_run; /* uuid */
    const char *name;       /* of an artifact */
    int outcome;            /* of a result */
    bool asks;              /* progress: a person is asked */
};

/* What a slot does for its job, in this order; some are left out. */
enum work {
    WORK_ACKNOWLEDGE,
    WORK_INPUTS,
    WORK_MARK,
    WORK_EFFECT,
    WORK_PAUSE,
    WORK_PROGRESS,
    WORK_OUTPUTS,
    WORK_UNDO,
    WORK_RESULT,
};

struct slot {
    enum slot_state state;
    char claim[UUID_SIZE];
    bool waits; /* for the answer to `asked`, until: */
    int64_t repeat_ms;
    struct request asked;
    /* The job. */
    char job[UUID_SIZE];
    int64_t token;
    int64_t believed_ms; /* until then it takes the job for its own */
    int64_t beat_ms;     /* when to say the next sign of life */
    bool beat_parked;    /* one waits in the server */
    int64_t busy_ms;     /* until then its build or rollout goes on */
    bool cancel, abandon;
    bool marked; /* an earlier holder left a mark, or this one */
    bool has_effect, is_build;
    bool pauses; /* asks a person before it goes on */
    bool has_asked;
    enum pause_state answer; /* PAUSE_WAITING: none yet */
    enum work work;
    size_t next;            /* input or output */
    const char *action_run; /* uuid; "" : none */
    const char *target;     /* what it deploys to */
    const char *const *inputs;
    size_t input_count;
    const char *const *outputs;
    size_t output_count;
    int outcome;
};

struct runner {
    char id[UUID_SIZE];
    bool exists, alive;
    bool doubtful; /* somebody asked to remove it, and heard no answer */
    bool said_hello;
    int instance;
    int64_t stalled_ms; /* until then it does nothing */
    int64_t back_ms;    /* when it is started again after a crash */
    struct slot slots[SLOTS];
};

/* A message that is on its way. */
struct letter {
    struct request request;
    bool used;
};

/* ---- the provider's ledger: what deploys did ---- */

struct effect {
    char action_run[UUID_SIZE];
    const char *target;
    int times;
    bool in_place;
    int undone;
};

/* ---- the world ---- */

struct seen; /* look.c: the database as it was at the last look */

struct sim {
    uint64_t seed;
    bool faults;
    int64_t now_ms;    /* time that really passed */
    int64_t wall_ms;   /* what the wall clock is ahead of it */
    int steps_back;    /* how often it was set back */
    int64_t booted_ms; /* when the server's machine was started */
    struct clock clock;
    struct arena arena;   /* as long as the history */
    struct arena scratch; /* as long as a question to the server */

    struct db *db; /* NULL: the server is down, until: */
    int64_t up_ms;
    bool full;
    int64_t roomy_ms; /* until then the disk is full */
    bool broken;      /* an injected failure: errors of the machine are no surprise until the next start */
    bool clock_woken;
    bool clock_failed;     /* its last look did not come to its end: it looks again soon, whatever is due */
    bool clock_stepped;    /* the wall clock was set, and the schedules are of before */
    int64_t clock_boot_ms; /* until then the server's clock thread sleeps */

    struct design designs[PIPELINES_MAX];
    size_t design_count;
    bool ways_open; /* quiet end: nobody closes a transition any more */
    struct runner runners[RUNNERS_MAX];
    size_t runner_count;
    struct worker workers[WORKERS];
    uint64_t last_request;
    struct letter letters[LETTERS_MAX];
    struct sent_start *starts;
    size_t start_count, start_capacity;
    struct effect *effects;
    size_t effect_count, effect_capacity;
    struct seen *seen;
};

/* Every history begins with a copy of this: made once in a process. */
struct disk_image;
void history_prepare(void);
/* One history, from its seed to its quiet end. Returns its hash. */
uint64_t history_run(uint64_t seed);

/* ---- the server (server.c) ---- */

enum answer { ANSWER_DONE, ANSWER_REFUSED, ANSWER_NONE };

/* A question to the server: the work, in one transaction, with whatever fault strikes. ANSWER_NONE: who asked hears
 * nothing, and does not know whether it was done. */
enum answer server_ask(struct sim *sim, db_work *work, void *context, struct err *err);
/* The same of several at once, which may be committed together. */
struct piece;
void server_ask_together(struct sim *sim, struct piece *pieces, size_t piece_count, enum answer *answers);
/* Reads what is committed; false where the server is down or hurt. */
bool server_read(struct sim *sim, db_work *work, void *context);
void server_start(struct sim *sim);
/* The server is gone; `power`: its machine too. */
void server_crash(struct sim *sim, bool power);
/* Ends in good order. */
void server_stop(struct sim *sim);
void server_begin(struct sim *sim);
void server_end(struct sim *sim);
/* The thread of the server's clock, where it is due. */
void server_tick(struct sim *sim);
int64_t sim_boot_ms(const struct sim *sim);
/* The disk as it is decided to be. */
void server_set_full(struct sim *sim, bool full);

/* ---- the others ---- */

/* The text of a pipeline, from the design's seed; NULL where chance made one that is refused. */
const struct pipeline *design_read(struct sim *sim, const struct design *design);
const char *design_stage(size_t place); /* a name that stages have; below NAME_PLACES */
void design_begin(struct sim *sim);
void design_change(struct design *design);

void people_begin(struct sim *sim);
void people_act(struct sim *sim);
/* Quiet end: what only a person can do. False: nothing was to be done. */
bool people_settle(struct sim *sim);
void people_start(struct sim *sim);

void runners_begin(struct sim *sim);
/* Some messages of one runner that has something to say; false: nobody has. */
bool runners_act(struct sim *sim);
void runner_trouble(struct sim *sim);
/* Everything that a runner can do now, with a network that loses nothing. True: something was done. */
bool runners_settle(struct sim *sim);
/* Signs of life that are due, and what stalls and crashes end. */
void runners_pass_time(struct sim *sim);
/* The server told WAKE_JOB or WAKE_JOBS. */
void runners_wake_job(struct sim *sim, const char *job);
void runners_wake(struct sim *sim);
void runners_disconnect(struct sim *sim);

/* Job workers of custom actions. The second as runners_settle. */
void workers_act(struct sim *sim);
bool workers_settle(struct sim *sim);

/* The network. */
void network_send(struct sim *sim, struct request *request); /* numbers and dates it */
void network_deliver(struct sim *sim, bool all);

/* The provider. */
void provider_apply(struct sim *sim, const char *action_run, const char *target);
bool provider_has(struct sim *sim, const char *action_run);
void provider_undo(struct sim *sim, const char *action_run);
const struct effect *provider_find(const struct sim *sim, const char *action_run);

/* The invariants. */
void look_begin(struct sim *sim);
/* All that must be so after each step; `whole`: what is too dear for each. */
void look(struct sim *sim, bool whole);

#endif
