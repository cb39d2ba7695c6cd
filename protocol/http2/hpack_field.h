/* hpack_field.h: the parts of a header field's representation, read as far as they stand for themselves: what
 * an index refers to is not looked up, and the table of which that is always the same. RFC 7541. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#define PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#include "protocol/http2/huffman.h"

enum pd_http2_meaning { /* of a field, by its name: those that are looked at */
                        PD_HTTP2_OTHER,
                        PD_HTTP2_METHOD,
                        PD_HTTP2_PATH,
                        PD_HTTP2_SCHEME,
                        PD_HTTP2_AUTHORITY,
                        PD_HTTP2_STATUS,
                        PD_HTTP2_PSEUDO, /* another one that begins with a colon */
                        PD_HTTP2_HOST,
                        PD_HTTP2_CONTENT_TYPE,
                        PD_HTTP2_CONTENT_ENCODING
};

struct pd_hpack_field {
    const uint8_t *text;  /* the name, the value is behind it */
    uint32_t name, value; /* bytes */
    uint64_t shared;      /* its number, as pd_share() gives it; 0: it has not been asked for */
    uint8_t meaning;      /* enum pd_http2_meaning */
    bool parted;          /* in a table: the texts do not lie together */
    bool lasting;         /* it stands where it may come again from */
};

/* A number with a prefix of so many bits at the beginning of *in, which goes past it. False: it is not whole,
 * or has more than 32 bits. Section 5.1. */
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

/* A string at the beginning of *in, which goes past it: as text, of which there are *len bytes, at out, where
 * there is room for PD_HUFFMAN_MOST(PD_HUFFMAN_MAX). False: not whole, or wrong. Section 5.2. */
bool pd_hpack_string(const struct pd_huffman *, struct pd_slice *in, uint8_t *out, uint32_t *len);

/* How many bytes a field takes, or a table's size, as far as can be told from its first ones, of which there
 * is one at least: more than in.len when it is not whole. 0: it is wrong. Section 6. */
uint32_t pd_hpack_length_any(struct pd_slice in);

/* The same, faster for a literal with short strings. */
static inline uint32_t pd_hpack_length(struct pd_slice in)
{
    enum { ADDED = 0x40, SIZED = 0x20, INDEX = 0x0f, LONG = 0x7f, LEAST = 3 };
    uint8_t first = in.p[0];
    uint32_t at = 1; /* of the value */

    if (in.len < LEAST || first > LONG || (first & (ADDED | SIZED)) == SIZED || (first & INDEX) == INDEX)
        return pd_hpack_length_any(in);
    if (first == ADDED || !(first & (ADDED | INDEX))) { /* no index: the name is here */
        at += 1 + (in.p[1] & LONG);
        if ((in.p[1] & LONG) == LONG || at >= in.len)
            return pd_hpack_length_any(in);
    }
    return (in.p[at] & LONG) == LONG ? pd_hpack_length_any(in) : at + 1 + (in.p[at] & LONG);
}
#endif
