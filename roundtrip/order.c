/* order.c: pairing by order: the next response answers the oldest request. True only while no byte is lost;
 * so a loss empties the queue, and a request is let in again when nothing else can be outstanding: the
 * protocol allows one at a time, or this connection never had two, or both sides were silent after the server
 * had spoken. */
#include "base/check.h"
#include "base/inline.h"
#include "roundtrip/match_internal.h"
#include <stddef.h>

enum { SILENCE_NS = 5000000, SHORT_SILENCE_NS = 200000 }; /* shorter pauses say nothing */

static void pop(const struct pd_party *p)
{
    struct pd_match *m = p->match;
    struct pd_expect *e = m->head;

    m->head = e->next;
    if (!m->head)
        m->tail = NULL;
    m->count--;
    pd_pool_put(&p->pairing->expects, e);
}

/* Finished and unwanted expectations leave when they are the oldest. */
PD_INLINE void purge(const struct pd_party *p)
{
    struct pd_match *m = p->match;

    while (m->head && m->head->owed == 0 && !m->head->answered && !(m->asking && m->head == m->tail)) {
        PD_ASSERT(!m->head->rec);
        pop(p);
    }
}

static bool outstanding(const struct pd_match *m)
{
    return m->count || m->beyond;
}

static bool alone_by_nature(const struct pd_party *p)
{
    return (p->flags & PD_HALF_DUPLEX) && !p->match->overlapped;
}

/* While quarantined: who speaks when. Two of a kind in a row break the turns. */
PD_COLD static void watch_request(struct pd_match *m, const struct pd_at *at)
{
    if (m->watch_asked)
        m->turns = 0;
    m->watch_asked = true;
    m->watch_us = (uint32_t)(at->ts / 1000);
}

PD_COLD static void watch_response(struct pd_match *m, const struct pd_at *at)
{
    uint32_t waited = (uint32_t)(at->ts / 1000) - m->watch_us;

    if (!m->watch_asked) {
        m->turns = 0;
        return;
    }
    m->watch_asked = false;
    if (m->turns < PD_SOLO_TRUST)
        m->turns++;
    if (waited > m->longest_wait_us)
        m->longest_wait_us = waited;
}

/* Both sides were silent after the server had spoken, for much longer than it ever takes to answer: were
 * anything outstanding, it would have been answered. When they have taken turns for a while, what "ever"
 * means is known well enough for a short silence. */
static bool quiet_before(const struct pd_match *m, const struct pd_at *at)
{
    uint64_t least = m->quarantined && m->turns >= PD_SOLO_TRUST ? SHORT_SILENCE_NS : SILENCE_NS;

    return at->silence > least && at->silence / 4000 > m->longest_wait_us;
}

/* Quarantined: may the order be trusted again from this request on? */
PD_COLD static bool reopened(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;
    bool solo = m->solo >= PD_SOLO_TRUST && !m->overlapped;

    if (!alone_by_nature(p) && !solo && !quiet_before(m, at)) {
        p->counters[PD_C_QUARANTINED]++;
        watch_request(m, at);
        return false;
    }
    m->quarantined = false;
    if (!alone_by_nature(p))
        m->hold |= PD_HOLD_REOPEN;
    return true;
}

/* May this request's response be told from others? */
static bool admit(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;

    if (m->quarantined) {
        if (!reopened(p, at))
            return false;
    } else if ((m->hold & PD_HOLD_JOIN) && (quiet_before(m, at) || (m->asked && !outstanding(m)))) {
        pd_match_release(p, PD_HOLD_JOIN);
    }
    m->asked = true;
    return true;
}

