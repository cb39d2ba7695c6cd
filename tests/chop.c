/* chop.c: where segments begin and end means nothing. Streams cut into small pieces give the same records; so
 * do streams whose segments were joined, but for the times. */
#include "base/check.h"
#include "tests/inherit.h"
#include "tests/random.h"
#include "tests/stream.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MERGE_MAX = 100000, RANDOM_MAX = 200, RANDOM_SEEDS = 5 };

struct cutter {
    uint32_t size;   /* 0: random sizes */
    uint64_t random; /* state */
};

static uint32_t next_piece(struct cutter *cut, uint32_t left)
{
    uint64_t n = cut->size ? cut->size : random_next(&cut->random) % RANDOM_MAX + 1;

    return n < left ? (uint32_t)n : left;
}

static void replay_cut(struct replay *r, const struct pd_packet *p, struct cutter *cut)
{
    for (uint32_t at = 0; at < p->payload.len;) {
        struct pd_packet piece = *p;
        uint32_t n = next_piece(cut, p->payload.len - at);

        piece.payload = (struct pd_slice){p->payload.p + at, n};
        piece.wire_len = n;
        piece.seq = p->seq + at;
        at += n;
        if (at < p->payload.len)
            piece.tcp_flags &= (uint8_t) ~(PD_FIN | PD_RST);
        replay_packet_copy(r, &piece);
    }
}

/* Lines one by one, as sorted lists: which of them differs? */
static bool same_lines(const struct bench *b, const char *what, const struct replay *want,
                       const struct replay *got)
{
    size_t wants, gots;
    char **w = inherit_texts(want, false, &wants), **g = inherit_texts(got, false, &gots);
    const char *stray = NULL;
    bool ok = inherit_subset(w, wants, g, gots, &stray);

    if (!ok)
        fprintf(stderr, "%s: %s: a new line:\n  %s\n", b->capture->stem, what, stray);
    if (!inherit_subset(g, gots, w, wants, &stray)) {
        fprintf(stderr, "%s: %s: a line is missing:\n  %s\n", b->capture->stem, what, stray);
        ok = false;
    }
    free(w);
    free(g);
    return ok;
}

static uint64_t understood(const struct replay *r)
{
    const struct pd_tally *tally = pd_worker_tally(r->worker);
    uint64_t sum = 0;

    for (int i = 0; i < PD_PROTOS_MAX; i++)
        sum += tally->proto[i][PD_C_PAIRED_BYTES];
    return sum;
}

static bool same_bytes(const struct bench *b, const char *what, const struct replay *want,
                       const struct replay *got)
{
    if (understood(want) == understood(got))
        return true;
    fprintf(stderr, "%s: %s: of %" PRIu64 " bytes understood it is %" PRIu64 "\n", b->capture->stem, what,
            understood(want), understood(got));
    return false;
}

static bool cut_to(const struct bench *b, const struct streams *s, const struct replay *whole, uint32_t size,
                   uint64_t seed)
{
    const struct capture *c = b->capture;
    struct cutter cut = {.size = size, .random = seed};
    struct replay r;
    char what[64];

    replay_init(&r, b->setup, false);
    for (size_t i = 0; i < c->count; i++) {
        if (s->of[i] == STREAM_NONE || c->packet[i].payload.len == 0)
            replay_packet(&r, &c->packet[i]);
        else
            replay_cut(&r, &c->packet[i], &cut);
    }
    replay_finish(&r);
    if (size)
        snprintf(what, sizeof what, "pieces of %u", size);
    else
        snprintf(what, sizeof what, "random pieces, seed %u", (unsigned)seed);
    bool ok = same_lines(b, what, whole, &r) && same_bytes(b, what, whole, &r);
    replay_free(&r);
    return ok;
}

static bool is_pure_ack(const struct pd_packet *p)
{
    return p->wire_len == 0 && (p->tcp_flags & (PD_SYN | PD_FIN | PD_RST)) == 0;
}

