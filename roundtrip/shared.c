/* shared.c: the table of fields that records share. A number tells a field's place, and whether it is still
 * there: numbers only grow, and those of the half that is being filled are the highest. */
#include "roundtrip/shared.h"
#include "base/word.h"
#include <errno.h>
#include <stdlib.h>

enum { PLACES = 2 * PD_SHARED_HALF };

int pd_shared_init(struct pd_shared_store *s)
{
    *s = (struct pd_shared_store){.field = calloc(2 * (size_t)PD_SHARED_HALF, sizeof *s->field)};
    s->first = s->next = 2 * PD_SHARED_HALF; /* the first half; 0 is no number */
    return s->field ? 0 : -ENOMEM;
}

void pd_shared_free(struct pd_shared_store *s)
{
    free(s->field);
    *s = (struct pd_shared_store){0};
}

static uint32_t hash_of(const struct pd_pair *p)
{
    const uint32_t odd = 0x9e3779b1;
    uint32_t sum = p->hash;

    for (uint32_t i = 0; i < p->value.len; i++)
        sum = (sum ^ (uint8_t)p->value.s[i]) * odd;
    return sum ^ sum >> 16;
}

/* Values lie behind their names. */
static bool same(const struct pd_pair *a, const struct pd_pair *b)
{
    return a->name.len == b->name.len && a->value.len == b->value.len &&
           pd_same_bytes(a->name.s, b->name.s, (uint32_t)a->name.len + a->value.len);
}

static unsigned half_of(uint64_t number)
{
    return number / PD_SHARED_HALF % 2;
}

static struct pd_shared *at(const struct pd_shared_store *s, uint64_t number)
{
    return &s->field[number % (2 * PD_SHARED_HALF)];
}

/* The place of the field, or the one where it may go. There are free ones: a half takes half of them. */
static uint16_t *find(struct pd_shared_store *s, const struct pd_pair *pair)
{
    const struct pd_shared *half = at(s, s->first);
    uint32_t i = hash_of(pair) % PLACES;

    while (s->place[i] && !same(&half[s->place[i] - 1].pair, pair))
        i = (i + 1) % PLACES;
    return &s->place[i];
}

/* Is there room for another field, in the other half if need be? Without it nothing is looked for: that would
 * cost more than a copy. */
static bool has_room(const struct pd_shared_store *s)
{
    return s->next < s->first + PD_SHARED_HALF || !s->held[!half_of(s->first)];
}

/* Goes on with the other half. */
static void turn(struct pd_shared_store *s)
{
    memset(s->place, 0, sizeof s->place);
    s->first = s->next;
}

/* Makes the next field of a pair whose texts are somewhere else. */
static void add(struct pd_shared_store *s, const struct pd_pair *pair)
{
    uint32_t name = pair->name.len, texts = name + pair->value.len;
    struct pd_shared *f = at(s, s->next);

    memcpy(f->texts, pair->name.s, texts);
    f->pair = *pair;
    f->pair.name.s = f->texts;
    f->pair.value.s = f->texts + name;
    f->pair.shared = true;
    f->half = (uint8_t)half_of(s->next);
    f->copied = (uint16_t)pd_header_size(texts);
    f->noted_for = f;
    s->next++;
}

uint64_t pd_share(struct pd_shared_store *s, struct pd_slice name, struct pd_slice value)
{
    char texts[PD_SHARED_TEXTS];
    struct pd_pair pair = {0};

    if (!has_room(s) || !name.len || name.len > sizeof texts || value.len > sizeof texts - name.len)
        return 0;
    pd_pair_name(&pair, name, texts);
    pair.value = (struct pd_text){.s = texts + name.len, .full = value.len, .len = (uint16_t)value.len};
    if (value.len)
        memcpy(texts + name.len, value.p, value.len);
    uint16_t *place = find(s, &pair);
    if (*place)
        return s->first + *place - 1;
    if (s->next == s->first + PD_SHARED_HALF) {
        turn(s);
        place = find(s, &pair);
    }
    add(s, &pair);
    *place = (uint16_t)(s->next - s->first);
    return s->next - 1;
}

struct pd_shared *pd_shared_anew(struct pd_shared_store *s, uint64_t *number, struct pd_slice name,
                                 struct pd_slice value)
{
    *number = pd_share(s, name, value);
    return pd_shared_at(s, *number);
}
