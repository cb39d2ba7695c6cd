/* decode_transport.c: TCP and UDP headers (RFC 9293, section 3.1; RFC 768), and the hash of the two ends. */
#include "sniffer/decode.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8 };

/* Four bytes at a time: a load that spans two stores of the IP step would wait for both. */
static inline uint64_t word(const struct pd_addr *a, size_t at)
{
    uint32_t v;

    memcpy(&v, a->b + at, sizeof v);
    return v;
}

/* One end, mixed before the two are added: what they have in common must not cancel out. */
static inline uint64_t end_mix(const struct pd_end *e)
{
    uint64_t h = word(&e->addr, 12) * 0xd6e8feb86659fd93u + e->port * UINT64_C(0x9e3779b97f4a7c15);

    h += word(&e->addr, 0) * 0xff51afd7ed558ccdu + word(&e->addr, 4) * 0xc4ceb9fe1a85ec53u +
         word(&e->addr, 8) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 32) * 0x94d049bb133111ebu;
    return h ^ h >> 29;
}

static inline uint32_t ends_hash(const struct pd_packet *out)
{
    uint64_t h = end_mix(&out->src) + end_mix(&out->dst) + out->transport;

    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    return (uint32_t)(h ^ h >> 32);
}

enum pd_layer pd_tcp_step(struct pd_frame *f)
{
    struct pd_packet *out = f->out;
    const uint8_t *p = f->p;

    if (f->cap < TCP_HEADER)
        return pd_frame_short(f, TCP_HEADER);
    uint32_t header = (uint32_t)(p[12] >> 4) * 4;
    if (header < TCP_HEADER || header > f->wire)
        return pd_frame_fail(f, PD_S_MALFORMED);
    out->transport = PD_TCP;
    out->src.port = pd_be16(p);
    out->dst.port = pd_be16(p + 2);
    out->seq = pd_be32(p + 4);
    out->ack = pd_be32(p + 8);
    out->tcp_flags = p[13];
    out->window = pd_be16(p + 14);
    /* Options may be cut off by the snap length; what the header says is still good. Of a first fragment the
     * rest of the segment is unknown: a hole in the sequence numbers shows it later. */
    uint32_t captured = header < f->cap ? header : f->cap;
    out->payload = (struct pd_slice){p + captured, f->cap - captured};
    out->wire_len = f->wire - header;
    out->hash = ends_hash(out);
    f->done = true;
    return PD_L_END;
}

/* The length field covers the datagram over all fragments. 0 means that offloading fills it in later, or a
 * jumbogram (RFC 2675, section 4). A length beyond the IP payload of a whole datagram is wrong; IP's counts.
 */
static bool udp_length(struct pd_frame *f, uint32_t length)
{
    if (length == 0)
        return true;
    if (length < UDP_HEADER)
        return false;
    if (length < f->wire || f->fragment)
        f->wire = length;
    if (f->cap > f->wire)
        f->cap = f->wire;
    return true;
}

enum pd_layer pd_udp_step(struct pd_frame *f)
{
    struct pd_packet *out = f->out;
    const uint8_t *p = f->p;

    if (f->cap < UDP_HEADER)
        return pd_frame_short(f, UDP_HEADER);
    if (!udp_length(f, pd_be16(p + 4)))
        return pd_frame_fail(f, PD_S_MALFORMED);
    out->transport = PD_UDP;
    out->src.port = pd_be16(p);
    out->dst.port = pd_be16(p + 2);
    out->seq = out->ack = 0;
    out->tcp_flags = 0;
    out->window = 0;
    pd_frame_pull(f, UDP_HEADER);
    out->payload = (struct pd_slice){f->p, f->cap};
    out->wire_len = f->wire;
    out->hash = ends_hash(out);
    enum pd_layer inside = PD_L_END;
    f->done = !pd_udp_tunnel(f, out->dst.port, &inside);
    return inside;
}
