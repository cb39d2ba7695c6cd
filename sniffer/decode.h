/* decode.h: inside of the decoder. A frame is peeled layer by layer: each step looks at the bytes in front,
 * takes its header off, and names the step that understands the rest. */
#ifndef PD_SNIFFER_DECODE_H
#define PD_SNIFFER_DECODE_H
#include "sniffer/source.h"

enum {
    PD_DECODE_STEPS = 48,   /* headers of one packet, tags and labels included */
    PD_DECODE_TUNNELS = 4,  /* tunnels in tunnels */
    PD_WIRE_MAX = 1u << 20, /* bytes; a claimed frame length above this is not believed */
};

enum { PD_VXLAN_PORT = 4789, PD_VXLAN_LINUX_PORT = 8472, PD_GENEVE_PORT = 6081 };

enum pd_layer {
    PD_L_END, /* done, or given up: pd_frame.done says which */
    PD_L_ETHER,
    PD_L_RAW, /* IPv4 or IPv6, as its first four bits say */
    PD_L_SLL,
    PD_L_SLL2,
    PD_L_NULL,
    PD_L_PPP,
    PD_L_PPP_SERIAL,
    PD_L_PPPOE,
    PD_L_CHDLC,
    PD_L_FDDI,
    PD_L_NFLOG,
    PD_L_VLAN,
    PD_L_LLC,
    PD_L_MPLS,
    PD_L_IPV4,
    PD_L_IPV6,
    PD_L_GRE,
    PD_L_IPIP4,
    PD_L_IPIP6,
    PD_L_TCP,
    PD_L_UDP,
    PD_L_COUNT
};

/* cap and wire stand apart: side by side, compilers load them as one vector, which has to wait for the two
 * stores of the step before. */
struct pd_frame {
    const uint8_t *p; /* what is not decoded yet */
    uint32_t cap;     /* bytes of it that were captured, never more than wire */
    uint8_t tunnels;
    uint8_t why;   /* enum pd_sniff_counter: the reason to give up */
    bool done;     /* *out is complete */
    bool fragment; /* a first fragment: the end of the datagram is elsewhere */
    uint32_t wire; /* bytes of it that were sent */
    bool held;     /* plain is set */
    struct pd_packet *out;
    struct pd_packet plain; /* the innermost datagram on a tunnel's port, if it turns out to be no tunnel */
};

/* Takes n bytes off the front; the caller knows that they are there. */
static inline void pd_frame_pull(struct pd_frame *f, uint32_t n)
{
    f->p += n;
    f->cap -= n;
    f->wire -= n;
}

static inline enum pd_layer pd_frame_fail(struct pd_frame *f, enum pd_sniff_counter why)
{
    f->why = (uint8_t)why;
    return PD_L_END;
}

/* n bytes are needed and are not there: the snap length cut them off, or they were never sent. */
static inline enum pd_layer pd_frame_short(struct pd_frame *f, uint32_t n)
{
    return pd_frame_fail(f, f->wire >= n ? PD_S_CUT : PD_S_MALFORMED);
}

/* decode_link.c. The step for an EtherType; what is no IP gives up. */
enum pd_layer pd_ethertype_layer(struct pd_frame *f, uint16_t type);
enum pd_layer pd_ether_step(struct pd_frame *f);
enum pd_layer pd_raw_step(struct pd_frame *f);
enum pd_layer pd_sll_step(struct pd_frame *f);
enum pd_layer pd_sll2_step(struct pd_frame *f);
enum pd_layer pd_null_step(struct pd_frame *f);
enum pd_layer pd_vlan_step(struct pd_frame *f);
enum pd_layer pd_llc_step(struct pd_frame *f);
enum pd_layer pd_mpls_step(struct pd_frame *f);

/* decode_serial.c */
enum pd_layer pd_ppp_step(struct pd_frame *f);
enum pd_layer pd_ppp_serial_step(struct pd_frame *f);
enum pd_layer pd_pppoe_step(struct pd_frame *f);
enum pd_layer pd_chdlc_step(struct pd_frame *f);
enum pd_layer pd_fddi_step(struct pd_frame *f);
enum pd_layer pd_nflog_step(struct pd_frame *f);

/* decode_ip.c */
enum pd_layer pd_ipv4_step(struct pd_frame *f);
enum pd_layer pd_ipv6_step(struct pd_frame *f);

/* decode_tunnel.c */
enum pd_layer pd_gre_step(struct pd_frame *f);
enum pd_layer pd_ipip4_step(struct pd_frame *f);
enum pd_layer pd_ipip6_step(struct pd_frame *f);
static inline bool pd_is_tunnel_port(uint16_t port)
{
    return port == PD_VXLAN_PORT || port == PD_VXLAN_LINUX_PORT || port == PD_GENEVE_PORT;
}

/* f stands at the payload of a datagram to `port`. False when no tunnel begins here; else *inside is the step
 * that goes on, or PD_L_END with f->why. */
bool pd_udp_tunnel(struct pd_frame *f, uint16_t port, enum pd_layer *inside);

/* decode_transport.c. Fill *f->out. */
enum pd_layer pd_tcp_step(struct pd_frame *f);
enum pd_layer pd_udp_step(struct pd_frame *f);
#endif
