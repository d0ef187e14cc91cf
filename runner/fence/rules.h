/*
 * The wall around builds: a table of netfilter rules in the network of the machine that runs the engine. It covers the
 * bridges whose names begin with `prefix`, which are those of one runner's builds. From there, refused are: the machine
 * itself, whatever address of it is used and whether or not a port is forwarded (but DNS: the machine may be the
 * resolver); the link-local range, where clouds have their metadata; all IPv6, which these networks do not have; and
 * other builds.
 */
#ifndef RUNNER_FENCE_RULES_H
#define RUNNER_FENCE_RULES_H

#include <stdint.h>

/* What is let through all the same: a TCP port at an address, both in network order. */
struct exception {
    uint32_t address;
    uint16_t port;
};

#define EXCEPTIONS_MAX 32

/* Both return 0 or an errno. Setting replaces what stood there, at one stroke. */
int rules_set(const char *prefix, const struct exception *exceptions, int count);
int rules_remove(const char *prefix);

#endif
