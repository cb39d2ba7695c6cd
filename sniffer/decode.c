/* decode.c: from a link-layer frame to one TCP segment or UDP datagram. The loop runs the steps of decode.h;
 * a packet ends with a filled pd_packet or with exactly one reason counted. The usual frame takes a short
 * way. */
#include "base/cold.h"
#include "sniffer/decode_usual.h"

typedef enum pd_layer step_fn(struct pd_frame *);

static step_fn *const steps[PD_L_COUNT] = {
    [PD_L_ETHER] = pd_ether_step,
    [PD_L_RAW] = pd_raw_step,
    [PD_L_SLL] = pd_sll_step,
    [PD_L_SLL2] = pd_sll2_step,
    [PD_L_NULL] = pd_null_step,
    [PD_L_PPP] = pd_ppp_step,
    [PD_L_PPP_SERIAL] = pd_ppp_serial_step,
    [PD_L_PPPOE] = pd_pppoe_step,
    [PD_L_CHDLC] = pd_chdlc_step,
    [PD_L_FDDI] = pd_fddi_step,
    [PD_L_NFLOG] = pd_nflog_step,
    [PD_L_VLAN] = pd_vlan_step,
    [PD_L_LLC] = pd_llc_step,
    [PD_L_MPLS] = pd_mpls_step,
    [PD_L_IPV4] = pd_ipv4_step,
    [PD_L_IPV6] = pd_ipv6_step,
    [PD_L_GRE] = pd_gre_step,
    [PD_L_IPIP4] = pd_ipip4_step,
    [PD_L_IPIP6] = pd_ipip6_step,
    [PD_L_TCP] = pd_tcp_step,
    [PD_L_UDP] = pd_udp_step,
};

/* Numbers as capture files have them (https://www.tcpdump.org/linktypes.html). Raw IP has three: 12 and 14
 * are what old systems wrote. */
static const uint8_t first_layer[] = {
    [0] = PD_L_NULL,        /* NULL: loopback of the BSDs */
    [1] = PD_L_ETHER,       /* ETHERNET */
    [9] = PD_L_PPP,         /* PPP */
    [10] = PD_L_FDDI,       /* FDDI */
    [12] = PD_L_RAW,        /* RAW */
    [14] = PD_L_RAW,        /* RAW on OpenBSD */
    [50] = PD_L_PPP_SERIAL, /* PPP_HDLC */
    [51] = PD_L_PPPOE,      /* PPP_ETHER */
    [101] = PD_L_RAW,       /* RAW */
    [104] = PD_L_CHDLC,     /* C_HDLC */
    [108] = PD_L_NULL,      /* LOOP: NULL with the family in network byte order */
    [113] = PD_L_SLL,       /* LINUX_SLL */
    [219] = PD_L_MPLS,      /* MPLS */
    [228] = PD_L_IPV4,      /* IPV4 */
    [229] = PD_L_IPV6,      /* IPV6 */
    [239] = PD_L_NFLOG,     /* NFLOG */
    [276] = PD_L_SLL2,      /* LINUX_SLL2 */
};

static enum pd_layer layer_of(int linktype)
{
    if (linktype < 0 || (size_t)linktype >= sizeof first_layer)
        return PD_L_END;
    return (enum pd_layer)first_layer[linktype];
}

bool pd_decode_knows(int linktype)
{
    return layer_of(linktype) != PD_L_END;
}

/* What looked like a tunnel and holds nothing that can be read is a datagram like any other. */
static bool plain_after_all(const struct pd_frame *f)
{
    return f->held && (f->why == PD_S_MALFORMED || f->why == PD_S_NOT_IP || f->why == PD_S_CUT);
}

PD_COLD static bool give_up(const struct pd_frame *f, bool cut, struct pd_sniff_stats *stats)
{
    if (plain_after_all(f)) {
        *f->out = f->plain;
        return true;
    }
    if (f->why != PD_S_CUT)
        stats->n[f->why]++;
    else if (!cut)
        stats->n[PD_S_MALFORMED]++; /* an IP header that promises more than the frame had */
    f->out->transport = 0;
    f->out->payload = (struct pd_slice){NULL, 0};
    f->out->wire_len = 0;
    f->out->hash = 0;
    return false;
}

static struct pd_frame begin(const uint8_t *p, uint32_t cap, uint32_t wire, struct pd_packet *out)
{
    struct pd_frame f;

    f.p = p;
    f.cap = cap;
    if (wire > PD_WIRE_MAX)
        wire = PD_WIRE_MAX;
    f.wire = wire > cap ? wire : cap;
    f.tunnels = 0;
    f.why = PD_S_MALFORMED;
    f.done = f.fragment = f.held = false;
    f.out = out;
    return f;
}

/* IPv4, and TCP or a datagram that is no tunnel's: without calls, and with the frame in registers. False: it
 * is something else, or something is wrong with it; then the steps say what. */
PD_INLINE bool usual(struct pd_frame f)
{
    uint8_t protocol;

    if (!pd_ipv4_header(&f, &protocol))
        return false;
    if (protocol == PD_TCP)
        return pd_tcp_header(&f);
    return protocol == PD_UDP && pd_udp_header(&f) && !pd_is_tunnel_port(f.out->dst.port);
}

PD_INLINE bool untagged(enum pd_layer layer, struct pd_frame f)
{
    uint16_t type;

    return layer == PD_L_ETHER && pd_ether_header(&f, &type) && type == PD_TYPE_IPV4 && usual(f);
}

/* The same behind one tag, or with nothing in front. */
PD_INLINE bool tagged_or_raw(enum pd_layer layer, struct pd_frame f)
{
    uint16_t type;

    if (layer == PD_L_ETHER && (!pd_ether_header(&f, &type) || type != PD_TYPE_VLAN ||
                                !pd_vlan_header(&f, &type) || type != PD_TYPE_IPV4))
        return false;
    return (layer == PD_L_ETHER || layer == PD_L_RAW) && usual(f);
}

/* What is not untagged. Apart, so that the shortest way needs no stack. */
__attribute__((noinline)) static bool peel(enum pd_layer layer, const uint8_t *p, uint32_t cap, uint32_t wire,
                                           struct pd_packet *out, struct pd_sniff_stats *stats)
{
    struct pd_frame f = begin(p, cap, wire, out);
    unsigned n = 0;

    if (tagged_or_raw(layer, f))
        return true;
    if (layer == PD_L_END)
        f.why = PD_S_LINKTYPE;
    while (layer != PD_L_END && n++ < PD_DECODE_STEPS)
        layer = steps[layer](&f);
    if (layer != PD_L_END)
        f.why = PD_S_MALFORMED;
    return f.done || give_up(&f, wire > cap, stats);
}

bool pd_decode(int linktype, const uint8_t *p, uint32_t cap, uint32_t wire, struct pd_packet *out,
               struct pd_sniff_stats *stats)
{
    enum pd_layer layer = layer_of(linktype);

    out->link.tunnel_id = 0;
    out->link.vlan = 0;
    out->link.tunnel = PD_TUNNEL_NONE;
    return untagged(layer, begin(p, cap, wire, out)) || peel(layer, p, cap, wire, out, stats);
}
