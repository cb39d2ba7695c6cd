/* conns.c: the connections of a worker: a hash table to find one, and three lists ordered by time, so that
 * timers look only at those that are due: active, dormant (silent, reported), closed. */
#include "protocol/conn.h"
#include <errno.h>
#include <stdlib.h>

enum { CLOSED_TICKS = 10, CLOSED_MAX = 1024 };

int pd_conns_init(struct pd_worker *w)
{
    uint32_t buckets = 1024;
    uint32_t limit = w->setup->limits.connections;

    while (buckets < limit && buckets < 1u << 22)
        buckets <<= 1;
    w->mask = buckets - 1;
    w->bucket = calloc(buckets, sizeof *w->bucket);
    return w->bucket ? pd_pool_init(&w->conns, sizeof(struct pd_conn), limit) : -ENOMEM;
}

void pd_conns_deinit(struct pd_worker *w)
{
    free(w->bucket);
    pd_pool_free(&w->conns);
}

static bool end_eq(const struct pd_end *a, const struct pd_end *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

struct pd_conn *pd_conns_find(struct pd_worker *w, const struct pd_packet *packet, enum pd_dir *dir)
{
    for (struct pd_conn *c = w->bucket[packet->hash & w->mask]; c; c = c->next) {
        if (c->hash != packet->hash)
            continue;
        *dir = PD_C2S;
        if (end_eq(&c->client, &packet->src) && end_eq(&c->server, &packet->dst))
            return c;
        *dir = PD_S2C;
        if (end_eq(&c->client, &packet->dst) && end_eq(&c->server, &packet->src))
            return c;
    }
    return NULL;
}

static void unlist(struct pd_conn *c)
{
    struct pd_conn_list *list = &c->worker->list[c->list];

    if (c->older)
        c->older->newer = c->newer;
    else
        list->oldest = c->newer;
    if (c->newer)
        c->newer->older = c->older;
    else
        list->newest = c->older;
    list->count--;
}

static void enlist(struct pd_conn *c, enum pd_list_name name)
{
    struct pd_conn_list *list = &c->worker->list[name];

    c->list = name;
    c->listed = c->worker->tick;
    c->newer = NULL;
    c->older = list->newest;
    if (list->newest)
        list->newest->newer = c;
    else
        list->oldest = c;
    list->newest = c;
    list->count++;
}

void pd_conns_touch(struct pd_conn *c)
{
    if (c->listed == c->worker->tick && c->list == PD_ACTIVE)
        return;
    unlist(c);
    enlist(c, PD_ACTIVE);
}

static void end(struct pd_conn *c)
{
    for (int dir = 0; dir < 2; dir++)
        if (c->half[dir].unseen)
            pd_flow_settle(c, &c->half[dir]);
    if (c->proto) {
        const struct pd_party *p = pd_party_of(c);
        for (uint8_t dir = 0; dir < 2; dir++) /* a FIN has a sequence number, but is no byte */
            pd_match_cut(p, dir, c->half[dir].pos - c->half[dir].ended);
        pd_match_close(p);
        pd_half_drop(c, &c->half[0]);
        pd_half_drop(c, &c->half[1]);
        pd_conn_forget(c);
    }
    if (!c->proto && !c->given_up && c->segments)
        pd_detect_give_up(c);
    if (c->half[0].heard != c->half[1].heard)
        c->worker->tally.flow[PD_F_ONE_SIDED]++;
    c->closed = true;
}

void pd_conns_free(struct pd_conn *c)
{
    struct pd_conn **at = &c->worker->bucket[c->hash & c->worker->mask];

    if (!c->closed)
        end(c);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    unlist(c);
    pd_pool_put(&c->worker->conns, c);
}

void pd_conns_close(struct pd_conn *c)
{
    struct pd_worker *w = c->worker;

    end(c);
    unlist(c);
    enlist(c, PD_CLOSED);
    if (w->list[PD_CLOSED].count > CLOSED_MAX)
        pd_conns_free(w->list[PD_CLOSED].oldest);
}

static bool evict(struct pd_worker *w)
{
    static const enum pd_list_name order[] = {PD_CLOSED, PD_DORMANT, PD_ACTIVE};

    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct pd_conn *c = w->list[order[i]].oldest;
        if (!c)
            continue;
        if (!c->closed)
            w->tally.flow[PD_F_EVICTED]++;
        pd_conns_free(c);
        return true;
    }
    return false;
}

struct pd_conn *pd_conns_open(struct pd_worker *w, const struct pd_packet *packet)
{
    struct pd_conn *c = pd_pool_get(&w->conns);

    if (!c && evict(w))
        c = pd_pool_get(&w->conns);
    if (!c)
        return NULL;
    memset(c, 0, sizeof *c);
    c->worker = w;
    c->client = packet->src;
    c->server = packet->dst;
    c->link = packet->link;
    c->hash = packet->hash;
    c->last_ts = w->now;
    for (int dir = 0; dir < 2; dir++) {
        c->half[dir].dir = (uint8_t)dir;
        c->half[dir].frame = PD_UNFRAMED;
    }
    c->next = w->bucket[c->hash & w->mask];
    w->bucket[c->hash & w->mask] = c;
    enlist(c, PD_ACTIVE);
    w->tally.flow[PD_F_CONNECTIONS]++;
    return c;
}

/* Silent for the timeout: what is outstanding is reported, and the connection sleeps. */
static void fall_silent(struct pd_worker *w, uint64_t now)
{
    uint32_t ticks = (uint32_t)(w->setup->timeout / PD_TICK_NS);
    struct pd_conn *next;

    for (struct pd_conn *c = w->list[PD_ACTIVE].oldest; c && w->tick - c->listed >= ticks; c = next) {
        next = c->newer;
        if (c->last_ts + w->setup->timeout > now)
            continue;
        if (c->proto) {
            const struct pd_party *p = pd_party_of(c);
            pd_match_timeout(p);
        }
        unlist(c);
        enlist(c, PD_DORMANT);
    }
}

void pd_conns_tick(struct pd_worker *w, uint64_t now)
{
    uint32_t idle = (uint32_t)(w->setup->idle / PD_TICK_NS);
    struct pd_conn *c;

    fall_silent(w, now);
    while ((c = w->list[PD_CLOSED].oldest) && w->tick - c->listed >= CLOSED_TICKS)
        pd_conns_free(c);
    while ((c = w->list[PD_DORMANT].oldest) && w->tick - c->listed >= idle)
        pd_conns_free(c);
}

void pd_conns_finish(struct pd_worker *w)
{
    for (int name = 0; name < PD_LISTS; name++)
        while (w->list[name].oldest)
            pd_conns_free(w->list[name].oldest);
}
