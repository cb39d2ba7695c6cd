/* machine.h: the streaming engine, as a protocol sees it. A protocol never sees raw segments: it says what it
 * wants next and gets exactly that. Segment borders, partial tokens, lost bytes, skipping, resynchronising
 * and accounting are written here, once.
 *
 *   want       step() gets                                  kept by the engine
 *   BYTES n    exactly n contiguous bytes                   at most 64, in the half
 *   LINE       a line with its LF; its first 64 bytes       the same
 *   UNTIL      nothing; text up to a delimiter was copied   the text's bound
 *   VARINT     nothing; half->number has the value          at most 10 bytes
 *   CAPTURE n  nothing; a prefix was copied to a text       the text's bound
 *   FEED n     slices as they come, then an empty one       nothing
 *   SKIP n     nothing                                      nothing
 *   MESSAGE n  all n contiguous bytes                       a borrowed buffer, while it passes
 */
#ifndef PD_PROTOCOL_MACHINE_H
#define PD_PROTOCOL_MACHINE_H
#include "base/cold.h"
#include "roundtrip/match.h"

enum { PD_CARRY = 64 };
enum pd_dir { PD_C2S, PD_S2C };
#define PD_UNFRAMED UINT64_MAX
#define PD_ENDLESS UINT64_MAX /* FEED or SKIP to the end of the direction */

enum pd_want {
    PD_W_NONE,
    PD_W_BYTES,
    PD_W_LINE,
    PD_W_UNTIL,
    PD_W_VARINT,
    PD_W_CAPTURE,
    PD_W_FEED,
    PD_W_SKIP,
    PD_W_MESSAGE
};
enum pd_varint_kind { PD_VARINT_UNSIGNED, PD_VARINT_ZIGZAG, PD_VARINT_MYSQL };

struct pd_conn;

struct pd_half {   /* one direction of one connection */
    uint64_t left; /* CAPTURE, FEED, SKIP, MESSAGE: bytes still to pass; VARINT: the value; while the protocol
                      is not known: when the last of the bytes that wait came */
    uint64_t frame; /* bytes left in the current message, or PD_UNFRAMED */
    union {
        struct pd_text *text; /* UNTIL, CAPTURE: NULL when nobody keeps it */
        uint8_t *buffer;      /* MESSAGE: borrowed, NULL while none is needed */
    };
    uint64_t pos; /* stream offset of the next unread byte; its low 32 bits are the sequence number */
    uint64_t
        token_ts; /* of the packet with the current token's first byte; then its number and acknowledgement */
    uint64_t token_ordinal;
    uint32_t token_ack;
    uint32_t unseen;    /* bytes beyond pos that the other side acknowledged */
    uint16_t state;     /* the protocol's */
    uint16_t frame_end; /* the state to run at frame 0 */
    uint16_t cap;       /* UNTIL, CAPTURE: bound of the text; MESSAGE: bytes that arrived before a gap */
    uint16_t size;      /* MESSAGE: its length; UNTIL: the delimiter; VARINT: its kind */
    uint8_t want, need, carried, dir;
    /* The first eight are asked together by each segment, the others seldom or alone. */
    bool lost : 1;           /* boundary unknown: only sync() may look at bytes */
    bool opaque : 1;         /* skip for ever */
    bool unproven : 1;       /* the boundary was found by sync(), no later message confirmed it yet */
    bool gap_last : 1;       /* the byte before pos was lost */
    bool open : 1;           /* the current token began in an earlier segment */
    bool deferred : 1;       /* token_* are those of a message's first byte, at `begin` */
    bool has_ack : 1;        /* token_ack holds */
    bool holed : 1;          /* the current message had a gap */
    bool seen : 1;           /* pos is known */
    bool heard : 1;          /* a packet of this direction came */
    bool ended : 1;          /* FIN was seen */
    bool cut : 1;            /* LINE: longer than its token */
    bool guessed : 1;        /* unproven, and its first message began */
    bool reframed : 1;       /* pd_frame() was called in this step */
    bool joined : 1;         /* lost from the start, not by loss */
    uint16_t begin;          /* the low bits of that byte's position */
    uint8_t carry[PD_CARRY]; /* one partial token: the only bytes a direction keeps */
};