struct pd_rec *pd_order_request(const struct pd_party *p, const struct pd_at *at, uint8_t kind, uint32_t owed,
                                bool *alone)
{
    struct pd_match *m = p->match;
    struct pd_expect *e = NULL;

    *alone = false;
    purge(p);
    m->current[at->dir] = NULL;
    m->asking = false;
    if (!admit(p, at))
        return NULL;
    if (outstanding(m))
        m->overlapped = true;
    else
        *alone = !(m->hold & PD_HOLD_JOIN);
    if (!m->beyond && m->count < p->pairing->outstanding)
        e = pd_pool_get(&p->pairing->expects);
    if (!e) { /* its replies still count in the order */
        m->beyond += owed;
        p->counters[PD_C_UNTRACKED]++;
        return NULL;
    }
    struct pd_rec *r = pd_match_open(p, at);
    if (!r && owed == PD_KEPT_OR_NOTHING) {
        pd_pool_put(&p->pairing->expects, e);
        return NULL;
    }
    *e = (struct pd_expect){.rec = r, .owed = r && owed == PD_KEPT_OR_NOTHING ? 1 : owed, .kind = kind};
    if (m->tail)
        m->tail->next = e;
    else
        m->head = e;
    m->tail = e;
    m->count++;
    m->asking = true;
    return m->current[at->dir] = r;
}

struct pd_rec *pd_order_resume(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;
    struct pd_rec *r = m->tail ? m->tail->rec : NULL;

    if (!r || r->asked_by != at->dir)
        return NULL;
    m->asking = true;
    r->flags &= (uint16_t)~PD_REC_REQ_ENDED;
    return r;
}

/* The head has all its replies and its request has ended, or will never be seen to. */
static void finish_head(const struct pd_party *p)
{
    struct pd_match *m = p->match;
    struct pd_rec *r = m->head->rec;

    if (m->asking && m->head == m->tail)
        m->asking = false;
    pop(p);
    if (m->solo < PD_SOLO_TRUST && !m->overlapped)
        m->solo++;
    if (r) {
        if (m->current[r->asked_by] == r)
            m->current[r->asked_by] = NULL;
        pd_match_settle(p, r);
    }
    purge(p);
    if (!outstanding(m))
        pd_match_release(p, PD_HOLD_REOPEN);
}

void pd_order_request_end(const struct pd_party *p, const struct pd_at *at, bool oneway)
{
    struct pd_match *m = p->match;
    struct pd_rec *r = m->current[at->dir];
    struct pd_expect *e = m->asking ? m->tail : NULL;

    m->current[at->dir] = NULL;
    m->asking = false;
    if (r)
        pd_match_mark_request_end(r, at, oneway);
    if (!e)
        return;
    if (e->answered) {
        PD_ASSERT(e == m->head);
        finish_head(p);
    } else if (oneway) {
        e->owed = 0;
        e->rec = NULL;
        if (r)
            pd_match_settle(p, r);
        purge(p);
    }
}

/* Empties the queue; each record goes out with the verdict it has earned by now. */
static void empty(const struct pd_party *p)
{
    struct pd_match *m = p->match;

    while (m->head) {
        struct pd_rec *r = m->head->rec;
        pop(p);
        if (r) {
            pd_match_emit(&p->pairing->store, r, pd_match_verdict(r));
            pd_rec_free(r);
        }
    }
    m->beyond = 0;
    m->asking = m->answering = m->counting = false;
    m->current[0] = m->current[1] = NULL;
}

PD_COLD static void flush(const struct pd_party *p)
{
    for (struct pd_expect *e = p->match->head; e; e = e->next)
        if (e->rec)
            e->rec->flags |= PD_REC_BROKEN;
    empty(p);
}

/* The order is not to be trusted. */
PD_COLD static void quarantine(const struct pd_party *p)
{
    struct pd_match *m = p->match;

    pd_match_discard(p);
    flush(p);
    m->hold &= (uint8_t) ~(PD_HOLD_JOIN | PD_HOLD_REOPEN);
    m->quarantined = true;
    m->turns = 0;
    m->watch_asked = false;
}

void pd_order_lost(const struct pd_party *p, uint8_t dir)
{
    struct pd_match *m = p->match;
    bool join = m->hold & PD_HOLD_JOIN;
    /* Every request was seen and at most one awaited its response: that one is what was lost, and whatever is
     * asked next is alone. So only what the guess at the next boundary may get wrong has to wait. */
    bool counted = dir != 0 && !m->quarantined && m->count <= 1 && !m->beyond && !(join && m->held_count);

    if (!counted) {
        quarantine(p);
        return;
    }
    pd_match_discard(p);
    flush(p);
    if (join)
        m->asked = false; /* that nothing is outstanding now is no evidence */
    else
        m->hold |= PD_HOLD_REOPEN;
}

