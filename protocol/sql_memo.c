/* sql_memo.c: finds a statement among those that were said before. Two texts that differ only in the digits
 * of numbers have the same tokens but for those numbers' values, on which nothing depends that is found out.
 * Numbers in quoted names do matter, so texts with such quotes have to be equal. */
#include "protocol/sql_memo.h"
#include "base/word.h"
#include "roundtrip/schema.h"

enum { WORD = 8, BITS = 8 }; /* bytes of a word, bits of a byte */

/* Up to eight bytes of a text of at least so many, from i on; zeros behind its end. */
static uint64_t word_at(struct pd_slice text, uint32_t i)
{
    uint32_t left = text.len - i;

    if (left >= WORD)
        return pd_le64(text.p + i);
    return left ? pd_le64(text.p + text.len - WORD) >> BITS * (WORD - left) : 0;
}

/* The highest bit of each byte that is a digit; of each that is none. */
static uint64_t digits_of(uint64_t v)
{
    uint64_t value = v ^ PD_EACH_BYTE('0');

    return ~(((value & PD_EACH_BYTE(0x7f)) + PD_EACH_BYTE(0x80 - 10)) | value) & PD_EACH_BYTE(0x80);
}

static uint64_t others_of(uint64_t v)
{
    return ~digits_of(v) & PD_EACH_BYTE(0x80);
}

/* How many digits stand at i. Numbers are of any length, so that a loop over bytes ends where nobody foresees
 * it.
 */
static uint32_t digits_at(struct pd_slice text, uint32_t i)
{
    uint32_t from = i;
    uint64_t others;

    while (!(others = others_of(word_at(text, i))))
        i += WORD;
    return i - from + (uint32_t)__builtin_ctzll(others) / BITS;
}

/* How many end before i. */
static uint32_t digits_before(struct pd_slice text, uint32_t i)
{
    uint32_t from = i;

    for (; i >= WORD; i -= WORD) {
        uint64_t others = others_of(pd_le64(text.p + i - WORD));
        if (others)
            return from - i + (uint32_t)__builtin_clzll(others) / BITS;
    }
    while (i && text.p[i - 1] >= '0' && text.p[i - 1] <= '9')
        i--;
    return from - i;
}

/* May a number begin behind this byte, and nothing else? */
static bool before_number(uint8_t c)
{
    return c == ' ' || c == '=' || c == '(' || c == ',' || c == '<' || c == '>' || c == '\'';
}

static bool after_number(uint8_t c)
{
    return c == ' ' || c == ')' || c == ',' || c == ';' || c == '\'';
}

/* Where both differ: passes the rest of the number that both are in. */
static bool pass_number(struct pd_slice a, struct pd_slice b, uint32_t *ai, uint32_t *bi)
{
    uint32_t before = digits_before(a, *ai), an = digits_at(a, *ai), bn = digits_at(b, *bi);
    uint32_t begin = *ai - before, i = *ai + an, j = *bi + bn;

    if (!(an + bn) || !begin || !before_number(a.p[begin - 1]) || !(before + an) || !(before + bn))
        return false;
    if ((i < a.len && !after_number(a.p[i])) || (j < b.len && !after_number(b.p[j])))
        return false;
    *ai = i;
    *bi = j;
    return true;
}

/* So many bytes are the same at the beginning of both. */
static uint32_t alike(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    uint32_t i = 0;
    uint64_t differ = 0;

    if (n < WORD) {
        while (i < n && a[i] == b[i])
            i++;
        return i;
    }
    while (i + WORD <= n && !(differ = pd_le64(a + i) ^ pd_le64(b + i)))
        i += WORD;
    if (i < n && !differ) { /* the rest, with some bytes before it again */
        i = n - WORD;
        differ = pd_le64(a + i) ^ pd_le64(b + i);
    }
    return differ ? i + (uint32_t)__builtin_ctzll(differ) / BITS : n;
}

static bool same(struct pd_slice a, struct pd_slice b)
{
    uint32_t i = 0, j = 0;

    for (;;) {
        uint32_t n = alike(a.p + i, b.p + j, a.len - i < b.len - j ? a.len - i : b.len - j);
        i += n;
        j += n;
        if (i == a.len && j == b.len)
            return true;
        if (!pass_number(a, b, &i, &j))
            return false;
    }
}

