/* walk.h: walks a message by its rows, over any pieces of it. What it must remember between two pieces stands
 * in struct pd_kafka_walk; the whole message in one piece needs none of that to outlive the call. */
#ifndef PD_PROTOCOL_KAFKA_WALK_H
#define PD_PROTOCOL_KAFKA_WALK_H
#include "protocol/kafka/fields.h"

enum pd_kafka_walked {
    PD_KAFKA_OVER, /* nothing more of the message matters */
    PD_KAFKA_MORE, /* the piece is used up */
    PD_KAFKA_NEED, /* walk->need contiguous bytes come next, more than the piece has left */
    PD_KAFKA_PASS, /* walk->pass bytes may be skipped, then on */
    PD_KAFKA_BAD,
    PD_KAFKA_ON /* inside only */
};

struct pd_kafka_walk {
    const struct pd_kafka_row *at, *body;
    const struct pd_kafka_row *loop[PD_KAFKA_DEPTH]; /* the first row of each array that is open */
    uint32_t left[PD_KAFKA_DEPTH];                   /* its elements still to come */
    uint64_t pass;
    uint64_t number;            /* a varint so far */
    uint32_t text;              /* bytes of a name still to come */
    uint32_t full;              /* its length */
    uint32_t records;           /* bytes of record batches still to come */
    uint32_t batch;             /* bytes of this batch behind its first ones */
    uint32_t tags;              /* tagged fields still to come */
    uint32_t tag;               /* this one's number */
    uint64_t partitions, count; /* seen; records seen */
    uint8_t phase, depth, shift, need;
    uint8_t version;
    bool flexible;
    bool has_partitions, has_records;
    bool uncounted;                   /* records that nobody can count without decompression */
    int8_t type;                      /* of the key or resource that follows, -1: not said */
    uint16_t named;                   /* bytes of the name */
    uint8_t name[PD_KAFKA_TEXT_KEPT]; /* the latest name that is needed whole */
};

/* header: the rows to begin with; body: those behind, or NULL. */
void pd_kafka_walk_begin(struct pd_kafka_walk *, const struct pd_kafka_row *header,
                         const struct pd_kafka_row *body, int version, bool flexible);

/* Uses up what it can of the slice. After NEED it must be given so many bytes at once. */
enum pd_kafka_walked pd_kafka_walk_on(struct pd_kafka_walk *, struct pd_kafka_sink *, struct pd_slice *);
#endif