PD_COLD static void orphan(const struct pd_party *p)
{
    struct pd_match *m = p->match;

    p->counters[PD_C_ORPHAN]++;
    if (!(m->hold & (PD_HOLD_JOIN | PD_HOLD_REOPEN)) || !m->asked)
        return;
    /* An older request was outstanding after all: every pair since may be shifted. */
    quarantine(p);
    m->overlapped = true;
}

struct pd_rec *pd_order_response(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;

    m->answering = m->counting = false;
    if (m->quarantined) {
        watch_response(m, at);
        return NULL;
    }
    purge(p);
    if (m->head && m->head->answered)
        finish_head(p); /* the next answer shows that its request's end was missed */
    if (!m->head && m->beyond) {
        m->counting = true;
        return NULL;
    }
    if (!m->head || (m->head->rec && !pd_match_fits(p, m->head->rec, at))) {
        orphan(p);
        return NULL;
    }
    m->answering = true;
    if (m->head->rec)
        pd_match_mark_response(m->head->rec, at);
    return m->head->rec;
}

static void note_wait(struct pd_match *m, const struct pd_rec *r)
{
    if (r->last_req && r->first_rsp > r->last_req) {
        uint64_t us = (r->first_rsp - r->last_req) / 1000;
        if (us > m->longest_wait_us)
            m->longest_wait_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    }
}

void pd_order_response_end(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;
    struct pd_rec *r = m->current[at->dir];

    m->current[at->dir] = NULL;
    if (m->counting) {
        m->counting = false;
        m->beyond--;
        return;
    }
    if (!m->answering)
        return;
    m->answering = false;
    PD_ASSERT(m->head && m->head->rec == r);
    if (r)
        pd_match_mark_response_end(r, at);
    if (m->head->owed > 1) {
        m->head->owed--;
        return;
    }
    m->head->owed = 0;
    m->head->answered = true;
    if (r) {
        r->flags |= PD_REC_RSP_ENDED;
        note_wait(m, r);
    }
    if (!(m->asking && m->head == m->tail))
        finish_head(p);
}

void pd_match_response_oneway(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_match *m = p->match;
    struct pd_rec *r = m->current[at->dir];

    if (!m->answering || !r)
        return;
    pd_match_mark_response_end(r, at);
    r->flags |= PD_REC_ONEWAY | PD_REC_RSP_ENDED;
    m->current[at->dir] = m->head->rec = NULL;
    if (m->current[r->asked_by] == r)
        m->current[r->asked_by] = NULL;
    pd_match_settle(p, r);
}

void pd_match_over(const struct pd_party *p)
{
    struct pd_match *m = p->match;

    purge(p);
    if (m->quarantined || m->answering || !m->head)
        return;
    if (m->head->rec)
        m->head->rec->flags |= PD_REC_RSP_BEGUN | PD_REC_RSP_ENDED;
    m->head->owed = 0;
    m->head->answered = true;
    if (!(m->asking && m->head == m->tail))
        finish_head(p);
}

void pd_match_mismatch(const struct pd_party *p)
{
    p->counters[PD_C_ORPHAN]++;
    quarantine(p);
    p->match->overlapped = true;
}

struct pd_expect *pd_match_next(const struct pd_match *m)
{
    struct pd_expect *e = m->quarantined ? NULL : m->head;

    while (e && e->owed == 0)
        e = e->next;
    return e;
}

void pd_order_close(const struct pd_party *p)
{
    empty(p);
}

void pd_order_detach(const struct pd_party *p, struct pd_rec *r)
{
    struct pd_match *m = p->match;

    for (struct pd_expect *e = m->head; e; e = e->next) {
        if (e->rec != r)
            continue;
        e->rec = NULL;
        e->owed = 0;
        e->answered = false;
    }
    m->current[0] = m->current[1] = NULL;
    m->answering = m->asking = false;
    purge(p);
}

void pd_order_timeout(const struct pd_party *p)
{
    for (struct pd_expect *e = p->match->head; e; e = e->next) {
        struct pd_rec *r = e->rec;
        if (!r || (r->flags & (PD_REC_REPORTED | PD_REC_RSP_BEGUN | PD_REC_SILENT)))
            continue;
        pd_match_emit(&p->pairing->store, r, pd_match_verdict(r));
        r->flags |= PD_REC_REPORTED;
    }
}
