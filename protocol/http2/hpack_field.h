/* hpack_field.h: a header field's representation, read as far as it stands for itself: what its index refers
 * to is not looked up. RFC 7541, section 6. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#define PD_PROTOCOL_HTTP2_HPACK_FIELD_H
#include "protocol/http2/huffman.h"

struct pd_hpack_scratch { /* a worker's: strings that were decoded */
    struct pd_huffman huffman;
    struct pd_huffman_memo names, values;
};

enum pd_hpack_form {
    PD_HPACK_OTHER,   /* the table's size; or not whole, wrong, too long: not read */
    PD_HPACK_INDEXED, /* only an index */
    PD_HPACK_LITERAL, /* leaves the table as it is */
    PD_HPACK_ADDED    /* a literal that goes into the table */
};

struct pd_hpack_field {
    uint32_t index;              /* of the whole field, or of the literal's name; 0: the name is here */
    uint32_t length;             /* bytes in the block */
    struct pd_slice name, value; /* in the block or in scratch */
};

/* The field that a block goes on with. */
enum pd_hpack_form pd_hpack_field_read(struct pd_hpack_scratch *, struct pd_slice in,
                                       struct pd_hpack_field *);
#endif
