/* decode_link.c: Ethernet, its tags and LLC, Linux cooked captures, loopback headers, MPLS. What stands in
 * front of IP ends in an EtherType nearly everywhere; pd_ethertype_layer() is where these ways meet. */
#include "sniffer/decode_usual.h"

enum { SLL_HEADER = 16, SLL2_HEADER = 20, MPLS_LABELS = 16 };

enum {
    T_LENGTH_MAX = 1500, /* up to here the field is a length and LLC follows (IEEE 802.3, 3.2.6) */
    T_IPV6 = 0x86dd,
    T_MPLS = 0x8847,
    T_MPLS_MULTICAST = 0x8848,
    T_PPPOE_SESSION = 0x8864,
    T_SERVICE_VLAN = 0x88a8,
    T_QINQ_OLD = 0x9100
};

/* Linux's words: ARPHRD_LOOPBACK, PACKET_OUTGOING, ETH_P_802_2. */
enum { HARDWARE_LOOPBACK = 772, SENT_BY_US = 4, PROTOCOL_LLC = 4 };

enum pd_layer pd_ethertype_layer(struct pd_frame *f, uint16_t type)
{
    switch (type) {
    case PD_TYPE_IPV4:
        return PD_L_IPV4;
    case T_IPV6:
        return PD_L_IPV6;
    case PD_TYPE_VLAN:
    case T_SERVICE_VLAN:
    case T_QINQ_OLD:
        return PD_L_VLAN;
    case T_MPLS:
    case T_MPLS_MULTICAST:
        return PD_L_MPLS;
    case T_PPPOE_SESSION:
        return PD_L_PPPOE;
    default:
        return type <= T_LENGTH_MAX ? PD_L_LLC : pd_frame_fail(f, PD_S_NOT_IP);
    }
}

enum pd_layer pd_ether_step(struct pd_frame *f)
{
    uint16_t type;

    return pd_ether_header(f, &type) ? pd_ethertype_layer(f, type) : PD_L_END;
}

enum pd_layer pd_vlan_step(struct pd_frame *f)
{
    uint16_t type;

    return pd_vlan_header(f, &type) ? pd_ethertype_layer(f, type) : PD_L_END;
}

/* IEEE 802.2: DSAP(1) SSAP(1) control(1), and SNAP: organisation(3) type(2). Organisation 0 and 00:00:f8 mean
 * an EtherType (RFC 1042; IEEE 802.1H). SAP 6 is IP without SNAP. */
enum pd_layer pd_llc_step(struct pd_frame *f)
{
    if (f->cap < 3)
        return pd_frame_short(f, 3);
    if (f->p[0] == 0x06 && f->p[1] == 0x06 && f->p[2] == 0x03) {
        pd_frame_pull(f, 3);
        return PD_L_IPV4;
    }
    if (f->p[0] != 0xaa || f->p[1] != 0xaa || f->p[2] != 0x03)
        return pd_frame_fail(f, PD_S_NOT_IP);
    if (f->cap < 8)
        return pd_frame_short(f, 8);
    uint32_t organisation = pd_be32(f->p + 2) & 0xffffff;
    uint16_t type = pd_be16(f->p + 6);
    if ((organisation != 0 && organisation != 0xf8) || type <= T_LENGTH_MAX)
        return pd_frame_fail(f, PD_S_NOT_IP);
    pd_frame_pull(f, 8);
    return pd_ethertype_layer(f, type);
}

enum pd_layer pd_raw_step(struct pd_frame *f)
{
    if (f->cap < 1)
        return pd_frame_short(f, 1);
    switch (f->p[0] >> 4) {
    case 4:
        return PD_L_IPV4;
    case 6:
        return PD_L_IPV6;
    default:
        return pd_frame_fail(f, PD_S_NOT_IP);
    }
}

/* The loopback shows each packet twice: as sent and as received. One is enough. */
static bool is_copy(uint16_t hardware, uint16_t kind)
{
    return hardware == HARDWARE_LOOPBACK && kind == SENT_BY_US;
}

static enum pd_layer cooked_layer(struct pd_frame *f, uint16_t protocol)
{
    if (protocol > T_LENGTH_MAX)
        return pd_ethertype_layer(f, protocol);
    return protocol == PROTOCOL_LLC ? PD_L_LLC : pd_frame_fail(f, PD_S_NOT_IP);
}

/* LINKTYPE_LINUX_SLL: kind(2) hardware(2) address length(2) address(8) protocol(2) */
enum pd_layer pd_sll_step(struct pd_frame *f)
{
    if (f->cap < SLL_HEADER)
        return pd_frame_short(f, SLL_HEADER);
    uint16_t protocol = pd_be16(f->p + 14);
    if (is_copy(pd_be16(f->p + 2), pd_be16(f->p)))
        return pd_frame_fail(f, PD_S_OUTGOING_COPY);
    pd_frame_pull(f, SLL_HEADER);
    return cooked_layer(f, protocol);
}

/* LINKTYPE_LINUX_SLL2: protocol(2) reserved(2) interface(4) hardware(2) kind(1) address length(1) address(8)
 */
enum pd_layer pd_sll2_step(struct pd_frame *f)
{
    if (f->cap < SLL2_HEADER)
        return pd_frame_short(f, SLL2_HEADER);
    uint16_t protocol = pd_be16(f->p);
    f->out->link.iface = pd_be32(f->p + 4);
    if (is_copy(pd_be16(f->p + 8), f->p[10]))
        return pd_frame_fail(f, PD_S_OUTGOING_COPY);
    pd_frame_pull(f, SLL2_HEADER);
    return cooked_layer(f, protocol);
}

/* LINKTYPE_NULL and _LOOP: the address family(4), in the byte order of the machine that captured. AF_INET is
 * 2 everywhere, AF_INET6 is 10 on Linux, 24, 28 and 30 on the BSDs, 23 on Windows. */
enum pd_layer pd_null_step(struct pd_frame *f)
{
    if (f->cap < 4)
        return pd_frame_short(f, 4);
    uint32_t family = pd_be32(f->p);
    if (family > 0xffff)
        family = pd_le32(f->p);
    pd_frame_pull(f, 4);
    switch (family) {
    case 2:
        return PD_L_IPV4;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        return PD_L_IPV6;
    default:
        return pd_frame_fail(f, PD_S_NOT_IP);
    }
}

/* RFC 3032, section 2.1: label(20 bits) class(3 bits) bottom of stack(1 bit) time to live(8 bits). Nothing
 * says what follows: 4 and 6 in the first bits are IP, 0 is the control word of a pseudowire (RFC 4385,
 * section 3) with Ethernet behind it. */
enum pd_layer pd_mpls_step(struct pd_frame *f)
{
    bool bottom = false;

    for (int i = 0; !bottom; i++) {
        if (i == MPLS_LABELS)
            return pd_frame_fail(f, PD_S_MALFORMED);
        if (f->cap < 5) /* the label, and the byte that tells what it carries */
            return pd_frame_short(f, 5);
        bottom = f->p[2] & 1;
        pd_frame_pull(f, 4);
    }
    if (f->p[0] >> 4)
        return pd_raw_step(f);
    if (f->cap < 4)
        return pd_frame_short(f, 4);
    pd_frame_pull(f, 4);
    return PD_L_ETHER;
}
