/*
 * Pages of lists: how a nextToken looks. It is opaque to clients, belongs to one operation and carries where the next
 * page begins; one that was not given out by us is refused.
 */
#ifndef SERVER_API_PAGE_H
#define SERVER_API_PAGE_H

#include "server/api/aws.h"

/* Where this call's page begins: what was given to page_next, or NULL for the first page. Errors: ERR_INVALID with the
 * service's code. */
bool page_begin(const struct aws_call *call, const char *operation, const char **position, struct err *err);

/* The same where positions are numbers: 0 for the first page. */
bool page_begin_number(const struct aws_call *call, const char *operation, int64_t *position, struct err *err);

/* Says in `out` that there is more, from `position` on. */
void page_next(const struct aws_call *call, struct json *out, const char *operation, const char *position);
void page_next_number(const struct aws_call *call, struct json *out, const char *operation, int64_t position);

/* maxResults, or the fallback. */
size_t page_limit(const struct aws_call *call, size_t fallback);

#endif
