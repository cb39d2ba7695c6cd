/* record.c: records and their arenas. Making a record zeroes its head and the protocol's struct only; the
 * arena behind them is handed out front to back, and goes back whole with the record. */
#include "roundtrip/record.h"
#include "base/check.h"
#include "base/cold.h"
#include "base/inline.h"
#include "base/word.h"
#include <errno.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { TEXT_FIRST = 64, HEADER_NAME_MAX = 256, COPY_WORDS = 128 };

struct pd_chunk {
    struct pd_chunk *next;
    uint32_t size_class;
};

static const uint32_t chunk_bytes[PD_CHUNK_CLASSES] = {512, 2048, 8192};

enum { CHUNK_ROOM = 8192 - sizeof(struct pd_chunk) };

_Static_assert(CHUNK_ROOM >= 8000, "pd_rec_alloc() promises 8,000 bytes");

int pd_store_init(struct pd_store *store, const struct pd_store_limits *limits)
{
    *store = (struct pd_store){0};
    int r = pd_pool_init(&store->records, PD_REC_BYTES, limits->records);
    for (int i = 0; i < PD_CHUNK_CLASSES && r == 0; i++)
        r = pd_pool_init(&store->chunks[i], chunk_bytes[i], limits->chunks[i]);
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
    if (n > COPY_WORDS)
        memcpy(r->at, in.p, n);
    else
        pd_copy_short(r->at, in.p, n);
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

    if (n > COPY_WORDS || n > piece_room(r) || n > r->arena_left) {
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
    struct pd_slice old = {(const uint8_t *)t->s, t->len};
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

/* All node kinds begin with their next pointer. */
struct node {
    struct node *next;
};

static void append(struct pd_list *l, void *node)
{
    if (l->last)
        ((struct node *)l->last)->next = node;
    else
        l->first = node;
    l->last = node;
    l->count++;
}

/* Inlined, so that where the size is a constant clearing takes a few moves. */
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
    append(l, n);
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

static uint64_t mix(uint64_t sum, uint64_t v)
{
    return (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Copies two words in lower case, from and to any places, and adds them to a sum. What was just written is
 * not read again: that would wait for the store. */
static inline uint64_t copy_lower16(char *to, const uint8_t *from, uint32_t first, uint32_t second,
                                    uint64_t sum)
{
    uint64_t a, b;

    memcpy(&a, from + first, sizeof a);
    memcpy(&b, from + second, sizeof b);
#ifdef __SSE2__
    __m128i v = _mm_set_epi64x((long long)b, (long long)a);
    __m128i upper =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
    v = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    a = (uint64_t)_mm_cvtsi128_si64(v);
    b = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v));
#else
    a = pd_lower8(a);
    b = pd_lower8(b);
#endif
    memcpy(to + first, &a, sizeof a);
    memcpy(to + second, &b, sizeof b);
    return mix(mix(sum, a), b);
}

/* Up to seven bytes. */
static inline uint64_t copy_lower_few(char *to, const uint8_t *from, uint32_t n)
{
    uint32_t half[2];
    uint64_t sum = 0;

    if (n >= sizeof *half) { /* two halves that overlap */
        uint32_t at = n - (uint32_t)sizeof *half;
        memcpy(&half[0], from, sizeof *half);
        memcpy(&half[1], from + at, sizeof *half);
        sum = pd_lower8((uint64_t)half[1] << 32 | half[0]);
        half[0] = (uint32_t)sum;
        half[1] = (uint32_t)(sum >> 32);
        memcpy(to, &half[0], sizeof *half);
        memcpy(to + at, &half[1], sizeof *half);
        return mix(n, sum);
    }
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i]);
        sum = sum << 8 | (uint8_t)to[i];
    }
    return mix(n, sum);
}

/* Copies a name in lower case; returns a number that is the same for equal names. */
PD_INLINE uint32_t copy_lower(char *to, const uint8_t *from, uint32_t n)
{
    enum { WORD = 8, WIDE = 16 };
    uint64_t sum = n;
    uint32_t i = 0;

    if (n < WORD)
        return (uint32_t)(mix(copy_lower_few(to, from, n), 0) >> 32);
    for (; i + WIDE < n; i += WIDE)
        sum = copy_lower16(to, from, i, i + WORD, sum);
    /* The last words may overlap what comes before them. */
    return (uint32_t)(mix(copy_lower16(to, from, least(i, n - WORD), n - WORD, sum), 0) >> 32);
}

static bool same_name(const struct pd_header *a, const struct pd_header *b)
{
    return a->name.len == b->name.len && a->name.full == b->name.full &&
           memcmp(a->name.s, b->name.s, a->name.len) == 0;
}

PD_COLD static void find_again(const struct pd_list *l, struct pd_header *h)
{
    const struct pd_header *e = l->first;

    while (e != h && (e->hash != h->hash || !same_name(e, h)))
        e = e->next;
    h->again = e != h;
}

