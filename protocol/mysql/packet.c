/* packet.c: from bytes to packets. Packets that lie in the slice are read where they are, a whole result in
 * one step; only the beginning of a packet that the slice cuts is carried over, and its tail is skipped by
 * the engine. */
#include "base/check.h"
#include "protocol/mysql/mysql.h"

enum { SMALL = 128, LARGE = 2048 }; /* sizes of a carry */
_Static_assert(PD_MYSQL_HEAD + PD_MYSQL_LOOK <= LARGE, "what is read of a packet fits");

void pd_mysql_drop_carry(struct pd_conn *c, struct pd_mysql_side *s)
{
    if (s->carry)
        pd_give_back(c, s->carry, s->room);
    s->carry = NULL;
    s->have = s->room = 0;
}

static bool counts_packets(uint8_t phase)
{
    return phase == PD_MYSQL_ROWS || phase == PD_MYSQL_COLUMNS || phase == PD_MYSQL_LIST;
}

/* How much of the packet that begins at p must be at hand before it can be read: of rows and definitions the
 * first byte, unless it says that they end. Not more than the packet has. */
static uint32_t needed(const struct pd_mysql_conn *m, unsigned dir, const uint8_t *p, uint32_t have)
{
    const struct pd_mysql_side *s = &m->side[dir];

    if (have < PD_MYSQL_HEAD)
        return PD_MYSQL_HEAD;
    uint32_t len = pd_mysql_le24(p), look = len < PD_MYSQL_LOOK ? len : PD_MYSQL_LOOK;
    if (s->going || len == 0)
        return PD_MYSQL_HEAD;
    if (dir == PD_C2S)
        return s->data && m->phase == PD_MYSQL_WAITS ? PD_MYSQL_HEAD : PD_MYSQL_HEAD + look;
    if (counts_packets(m->phase) &&
        (have <= PD_MYSQL_HEAD || p[PD_MYSQL_HEAD] < 0xfe || len == PD_MYSQL_FULL))
        return PD_MYSQL_HEAD + 1;
    return PD_MYSQL_HEAD + look;
}

static void advance(struct pd_half *h, struct pd_slice *in, uint32_t n)
{
    pd_feed_used(h, n);
    in->p += n;
    in->len -= n;
}

static void packet_ends(struct pd_conn *c, struct pd_half *h)
{
    struct pd_mysql_side *s = pd_mysql_side_of(c, h->dir);

    s->going = s->full;
    if (s->going)
        return;
    if (h->dir == PD_C2S)
        pd_mysql_client_ends(c, h);
    else
        pd_mysql_server_ends(c, h);
}

void pd_mysql_packet_skipped(struct pd_conn *c, struct pd_half *h)
{
    pd_feed(h, PD_MYSQL_S_WALK, PD_ENDLESS);
    packet_ends(c, h);
}

/* A packet that is the rest of a payload of 16 MB and more. */
static void goes_on(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_side *s = pd_mysql_side_of(c, h->dir);

    if (p->seq != s->seq) {
        pd_bad(c, h, "a long packet's rest is missing");
    } else if (s->passing == PD_MYSQL_ASKS) {
        struct pd_mysql *f = pd_fields(pd_current(c, PD_C2S));
        if (f->statement.s && __builtin_add_overflow(f->statement.full, p->len, &f->statement.full))
            f->statement.full = UINT32_MAX;
    }
}

/* The packet at `head`, of which n bytes are still in the slice. False: nothing more is read now. */
static bool packet(struct pd_conn *c, struct pd_half *h, struct pd_slice head, uint32_t n,
                   struct pd_slice *in)
{
    struct pd_mysql_side *s = pd_mysql_side_of(c, h->dir);
    struct pd_mysql_packet p = {.body = {head.p + PD_MYSQL_HEAD, head.len - PD_MYSQL_HEAD},
                                .len = pd_mysql_le24(head.p),
                                .seq = head.p[3]};

