/* pairing.c: the pairing calls of machine.h: where the current message begins or ends, told to the matcher.
 */
#include "protocol/conn.h"

void pd_party_init(struct pd_worker *w, unsigned index)
{
    const struct pd_proto *proto = w->setup->protos[index];

    w->party[index] = (struct pd_party){.pairing = &w->pairing,
                                        .schema = proto->schema,
                                        .counters = w->tally.proto[index],
                                        .kind = proto->match,
                                        .room = proto->outstanding,
                                        .flags = proto->flags};
}

const struct pd_party *pd_party_turn(struct pd_conn *c)
{
    struct pd_party *p = &c->worker->party[c->index];

    p->match = &c->match;
    p->owner = c->udp ? NULL : c;
    p->client = &c->client;
    p->server = &c->server;
    p->link = &c->link;
    p->ends_hash = &c->hash;
    p->transport = c->udp ? PD_UDP : PD_TCP;
    return p;
}

static uint64_t token_pos(const struct pd_conn *c, const struct pd_half *h)
{
    return h->pos - c->worker->token_length;
}

/* The first byte of the current token, or of an earlier one that was put off. Only a packet's first byte
 * follows the silence before it. Inlined, as message_begins(): else so large a struct is written twice. */
__attribute__((always_inline)) static inline struct pd_at begins(const struct pd_conn *c,
                                                                 const struct pd_half *h)
{
    const struct pd_packet *packet = c->worker->packet;
    uint64_t pos = token_pos(c, h);
    if (h->deferred)
        pos -= (uint16_t)(pos - h->begin);
    bool first = packet && (uint32_t)pos == packet->seq;

    return (struct pd_at){.ts = h->token_ts,
                          .ordinal = h->token_ordinal,
                          .pos = pos,
                          .silence = first ? c->worker->silence : 0,
                          .ack = h->token_ack,
                          .has_ack = h->has_ack,
                          .dir = h->dir};
}

/* One past the last byte that was used. */
static struct pd_at ends(const struct pd_conn *c, const struct pd_half *h)
{
    return (struct pd_at){
        .ts = h->gap_last ? 0 : c->worker->now, .ordinal = c->worker->ordinal, .pos = h->pos, .dir = h->dir};
}

void pd_settle(struct pd_conn *c, struct pd_half *h)
{
    struct pd_half *other = c->half + !h->dir;

    if (other->unseen && !(c->driving & (1u << other->dir)))
        pd_flow_settle(c, other);
}

/* Another message begins behind a boundary that was found by sync(): the second proves it. */
PD_COLD static void confirm(struct pd_conn *c, struct pd_half *h)
{
    if (!h->guessed) {
        h->guessed = true;
        return;
    }
    h->unproven = h->guessed = false;
    pd_match_proven(pd_party_of(c), h->dir);
}

void pd_passing(struct pd_conn *c, struct pd_half *h)
{
    if (h->unproven)
        confirm(c, h);
}

/* A message begins: what came before it is confirmed, and what the other side is known to have sent must have
 * passed before anything is paired with it. */
__attribute__((always_inline)) static inline struct pd_at message_begins(struct pd_conn *c, struct pd_half *h)
{
    bool depends = h->dir == PD_C2S || c->match.count || c->match.beyond;

    pd_passing(c, h);
    if (depends)
        pd_settle(c, h);
    struct pd_at at = begins(c, h);
    if (h->deferred) {
        h->deferred = false;
        pd_half_mark(c, h);
    }
    return at;
}

static void mark_holed(const struct pd_party *p, const struct pd_half *h)
{
    if (h->holed)
        pd_match_broken(p, h->dir);
}

static struct pd_rec *request(struct pd_conn *c, struct pd_half *h, uint8_t kind, uint32_t owed, uint64_t key)
{
    struct pd_half *other = c->half + !h->dir;
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);
    bool alone;

    struct pd_rec *r = pd_match_request(p, &at, kind, owed, key, &alone);
    mark_holed(p, h);
    /* The turn rule: nothing is outstanding, so the server's next byte starts a message. */
    if (alone && other->lost && at.has_ack && !(c->driving & (1u << other->dir)) &&
        (!other->seen || (uint32_t)other->pos == at.ack)) {
        if (!other->seen)
            other->pos = PD_POS(at.ack);
        other->seen = true;
        pd_half_start(c, other);
        p->counters[PD_C_TURNS]++;
    }
    return r;
}

const void *pd_become_child(struct pd_conn *c, struct pd_rec *r, int child)
{
    const struct pd_proto *proto = c->worker->setup->protos[child];

    PD_ASSERT(proto->schema->rec_size == r->schema->rec_size);
    r->schema = proto->schema;
    r->flags &= (uint16_t)~PD_REC_SILENT;
    r->counters = c->worker->tally.proto[child];
    return proto->face;
}

struct pd_rec *pd_request_promised(struct pd_conn *c, struct pd_half *h, uint64_t key)
{
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);
    struct pd_rec *r = pd_match_promise(p, &at, key);

    mark_holed(p, h);
    return r;
}

struct pd_rec *pd_request(struct pd_conn *c, struct pd_half *h)
{
    return request(c, h, 0, 1, 0);
}

struct pd_rec *pd_request_owed(struct pd_conn *c, struct pd_half *h, uint8_t kind, uint32_t owed)
{
    return request(c, h, kind, owed, 0);
}

struct pd_rec *pd_request_key(struct pd_conn *c, struct pd_half *h, uint64_t key)
{
    return request(c, h, 0, 1, key);
}

