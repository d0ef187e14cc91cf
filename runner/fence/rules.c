/*
 * The rules, in nf_tables' own small machine: expressions load a value into a register, compare it, and end in a
 * verdict. Written as nft would write them:
 *
 *   table inet PREFIX {
 *     chain arriving { type filter hook prerouting priority -310;
 *       iifname "PREFIX*" udp dport 53 accept      and tcp; what is refused, with a reset where it is TCP
 *       iifname "PREFIX*" ip daddr ADDRESS tcp dport PORT accept      for each exception
 *       iifname "PREFIX*" meta nfproto ipv6 reject
 *       iifname "PREFIX*" ip daddr 169.254.0.0/16 reject
 *       iifname "PREFIX*" fib daddr type != unicast reject }
 *     chain crossing { type filter hook forward priority -10;
 *       iifname "PREFIX*" oifname "psb*" reject } }
 *
 * It looks before any address is translated (docker-proxy, an agent that answers for the metadata address).
 */
#include "runner/fence/rules.h"

#include "runner/fence/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define ALL_BUILDS "psb" /* what the names of all runners' bridges begin with */
#define BEFORE_TRANSLATION (-310)
#define BEFORE_DOCKER (-10)
#define DESTINATION_OFFSET 16 /* of an IPv4 header */
#define DNS_PORT 53

static void begin_expression(struct batch *batch, const char *name, size_t nests[2]) {
    nests[0] = nest_begin(batch, NFTA_LIST_ELEM);
    put_text(batch, NFTA_EXPR_NAME, name);
    nests[1] = nest_begin(batch, NFTA_EXPR_DATA);
}

static void end_expression(struct batch *batch, const size_t nests[2]) {
    nest_end(batch, nests[1]);
    nest_end(batch, nests[0]);
}

static void load_meta(struct batch *batch, enum nft_meta_keys key) {
    size_t nests[2];
    begin_expression(batch, "meta", nests);
    put_number(batch, NFTA_META_KEY, key);
    put_number(batch, NFTA_META_DREG, NFT_REG_1);
    end_expression(batch, nests);
}

