/*
 * Where a service of AWS answers: AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL, then AWS's own address.
 */
#ifndef RUNNER_AWS_ENDPOINT_H
#define RUNNER_AWS_ENDPOINT_H

#include "runner/aws/call.h"

/* The address for a request, without a slash at the end. */
const char *aws_endpoint(struct arena *arena, const struct aws_request *request);

/* The one that the operator set for "s3", or NULL. */
const char *aws_endpoint_given(struct arena *arena, const char *service);

/* "amazonaws.com", or China's. */
const char *aws_endpoint_suffix(const char *region);

/* Parts of an address without a query; the path is "/" at least. */
bool aws_endpoint_has_path(const char *url);
const char *aws_endpoint_host(struct arena *arena, const char *url);
const char *aws_endpoint_path(struct arena *arena, const char *url);

#endif
