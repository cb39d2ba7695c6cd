/* decode_ip.c: IPv4 (RFC 791) with options and IPv6 (RFC 8200) with extension headers. The IP length, not the
 * frame's, says how long the payload is: it trims Ethernet's padding and shows what the snap length cut off.
 */
#include "sniffer/decode_usual.h"

enum { IPV6_HEADER = 40, EXTENSIONS_MAX = 16 };

enum {
    P_HOP_BY_HOP = 0,
    P_ICMP = 1,
    P_IPV4 = 4,
    P_IPV6 = 41,
    P_ROUTING = 43,
    P_FRAGMENT = 44,
    P_GRE = 47,
    P_ESP = 50,
    P_AH = 51,
    P_ICMPV6 = 58,
    P_OPTIONS = 60,
    P_SCTP = 132,
    P_MOBILITY = 135,
    P_MPLS = 137,
    P_HIP = 139,
    P_SHIM6 = 140
};

static enum pd_layer protocol_layer(struct pd_frame *f, uint8_t protocol)
{
    switch (protocol) {
    case PD_TCP:
        return PD_L_TCP;
    case PD_UDP:
        return PD_L_UDP;
    case P_IPV4:
        return PD_L_IPIP4;
    case P_IPV6:
        return PD_L_IPIP6;
    case P_GRE:
        return PD_L_GRE;
    case P_MPLS:
        return PD_L_MPLS;
    case P_ESP:
        return pd_frame_fail(f, PD_S_ENCRYPTED);
    case P_ICMP:
    case P_ICMPV6:
        return pd_frame_fail(f, PD_S_ICMP);
    case P_SCTP:
        return pd_frame_fail(f, PD_S_SCTP);
    default:
        return pd_frame_fail(f, PD_S_OTHER_TRANSPORT);
    }
}

/* Takes an extension header of at least 8 bytes off; *next becomes what follows it. */
static bool pull_extension(struct pd_frame *f, uint8_t *next)
{
    if (f->cap < 8) {
        pd_frame_short(f, 8);
        return false;
    }
    uint32_t size = *next == P_AH ? (f->p[1] + 2u) * 4 : *next == P_FRAGMENT ? 8 : (f->p[1] + 1u) * 8;
    if (f->cap < size) {
        pd_frame_short(f, size);
        return false;
    }
    if (*next == P_FRAGMENT) {
        uint16_t place = pd_be16(f->p + 2);
        if (place & 0xfff8) {
            pd_frame_fail(f, PD_S_FRAGMENTS);
            return false;
        }
        f->fragment = place & 1;
    }
    *next = f->p[0];
    pd_frame_pull(f, size);
    return true;
}

static bool is_extension(uint8_t protocol)
{
    switch (protocol) {
    case P_HOP_BY_HOP:
    case P_ROUTING:
    case P_FRAGMENT:
    case P_AH:
    case P_OPTIONS:
    case P_MOBILITY:
    case P_HIP:
    case P_SHIM6:
        return true;
    default:
        return false;
    }
}

enum pd_layer pd_ipv4_step(struct pd_frame *f)
{
    uint8_t protocol;

    if (!pd_ipv4_header(f, &protocol) || (protocol == P_AH && !pull_extension(f, &protocol)))
        return PD_L_END;
    return protocol_layer(f, protocol);
}

enum pd_layer pd_ipv6_step(struct pd_frame *f)
{
    const uint8_t *p = f->p;

    if (f->cap < IPV6_HEADER)
        return pd_frame_short(f, IPV6_HEADER);
    if (p[0] >> 4 != 6)
        return pd_frame_fail(f, PD_S_MALFORMED);
    uint32_t length = pd_be16(p + 4);
    uint8_t next = p[6];
    memcpy(f->out->src.addr.b, p + 8, 16);
    memcpy(f->out->dst.addr.b, p + 24, 16);
    if (length) /* 0: a jumbogram (RFC 2675) or BIG TCP; the frame's own length then */
        pd_frame_length(f, IPV6_HEADER + length);
    pd_frame_pull(f, IPV6_HEADER);
    f->fragment = false;
    for (int i = 0; is_extension(next); i++) {
        if (i == EXTENSIONS_MAX)
            return pd_frame_fail(f, PD_S_MALFORMED);
        if (!pull_extension(f, &next))
            return PD_L_END;
    }
    return protocol_layer(f, next);
}