void pd_expect(struct pd_conn *c, struct pd_half *h, uint8_t kind, uint32_t owed)
{
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);

    pd_match_expect(p, &at, kind, owed);
}

/* For both: so the matcher's part has one caller, and is inlined. */
static void request_ends(struct pd_conn *c, struct pd_half *h, bool oneway)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    mark_holed(p, h);
    pd_match_request_end(p, &at, oneway);
}

void pd_request_end(struct pd_conn *c, struct pd_half *h)
{
    request_ends(c, h, false);
}

void pd_request_pause(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    mark_holed(p, h);
    pd_match_request_pause(p, &at);
}

struct pd_rec *pd_request_resume(struct pd_conn *c, struct pd_half *h, uint64_t key)
{
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);
    struct pd_rec *r = pd_match_request_resume(p, &at, key);

    mark_holed(p, h);
    return r;
}

void pd_response_pause(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    mark_holed(p, h);
    pd_match_response_pause(p, &at);
}

struct pd_rec *pd_oneway(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);
    struct pd_rec *r = pd_match_oneway(p, &at);

    mark_holed(p, h);
    return r;
}

void pd_oneway_end(struct pd_conn *c, struct pd_half *h)
{
    request_ends(c, h, true);
}

struct pd_rec *pd_response_key(struct pd_conn *c, struct pd_half *h, uint64_t key)
{
    struct pd_at at = message_begins(c, h);
    const struct pd_party *p = pd_party_of(c);
    struct pd_rec *r = pd_match_response(p, &at, key);

    mark_holed(p, h);
    return r;
}

struct pd_rec *pd_response_known(struct pd_conn *c, struct pd_half *h, uint64_t key)
{
    if (pd_match_find(pd_party_of(c), !h->dir, key))
        return pd_response_key(c, h, key);
    pd_passing(c, h);
    return pd_rec_nothing(&c->worker->pairing.store, c->proto->schema);
}

struct pd_rec *pd_response(struct pd_conn *c, struct pd_half *h)
{
    return pd_response_key(c, h, 0);
}

void pd_response_end(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    mark_holed(p, h);
    pd_match_response_end(p, &at);
}

void pd_response_cancel(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    pd_match_response_cancel(p, &at);
}

void pd_defer(struct pd_conn *c, struct pd_half *h)
{
    h->deferred = true;
    h->begin = (uint16_t)token_pos(c, h);
}

void pd_owe(struct pd_conn *c, uint32_t n)
{
    PD_ASSERT(n >= 1);
    if (c->match.answering)
        c->match.head->owed = n;
}

void pd_response_oneway(struct pd_conn *c, struct pd_half *h)
{
    struct pd_at at = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    mark_holed(p, h);
    pd_match_response_oneway(p, &at);
}

void pd_expected_over(struct pd_conn *c)
{
    const struct pd_party *p = pd_party_of(c);

    pd_match_over(p);
}

void pd_mismatch(struct pd_conn *c)
{
    const struct pd_party *p = pd_party_of(c);

    pd_match_mismatch(p);
}

void pd_incomplete(struct pd_conn *c, struct pd_half *h)
{
    const struct pd_party *p = pd_party_of(c);

    pd_match_broken(p, h->dir);
}

void pd_understood(struct pd_conn *c, uint64_t n)
{
    pd_conn_counters(c)[PD_C_PAIRED_BYTES] += n;
}

bool pd_provisional(const struct pd_conn *c)
{
    return c->match.hold & (PD_HOLD_JOIN | PD_HOLD_REOPEN);
}

bool pd_trusted(const struct pd_conn *c)
{
    return !c->match.quarantined;
}

uint32_t pd_response_all(struct pd_conn *c, struct pd_half *h, uint32_t n, struct pd_keys keys,
                         struct pd_answer answer)
{
    struct pd_at at = message_begins(c, h), end = ends(c, h);
    const struct pd_party *p = pd_party_of(c);

    end.pos = at.pos + n;
    return pd_match_response_all(p, &at, &end, keys, answer);
}

void pd_give_up(struct pd_conn *c, enum pd_dir asker, struct pd_keys keys, bool broken)
{
    const struct pd_party *p = pd_party_of(c);

    pd_match_give_up(p, (uint8_t)asker, keys, broken);
}

void pd_report(struct pd_conn *c, struct pd_rec *r)
{
    if (!pd_rec_is_void(r))
        pd_match_report(&c->worker->pairing, r);
}

static struct pd_rec *or_nothing(struct pd_conn *c, struct pd_rec *r)
{
    return r ? r : pd_rec_nothing(&c->worker->pairing.store, c->proto->schema);
}

struct pd_rec *pd_current(struct pd_conn *c, enum pd_dir dir)
{
    return or_nothing(c, c->match.current[dir]);
}

struct pd_rec *pd_current_key(struct pd_conn *c, enum pd_dir asker, uint64_t key)
{
    const struct pd_party *p = pd_party_of(c);

    return or_nothing(c, pd_match_find(p, (uint8_t)asker, key));
}

const struct pd_rec *pd_outstanding(struct pd_conn *c, enum pd_dir asker, uint64_t key)
{
    return pd_match_find(pd_party_of(c), (uint8_t)asker, key);
}

int pd_expected(const struct pd_conn *c)
{
    const struct pd_expect *e = pd_match_next(&c->match);

    return e ? e->kind : -1;
}

struct pd_rec *pd_expected_rec(struct pd_conn *c)
{
    const struct pd_expect *e = pd_match_next(&c->match);

    return or_nothing(c, e ? e->rec : NULL);
}
