/* sql_fuzz.c: any bytes as SQL. The first byte picks the dialect, whether the text is cut, and how much room
 * there is; nothing is written outside of the room, and a masked text holds no literal. */
#include "base/check.h"
#include "protocol/sql_memo.h"
#include "protocol/sql_token.h"
#include "roundtrip/schema.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Apart, so that AddressSanitizer sees a byte too far. */
static void *apart(size_t n)
{
    void *p = malloc(n ? n : 1);

    PD_ASSERT(p);
    return p;
}

static void check_tokens(struct pd_slice sql, enum pd_sql_dialect dialect, bool masked)
{
    struct pd_sql_text text = pd_sql_text(sql, dialect);
    const uint8_t *end = sql.p;
    struct pd_sql_token t;

    do {
        pd_sql_next(&text, &t);
        PD_ASSERT(t.p >= end && t.len <= (size_t)(sql.p + sql.len - t.p));
        PD_ASSERT((t.len == 0) == (t.kind == PD_SQL_END));
        PD_ASSERT(!masked || (t.kind != PD_SQL_STRING && t.kind != PD_SQL_NUMBER));
        end = t.p + t.len;
    } while (t.kind != PD_SQL_END);
    PD_ASSERT(text.p == text.end);
}

static void check_mask(struct pd_slice sql, enum pd_sql_dialect dialect, unsigned what, uint32_t cap)
{
    char *out = apart(cap);
    uint32_t n = pd_sql_mask(sql, dialect, what, out, cap);

    PD_ASSERT(n <= cap || n == PD_AS_IS);
    if (what & PD_MASK_VALUES && n != PD_AS_IS)
        PD_ASSERT(n <= sql.len);
    if (what & PD_MASK_VALUES)
        check_tokens(n == PD_AS_IS ? sql : (struct pd_slice){(const uint8_t *)out, n}, dialect, true);
    free(out);
}

/* What earlier inputs taught does not change what is said. */
static void check_memo(struct pd_slice sql, enum pd_sql_dialect dialect, bool cut)
{
    static struct pd_sql_memo memo[2];
    char summary[PD_SQL_SUMMARY_MAX], verb[PD_SQL_VERB_MAX], masked[PD_MASK_CAP];
    struct pd_slice said = {(const uint8_t *)summary,
                            pd_sql_summary(sql, dialect, cut, summary, sizeof summary)};
    struct pd_slice first = {(const uint8_t *)verb, pd_sql_verb(sql, dialect, verb, sizeof verb)};
    uint32_t n = pd_sql_mask(sql, dialect, PD_MASK_SECRETS, masked, sizeof masked);
    const struct pd_sql_facts *facts = pd_sql_memo_facts(&memo[dialect], sql, dialect, cut);

    PD_ASSERT(pd_slice_eq(facts->summary, said) && pd_slice_eq(facts->verb, first));
    PD_ASSERT(facts->clean == (n == PD_AS_IS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum pd_sql_dialect dialect = data[0] & 1;
    uint32_t len = (uint32_t)size - 1, room = data[0] & 2 ? data[0] >> 3 : 300, n = 0;
    uint8_t *bytes = apart(len);
    char *out = apart(room);
    memcpy(bytes, data + 1, len);
    struct pd_slice sql = {bytes, len};

    check_tokens(sql, dialect, false);
    n = pd_sql_summary(sql, dialect, data[0] & 4, out, room);
    PD_ASSERT(n <= room && n <= PD_SQL_SUMMARY_MAX);
    PD_ASSERT(pd_sql_verb(sql, dialect, out, room) <= room);
    if (pd_sql_use(sql, dialect, out, room, &n))
        PD_ASSERT(n && n <= room);
    check_memo(sql, dialect, data[0] & 4);
    check_mask(sql, dialect, PD_MASK_VALUES, len + 1);
    check_mask(sql, dialect, PD_MASK_SECRETS, 2 * len + 64);
    check_mask(sql, dialect, PD_MASK_SECRETS, room);
    free(out);
    free(bytes);
    return 0;
}
