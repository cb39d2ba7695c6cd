/* match.h: pairing. A wrong pair is worse than a missing one: when bytes were lost, a connection's order of
 * requests is not trusted again before a request arrives that cannot have company (docs/architecture.md). */
#ifndef PD_ROUNDTRIP_MATCH_H
#define PD_ROUNDTRIP_MATCH_H
#include "base/cold.h"
#include "base/counter.h"
#include "roundtrip/record.h"

enum pd_match_kind { PD_BY_ORDER, PD_BY_KEY };

enum pd_match_flag {
    PD_HALF_DUPLEX = 1,    /* by specification never two requests outstanding */
    PD_KEY_RETRANSMITS = 2 /* the same key again while outstanding is the same request sent again */
};

/* What is expected of the other side, in order. */
struct pd_expect {
    struct pd_expect *next;
    struct pd_rec *rec; /* NULL: nobody keeps it */
    uint32_t owed;      /* replies still to come */
    uint8_t kind;       /* the protocol's */
    bool answered;      /* all replies came, the request's own end did not */
};

enum pd_hold {                         /* why finished records wait */
               PD_HOLD_JOIN = 1,       /* joined in mid-stream: an older request may be outstanding */
               PD_HOLD_REOPEN = 2,     /* reopened after a loss, on evidence */
               PD_HOLD_UNPROVEN_C = 4, /* the client side's first message after a resync */
               PD_HOLD_UNPROVEN_S = 8  /* the server side's */
};

enum { PD_HELD_MAX = 256, PD_SOLO_TRUST = 16 };

/* One connection's pairing state. All zero is a connection seen from its beginning. */
struct pd_match {
    union {
        struct { /* by order: outstanding, oldest first */
            struct pd_expect *head, *tail;
        };
        struct { /* by key: the same */
            struct pd_rec *first, *last;
        };
    };
    struct pd_rec *held, *held_last; /* finished, waiting for trust */
    struct pd_rec *current[2];       /* the record of the message now passing in each direction, or NULL */
    uint32_t count, beyond;          /* expectations; requests counted only */
    uint32_t longest_wait_us;
    uint32_t watch_us; /* quarantined: when the latest request began, low bits */
    uint16_t held_count;
    uint8_t hold;         /* enum pd_hold */
    uint8_t solo;         /* roundtrips without company, up to PD_SOLO_TRUST */
    uint8_t turns;        /* quarantined: requests and responses that took turns, likewise */
    bool watch_asked : 1; /* quarantined: a request came after the latest response */
    bool overlapped : 1;  /* two were outstanding at once, some time */
    bool quarantined : 1;
    bool asked : 1;     /* a request was seen since the join */
    bool asking : 1;    /* by order: the tail's request is passing */
    bool answering : 1; /* by order: the head's response is passing */
    bool counting : 1;  /* the response now passing belongs to `beyond` */
};

/* One worker's pairing: the store, the table of keyed requests, the queue of datagrams' requests. */
struct pd_pairing {
    struct pd_store store;
    struct pd_pool expects;
    struct pd_rec **bucket;
    uint32_t mask,
        mask_most;  /* of the buckets in use: few while little is outstanding, so that they stay cached */
    uint32_t keyed; /* records in the table */
    uint32_t outstanding;                  /* limit a connection */
    struct pd_rec *first, *last;           /* datagrams' requests, oldest first */
    struct pd_rec *late_first, *late_last; /* those of them that were reported unanswered */
    struct pd_rec *recent; /* the one that was looked up or put in last, or NULL; of datagrams only while the
                              same one is in hand */
};

/* The connection as the matcher sees it. */
struct pd_party {
    struct pd_pairing *pairing;
    struct pd_match *match;
    const struct pd_schema *schema;
    uint64_t *counters; /* [PD_C_COUNT] of the protocol */
    const void *owner;  /* the connection; NULL for datagrams: the ends are the owner */
    const struct pd_end *client, *server;
    const struct pd_link *link;
    const uint32_t *ends_hash; /* of both ends, whichever of them is the client */
    uint8_t transport, kind, flags;
    uint16_t
        room; /* by key: so many are outstanding at most, the oldest makes room; 0: pairing->outstanding */
};

/* pd_match_request() by order, in place of a number of replies: one is owed, and a request that cannot be
 * kept is not counted in the order either. The protocol then says with pd_match_expect() when the replies to
 * all such requests end. */
enum { PD_KEPT_OR_NOTHING = 0 };

/* Where a message begins or ends. */
struct pd_at {
    uint64_t ts;      /* of that byte; 0: it was lost */
    uint64_t ordinal; /* of its packet */
    uint64_t pos;     /* stream offset; its low 32 bits are the TCP sequence number */
    uint64_t
        silence;  /* ns without a byte before it, when the server spoke last and nothing was lost; else 0 */
    uint32_t ack; /* acknowledged by its segment, when has_ack */
    bool has_ack;
    uint8_t dir; /* 0 client to server */
};

/* A request begins. Returns its record, or the void record when it is not kept. *alone is set when nothing
 * else is outstanding and the order is trusted: then a lost response side stands at a message boundary. owed:
 * how many replies belong to it (by order). key: by key. */
struct pd_rec *pd_match_request(const struct pd_party *, const struct pd_at *, uint8_t kind, uint32_t owed,
                                uint64_t key, bool *alone);

/* By key: a request told by the side that will answer it; pd_match_request_end() ends it. */
struct pd_rec *pd_match_promise(const struct pd_party *, const struct pd_at *, uint64_t key);

