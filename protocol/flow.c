/* flow.c: TCP segments to bytes and gaps (RFC 9293, serial-number arithmetic). One number a direction: what
 * comes next. Nothing is held back for reordering: what lies behind is dropped, what lies ahead declares a
 * gap. */
#include "base/inline.h"
#include "protocol/conn.h"

enum { EPOCH = 64 << 20 }; /* a jump this far is no loss */
enum { IFACE_TICKS = 10 }; /* a direction leaves its interface after so long a silence there */

static uint64_t *flow_counters(struct pd_conn *c)
{
    return c->worker->tally.flow;
}

static struct pd_gap *gap_of(struct pd_conn *c, const struct pd_half *h)
{
    return &c->worker->gaps[(c->hash ^ h->dir) % PD_GAPS];
}

/* Bytes that were given up and come after all are not read any more, but they are no retransmission either.
 */
PD_COLD static void count_behind(struct pd_conn *c, const struct pd_half *h, uint32_t seq, uint32_t n)
{
    const struct pd_gap *gap = gap_of(c, h);
    uint32_t into = seq - gap->seq;

    if (gap->half == h && into < gap->len)
        flow_counters(c)[PD_F_LATE_BYTES] += n < gap->len - into ? n : gap->len - into;
    else
        flow_counters(c)[PD_F_RETRANSMITTED]++;
}

/* A gap in a direction whose protocol is not known yet: it stands in mid-stream from here. */
PD_COLD static void gap(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    c->worker->silence = 0; /* who knows when these bytes passed */
    *gap_of(c, h) = (struct pd_gap){.half = h, .seq = (uint32_t)h->pos, .len = (uint32_t)n};
    if (!c->proto) {
        h->carried = 0;
        h->lost = true;
        c->torn = true;
    }
    pd_half_gap(c, h, n);
}

static void passed(struct pd_half *h, uint64_t n)
{
    if (h->unseen)
        h->unseen = h->unseen > n ? h->unseen - (uint32_t)n : 0;
}

void pd_flow_settle(struct pd_conn *c, struct pd_half *h)
{
    uint32_t n = h->unseen;

    h->unseen = 0;
    if (n && !h->ended)
        gap(c, h, n);
}

/* The direction's bytes of one segment that are new. wire: with those that the snap length cut off. */
PD_INLINE struct pd_half *feed(struct pd_conn *c, struct pd_half *h, struct pd_slice in, uint32_t wire)
{
    passed(h, wire);
    if (c->given_up)
        h->pos += in.len;
    else if (c->proto)
        pd_half_feed(c, h, in);
    else if (in.len)
        h = pd_detect_feed(c, h, in);
    if (wire > in.len) {
        flow_counters(c)[PD_F_CUT_BYTES] += wire - in.len;
        gap(c, h, wire - in.len);
    }
    return h;
}

/* A segment with bytes that does not begin with what comes next. Returns the half of that direction. */
PD_COLD static struct pd_half *misplaced(struct pd_conn *c, struct pd_half *h, uint32_t seq,
                                         struct pd_slice in, uint32_t wire)
{
    int32_t ahead = (int32_t)(seq - (uint32_t)h->pos);
    uint64_t *counters = flow_counters(c);

    if (ahead > EPOCH || ahead < -EPOCH) {
        counters[PD_F_EPOCHS]++;
        gap(c, h, 1);
        h->pos = PD_POS(seq);
        h->unseen = 0;
        ahead = 0;
    }
    if (ahead < 0) {
        uint32_t old = (uint32_t)-ahead;
        if (old == 1 && wire <= 1) {
            counters[PD_F_KEEPALIVES]++;
            return h;
        }
        if (wire)
            count_behind(c, h, seq, wire < old ? wire : old);
        if (old >= wire)
            return h;
        wire -= old;
        uint32_t cut = old < in.len ? old : in.len;
        in.p += cut;
        in.len -= cut;
    } else if (ahead > 0) {
        passed(h, (uint32_t)ahead);
        gap(c, h, (uint32_t)ahead);
    }
    return feed(c, h, in, wire);
}

