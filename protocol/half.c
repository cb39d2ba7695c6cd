/* half.c: one direction of a connection from its bytes and gaps: keeps, loses and finds again the message
 * boundary. What a gap does is decided here by the first rule that fits, so that no protocol has to. */
#include "protocol/conn.h"

void pd_half_drop(struct pd_conn *c, struct pd_half *h)
{
    if (h->want == PD_W_MESSAGE && h->buffer)
        pd_give_back(c, h->buffer, h->size);
    h->want = PD_W_NONE;
    h->carried = 0;
    h->open = h->deferred = false;
    h->frame = PD_UNFRAMED;
}

PD_COLD static void lose(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    const struct pd_party *p = pd_party_of(c);

    pd_half_drop(c, h);
    h->lost = true;
    h->joined = h->unproven = h->guessed = h->holed = false;
    p->counters[PD_C_LOST]++;
    pd_match_lost(p, h->dir);
    if (c->proto->lost)
        c->proto->lost(c, h, why, n);
}

/* Bytes of a direction without boundary, or behind one that is only guessed: what they answered is not known.
 * By order nothing outstanding may wait for what comes next; by key what nobody answers later was perhaps
 * answered here. */
PD_COLD static void pass_unread(struct pd_conn *c, struct pd_half *h)
{
    const struct pd_party *p = pd_party_of(c);

    if (p->kind == PD_BY_KEY) {
        pd_match_unread(p, h->dir);
        return;
    }
    if (h->unproven || h->dir != PD_S2C || !p->match->count)
        return;
    pd_match_lost(p, h->dir);
    if (c->proto->lost)
        c->proto->lost(c, h, PD_BOUNDARY, 0);
}

static void count_reason(struct pd_conn *c, const char *why)
{
    struct pd_reason *reason = c->worker->tally.reason;

    for (int i = 0; i < PD_REASONS; i++) {
        if (!reason[i].why)
            reason[i] = (struct pd_reason){.why = why, .proto = c->index};
        if (reason[i].why == why && reason[i].proto == c->index) {
            reason[i].count++;
            return;
        }
    }
}

void pd_bad(struct pd_conn *c, struct pd_half *h, const char *why)
{
    pd_conn_counters(c)[PD_C_BAD]++;
    count_reason(c, why);
    lose(c, h, PD_WAS_BAD, 0);
}

void pd_opaque(struct pd_conn *c, const char *reason)
{
    const struct pd_party *p = pd_party_of(c);

    pd_conn_counters(c)[PD_C_OPAQUE]++;
    count_reason(c, reason);
    for (int dir = 0; dir < 2; dir++) {
        pd_half_drop(c, &c->half[dir]);
        c->half[dir].opaque = true;
        c->half[dir].lost = false;
    }
    pd_match_close(p);
    pd_conn_forget(c);
}

/* n payload bytes that were counted for protos[index] are the present protocol's. */
PD_COLD static void recount(struct pd_conn *c, unsigned index, uint64_t n)
{
    c->worker->tally.proto[index][PD_C_BYTES] -= n;
    pd_conn_counters(c)[PD_C_BYTES] += n;
}

static void move(struct pd_conn *c, unsigned from, struct pd_rec *r, uint64_t key)
{
    const struct pd_party *p = pd_party_of(c);

    recount(c, from, r->req_bytes + r->rsp_bytes);
    r = pd_rec_recast(r, p->schema, p->counters);
    if (r)
        pd_match_adopt(p, r, key);
}

struct pd_conn *pd_switch(struct pd_conn *c, const char *proto, struct pd_rec *open, uint64_t key)
{
    int index = pd_setup_find(c->worker->setup, proto);
    const struct pd_party *old = pd_party_of(c);
    unsigned from = c->index;

    if (index < 0) {
        pd_opaque(c, "switched to a protocol that is not read");
        return NULL;
    }
    struct pd_rec *moved = open && !pd_rec_is_void(open) ? open : NULL;
    /* The answer that agrees to the turn is not its record's. */
    if (moved && (moved->flags & PD_REC_RSP_BEGUN))
        pd_understood(c, c->half[!moved->asked_by].pos - moved->rsp_at);
    if (moved)
        pd_match_detach(old, moved);
    pd_match_close(old);
    memset(&c->match, 0, sizeof c->match);
    pd_conn_forget(c);
    for (int dir = 0; dir < 2; dir++)
        c->worker->turned_at[dir] = c->half[dir].pos;
    if (!pd_conn_speak(c, (unsigned)index)) {
        c->half[0].opaque = c->half[1].opaque = true;
        pd_rec_free(moved);
        return NULL;
    }
    if (moved)
        move(c, from, moved, key);
    for (int dir = 0; dir < 2; dir++)
        pd_half_start(c, &c->half[dir]);
    return c;
}

void pd_half_start(struct pd_conn *c, struct pd_half *h)
{
    pd_half_drop(c, h);
    h->lost = h->joined = h->holed = h->gap_last = h->unproven = h->guessed = false;
    c->proto->start(c, h);
}

/* Only sync() may look at a lost half's bytes, and only at the start of a segment, where writers put message
 * starts. */
PD_COLD static bool resync(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    const struct pd_setup *setup = c->worker->setup;
    uint8_t confidence = 0;
    struct pd_look look = {.dir = h->dir,
                           .purpose = h->joined ? PD_JOIN : PD_RECOVER,
                           .transport = PD_TCP,
                           .port = c->server.port,
                           .known = pd_detect_known(setup, PD_TCP, &c->server, (uint16_t)(1u << c->index))};
    int at = in->len ? c->proto->sync(*in, &look, &confidence) : PD_NO;

    if (at < 0)
        return false;
    PD_ASSERT((uint32_t)at < in->len);
    h->pos += (uint32_t)at;
    in->p += at;
    in->len -= (uint32_t)at;
    pd_half_start(c, h);
    h->unproven = true;
    c->match.hold |= h->dir ? PD_HOLD_UNPROVEN_S : PD_HOLD_UNPROVEN_C;
    pd_conn_counters(c)[PD_C_RESYNCS]++;
    return true;
}

