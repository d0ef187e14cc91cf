/*
 * From signs to the one cause. The rules, in this order:
 *
 * 1. What is not ours does not count: signs at tasks of other deployments, events before ours began.
 * 2. A sign that has been got over does not count: a later task of ours has come past the point where it failed.
 * 3. One accident is no cause. Where a retry may end well (a crash, a failed health check), a replacement, created
 * after the first sign, has to fail the same way. Where only waiting shows it (no room, a quota), it has to last. Where
 * it cannot end well by itself (no such image), one sign is enough.
 * 4. While tasks of ours are good, it takes more: the one in ten that fails may be unlucky.
 * 5. Of several causes that hold the first of the table counts: the most specific.
 * 6. A container's last lines make "it ends by itself" more precise, where they say why.
 * 7. Once the deployment has failed, or ECS starts tasks only now and then because so many failed, that it hangs is
 * known: a single sign counts, by the same order, first what has not been got over.
 */
#include "runner/diagnosis/diagnosis.h"

#include "common/str.h"
#include "runner/diagnosis/patterns.h"
#include "runner/diagnosis/state.h"

#include <stdio.h>
#include <string.h>

#define CALM_MS 60000           /* a task that has run for so long is good, where nothing else says so */
#define DEADLOCK_MS 40000       /* counts that lock each other for so long are no moment between two steps of ECS */
#define DRAIN_DEFAULT_MS 300000 /* deregistration_delay.timeout_seconds */
#define DRAIN_STOP_MS 30000     /* stopTimeout */
#define HELD_BACK_MS 30000
#define DEAF_MS 30000 /* events that name no task are two generations' where they lie so far apart */

struct diagnosis *diagnosis_new(struct arena *arena, const struct diagnosis_of *of) {
    struct diagnosis *diagnosis = arena_new(arena, struct diagnosis);
    diagnosis->arena = arena;
    diagnosis->deployment = arena_strdup(arena, of->deployment);
    diagnosis->task_definition = arena_strdup(arena, of->task_definition);
    diagnosis->began_ms = of->began_ms;
    diagnosis->drain_limit_ms = DRAIN_DEFAULT_MS;
    return diagnosis;
}

void name_copy(char *out, size_t size, const char *text) {
    (void)snprintf(out, size, "%s", text ? text : "");
}

const char *name_short(const char *arn) {
    const char *slash = strrchr(arn, '/');
    return slash ? slash + 1 : arn;
}

int64_t time_of(const struct json *object, const char *member) {
    const struct json *time = json_get(object, member);
    return time && time->type == JSON_NUMBER ? (int64_t)(time->number * 1000 + 0.5) : 0;
}

/* ---- signs ---- */

static struct sign *find_sign(struct suspicion *suspicion, const char *key) {
    for (int i = 0; i < suspicion->count; i++)
        if (str_equal(suspicion->signs[i].key, key))
            return &suspicion->signs[i];
    return NULL;
}

/* That a task was stopped for its health checks says less than what the load balancer got before: a code, or nothing.
 */
static bool tells_what_it_got(const char *text) {
    return strstr(text, "(reason ") || strstr(text, "codes: [");
}

void suspect(struct diagnosis *diagnosis, enum cause_kind kind, const struct sign *sign) {
    struct suspicion *suspicion = &diagnosis->suspicions[kind];
    struct sign *known = find_sign(suspicion, sign->key);
    if (known) {
        known->sure = known->sure || sign->sure;
        if (tells_what_it_got(sign->text) || !tells_what_it_got(known->text))
            NAME_COPY(known->text, sign->text);
        return;
    }
    if (suspicion->count == SIGNS_MAX) {
        if (sign->at_ms <= suspicion->signs[0].at_ms)
            return; /* an old event, once more */
        memmove(suspicion->signs, suspicion->signs + 1, (SIGNS_MAX - 1) * sizeof *suspicion->signs);
        suspicion->count--;
    }
    int at = suspicion->count++;
    for (; at > 0 && suspicion->signs[at - 1].at_ms > sign->at_ms; at--)
        suspicion->signs[at] = suspicion->signs[at - 1];
    suspicion->signs[at] = *sign;
    if (suspicion->first_ms == 0 || sign->at_ms < suspicion->first_ms)
        suspicion->first_ms = sign->at_ms;
}

