/* sql_memo_test.c: what is remembered is what would be said anew, for texts that differ by a byte or by their
 * numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "protocol/sql_memo.h"
#include "roundtrip/schema.h"
#include <stdio.h>

static const enum pd_sql_dialect dialects[] = {PD_SQL_MYSQL, PD_SQL_POSTGRESQL};
static struct pd_sql_memo memo[2];

static void check_slice(struct pd_slice sql, const char *what, struct pd_slice got, const char *want,
                        uint32_t n)
{
    if (got.len != n || memcmp(got.p, want, n) != 0)
        fail_msg("%.*s: %s %.*s instead of %.*s", (int)sql.len, sql.p, what, (int)got.len, got.p, (int)n,
                 want);
}

static void check(const char *text, size_t len)
{
    char summary[PD_SQL_SUMMARY_MAX], verb[PD_SQL_VERB_MAX], masked[PD_MASK_CAP];
    struct pd_slice sql = {(const uint8_t *)text, (uint32_t)len};

    for (int i = 0; i < 4; i++) {
        bool cut = i & 1;
        enum pd_sql_dialect dialect = dialects[i / 2];
        struct pd_sql_memo *m = &memo[dialect];
        uint32_t n = pd_sql_summary(sql, dialect, cut, summary, sizeof summary);
        uint32_t v = pd_sql_verb(sql, dialect, verb, sizeof verb);
        bool clean = pd_sql_mask(sql, dialect, PD_MASK_SECRETS, masked, sizeof masked) == PD_AS_IS;
        for (int again = 0; again < 2; again++) {
            const struct pd_sql_facts *facts = pd_sql_memo_facts(m, sql, dialect, cut);
            check_slice(sql, "summary", facts->summary, summary, n);
            check_slice(sql, "verb", facts->verb, verb, v);
            if (facts->clean != clean)
                fail_msg("%.*s: clean is %d", (int)len, text, facts->clean);
        }
    }
}

static const char *const texts[] = {
    "SELECT c FROM sbtest1 WHERE id = 12",
    "SELECT c FROM sbtest2 WHERE id = 12",
    "SELECT c FROM t WHERE id IN (1, 23,456)",
    "SELECT c FROM `a 1` WHERE id = 12",
    "SELECT c FROM \"a 1\" WHERE id = 12",
    "SELECT c FROM t 1 WHERE id = 12",
    "SELECT c FROM 1t WHERE id = 12",
    "SELECT c FROM 12 WHERE id = 12",
    "SELECT c FROM a, 1 b WHERE '1 2' = ' 3' -- 4",
    "INSERT INTO t VALUES (1, 'a 1', 1.5), (2, '2', 1e3)",
    "/*!50001 CREATE TABLE t1 */ (a INT)",
    "SELECT 1 /*!40000 FROM t */ WHERE 1",
    "UPDATE t SET a = 1;UPDATE u SET a = 1",
    "SELECT 0x1f, $1, :1, @1, 1 FROM d.t1",
    "ALTER USER u PASSWORD '1 2'; SELECT 1",
    "SELECT dblink('host=1 password= 2 ', 3)",
    "CREATE USER u IDENTIFIED BY '12'",
    "",
    "COMMIT",
};

static void test_same(void **state)
{
    static const char bytes[] = "09 =(),'`\"a.;-/*!#@$";
    char text[256];

    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        size_t len = strlen(texts[k]);
        check(texts[k], len);
        for (size_t at = 0; at < len; at++)
            for (const char *b = bytes; *b; b++) {
                memcpy(text, texts[k], len); /* another byte */
                text[at] = *b;
                check(text, len);
                memmove(text + at + 1, texts[k] + at, len - at); /* one more */
                memcpy(text, texts[k], at);
                text[at] = *b;
                check(text, len + 1);
                memmove(text + at, texts[k] + at + 1, len - at - 1); /* one less */
                check(text, len - 1);
            }
    }
}

static const struct pd_sql_facts *ask(const char *text)
{
    struct pd_slice sql = {(const uint8_t *)text, (uint32_t)strlen(text)};

    return pd_sql_memo_facts(&memo[PD_SQL_MYSQL], sql, PD_SQL_MYSQL, false);
}

static void test_remembers(void **state)
{
    const struct pd_sql_facts *facts = ask("SELECT c FROM sbtest1 WHERE id = 12");

    (void)state;
    assert_ptr_equal(ask("SELECT c FROM sbtest1 WHERE id = 3456"), facts);
    assert_ptr_not_equal(ask("SELECT c FROM sbtest2 WHERE id = 12"), facts);
    assert_ptr_not_equal(ask("SELECT c FROM sbtest1 WHERE id = 12x"), facts);
    assert_ptr_equal(ask("SELECT c FROM sbtest1 WHERE id = 1"), facts);
}

/* Statements that begin alike do not drive each other out. */
static void test_many(void **state)
{
    enum { MANY = 40 };
    const struct pd_sql_facts *facts[MANY];
    char text[128];
    int known = 0;

    (void)state;
    memset(memo, 0, sizeof memo);
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(text, sizeof text, "SELECT t0.id, t0.name FROM a_table AS t0 WHERE column%d = %d",
                           i, again);
            known += again && facts[i] == ask(text);
            facts[i] = ask(text);
        }
    assert_true(known > MANY * 3 / 4);
}

static void test_several(void **state)
{
    (void)state;
    assert_true(ask("SELECT 1; SELECT 2")->several);
    assert_true(ask("SELECT 1; SELECT 3")->several);
    assert_false(ask("SELECT 1, 'a'  ;")->several);
    assert_false(ask("SELECT 1, 'a'")->several);
}

static void check_noted(const char *text, enum pd_sql_dialect dialect, uint64_t *note)
{
    char summary[PD_SQL_SUMMARY_MAX];
    struct pd_slice sql = {(const uint8_t *)text, (uint32_t)strlen(text)};
    const struct pd_sql_facts *facts = pd_sql_memo_noted(&memo[dialect], sql, dialect, false, note);

    check_slice(sql, "summary", facts->summary, summary,
                pd_sql_summary(sql, dialect, false, summary, sizeof summary));
}

/* What was noted holds until its place is taken, and never in another dialect's memo. */
static void test_noted(void **state)
{
    enum { MANY = 4 * PD_SQL_MEMO_SETS * PD_SQL_MEMO_WAYS };
    static const char text[] = "SELECT a FROM t WHERE id = 1 UNION SELECT a FROM u";
    static const char like[] = "SELECT a FROM t WHERE id = 1 UNION SELECT a FROM v"; /* has the same place */
    uint64_t note = 0, none = 0;
    char other[64];

    (void)state;
    memset(memo, 0, sizeof memo);
    check_noted(text, PD_SQL_MYSQL, &note);
    assert_int_not_equal(note, 0);
    check_noted(text, PD_SQL_MYSQL, &note);
    ask("SELECT 1 FROM another");
    check_noted(text, PD_SQL_MYSQL, &note);
    check_noted(like, PD_SQL_POSTGRESQL, &none);
    check_noted(text, PD_SQL_POSTGRESQL, &note);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(other, sizeof other, "SELECT a FROM table%d", i);
        ask(other);
        check_noted(text, PD_SQL_MYSQL, &note);
    }
    none = 0;
    check_noted("BEGIN", PD_SQL_MYSQL, &none); /* too short to be remembered */
    assert_int_equal(none, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_remembers),
                                       cmocka_unit_test(test_many), cmocka_unit_test(test_several),
                                       cmocka_unit_test(test_noted)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
