/* hpack_field.c: numbers and strings, and where a field ends. RFC 7541, sections 5 and 6. */
#include "protocol/http2/hpack_field.h"
#include <string.h>

enum { NUMBER_BYTES = 6 }; /* 32 bits need no more */

bool pd_hpack_number_long(struct pd_slice *in, unsigned prefix, uint32_t *n)
{
    uint64_t sum = (1u << prefix) - 1;

    for (uint32_t i = 1; i < NUMBER_BYTES && i < in->len; i++) {
        sum += (uint64_t)(in->p[i] & 0x7f) << (7 * (i - 1));
        if (!(in->p[i] & 0x80)) {
            *n = (uint32_t)sum;
            in->p += i + 1, in->len -= i + 1;
            return sum <= UINT32_MAX;
        }
    }
    return false;
}

/* A number that could not be read: are there bytes to come? */
static bool goes_on(struct pd_slice in)
{
    uint32_t i = 1;

    while (i < in.len && in.p[i] & 0x80)
        i++;
    return i >= in.len && in.len < NUMBER_BYTES;
}

bool pd_hpack_string(const struct pd_huffman *h, struct pd_slice *in, uint8_t *out, uint32_t *len)
{
    bool coded = in->len && in->p[0] & 0x80;
    uint32_t n;

    if (!pd_hpack_number(in, 7, &n) || n > in->len || n > PD_HUFFMAN_MAX)
        return false;
    const uint8_t *p = in->p;
    in->p += n, in->len -= n;
    if (coded)
        return pd_huffman_read(h, (struct pd_slice){p, n}, out, len);
    memcpy(out, p, n);
    *len = n;
    return true;
}

/* The first bits tell what it is: 1 an index, 01 a literal that goes into the table, 001 the table's size,
 * 0001 and 0000 literals that do not. */
uint32_t pd_hpack_length_any(struct pd_slice in)
{
    uint8_t first = in.p[0];
    struct pd_slice rest = in, at = in;
    uint32_t n, strings = 0;

    if (!pd_hpack_number(&rest, first & 0x80 ? 7 : first & 0x40 ? 6 : first & 0x20 ? 5 : 4, &n))
        return goes_on(in) ? in.len + 1 : 0;
    if (!(first & 0x80) && (first & 0xe0) != 0x20)
        strings = n ? 1 : 2; /* the name has an index, or is here */
    for (; strings; strings--) {
        at = rest;
        if (!pd_hpack_number(&rest, 7, &n))
            return goes_on(at) ? in.len + 1 : 0;
        if (n > PD_HUFFMAN_MAX)
            return 0;
        if (n > rest.len)
            return in.len - rest.len + n + strings - 1;
        rest.p += n, rest.len -= n;
    }
    return in.len - rest.len;
}
