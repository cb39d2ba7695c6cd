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
#include <stdio.h>

static struct pd_sql_memo memo;

static void check(const char *text, size_t len)
{
    char want[PD_SQL_SUMMARY_MAX], got[PD_SQL_SUMMARY_MAX];
    struct pd_slice sql = {(const uint8_t *)text, (uint32_t)len};
    uint32_t n = pd_sql_summary(sql, PD_SQL_MYSQL, false, want, sizeof want);

    for (int i = 0; i < 2; i++) {
        uint32_t m = pd_sql_memo_summary(&memo, sql, PD_SQL_MYSQL, false, got, sizeof got);
        if (m != n || memcmp(want, got, n) != 0)
            fail_msg("%.*s: %.*s instead of %.*s", (int)len, text, (int)m, got, (int)n, want);
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

static void test_remembers(void **state)
{
    char out[PD_SQL_SUMMARY_MAX];
    struct pd_slice sql = PD_SLICE("SELECT c FROM sbtest1 WHERE id = 12"),
                    other = PD_SLICE("SELECT c FROM sbtest1 WHERE id = 3456");

    (void)state;
    memset(&memo, 0, sizeof memo);
    pd_sql_memo_summary(&memo, sql, PD_SQL_MYSQL, false, out, sizeof out);
    for (int set = 0; set < PD_SQL_MEMO_SETS; set++)
        if (memo.entries[set][0].len)
            memcpy(memo.entries[set][0].summary, "REMEMBERED", memo.entries[set][0].summary_len = 10);
    assert_int_equal(pd_sql_memo_summary(&memo, other, PD_SQL_MYSQL, false, out, sizeof out), 10);
    assert_memory_equal(out, "REMEMBERED", 10);
    assert_int_equal(pd_sql_memo_summary(&memo, sql, PD_SQL_MYSQL, true, out, sizeof out), 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_remembers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