/* Two bits of a set: with one, some two of eight names would share it in every third message. */
static inline uint64_t bits_of(uint32_t hash)
{
    return UINT64_C(1) << (hash >> 26) | UINT64_C(1) << (hash >> 20 & 63);
}

/* Names h, the list's last node, and marks it when an earlier one has the name. The set of hashes says at
 * once that most have not. Inlined: each header of each message comes here. */
PD_INLINE void set_name(struct pd_list *l, struct pd_header *h, const char *name, uint32_t n, uint32_t full,
                        uint32_t hash)
{
    uint64_t bits = bits_of(hash);

    h->name = (struct pd_text){.s = name, .full = full, .len = (uint16_t)n};
    h->hash = hash;
    if ((l->names & bits) == bits) {
        find_again(l, h);
        l->repeats = l->repeats || h->again;
    }
    l->names |= bits;
}

struct pd_header *pd_list_header(struct pd_rec *r, struct pd_list *l, uint16_t max, struct pd_slice name)
{
    struct pd_header *h = list_node(r, l, max, sizeof *h);

    if (!h)
        return NULL;
    uint32_t n = text_room(r, least(name.len, HEADER_NAME_MAX));
    set_name(l, h, r->at, n, name.len, copy_lower(r->at, name.p, n));
    r->at += n;
    r->arena_left -= n;
    return h;
}

/* One thing after the other: where the arena ends, or no piece is large enough. */
PD_COLD static struct pd_header *header_apart(struct pd_rec *r, struct pd_list *l, uint16_t max,
                                              struct pd_slice name, struct pd_slice value, uint16_t cap)
{
    struct pd_header *h = pd_list_header(r, l, max, name);

    if (h)
        pd_text_set(r, &h->value, value, cap);
    return h;
}

/* A node with room for `all` bytes of texts behind it. NULL: no room in the piece at hand, or in the list. */
PD_INLINE struct pd_header *header_node(struct pd_rec *r, struct pd_list *l, uint16_t max, uint32_t texts)
{
    uint32_t pad = (uint32_t)(-(uintptr_t)r->at & (PD_ARENA_ALIGN - 1));
    uint32_t all = (uint32_t)sizeof(struct pd_header) + texts;

    if (l->count >= max || all > r->arena_left)
        return NULL;
    if (pad + all > piece_room(r)) {
        if (all > CHUNK_ROOM || !new_piece(r, all))
            return NULL;
        pad = 0; /* chunks begin aligned */
    }
    struct pd_header *h = (struct pd_header *)(void *)(r->at + pad);
    h->next = NULL;
    h->again = false;
    append(l, h);
    if (l->full < UINT16_MAX)
        l->full++;
    r->at = (char *)h + all;
    r->arena_left -= all;
    return h;
}

PD_INLINE void copy_any(char *to, const uint8_t *from, uint32_t n)
{
    if (n > COPY_WORDS)
        memcpy(to, from, n);
    else
        pd_copy_short(to, from, n);
}

PD_INLINE void set_value(struct pd_header *h, const char *text, struct pd_slice value, uint32_t m)
{
    h->value = (struct pd_text){.s = m ? text : "", .full = value.len, .len = (uint16_t)m};
}

struct pd_header *pd_list_header_value(struct pd_rec *r, struct pd_list *l, uint16_t max,
                                       struct pd_slice name, struct pd_slice value, uint16_t cap)
{
    uint32_t n = least(name.len, HEADER_NAME_MAX), m = least(value.len, cap);
    struct pd_header *h = header_node(r, l, max, n + m);

    if (!h)
        return header_apart(r, l, max, name, value, cap);
    char *text = (char *)(h + 1);
    set_name(l, h, text, n, name.len, copy_lower(text, name.p, n));
    set_value(h, text + n, value, m);
    copy_any(text + n, value.p, m);
    return h;
}

struct pd_header *pd_list_header_known(struct pd_rec *r, struct pd_list *l, uint16_t max,
                                       struct pd_slice name, uint32_t hash, struct pd_slice value,
                                       uint16_t cap)
{
    uint32_t n = name.len, m = least(value.len, cap);
    struct pd_header *h = header_node(r, l, max, n + m);

    if (!h)
        return header_apart(r, l, max, name, value, cap);
    char *text = (char *)(h + 1);
    copy_any(text, name.p, n + m);
    set_name(l, h, text, n, n, hash);
    set_value(h, text + n, value, m);
    return h;
}

uint32_t pd_header_hash(struct pd_slice name)
{
    char lower[PD_HEADER_HASH_MAX];

    if (name.len > sizeof lower)
        return 0;
    uint32_t hash = copy_lower(lower, name.p, name.len);
    return memcmp(lower, name.p, name.len) == 0 ? hash : 0;
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