static struct task_seen *task_by_port(struct diagnosis *diagnosis, int port) {
    for (size_t i = diagnosis->task_count; i-- > 0;)
        for (size_t j = 0; j < sizeof diagnosis->tasks->host_ports / sizeof *diagnosis->tasks->host_ports; j++)
            if (diagnosis->tasks[i].host_ports[j] == port)
                return &diagnosis->tasks[i];
    return NULL;
}

/* Rule 1. *task: of ours, or NULL where the sign names none. Where nobody may describe tasks, all are taken for ours.
 */
static bool is_ours(struct diagnosis *diagnosis, const struct sign *sign, struct task_seen **task) {
    *task = NULL;
    if (!*sign->task && !sign->host_port)
        return true;
    *task = *sign->task ? task_find(diagnosis, sign->task) : task_by_port(diagnosis, sign->host_port);
    if (!*task)
        return !diagnosis->tasks_known;
    return (*task)->whose == WHOSE_OURS;
}

/* ---- what has been got over ---- */

static bool is_good(const struct diagnosis *diagnosis, const struct task_seen *task, int64_t now_ms) {
    if (task->whose != WHOSE_OURS || task->started_ms == 0 || task->ended_ms > 0 || task->unhealthy || task->target_bad)
        return false;
    int64_t calm_ms = diagnosis->longest_life_ms * 2 > CALM_MS ? diagnosis->longest_life_ms * 2 : CALM_MS;
    bool asks_balancer = diagnosis->has_balancer && diagnosis->targets_known;
    if (task->target_good || (task->checked && !asks_balancer))
        return true;
    return !asks_balancer && now_ms - task->started_ms >= calm_ms;
}

static void judge_tasks(struct diagnosis *diagnosis, int64_t now_ms) {
    for (size_t i = 0; i < diagnosis->task_count; i++) {
        struct task_seen *task = &diagnosis->tasks[i];
        if (!is_good(diagnosis, task, now_ms))
            task->good_ms = 0;
        else if (task->good_ms == 0)
            task->good_ms = now_ms;
    }
}

static bool any_good(const struct diagnosis *diagnosis) {
    for (size_t i = 0; i < diagnosis->task_count; i++)
        if (diagnosis->tasks[i].good_ms > 0)
            return true;
    return false;
}

static int64_t came_so_far_ms(const struct task_seen *task, enum got_over over) {
    switch (over) {
    case OVER_PLACED:
        return task->placed_ms;
    case OVER_STARTED:
        return task->started_ms;
    case OVER_ROUTED:
        return task->target_good ? task->good_ms : 0;
    case OVER_GOOD:
        return task->good_ms;
    case OVER_NEVER:
        break;
    }
    return 0;
}

/* Rule 2: the moment up to which signs of this kind have been got over. A task that failed so has not got over it. */
static int64_t got_over_ms(const struct diagnosis *diagnosis, enum cause_kind kind) {
    int64_t latest_ms = 0;
    for (size_t i = 0; i < diagnosis->task_count; i++) {
        const struct task_seen *task = &diagnosis->tasks[i];
        int64_t at_ms = came_so_far_ms(task, cause_rules[kind].over);
        if (task->whose == WHOSE_OURS && !(task->failed && task->failed_by == kind) && at_ms > latest_ms)
            latest_ms = at_ms;
    }
    return latest_ms;
}

/* ---- does a cause hold? ---- */

struct tally {
    const struct sign *first;
    const struct sign *last;
    int64_t since_ms;
    int count;
    bool sure;
    bool again; /* a second generation */
};

static struct tally tally_signs(struct diagnosis *diagnosis, enum cause_kind kind, int64_t after_ms) {
    struct tally tally = {0};
    const struct suspicion *suspicion = &diagnosis->suspicions[kind];
    for (int i = 0; i < suspicion->count; i++) {
        const struct sign *sign = &suspicion->signs[i];
        struct task_seen *task;
        if (sign->at_ms <= after_ms || !is_ours(diagnosis, sign, &task))
            continue;
        if (!tally.first) {
            tally.first = sign;
            tally.since_ms = i == 0 && suspicion->first_ms > after_ms ? suspicion->first_ms : sign->at_ms;
        } else if (task ? task->created_ms >= tally.first->at_ms : sign->at_ms - tally.first->at_ms >= DEAF_MS) {
            tally.again = true;
        }
        tally.last = sign;
        tally.count++;
        tally.sure = tally.sure || sign->sure;
    }
    return tally;
}