/* The value a VARINT want delivered. ZIGZAG: cast to int64_t. */
static inline uint64_t pd_number(const struct pd_half *h)
{
    return h->left;
}

/* The next want. Every step() ends with exactly one of these, with pd_bad(), pd_opaque() or pd_switch(). A
 * text is kept in the record of the message now passing: give pd_current() or what pd_request() and the like
 * returned. */
void pd_bytes(struct pd_half *, uint16_t state, uint8_t n); /* 1 <= n <= 64 */
void pd_line(struct pd_half *, uint16_t state);
void pd_until(struct pd_half *, uint16_t state, uint8_t delim, struct pd_rec *, struct pd_text *,
              uint16_t cap);
void pd_varint(struct pd_half *, uint16_t state, enum pd_varint_kind);
void pd_capture(struct pd_half *, uint16_t state, uint64_t n, struct pd_rec *, struct pd_text *,
                uint16_t cap);
void pd_feed(struct pd_half *, uint16_t state, uint64_t n);
void pd_skip(struct pd_half *, uint16_t state, uint64_t n);
void pd_message(struct pd_half *, uint16_t state, uint32_t n); /* n <= 65,535 */

/* This message ends n bytes from here. No want may cross that; when nothing is left, end_state runs with an
 * empty token and the frame is gone. */
void pd_frame(struct pd_half *, uint64_t n, uint16_t end_state);
/* Skips what is left of the frame, then runs its end state. */
void pd_frame_rest(struct pd_half *);
/* In the step of a FEED the frame begins at the first byte that the step does not use; where a message begins
 * or ends within the slice is said after pd_feed_used(), or in a later step. MESSAGE: when a gap fell into
 * it, or no buffer was free, half->holed is set and the token is what arrived before the gap, perhaps
 * nothing. */

/* In the step of a FEED: n bytes more of its slice are used. The step's answer counts them too. */
static inline void pd_feed_used(struct pd_half *h, uint32_t n)
{
    h->pos += n;
    if (n && h->gap_last) /* seldom: a store here would delay who reads its neighbours next */
        h->gap_last = false;
}

/* This direction does not speak the protocol. why is a string literal, counted. The boundary is lost. */
PD_COLD void pd_bad(struct pd_conn *, struct pd_half *, const char *why);
/* Nothing readable follows on this connection. reason is a string literal, counted. */
PD_COLD void pd_opaque(struct pd_conn *, const char *reason);
/* Both halves go on at their next unread byte in another protocol, found by name. open, when not NULL, is the
 * record of the request that asked for the turn: it is the new protocol's stream of key `key`. NULL, and the
 * connection is opaque, when that protocol is not there or not wanted. */
PD_COLD struct pd_conn *pd_switch(struct pd_conn *, const char *proto, struct pd_rec *open, uint64_t key);

/* Pairing, seen from inside step(): the message whose first byte is the current token's. None returns NULL:
 * what nobody keeps is written to a void record. See match.h for the rules. */
struct pd_rec *pd_request(struct pd_conn *, struct pd_half *);
/* owed PD_KEPT_OR_NOTHING: one reply; what cannot be kept is not counted. */
struct pd_rec *pd_request_owed(struct pd_conn *, struct pd_half *, uint8_t kind, uint32_t owed);
struct pd_rec *pd_request_key(struct pd_conn *, struct pd_half *, uint64_t key);
void pd_expect(struct pd_conn *, struct pd_half *, uint8_t kind, uint32_t owed);
void pd_request_end(struct pd_conn *, struct pd_half *);
struct pd_rec *pd_oneway(struct pd_conn *, struct pd_half *);
void pd_oneway_end(struct pd_conn *, struct pd_half *);
struct pd_rec *pd_response(struct pd_conn *, struct pd_half *);
struct pd_rec *pd_response_key(struct pd_conn *, struct pd_half *, uint64_t key);
/* The same for what counts as no orphan: with nothing outstanding under that key the message only passes. */
struct pd_rec *pd_response_known(struct pd_conn *, struct pd_half *, uint64_t key);
void pd_response_end(struct pd_conn *, struct pd_half *);
void pd_response_cancel(struct pd_conn *, struct pd_half *);
/* By key, where parts of several messages take turns: this part ends, its message goes on later. A request
 * goes on with pd_request_resume(), a response with pd_response_key(). pd_oneway_end() ends a request, begun
 * with pd_request_key(), to which nothing is answered. */
