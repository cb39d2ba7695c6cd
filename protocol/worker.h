/* worker.h: one thread's share of the work: its connections, its pairing, its counters. Nothing is shared
 * between workers but const settings. */
#ifndef PD_PROTOCOL_WORKER_H
#define PD_PROTOCOL_WORKER_H
#include "protocol/protocol.h"
#include "sniffer/packet.h"

enum { PD_PROTOS_MAX = 16 };

/* One --proto: only this protocol, on these ports (none: any), with this host at either end. */
struct pd_rule {
    const struct pd_proto *proto;
    uint16_t port[16];
    uint8_t ports;
    bool has_host;
    struct pd_addr host;
};

struct pd_limits {
    uint64_t memory; /* bytes, a worker: all pools together stay below */
    uint32_t connections;
    uint32_t records;     /* requests in flight */
    uint32_t outstanding; /* a connection */
};

/* What all workers are made from. Const once they run. */
struct pd_setup {
    const struct pd_proto *protos[PD_PROTOS_MAX]; /* those that are wanted, in registry order */
    const void *options[PD_PROTOS_MAX];           /* their option structs */
    int parent[PD_PROTOS_MAX];                    /* a child's: its parent's entry; else -1 */
    uint16_t children[PD_PROTOS_MAX];             /* a bit for each entry of a parent's children */
    uint8_t proto_count;
    struct pd_rule *rules; /* none: everything */
    uint16_t rule_count;
    uint16_t *tcp_ports, *udp_ports; /* [65536]: a bit per protos[] entry known by that port */
    /* A bit for the low byte of each such port: of the others, most are told by that, without a look into
     * tables that are too large for the nearest cache. */
    uint64_t port_hints[4];
    uint16_t on_tcp, on_udp; /* a bit per protos[] entry that is spoken there, not within a parent */
    uint64_t timeout;        /* ns without a byte: unanswered */
    uint64_t idle;           /* ns without a packet: a connection is forgotten */
    struct pd_limits limits;
};

/* All protocols of the registry (pd_protocols, or a test's own; NULL ends) with default options, well-known
 * ports, default limits (256 MiB). 0 or -ENOMEM. */
int pd_setup_init(struct pd_setup *, const struct pd_proto *const *registry);
void pd_setup_free(struct pd_setup *);
/* The entry of that name, or -1. */
int pd_setup_find(const struct pd_setup *, const char *proto);
/* That protocol's entry, which must be there. */
unsigned pd_setup_index(const struct pd_setup *, const struct pd_proto *);
/* Is the entry's protocol asked for, by a rule or because there are none? */
bool pd_setup_wants(const struct pd_setup *, const struct pd_proto *);
/* Makes a port one that protos[index] is known by; a child's is its parent's. */
void pd_setup_port(struct pd_setup *, int index, uint16_t port);
/* Appends a rule (copied). 0 or -ENOMEM. */
int pd_setup_rule(struct pd_setup *, const struct pd_rule *);
/* Limits from one byte ceiling for `workers` workers. */
void pd_limits_from(struct pd_limits *, uint64_t bytes, unsigned workers);

struct pd_worker;

/* emit gets each finished record; it is valid until emit returns, and its `order` is set. NULL and one line
 * in err when memory is short. setup outlives the worker. */
struct pd_worker *pd_worker_new(const struct pd_setup *, void (*emit)(void *arg, struct pd_rec *), void *arg,
                                char *err, size_t errlen);
void pd_worker_free(struct pd_worker *);

/* Packet time passes; fires timers at 100 ms boundaries. Call it for every packet of the input, also those of
 * other workers, before pd_worker_packet(). Time that runs back by no more than the timeout stands still; by
 * more, it begins anew, and everything outstanding goes out. */
void pd_worker_time(struct pd_worker *, uint64_t ts, uint64_t ordinal);
void pd_worker_packet(struct pd_worker *, const struct pd_packet *);
/* The input ends: everything outstanding goes out. */
void pd_worker_finish(struct pd_worker *, uint64_t last_ordinal);

/* Where a record belongs in the output: by major, then minor, then as emitted. The same for any number of
 * workers. */
struct pd_place {
    uint64_t
        major; /* 2 * ordinal of the completing packet + 1; a tick's records stand before it: 2 * ordinal */
    uint64_t minor; /* within a tick: the ordinal of the request */
};
struct pd_place pd_worker_place(const struct pd_worker *, const struct pd_rec *);

/* A port that packets were seen on which no protocol understands. */
struct pd_unknown_port {
    uint64_t packets; /* with payload */
    uint16_t port;
    uint8_t transport;
    bool tls;
    char sni[64]; /* of the last TLS hello, "" when there was none */
    char alpn[16];
    uint16_t version; /* TLS */
};

/* Why messages were bad, connections opaque: literals from the protocols. */
struct pd_reason {
    const char *why;
    uint64_t count;
    uint8_t proto; /* index in setup->protos */
};

enum { PD_UNKNOWN_PORTS = 64, PD_REASONS = 64 };

struct pd_tally { /* what a worker counted */
    uint64_t flow[PD_F_COUNT];
    uint64_t proto[PD_PROTOS_MAX][PD_C_COUNT];
    struct pd_unknown_port unknown[PD_UNKNOWN_PORTS];
    struct pd_reason reason[PD_REASONS];
    uint64_t live_connections, starved;
    uint64_t memory; /* bytes that the pools reached at most */
};
const struct pd_tally *pd_worker_tally(const struct pd_worker *);
/* Adds b to a. */
void pd_tally_add(struct pd_tally *a, const struct pd_tally *b);
#endif