/* The index of the stream's next packet that matters after i, or the count. */
static size_t next_of_stream(const struct capture *c, const struct streams *s, size_t i)
{
    size_t k = i + 1;

    while (k < c->count && (s->of[k] != s->of[i] || is_pure_ack(&c->packet[k])))
        k++;
    return k;
}

enum { SWALLOWED = 1, LAST = 2 }; /* a packet's part in a run */

struct merger {
    struct pd_packet *run; /* at the index of a run's last packet: the joined one, its payload owned */
    uint8_t *part;         /* of each packet */
};

/* Joins the run of segments that begins at i, with the last one's number, time and acknowledgement.
 * Acknowledgements in between are left out: they would speak of bytes that are still to come. */
static void collect(struct merger *m, const struct capture *c, const struct streams *s, size_t i)
{
    uint8_t *joined = malloc(MERGE_MAX + c->packet[i].payload.len);
    uint32_t len = 0;
    size_t k = i;

    PD_ASSERT(joined);
    for (;;) {
        const struct pd_packet *p = &c->packet[k];
        if (p->payload.len)
            memcpy(joined + len, p->payload.p, p->payload.len);
        len += p->payload.len;
        m->part[k] = SWALLOWED;
        size_t next = next_of_stream(c, s, k);
        if (p->tcp_flags & (PD_FIN | PD_RST) || next == c->count || s->dir[next] != s->dir[i] ||
            len + c->packet[next].payload.len > MERGE_MAX)
            break;
        k = next;
    }
    m->part[k] = LAST;
    m->run[k] = c->packet[k];
    m->run[k].seq = c->packet[i].seq;
    m->run[k].payload = (struct pd_slice){joined, len};
    m->run[k].wire_len = len;
}

static void without_times(struct replay *r)
{
    static const char *const keys[] = {"time", "packet", "duration", "wait", NULL};

    for (size_t i = 0; i < r->count; i++)
        replay_strip(r->line[i].text, keys);
}

static void replay_merged(struct replay *r, const struct capture *c, const struct streams *s)
{
    struct merger m = {calloc(c->count + 1, sizeof *m.run), calloc(c->count + 1, 1)};

    PD_ASSERT(m.run && m.part);
    for (size_t i = 0; i < c->count; i++) {
        const struct pd_packet *p = &c->packet[i];
        if (s->of[i] == STREAM_NONE || p->tcp_flags & PD_SYN) {
            replay_packet(r, p);
            continue;
        }
        if (is_pure_ack(p))
            continue;
        if (!m.part[i])
            collect(&m, c, s, i);
        if (m.part[i] == LAST) {
            replay_packet_copy(r, &m.run[i]);
            free((void *)(uintptr_t)m.run[i].payload.p);
        }
    }
    free(m.run);
    free(m.part);
}

static bool merged(const struct bench *b, const struct streams *s, struct replay *whole)
{
    struct replay r;

    replay_init(&r, b->setup, false);
    replay_merged(&r, b->capture, s);
    replay_finish(&r);
    without_times(whole);
    without_times(&r);
    bool ok = same_lines(b, "joined segments", whole, &r) && same_bytes(b, "joined segments", whole, &r);
    replay_free(&r);
    return ok;
}

bool inherit_chop(const struct bench *b)
{
    static const uint32_t sizes[] = {1, 7, 64};
    struct streams s;
    struct replay whole;
    bool ok = true;

    streams_find(&s, b->capture);
    inherit_whole(b, &whole);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ok &= cut_to(b, &s, &whole, sizes[i], 0);
    for (uint64_t seed = 1; seed <= RANDOM_SEEDS; seed++)
        ok &= cut_to(b, &s, &whole, 0, seed);
    ok &= merged(b, &s, &whole);
    printf("%s: %u streams, %zu records\n", b->capture->stem, s.count, whole.count);
    streams_free(&s);
    replay_free(&whole);
    return ok;
}