static bool fits(const struct pd_sql_memo_entry *e, struct pd_slice sql, bool cut)
{
    struct pd_slice text = {e->text, e->len};

    return e->cut == cut && (e->exact ? pd_slice_eq(text, sql) : same(text, sql));
}

/* --- keys --- */

static uint64_t mix(uint64_t key, uint64_t v)
{
    key = (key ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 32;
}

/* Of the text's whole words up to its first number: two that are the same do not differ before that. Never 0.
 */
static uint64_t key_of(struct pd_slice sql)
{
    uint64_t key = 0;

    for (uint32_t i = 0; i + WORD <= sql.len; i += WORD) {
        uint64_t v = pd_le64(sql.p + i);
        for (uint64_t digits = digits_of(v); digits; digits &= digits - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(digits) + 1 - BITS, at = i + bit / BITS;
            if (at && before_number(sql.p[at - 1]))
                return mix(key, v & ((UINT64_C(1) << bit) - 1)) | 1;
        }
        key = mix(key, v);
    }
    return key | 1;
}

/* --- facts --- */

static void find_out(struct pd_sql_memo_entry *e, struct pd_slice sql, enum pd_sql_dialect dialect, bool cut)
{
    char scratch[PD_MASK_CAP];

    e->facts = (struct pd_sql_facts){
        .summary = {(const uint8_t *)e->summary,
                    pd_sql_summary(sql, dialect, cut, e->summary, sizeof e->summary)},
        .verb = {(const uint8_t *)e->verb, pd_sql_verb(sql, dialect, e->verb, sizeof e->verb)},
        .several = pd_sql_several(sql),
        .clean = pd_sql_mask(sql, dialect, PD_MASK_SECRETS, scratch, sizeof scratch) == PD_AS_IS,
    };
}

const struct pd_sql_facts *pd_sql_memo_facts(struct pd_sql_memo *memo, struct pd_slice sql,
                                             enum pd_sql_dialect dialect, bool cut)
{
    if (sql.len < WORD || sql.len > PD_SQL_MEMO_TEXT) {
        find_out(&memo->other, sql, dialect, cut);
        return &memo->other.facts;
    }
    if (memo->latest && fits(memo->latest, sql, cut)) /* many are said several times in a row */
        return &memo->latest->facts;
    uint64_t key = key_of(sql);
    uint32_t set = (uint32_t)(key >> 32) % PD_SQL_MEMO_SETS;

    for (int way = 0; way < PD_SQL_MEMO_WAYS; way++)
        if (memo->keys[set][way] == key && fits(&memo->entries[set][way], sql, cut)) {
            memo->latest = &memo->entries[set][way];
            return &memo->latest->facts;
        }
    uint32_t way = memo->victim[set]++ % PD_SQL_MEMO_WAYS;
    struct pd_sql_memo_entry *e = memo->latest = &memo->entries[set][way];
    memo->keys[set][way] = key;
    e->stamp = ++memo->stamps * PD_SQL_DIALECTS + (uint64_t)dialect;
    e->len = (uint16_t)sql.len;
    e->cut = cut;
    e->exact = memchr(sql.p, '`', sql.len) || memchr(sql.p, '"', sql.len);
    memcpy(e->text, sql.p, sql.len);
    find_out(e, sql, dialect, cut);
    return &e->facts;
}

const struct pd_sql_facts *pd_sql_memo_noted(struct pd_sql_memo *memo, struct pd_slice sql,
                                             enum pd_sql_dialect dialect, bool cut, uint64_t *note)
{
    enum { ENTRIES = PD_SQL_MEMO_SETS * PD_SQL_MEMO_WAYS };
    struct pd_sql_memo_entry *first = memo->entries[0], *e = first + *note % ENTRIES;

    if (*note && e->stamp == *note / ENTRIES)
        return &e->facts;
    const struct pd_sql_facts *facts = pd_sql_memo_facts(memo, sql, dialect, cut);
    if (facts != &memo->other.facts)
        *note = memo->latest->stamp * ENTRIES + (uint64_t)(memo->latest - first);
    return facts;
}
