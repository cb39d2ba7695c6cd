/* conn.h: a connection and its worker, for the engine's own files. Protocols see neither: they use
 * protocol.h. */
#ifndef PD_PROTOCOL_CONN_H
#define PD_PROTOCOL_CONN_H
#include "base/check.h"
#include "base/inline.h"
#include "protocol/worker.h"

enum { PD_INLINE_STATE = 48, PD_CONN_BYTES = 512 };
enum { PD_TICK_NS = 100000000 }; /* timers fire at these boundaries */
/* A stream offset for a sequence number where counting begins: room below for late bytes. */
#define PD_POS(seq) ((uint64_t)1 << 32 | (uint32_t)(seq))
enum pd_list_name { PD_ACTIVE, PD_DORMANT, PD_CLOSED, PD_LISTS };

/* What the segments of an undetected connection speak for. The first index: 1 for the ends the other way
 * round, the server taken for the client. */
struct pd_evidence {
    uint16_t claims[2]
                   [2]; /* by direction as it is now: protocols whose sync() found bytes plausible, as bits */
    int8_t weight[2][PD_PROTOS_MAX];
    uint16_t run; /* segments of one direction in a row */
    uint8_t looks, turns;
    bool s2c; /* that direction is the server's */
};

struct pd_conn {
    const struct pd_proto *proto; /* NULL: not known yet */
    struct pd_worker *worker;
    /* By direction. Where it matters `half + dir`, not &half[dir], which gcc works out anew for each use. */
    struct pd_half half[2];
    struct pd_match match;
    struct pd_end client, server;
    struct pd_link link;
    uint64_t last_ts;              /* of the last packet in either direction */
    struct pd_conn *next;          /* hash chain */
    struct pd_conn *newer, *older; /* list neighbours */
    uint32_t hash;
    uint32_t listed;        /* the tick when it was put at its list's end: orders the list */
    uint32_t segments;      /* with data, while undetected */
    uint32_t server_iface;  /* each direction stays with one interface; the client's is link.iface */
    uint16_t iface_tick[2]; /* when it was last seen there, in ticks */
    uint8_t index;          /* of proto in the setup */
    uint8_t driving;        /* a bit for each direction whose step() is running */
    unsigned list : 2;      /* enum pd_list_name */
    bool udp : 1;
    bool oriented : 1; /* which end is the client is known */
    bool joined : 1;   /* in mid-stream */
    bool torn : 1;     /* bytes were lost before the protocol was known */
    bool closed : 1;
    bool given_up : 1; /* no protocol understands it */
    bool tls : 1;
    bool server_last : 1; /* the last bytes were the server's */
    bool gap_since : 1;   /* bytes were lost since the server spoke last */
    bool lent : 1;        /* state is borrowed, its address stands in inline_state */
    union {
        struct pd_evidence evidence; /* while undetected */
        _Alignas(8) unsigned char inline_state[PD_INLINE_STATE];
    };
};
_Static_assert(sizeof(struct pd_conn) <= PD_CONN_BYTES, "an idle connection costs at most 512 bytes");

struct pd_conn_list {
    struct pd_conn *oldest, *newest;
    uint32_t count;
};

/* The latest gap of a direction, remembered for as long as nobody else's falls on its place. */
struct pd_gap {
    const struct pd_half *half;
    uint32_t seq, len; /* its first byte, its bytes */
};

enum { PD_GAPS = 1024 };

enum { PD_KNOWN_BUCKETS = 4096 }; /* of texts that connections taught, see learnt.h */

enum { PD_LEND_CLASSES = 6 }; /* 64, 128, 512, 2,048, 8,192, 65,536 bytes */

struct pd_worker {
    const struct pd_setup *setup;
    struct pd_pairing pairing;
    struct pd_pool conns;
    struct pd_pool lend[PD_LEND_CLASSES];
    struct pd_known *known[PD_KNOWN_BUCKETS];
    void *proto_state[PD_PROTOS_MAX]; /* of protocols with a worker_size, else NULL */
    struct pd_conn **bucket;
    uint32_t mask;
    struct pd_conn_list list[PD_LISTS];
    struct pd_conn *datagram;             /* the one that every datagram borrows */
    struct pd_party party[PD_PROTOS_MAX]; /* a protocol's, of the connection that was paired last there */
    const struct pd_packet *packet;       /* in hand, or NULL */
    uint64_t now, ordinal, next_tick;     /* packet time, packet number, the next boundary */
    uint32_t tick;                        /* now in ticks */
    uint64_t token_length;                /* of the token that the running step() was given */
    uint64_t silence;                     /* before the packet in hand, see struct pd_at */
    uint64_t turned_at[2];                /* where the directions stood at the latest pd_switch() */
    bool ticking;                         /* records come from a timer, not from a packet */
    struct pd_gap gaps[PD_GAPS];
    struct pd_tally tally;
};

static inline uint64_t *pd_conn_counters(struct pd_conn *c)
{
    return c->worker->tally.proto[c->index];
}

/* --- machine.c --- */

