/* script.c: reads and writes the acts of fuzz inputs. */
#include "tests/script.h"

enum { WAITS = 37, LONG = 65535 };

bool script_next(struct pd_slice *script, struct script_act *act)
{
    bool cut = false;
    uint8_t op = pd_take_u8(script, &cut);
    uint32_t length = 0;

    *act = (struct script_act){
        .dir = op & 1, .conn = op >> 1 & 1, .kind = op >> 2 & 7, .lag = (uint8_t)(op >> 5)};
    switch (act->kind) {
    case SCRIPT_DATA:
    case SCRIPT_AGAIN:
        length = pd_take_u8(script, &cut) + 1u;
        break;
    case SCRIPT_DATA_LONG:
    case SCRIPT_DATAGRAM:
        length = pd_take_be16(script, &cut);
        break;
    case SCRIPT_GAP:
        act->n = pd_take_be16(script, &cut) + 1u;
        break;
    case SCRIPT_WAIT:
        act->n = UINT64_C(1) << pd_take_u8(script, &cut) % WAITS;
        break;
    case SCRIPT_FLAGS:
        act->n = pd_take_u8(script, &cut) % SCRIPT_FLAG_COUNT;
        break;
    default:
        length = pd_take_u8(script, &cut);
        act->n = length + pd_take_u8(script, &cut);
        break;
    }
    if (cut)
        return false;
    if (length > script->len)
        length = script->len;
    act->bytes = (struct pd_slice){script->p, length};
    pd_take(script, length, &cut);
    return true;
}

struct writer {
    uint8_t *out;
    size_t len;
    struct pd_end client[SCRIPT_CONNS], server[SCRIPT_CONNS];
    unsigned conns;
    uint64_t last_ts;
};

static bool same(const struct pd_end *a, const struct pd_end *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

static void put(struct writer *w, const uint8_t *p, size_t n)
{
    memcpy(w->out + w->len, p, n);
    w->len += n;
}

static void put_op(struct writer *w, unsigned dir, unsigned conn, unsigned kind)
{
    w->out[w->len++] = (uint8_t)(dir | conn << 1 | kind << 2);
}

/* The connection of the packet, made when there is room; false when there is none. */
static bool place(struct writer *w, const struct pd_packet *p, unsigned *conn, unsigned *dir)
{
    bool reply = (p->tcp_flags & (PD_SYN | PD_ACK)) == (PD_SYN | PD_ACK) ||
                 (!p->tcp_flags && p->src.port < p->dst.port);

    for (*conn = 0; *conn < w->conns; ++*conn) {
        *dir = same(&w->server[*conn], &p->src) && same(&w->client[*conn], &p->dst);
        if (*dir || (same(&w->client[*conn], &p->src) && same(&w->server[*conn], &p->dst)))
            return true;
    }
    if (w->conns == SCRIPT_CONNS)
        return false;
    w->client[*conn] = reply ? p->dst : p->src;
    w->server[*conn] = reply ? p->src : p->dst;
    *dir = reply;
    w->conns++;
    return true;
}

static void put_wait(struct writer *w, uint64_t ns)
{
    uint8_t log = 0;

    while (log < WAITS - 1 && UINT64_C(2) << log <= ns)
        log++;
    put_op(w, 0, 0, SCRIPT_WAIT);
    put(w, &log, 1);
}

static void put_flag(struct writer *w, unsigned dir, unsigned conn, uint8_t flag)
{
    put_op(w, dir, conn, SCRIPT_FLAGS);
    put(w, &flag, 1);
}

static void put_packet(struct writer *w, const struct pd_packet *p, unsigned conn, unsigned dir)
{
    uint32_t n = p->payload.len < LONG ? p->payload.len : LONG;
    uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};

    if (p->ts > w->last_ts && w->last_ts)
        put_wait(w, p->ts - w->last_ts);
    w->last_ts = p->ts;
    if ((p->tcp_flags & (PD_SYN | PD_ACK)) == PD_SYN)
        put_flag(w, dir, conn, SCRIPT_SYN);
    if (n) {
        put_op(w, dir, conn, p->transport == PD_UDP ? SCRIPT_DATAGRAM : SCRIPT_DATA_LONG);
        put(w, length, sizeof length);
        put(w, p->payload.p, n);
    }
    if (p->tcp_flags & PD_FIN)
        put_flag(w, dir, conn, SCRIPT_FIN);
    if (p->tcp_flags & PD_RST)
        put_flag(w, dir, conn, SCRIPT_RST);
}

size_t script_from(const struct capture *c, size_t begin, uint8_t out[SCRIPT_BYTES])
{
    enum { OTHER = 16 }; /* bytes of a packet's acts besides its payload, at most */
    struct writer w = {.out = out};
    unsigned conn, dir;

    for (size_t i = begin; i < c->count; i++) {
        const struct pd_packet *p = &c->packet[i];
        if (!p->transport || !place(&w, p, &conn, &dir))
            continue;
        if (w.len + p->payload.len + OTHER > SCRIPT_BYTES)
            break;
        put_packet(&w, p, conn, dir);
    }
    return w.len;
}
