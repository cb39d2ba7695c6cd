/* sql_memo.c: finds a statement among those that were said before. Two texts that differ only in the digits
 * of numbers have the same tokens but for those numbers' values, which no summary has in it. Numbers in
 * quoted names do matter, so texts with such quotes have to be equal. */
#include "protocol/sql_memo.h"

enum { KEY_BYTES = 16 }; /* of a text's beginning pick its set */

static uint64_t load8(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
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
    uint32_t i = *ai, j = *bi, digits = 0;

    while (digits < i && is_digit(a.p[i - 1 - digits]))
        digits++;
    uint32_t before = i - digits;
    while (i < a.len && is_digit(a.p[i]))
        i++;
    while (j < b.len && is_digit(b.p[j]))
        j++;
    bool moved = i > *ai || j > *bi;
    if (!moved || !before || !before_number(a.p[before - 1]) || i == before || j == *bi - digits)
        return false;
    if ((i < a.len && !after_number(a.p[i])) || (j < b.len && !after_number(b.p[j])))
        return false;
    *ai = i;
    *bi = j;
    return true;
}

static bool same(struct pd_slice a, struct pd_slice b)
{
    uint32_t i = 0, j = 0;

    for (;;) {
        while (a.len - i >= 8 && b.len - j >= 8 && load8(a.p + i) == load8(b.p + j))
            i += 8, j += 8;
        while (i < a.len && j < b.len && a.p[i] == b.p[j])
            i++, j++;
        if (i == a.len && j == b.len)
            return true;
        if (!pass_number(a, b, &i, &j))
            return false;
    }
}

static bool fits(const struct pd_sql_memo_entry *e, struct pd_slice sql)
{
    struct pd_slice text = {e->text, e->len};

    return e->exact ? pd_slice_eq(text, sql) : same(text, sql);
}

static void remember(struct pd_sql_memo_entry *e, struct pd_slice sql, const char *summary, uint32_t len)
{
    e->len = (uint8_t)sql.len;
    e->summary_len = (uint8_t)len;
    e->exact = memchr(sql.p, '`', sql.len) || memchr(sql.p, '"', sql.len);
    memcpy(e->text, sql.p, sql.len);
    if (len)
        memcpy(e->summary, summary, len);
}

uint32_t pd_sql_memo_summary(struct pd_sql_memo *memo, struct pd_slice sql, enum pd_sql_dialect dialect,
                             bool cut, char *out, uint32_t cap)
{
    if (cut || sql.len < KEY_BYTES || sql.len > PD_SQL_MEMO_TEXT || cap < PD_SQL_MEMO_SUMMARY)
        return pd_sql_summary(sql, dialect, cut, out, cap);
    uint64_t key = (load8(sql.p) * 0x9e3779b97f4a7c15 + load8(sql.p + 8)) * 0xff51afd7ed558ccd;
    uint32_t set = (uint32_t)(key >> 32) % PD_SQL_MEMO_SETS;
    struct pd_sql_memo_entry *e = memo->entries[set];

    for (int way = 0; way < PD_SQL_MEMO_WAYS; way++, e++)
        if (e->len && fits(e, sql)) {
            memcpy(out, e->summary, e->summary_len);
            return e->summary_len;
        }
    uint32_t len = pd_sql_summary(sql, dialect, cut, out, cap);
    if (len <= PD_SQL_MEMO_SUMMARY)
        remember(&memo->entries[set][memo->victim[set]++ % PD_SQL_MEMO_WAYS], sql, out, len);
    return len;
}
