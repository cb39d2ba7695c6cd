/* hpack.h: one direction's header decoder. nghttp2's inflater, on lent memory, holds the table and reads what
 * changes it; what does not is read here, at a fraction of the cost. Where fields were missed, the table is
 * filled with empty placeholders, so that a reference to what was not seen gives an empty name, and what
 * comes after is right: an index counts from the newest field. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_H
#define PD_PROTOCOL_HTTP2_HPACK_H
#include "protocol/http2/hpack_field.h"
#include "protocol/http2/hpack_late.h"
#include "protocol/protocol.h"
#include <nghttp2/nghttp2.h>

struct pd_hpack { /* all zero: nothing was seen, and nobody knows whether something was missed */
    nghttp2_hd_inflater *inflater;
    struct pd_hpack_late *late; /* lent; NULL: nothing waits */
    uint8_t errors;
    bool whole : 1;    /* it has seen all fields since the connection began */
    bool missed : 1;   /* it has not */
    bool large : 1;    /* the table is larger than the default */
    bool begun : 1;    /* fields of this block have been read */
    bool inflated : 1; /* the inflater has read in this block */
    bool within : 1;   /* it has part of a field */
    bool refers : 1;   /* the sender refers to the table: nothing waits any more */
};

struct pd_hpack_worker { /* a worker's; memory is lent by whichever connection is at work */
    nghttp2_mem mem;
    struct pd_conn *conn;
    struct pd_hpack_scratch scratch;
};
int pd_hpack_worker_start(void *state, const void *options, uint64_t *memory);

enum pd_hpack_end { PD_HPACK_FIELD, PD_HPACK_DONE, PD_HPACK_UNKNOWN };

/* Fields were lost, or may have been: the table is not what it was. Gives the memory back. */
void pd_hpack_forget(struct pd_conn *, struct pd_hpack *);
/* Reads on in a header block: FIELD, with a name and a value that are valid until the next call (an empty
 * name: what it refers to was not seen); DONE when the slice is used up, with `last` the block; UNKNOWN when
 * what is left of the block cannot be read: pd_hpack_forget() was called. */
enum pd_hpack_end pd_hpack_read(struct pd_conn *, struct pd_hpack *, struct pd_slice *, bool last,
                                struct pd_slice *name, struct pd_slice *value);
#endif
