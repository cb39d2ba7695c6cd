/* decode_usual.h: the headers that nearly every frame has: Ethernet, its tag, IPv4 (RFC 791), TCP and UDP
 * (RFC 9293, section 3.1; RFC 768). The steps for them take these off, and so does decode.c's short way,
 * where they are inlined one behind the other. Each takes its header off the frame; false: it gives up,
 * f->why says why. */
#ifndef PD_SNIFFER_DECODE_USUAL_H
#define PD_SNIFFER_DECODE_USUAL_H
#include "base/inline.h"
#include "sniffer/decode.h"

enum { PD_TYPE_IPV4 = 0x0800, PD_TYPE_VLAN = 0x8100 }; /* EtherTypes */

/* destination(6) source(6) type(2) */
PD_INLINE bool pd_ether_header(struct pd_frame *f, uint16_t *type)
{
    enum { HEADER = 14 };

    if (f->cap < HEADER) {
        pd_frame_short(f, HEADER);
        return false;
    }
    *type = pd_be16(f->p + 12);
    pd_frame_pull(f, HEADER);
    return true;
}

/* IEEE 802.1Q, 9.6: priority(3 bits) drop(1 bit) VLAN id(12 bits) type(2). Id 0 is a priority without a VLAN.
 */
PD_INLINE bool pd_vlan_header(struct pd_frame *f, uint16_t *type)
{
    enum { HEADER = 4 };

    if (f->cap < HEADER) {
        pd_frame_short(f, HEADER);
        return false;
    }
    uint16_t id = pd_be16(f->p) & 0xfff;
    if (id)
        f->out->link.vlan = id;
    *type = pd_be16(f->p + 2);
    pd_frame_pull(f, HEADER);
    return true;
}

/* Makes the frame exactly length bytes long on the wire. */
PD_INLINE void pd_frame_length(struct pd_frame *f, uint32_t length)
{
    f->wire = length;
    if (f->cap > length)
        f->cap = length;
}

/* In words of four bytes, as the hash will read them. */
PD_INLINE void pd_addr_set_v4(struct pd_addr *a, const uint8_t *p)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    memcpy(a->b, prefix, sizeof prefix);
    memcpy(a->b + sizeof prefix, p, PD_ADDR_V4);
}

/* The protocol of what follows the header and its options. */
PD_INLINE bool pd_ipv4_header(struct pd_frame *f, uint8_t *protocol)
{
    enum { HEADER = 20 };
    const uint8_t *p = f->p;

    if (f->cap < HEADER) {
        pd_frame_short(f, HEADER);
        return false;
    }
    uint32_t header = (uint32_t)(p[0] & 0xf) * 4, total = pd_be16(p + 2);
    uint16_t place = pd_be16(p + 6);
    *protocol = p[9];
    /* Segmentation offload leaves the total length 0: then the frame's own length is all there is. */
    if (p[0] >> 4 != 4 || header < HEADER || (total && total < header)) {
        pd_frame_fail(f, PD_S_MALFORMED);
        return false;
    }
    pd_addr_set_v4(&f->out->src.addr, p + 12);
    pd_addr_set_v4(&f->out->dst.addr, p + 16);
    if (total)
        pd_frame_length(f, total);
    if (f->cap < header) {
        pd_frame_short(f, header);
        return false;
    }
    if (place & 0x1fff) {
        pd_frame_fail(f, PD_S_FRAGMENTS);
        return false;
    }
    f->fragment = place & 0x2000;
    pd_frame_pull(f, header);
    return true;
}

/* Four bytes at a time: a load that spans two stores of the IP step would wait for both. */
PD_INLINE uint64_t pd_addr_word(const struct pd_addr *a, size_t at)
{
    uint32_t v;

    memcpy(&v, a->b + at, sizeof v);
    return v;
}

/* One end, mixed before the two are added: what they have in common must not cancel out. */
PD_INLINE uint64_t pd_end_mix(const struct pd_end *e)
{
    uint64_t h = pd_addr_word(&e->addr, 12) * 0xd6e8feb86659fd93u + e->port * UINT64_C(0x9e3779b97f4a7c15);

    h += pd_addr_word(&e->addr, 0) * 0xff51afd7ed558ccdu + pd_addr_word(&e->addr, 4) * 0xc4ceb9fe1a85ec53u +
         pd_addr_word(&e->addr, 8) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 32) * 0x94d049bb133111ebu;
    return h ^ h >> 29;
}

PD_INLINE uint32_t pd_ends_hash(const struct pd_packet *out)
{
    uint64_t h = pd_end_mix(&out->src) + pd_end_mix(&out->dst) + out->transport;

    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    return (uint32_t)(h ^ h >> 32);
}

PD_INLINE bool pd_tcp_header(struct pd_frame *f)
{
    enum { HEADER = 20 };
    struct pd_packet *out = f->out;
    const uint8_t *p = f->p;

    if (f->cap < HEADER) {
        pd_frame_short(f, HEADER);
        return false;
    }
    uint32_t header = (uint32_t)(p[12] >> 4) * 4;
    if (header < HEADER || header > f->wire) {
        pd_frame_fail(f, PD_S_MALFORMED);
        return false;
    }
    out->transport = PD_TCP;
    out->src.port = pd_be16(p);
    out->dst.port = pd_be16(p + 2);
    out->seq = pd_be32(p + 4);
    out->ack = pd_be32(p + 8);
    out->tcp_flags = p[13];
    /* Options may be cut off by the snap length; what the header says is still good. Of a first fragment the
     * rest of the segment is unknown: a hole in the sequence numbers shows it later. */
    uint32_t captured = header < f->cap ? header : f->cap;
    out->payload = (struct pd_slice){p + captured, f->cap - captured};
    out->wire_len = f->wire - header;
    out->hash = pd_ends_hash(out);
    return true;
}

/* The length field covers the datagram over all fragments. 0 means that offloading fills it in later, or a
 * jumbogram (RFC 2675, section 4). A length beyond the IP payload of a whole datagram is wrong; IP's counts.
 */
PD_INLINE void pd_udp_length(struct pd_frame *f, uint32_t length)
{
    if (length && (length < f->wire || f->fragment))
        f->wire = length;
    if (length && f->cap > f->wire)
        f->cap = f->wire;
}

PD_INLINE bool pd_udp_header(struct pd_frame *f)
{
    enum { HEADER = 8 };
    struct pd_packet *out = f->out;
    const uint8_t *p = f->p;

    if (f->cap < HEADER) {
        pd_frame_short(f, HEADER);
        return false;
    }
    uint32_t length = pd_be16(p + 4);
    if (length && length < HEADER) {
        pd_frame_fail(f, PD_S_MALFORMED);
        return false;
    }
    pd_udp_length(f, length);
    out->transport = PD_UDP;
    out->src.port = pd_be16(p);
    out->dst.port = pd_be16(p + 2);
    out->seq = out->ack = 0;
    out->tcp_flags = 0;
    pd_frame_pull(f, HEADER);
    out->payload = (struct pd_slice){f->p, f->cap};
    out->wire_len = f->wire;
    out->hash = pd_ends_hash(out);
    return true;
}
#endif
