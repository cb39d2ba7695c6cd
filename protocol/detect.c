/* detect.c: which protocol is this? A known port names a first candidate, which still has to pass; elsewhere
 * one claim of certainty decides, or one claimant alone in both directions. Two decide nothing. Where the
 * connection was joined, and its ports say nothing, which end is the client is part of the question: the
 * claims of several segments are weighed. */
#include "protocol/conn.h"
#include "protocol/tls.h"

/* So many segments are looked at, then the connection is unknown. Where both ways round are possible it may
 * stand in a long body: there turns count, and a run of segments is a body, of which some are looked at. */
enum { LOOKS = 16, LOOKS_EITHER_WAY = 255, TURNS = 64, RUN = 16 };
/* What a segment is worth where nothing tells which end is the client, and how much decides. */
enum { CERTAINLY = 3, PLAUSIBLY = 1, HARDLY = -1, ENOUGH = 3, LEAD = 2 };

static bool end_is(const struct pd_end *e, const struct pd_rule *rule)
{
    return memcmp(&e->addr, &rule->host, sizeof e->addr) == 0;
}

static bool port_in(const struct pd_rule *rule, uint16_t port)
{
    for (unsigned i = 0; i < rule->ports; i++)
        if (rule->port[i] == port)
            return true;
    return false;
}

uint16_t pd_detect_ruled(const struct pd_setup *setup, const struct pd_end *a, const struct pd_end *b)
{
    uint16_t mask = 0;

    for (unsigned i = 0; i < setup->rule_count; i++) {
        const struct pd_rule *rule = &setup->rules[i];
        if (rule->has_host && !end_is(a, rule) && !end_is(b, rule))
            continue;
        if (rule->ports && !port_in(rule, a->port) && !port_in(rule, b->port))
            continue;
        unsigned ruled = pd_setup_index(setup, rule->proto);
        mask |= (uint16_t)(1u << ruled);
        if (setup->parent[ruled] >= 0)
            mask |= (uint16_t)(1u << setup->parent[ruled]);
    }
    return mask;
}

struct pd_unknown_port *pd_detect_unknown(struct pd_worker *w, uint8_t transport, uint16_t port,
                                          uint64_t packets)
{
    struct pd_unknown_port *table = w->tally.unknown;

    for (unsigned i = 0; i < PD_UNKNOWN_PORTS; i++) {
        struct pd_unknown_port *u = &table[(port + i) % PD_UNKNOWN_PORTS];
        if (!u->packets)
            *u = (struct pd_unknown_port){.port = port, .transport = transport};
        if (u->port != port || u->transport != transport)
            continue;
        u->packets += packets;
        return u;
    }
    return NULL;
}

void pd_detect_give_up(struct pd_conn *c)
{
    c->given_up = true;
    c->half[0].carried = c->half[1].carried = 0;
    c->worker->tally.flow[PD_F_UNKNOWN]++;
    pd_detect_unknown(c->worker, PD_TCP, c->server.port, c->segments);
}

/* A hello is worth its name; other records only say that this is TLS. */
static void note_tls(struct pd_conn *c, struct pd_slice in)
{
    struct pd_tls_hello hello;
    struct pd_unknown_port *u = pd_detect_unknown(c->worker, PD_TCP, c->server.port, 1);

    c->given_up = c->tls = true;
    c->worker->tally.flow[PD_F_TLS]++;
    if (!u)
        return;
    u->tls = true;
    if (pd_tls_read_hello(in, &hello)) {
        memcpy(u->sni, hello.sni, sizeof u->sni);
        memcpy(u->alpn, hello.alpn, sizeof u->alpn);
        u->version = hello.version;
    }
}

struct opinion {
    uint16_t claims;  /* every protocol that finds the bytes plausible */
    uint16_t certain; /* those that are sure */
    uint16_t more;    /* those that could tell from more bytes */
    uint16_t known;   /* those known by the port */
};

