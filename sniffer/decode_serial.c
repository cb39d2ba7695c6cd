/* decode_serial.c: the rarer links: PPP and what it rides on, Cisco HDLC, FDDI, Linux's NFLOG. */
#include "sniffer/decode.h"

enum { FDDI_HEADER = 13, PPPOE_HEADER = 6, CHDLC_HEADER = 4, NFLOG_HEADER = 4, NFLOG_FIELDS = 64 };

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281, PPP_MPLS_MULTICAST = 0x0283 };

enum { NFLOG_PAYLOAD = 9 };

/* RFC 1661, section 2: protocol(2); one byte when it was compressed, which its odd first byte tells
 * (section 6.5). */
static enum pd_layer ppp_protocol(struct pd_frame *f)
{
    if (f->cap < 2)
        return pd_frame_short(f, 2);
    bool compressed = f->p[0] & 1;
    uint16_t protocol = compressed ? f->p[0] : pd_be16(f->p);
    pd_frame_pull(f, compressed ? 1 : 2);
    switch (protocol) {
    case PPP_IPV4:
        return PD_L_IPV4;
    case PPP_IPV6:
        return PD_L_IPV6;
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return PD_L_MPLS;
    default:
        return pd_frame_fail(f, PD_S_NOT_IP);
    }
}

/* With address and control of HDLC in front, or without (RFC 1662, section 3.1; RFC 1661, section 6.6). */
enum pd_layer pd_ppp_step(struct pd_frame *f)
{
    if (f->cap < 2)
        return pd_frame_short(f, 2);
    if (f->p[0] == 0xff && f->p[1] == 0x03)
        pd_frame_pull(f, 2);
    return ppp_protocol(f);
}

/* LINKTYPE_PPP_HDLC holds PPP or, by its first byte, Cisco HDLC (RFC 1547, section 4.3.1). */
enum pd_layer pd_ppp_serial_step(struct pd_frame *f)
{
    if (f->cap >= 1 && (f->p[0] == 0x0f || f->p[0] == 0x8f))
        return PD_L_CHDLC;
    return PD_L_PPP;
}

/* RFC 2516, section 4: version(4 bits) type(4 bits) code(1) session(2) length(2). Code 0 is data. */
enum pd_layer pd_pppoe_step(struct pd_frame *f)
{
    if (f->cap < PPPOE_HEADER)
        return pd_frame_short(f, PPPOE_HEADER);
    if (f->p[0] != 0x11)
        return pd_frame_fail(f, PD_S_MALFORMED);
    if (f->p[1] != 0)
        return pd_frame_fail(f, PD_S_NOT_IP);
    pd_frame_pull(f, PPPOE_HEADER);
    return ppp_protocol(f);
}

/* address(1) control(1) type(2) */
enum pd_layer pd_chdlc_step(struct pd_frame *f)
{
    if (f->cap < CHDLC_HEADER)
        return pd_frame_short(f, CHDLC_HEADER);
    uint16_t type = pd_be16(f->p + 2);
    pd_frame_pull(f, CHDLC_HEADER);
    return type > 1500 ? pd_ethertype_layer(f, type) : pd_frame_fail(f, PD_S_NOT_IP);
}

/* frame control(1) destination(6) source(6), then LLC. Control is 50 to 5f (hex) for frames that carry LLC;
 * the bits of some captures are in the wire's order, which does not touch the bytes behind. */
enum pd_layer pd_fddi_step(struct pd_frame *f)
{
    if (f->cap < FDDI_HEADER)
        return pd_frame_short(f, FDDI_HEADER);
    if ((f->p[0] & 0xf0) != 0x50)
        return pd_frame_fail(f, PD_S_NOT_IP);
    pd_frame_pull(f, FDDI_HEADER);
    return PD_L_LLC;
}

static uint16_t field_u16(const uint8_t *p, bool big)
{
    unsigned high = big ? p[0] : p[1], low = big ? p[1] : p[0];

    return (uint16_t)(high << 8 | low);
}

/* LINKTYPE_NFLOG: family(1) version(1) resource(2), then fields of length(2) type(2) value, padded to 4
 * bytes, in the byte order of the machine that captured. Types are small, so the order shows in the first
 * field's. */
enum pd_layer pd_nflog_step(struct pd_frame *f)
{
    if (f->cap < NFLOG_HEADER + 4)
        return pd_frame_short(f, NFLOG_HEADER + 4);
    bool big = f->p[NFLOG_HEADER + 2] == 0;
    if (f->p[1] != 0)
        return pd_frame_fail(f, PD_S_MALFORMED);
    pd_frame_pull(f, NFLOG_HEADER);
    for (int i = 0; i < NFLOG_FIELDS; i++) {
        if (f->cap < 4)
            return f->wire < 4 ? pd_frame_fail(f, PD_S_NOT_IP) : pd_frame_short(f, 4);
        uint16_t length = field_u16(f->p, big), type = field_u16(f->p + 2, big);
        if (length < 4 || length > f->wire)
            return pd_frame_fail(f, PD_S_MALFORMED);
        if (type == NFLOG_PAYLOAD) {
            f->wire = length;
            f->cap = f->cap < length ? f->cap : length;
            pd_frame_pull(f, 4);
            return PD_L_RAW;
        }
        uint32_t padded = (length + 3u) & ~3u;
        if (f->cap < padded)
            return pd_frame_short(f, padded);
        pd_frame_pull(f, padded);
    }
    return pd_frame_fail(f, PD_S_MALFORMED);
}
