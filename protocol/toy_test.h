/* toy_test.h: a protocol made for tests, that uses every want the engine has, and a driver that sends it
 * segments. A message is a type byte and what the type says; requests and responses look alike:
 *
 *   B abc      three bytes            V varint, Z zigzag, M MySQL length   R len32 k rest   framed
 *   L text\n   a line                 C len text   capture                 S len32 ...      skipped
 *   U text;    up to the semicolon    F len text   feed                    G len16 ...      whole message
 *   O text\n   oneway                 I text\n     interim response        N text\n         owes two replies
 *   X          opaque from here       W            switch to "child"       K key text\n     (keyed toy only)
 *   P key text\n  a request of the child (keyed toy only)
 *   H, J, T key text\n  a message's first, middle and last part (keyed toy only)
 *   A from to text\n  answers all requests with keys from..to (keyed toy only)
 *   E from to  gives them up, as incomplete when the server says so (keyed toy only)
 *   Y text\n  a line that the worker numbers: 100 times how often it was started, and how many there were
 *   s text\n  asks silently, t text\n: the latest request goes on, k text\n: is kept or not counted; as an
 * answer t text\n says that nothing answers the request, o: the oldest is over, m: nothing fits (ordered
 * toys) D n text\n    a line that begins only behind its n; as an answer: n replies are still owed, it among
 * them
 */
#ifndef PD_PROTOCOL_TOY_TEST_H
#define PD_PROTOCOL_TOY_TEST_H
#include "protocol/worker.h"

struct toy_rec {
    struct pd_text asked, answered;
    struct pd_int number;
};

extern const struct pd_proto toy_order, toy_key, toy_half_duplex, toy_child;

enum { TOY_RECORDS = 4096, TOY_TEXT = 96 };

struct toy_seen { /* an emitted record */
    const char *proto;
    uint8_t status;
    bool late, holed;
    int64_t number;
    uint64_t first_req, last_req, first_rsp, last_rsp, req_bytes, rsp_bytes, ordinal;
    char asked[TOY_TEXT], answered[TOY_TEXT];
};

struct toy {
    struct pd_setup setup;
    struct pd_worker *worker;
    struct toy_seen seen[TOY_RECORDS];
    unsigned count;
    uint64_t now, ordinal;
    uint32_t seq[2];         /* next sequence number of each direction */
    uint32_t piece;          /* cut segments into pieces of this size; 0: do not */
    uint32_t again_on_iface; /* each packet is seen a second time on this interface; 0: not */
    uint16_t port;           /* the server's */
};

/* A worker that speaks only that protocol, on port 7. */
struct toy *toy_new(const struct pd_proto *);
/* The same with that many requests outstanding a connection. */
struct toy *toy_new_limited(const struct pd_proto *, uint32_t outstanding);
/* A worker that speaks those protocols; the list ends with NULL. */
struct toy *toy_new_among(const struct pd_proto *const *);
void toy_free(struct toy *);
/* How many connections' states were closed. */
uint32_t toy_closed(const struct toy *);
/* A worker with a connection whose handshake was seen. */
struct toy *toy_open(const struct pd_proto *);
/* The handshake. */
void toy_syn(struct toy *);
/* Bytes from that side, 1 ms after what was before. */
void toy_send(struct toy *, enum pd_dir, const void *bytes, uint32_t len);
#define toy_say(t, dir, literal) toy_send((t), (dir), "" literal, sizeof(literal) - 1)
/* The same, but never captured. */
void toy_lose(struct toy *, enum pd_dir, uint32_t len);
/* A packet of exactly this shape; payload NULL: none. */
void toy_packet(struct toy *, enum pd_dir, uint8_t flags, uint32_t seq, uint32_t ack, const void *payload,
                uint32_t len, uint32_t wire);
void toy_datagram(struct toy *, enum pd_dir, const void *bytes, uint32_t len, uint32_t wire);
void toy_wait(struct toy *, uint64_t ns);
void toy_fin(struct toy *, enum pd_dir);
void toy_finish(struct toy *);
/* Record i has that status and those texts: else the test fails. */
void toy_check(const struct toy *, unsigned i, uint8_t status, const char *asked, const char *answered);
uint64_t toy_counter(const struct toy *, enum pd_proto_counter);
uint64_t toy_flow(const struct toy *, enum pd_flow_counter);
#endif
