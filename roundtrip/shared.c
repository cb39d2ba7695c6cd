/* shared.c: the table of fields that records share. A number tells a field's place, and whether it is still
 * there: numbers only grow, and those of the half that is being filled are the highest. */
#include "roundtrip/shared.h"
#include "base/word.h"
#include "roundtrip/list.h"
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

static uint32_t mix(uint32_t sum, const char *text, uint32_t n)
{
    const uint32_t odd = 0x9e3779b1;

    for (uint32_t i = 0; i < n; i++)
        sum = (sum ^ (uint8_t)text[i]) * odd;
    return sum ^ sum >> 16;
}

static bool same(const struct pd_pair *p, const char *texts, uint32_t name, uint32_t value)
{
    return p->name.len == name && p->value.len == value && pd_same_bytes(p->name.s, texts, name + value);
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
static uint16_t *find(struct pd_shared_store *s, const char *texts, uint32_t name, uint32_t value,
                      uint32_t hash)
{
    const struct pd_shared *half = at(s, s->first);
    uint32_t i = mix(hash, texts + name, value) % PLACES;

    while (s->place[i] && !same(&half[s->place[i] - 1].pair, texts, name, value))
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

/* Makes the next field. */
static void add(struct pd_shared_store *s, const char *texts, uint32_t name, uint32_t value, uint32_t hash)
{
    struct pd_shared *f = at(s, s->next);

    memcpy(f->texts, texts, name + value);
    f->pair = (struct pd_pair){.name = {.s = f->texts, .full = name, .len = (uint16_t)name},
                               .value = {.s = f->texts + name, .full = value, .len = (uint16_t)value},
                               .hash = hash,
                               .shared = true};
    f->half = (uint8_t)half_of(s->next);
    f->bytes = (uint8_t)(name + value);
    f->noted_for = f;
    s->next++;
}

uint64_t pd_share(struct pd_shared_store *s, struct pd_slice name, struct pd_slice value)
{
    char texts[PD_SHARED_TEXTS];

    if (!has_room(s) || !name.len || name.len > PD_SHARED_TEXTS || value.len > PD_SHARED_TEXTS - name.len)
        return 0;
    uint32_t hash = pd_header_name(texts, name);
    if (value.len)
        memcpy(texts + name.len, value.p, value.len);
    uint16_t *place = find(s, texts, name.len, value.len, hash);
    if (*place)
        return s->first + *place - 1;
    if (s->next == s->first + PD_SHARED_HALF) {
        turn(s);
        place = find(s, texts, name.len, value.len, hash);
    }
    add(s, texts, name.len, value.len, hash);
    *place = (uint16_t)(s->next - s->first);
    return s->next - 1;
}