/* Rules 3 and 4. */
static bool holds(const struct cause_rule *rule, const struct tally *tally, bool good, int64_t now_ms) {
    if (tally->count == 0)
        return false;
    if (rule->patience_ms > 0 && now_ms - tally->first->at_ms >= rule->patience_ms)
        return true;
    if (tally->sure && !good)
        return true;
    return tally->count >= (good ? rule->signs_among_good : rule->signs) && (!rule->again || tally->again);
}

static const struct log_seen *log_for(const struct diagnosis *diagnosis, enum cause_kind kind) {
    for (int i = diagnosis->log_count; i-- > 0;)
        if (diagnosis->logs[i].kind == kind)
            return &diagnosis->logs[i];
    return NULL;
}

static const char *fill(struct diagnosis *diagnosis, const char *sentence, const char *about) {
    const char *hole = strstr(sentence, "{}");
    if (!hole)
        return sentence;
    return arena_printf(diagnosis->arena, "%.*s%s%s", (int)(hole - sentence), sentence,
                        *about ? about : "the service's tasks", hole + 2);
}

static const struct cause *answer(struct diagnosis *diagnosis, enum cause_kind kind, int64_t since_ms,
                                  const char *about, const char *evidence) {
    const struct cause_rule *rule = &cause_rules[kind];
    struct cause *cause = &diagnosis->cause;
    bool same = str_equal(cause->id, rule->id) && str_equal(cause->subject, about) && cause->since_ms == since_ms &&
                str_equal(cause->evidence, evidence);
    if (!same)
        *cause = (struct cause){.id = rule->id,
                                .sentence = fill(diagnosis, rule->sentence, about),
                                .evidence = arena_strdup(diagnosis->arena, evidence),
                                .change = rule->change,
                                .subject = *about ? arena_strdup(diagnosis->arena, about) : NULL,
                                .since_ms = since_ms,
                                .undo_helps = !rule->keeps_new_tasks};
    return cause;
}

/* Rule 6. */
static const struct cause *answer_crash(struct diagnosis *diagnosis, const struct tally *tally) {
    char evidence[2 * TEXT_MAX_SIZE];
    static const enum cause_kind precise[] = {CAUSE_IMAGE_PLATFORM, CAUSE_PORT_TAKEN, CAUSE_OUT_OF_MEMORY};
    for (size_t i = 0; i < sizeof precise / sizeof *precise; i++) {
        const struct log_seen *log = log_for(diagnosis, precise[i]);
        if (!log)
            continue;
        (void)snprintf(evidence, sizeof evidence, "%s: %s", log->container, log->line);
        return answer(diagnosis, precise[i], tally->since_ms, tally->last->about, evidence);
    }
    const struct log_seen *log = log_for(diagnosis, CAUSE_KINDS);
    if (log)
        (void)snprintf(evidence, sizeof evidence, "%s; its log ends: %s", tally->last->text, log->line);
    return answer(diagnosis, CAUSE_CRASH_LOOP, tally->since_ms, tally->last->about, log ? evidence : tally->last->text);
}

static const struct cause *answer_tally(struct diagnosis *diagnosis, enum cause_kind kind, const struct tally *tally) {
    if (kind == CAUSE_CRASH_LOOP)
        return answer_crash(diagnosis, tally);
    return answer(diagnosis, kind, tally->since_ms, tally->last->about, tally->last->text);
}

/* What counts and times alone show. */
static const struct cause *answer_counts(struct diagnosis *diagnosis, enum cause_kind kind, int64_t now_ms) {
    if (kind == CAUSE_PERCENT_DEADLOCK && diagnosis->deadlock_ms > 0 && now_ms - diagnosis->deadlock_ms >= DEADLOCK_MS)
        return answer(diagnosis, kind, diagnosis->deadlock_ms, diagnosis->percents, diagnosis->percents);
    int64_t since_ms = diagnosis->draining_ms > diagnosis->settled_ms ? diagnosis->draining_ms : diagnosis->settled_ms;
    if (kind != CAUSE_SLOW_DRAIN || diagnosis->settled_ms == 0 || diagnosis->draining_ms == 0)
        return NULL;
    if (now_ms - since_ms < DRAIN_DEFAULT_MS + DRAIN_STOP_MS)
        return NULL;
    char about[NAME_MAX_SIZE];
    (void)snprintf(about, sizeof about, "the target group leaves them %lld s",
                   (long long)(diagnosis->drain_limit_ms / 1000));
    return answer(diagnosis, kind, since_ms, about, diagnosis->drain_text);
}

