/* hpack_field.c: representations of header fields, told by their first bits: 1 is an index, 01 a literal that
 * goes into the table, 001 the table's size, 0001 and 0000 literals that do not. RFC 7541, sections 5 and 6.
 */
#include "protocol/http2/hpack_field.h"

enum { NUMBER_BYTES = 3 }; /* of a number, behind its prefix */

/* A number with a prefix of so many bits, at the beginning of *in, which goes past it. */
static bool number(struct pd_slice *in, unsigned prefix, uint32_t *n)
{
    uint32_t all = (1u << prefix) - 1;

    if (!in->len)
        return false;
    *n = in->p[0] & all;
    if (*n < all) {
        in->p++, in->len--;
        return true;
    }
    for (uint32_t i = 1; i <= NUMBER_BYTES && i < in->len; i++) {
        *n += (uint32_t)(in->p[i] & 0x7f) << (7 * (i - 1));
        if (!(in->p[i] & 0x80)) {
            in->p += i + 1, in->len -= i + 1;
            return true;
        }
    }
    return false;
}

static bool string(const struct pd_huffman *h, struct pd_huffman_memo *memo, struct pd_slice *in,
                   struct pd_slice *out)
{
    bool coded = in->len && in->p[0] & 0x80;
    uint32_t n;

    if (!number(in, 7, &n) || n > in->len || n > PD_HUFFMAN_MAX)
        return false;
    *out = (struct pd_slice){in->p, n};
    in->p += n, in->len -= n;
    return !coded || pd_huffman_read(h, memo, *out, out);
}

enum pd_hpack_form pd_hpack_field_read(struct pd_hpack_scratch *s, struct pd_slice in,
                                       struct pd_hpack_field *f)
{
    struct pd_slice left = in;
    uint8_t first = in.len ? in.p[0] : 0;
    enum pd_hpack_form form = first & 0x40 ? PD_HPACK_ADDED : PD_HPACK_LITERAL;

    if (first & 0x80) {
        if (!number(&left, 7, &f->index) || !f->index)
            return PD_HPACK_OTHER;
        f->length = in.len - left.len;
        return PD_HPACK_INDEXED;
    }
    if ((first & 0x60) == 0x20 || !number(&left, form == PD_HPACK_ADDED ? 6 : 4, &f->index) ||
        (!f->index && !string(&s->huffman, &s->names, &left, &f->name)) ||
        !string(&s->huffman, &s->values, &left, &f->value))
        return PD_HPACK_OTHER;
    f->length = in.len - left.len;
    return form;
}
