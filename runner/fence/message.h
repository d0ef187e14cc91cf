/*
 * A batch of netfilter messages: netlink's nested, padded attributes, written into one buffer and sent at one stroke.
 * https://docs.kernel.org/userspace-api/netlink/intro.html
 */
#ifndef RUNNER_FENCE_MESSAGE_H
#define RUNNER_FENCE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define BATCH_SIZE 65536

struct batch {
    _Alignas(8) unsigned char bytes[BATCH_SIZE];
    size_t size;
    size_t message;    /* where the open message began */
    uint32_t sequence; /* of the last message */
};

void batch_begin(struct batch *batch);

/* One message: NFT_MSG_… with the flags it needs besides NLM_F_REQUEST and NLM_F_ACK. */
void message_begin(struct batch *batch, uint16_t type, uint16_t flags);
void message_end(struct batch *batch);

void put_bytes(struct batch *batch, uint16_t type, const void *bytes, size_t size);
void put_text(struct batch *batch, uint16_t type, const char *text);
void put_number(struct batch *batch, uint16_t type, uint32_t number); /* in network order, as nf_tables wants */
size_t nest_begin(struct batch *batch, uint16_t type);
void nest_end(struct batch *batch, size_t nest);

/* Ends the batch, sends it and reads the kernel's answers: 0 or the first errno. */
int batch_send(struct batch *batch);

#endif