static const struct cause *find_cause(struct diagnosis *diagnosis, int64_t now_ms, bool good) {
    for (enum cause_kind kind = 0; kind < CAUSE_KINDS; kind++) {
        if (kind == CAUSE_HELD_BACK || kind == CAUSE_CIRCUIT_BREAKER)
            continue; /* they say that it hangs, not why: find_end() */
        const struct cause *counted = answer_counts(diagnosis, kind, now_ms);
        struct tally tally = tally_signs(diagnosis, kind, got_over_ms(diagnosis, kind));
        /* That an image is of another CPU type may be known from its container's words alone. */
        bool precise = kind == CAUSE_CRASH_LOOP && tally.count > 0 && !good && log_for(diagnosis, CAUSE_IMAGE_PLATFORM);
        if (counted)
            return counted;
        if (precise || holds(&cause_rules[kind], &tally, good, now_ms))
            return answer_tally(diagnosis, kind, &tally);
    }
    return NULL;
}

static bool says_only_that(enum cause_kind kind) {
    return kind == CAUSE_HELD_BACK || kind == CAUSE_CIRCUIT_BREAKER || kind == CAUSE_START_UNKNOWN;
}

/* Rule 7: what says why before what says only that, and of that what has not been got over first. */
static const struct cause *find_end(struct diagnosis *diagnosis, int64_t now_ms) {
    for (int round = 0; round < 3; round++) {
        for (enum cause_kind kind = 0; kind < CAUSE_KINDS; kind++) {
            struct tally tally = tally_signs(diagnosis, kind, round == 0 ? got_over_ms(diagnosis, kind) : 0);
            /* Late enough for somebody to have described the tasks that ECS means. */
            bool soon = kind == CAUSE_HELD_BACK && tally.count > 0 && !diagnosis->failed &&
                        now_ms - tally.first->at_ms < HELD_BACK_MS;
            if (tally.count > 0 && says_only_that(kind) == (round == 2) && !soon)
                return answer_tally(diagnosis, kind, &tally);
        }
    }
    return NULL;
}

/* ECS says so, too: it starts tasks only now and then, because so many failed. */
static bool is_held_back(struct diagnosis *diagnosis) {
    return tally_signs(diagnosis, CAUSE_HELD_BACK, got_over_ms(diagnosis, CAUSE_HELD_BACK)).count > 0;
}

const struct cause *diagnosis_cause(struct diagnosis *diagnosis, int64_t now_ms) {
    judge_tasks(diagnosis, now_ms);
    if (diagnosis->over)
        return NULL;
    const struct cause *cause = find_cause(diagnosis, now_ms, any_good(diagnosis));
    return cause || !(diagnosis->failed || is_held_back(diagnosis)) ? cause : find_end(diagnosis, now_ms);
}

void diagnosis_has_failed(struct diagnosis *diagnosis) {
    diagnosis->failed = true;
}

/* ---- what is worth asking for ---- */

bool diagnosis_wants_tasks(const struct diagnosis *diagnosis) {
    return diagnosis->wants_tasks;
}

bool diagnosis_wants_log(const struct diagnosis *diagnosis, const char **task, const char **container) {
    if (diagnosis->log_count == LOGS_MAX)
        return false;
    for (size_t i = diagnosis->task_count; i-- > 0;) {
        struct task_seen *seen = &diagnosis->tasks[i];
        if (!seen->log_wanted || seen->log_taken)
            continue;
        *task = seen->arn;
        *container = seen->container;
        return *seen->container != '\0';
    }
    return false;
}

const char *diagnosis_last_stop(const struct diagnosis *diagnosis) {
    const struct sign *latest = NULL;
    for (int kind = 0; kind < CAUSE_KINDS; kind++) {
        const struct suspicion *suspicion = &diagnosis->suspicions[kind];
        for (int i = 0; i < suspicion->count; i++)
            if (*suspicion->signs[i].task && (!latest || suspicion->signs[i].at_ms > latest->at_ms))
                latest = &suspicion->signs[i];
    }
    return latest ? latest->text : NULL;
}