static struct opinion ask(const struct pd_conn *c, uint8_t dir, const struct pd_end *server,
                          struct pd_slice in, enum pd_purpose purpose)
{
    const struct pd_setup *setup = c->worker->setup;
    uint16_t candidates = pd_detect_candidates(setup, PD_TCP, &c->client, &c->server);
    struct opinion o = {.known = pd_detect_known(setup, PD_TCP, server, candidates)};

    if (o.known && c->evidence.turns >= TURNS)
        candidates = o.known; /* the others had their chance */
    for (unsigned i = 0; i < setup->proto_count; i++) {
        uint16_t bit = (uint16_t)(1u << i);
        uint8_t confidence = 0;
        struct pd_look look = {.dir = dir,
                               .purpose = (uint8_t)purpose,
                               .transport = PD_TCP,
                               .port = server->port,
                               .known = o.known & bit};
        if (!(candidates & bit))
            continue;
        int at = setup->protos[i]->sync(in, &look, &confidence);
        if (at == PD_MORE)
            o.more |= bit;
        if (at < 0 || (at > 0 && purpose == PD_DETECT))
            continue;
        o.claims |= bit;
        if (confidence >= PD_CERTAIN)
            o.certain |= bit;
    }
    return o;
}

/* The only bit of a mask, or -1. */
static int only(uint16_t mask)
{
    return mask && !(mask & (mask - 1)) ? __builtin_ctz(mask) : -1;
}

/* The protocol that these opinions decide for, or -1. */
static int decide(const struct pd_conn *c, uint8_t dir, const struct opinion *o)
{
    int index = only(o->claims & o->known);

    if (index < 0)
        index = only(o->certain & o->known);
    if (index < 0 && !(o->more & o->known))
        index = only(o->certain);
    if (index < 0 && c->oriented)
        index = only(o->claims & c->evidence.claims[0][!dir]);
    return index;
}

/* --- which end is the client? --- */

static int8_t weighed(int8_t weight, int by)
{
    int sum = weight + by;

    return (int8_t)(sum > INT8_MAX ? INT8_MAX : sum < INT8_MIN ? INT8_MIN : sum);
}

/* One segment's evidence. */
static void weigh(struct pd_conn *c, uint8_t dir, bool turned, const struct opinion *o)
{
    struct pd_evidence *e = &c->evidence;

    e->claims[turned][dir] |= o->claims;
    for (unsigned i = 0; i < c->worker->setup->proto_count; i++) {
        uint16_t bit = (uint16_t)(1u << i);
        int by = o->certain & bit ? CERTAINLY : o->claims & bit ? PLAUSIBLY : o->more & bit ? 0 : HARDLY;
        e->weight[turned][i] = weighed(e->weight[turned][i], by);
    }
}

/* The protocol that has been plausible in both directions and for which enough more speaks than for any other
 * such one, or for the same with the ends the other way round; or -1. */
static int outweighs(const struct pd_conn *c, bool *turned)
{
    const struct pd_evidence *e = &c->evidence;
    int8_t best = 0, second = 0;
    int found = -1;

    for (unsigned t = 0; t < 2; t++)
        for (unsigned i = 0; i < c->worker->setup->proto_count; i++) {
            int8_t weight = e->weight[t][i];
            if (!(e->claims[t][0] & e->claims[t][1] & 1u << i) || weight <= second)
                continue;
            if (weight <= best) {
                second = weight;
                continue;
            }
            second = best;
            best = weight;
            found = (int)i;
            *turned = t;
        }
    return best >= ENOUGH && best - second >= LEAD ? found : -1;
}

/* Nothing says who is the client: the bytes are looked at both ways. One claim of certainty, alone, decides;
 * else what most of them speak for. The protocol or -1; *turned: the ends are the other way round. */