static void load_payload(struct batch *batch, enum nft_payload_bases base, uint32_t offset, uint32_t length) {
    size_t nests[2];
    begin_expression(batch, "payload", nests);
    put_number(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(batch, NFTA_PAYLOAD_BASE, base);
    put_number(batch, NFTA_PAYLOAD_OFFSET, offset);
    put_number(batch, NFTA_PAYLOAD_LEN, length);
    end_expression(batch, nests);
}

static void load_kind_of_destination(struct batch *batch) {
    size_t nests[2];
    begin_expression(batch, "fib", nests);
    put_number(batch, NFTA_FIB_DREG, NFT_REG_1);
    put_number(batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    put_number(batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    end_expression(batch, nests);
}

static void compare(struct batch *batch, enum nft_cmp_ops operation, const void *bytes, size_t size) {
    size_t nests[2];
    begin_expression(batch, "cmp", nests);
    put_number(batch, NFTA_CMP_SREG, NFT_REG_1);
    put_number(batch, NFTA_CMP_OP, operation);
    size_t data = nest_begin(batch, NFTA_CMP_DATA);
    put_bytes(batch, NFTA_DATA_VALUE, bytes, size);
    nest_end(batch, data);
    end_expression(batch, nests);
}

static void decide(struct batch *batch, uint32_t verdict) {
    size_t nests[2];
    begin_expression(batch, "immediate", nests);
    put_number(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    size_t data = nest_begin(batch, NFTA_IMMEDIATE_DATA);
    size_t inner = nest_begin(batch, NFTA_DATA_VERDICT);
    put_number(batch, NFTA_VERDICT_CODE, verdict);
    nest_end(batch, inner);
    nest_end(batch, data);
    end_expression(batch, nests);
}

/* How a rule refuses. Not silently, so that nobody waits for a timeout: by a TCP reset, since an ICMP answer is heeded
 * only at the second try, a second later; by ICMP what is not TCP. Kernels before 5.9 can only drop here. */
enum refusal { BY_RESET, BY_ICMP, BY_SILENCE };

static void refuse(struct batch *batch, enum refusal refusal) {
    size_t nests[2];
    if (refusal == BY_SILENCE) {
        decide(batch, NF_DROP);
        return;
    }
    uint8_t code = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;
    begin_expression(batch, "reject", nests);
    put_number(batch, NFTA_REJECT_TYPE, refusal == BY_RESET ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
    put_bytes(batch, NFTA_REJECT_ICMP_CODE, &code, sizeof code);
    end_expression(batch, nests);
}

static void put_table(struct batch *batch, uint16_t type, uint16_t flags, const char *prefix) {
    message_begin(batch, type, flags);
    put_text(batch, NFTA_TABLE_NAME, prefix);
    message_end(batch);
}

static void put_chain(struct batch *batch, const char *prefix, const char *name, uint32_t hook, int32_t priority) {
    message_begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    put_text(batch, NFTA_CHAIN_TABLE, prefix);
    put_text(batch, NFTA_CHAIN_NAME, name);
    size_t nest = nest_begin(batch, NFTA_CHAIN_HOOK);
    put_number(batch, NFTA_HOOK_HOOKNUM, hook);
    put_number(batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
    nest_end(batch, nest);
    put_text(batch, NFTA_CHAIN_TYPE, "filter");
    message_end(batch);
}

/* A name that begins so: the comparison leaves out the NUL. */
static void match_interface(struct batch *batch, enum nft_meta_keys key, const char *prefix) {
    load_meta(batch, key);
    compare(batch, NFT_CMP_EQ, prefix, strlen(prefix));
}

static void match_protocol(struct batch *batch, uint8_t protocol) {
    load_meta(batch, NFT_META_L4PROTO);
    compare(batch, NFT_CMP_EQ, &protocol, sizeof protocol);
}

static size_t begin_rule(struct batch *batch, const char *prefix, const char *chain) {
    message_begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    put_text(batch, NFTA_RULE_TABLE, prefix);
    put_text(batch, NFTA_RULE_CHAIN, chain);
    size_t expressions = nest_begin(batch, NFTA_RULE_EXPRESSIONS);
    match_interface(batch, NFT_META_IIFNAME, prefix);
    return expressions;
}

static size_t begin_refusal(struct batch *batch, const char *prefix, const char *chain, enum refusal refusal) {
    size_t rule = begin_rule(batch, prefix, chain);
    if (refusal == BY_RESET)
        match_protocol(batch, IPPROTO_TCP);
    return rule;
}

static void end_rule(struct batch *batch, size_t expressions) {
    nest_end(batch, expressions);
    message_end(batch);
}

static void let_dns(struct batch *batch, const char *prefix, uint8_t protocol) {
    const uint16_t port = htons(DNS_PORT);
    size_t rule = begin_rule(batch, prefix, "arriving");
    match_protocol(batch, protocol);
    load_payload(batch, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof port);
    compare(batch, NFT_CMP_EQ, &port, sizeof port);
    decide(batch, NF_ACCEPT);
    end_rule(batch, rule);
}

/* What the operator lets builds reach. */
static void let_exception(struct batch *batch, const char *prefix, const struct exception *exception) {
    size_t rule = begin_rule(batch, prefix, "arriving");
    match_protocol(batch, IPPROTO_TCP);
    load_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_OFFSET, sizeof exception->address);
    compare(batch, NFT_CMP_EQ, &exception->address, sizeof exception->address);
    load_payload(batch, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof exception->port);
    compare(batch, NFT_CMP_EQ, &exception->port, sizeof exception->port);
    decide(batch, NF_ACCEPT);
    end_rule(batch, rule);
}

static void refuse_family(struct batch *batch, const char *prefix, enum refusal refusal) {
    const uint8_t family = NFPROTO_IPV6;
    size_t rule = begin_refusal(batch, prefix, "arriving", refusal);
    load_meta(batch, NFT_META_NFPROTO);
    compare(batch, NFT_CMP_EQ, &family, sizeof family);
    refuse(batch, refusal);
    end_rule(batch, rule);
}

static void refuse_link_local(struct batch *batch, const char *prefix, enum refusal refusal) {
    static const uint8_t network[] = {169, 254};
    size_t rule = begin_refusal(batch, prefix, "arriving", refusal);
    load_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_OFFSET, sizeof network);
    compare(batch, NFT_CMP_EQ, network, sizeof network);
    refuse(batch, refusal);
    end_rule(batch, rule);
}

/* Local, broadcast, multicast: whatever this machine would take itself. */
static void refuse_machine(struct batch *batch, const char *prefix, enum refusal refusal) {
    const uint32_t kind = RTN_UNICAST;
    size_t rule = begin_refusal(batch, prefix, "arriving", refusal);
    load_kind_of_destination(batch);
    compare(batch, NFT_CMP_NEQ, &kind, sizeof kind);
    refuse(batch, refusal);
    end_rule(batch, rule);
}

static void refuse_other_builds(struct batch *batch, const char *prefix, enum refusal refusal) {
    size_t rule = begin_refusal(batch, prefix, "crossing", refusal);
    match_interface(batch, NFT_META_OIFNAME, ALL_BUILDS);
    refuse(batch, refusal);
    end_rule(batch, rule);
}

static void refuse_all(struct batch *batch, const char *prefix, enum refusal refusal) {
    refuse_family(batch, prefix, refusal);
    refuse_link_local(batch, prefix, refusal);
    refuse_machine(batch, prefix, refusal);
    refuse_other_builds(batch, prefix, refusal);
}

static int set(const char *prefix, const struct exception *exceptions, int count, bool silent) {
    static struct batch batch;
    batch_begin(&batch);
    put_table(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, prefix); /* so that there is one to delete */
    put_table(&batch, NFT_MSG_DELTABLE, 0, prefix);
    put_table(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, prefix);
    put_chain(&batch, prefix, "arriving", NF_INET_PRE_ROUTING, BEFORE_TRANSLATION);
    put_chain(&batch, prefix, "crossing", NF_INET_FORWARD, BEFORE_DOCKER);
    let_dns(&batch, prefix, IPPROTO_UDP);
    let_dns(&batch, prefix, IPPROTO_TCP);
    for (int i = 0; i < count; i++)
        let_exception(&batch, prefix, &exceptions[i]);
    if (!silent)
        refuse_all(&batch, prefix, BY_RESET);
    refuse_all(&batch, prefix, silent ? BY_SILENCE : BY_ICMP);
    return batch_send(&batch);
}

int rules_set(const char *prefix, const struct exception *exceptions, int count) {
    int error_number = set(prefix, exceptions, count, false);
    return error_number == EOPNOTSUPP || error_number == EINVAL ? set(prefix, exceptions, count, true) : error_number;
}

int rules_remove(const char *prefix) {
    static struct batch batch;
    batch_begin(&batch);
    put_table(&batch, NFT_MSG_DELTABLE, 0, prefix);
    int error_number = batch_send(&batch);
    return error_number == ENOENT ? 0 : error_number;
}
