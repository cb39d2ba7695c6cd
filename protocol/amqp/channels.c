/* channels.c: a connection's channels, in sets of four by number, so that a look costs four comparisons. The
 * table grows as long as memory allows; then the channel that was silent longest leaves its set, and what was
 * outstanding on it comes out as incomplete. */
#include "protocol/amqp/amqp.h"

enum { WAYS = 4 };

/* log2 of how many fit; each is a class of lent memory. */
static const uint8_t rooms[] = {2, 4, 6, 9};
enum { ROOMS = sizeof rooms / sizeof rooms[0] };

static uint32_t bytes_of(uint8_t room)
{
    return (uint32_t)sizeof(struct pd_amqp_channel) << room;
}

static struct pd_amqp_channel *set_of(struct pd_amqp_channel *table, uint8_t room, uint16_t id)
{
    uint32_t sets = (1u << room) / WAYS;

    return table + (size_t)(id % sets) * WAYS;
}

static struct pd_amqp_channel *find(struct pd_amqp_channel *set, uint16_t id)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].open && set[i].id == id)
            return &set[i];
    return NULL;
}

static struct pd_amqp_channel *find_free(struct pd_amqp_channel *set)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (!set[i].open)
            return &set[i];
    return NULL;
}

/* Into a larger table, where every set has room for what it gets: sets only split. */
static bool grow(struct pd_conn *c)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    unsigned i = 0;

    while (a->channels && i < ROOMS && rooms[i] <= a->room)
        i++;
    if (i == ROOMS)
        return false;
    struct pd_amqp_channel *table = pd_lend(c, bytes_of(rooms[i])), *old = a->channels;
    if (!table)
        return false;
    memset(table, 0, bytes_of(rooms[i]));
    for (unsigned k = 0; old && k < 1u << a->room; k++)
        if (old[k].open)
            *find_free(set_of(table, rooms[i], old[k].id)) = old[k];
    if (old)
        pd_give_back(c, old, bytes_of(a->room));
    a->channels = table;
    a->last = 0;
    a->room = rooms[i];
    return true;
}

static struct pd_amqp_channel *evict(struct pd_conn *c, struct pd_amqp_channel *set)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_channel *oldest = set;

    for (unsigned i = 1; i < WAYS; i++)
        if (a->clock - set[i].used > a->clock - oldest->used)
            oldest = &set[i];
    pd_amqp_channel_end(c, oldest, true);
    pd_forgotten(c);
    return oldest;
}

struct pd_amqp_channel *pd_amqp_channel_look(struct pd_conn *c, uint16_t id)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_channel *found = a->channels ? find(set_of(a->channels, a->room, id), id) : NULL;

    if (!found) {
        while (!a->channels || !(found = find_free(set_of(a->channels, a->room, id))))
            if (!grow(c))
                break;
        if (!a->channels)
            return NULL;
        if (!found)
            found = evict(c, set_of(a->channels, a->room, id));
        *found = (struct pd_amqp_channel){.id = id, .open = true};
    }
    found->used = a->clock++;
    a->last = (uint16_t)(found - a->channels);
    return found;
}

struct pd_amqp_channel *pd_amqp_channel_next(struct pd_conn *c, const struct pd_amqp_channel *after)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    size_t i = after ? (size_t)(after - a->channels) + 1 : 0;

    for (; a->channels && i < (size_t)1 << a->room; i++)
        if (a->channels[i].open)
            return &a->channels[i];
    return NULL;
}

void pd_amqp_give_up(struct pd_conn *c, enum pd_dir asker, enum pd_amqp_kind kind, uint16_t channel,
                     bool broken)
{
    struct pd_keys keys = {pd_amqp_key(kind, channel, 0), pd_amqp_key(kind, channel, PD_AMQP_TAGS)};

    pd_give_up(c, asker, keys, broken);
}

void pd_amqp_channel_end(struct pd_conn *c, struct pd_amqp_channel *ch, bool broken)
{
    uint16_t id = ch->id;

    for (unsigned dir = 0; dir < 2; dir++)
        pd_amqp_content_drop(c, ch, dir);
    for (unsigned kind = PD_AMQP_K_METHOD; kind <= PD_AMQP_K_ONEWAY; kind++) {
        pd_amqp_give_up(c, PD_C2S, kind, id, broken);
        pd_amqp_give_up(c, PD_S2C, kind, id, broken);
    }
    *ch = (struct pd_amqp_channel){0};
}

void pd_amqp_channel_close(struct pd_conn *c, uint16_t id)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_channel *ch = a->channels ? find(set_of(a->channels, a->room, id), id) : NULL;

    if (ch)
        pd_amqp_channel_end(c, ch, false);
}

void pd_amqp_channels_free(struct pd_conn *c)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    if (a->channels)
        pd_give_back(c, a->channels, bytes_of(a->room));
    a->channels = NULL;
}