/* Bytes of a half that is lost or opaque. True when a boundary is found in them, from which on they are to be
 * read. */
PD_COLD static bool regained(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    uint32_t n = in->len;

    if (!h->opaque && resync(c, h, in)) {
        pd_conn_counters(c)[PD_C_BYTES] += n - in->len;
        return true;
    }
    if (!h->opaque) {
        pd_conn_counters(c)[PD_C_BYTES] += n;
        pass_unread(c, h);
    }
    h->pos += n;
    h->gap_last = false;
    return false;
}

/* The bytes up to `end` were not read to the end, or not for certain. */
PD_COLD static void settle_feed(struct pd_conn *c, struct pd_half *h, uint64_t end)
{
    if (h->unproven)
        pass_unread(c, h);
    if (h->opaque) /* the rest counts as little as what comes next */
        pd_conn_counters(c)[PD_C_BYTES] -= end - h->pos;
    if (h->lost || h->opaque)
        h->gap_last = false;
}

void pd_half_feed(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint8_t index = c->index;

    if ((h->lost || h->opaque) && !regained(c, h, &in))
        return;
    uint64_t end = h->pos + in.len;
    pd_conn_counters(c)[PD_C_BYTES] += in.len;
    if (!(h->open || h->deferred))
        pd_half_mark(c, h);
    pd_half_drive(c, h, &in);
    if (c->index != index)
        recount(c, index, end - c->worker->turned_at[h->dir]);
    if (h->unproven || h->lost || h->opaque)
        settle_feed(c, h, end);
    h->pos = end;
}

void pd_half_fin(struct pd_conn *c, struct pd_half *h)
{
    if (!c->proto || !c->proto->fin || h->opaque)
        return;
    if (!h->lost && !h->gap_last)
        c->proto->fin(c, h);
    else if (pd_party_of(c)->kind == PD_BY_KEY)
        pd_match_unread(pd_party_of(c), h->dir); /* what this end may have answered is not known */
}

/* The gap passes without harm to the boundary. */
static void pass(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    struct pd_slice none = {(const uint8_t *)"", 0};

    h->pos += n;
    h->gap_last = true;
    if (h->left != PD_ENDLESS)
        h->left -= n;
    if (h->frame != PD_UNFRAMED)
        h->frame -= n;
    pd_conn_counters(c)[PD_C_ABSORBED]++;
    pd_half_drive(c, h, &none);
}

/* The protocol's parser goes over the hole with zeros in place of what is missing. */
static void feed_zeros(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    static const uint8_t zeros[4096];
    uint64_t end = h->pos + n;

    pd_conn_counters(c)[PD_C_ABSORBED]++;
    while (h->pos < end && !h->lost && !h->opaque) {
        uint64_t left = end - h->pos;
        struct pd_slice in = {zeros, left < sizeof zeros ? (uint32_t)left : (uint32_t)sizeof zeros};
        pd_half_drive(c, h, &in);
    }
    h->pos = end;
    h->gap_last = true;
}

/* The gap lies within a message whose end is known. */
static bool frame_gap(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    const struct pd_party *p = pd_party_of(c);
    enum pd_verdict verdict = c->proto->lost ? c->proto->lost(c, h, PD_FRAME_GAP, n) : PD_INCOMPLETE_MESSAGE;
    uint64_t frame = h->frame;
    uint16_t end = h->frame_end;

    if (verdict == PD_LOST)
        return false;
    if (verdict == PD_INCOMPLETE_MESSAGE)
        pd_match_broken(p, h->dir);
    pd_half_drop(c, h);
    h->frame = frame;
    h->frame_end = end;
    h->holed = verdict == PD_INCOMPLETE_MESSAGE;
    pd_frame_rest(h);
    pass(c, h, n);
    return true;
}

static bool absorbed(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    const struct pd_party *p = pd_party_of(c);
    bool fits = h->left >= n;

    switch ((enum pd_want)h->want) {
    case PD_W_SKIP:
        if (fits)
            pass(c, h, n);
        return fits;
    case PD_W_CAPTURE:
        if (!fits)
            return false;
        pd_match_broken(p, h->dir);
        if (h->text && p->match->current[h->dir]) {
            h->text->holed = true;
            if (__builtin_add_overflow(h->text->full, n, &h->text->full))
                h->text->full = UINT32_MAX;
        }
        pass(c, h, n);
        return true;
    case PD_W_MESSAGE:
        if (!fits)
            return false;
        h->holed = h->open = true;
        pass(c, h, n);
        return true;
    case PD_W_FEED:
        if (!fits || !c->proto->lost || c->proto->lost(c, h, PD_FEED_GAP, n) != PD_GO_ON)
            return false;
        feed_zeros(c, h, n);
        return true;
    default:
        return false;
    }
}

void pd_half_gap(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    uint64_t end = h->pos + n;

    c->gap_since = true;
    h->gap_last = true;
    if (c->proto && !h->opaque) {
        uint64_t *counters = pd_conn_counters(c);
        counters[PD_C_BYTES] += n;
        counters[PD_C_GAP_BYTES] += n;
        counters[PD_C_GAPS]++;
        if (h->lost)
            pass_unread(c, h);
        else if (!absorbed(c, h, n) && !h->lost &&
                 !(h->frame != PD_UNFRAMED && h->frame >= n && frame_gap(c, h, n)))
            lose(c, h, PD_BOUNDARY, n);
    }
    h->pos = end;
}
