/* record.c: records and their arenas. Making a record zeroes its head and the protocol's struct only; the
 * arena behind them is handed out front to back, and goes back whole with the record. */
#include "roundtrip/record.h"
#include "base/check.h"
#include "base/word.h"
#include <errno.h>
#include <stdlib.h>

enum { TEXT_FIRST = 64 };

struct pd_chunk {
    struct pd_chunk *next;
    uint32_t size_class;
};

static const uint32_t chunk_bytes[PD_CHUNK_CLASSES] = {512, 2048, 8192};

enum { CHUNK_ROOM = 8192 - sizeof(struct pd_chunk) };

_Static_assert((int)CHUNK_ROOM >= (int)PD_REC_ALLOC_MAX, "pd_rec_alloc() promises so many");

int pd_store_init(struct pd_store *store, const struct pd_store_limits *limits)
{
    *store = (struct pd_store){0};
    int r = pd_pool_init(&store->records, PD_REC_BYTES, limits->records);
    for (int i = 0; i < PD_CHUNK_CLASSES && r == 0; i++)
        r = pd_pool_init(&store->chunks[i], chunk_bytes[i], limits->chunks[i]);
    if (r == 0)
        r = pd_shared_init(&store->shared);
    store->nothing = r == 0 ? calloc(1, PD_REC_BYTES) : NULL;
    if (!store->nothing) {
        pd_store_free(store);
        return -ENOMEM;
    }
    return 0;
}

void pd_store_free(struct pd_store *store)
{
    pd_pool_free(&store->records);
    for (int i = 0; i < PD_CHUNK_CLASSES; i++)
        pd_pool_free(&store->chunks[i]);
    pd_shared_free(&store->shared);
    free(store->nothing);
    *store = (struct pd_store){0};
}

static void start(struct pd_rec *r, struct pd_store *store, const struct pd_schema *schema)
{
    size_t head = offsetof(struct pd_rec, data) + schema->rec_size;
    size_t used = (head + PD_ARENA_ALIGN - 1) / PD_ARENA_ALIGN * PD_ARENA_ALIGN;

    PD_ASSERT(used <= PD_REC_BYTES);
    memset(r, 0, head);
    r->schema = schema;
    r->store = store;
    r->at = (char *)r + used;
    r->end = (char *)r + PD_REC_BYTES;
    r->arena_left = schema->arena_max;
}

struct pd_rec *pd_rec_new(struct pd_store *store, const struct pd_schema *schema)
{
    struct pd_rec *r = pd_pool_get(&store->records);

    if (!r) {
        store->starved++;
        return NULL;
    }
    start(r, store, schema);
    return r;
}

struct pd_rec *pd_rec_nothing(struct pd_store *store, const struct pd_schema *schema)
{
    start(store->nothing, store, schema);
    store->nothing->flags = PD_REC_VOID;
    return store->nothing;
}

void pd_rec_free(struct pd_rec *r)
{
    struct pd_store *store = r->store;

    PD_ASSERT(!pd_rec_is_void(r));
    for (struct pd_chunk *c = r->chunks, *next; c; c = next) {
        next = c->next;
        pd_pool_put(&store->chunks[c->size_class], c);
    }
    store->shared.held[0] -= r->holds & 1;
    store->shared.held[1] -= r->holds >> 1;
    pd_pool_put(&store->records, r);
}

/* A new piece of arena with room for n bytes at least, more when the record has grown already. */
static bool new_piece(struct pd_rec *r, uint32_t n)
{
    uint32_t grown = r->chunks ? chunk_bytes[r->chunks->size_class] : 0;
    uint32_t wish = grown < r->arena_left ? grown : r->arena_left;
    struct pd_chunk *c = NULL;
    unsigned size_class = 0;

    if (pd_rec_is_void(r))
        return false;
    if (wish < n)
        wish = n;
    while (size_class < PD_CHUNK_CLASSES - 1 && wish > chunk_bytes[size_class] - sizeof *c)
        size_class++;
    for (unsigned i = size_class; i < PD_CHUNK_CLASSES && !c; i++)
        c = pd_pool_get(&r->store->chunks[size_class = i]);
    /* A smaller class may still do for what is asked now. */
    for (unsigned i = PD_CHUNK_CLASSES - 1; i > 0 && !c && n <= chunk_bytes[i - 1] - sizeof *c; i--)
        c = pd_pool_get(&r->store->chunks[size_class = i - 1]);
    if (!c) {
        r->store->starved++;
        return false;
    }
    *c = (struct pd_chunk){.next = r->chunks, .size_class = size_class};
    r->chunks = c;
    r->at = (char *)(c + 1);
    r->end = (char *)c + chunk_bytes[size_class];
    return true;
}