static int decide_both_ways(struct pd_conn *c, uint8_t dir, const struct opinion *o,
                            const struct opinion *turned_o, bool *turned)
{
    if (!(o->claims | turned_o->claims))
        return -1; /* within a body: it speaks for nobody, and against nobody */
    weigh(c, dir, false, o);
    weigh(c, dir, true, turned_o);
    if (!(o->certain && turned_o->certain)) {
        int index = only(o->certain | turned_o->certain);
        *turned = turned_o->certain;
        if (index >= 0)
            return index;
    }
    return outweighs(c, turned);
}

static void swap_ends(struct pd_conn *c)
{
    struct pd_half half = c->half[0];
    struct pd_end end = c->client;
    uint32_t iface = c->link.iface;
    uint16_t tick = c->iface_tick[0];

    c->half[0] = c->half[1];
    c->half[1] = half;
    c->half[0].dir = PD_C2S;
    c->half[1].dir = PD_S2C;
    c->client = c->server;
    c->server = end;
    c->link.iface = c->server_iface;
    c->server_iface = iface;
    c->iface_tick[0] = c->iface_tick[1];
    c->iface_tick[1] = tick;
}

/* The bytes that waited for the decision: as if it were still the time when the last of them came. */
static void replay(struct pd_conn *c, struct pd_half *h, uint8_t *bytes, uint8_t n, struct pd_half saved)
{
    uint64_t now = c->worker->now;

    h->pos -= n;
    h->token_ts = saved.token_ts;
    h->token_ordinal = saved.token_ordinal;
    h->token_ack = saved.token_ack;
    h->has_ack = saved.has_ack;
    h->open = true;
    c->worker->now = saved.left;
    pd_half_feed(c, h, (struct pd_slice){bytes, n});
    c->worker->now = now;
}

/* This direction's bytes were no protocol's beginning: what comes may still be one's middle. */
static void stand_in_midstream(struct pd_conn *c, struct pd_half *h)
{
    h->carried = 0;
    h->lost = h->joined = true;
    c->joined = true;
}

/* Does what waits in the other direction speak against the protocol? Then it belongs to a prelude. */
static bool contradicts(const struct pd_conn *c, const struct pd_half *other, const struct pd_proto *proto)
{
    uint8_t confidence = 0;
    struct pd_look look = {
        .dir = other->dir, .purpose = PD_DETECT, .transport = PD_TCP, .port = c->server.port, .known = true};

    return other->carried &&
           proto->sync((struct pd_slice){other->carry, other->carried}, &look, &confidence) == PD_NO;
}

static void begin(struct pd_conn *c, struct pd_half *h, unsigned index, struct pd_slice in)
{
    struct pd_half *other = &c->half[!h->dir];
    const struct pd_packet *packet = c->worker->packet;

    if (contradicts(c, other, c->worker->setup->protos[index]))
        stand_in_midstream(c, other);
    struct pd_half saved[2] = {c->half[0], c->half[1]};
    c->oriented = true;
    if (!pd_conn_speak(c, index))
        return;
    if (c->proto->match == PD_BY_ORDER) {
        c->match.quarantined = c->torn;
        c->match.hold = c->joined && !c->torn ? PD_HOLD_JOIN : 0;
    }
    for (int dir = 0; dir < 2; dir++)
        if (!c->half[dir].lost)
            pd_half_start(c, &c->half[dir]);
    if (saved[other->dir].carried && !other->lost) {
        c->worker->packet = NULL; /* its acknowledgement is not that direction's */
        replay(c, other, saved[other->dir].carry, saved[other->dir].carried, saved[other->dir]);
        c->worker->packet = packet;
    }
    if (saved[h->dir].carried && !h->lost)
        replay(c, h, saved[h->dir].carry, saved[h->dir].carried, saved[h->dir]);
    pd_half_feed(c, h, in);
}

/* What has waited in this direction and what comes now, as one slice in `both` when there is something of
 * each. */
static struct pd_slice joint(const struct pd_half *h, struct pd_slice in, uint8_t both[2 * PD_CARRY])
{
    uint32_t n = in.len < PD_CARRY ? in.len : PD_CARRY;

