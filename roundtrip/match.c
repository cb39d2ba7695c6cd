/* match.c: what pairing by order and by key have in common: when a record is finished, what its status is,
 * and whether it may go out or has to wait for trust. */
#include "base/check.h"
#include "roundtrip/match_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 1024 };

int pd_pairing_init(struct pd_pairing *pairing, const struct pd_store_limits *limits, uint32_t expects,
                    uint32_t outstanding)
{
    uint32_t buckets = BUCKETS_FIRST;

    memset(pairing, 0, sizeof *pairing);
    while (buckets < limits->records && buckets < 1u << 20)
        buckets <<= 1;
    int error = pd_store_init(&pairing->store, limits);
    if (error)
        return error;
    error = pd_pool_init(&pairing->expects, sizeof(struct pd_expect), expects);
    pairing->bucket = calloc(buckets, sizeof *pairing->bucket);
    if (error || !pairing->bucket) {
        pd_pairing_free(pairing);
        return -ENOMEM;
    }
    pairing->mask = BUCKETS_FIRST - 1;
    pairing->mask_most = buckets - 1;
    pairing->outstanding = outstanding;
    return 0;
}

void pd_pairing_free(struct pd_pairing *pairing)
{
    pd_store_free(&pairing->store);
    pd_pool_free(&pairing->expects);
    free(pairing->bucket);
    pairing->bucket = NULL;
}

struct pd_rec *pd_match_open(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_store *store = &p->pairing->store;
    struct pd_rec *r = pd_rec_new(store, p->schema);

    if (!r && pd_key_evict(p->pairing)) {
        p->counters[PD_C_EVICTED]++;
        r = pd_rec_new(store, p->schema);
    }
    if (!r) {
        p->counters[PD_C_UNTRACKED]++;
        return NULL;
    }
    r->counters = p->counters;
    r->owner = p->owner;
    r->client = *p->client;
    r->server = *p->server;
    r->link = *p->link;
    r->transport = p->transport;
    r->asked_by = at->dir;
    r->first_req = at->ts;
    r->ordinal = at->ordinal;
    r->req_at = r->req_part = at->pos;
    r->req_ack = at->ack;
    r->has_req_ack = at->has_ack;
    return r;
}

void pd_match_emit(struct pd_store *store, struct pd_rec *r, enum pd_status status)
{
    static const uint8_t counter[PD_STATUS_COUNT] = {
        [PD_OK] = PD_C_OK,         [PD_ERROR] = PD_C_ERROR,           [PD_UNANSWERED] = PD_C_UNANSWERED,
        [PD_ONEWAY] = PD_C_ONEWAY, [PD_INCOMPLETE] = PD_C_INCOMPLETE,
    };

    uint64_t *counters = r->counters;

    r->status = (uint8_t)status;
    if (r->flags & PD_REC_SILENT) {
        counters[PD_C_PAIRED_BYTES] +=
            status == PD_OK || status == PD_ERROR ? r->req_bytes + r->rsp_bytes : 0;
        return;
    }
    if (r->flags & PD_REC_REPORTED) {
        if (!(r->flags & PD_REC_RSP_ENDED))
            return; /* the line for it was printed at the timeout, and nothing came since */
        r->flags |= PD_REC_LATE;
        counters[PD_C_LATE]++;
        counters[PD_C_PAIRED_BYTES] += status == PD_INCOMPLETE ? 0 : r->rsp_bytes;
    } else {
        counters[counter[status]]++;
        counters[PD_C_PAIRED_BYTES] += status == PD_INCOMPLETE ? 0 : r->req_bytes + r->rsp_bytes;
    }
    store->emit(store->arg, r);
}

enum pd_status pd_match_verdict(const struct pd_rec *r)
{
    struct pd_text error;

    if (r->flags & PD_REC_BROKEN)
        return PD_INCOMPLETE;
    if (r->flags & PD_REC_ONEWAY)
        return PD_ONEWAY;
    if (!(r->flags & PD_REC_RSP_BEGUN))
        return r->flags & (PD_REC_MISSED | PD_REC_UNSURE) ? PD_INCOMPLETE : PD_UNANSWERED;
    if (!(r->flags & PD_REC_RSP_ENDED))
        return PD_INCOMPLETE;
    memset(&error, 0, sizeof error);
    return r->schema->failed && r->schema->failed(r, &error) ? PD_ERROR : PD_OK;
}

static uint8_t unproven(uint8_t dir)
{
    return dir ? PD_HOLD_UNPROVEN_S : PD_HOLD_UNPROVEN_C;
}

