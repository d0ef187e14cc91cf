/* What the server was told at its start and rows must agree on. */
#ifndef SERVER_STORE_SETTINGS_H
#define SERVER_STORE_SETTINGS_H

#include "server/store/db.h"

#define SETTING_REGION "region"   /* of actions that name none */
#define SETTING_ACCOUNT "account" /* in ARNs */

/* NULL where nobody put it. */
bool settings_get(struct tx *tx, struct arena *arena, const char *name, const char **out, struct err *err);
bool settings_put(struct tx *tx, const char *name, const char *value, struct err *err);

#endif
