/*
 * Writing and sending netlink messages.
 */
#include "runner/fence/message.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE 32768

/* Everything written is ours and small: a batch that does not fit is a bug. */
static void *reserve(struct batch *batch, size_t size) {
    size_t padded = NLMSG_ALIGN(size);
    assert(batch->size + padded <= sizeof batch->bytes);
    void *at = batch->bytes + batch->size;
    memset(at, 0, padded);
    batch->size += padded;
    return at;
}

static void put_header(struct batch *batch, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource) {
    batch->message = batch->size;
    struct nlmsghdr *header = reserve(batch, sizeof *header);
    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    header->nlmsg_seq = ++batch->sequence;
    struct nfgenmsg *general = reserve(batch, sizeof *general);
    *general = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
}

void message_end(struct batch *batch) {
    struct nlmsghdr *header = (struct nlmsghdr *)(void *)(batch->bytes + batch->message);
    header->nlmsg_len = (uint32_t)(batch->size - batch->message);
}

void batch_begin(struct batch *batch) {
    batch->size = 0;
    batch->sequence = 0;
    put_header(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    message_end(batch);
}

void message_begin(struct batch *batch, uint16_t type, uint16_t flags) {
    put_header(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(flags | NLM_F_ACK), NFPROTO_INET, 0);
}

void put_bytes(struct batch *batch, uint16_t type, const void *bytes, size_t size) {
    struct nlattr *attribute = reserve(batch, sizeof *attribute + size);
    attribute->nla_type = type;
    attribute->nla_len = (uint16_t)(sizeof *attribute + size);
    memcpy(attribute + 1, bytes, size);
}

void put_text(struct batch *batch, uint16_t type, const char *text) {
    put_bytes(batch, type, text, strlen(text) + 1);
}

void put_number(struct batch *batch, uint16_t type, uint32_t number) {
    uint32_t swapped = htonl(number);
    put_bytes(batch, type, &swapped, sizeof swapped);
}

size_t nest_begin(struct batch *batch, uint16_t type) {
    size_t nest = batch->size;
    struct nlattr *attribute = reserve(batch, sizeof *attribute);
    attribute->nla_type = (uint16_t)(type | NLA_F_NESTED);
    return nest;
}

void nest_end(struct batch *batch, size_t nest) {
    struct nlattr *attribute = (struct nlattr *)(void *)(batch->bytes + nest);
    attribute->nla_len = (uint16_t)(batch->size - nest);
}

/* The first error among the answers that are there; the kernel has written them all before send() returned. */
static int read_answers(int socket_fd) {
    _Alignas(8) unsigned char bytes[ANSWER_SIZE];
    for (;;) {
        ssize_t got = recv(socket_fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0)
            return errno == EAGAIN ? 0 : errno;
        for (struct nlmsghdr *header = (struct nlmsghdr *)(void *)bytes; NLMSG_OK(header, (size_t)got);
             header = NLMSG_NEXT(header, got)) {
            const struct nlmsgerr *error = NLMSG_DATA(header);
            if (header->nlmsg_type == NLMSG_ERROR && error->error != 0)
                return -error->error;
        }
    }
}

int batch_send(struct batch *batch) {
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    put_header(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    message_end(batch);
    int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (socket_fd < 0)
        return errno;
    int error_number = 0;
    if (sendto(socket_fd, batch->bytes, batch->size, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
        error_number = errno;
    else
        error_number = read_answers(socket_fd);
    (void)close(socket_fd);
    return error_number;
}
