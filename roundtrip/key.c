/* key.c: pairing by key: the response names its request. One table a worker holds what is outstanding, of
 * connections and of datagrams; a key survives lost bytes, so only the message that was hit is damaged. */
#include "base/check.h"
#include "roundtrip/match_internal.h"
#include <stddef.h>
#include <string.h>

static bool end_eq(const struct pd_end *a, const struct pd_end *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

/* One word more into a hash; a bounded table needs no better one. */
static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t hash_of(const struct pd_party *p, uint8_t asked_by, uint64_t key)
{
    /* Datagrams: the ends are the owner. */
    return mix(mix(asked_by, key), p->owner ? (uintptr_t)p->owner : *p->ends_hash);
}

static struct pd_rec *find(const struct pd_party *p, uint8_t asked_by, uint64_t key, uint64_t hash)
{
    for (struct pd_rec *r = p->pairing->bucket[hash & p->pairing->mask]; r; r = r->chain) {
        if (r->hash != hash || r->key != key || r->owner != p->owner || r->asked_by != asked_by)
            continue;
        if (p->owner ||
            (r->schema == p->schema && end_eq(&r->client, p->client) && end_eq(&r->server, p->server)))
            return r;
    }
    return NULL;
}

/* A message that comes in parts is looked up for each of them: the one before is tried first. */
struct pd_rec *pd_match_find(const struct pd_party *p, uint8_t asked_by, uint64_t key)
{
    struct pd_rec *r = p->pairing->recent;

    if (r && r->key == key && r->owner == p->owner && r->asked_by == asked_by)
        return r;
    return p->pairing->recent = find(p, asked_by, key, hash_of(p, asked_by, key));
}

static void append(struct pd_rec **first, struct pd_rec **last, struct pd_rec *r)
{
    r->next = NULL;
    r->prev = *last;
    if (*last)
        (*last)->next = r;
    else
        *first = r;
    *last = r;
}

static void detach(struct pd_rec **first, struct pd_rec **last, struct pd_rec *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        *first = r->next;
    if (r->next)
        r->next->prev = r->prev;
    else
        *last = r->prev;
}

static void unchain(struct pd_pairing *pairing, struct pd_rec *r)
{
    struct pd_rec **at = &pairing->bucket[r->hash & pairing->mask];

    while (*at != r) {
        PD_ASSERT(*at);
        at = &(*at)->chain;
    }
    *at = r->chain;
    pairing->keyed--;
    if (pairing->recent == r)
        pairing->recent = NULL;
}

/* Twice as many buckets: a record stays in its own or goes to the one that far behind it. */
PD_COLD static void spread(struct pd_pairing *pairing)
{
    uint32_t old = pairing->mask + 1;

    pairing->mask = 2 * old - 1;
    for (uint32_t i = 0; i < old; i++) {
        struct pd_rec **at = &pairing->bucket[i], *r;
        while ((r = *at)) {
            if (!(r->hash & old)) {
                at = &r->chain;
                continue;
            }
            *at = r->chain;
            r->chain = pairing->bucket[i + old];
            pairing->bucket[i + old] = r;
        }
    }
}

static void take_datagram(struct pd_pairing *pairing, struct pd_rec *r)
{
    unchain(pairing, r);
    if (r->flags & PD_REC_REPORTED)
        detach(&pairing->late_first, &pairing->late_last, r);
    else
        detach(&pairing->first, &pairing->last, r);
}

/* Out of table and lists; the record is the caller's. */
static void take(const struct pd_party *p, struct pd_rec *r)
{
    struct pd_match *m = p->match;

    if (!r->owner) {
        take_datagram(p->pairing, r);
    } else {
        unchain(p->pairing, r);
        detach(&m->first, &m->last, r);
        m->count--;
    }
    for (int dir = 0; dir < 2; dir++)
        if (m->current[dir] == r)
            m->current[dir] = NULL;
}

PD_COLD static void drop_incomplete(const struct pd_party *p, struct pd_rec *r)
{
    take(p, r);
    r->flags |= PD_REC_BROKEN;
    pd_match_emit(&p->pairing->store, r, PD_INCOMPLETE);
    pd_rec_free(r);
}

/* The same key again. True when it is the same request sent again, which the first record keeps. */
PD_COLD static bool again(const struct pd_party *p, struct pd_rec *r)
{
    if (r->flags & PD_REC_REPORTED) {
        take(p, r);
        pd_rec_free(r);
        return false;
    }
    if (p->flags & PD_KEY_RETRANSMITS) {
        r->retransmissions++;
        p->counters[PD_C_RETRANSMITTED]++;
        return true;
    }
    drop_incomplete(p, r);
    return false;
}

static void put(const struct pd_party *p, struct pd_rec *r, uint64_t key, uint64_t hash)
{
    if (++p->pairing->keyed > p->pairing->mask && p->pairing->mask < p->pairing->mask_most)
        spread(p->pairing);
    struct pd_rec **bucket = &p->pairing->bucket[hash & p->pairing->mask];
    r->owner = p->owner;
    r->key = key;
    r->hash = hash;
    r->chain = *bucket;
    *bucket = r;
    if (p->owner) {
        append(&p->match->first, &p->match->last, r);
        p->match->count++;
    } else {
        append(&p->pairing->first, &p->pairing->last, r);
    }
    p->pairing->recent = r;
}

void pd_key_adopt(const struct pd_party *p, struct pd_rec *r, uint64_t key)
{
    put(p, r, key, hash_of(p, r->asked_by, key));
}

void pd_key_detach(const struct pd_party *p, struct pd_rec *r)
{
    take(p, r);
}

static void settle(const struct pd_party *p, struct pd_rec *r)
{
    take(p, r);
    pd_match_settle(p, r);
}

/* The oldest goes: nobody will know how it ended. */
PD_COLD static void make_room(const struct pd_party *p)
{
    struct pd_rec *oldest = p->match->first;

    p->counters[PD_C_EVICTED]++;
    if (oldest->flags & PD_REC_RSP_ENDED)
        settle(p, oldest);
    else
        drop_incomplete(p, oldest);
}

struct pd_rec *pd_key_request(const struct pd_party *p, const struct pd_at *at, uint8_t asked_by,
                              uint64_t key)
{
    struct pd_match *m = p->match;
    uint64_t hash = hash_of(p, asked_by, key);
    struct pd_rec *r = find(p, asked_by, key, hash);

    m->current[at->dir] = NULL;
    if (r && again(p, r))
        return NULL;
    if (p->owner && p->room && m->count >= p->room)
        make_room(p);
    if (p->owner && m->count >= p->pairing->outstanding) {
        p->counters[PD_C_UNTRACKED]++;
        return NULL;
    }
    r = pd_match_open(p, at);
    if (!r)
        return NULL;
    r->asked_by = asked_by;
    put(p, r, key, hash);
    return m->current[at->dir] = r;
}

void pd_key_request_end(const struct pd_party *p, const struct pd_at *at, bool oneway)
{
    struct pd_rec *r = p->match->current[at->dir];

    p->match->current[at->dir] = NULL;
    if (!r)
        return;
    pd_match_mark_request_end(r, at, oneway);
    if (oneway || (r->flags & PD_REC_RSP_ENDED))
        settle(p, r);
}

struct pd_rec *pd_key_response(const struct pd_party *p, const struct pd_at *at, uint64_t key)
{
    struct pd_rec *r = pd_match_find(p, !at->dir, key);

    if (!r || !pd_match_fits(p, r, at)) {
        p->counters[PD_C_ORPHAN]++;
        return NULL;
    }
    pd_match_mark_response(r, at);
    return r;
}

void pd_key_response_end(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_rec *r = p->match->current[at->dir];

    p->match->current[at->dir] = NULL;
    if (!r)
        return;
    pd_match_mark_response_end(r, at);
    r->flags |= PD_REC_RSP_ENDED;
    if (p->match->current[!at->dir] != r) /* else its request is still passing */
        settle(p, r);
}

/* A way through what one side asked under some keys: by looking each up, or when fewer are outstanding than
 * there are keys, by going through those. Mostly the oldest is meant, then the next: that one is tried before
 * a key is looked up. */
struct walk {
    const struct pd_party *p;
    struct pd_keys keys;
    struct pd_rec *next; /* of the connection's outstanding ones */
    uint8_t asked_by;
    bool all, over;
};

static struct walk walk_over(const struct pd_party *p, uint8_t asked_by, struct pd_keys keys)
{
    PD_ASSERT(p->owner && p->kind == PD_BY_KEY);
    return (struct walk){.p = p,
                         .keys = keys,
                         .next = p->match->first,
                         .asked_by = asked_by,
                         .all = keys.last - keys.first >= p->match->count,
                         .over = keys.last < keys.first};
}

/* The next record, which the caller may take; NULL at the end. */
static struct pd_rec *walk_on(struct walk *w)
{
    while (w->all && w->next && !w->over) {
        struct pd_rec *r = w->next;
        w->next = r->next;
        if (r->asked_by == w->asked_by && r->key >= w->keys.first && r->key <= w->keys.last)
            return r;
    }
    while (!w->all && !w->over) {
        struct pd_rec *r = w->next;
        if (!r || r->key != w->keys.first || r->asked_by != w->asked_by)
            r = pd_match_find(w->p, w->asked_by, w->keys.first);
        w->over = w->keys.first++ == w->keys.last;
        if (r) {
            w->next = r->next;
            return r;
        }
    }
    return NULL;
}

uint32_t pd_match_response_all(const struct pd_party *p, const struct pd_at *at, const struct pd_at *end,
                               struct pd_keys keys, struct pd_answer answer)
{
    struct walk w = walk_over(p, !at->dir, keys);
    uint32_t count = 0;

    for (struct pd_rec *r = walk_on(&w); r; r = walk_on(&w)) {
        if (!pd_match_fits(p, r, at))
            continue;
        if (!answer.fill(r, answer.arg) || !(r->flags & PD_REC_REQ_ENDED))
            r->flags |= PD_REC_BROKEN;
        pd_match_mark_response(r, at);
        if (r->key != keys.last)
            r->rsp_at = end->pos;
        pd_match_mark_response_end(r, end);
        r->flags |= PD_REC_RSP_ENDED;
        settle(p, r);
        count++;
    }
    return count;
}

void pd_match_give_up(const struct pd_party *p, uint8_t asked_by, struct pd_keys keys, bool broken)
{
    struct walk w = walk_over(p, asked_by, keys);

    for (struct pd_rec *r = walk_on(&w); r; r = walk_on(&w)) {
        if (broken)
            r->flags |= PD_REC_BROKEN;
        settle(p, r);
    }
}

void pd_key_lost(const struct pd_party *p, uint8_t dir)
{
    struct pd_rec *r = p->match->current[dir];

    p->match->current[dir] = NULL;
    if (r)
        drop_incomplete(p, r);
    for (r = p->owner ? p->match->first : NULL; r; r = r->next) {
        bool answers = r->asked_by != dir; /* the side that lost bytes */
        uint16_t begun = answers ? PD_REC_RSP_BEGUN : 0,
                 ended = answers ? PD_REC_RSP_ENDED : PD_REC_REQ_ENDED;

        if ((r->flags & begun) == begun && !(r->flags & ended))
            r->flags |= PD_REC_BROKEN; /* in parts, of which some may be lost */
        else if (answers)
            r->flags |= PD_REC_MISSED; /* who knows what the lost bytes answered */
    }
}

void pd_match_unread(const struct pd_party *p, uint8_t dir)
{
    for (struct pd_rec *r = p->match->last; r; r = r->prev) {
        if (r->asked_by == dir)
            continue;
        if (r->flags & PD_REC_MISSED)
            return; /* and so have all before it */
        r->flags |= PD_REC_MISSED;
    }
}

void pd_match_report(struct pd_pairing *pairing, struct pd_rec *r)
{
    if (r->flags & (PD_REC_REPORTED | PD_REC_RSP_BEGUN))
        return;
    pd_match_emit(&pairing->store, r, pd_match_verdict(r));
    r->flags |= PD_REC_REPORTED;
}

void pd_key_timeout(const struct pd_party *p)
{
    for (struct pd_rec *r = p->match->first; r; r = r->next)
        pd_match_report(p->pairing, r);
}

void pd_key_close(const struct pd_party *p)
{
    while (p->owner && p->match->first) {
        struct pd_rec *r = p->match->first;
        take(p, r);
        pd_match_emit(&p->pairing->store, r, pd_match_verdict(r));
        pd_rec_free(r);
    }
}

bool pd_key_evict(struct pd_pairing *pairing)
{
    struct pd_rec *r = pairing->late_first ? pairing->late_first : pairing->first;

    if (!r)
        return false;
    take_datagram(pairing, r);
    pd_rec_free(r);
    return true;
}

void pd_pairing_expire(struct pd_pairing *pairing, uint64_t reported_before, uint64_t dropped_before)
{
    struct pd_rec *r;

    while ((r = pairing->first) && r->first_req <= reported_before) {
        pd_match_emit(&pairing->store, r, pd_match_verdict(r));
        detach(&pairing->first, &pairing->last, r);
        r->flags |= PD_REC_REPORTED;
        append(&pairing->late_first, &pairing->late_last, r);
    }
    while ((r = pairing->late_first) && r->first_req <= dropped_before) {
        take_datagram(pairing, r);
        pd_rec_free(r);
    }
}