static void note_ack(struct pd_conn *c, struct pd_half *other, const struct pd_packet *packet)
{
    if (!(packet->tcp_flags & PD_ACK))
        return;
    if (!other->seen) {
        /* The handshake's SYN-ACK was not captured; nothing was asked, so nothing was answered yet. Or this
         * is the first that is seen to be asked: what it acknowledges answers nothing. */
        if (c->oriented && other->dir == PD_S2C && c->joined == (packet->wire_len > 0)) {
            other->pos = PD_POS(packet->ack);
            other->seen = true;
        }
        return;
    }
    int32_t beyond = (int32_t)(packet->ack - (uint32_t)other->pos);
    if (beyond > 0 && beyond <= EPOCH && !other->ended)
        other->unseen = (uint32_t)beyond;
}

/* True when this segment was seen on another interface already. */
static bool duplicate(struct pd_conn *c, const struct pd_half *h, enum pd_dir dir, uint32_t iface)
{
    uint32_t *own = dir == PD_C2S ? &c->link.iface : &c->server_iface;
    uint16_t tick = (uint16_t)c->worker->tick;

    if (*own != iface && h->heard && (uint16_t)(tick - c->iface_tick[dir]) <= IFACE_TICKS) {
        flow_counters(c)[PD_F_DUPLICATES]++;
        return true;
    }
    *own = iface;
    c->iface_tick[dir] = tick;
    return false;
}

static void set_pos(struct pd_half *h, uint32_t seq)
{
    h->pos = PD_POS(seq);
    h->seen = true;
}

static bool from_client(const struct pd_conn *c, const struct pd_packet *packet)
{
    return c->client.port == packet->src.port &&
           memcmp(&c->client.addr, &packet->src.addr, sizeof c->client.addr) == 0;
}

/* A connection from its first packet: who is the client, and is it whole? */
PD_COLD static struct pd_conn *open_conn(struct pd_worker *w, const struct pd_packet *packet)
{
    const struct pd_setup *setup = w->setup;
    uint16_t candidates = pd_detect_candidates(setup, PD_TCP, &packet->src, &packet->dst);
    bool syn = packet->tcp_flags & PD_SYN, ack = packet->tcp_flags & PD_ACK;

    if (!candidates) {
        w->tally.flow[PD_F_NOT_SELECTED]++;
        return NULL;
    }
    if (!syn && (!packet->wire_len || (packet->tcp_flags & PD_RST)))
        return NULL; /* the rest of a connection that is over, or an idle one */
    struct pd_packet turned = *packet;
    bool from_server = pd_detect_known(setup, PD_TCP, &packet->src, candidates);
    bool to_server = pd_detect_known(setup, PD_TCP, &packet->dst, candidates);
    if (syn ? ack : from_server && !to_server) {
        turned.src = packet->dst;
        turned.dst = packet->src;
    }
    struct pd_conn *c = pd_conns_open(w, &turned);
    if (!c)
        return NULL;
    c->oriented = syn || from_server != to_server;
    c->joined = !syn;
    if (syn && ack)
        set_pos(&c->half[PD_C2S], packet->ack);
    if (c->joined) {
        w->tally.flow[PD_F_MIDSTREAM]++;
        for (int side = 0; side < 2; side++)
            c->half[side].lost = c->half[side].joined = true;
    }
    return c;
}

/* SYN on a tuple that is in use: a new connection, unless it is this one's SYN again. */
PD_COLD static bool reused(const struct pd_conn *c, enum pd_dir dir, const struct pd_packet *packet)
{
    if (c->closed)
        return true;
    const struct pd_half *h = &c->half[dir];
    if (!h->seen)
        return false;
    int32_t behind = (int32_t)((uint32_t)h->pos - (packet->seq + 1));
    return !(packet->tcp_flags & PD_ACK) && (behind < 0 || behind > EPOCH);
}

