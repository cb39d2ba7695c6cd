/* lossy.c: a wrong record is worse than a missing one. With packets removed, or from the middle on, what is
 * said with certainty must be among what the whole capture says, in every field; only what an earlier message
 * taught (a prepared statement's text, the current database) may be absent. A packet goes together with the
 * copies of it that were sent again, else the copy would rightly make a later record. */
#include "base/check.h"
#include "base/hash.h"
#include "tests/inherit.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    EACH_MAX = 300,
    SEEDS = 50,
    LONG_RECORDS = 200,
    TAIL_PART = 5,
    LOST_PART = 20,
    SHOW_MAX = 3,
    PORTS = 65536
};

struct trial {
    const struct bench *bench;
    const struct pd_setup *setup; /* the bench's, or one of the test's own */
    const char *what;             /* for messages */
    char **all;                   /* what the whole capture says */
    size_t all_count;
    const uint8_t *absent; /* of each packet: is it left out */
    size_t detail;         /* seed or packet, for messages */
    size_t kept;           /* out: certain records */
    size_t shown;          /* messages so far */
    size_t expected;       /* certain records of the whole capture */
    bool tail;             /* out: the end was found again */
};

/* The packet in which the last part of a long capture's records begins. */
static uint64_t tail_ordinal(const struct capture *c)
{
    return c->count ? c->packet[c->count - 1 - c->count / TAIL_PART].ordinal : 0;
}

/* Which packets are left out, as far as that is short. */
static void say_absent(const struct trial *t)
{
    enum { SHOWN = 20 };
    const struct capture *c = t->bench->capture;
    size_t shown = 0;

    fprintf(stderr, "without packets");
    for (size_t i = 0; i < c->count && shown < SHOWN; i++)
        if (t->absent[i] && ++shown)
            fprintf(stderr, " %llu", (unsigned long long)c->packet[i].ordinal);
    fprintf(stderr, "%s\n", shown == SHOWN ? " ..." : "");
}

static bool try_it(struct trial *t)
{
    const struct capture *c = t->bench->capture;
    const char *stray = NULL;
    struct replay r;
    size_t count;

    replay_init(&r, t->setup, false);
    for (size_t i = 0; i < c->count; i++)
        if (!t->absent[i])
            replay_packet(&r, &c->packet[i]);
    replay_finish(&r);
    t->tail = false;
    for (size_t i = 0; i < r.count; i++)
        t->tail |= r.line[i].status == PD_OK && r.line[i].place.major / 2 >= tail_ordinal(c);
    char **part = inherit_texts(&r, true, &count);
    t->kept = count;
    bool ok = inherit_less(t->bench->setup, t->all, t->all_count, part, count, &stray);
    if (!ok && t->shown++ < SHOW_MAX) {
        say_absent(t);
        fprintf(stderr, "%s: %s %zu: not in the whole capture's records:\n  %s\n", c->stem, t->what,
                t->detail, stray);
    }
    free(part);
    replay_free(&r);
    return ok;
}

static bool drop_each(struct trial *t, uint8_t *absent)
{
    const struct capture *c = t->bench->capture;
    size_t step = c->count > EACH_MAX ? c->count / EACH_MAX : 1, bad = 0;

    t->what = "without packet";
    for (size_t k = 0; k < c->count; k += step) {
        for (size_t i = 0; i < c->count; i++)
            absent[i] = c->first[i] == c->first[k];
        t->detail = c->packet[k].ordinal;
        bad += !try_it(t);
    }
    return bad == 0;
}

static bool drop_share(struct trial *t, uint8_t *absent, unsigned percent)
{
    const struct capture *c = t->bench->capture;
    size_t kept = 0, bad = 0, tails = 0;
    char what[64];

    snprintf(what, sizeof what, "%u %% lost, seed", percent);
    t->what = what;
    for (size_t seed = 1; seed <= SEEDS; seed++) {
        for (size_t i = 0; i < c->count; i++)
            absent[i] = pd_hash(&c->key[c->first[i]], sizeof *c->key, seed) % 100 < percent;
        t->detail = seed;
        bad += !try_it(t);
        kept += t->kept;
        tails += t->tail;
    }
    if (t->expected)
        printf("%s: %u %% of packets lost, %.1f %% of records kept\n", c->stem, percent,
               100.0 * (double)kept / (double)t->expected / SEEDS);
    if (percent == 1 && t->expected >= LONG_RECORDS && tails < SEEDS) {
        fprintf(stderr, "%s: the end was not found again with %zu of %d seeds\n", c->stem, SEEDS - tails,
                SEEDS);
        bad++;
    }
    return bad == 0;
}

/* Replays of the capture, changed as `run` wants. */
static bool with_trial(const struct bench *b, bool (*run)(struct trial *, uint8_t *absent))
{
    struct trial t = {.bench = b, .setup = b->setup};
    uint8_t *absent = calloc(b->capture->count + 1, 1);
    struct replay whole;

    PD_ASSERT(absent);
    inherit_whole(b, &whole);
    free(inherit_texts(&whole, true, &t.expected));
    t.all = inherit_texts(&whole, false, &t.all_count);
    t.absent = absent;
    bool ok = run(&t, absent);
    free(t.all);
    free(absent);
    replay_free(&whole);
    return ok;
}

static bool lossy(struct trial *t, uint8_t *absent)
{
    bool each = drop_each(t, absent);
    bool one = drop_share(t, absent, 1);
    bool five = drop_share(t, absent, 5);

    return each && one && five;
}

bool inherit_lossy(const struct bench *b)
{
    return with_trial(b, lossy);
}

/* From each packet on, or in a long capture from each of many. *kept: certain records, all together. */
static bool from_each(struct trial *t, uint8_t *absent, size_t *kept)
{
    const struct capture *c = t->bench->capture;
    size_t step = c->count > EACH_MAX ? c->count / EACH_MAX : 1, bad = 0;

    t->what = "from packet";
    *kept = 0;
    for (size_t k = 0; k < c->count; k += step) {
        for (size_t i = 0; i < c->count; i++)
            absent[i] = c->first[i] < k;
        t->detail = c->packet[k].ordinal;
        bad += !try_it(t);
        *kept += t->kept;
    }
    return bad == 0;
}

static bool join(struct trial *t, uint8_t *absent)
{
    size_t kept;

    return from_each(t, absent, &kept);
}

bool inherit_join(const struct bench *b)
{
    return with_trial(b, join);
}

/* The same where no port is known: most of what is found by the ports is found by its bytes. */
static bool detect(struct trial *t, uint8_t *absent)
{
    struct pd_setup portless;
    size_t by_port, by_bytes;

    PD_ASSERT(pd_setup_init(&portless, pd_protocols) == 0);
    portless.limits = t->bench->setup->limits;
    memset(portless.tcp_ports, 0, PORTS * sizeof *portless.tcp_ports);
    memset(portless.udp_ports, 0, PORTS * sizeof *portless.udp_ports);
    (void)from_each(t, absent, &by_port); /* what is wrong there, join says */
    t->setup = &portless;
    bool ok = from_each(t, absent, &by_bytes);
    pd_setup_free(&portless);
    printf("%s: %zu of %zu records without known ports\n", t->bench->capture->stem, by_bytes, by_port);
    if (t->expected >= LONG_RECORDS && by_bytes < by_port - by_port / LOST_PART) {
        fprintf(stderr, "%s: too few\n", t->bench->capture->stem);
        return false;
    }
    return ok;
}

bool inherit_detect(const struct bench *b)
{
    return with_trial(b, detect);
}