/* By order, pd_request_resume() goes on with the latest request; key is not looked at. */
void pd_request_pause(struct pd_conn *, struct pd_half *);
struct pd_rec *pd_request_resume(struct pd_conn *, struct pd_half *, uint64_t key);
void pd_response_pause(struct pd_conn *, struct pd_half *);
/* A request, told by the side that will answer it (a push promise). pd_request_end() ends it. */
struct pd_rec *pd_request_promised(struct pd_conn *, struct pd_half *, uint64_t key);
/* A message that neither asks nor answers begins, and nobody keeps it: it confirms what came before it. */
void pd_passing(struct pd_conn *, struct pd_half *);
/* The current token begins a message whose kind cannot be told yet: the next pd_request(), pd_response() or
 * pd_oneway() counts from this token's first byte. It has to come within 65,535 bytes. */
void pd_defer(struct pd_conn *, struct pd_half *);
/* Within a response: it says that n replies, itself among them (n >= 1), are still owed to its request. */
void pd_owe(struct pd_conn *, uint32_t n);
/* By order. Within a response: its request is one that nothing answers, its record goes out now; the rest of
 * what is said up to pd_response_end() is nobody's. Between responses: nothing answers the oldest request any
 * more, it goes out with what its record says. What comes cannot answer the oldest request: pairs are not
 * trusted any more, and what is outstanding goes out as incomplete. */
void pd_response_oneway(struct pd_conn *, struct pd_half *);
void pd_expected_over(struct pd_conn *);
PD_COLD void pd_mismatch(struct pd_conn *);
/* What the other side was told to have come, and was not seen, is lost: something depends on it. Asked by
 * itself when a message begins. */
void pd_settle(struct pd_conn *, struct pd_half *);
/* The message now passing lacks what a field of it needs. */
PD_COLD void pd_incomplete(struct pd_conn *, struct pd_half *);
/* n bytes that belong to no request or response were understood. */
void pd_understood(struct pd_conn *, uint64_t n);
/* By key: the message in hand, n bytes from the current token's first, answers several requests. Requests
 * that nothing will answer any more. See match.h. */
uint32_t pd_response_all(struct pd_conn *, struct pd_half *, uint32_t n, struct pd_keys, struct pd_answer);
void pd_give_up(struct pd_conn *, enum pd_dir asker, struct pd_keys, bool broken);
/* By key: it is said now that nothing answered this request. An answer that comes nevertheless is late. */
void pd_report(struct pd_conn *, struct pd_rec *);
/* The record of the message now passing in that direction. Never keep it across steps: ask again. */
struct pd_rec *pd_current(struct pd_conn *, enum pd_dir);
/* The same by key, for protocols that interleave messages: what `asker` asked under that key. */
struct pd_rec *pd_current_key(struct pd_conn *, enum pd_dir asker, uint64_t key);
/* The same to look at, NULL when there is none: no void record has to be made. */
const struct pd_rec *pd_outstanding(struct pd_conn *, enum pd_dir asker, uint64_t key);
/* The oldest expectation's kind, or -1: none, or not trusted. */
int pd_expected(const struct pd_conn *);
/* By order: false while a loss keeps requests from being paired. */
bool pd_trusted(const struct pd_conn *);
/* By order: are pairs held back, because an older request may be outstanding? */
bool pd_provisional(const struct pd_conn *);
/* The request that the next response will answer, or the void record. */
struct pd_rec *pd_expected_rec(struct pd_conn *);
#endif
