/* hpack_field.c: representations of header fields, told by their first bits: 1 is an index, 01 a literal that
 * goes into the table, 001 the table's size, 0001 and 0000 literals that do not. RFC 7541, sections 5 and 6.
 */
#include "protocol/http2/hpack_field.h"

enum { NUMBER_BYTES = 3 }; /* of a number, behind its prefix */

bool pd_hpack_number_long(struct pd_slice *in, unsigned prefix, uint32_t *n)
{
    *n = (1u << prefix) - 1;
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

    if (!pd_hpack_number(in, 7, &n) || n > in->len || n > PD_HUFFMAN_MAX)
        return false;
    const uint8_t *p = in->p;
    in->p += n, in->len -= n;
    if (coded)
        return pd_huffman_read(h, memo, (struct pd_slice){p, n}, out);
    *out = (struct pd_slice){p, n};
    return true;
}

bool pd_hpack_literal_read(struct pd_hpack_scratch *s, struct pd_slice *in, unsigned prefix, uint32_t *index,
                           struct pd_slice *name, struct pd_slice *value)
{
    return pd_hpack_number(in, prefix, index) && (*index || string(&s->huffman, &s->names, in, name)) &&
           string(&s->huffman, &s->values, in, value);
}
