/* datagram.c: UDP has no connections. Every datagram borrows one: it begins, is read as one frame, and ends;
 * what stays is the request's record, found again by its two ends and the protocol's key. */
#include "protocol/conn.h"

/* Reads the datagram as protos[index] in that direction. */
static void read_as(struct pd_worker *w, const struct pd_packet *packet, unsigned index, uint8_t dir)
{
    struct pd_conn *c = w->datagram;
    struct pd_half *h = c->half + dir;

    w->pairing.recent = NULL; /* was between other ends */
    c->proto = w->setup->protos[index];
    c->index = (uint8_t)index;
    c->client = dir == PD_C2S ? packet->src : packet->dst;
    c->server = dir == PD_C2S ? packet->dst : packet->src;
    c->link = packet->link;
    c->hash = packet->hash;
    memset(&c->match, 0, sizeof c->match);
    memset(c->inline_state, 0, sizeof c->inline_state);
    memset(h, 0, offsetof(struct pd_half, carry)); /* of which nothing is in use */
    h->dir = dir;
    h->pos = PD_POS(0);
    h->frame = packet->wire_len;
    h->frame_end = UINT16_MAX;
    h->seen = true;
    c->proto->start(c, h);
    if (!pd_half_whole(c, h, packet->payload))
        pd_half_feed(c, h, packet->payload);
    if (packet->wire_len > packet->payload.len && !h->lost) {
        w->tally.flow[PD_F_CUT_BYTES] += packet->wire_len - packet->payload.len;
        pd_half_gap(c, h, packet->wire_len - packet->payload.len);
    }
    const struct pd_party *p = pd_party_of(c);
    if (c->match.current[dir]) /* the message did not end in its datagram */
        pd_match_lost(p, dir);
    pd_half_drop(c, h);
}

static bool speaks(const struct pd_proto *proto, const struct pd_packet *packet, uint8_t dir, bool known)
{
    uint8_t confidence = 0;
    struct pd_look look = {.dir = dir,
                           .purpose = PD_DETECT,
                           .transport = PD_UDP,
                           .port = dir == PD_C2S ? packet->dst.port : packet->src.port,
                           .known = known};

    return proto->sync(packet->payload, &look, &confidence) == 0 && (known || confidence >= PD_CERTAIN);
}

/* Tries the protocols of `mask`, each in the direction that the ports suggest, then in the other. replies:
 * those that only the sender's port is one of. */
static bool try_mask(struct pd_worker *w, const struct pd_packet *packet, uint16_t mask, uint16_t replies,
                     bool known)
{
    for (; mask; mask &= (uint16_t)(mask - 1)) {
        unsigned i = (unsigned)__builtin_ctz(mask);
        const struct pd_proto *proto = w->setup->protos[i];
        uint8_t first = replies >> i & 1 ? PD_S2C : PD_C2S;
        for (uint8_t turn = 0; turn < 2; turn++) {
            uint8_t dir = first ^ turn;
            if (!speaks(proto, packet, dir, known))
                continue;
            read_as(w, packet, i, dir);
            return true;
        }
    }
    return false;
}

void pd_datagram_packet(struct pd_worker *w, const struct pd_packet *packet)
{
    const struct pd_setup *setup = w->setup;
    uint16_t candidates = pd_detect_candidates(setup, PD_UDP, &packet->src, &packet->dst);
    uint16_t to = pd_detect_known(setup, PD_UDP, &packet->dst, candidates);
    uint16_t from = pd_detect_known(setup, PD_UDP, &packet->src, candidates);
    uint16_t known = from | to, replies = from & (uint16_t)~to;

    w->tally.flow[PD_F_UDP_PACKETS]++;
    w->tally.flow[PD_F_PAYLOAD_BYTES] += packet->wire_len;
    if (!candidates) {
        w->tally.flow[PD_F_NOT_SELECTED]++;
        return;
    }
    if (!packet->payload.len || try_mask(w, packet, known, replies, true) ||
        try_mask(w, packet, candidates & (uint16_t)~known, 0, false))
        return;
    uint16_t port = packet->src.port < packet->dst.port ? packet->src.port : packet->dst.port;
    pd_detect_unknown(w, PD_UDP, port, 1);
}
