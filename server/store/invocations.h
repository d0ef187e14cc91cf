/* Calls that changed something, by the id that SDKs repeat on each attempt: the second attempt gets the first answer.
 */
#ifndef SERVER_STORE_INVOCATIONS_H
#define SERVER_STORE_INVOCATIONS_H

#include "server/store/db.h"

#include <stdint.h>

/* *found false: not seen. `who` is the access key id. */
bool invocations_find(struct tx *tx, struct arena *arena, const char *who, const char *operation, const char *id,
                      bool *found, int *status, const char **answer, struct err *err);
/* In the transaction that acts. Drops those older than an hour on the way. */
bool invocations_add(struct tx *tx, const char *who, const char *operation, const char *id, int status,
                     const char *answer, struct err *err);

#endif
