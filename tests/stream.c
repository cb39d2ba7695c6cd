/* stream.c: follows every TCP connection of a capture with nothing but sequence numbers, apart from packetd's
 * own flows, which are what is being tested. */
#include "tests/stream.h"
#include "base/check.h"
#include <stdlib.h>

struct stream {
    struct pd_end client, server;
    uint32_t next[2];
    bool heard[2]; /* next is known */
    bool broken;   /* something is missing, or came twice */
};

struct finder {
    struct stream *stream;
    uint32_t count, cap;
};

static bool end_eq(const struct pd_end *a, const struct pd_end *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

/* The newest stream between the packet's ends, or STREAM_NONE. */
static uint32_t find(const struct finder *f, const struct pd_packet *p, uint8_t *dir)
{
    for (uint32_t i = f->count; i-- > 0;) {
        const struct stream *s = &f->stream[i];
        *dir = !(end_eq(&s->client, &p->src) && end_eq(&s->server, &p->dst));
        if (!*dir || (end_eq(&s->client, &p->dst) && end_eq(&s->server, &p->src)))
            return i;
    }
    return STREAM_NONE;
}

static uint32_t open_stream(struct finder *f, const struct pd_packet *p)
{
    if (f->count == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->stream = realloc(f->stream, f->cap * sizeof *f->stream);
        PD_ASSERT(f->stream);
    }
    f->stream[f->count] = (struct stream){.client = p->src, .server = p->dst};
    return f->count++;
}

static void follow(struct stream *s, uint8_t dir, const struct pd_packet *p)
{
    uint32_t length = p->wire_len + (p->tcp_flags & PD_SYN ? 1 : 0) + (p->tcp_flags & PD_FIN ? 1 : 0);

    if (p->tcp_flags & PD_SYN && !s->heard[dir]) {
        s->heard[dir] = true;
        s->next[dir] = p->seq;
    }
    if (p->tcp_flags & PD_RST)
        return;
    /* A keep-alive probe stands one before; a pure acknowledgement must stand at the next byte. */
    if (!s->heard[dir] || p->seq != s->next[dir] || p->payload.len != p->wire_len ||
        (p->tcp_flags & PD_SYN && p->wire_len))
        s->broken = true;
    s->next[dir] += length;
    /* What is acknowledged but was never seen is missing. */
    if (p->tcp_flags & PD_ACK && (!s->heard[!dir] || (int32_t)(p->ack - s->next[!dir]) > 0))
        s->broken = true;
}

void streams_find(struct streams *out, const struct capture *c)
{
    struct finder f = {0};

    out->of = calloc(c->count + 1, sizeof *out->of);
    out->dir = calloc(c->count + 1, sizeof *out->dir);
    PD_ASSERT(out->of && out->dir);
    for (size_t i = 0; i < c->count; i++) {
        const struct pd_packet *p = &c->packet[i];
        out->of[i] = STREAM_NONE;
        if (p->transport != PD_TCP)
            continue;
        uint32_t at = find(&f, p, &out->dir[i]);
        if ((p->tcp_flags & (PD_SYN | PD_ACK)) == PD_SYN) {
            at = open_stream(&f, p);
            out->dir[i] = 0;
        }
        out->of[i] = at;
        if (at != STREAM_NONE)
            follow(&f.stream[at], out->dir[i], p);
    }
    out->count = 0;
    for (uint32_t i = 0; i < f.count; i++)
        out->count += !f.stream[i].broken;
    for (size_t i = 0; i < c->count; i++)
        if (out->of[i] != STREAM_NONE && f.stream[out->of[i]].broken)
            out->of[i] = STREAM_NONE;
    free(f.stream);
}

void streams_free(struct streams *s)
{
    free(s->of);
    free(s->dir);
}