    if (!h->carried)
        return in;
    memcpy(both, h->carry, h->carried);
    if (n)
        memcpy(both + h->carried, in.p, n);
    return (struct pd_slice){both, h->carried + n};
}

/* Undecided: the bytes wait, as far as there is room. */
static void wait(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    h->pos += in.len;
    if (h->lost)
        return;
    if (h->carried + in.len > PD_CARRY) {
        stand_in_midstream(c, h);
        return;
    }
    if (!h->carried)
        pd_half_mark(c, h);
    memcpy(h->carry + h->carried, in.p, in.len);
    h->carried = (uint8_t)(h->carried + in.len);
    h->left = c->worker->now;
}

/* Whom the bytes belong to, or -1; *claims: who finds them plausible, *more: who asks for more of them. */
static int decide_for(struct pd_conn *c, struct pd_half **h, struct pd_slice in, struct opinion *o)
{
    uint8_t dir = (*h)->dir;
    enum pd_purpose purpose = (*h)->joined ? PD_JOIN : (*h)->lost ? PD_RECOVER : PD_DETECT;
    *o = ask(c, dir, &c->server, in, purpose);
    int index = decide(c, dir, o);

    if (c->oriented || (index >= 0 && o->known))
        return index;
    struct opinion turned_o = ask(c, !dir, &c->client, in, purpose);
    bool turned = false;
    index = decide_both_ways(c, dir, o, &turned_o, &turned);
    if (index >= 0 && turned) {
        swap_ends(c);
        *h = &c->half[!dir];
    }
    return index;
}

/* Counts the segment. Most of a long run is a body. */
static bool worth_a_look(struct pd_conn *c, const struct pd_half *h)
{
    struct pd_evidence *e = &c->evidence;
    bool turn = c->segments == 1 || e->s2c != h->dir;

    e->s2c = h->dir;
    e->run = turn ? 0 : e->run + 1;
    if (turn && e->turns < UINT8_MAX)
        e->turns++;
    if (h->lost && e->run >= RUN && e->run % RUN)
        return false;
    if (e->looks < UINT8_MAX)
        e->looks++;
    return true;
}

static bool looked_enough(const struct pd_conn *c)
{
    const struct pd_evidence *e = &c->evidence;

    return c->oriented ? e->looks >= LOOKS : e->turns >= TURNS || e->looks >= LOOKS_EITHER_WAY;
}

struct pd_half *pd_detect_feed(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint8_t both[2 * PD_CARRY];
    struct pd_slice seen = joint(h, in, both);
    struct opinion o;

    if ((!h->lost || !c->segments) && pd_tls_is_record(seen)) {
        note_tls(c, in);
        h->pos += in.len;
        return h;
    }
    c->segments++;
    if (!worth_a_look(c, h)) {
        wait(c, h, in);
        return h;
    }
    int index = decide_for(c, &h, seen, &o);
    if (index < 0 && h->carried && !o.claims && !o.more) {
        stand_in_midstream(c, h); /* a prelude of something else, SOCKS for example */
        index = decide_for(c, &h, in, &o);
    }
    if (index < 0 && !h->lost && h->carried + in.len > PD_CARRY)
        index = only(o.more & o.known); /* no room to wait for more, and nothing speaks against it */
    if (index >= 0) {
        begin(c, h, (unsigned)index, in);
        return h;
    }
    if (c->oriented)
        c->evidence.claims[0][h->dir] |= o.claims;
    wait(c, h, in);
    /* Bytes that still wait cost nothing. A known port's connection that was joined may stand in a long body:
     * its next message is waited for. */
    if (!h->lost || (c->joined && o.known) || !looked_enough(c))
        return h;
    uint8_t dir = h->dir;
    if (!c->oriented && c->client.port < c->server.port) { /* servers have the lower numbers, mostly */
        swap_ends(c);
        dir = !dir;
    }
    pd_detect_give_up(c);
    return &c->half[dir];
}
