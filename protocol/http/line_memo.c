/* line_memo.c: a place, of two slots, is found by some of the bytes; all of them decide. What comes only once
 * leaves no more than a number. */
#include "protocol/http/line_memo.h"

enum { WORD = 8, BITS = 7 };

int pd_http_memo_start(void *memo, const void *options, uint64_t *memory)
{
    (void)memory; /* nothing beside it */
    ((struct pd_http_memo *)memo)->options = options;
    return 0;
}

/* Of a line: from its first bytes, its last, those in the middle, and how many it has, of which there are
 * eight at least. */
static uint64_t number_of(const uint8_t *bytes, uint32_t n)
{
    uint64_t sum =
        n + (pd_word(bytes) ^ pd_word(bytes + (n - WORD) / 2) << 1 ^ pd_word(bytes + n - WORD) << 2);

    return sum * UINT64_C(0x9e3779b97f4a7c15);
}

static struct pd_http_slot *place_of(struct pd_http_memo *m, uint64_t number)
{
    _Static_assert(PD_HTTP_MEMO_SLOTS == 2 << BITS, "a place is the top of a number");
    return &m->slot[2 * (number >> (64 - BITS))];
}

/* The line came that this slot has. */
static void came(struct pd_http_memo *m, struct pd_http_slot *slot)
{
    *m->guess = slot;
    m->guess = &slot->next;
}

static bool holds(const struct pd_http_slot *slot, struct pd_slice line)
{
    return slot->line.size == line.len && pd_same_bytes(slot->bytes, line.p, line.len);
}

struct pd_http_line *pd_http_remembered(struct pd_http_memo *m, struct pd_slice line)
{
    m->number = 0;
    if (line.len < WORD || line.len > PD_HTTP_MEMO_LINE)
        return NULL;
    m->number = number_of(line.p, line.len);
    struct pd_http_slot *slot = place_of(m, m->number);
    if (!holds(slot, line) && !holds(++slot, line))
        return NULL;
    came(m, slot);
    return &slot->line;
}

/* Two lines may share a place: the one that is replaced is now the first, now the second. */
static struct pd_http_slot *fill(struct pd_http_memo *m, const struct pd_http_line *line)
{
    struct pd_http_slot *slot = place_of(m, m->number) + m->second;
    const uint8_t *bytes = line->name.p;

    m->second = !m->second;
    pd_copy(slot->bytes, bytes, line->size);
    slot->line = *line;
    slot->line.name.p = slot->bytes;
    slot->line.value.p = slot->bytes + (line->value.p - bytes);
    slot->line.lasting = true;
    return slot;
}

void pd_http_remember(struct pd_http_memo *m, const struct pd_http_line *line)
{
    uint32_t *once = &m->once[m->number >> (64 - BITS)];
    uint32_t number = (uint32_t)(m->number >> (32 - BITS));

    if (!m->number || line->name.len != line->name_full)
        return;
    if (*once == number)
        came(m, fill(m, line));
    *once = number;
}
