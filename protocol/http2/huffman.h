/* huffman.h: strings in HPACK's Huffman code. RFC 7541, section 5.2 and appendix B. */
#ifndef PD_PROTOCOL_HTTP2_HUFFMAN_H
#define PD_PROTOCOL_HTTP2_HUFFMAN_H
#include "base/slice.h"
#include <stdbool.h>

enum {
    PD_HUFFMAN_MAX = 4096, /* bytes of a string in code */
    PD_HUFFMAN_BITS = 10,  /* codes of so many bits are looked up: those of all usual text */
    PD_HUFFMAN_SLOTS = 256,
    PD_HUFFMAN_SLOT_CODE = 60
};

/* No code is shorter than 5 bits. */
#define PD_HUFFMAN_MOST(n) ((n)*8 / 5)

struct pd_huffman {
    uint16_t code[1 << PD_HUFFMAN_BITS]; /* a symbol, and above it how many bits it has */
};

struct pd_huffman_slot {
    uint8_t code_len, text_len; /* code_len 0: empty */
    uint8_t code[PD_HUFFMAN_SLOT_CODE], text[PD_HUFFMAN_MOST(PD_HUFFMAN_SLOT_CODE)];
};

struct pd_huffman_memo { /* zeroed: empty. The same strings come again and again */
    struct pd_huffman_slot slot[PD_HUFFMAN_SLOTS];
    uint8_t text[PD_HUFFMAN_MOST(PD_HUFFMAN_MAX)]; /* of a string that no slot takes */
};

void pd_huffman_init(struct pd_huffman *);
/* in: at most PD_HUFFMAN_MAX bytes. The text stays until the next call with this memo. False: no such code,
 * or its padding is wrong. */
bool pd_huffman_read(const struct pd_huffman *, struct pd_huffman_memo *, struct pd_slice in,
                     struct pd_slice *text);
#endif
