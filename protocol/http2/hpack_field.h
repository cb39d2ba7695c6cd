/* hpack_field.h: the parts of a header field's representation, read as far as they stand for themselves: what
 * an index refers to is not looked up, and the table of which that is always the same. RFC 7541. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#define PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#include "protocol/http2/huffman.h"

struct pd_hpack_scratch { /* a worker's: strings that were decoded */
    struct pd_huffman huffman;
    struct pd_huffman_memo names, values;
};

enum { PD_HPACK_STATIC = 61 }; /* indices of the table that never changes, from 1 on */

struct pd_hpack_entry {
    struct pd_slice name, value;
};

/* hpack_static.c: index 1 is the first. */
extern const struct pd_hpack_entry pd_hpack_static[PD_HPACK_STATIC];

/* A number with a prefix of so many bits at the beginning of *in, which goes past it. False: it is not whole,
 * or too large for anything that is read here; *in stays. Section 5.1. */
bool pd_hpack_number_long(struct pd_slice *in, unsigned prefix, uint32_t *n);

static inline bool pd_hpack_number(struct pd_slice *in, unsigned prefix, uint32_t *n)
{
    uint32_t all = (1u << prefix) - 1;

    if (!in->len || (in->p[0] & all) == all)
        return pd_hpack_number_long(in, prefix, n);
    *n = in->p[0] & all;
    in->p++, in->len--;
    return true;
}

/* A literal at the beginning of *in, which goes past it. prefix: of the index that stands for its name; 0,
 * and the name is here. Name and value are in the block or in scratch. False: not whole, wrong, or too long;
 * *in is within the literal. Section 6.2. */
bool pd_hpack_literal_read(struct pd_hpack_scratch *, struct pd_slice *in, unsigned prefix, uint32_t *index,
                           struct pd_slice *name, struct pd_slice *value);
#endif
