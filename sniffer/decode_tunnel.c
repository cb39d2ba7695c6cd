/* decode_tunnel.c: packets in packets. A tunnel over UDP is known by its port alone, so its header must look
 * right, and the datagram is kept as it is (pd_frame.plain) until something readable was found inside. */
#include "sniffer/decode.h"

enum { TYPE_ETHERNET = 0x6558 };

/* False, with the reason set, when this is one tunnel too many. */
static bool enter(struct pd_frame *f, enum pd_tunnel_kind kind, uint32_t id)
{
    if (f->tunnels == PD_DECODE_TUNNELS) {
        pd_frame_fail(f, PD_S_TUNNEL_DEPTH);
        return false;
    }
    f->tunnels++;
    f->out->link.tunnel = (uint8_t)kind;
    f->out->link.tunnel_id = id;
    return true;
}

static enum pd_layer type_layer(struct pd_frame *f, uint16_t type)
{
    return type == TYPE_ETHERNET ? PD_L_ETHER : pd_ethertype_layer(f, type);
}

/* RFC 2784, section 2.1, RFC 2890, section 2: flags(2) type(2) [checksum(2) reserved(2)] [key(4)]
 * [sequence(4)]. */
enum pd_layer pd_gre_step(struct pd_frame *f)
{
    if (f->cap < 4)
        return pd_frame_short(f, 4);
    uint16_t flags = pd_be16(f->p), type = pd_be16(f->p + 2);
    if (flags & 0x4007) /* source routing (RFC 1701), PPTP's version 1: nothing that is in use for IP */
        return pd_frame_fail(f, PD_S_OTHER_TRANSPORT);
    uint32_t key_at = flags & 0x8000 ? 8 : 4;
    uint32_t size = key_at + (flags & 0x2000 ? 4u : 0) + (flags & 0x1000 ? 4u : 0);
    if (f->cap < size)
        return pd_frame_short(f, size);
    if (!enter(f, PD_TUNNEL_GRE, flags & 0x2000 ? pd_be32(f->p + key_at) : 0))
        return PD_L_END;
    pd_frame_pull(f, size);
    return type_layer(f, type);
}

enum pd_layer pd_ipip4_step(struct pd_frame *f)
{
    return enter(f, PD_TUNNEL_IPIP, 0) ? PD_L_IPV4 : PD_L_END;
}

enum pd_layer pd_ipip6_step(struct pd_frame *f)
{
    return enter(f, PD_TUNNEL_IPIP, 0) ? PD_L_IPV6 : PD_L_END;
}

/* RFC 7348, section 5: flags(1), the I bit set; reserved(3), of which group policies use some; VNI(3)
 * reserved(1). */
static bool vxlan(struct pd_frame *f, enum pd_layer *inside)
{
    if (f->cap < 8 || !(f->p[0] & 0x08))
        return false;
    f->plain = *f->out;
    f->held = enter(f, PD_TUNNEL_VXLAN, pd_be32(f->p + 4) >> 8);
    if (f->held) {
        pd_frame_pull(f, 8);
        *inside = PD_L_ETHER;
    }
    return true;
}

/* RFC 8926, section 3.4: version(2 bits) option length(6 bits, words) O C reserved(6 bits) type(2) VNI(3)
 * reserved(1). O marks control messages. */
static bool geneve(struct pd_frame *f, enum pd_layer *inside)
{
    if (f->cap < 8 || f->p[0] >> 6 || f->p[1] & 0x80)
        return false;
    uint32_t size = 8 + (uint32_t)(f->p[0] & 0x3f) * 4;
    uint16_t type = pd_be16(f->p + 2);
    if (f->cap < size)
        return false;
    f->plain = *f->out;
    f->held = enter(f, PD_TUNNEL_GENEVE, pd_be32(f->p + 4) >> 8);
    if (f->held) {
        pd_frame_pull(f, size);
        *inside = type_layer(f, type);
    }
    return true;
}

bool pd_udp_tunnel(struct pd_frame *f, uint16_t port, enum pd_layer *inside)
{
    switch (port) {
    case PD_VXLAN_PORT:
    case PD_VXLAN_LINUX_PORT:
        return vxlan(f, inside);
    case PD_GENEVE_PORT:
        return geneve(f, inside);
    default:
        return false;
    }
}
