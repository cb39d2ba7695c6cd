/* replay.h: a worker whose records are kept as JSON lines, in the order in which packetd prints them. What
 * the driver for hand-written bytes, the inherited tests and the fuzz harness stand on. */
#ifndef PD_TESTS_REPLAY_H
#define PD_TESTS_REPLAY_H
#include "exporter/line.h"
#include "protocol/worker.h"

struct replay_line {
    char *text; /* without LF */
    struct pd_place place;
    size_t nth;     /* emitted as the nth */
    uint8_t status; /* enum pd_status */
};

struct replay {
    struct pd_worker *worker;
    struct pd_line_style style;
    struct pd_redact *redact; /* or NULL */
    struct pd_buf buf;
    struct pd_line_memo *memo;
    struct replay_line *line;
    size_t count, cap;
    uint64_t ordinal; /* of the last packet */
    bool discard;     /* encode records, but keep no line */
    bool finished;
};

/* redact: as packetd prints by default; else everything is shown. Aborts when memory is short. setup outlives
 * it. */
void replay_init(struct replay *, const struct pd_setup *setup, bool redact);
void replay_free(struct replay *);

/* Hands the packet over. With a copy, its payload lies in memory of exactly its size, so that
 * AddressSanitizer sees every read beyond it. */
void replay_packet(struct replay *, const struct pd_packet *);
void replay_packet_copy(struct replay *, const struct pd_packet *);

/* The end of the input: what is outstanding goes out. Sorts the lines by place; the second call does nothing.
 */
void replay_finish(struct replay *);

/* Forgets the lines so far. */
void replay_clear(struct replay *);

/* A hash for pd_packet.hash: the same in both directions. */
uint32_t replay_hash(const struct pd_packet *);

/* Takes top-level keys (NULL-terminated list) out of a JSON object in place. */
void replay_strip(char *json, const char *const *keys);
#endif