/* Silence before these bytes, when the server spoke last and nothing was lost since. */
static void note_time(struct pd_conn *c, enum pd_dir dir)
{
    struct pd_worker *w = c->worker;

    w->silence = c->server_last && !c->gap_since && w->now > c->last_ts ? w->now - c->last_ts : 0;
    c->last_ts = w->now;
    c->server_last = dir == PD_S2C;
    if (c->server_last)
        c->gap_since = false;
}

/* Of the segment's first byte; SYN is one that comes before it. */
static uint32_t seq_of(const struct pd_packet *packet)
{
    return packet->seq + (packet->tcp_flags & PD_SYN ? 1 : 0);
}

/* Its bytes. A capture file may claim any length: no segment is longer than what counts as a new epoch. */
static uint32_t length_of(const struct pd_packet *packet)
{
    return packet->wire_len <= EPOCH ? packet->wire_len : packet->payload.len;
}

/* A direction's first packet. Where its bytes stand may be known from an acknowledgement. */
PD_COLD static void hear(struct pd_conn *c, struct pd_half *h, const struct pd_packet *packet)
{
    h->heard = true;
    if (h->seen)
        return;
    set_pos(h, seq_of(packet));
    if (!(packet->tcp_flags & PD_SYN) && !c->joined) { /* its handshake was lost: the bytes may have begun */
        h->lost = true;
        c->torn = true;
    }
}

PD_COLD static void finish_direction(struct pd_conn *c, struct pd_half *h, uint32_t fin_seq)
{
    int32_t missing = (int32_t)(fin_seq - (uint32_t)h->pos);

    if (h->ended)
        return;
    if (missing > 0 && missing <= EPOCH) {
        passed(h, (uint32_t)missing);
        gap(c, h, (uint32_t)missing);
    }
    pd_half_fin(c, h);
    h->ended = true;
    h->unseen = 0;
    h->pos++;
    if (c->half[!h->dir].ended)
        pd_conns_close(c);
}

/* RST or FIN. */
PD_COLD static void end(struct pd_conn *c, struct pd_half *h, const struct pd_packet *packet)
{
    if (packet->tcp_flags & PD_RST) {
        flow_counters(c)[PD_F_RESETS]++;
        pd_conns_close(c);
    } else {
        finish_direction(c, h, seq_of(packet) + length_of(packet));
    }
}

static void segment(struct pd_conn *c, enum pd_dir dir, const struct pd_packet *packet)
{
    struct pd_half *h = c->half + dir;
    uint32_t seq = seq_of(packet), wire = length_of(packet);

    if (duplicate(c, h, dir, packet->link.iface))
        return;
    if (!h->heard || !h->seen)
        hear(c, h, packet);
    note_ack(c, c->half + !dir, packet);
    if (wire) {
        note_time(c, dir);
        if (c->given_up)
            pd_detect_unknown(c->worker, PD_TCP, c->server.port, 1);
        h = seq == (uint32_t)h->pos ? feed(c, h, packet->payload, wire)
                                    : misplaced(c, h, seq, packet->payload, wire);
    }
    if (packet->tcp_flags & (PD_RST | PD_FIN))
        end(c, h, packet);
}

void pd_flow_packet(struct pd_worker *w, const struct pd_packet *packet)
{
    enum pd_dir dir;
    struct pd_conn *c = pd_conns_find(w, packet, &dir);

    w->tally.flow[PD_F_TCP_PACKETS]++;
    w->tally.flow[PD_F_PAYLOAD_BYTES] += packet->wire_len;
    if (c && (packet->tcp_flags & PD_SYN) && reused(c, dir, packet)) {
        pd_conns_free(c);
        c = NULL;
    }
    if (!c) {
        c = open_conn(w, packet);
        dir = c && from_client(c, packet) ? PD_C2S : PD_S2C;
    }
    if (!c || c->closed)
        return;
    pd_conns_touch(c);
    segment(c, dir, packet);
}
