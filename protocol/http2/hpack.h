/* hpack.h: one direction's header decoder. Where fields were missed, what refers to them gives an empty name,
 * and what comes after is right: an index counts from the newest field. RFC 7541. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_H
#define PD_PROTOCOL_HTTP2_HPACK_H
#include "protocol/http2/hpack_table.h"

struct pd_hpack_part { /* of a field that is not whole yet */
    uint32_t room, len;
    bool read; /* it is whole and was read */
    uint8_t bytes[];
};

enum pd_hpack_since { /* from when on fields were seen */
                      PD_HPACK_UNDECIDED,
                      PD_HPACK_WHOLE, /* all since the connection began */
                      PD_HPACK_MISSED /* some were not */
};

struct pd_hpack { /* all zero: nothing was seen, and nobody knows whether something was missed */
    struct pd_hpack_table table;
    struct pd_hpack_part *part; /* lent, or NULL */
    uint8_t errors;
    uint8_t since; /* enum pd_hpack_since */
    bool ready;    /* the table's size is set */
    bool usual;    /* it is, and there is no part of a field */
    bool sized;    /* it was said, or the largest is taken */
    bool begun;    /* fields of this block have been read */
};

int pd_hpack_worker_start(void *state, const void *options, uint64_t *memory);

enum pd_hpack_end { PD_HPACK_FIELD, PD_HPACK_DONE, PD_HPACK_UNKNOWN };

/* Fields were lost, or may have been: the table is not what it was. Gives the memory back. */
void pd_hpack_forget(struct pd_conn *, struct pd_hpack *);
enum { PD_HPACK_INDEXED = 0x80, PD_HPACK_LONGER = 0xff };

/* The field that this byte refers to, in the usual way: the fast way, where hp->usual. It is valid until the
 * next call. NULL: pd_hpack_read() has to look. */
static inline struct pd_hpack_field *pd_hpack_indexed(struct pd_hpack_worker *w, const struct pd_hpack *hp,
                                                      uint8_t byte)
{
    uint32_t i = (uint32_t)byte - PD_HPACK_INDEXED - 1;

    if (i < PD_HPACK_STATIC)
        return &w->fixed[i];
    if (i - PD_HPACK_STATIC >= hp->table.count || byte == PD_HPACK_LONGER)
        return NULL;
    struct pd_hpack_field *row = pd_hpack_table_row(&hp->table, i - PD_HPACK_STATIC);
    return row->parted ? NULL : row;
}

/* Reads on in a header block: FIELD, valid until the next call (an empty name: what it refers to was not
 * seen); DONE when the slice is used up, with `last` the block; UNKNOWN when what is left of the block cannot
 * be read: pd_hpack_forget() was called. */
enum pd_hpack_end pd_hpack_read(struct pd_conn *, struct pd_hpack *, struct pd_slice *, bool last,
                                struct pd_hpack_field **);
#endif
