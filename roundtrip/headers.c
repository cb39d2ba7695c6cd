/* headers.c: lists of header fields: names in lower case, and which of them stand there before; fields that
 * records share (shared.h) are told by a pointer, with all that was found out about them. */
#include "base/cold.h"
#include "base/inline.h"
#include "base/word.h"
#include "roundtrip/record.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { HEADER_NAME_MAX = 256 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- names --- */

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

/* Two bits of a set: with one, some two of eight names would share it in every third message. */
static inline void set_hash(struct pd_pair *p, uint32_t hash)
{
    p->hash = hash;
    p->names = UINT64_C(1) << (hash >> 26) | UINT64_C(1) << (hash >> 20 & 63);
}

void pd_pair_name(struct pd_pair *p, struct pd_slice name, char *to)
{
    p->name = (struct pd_text){.s = to, .full = name.len, .len = (uint16_t)name.len};
    set_hash(p, copy_lower(to, name.p, name.len));
}

/* --- lists --- */

static bool same_name(const struct pd_pair *a, const struct pd_pair *b)
{
    return a->hash == b->hash && a->name.len == b->name.len && a->name.full == b->name.full &&
           memcmp(a->name.s, b->name.s, a->name.len) == 0;
}

void pd_list_find_again(struct pd_list *l)
{
    const struct pd_header *e = l->first;
    struct pd_header *h = l->last;

    while (e != h && !same_name(e->pair, h->pair))
        e = e->next;
    h->again = e != h;
    l->repeats = l->repeats || h->again;
}

struct own { /* a header with texts of its own, which follow where they have room */
    struct pd_header header;
    struct pd_pair pair;
    char texts[];
};

uint32_t pd_header_size(uint32_t texts)
{
    return (uint32_t)sizeof(struct own) + texts;
}

static inline void count(struct pd_list *l)
{
    if (l->full < UINT16_MAX)
        l->full++;
}

/* One thing after the other: where the arena ends, or no piece is large enough. */
PD_COLD static struct pd_pair *add_apart(struct pd_rec *r, struct pd_list *l, uint16_t max,
                                         struct pd_slice name, struct pd_slice value, uint16_t cap)
{
    struct own *own = l->count < max ? pd_rec_alloc(r, sizeof *own) : NULL;

    count(l);
    if (!own)
        return NULL;
    own->pair = (struct pd_pair){0};
    pd_text_set(r, &own->pair.name, name, HEADER_NAME_MAX);
    char *text = r->at - own->pair.name.len;
    set_hash(&own->pair, copy_lower(text, (const uint8_t *)text, own->pair.name.len));
    pd_list_append_header(l, &own->header, &own->pair);
    pd_text_set(r, &own->pair.value, value, cap);
    return &own->pair;
}

struct pd_pair *pd_list_header(struct pd_rec *r, struct pd_list *l, uint16_t max, struct pd_slice name,
                               struct pd_slice value, uint16_t cap)
{
    uint32_t n = least(name.len, HEADER_NAME_MAX), m = least(value.len, cap);
    uint32_t all = (uint32_t)sizeof(struct own) + n + m;
    struct own *own = l->count < max && all <= PD_REC_ALLOC_MAX ? pd_rec_alloc(r, all) : NULL;

    if (!own)
        return add_apart(r, l, max, name, value, cap);
    count(l);
    char *text = own->texts;
    own->pair.name = (struct pd_text){.s = text, .full = name.len, .len = (uint16_t)n};
    set_hash(&own->pair, copy_lower(text, name.p, n));
    own->pair.shared = false;
    pd_list_append_header(l, &own->header, &own->pair);
    own->pair.value = (struct pd_text){.s = m ? text + n : "", .full = value.len, .len = (uint16_t)m};
    pd_copy(text + n, value.p, m);
    return &own->pair;
}

/* --- fields that records share --- */

/* The void record is never given back, so it holds nothing. */
void pd_rec_hold_anew(struct pd_rec *r, unsigned half)
{
    if (pd_rec_is_void(r))
        return;
    r->holds |= (uint8_t)(1u << half);
    r->store->shared.held[half]++;
}

void pd_text_shared(struct pd_rec *r, struct pd_text *t, const struct pd_shared *shared)
{
    if (shared->pair.value.len > r->arena_left) {
        pd_text_set(r, t, pd_text_bytes(&shared->pair.value), UINT16_MAX);
        return;
    }
    r->arena_left -= shared->pair.value.len;
    *t = shared->pair.value;
    pd_rec_hold(r, shared->half);
}

void pd_list_header_copied(struct pd_rec *r, struct pd_list *l, uint16_t max, const struct pd_shared *shared)
{
    (void)pd_list_header(r, l, max, pd_text_bytes(&shared->pair.name), pd_text_bytes(&shared->pair.value),
                         UINT16_MAX);
}
