/* hpack_memo.h: what a worker keeps for all its header decoders: literal fields that were read before,
 * because the same ones come again and again; the table that never changes; room for one field. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_MEMO_H
#define PD_PROTOCOL_HTTP2_HPACK_MEMO_H
#include "protocol/http2/hpack_field.h"

enum {
    PD_HPACK_STATIC = 61, /* indices of the table that never changes, from 1 on */
    PD_HPACK_SLOTS = 256,
    PD_HPACK_SLOT_CODE = 60, /* bytes of a field as sent, and as text */
    PD_HPACK_SLOT_TEXT = 128
};

struct pd_hpack_slot {
    struct pd_hpack_field field; /* text: this slot's */
    uint8_t code_len;            /* 0: empty */
    uint8_t code[PD_HPACK_SLOT_CODE], text[PD_HPACK_SLOT_TEXT];
};

struct pd_hpack_worker { /* zeroed: nothing was read */
    struct pd_huffman huffman;
    struct pd_hpack_field fixed[PD_HPACK_STATIC]; /* index 1 is the first */
    struct pd_hpack_slot slot[PD_HPACK_SLOTS];
    bool second;                 /* of the two slots that a field may have, that is the next one to be used */
    struct pd_hpack_field field; /* the last one that no slot and no table has, or has in one piece */
    uint8_t text[2 * PD_HUFFMAN_MOST(PD_HUFFMAN_MAX)];
};

/* hpack_static.c */
void pd_hpack_static_init(struct pd_hpack_field fixed[PD_HPACK_STATIC]);

/* A literal whose name is here, or has an index of the table that never changes: by its bytes, 1 at least.
 * NULL: it is not remembered. */
struct pd_hpack_field *pd_hpack_remembered(struct pd_hpack_worker *, struct pd_slice code);
/* Remembers w->field as what these bytes say, unless one of both is too long. */
void pd_hpack_remember(struct pd_hpack_worker *, struct pd_slice code);
#endif