void pd_match_settle(const struct pd_party *p, struct pd_rec *r)
{
    struct pd_match *m = p->match;
    /* What pairs with nothing waits only for the proof that it began where it seemed to. */
    uint8_t doubts = r->flags & PD_REC_ONEWAY ? unproven(r->asked_by) : UINT8_MAX;

    if (!(m->hold & doubts)) {
        pd_match_emit(&p->pairing->store, r, pd_match_verdict(r));
        pd_rec_free(r);
        return;
    }
    if (m->held_count == PD_HELD_MAX) {
        struct pd_rec *oldest = m->held;
        m->held = oldest->next;
        m->held_count--;
        p->counters[PD_C_EVICTED]++;
        pd_rec_free(oldest);
    }
    r->next = NULL;
    if (m->held_count++)
        m->held_last->next = r;
    else
        m->held = r;
    m->held_last = r;
}

PD_COLD static void empty_held(const struct pd_party *p, bool emit)
{
    struct pd_match *m = p->match;

    while (m->held_count) {
        struct pd_rec *r = m->held;
        m->held = r->next;
        m->held_count--;
        if (emit)
            pd_match_emit(&p->pairing->store, r, pd_match_verdict(r));
        else
            p->counters[PD_C_DISCARDED]++;
        pd_rec_free(r);
    }
    m->held = m->held_last = NULL;
}

void pd_match_release(const struct pd_party *p, uint8_t bits)
{
    if (!(p->match->hold & bits))
        return;
    p->match->hold &= (uint8_t)~bits;
    if (!p->match->hold)
        empty_held(p, true);
}

void pd_match_discard(const struct pd_party *p)
{
    empty_held(p, false);
}

bool pd_match_fits(const struct pd_party *p, const struct pd_rec *r, const struct pd_at *at)
{
    if (p->transport != PD_TCP || (r->flags & PD_REC_PROMISED))
        return true;
    if (at->has_ack && (int32_t)(at->ack - (uint32_t)r->req_at) <= 0)
        return false;
    return !r->has_req_ack || (int32_t)((uint32_t)at->pos - r->req_ack) >= 0;
}

void pd_match_mark_response(struct pd_rec *r, const struct pd_at *at)
{
    r->rsp_at = at->pos;
    if (r->flags & PD_REC_RSP_BEGUN)
        return; /* a further reply of several */
    r->flags |= PD_REC_RSP_BEGUN;
    r->first_rsp = at->ts;
    if (!at->ts)
        r->flags |= PD_REC_BROKEN;
}

void pd_match_mark_response_end(struct pd_rec *r, const struct pd_at *at)
{
    r->last_rsp = at->ts;
    r->rsp_bytes += at->pos - r->rsp_at;
    if (!at->ts)
        r->flags |= PD_REC_BROKEN;
}

void pd_match_mark_request_part(struct pd_rec *r, const struct pd_at *at)
{
    r->req_bytes += at->pos - r->req_part;
    r->req_part = at->pos;
}

void pd_match_mark_request_end(struct pd_rec *r, const struct pd_at *at, bool oneway)
{
    r->last_req = at->ts;
    pd_match_mark_request_part(r, at);
    r->flags |= PD_REC_REQ_ENDED | (oneway ? PD_REC_ONEWAY : 0);
    if (!at->ts)
        r->flags |= PD_REC_BROKEN;
}

struct pd_rec *pd_match_request(const struct pd_party *p, const struct pd_at *at, uint8_t kind, uint32_t owed,
                                uint64_t key, bool *alone)
{
    *alone = false;
    struct pd_rec *r = p->kind == PD_BY_KEY ? pd_key_request(p, at, at->dir, key)
                                            : pd_order_request(p, at, kind, owed, alone);
    return r ? r : pd_rec_nothing(&p->pairing->store, p->schema);
}

struct pd_rec *pd_match_promise(const struct pd_party *p, const struct pd_at *at, uint64_t key)
{
    struct pd_rec *r = pd_key_request(p, at, !at->dir, key);

    if (!r)
        return pd_rec_nothing(&p->pairing->store, p->schema);
    r->flags |= PD_REC_PROMISED;
    return r;
}

void pd_match_expect(const struct pd_party *p, const struct pd_at *at, uint8_t kind, uint32_t owed)
{
    bool alone;
    struct pd_match *m = p->match;
    struct pd_rec *r = pd_order_request(p, at, kind, owed, &alone);

    if (r) { /* its place in the order stays, nobody keeps the record */
        m->tail->rec = NULL;
        m->current[at->dir] = NULL;
        pd_rec_free(r);
    }
}

struct pd_rec *pd_match_oneway(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_rec *r = pd_match_open(p, at);

    p->match->current[at->dir] = r;
    if (!r)
        return pd_rec_nothing(&p->pairing->store, p->schema);
    r->flags |= PD_REC_ONEWAY;
    return r;
}

void pd_match_request_end(const struct pd_party *p, const struct pd_at *at, bool oneway)
{
    struct pd_rec *r = p->match->current[at->dir];

    if (r && (r->flags & PD_REC_ONEWAY)) {
        p->match->current[at->dir] = NULL;
        pd_match_mark_request_end(r, at, true);
        pd_match_settle(p, r);
    } else if (p->kind == PD_BY_KEY) {
        pd_key_request_end(p, at, oneway);
    } else {
        pd_order_request_end(p, at, oneway);
    }
}

