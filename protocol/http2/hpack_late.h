/* hpack_late.h: fields that were put into a table to which nobody has referred yet. Some encoders, nginx's
 * among them, fill the table and never use it; so what they put in waits here, as it was sent, until the
 * first reference, and goes when newer fields would have driven it out. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_LATE_H
#define PD_PROTOCOL_HTTP2_HPACK_LATE_H
#include "base/slice.h"
#include <stdbool.h>

enum { PD_HPACK_LATE_BYTES = 2048 };

struct pd_hpack_late {   /* zeroed: empty */
    uint32_t size;       /* of the fields, as the table counts, RFC 7541, section 4.1 */
    uint16_t first, end; /* where they stand in bytes[] */
    uint8_t bytes[PD_HPACK_LATE_BYTES - 8];
};

/* size: what the field takes of the table, which holds `max`. False: there is no room. */
bool pd_hpack_late_put(struct pd_hpack_late *, struct pd_slice field, uint32_t size, uint32_t max);
/* The oldest one is taken out. It stays until the next one is put in. False: there is none. */
bool pd_hpack_late_take(struct pd_hpack_late *, struct pd_slice *field);
#endif