/* Runs the half until it waits for bytes beyond `in`, is lost, or turns opaque. */
void pd_half_drive(struct pd_conn *, struct pd_half *, struct pd_slice *in);
/* A datagram's bytes, all of them, at once to step(); false when the protocol wants them in another way. */
bool pd_half_whole(struct pd_conn *, struct pd_half *, struct pd_slice);
/* The half's next token begins with the packet in hand. */
void pd_half_mark(struct pd_conn *, struct pd_half *);

/* --- half.c: one direction's bytes and gaps --- */

/* The half stands at a message boundary of the connection's protocol. */
PD_COLD void pd_half_start(struct pd_conn *, struct pd_half *);
/* The next bytes of that direction, from the packet in hand. */
void pd_half_feed(struct pd_conn *, struct pd_half *, struct pd_slice);
/* The next n bytes of that direction are missing. */
PD_COLD void pd_half_gap(struct pd_conn *, struct pd_half *, uint64_t n);
/* FIN, with nothing missing before it. */
PD_COLD void pd_half_fin(struct pd_conn *, struct pd_half *);
/* Returns what the half borrowed; it wants nothing any more. */
void pd_half_drop(struct pd_conn *, struct pd_half *);

/* --- pairing.c --- */

/* What of pd_party_of() follows from protos[index] alone; once a worker. */
void pd_party_init(struct pd_worker *, unsigned index);
/* The rest, which follows from the connection. */
const struct pd_party *pd_party_turn(struct pd_conn *);

/* The connection as the matcher sees it. Valid until another connection's of its protocol is asked for. */
static inline const struct pd_party *pd_party_of(struct pd_conn *c)
{
    const struct pd_party *p = &c->worker->party[c->index];

    return p->match == &c->match ? p : pd_party_turn(c);
}

/* --- detect.c --- */

/* Bytes of a connection whose protocol is not known. Decides, or keeps what it must. Returns the half of that
 * direction: the ends may turn out to be the other way round. */
PD_COLD struct pd_half *pd_detect_feed(struct pd_conn *, struct pd_half *, struct pd_slice);
/* The protocols that the rules, of which there are some, allow between these ends, as bits. */
uint16_t pd_detect_ruled(const struct pd_setup *, const struct pd_end *a, const struct pd_end *b);

/* Those of the transport that are allowed between these ends. Inlined: each datagram asks. */
PD_INLINE uint16_t pd_detect_candidates(const struct pd_setup *setup, uint8_t transport,
                                        const struct pd_end *a, const struct pd_end *b)
{
    uint16_t all = transport == PD_TCP ? setup->on_tcp : setup->on_udp;

    return setup->rule_count ? all & pd_detect_ruled(setup, a, b) : all;
}

/* Those of the candidates that are known by this server port. */
PD_INLINE uint16_t pd_detect_known(const struct pd_setup *setup, uint8_t transport,
                                   const struct pd_end *server, uint16_t candidates)
{
    const uint16_t *ports = transport == PD_TCP ? setup->tcp_ports : setup->udp_ports;
    uint16_t port = server->port;

    return setup->port_hints[port % 256 / 64] >> port % 64 & 1 ? ports[port] & candidates : 0;
}

/* The connection begins to speak protos[index]: counters, state. False: no memory, it is given up. */
bool pd_conn_speak(struct pd_conn *, unsigned index);
/* No protocol understands the connection: it is counted, and its bytes are not looked at any more. */
void pd_detect_give_up(struct pd_conn *);
/* Counts packets that no protocol understands under a port; the entry, or NULL when the table is full. */
struct pd_unknown_port *pd_detect_unknown(struct pd_worker *, uint8_t transport, uint16_t port,
                                          uint64_t packets);

/* --- flow.c --- */
void pd_flow_packet(struct pd_worker *, const struct pd_packet *);
/* The other side acknowledged bytes of this half that never came, and something depends on it: they are lost.
 */
PD_COLD void pd_flow_settle(struct pd_conn *, struct pd_half *);

/* --- conns.c: the table of connections and their lists --- */

/* The packet's connection, and in *dir which side sent it; NULL when there is none. */
struct pd_conn *pd_conns_find(struct pd_worker *, const struct pd_packet *, enum pd_dir *dir);
/* A zeroed connection with its ends set, the source as client; evicts the oldest when there are too many. */
PD_COLD struct pd_conn *pd_conns_open(struct pd_worker *, const struct pd_packet *);
/* Ends a connection: everything outstanding goes out. It stays closed for a second, so that stragglers do not
 * open it anew. */
PD_COLD void pd_conns_close(struct pd_conn *);
/* At once, without that second. */
PD_COLD void pd_conns_free(struct pd_conn *);
/* A packet came: the connection is the youngest of the active ones. */
void pd_conns_touch(struct pd_conn *);
/* Timers at the boundary `now`, and the end of the input. */
void pd_conns_tick(struct pd_worker *, uint64_t now);
void pd_conns_finish(struct pd_worker *);
int pd_conns_init(struct pd_worker *);
void pd_conns_deinit(struct pd_worker *);

/* --- datagram.c --- */
void pd_datagram_packet(struct pd_worker *, const struct pd_packet *);

/* --- lend.c --- */
int pd_lend_init(struct pd_worker *, uint64_t bytes);
void pd_lend_free(struct pd_worker *);
void pd_conn_forget(struct pd_conn *); /* returns the protocol's state */
#endif
