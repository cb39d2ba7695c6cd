/* hpack_memo.c: a place, of two slots, is found by some of the bytes; all of them decide. */
#include "protocol/http2/hpack_memo.h"
#include "base/word.h"
#include <string.h>

/* A field's place: from its first bytes, its last, those in the middle, and how many it has. */
static unsigned place_of(struct pd_slice in)
{
    enum { WORD = 8, HALF = 4, BITS = 7 };
    uint64_t sum = in.len;

    if (in.len >= WORD)
        sum += pd_word(in.p) ^ pd_word(in.p + (in.len - WORD) / 2) << 1 ^ pd_word(in.p + in.len - WORD) << 2;
    else if (in.len >= HALF)
        sum += (uint64_t)pd_half_word(in.p) << 32 | pd_half_word(in.p + in.len - HALF);
    else
        sum += (uint32_t)in.p[0] << 24 | (uint32_t)in.p[in.len / 2] << 16 | (uint32_t)in.p[in.len - 1] << 8;
    _Static_assert(PD_HPACK_SLOTS == 2 << BITS, "a place is the top of a product");
    return (unsigned)(sum * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BITS)) * 2;
}

static bool holds(const struct pd_hpack_slot *slot, struct pd_slice code)
{
    return slot->code_len == code.len && pd_same_bytes(slot->code, code.p, code.len);
}

struct pd_hpack_field *pd_hpack_remembered(struct pd_hpack_worker *w, struct pd_slice code)
{
    if (code.len > PD_HPACK_SLOT_CODE)
        return NULL;
    struct pd_hpack_slot *slot = &w->slot[place_of(code)];
    if (holds(slot, code))
        return &slot->field;
    return holds(slot + 1, code) ? &slot[1].field : NULL;
}

/* Two fields may share a place: the one that is replaced is now the first, now the second. */
void pd_hpack_remember(struct pd_hpack_worker *w, struct pd_slice code)
{
    uint32_t len = w->field.name + w->field.value;

    if (code.len > PD_HPACK_SLOT_CODE || len > PD_HPACK_SLOT_TEXT)
        return;
    struct pd_hpack_slot *slot = &w->slot[place_of(code)] + w->second;
    w->second = !w->second;
    slot->code_len = (uint8_t)code.len;
    memcpy(slot->code, code.p, code.len);
    memcpy(slot->text, w->field.text, len);
    slot->field = w->field;
    slot->field.text = slot->text;
    slot->field.lasting = true;
}
