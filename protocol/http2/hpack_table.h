/* hpack_table.h: the fields that a sender put into its table, counted from the newest. The oldest ones may
 * not have been seen: how many bytes of the table they take at most is known, not what they are. Texts and
 * rows are rings on lent memory, which grows with what the sender uses. RFC 7541, sections 2.3.2 and 4. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_TABLE_H
#define PD_PROTOCOL_HTTP2_HPACK_TABLE_H
#include "protocol/http2/hpack_memo.h"
#include "protocol/protocol.h"

enum {
    PD_HPACK_TABLE_MAX = 65536,  /* bytes, the most that is kept */
    PD_HPACK_ENTRY_OVERHEAD = 32 /* what a field takes beside its texts, section 4.1 */
};

struct pd_hpack_table { /* zeroed: empty, and holds nothing */
    struct pd_hpack_field *row;
    uint8_t *text;
    uint32_t rows, texts; /* how many there is room for: powers of two, or 0 */
    uint32_t added;       /* fields so far; the newest is number added - 1, at that place of the ring */
    uint32_t count;       /* of those that are known */
    uint32_t from, to;    /* their texts: counted on, the place is what is left by `texts` */
    uint32_t size;        /* bytes of the known ones, as section 4.1 counts */
    uint32_t hidden;      /* the most that those before them take */
    uint32_t max;         /* of all */
};

void pd_hpack_table_free(struct pd_conn *, struct pd_hpack_table *);
/* The oldest go until what is left takes `max` bytes, at most PD_HPACK_TABLE_MAX. */
void pd_hpack_table_limit(struct pd_hpack_table *, uint32_t max);
/* A field becomes the newest; when it is larger than the table, that is empty then. Where there is no memory,
 * the oldest that are known are forgotten. It is not one of this table's. */
void pd_hpack_table_add(struct pd_conn *, struct pd_hpack_table *, const struct pd_hpack_field *);

/* The i-th newest, i < count, from 0 on. It stays until the next field is added. */
static inline struct pd_hpack_field *pd_hpack_table_row(const struct pd_hpack_table *t, uint32_t i)
{
    return &t->row[(t->added - 1 - i) & (t->rows - 1)];
}
/* A parted one, put together as the worker's field. */
struct pd_hpack_field *pd_hpack_table_join(const struct pd_hpack_table *, const struct pd_hpack_field *row,
                                           struct pd_hpack_worker *);
#endif
