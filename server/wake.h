/*
 * The names of what one can wait for. A long poll that finds nothing parks on a topic; a commit names the topics it
 * touched (store/db.h), and whoever is parked there looks again. Topics carry no data: the database does.
 */
#ifndef SERVER_WAKE_H
#define SERVER_WAKE_H

#define WAKE_JOBS "jobs"     /* a job was queued */
#define WAKE_EVENTS "events" /* an event row was written */
#define WAKE_CLOCK "clock"   /* the next deadline may have changed */
#define WAKE_JOB "job/%s"    /* something about this job: a cancel, its end */
#define WAKE_LOG "log/%s"    /* this log grew or was closed */
#define WAKE_TOPIC_SIZE 64

#endif