/* A request that nobody keeps, but whose replies count in the order. owed may be 0. */
void pd_match_expect(const struct pd_party *, const struct pd_at *, uint8_t kind, uint32_t owed);

/* The request now passing in at->dir ended; at is one past its last byte. With oneway it is emitted. */
void pd_match_request_end(const struct pd_party *, const struct pd_at *, bool oneway);

/* By key: the request now passing in at->dir goes on later, after parts of other messages; at is one past
 * this part. Going on: its record, or the void record when none is outstanding. By order the latest request
 * goes on, though its end was said, while it is outstanding; then a new end is said. */
void pd_match_request_pause(const struct pd_party *, const struct pd_at *);
struct pd_rec *pd_match_request_resume(const struct pd_party *, const struct pd_at *, uint64_t key);
/* The same of a response, which pd_match_response() goes on with. */
void pd_match_response_pause(const struct pd_party *, const struct pd_at *);

/* A message that asks nothing and answers nothing begins (a push, a multicast); pd_match_request_end() with
 * oneway ends it. */
struct pd_rec *pd_match_oneway(const struct pd_party *, const struct pd_at *);

/* A response begins. Returns its record, or the void record (orphan, quarantined, not kept). */
struct pd_rec *pd_match_response(const struct pd_party *, const struct pd_at *, uint64_t key);

/* The response now passing in at->dir ended: one reply less is owed; with the last one the record goes out.
 */
void pd_match_response_end(const struct pd_party *, const struct pd_at *);

/* The response now passing was not the answer yet (1xx): forget that it began, keep its bytes counted. at is
 * one past its last byte. */
void pd_match_response_cancel(const struct pd_party *, const struct pd_at *);

/* By order. The response now passing showed that nothing answers its request: the record goes out as oneway;
 * what follows up to the response's end belongs to nobody. */
void pd_match_response_oneway(const struct pd_party *, const struct pd_at *);

/* By order, between responses: nothing will answer the oldest request any more, and what is said of it in its
 * record is all: it goes out as answered, without times. */
void pd_match_over(const struct pd_party *);

/* By order: what comes cannot answer the oldest request. The order is not trusted any more. */
void pd_match_mismatch(const struct pd_party *);

/* By key, several at once: what is outstanding under the numbers from first to last. */
struct pd_keys {
    uint64_t first, last;
};
/* What answers them: sets a record's fields; false when it is not certain that this answers it, which then
 * comes out as incomplete. */
struct pd_answer {
    bool (*fill)(struct pd_rec *, const void *arg);
    const void *arg;
};

/* The message from `at` to one before `end` answers all of them, and they go out. Its bytes count once, in
 * the record of the last key. Returns how many there were. Costs no more than there are keys, nor than the
 * connection has outstanding. */
uint32_t pd_match_response_all(const struct pd_party *, const struct pd_at *at, const struct pd_at *end,
                               struct pd_keys, struct pd_answer);

/* Nothing answers what that side asked under these keys any more: it goes out now. broken: as incomplete. */
void pd_match_give_up(const struct pd_party *, uint8_t asked_by, struct pd_keys, bool broken);

/* What is outstanding goes out as if the timeout had come; it stays, for an answer that is late. */
void pd_match_report(struct pd_pairing *, struct pd_rec *);

/* The oldest expectation, NULL when there is none or the order is not trusted. */
struct pd_expect *pd_match_next(const struct pd_match *);

/* The outstanding record of that key asked by that direction, or NULL. */
struct pd_rec *pd_match_find(const struct pd_party *, uint8_t asked_by, uint64_t key);

/* Bytes of the message now passing in dir were lost: its record will be incomplete. */
PD_COLD void pd_match_broken(const struct pd_party *, uint8_t dir);

/* dir lost its message boundaries. By order: what is outstanding is emitted as incomplete, and the order
 * quarantined, unless it was the response of the only request. By key: only the message now passing is hit.
 */
PD_COLD void pd_match_lost(const struct pd_party *, uint8_t dir);

/* By key: bytes of dir passed that nobody could read for certain. Nothing that is outstanding now and stays
 * without an answer is `unanswered`. */
PD_COLD void pd_match_unread(const struct pd_party *, uint8_t dir);

/* The boundary that resync guessed at proved right: a second message began where it should. */
void pd_match_proven(const struct pd_party *, uint8_t dir);

/* Takes an outstanding record out of its connection's pairing, and puts it in as what the new protocol's peer
 * will answer under that key (a protocol switch). The response side is empty again. */
void pd_match_detach(const struct pd_party *, struct pd_rec *);
void pd_match_adopt(const struct pd_party *, struct pd_rec *, uint64_t key);

/* Silence for the timeout: what is outstanding and has no response is reported as unanswered, once. */
void pd_match_timeout(const struct pd_party *);

/* The same is about to end while the message of side dir now passing has come to `pos`: what came of a
 * request counts as the rest of its record does, although its end will not come. */
void pd_match_cut(const struct pd_party *, uint8_t dir, uint64_t pos);

/* The connection or the input ends: everything goes out. */
void pd_match_close(const struct pd_party *);

/* The oldest datagram request: reported as unanswered when older than `reported_before`, dropped when older
 * than `dropped_before` (both ns). */
void pd_pairing_expire(struct pd_pairing *, uint64_t reported_before, uint64_t dropped_before);

/* expects: expectations at once, in all connections. 0 or -ENOMEM. */
int pd_pairing_init(struct pd_pairing *, const struct pd_store_limits *, uint32_t expects,
                    uint32_t outstanding);
void pd_pairing_free(struct pd_pairing *);
#endif
