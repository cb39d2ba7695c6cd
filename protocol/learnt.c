/* learnt.c: a map is two arrays in lent memory, keys and texts, oldest first: most hold a few keys, so that
 * looking at each is fast enough. Texts are counted references into one table a worker. */
#include "protocol/learnt.h"
#include "base/hash.h"
#include "protocol/conn.h"

enum { CHAIN_LOOKS = 16 }; /* equal hashes can be made on purpose: further texts are then kept twice */

struct pd_known { /* a text that connections refer to */
    struct pd_known *chain;
    uint64_t hash, note;
    uint32_t references, full;
    uint16_t len;
    char s[];
};

/* The sizes of tables: each fits into a class of lent memory. */
static const uint16_t rooms[] = {8, 32, 128, PD_LEARNT_KEYS};
enum { ENTRY_BYTES = sizeof(uint64_t) + sizeof(struct pd_known *) };

static uint64_t *keys_of(const struct pd_learnt *l)
{
    return l->table;
}

static struct pd_known **texts_of(const struct pd_learnt *l)
{
    return (struct pd_known **)(void *)(keys_of(l) + l->room);
}

/* --- texts --- */

static struct pd_known **bucket_of(struct pd_worker *w, uint64_t hash)
{
    return &w->known[hash % PD_KNOWN_BUCKETS];
}

static struct pd_known *find_text(struct pd_worker *w, struct pd_slice text, uint32_t full, uint64_t hash)
{
    struct pd_known *k = *bucket_of(w, hash);

    for (int looks = 0; k && looks < CHAIN_LOOKS; k = k->chain, looks++)
        if (k->hash == hash && k->len == text.len && k->full == full && memcmp(k->s, text.p, text.len) == 0)
            return k;
    return NULL;
}

/* A reference to the text, or NULL when memory is short. */
static struct pd_known *refer(struct pd_conn *c, struct pd_slice text, uint32_t full)
{
    uint64_t hash = pd_hash(text.p, text.len, 0);
    struct pd_known *k = find_text(c->worker, text, full, hash);

    if (!k) {
        struct pd_known **bucket = bucket_of(c->worker, hash);
        k = pd_lend(c, (uint32_t)sizeof *k + text.len);
        if (!k)
            return NULL;
        *k = (struct pd_known){.chain = *bucket, .hash = hash, .full = full, .len = (uint16_t)text.len};
        if (text.len)
            memcpy(k->s, text.p, text.len);
        *bucket = k;
    }
    k->references++;
    return k;
}

static void release(struct pd_conn *c, struct pd_known *k)
{
    struct pd_known **at = bucket_of(c->worker, k->hash);

    if (--k->references)
        return;
    while (*at != k)
        at = &(*at)->chain;
    *at = k->chain;
    pd_give_back(c, k, (uint32_t)sizeof *k + k->len);
}

/* --- maps --- */

static int find_key(const struct pd_learnt *l, uint64_t key)
{
    const uint64_t *keys = keys_of(l);

    for (int i = l->count - 1; i >= 0; i--)
        if (keys[i] == key)
            return i;
    return -1;
}

static void take_out(struct pd_conn *c, struct pd_learnt *l, int i)
{
    uint64_t *keys = keys_of(l);
    struct pd_known **texts = texts_of(l);
    size_t behind = (size_t)(l->count - i - 1);

    release(c, texts[i]);
    memmove(keys + i, keys + i + 1, behind * sizeof *keys);
    memmove(texts + i, texts + i + 1, behind * sizeof *texts);
    l->count--;
}

/* Room for one key more. False when memory is short. */
static bool make_room(struct pd_conn *c, struct pd_learnt *l)
{
    struct pd_learnt larger = {.count = l->count};
    unsigned i = 0;

    if (l->count < l->room)
        return true;
    if (l->count == PD_LEARNT_KEYS) {
        pd_conn_counters(c)[PD_C_FORGOTTEN]++;
        take_out(c, l, 0);
        return true;
    }
    while (rooms[i] <= l->count)
        i++;
    larger.room = rooms[i];
    larger.table = pd_lend(c, larger.room * (uint32_t)ENTRY_BYTES);
    if (!larger.table)
        return false;
    if (l->count) {
        memcpy(keys_of(&larger), keys_of(l), l->count * sizeof(uint64_t));
        memcpy(texts_of(&larger), texts_of(l), l->count * sizeof(struct pd_known *));
    }
    pd_give_back(c, l->table, l->room * (uint32_t)ENTRY_BYTES);
    *l = larger;
    return true;
}

void pd_learnt_put(struct pd_conn *c, struct pd_learnt *l, uint64_t key, struct pd_slice text, uint32_t full)
{
    if (text.len > PD_LEARNT_MAX)
        text.len = PD_LEARNT_MAX;
    struct pd_known *k = refer(c, text, full); /* first: the text may be one of the map's own */
    pd_learnt_drop(c, l, key);
    if (!k || !make_room(c, l)) {
        if (k)
            release(c, k);
        pd_conn_counters(c)[PD_C_FORGOTTEN]++;
        return;
    }
    keys_of(l)[l->count] = key;
    texts_of(l)[l->count++] = k;
}

bool pd_learnt_get(const struct pd_learnt *l, uint64_t key, struct pd_slice *text, uint32_t *full)
{
    int i = find_key(l, key);

    if (i < 0)
        return false;
    const struct pd_known *k = texts_of(l)[i];
    *text = (struct pd_slice){(const uint8_t *)k->s, k->len};
    *full = k->full;
    return true;
}

uint64_t *pd_learnt_note(const struct pd_learnt *l, uint64_t key)
{
    int i = find_key(l, key);

    PD_ASSERT(i >= 0);
    return &texts_of(l)[i]->note;
}

void pd_learnt_drop(struct pd_conn *c, struct pd_learnt *l, uint64_t key)
{
    int i = find_key(l, key);

    if (i >= 0)
        take_out(c, l, i);
}

void pd_learnt_clear(struct pd_conn *c, struct pd_learnt *l)
{
    while (l->count)
        take_out(c, l, l->count - 1);
    pd_give_back(c, l->table, l->room * (uint32_t)ENTRY_BYTES);
    *l = (struct pd_learnt){0};
}
