/* Which logs exist and whether they still grow. Lines and bytes are the logs room's. */
#ifndef SERVER_STORE_LOG_ROWS_H
#define SERVER_STORE_LOG_ROWS_H

#include "server/store/db.h"

/* *found false: no such log. */
bool log_rows_get(struct tx *tx, const char *id, bool *found, bool *closed, struct err *err);

/* For the job queue only: a log is made with its job and closed with it (wakes WAKE_LOG). Both may be repeated. */
bool log_rows_add(struct tx *tx, const char *id, struct err *err);
bool log_rows_close(struct tx *tx, const char *id, struct err *err);

#endif