    s->full = p.len == PD_MYSQL_FULL;
    if (s->going)
        goes_on(c, h, &p);
    else if (h->dir == PD_C2S)
        pd_mysql_from_client(c, h, &p);
    else
        pd_mysql_from_server(c, h, &p);
    if (h->opaque)
        advance(h, in, n); /* it was read */
    if (h->lost || h->opaque)
        return false;
    s->seq = (uint8_t)(p.seq + 1);
    pd_mysql_drop_carry(c, s);
    if (h->want != PD_W_NONE)
        return false;
    advance(h, in, n);
    uint32_t rest = PD_MYSQL_HEAD + p.len - head.len;
    if (rest > in->len) {
        rest -= in->len;
        advance(h, in, in->len);
        pd_skip(h, PD_MYSQL_S_SKIPPED, rest);
        return false;
    }
    advance(h, in, rest);
    packet_ends(c, h);
    return !h->lost && !h->opaque && h->want == PD_W_NONE;
}

/* Rows, and definitions of columns, that lie in the slice. Their end is another's business. */
static void count_packets(struct pd_mysql_conn *m, struct pd_half *h, struct pd_slice *in)
{
    struct pd_mysql_side *s = &m->side[PD_S2C];
    const uint8_t *p = in->p, *end = p + in->len;
    uint64_t max = m->phase == PD_MYSQL_COLUMNS ? m->left : UINT64_MAX, n = 0;
    uint8_t seq = s->seq;

    while (n < max && end - p > PD_MYSQL_HEAD && p[PD_MYSQL_HEAD] < 0xfe && p[3] == seq) {
        uint32_t len = pd_mysql_le24(p);
        if (len == 0 || len > (size_t)(end - p) - PD_MYSQL_HEAD || len == PD_MYSQL_FULL)
            break;
        p += PD_MYSQL_HEAD + len;
        seq++;
        n++;
    }
    if (!n)
        return;
    s->seq = seq;
    advance(h, in, (uint32_t)(p - in->p));
    if (m->phase == PD_MYSQL_COLUMNS) {
        m->left -= (uint32_t)n;
        m->behind = true;
        if (!m->left)
            m->phase = PD_MYSQL_ROWS;
        return;
    }
    m->rows += n;
    if (m->behind)
        m->eofs = PD_MYSQL_NO_EOFS;
    m->behind = false;
}

/* More room for the beginning of a packet. */
static bool make_room(struct pd_conn *c, struct pd_mysql_side *s, uint32_t n)
{
    uint16_t room = n <= SMALL ? SMALL : LARGE, have = s->have;

    if (n <= s->room)
        return true;
    uint8_t *more = pd_lend(c, room);
    if (!more)
        return false;
    if (have)
        memcpy(more, s->carry, have);
    pd_mysql_drop_carry(c, s);
    s->carry = more;
    s->room = room;
    s->have = have;
    return true;
}

/* The packet's beginning comes in pieces. False: nothing more is read now. */
static bool carried(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql_side *s = &m->side[h->dir];
    uint32_t need;

    while (s->have < (need = needed(m, h->dir, s->carry, s->have))) {
        uint32_t n = need - s->have;
        if (!in->len)
            return false;
        if (!make_room(c, s, need)) {
            pd_bad(c, h, "no memory for a packet in pieces");
            return false;
        }
        if (n > in->len)
            n = in->len;
        memcpy(s->carry + s->have, in->p, n);
        s->have = (uint16_t)(s->have + n);
        advance(h, in, n);
    }
    return packet(c, h, (struct pd_slice){s->carry, s->have}, 0, in);
}

/* Is the packet that begins here likely to be a message's first? Its time is kept then. */
static bool may_begin(const struct pd_mysql_conn *m, unsigned dir)
{
    return !m->side[dir].going && (dir == PD_C2S ? !m->side[dir].data : m->phase == PD_MYSQL_IDLE);
}

static bool one_packet(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql_side *s = &m->side[h->dir];

    if (s->have)
        return carried(c, h, in);
    if (h->dir == PD_S2C && !s->going && counts_packets(m->phase))
        count_packets(m, h, in);
    if (!in->len)
        return false;
    s->began = h->pos;
    uint32_t need = needed(m, h->dir, in->p, in->len);
    if (need <= in->len)
        return packet(c, h, (struct pd_slice){in->p, need}, need, in);
    if (may_begin(m, h->dir))
        pd_defer(c, h);
    return carried(c, h, in);
}

uint32_t pd_mysql_walk(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint32_t len = in.len;

    while (in.len && one_packet(c, h, &in))
        ;
    return len - in.len;
}
