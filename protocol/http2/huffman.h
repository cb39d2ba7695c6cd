/* huffman.h: strings in HPACK's Huffman code. RFC 7541, section 5.2 and appendix B. */
#ifndef PD_PROTOCOL_HTTP2_HUFFMAN_H
#define PD_PROTOCOL_HTTP2_HUFFMAN_H
#include "base/slice.h"
#include <stdbool.h>

enum {
    PD_HUFFMAN_MAX = 65536, /* bytes of a string in code */
    PD_HUFFMAN_BITS = 10    /* codes of so many bits are looked up: those of all usual text */
};

/* No code is shorter than 5 bits. */
#define PD_HUFFMAN_MOST(n) ((n)*8 / 5)

struct pd_huffman {
    uint16_t code[1 << PD_HUFFMAN_BITS]; /* a symbol, and above it how many bits it has */
};

void pd_huffman_init(struct pd_huffman *);
/* in: at most PD_HUFFMAN_MAX bytes; out: room for PD_HUFFMAN_MOST() of them. False: no such code, or its
 * padding is wrong. */
bool pd_huffman_read(const struct pd_huffman *, struct pd_slice in, uint8_t *out, uint32_t *len);
#endif