void pd_match_request_pause(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_rec *r = p->match->current[at->dir];

    p->match->current[at->dir] = NULL;
    if (r)
        pd_match_mark_request_part(r, at);
}

struct pd_rec *pd_match_request_resume(const struct pd_party *p, const struct pd_at *at, uint64_t key)
{
    struct pd_rec *r = p->kind == PD_BY_KEY ? pd_match_find(p, at->dir, key) : pd_order_resume(p, at);

    if (p->kind == PD_BY_KEY && r && (r->flags & PD_REC_REQ_ENDED))
        r = NULL;
    p->match->current[at->dir] = r;
    if (!r)
        return pd_rec_nothing(&p->pairing->store, p->schema);
    r->req_part = at->pos;
    return r;
}

void pd_match_response_pause(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_rec *r = p->match->current[at->dir];

    PD_ASSERT(p->kind == PD_BY_KEY);
    p->match->current[at->dir] = NULL;
    if (r)
        r->rsp_bytes += at->pos - r->rsp_at;
}

struct pd_rec *pd_match_response(const struct pd_party *p, const struct pd_at *at, uint64_t key)
{
    struct pd_rec *r = p->kind == PD_BY_KEY ? pd_key_response(p, at, key) : pd_order_response(p, at);

    p->match->current[at->dir] = r;
    return r ? r : pd_rec_nothing(&p->pairing->store, p->schema);
}

void pd_match_response_end(const struct pd_party *p, const struct pd_at *at)
{
    if (p->kind == PD_BY_KEY)
        pd_key_response_end(p, at);
    else
        pd_order_response_end(p, at);
}

void pd_match_response_cancel(const struct pd_party *p, const struct pd_at *at)
{
    struct pd_rec *r = p->match->current[at->dir];

    p->match->current[at->dir] = NULL;
    p->match->answering = p->match->counting = false;
    if (!r)
        return;
    r->rsp_bytes += at->pos - r->rsp_at;
    r->flags &= (uint16_t)~PD_REC_RSP_BEGUN;
    r->first_rsp = 0;
    pd_rec_clear_side(r, PD_RESPONSE);
}

void pd_match_broken(const struct pd_party *p, uint8_t dir)
{
    if (p->match->current[dir])
        p->match->current[dir]->flags |= PD_REC_BROKEN;
}

/* A oneway message that lost its end goes out as incomplete. */
PD_COLD static void drop_oneway(const struct pd_party *p, uint8_t dir)
{
    struct pd_rec *r = p->match->current[dir];

    if (!r || !(r->flags & PD_REC_ONEWAY))
        return;
    p->match->current[dir] = NULL;
    r->flags |= PD_REC_BROKEN;
    pd_match_emit(&p->pairing->store, r, PD_INCOMPLETE);
    pd_rec_free(r);
}

void pd_match_lost(const struct pd_party *p, uint8_t dir)
{
    struct pd_match *m = p->match;

    drop_oneway(p, dir);
    if (p->kind == PD_BY_KEY) {
        pd_key_lost(p, dir);
        if (m->hold & unproven(dir))
            pd_match_discard(p); /* the guess was never confirmed */
        m->hold &= (uint8_t)~unproven(dir);
        return;
    }
    pd_order_lost(p, dir);
    m->hold &= (uint8_t)~unproven(dir);
}

void pd_match_proven(const struct pd_party *p, uint8_t dir)
{
    pd_match_release(p, unproven(dir));
}

void pd_match_detach(const struct pd_party *p, struct pd_rec *r)
{
    if (p->kind == PD_BY_KEY)
        pd_key_detach(p, r);
    else
        pd_order_detach(p, r);
    r->flags &= (uint16_t)~PD_REC_RSP_BEGUN;
    r->first_rsp = 0;
}

void pd_match_adopt(const struct pd_party *p, struct pd_rec *r, uint64_t key)
{
    PD_ASSERT(p->kind == PD_BY_KEY);
    pd_key_adopt(p, r, key);
}

void pd_match_timeout(const struct pd_party *p)
{
    if (p->kind == PD_BY_KEY)
        pd_key_timeout(p);
    else
        pd_order_timeout(p);
}

void pd_match_cut(const struct pd_party *p, uint8_t dir, uint64_t pos)
{
    const struct pd_rec *r = p->match->current[dir];

    if (r && r->asked_by == dir && !(r->flags & (PD_REC_REQ_ENDED | PD_REC_ONEWAY | PD_REC_SILENT)) &&
        pd_match_verdict(r) != PD_INCOMPLETE)
        r->counters[PD_C_PAIRED_BYTES] += pos - r->req_part;
}

void pd_match_close(const struct pd_party *p)
{
    p->match->hold = 0;
    empty_held(p, true);
    drop_oneway(p, 0);
    drop_oneway(p, 1);
    if (p->kind == PD_BY_KEY)
        pd_key_close(p);
    else
        pd_order_close(p);
    p->match->current[0] = p->match->current[1] = NULL;
}
