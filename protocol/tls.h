/* tls.h: names TLS when it is TLS, so that "encrypted" is never "not understood". RFC 8446, section 5.1
 * and 4.1.2. */
#ifndef PD_PROTOCOL_TLS_H
#define PD_PROTOCOL_TLS_H
#include "base/slice.h"

struct pd_tls_hello {
    char sni[64];     /* server_name, "" when absent or beyond the slice */
    char alpn[16];    /* the first protocol offered */
    uint16_t version; /* the highest offered, 0x0304 for 1.3 */
};

/* Does a TLS record with a handshake begin here? Needs 6 bytes. */
bool pd_tls_is_record(struct pd_slice);
/* Reads what the slice holds of a ClientHello; false when it is none. */
bool pd_tls_read_hello(struct pd_slice, struct pd_tls_hello *);
#endif