static uint32_t piece_room(const struct pd_rec *r)
{
    return (uint32_t)(r->end - r->at);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void *pd_rec_alloc_anew(struct pd_rec *r, uint32_t n)
{
    PD_ASSERT(n <= CHUNK_ROOM);
    if (n > r->arena_left || !new_piece(r, n))
        return NULL;
    void *p = r->at; /* pieces begin aligned */
    r->at += n;
    r->arena_left -= n;
    return p;
}

/* Makes contiguous room for up to n bytes at r->at; returns how many there are, at most n. */
static uint32_t text_room(struct pd_rec *r, uint32_t n)
{
    n = least(least(n, CHUNK_ROOM), r->arena_left);
    if (n > piece_room(r))
        (void)new_piece(r, n); /* without one, what the current piece has left is used */
    return least(n, piece_room(r));
}

static void push(struct pd_rec *r, struct pd_text *t, struct pd_slice in, uint32_t n)
{
    pd_copy(r->at, in.p, n);
    r->at += n;
    r->arena_left -= n;
    t->len = (uint16_t)(t->len + n);
}

/* Long, or to be shortened, or to go where there is room. Apart, so that the usual way keeps no registers. */
__attribute__((noinline)) static void set_long(struct pd_rec *r, struct pd_text *t, struct pd_slice in,
                                               uint32_t n)
{
    n = text_room(r, n);
    *t = (struct pd_text){.s = n ? r->at : "", .full = in.len};
    if (n)
        push(r, t, in, n);
}

void pd_text_set(struct pd_rec *r, struct pd_text *t, struct pd_slice in, uint16_t cap)
{
    uint32_t n = least(in.len, cap);

    if (n > PD_COPY_SHORT || n > piece_room(r) || n > r->arena_left) {
        set_long(r, t, in, n);
        return;
    }
    *t = (struct pd_text){.s = n ? r->at : "", .full = in.len, .len = (uint16_t)n};
    pd_copy_short(r->at, in.p, n);
    r->at += n;
    r->arena_left -= n;
}

/* Moves a text to the arena's top, with room for `more` bytes behind it, and for twice as many when that
 * takes a new piece. The old copy's share of the record's bound is given back when nothing else lies behind
 * it. */
static void move_text(struct pd_rec *r, struct pd_text *t, uint32_t more, uint16_t cap)
{
    struct pd_slice old = pd_text_bytes(t);
    uint32_t need = old.len + more, wish = least(2 * need, cap);
    bool on_top = t->s + t->len == r->at;

    if (wish < TEXT_FIRST)
        wish = least(TEXT_FIRST, cap);
    if (on_top)
        r->arena_left += old.len;
    char *top = r->at;
    uint32_t room = text_room(r, need <= piece_room(r) ? need : wish);
    if (room <= old.len) { /* no gain: it stays where it is, full */
        if (on_top)
            r->arena_left -= old.len;
        return;
    }
    if (on_top && r->at == top) { /* no new piece was to be had; the text is there already */
        r->arena_left -= old.len;
        return;
    }
    t->s = r->at;
    t->len = 0;
    t->constant = false;
    push(r, t, old, old.len);
}

void pd_text_add(struct pd_rec *r, struct pd_text *t, struct pd_slice in, uint16_t cap)
{
    if (!t->s) {
        pd_text_set(r, t, in, cap);
        return;
    }
    bool whole = t->full == t->len; /* else something is missing already, and what follows it is not wanted */
    if (__builtin_add_overflow(t->full, in.len, &t->full))
        t->full = UINT32_MAX;
    uint32_t n = t->len < cap ? least(in.len, (uint32_t)(cap - t->len)) : 0;
    if (!whole || n == 0)
        return;
    if (t->s + t->len != r->at || n > least(piece_room(r), r->arena_left))
        move_text(r, t, n, cap);
    if (t->s + t->len == r->at)
        push(r, t, in, least(n, least(piece_room(r), r->arena_left)));
}

/* A new node of so many bytes, zeroed, or NULL. Inlined, so that where the size is a constant clearing takes
 * a few moves. */
static inline void *list_node(struct pd_rec *r, struct pd_list *l, uint16_t max, uint32_t size)
{
    if (l->full < UINT16_MAX)
        l->full++;
    if (l->count >= max)
        return NULL;
    void *n = pd_rec_alloc(r, size);
    if (!n)
        return NULL;
    memset(n, 0, size);
    pd_list_append(l, n);
    return n;
}

struct pd_item *pd_list_item(struct pd_rec *r, struct pd_list *l, uint16_t max)
{
    return list_node(r, l, max, sizeof(struct pd_item));
}

struct pd_object *pd_list_object(struct pd_rec *r, struct pd_list *l, uint16_t max, uint32_t size)
{
    return list_node(r, l, max, (uint32_t)sizeof(struct pd_object) + size);
}

void pd_rec_clear_side(struct pd_rec *r, enum pd_side side)
{
    static const uint8_t size[] = {
        [PD_TEXT] = sizeof(struct pd_text),    [PD_INT] = sizeof(struct pd_int),
        [PD_BOOL] = sizeof(uint8_t),           [PD_LIST] = sizeof(struct pd_list),
        [PD_HEADERS] = sizeof(struct pd_list), [PD_OBJECTS] = sizeof(struct pd_list),
    };

    for (const struct pd_field *f = r->schema->fields; f->name; f++)
        if (f->side == side)
            memset(r->data + f->off, 0, size[f->type]);
}
