/* sql_test.c: statements of both dialects: what they do, and what is left of them without values and secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "protocol/sql.h"
#include "roundtrip/schema.h"
#include <stdio.h>

#define M PD_SQL_MYSQL
#define P PD_SQL_POSTGRESQL
enum { B = 2 };

struct example {
    int dialect; /* B: both say the same */
    const char *sql, *want;
};

static struct pd_slice slice(const char *s)
{
    return (struct pd_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

static void check(const struct example *e, enum pd_sql_dialect d, const char *got, uint32_t len)
{
    if (len != strlen(e->want) || memcmp(got, e->want, len) != 0)
        fail_msg("%s (%s): %.*s, not %s", e->sql, d == M ? "MySQL" : "PostgreSQL", (int)len, got, e->want);
}

static void summaries(const struct example *e, size_t count)
{
    char out[512];

    for (; count--; e++)
        for (enum pd_sql_dialect d = M; d <= P; d++)
            if (e->dialect == B || e->dialect == (int)d)
                check(e, d, out, pd_sql_summary(slice(e->sql), d, false, out, sizeof out));
}

/* want NULL: as it is. */
static void masks(const struct example *e, size_t count, unsigned what)
{
    char out[2 * PD_MASK_CAP];

    for (; count--; e++)
        for (enum pd_sql_dialect d = M; d <= P; d++) {
            if (e->dialect != B && e->dialect != (int)d)
                continue;
            uint32_t n = pd_sql_mask(slice(e->sql), d, what, out, sizeof out);
            if (e->want && n == PD_AS_IS)
                fail_msg("%s: as it is", e->sql);
            else if (e->want)
                check(e, d, out, n);
            else if (n != PD_AS_IS)
                fail_msg("%s: %.*s", e->sql, (int)n, out);
        }
}

#define SUMMARIES(...)                                                                                       \
    do {                                                                                                     \
        static const struct example examples[] = {__VA_ARGS__};                                              \
        summaries(examples, sizeof examples / sizeof *examples);                                             \
    } while (0)
#define MASKS(what, ...)                                                                                     \
    do {                                                                                                     \
        static const struct example examples[] = {__VA_ARGS__};                                              \
        masks(examples, sizeof examples / sizeof *examples, what);                                           \
    } while (0)

/* clang-format off */

static void convention(void **state) /* the examples of OpenTelemetry's conventions */
{
    (void)state;
    SUMMARIES(
        {B, "SELECT *\nFROM wuser_table\nWHERE username = ?", "SELECT wuser_table"},
        {B, "INSERT INTO shipping_details\n (order_id,\n address)\nSELECT order_id,\n address\nFROM orders\nWHERE order_id = ?",
         "INSERT shipping_details SELECT orders"},
        {B, "SELECT *\nFROM songs,\n artists\nWHERE songs.artist_id == artists.id", "SELECT songs artists"},
        {B, "SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)",
         "SELECT SELECT orders customers"},
        {B, "SELECT * FROM \"song list\", \"artists\"", "SELECT \"song list\" \"artists\""},
        {B, "{call some_stored_procedure}", "call some_stored_procedure"},
    );
}

static void queries(void **state)
{
    (void)state;
    SUMMARIES(
        {B, "", ""}, {B, " \n;; ", ""}, {B, "-- nothing\n", ""}, {B, "select 1", "select"},
        {M, "select a.x from `my db`.`t` a, b left join c on a.x=c.y, d where exists (select 1 from e)",
         "select `my db`.`t` b c d select e"},
        {P, "SELECT * FROM public . users AS u /* x, y */, \"a.b\".\"c\"\"d\"", "SELECT public.users \"a.b\".\"c\"\"d\""},
        {B, "SELECT a FROM (t1, (t2 JOIN t3 USING (id, x)))", "SELECT t1 t2 t3"},
        {B, "SELECT 1 UNION ALL SELECT a FROM b EXCEPT (SELECT c FROM d)", "SELECT SELECT b SELECT d"},
        {B, "((SELECT a FROM x) UNION (SELECT b FROM y)) ORDER BY 1", "SELECT x SELECT y"},
        {B, "SELECT * FROM ((SELECT a FROM x) UNION (SELECT b FROM y)) z, w", "SELECT SELECT x SELECT y w"},
        {B, "SELECT a, (SELECT max(b) FROM c WHERE c.x = d.x) m FROM d", "SELECT SELECT c d"},
        {B, "SELECT extract(year from d), trim(' ' from x) from t u where a is distinct from b", "SELECT t"},
        {B, "SELECT a IS DISTINCT FROM b FROM t", "SELECT t"},
        {B, "SELECT count(*) FILTER (WHERE a > 1), listagg(x) WITHIN GROUP (ORDER BY z) FROM t", "SELECT t"},
        {B, "SELECT t.from, t.select, t.union FROM t", "SELECT t"},
        {B, "SELECT * FROM generate_series(1, 10) g, t, unnest(?) u", "SELECT t"},
        {P, "SELECT * FROM a CROSS JOIN LATERAL (SELECT * FROM b WHERE b.x=a.x LIMIT 1) l", "SELECT a SELECT b"},
        {B, "SELECT * FROM (VALUES (1,2),(3,4)) AS v(a,b) JOIN t ON true", "SELECT t"},
        {M, "SELECT * FROM t1 PARTITION (p0) USE INDEX (i1, i2), t2 FOR UPDATE OF t1, t3", "SELECT t1 t2"},
        {M, "SELECT 2020_logs.a, 1e9 from 2020_logs", "SELECT 2020_logs"},
        {P, "SELECT * FROM $1, ?, t", "SELECT t"},
        {B, "VALUES (1, 2), (3, 4)", "VALUES"}, {B, "TABLE t", "TABLE t"},
        {B, "WITH x AS (SELECT * FROM b), Y(c) AS (SELECT 1) SELECT * FROM x JOIN y JOIN z", "SELECT b SELECT SELECT z"},
        {P, "WITH RECURSIVE x AS MATERIALIZED (SELECT 1 UNION ALL SELECT n FROM x) SELECT * FROM x, s.x",
         "SELECT SELECT SELECT s.x"},
        {P, "WITH moved AS (DELETE FROM a WHERE x RETURNING *) INSERT INTO b SELECT * FROM moved", "DELETE a INSERT b SELECT"},
    );
}

static void changes(void **state)
{
    (void)state;
    SUMMARIES(
        {B, "INSERT INTO t (a,b) VALUES (1,'x'), (2, 'y') ON DUPLICATE KEY UPDATE a=VALUES(a)", "INSERT t"},
        {P, "INSERT INTO t AS x VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = EXCLUDED.b RETURNING id", "INSERT t"},
        {B, "INSERT INTO t VALUES ((SELECT max(a) FROM u))", "INSERT t SELECT u"},
        {M, "insert low_priority ignore t set a=1", "insert t"}, {M, "REPLACE DELAYED INTO t(a) VALUES (1)", "REPLACE t"},
        {M, "UPDATE LOW_PRIORITY t1 JOIN t2 ON t1.a=t2.a SET t1.b = 1 WHERE t1.c IN (SELECT d FROM t3)",
         "UPDATE t1 t2 SELECT t3"},
        {P, "UPDATE ONLY t * SET a = 1 FROM u, v WHERE t.x = u.x", "UPDATE t u v"},
        {M, "DELETE a, b FROM t1 a JOIN t2 b USING (id) WHERE a.x=1", "DELETE t1 t2"},
        {M, "DELETE FROM t1, t2 USING t1 JOIN t2 JOIN t3", "DELETE t1 t2 t1 t2 t3"},
        {P, "DELETE FROM ONLY t USING u WHERE t.a = u.a", "DELETE t u"},
        {P, "MERGE INTO t USING (SELECT * FROM s) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a=1 "
            "WHEN NOT MATCHED THEN INSERT VALUES (1)", "MERGE t SELECT s"},
        {P, "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", "MERGE t s"},
        {M, "LOAD DATA LOCAL INFILE '/tmp/x' REPLACE INTO TABLE t FIELDS TERMINATED BY ','", "LOAD t"},
        {P, "COPY t (a, b) FROM STDIN", "COPY t"}, {P, "COPY (SELECT * FROM t) TO STDOUT", "COPY SELECT t"},
    );
}

static void definitions(void **state)
{
    (void)state;
    SUMMARIES(
        {B, "CREATE TABLE IF NOT EXISTS t (id int, x int REFERENCES u(id))", "CREATE TABLE t"},
        {B, "CREATE TEMPORARY TABLE s.t AS SELECT * FROM t1", "CREATE TABLE s.t SELECT t1"},
        {B, "CREATE TABLE session (select_id int)", "CREATE TABLE session"},
        {P, "CREATE TABLE t (a int) WITH (fillfactor = 70) AS WITH x AS (SELECT 1) SELECT * FROM x, y",
         "CREATE TABLE t SELECT SELECT y"},
        {M, "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`root`@`%` SQL SECURITY INVOKER VIEW v AS SELECT * FROM t",
         "CREATE VIEW v SELECT t"},
        {P, "CREATE MATERIALIZED VIEW v AS SELECT * FROM t", "CREATE VIEW v SELECT t"},
        {P, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "CREATE INDEX i"},
        {P, "CREATE INDEX ON t (a)", "CREATE INDEX t"}, {B, "DROP INDEX i ON t", "DROP INDEX i"},
        {B, "DROP TABLE IF EXISTS a, b.c CASCADE", "DROP TABLE a b.c"}, {B, "TRUNCATE t", "TRUNCATE t"},
        {B, "TRUNCATE TABLE t, u", "TRUNCATE TABLE t u"}, {B, "CREATE DATABASE d", "CREATE DATABASE d"},
        {P, "ALTER TABLE ONLY public.t ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES b(c), ADD c int", "ALTER TABLE public.t"},
        {B, "ALTER SYSTEM SET x = 'y'", "ALTER"}, {B, "CREATE USER bob", "CREATE USER"},
        {M, "CREATE DEFINER=root@localhost PROCEDURE p(in a int) BEGIN select * from t; update x set y=1; END",
         "CREATE PROCEDURE p"},
        {M, "BEGIN NOT ATOMIC select * from t; select * from u; END", "BEGIN"},
        {P, "CREATE OR REPLACE FUNCTION s.f() RETURNS int AS $f$ SELECT a FROM b; $f$ LANGUAGE sql", "CREATE FUNCTION s.f"},
        {P, "REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH VIEW v"}, {P, "VACUUM (FULL, ANALYZE) t", "VACUUM t"},
        {B, "ANALYZE TABLE a, b", "ANALYZE TABLE a b"}, {M, "LOCK TABLES a READ, b AS c WRITE", "LOCK TABLES a b"},
    );
}

static void commands(void **state)
{
    (void)state;
    SUMMARIES(
        {B, "CALL proc(1, (SELECT a FROM b))", "CALL proc SELECT b"}, {B, "USE foo", "USE foo"},
        {B, "EXEC dbo.proc 1", "EXEC dbo.proc"}, {B, "EXPLAIN SELECT * FROM t", "EXPLAIN SELECT t"},
        {P, "EXPLAIN (ANALYZE, BUFFERS) UPDATE t SET a = 1", "EXPLAIN UPDATE t"}, {M, "DESC t", "DESC t"},
        {P, "PREPARE p (int) AS SELECT * FROM t WHERE a = $1", "PREPARE SELECT t"},
        {P, "DECLARE \"_c1\" CURSOR FOR SELECT * FROM t", "DECLARE SELECT t"},
        {B, "SAVEPOINT s1", "SAVEPOINT"}, {B, "START TRANSACTION READ ONLY", "START TRANSACTION"},
        {B, "begin", "begin"}, {M, "SHOW FULL PROCESSLIST", "SHOW PROCESSLIST"}, {P, "SHOW search_path", "SHOW search_path"},
        {M, "SHOW GLOBAL STATUS LIKE 'x%'", "SHOW STATUS"}, {B, "SET NAMES utf8", "SET"}, {B, "GRANT SELECT ON t TO u", "GRANT"},
        {M, "/*!40101 SET NAMES utf8 */", "SET"}, {M, "/*M!100100 SELECT * FROM*/ t", "SELECT t"},
        {P, "/* a /* SELECT b */ c */ SELECT * FROM t -- , u", "SELECT t"}, {M, "SELECT * FROM t # , u", "SELECT t"},
        {B, "begin; insert into t values (1); commit;", "begin; insert t; commit"},
        {B, "SELECT 1; SELECT 2; SELECT 3 FROM a; UPDATE b SET x=1", "SELECT; SELECT a; UPDATE b"},
    );
}

/* clang-format on */

/* A text that is cut anywhere says nothing that the whole does not say. */
static void cut_texts(void **state)
{
    static const char *const texts[] = {"SELECT * FROM users u, a.b.c JOIN f(1) x, d -- end",
                                        "INSERT INTO `a b` SELECT 1 FROM b",
                                        "CREATE TABLE IF NOT EXISTS abc.def (a int) AS SELECT * FROM t",
                                        "SELECT 'a' FROM a; DROP TABLE t, u"};
    char whole[256], part[256];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pd_slice sql = slice(texts[i]);
        uint32_t n = pd_sql_summary(sql, PD_SQL_MYSQL, false, whole, sizeof whole);
        for (; sql.len; sql.len--) {
            uint32_t k = pd_sql_summary(sql, PD_SQL_MYSQL, true, part, sizeof part);
            assert_true(k <= n);
            assert_memory_equal(part, whole, k);
            assert_true(k == n || whole[k] == ' ' || whole[k] == ';' || k == 0);
        }
    }
    assert_int_equal(pd_sql_summary(slice("SELECT * FROM users"), M, true, part, sizeof part), 6);
    assert_int_equal(pd_sql_summary(slice("SELECT * FROM users "), M, true, part, sizeof part), 6);
    assert_int_equal(pd_sql_summary(slice("SELECT * FROM users u"), M, true, part, sizeof part), 12);
}

static void bounds(void **state)
{
    char sql[4096] = "SELECT * FROM t0", out[512];
    size_t n = strlen(sql);

    (void)state;
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, ", table_%d", i);
    uint32_t len = pd_sql_summary(slice(sql), M, false, out, sizeof out);
    assert_true(len <= PD_SQL_SUMMARY_MAX && len > PD_SQL_SUMMARY_MAX - 10);
    assert_memory_equal(out, "SELECT t0 table_0 ", 18);
    assert_memory_equal(out + len - 9, " table_", 7); /* whole */
    assert_int_equal(pd_sql_summary(slice(sql), M, false, out, 8), 6);
    assert_int_equal(pd_sql_summary(slice(sql), M, false, out, 0), 0);
    memset(sql, '(', 4000); /* deeper than what is followed */
    memcpy(sql + 4000, "SELECT a FROM b", 16);
    assert_int_equal(pd_sql_summary(slice(sql), M, false, out, sizeof out), 0);
    memset(sql + 20, ' ', 3980);
    assert_int_equal(pd_sql_summary(slice(sql), M, false, out, sizeof out), 8);
}

/* clang-format off */

static void secrets(void **state)
{
    (void)state;
    MASKS(PD_MASK_SECRETS,
        {B, "SELECT * FROM users WHERE name = 'bob' AND id = 5", NULL}, {B, "", NULL},
        {B, "SELECT password, token FROM users WHERE name = 'bob'", NULL},
        {B, "SELECT a FROM t GROUP BY 'x' ORDER BY 'y'", NULL},
        {M, "CREATE USER 'bob'@'%' IDENTIFIED BY 'pw'", "CREATE USER 'bob'@'%' IDENTIFIED BY '[redacted]'"},
        {M, "GRANT ALL ON *.* TO 'x'@'y' identified by password 0xABCD WITH GRANT OPTION",
            "GRANT ALL ON *.* TO 'x'@'y' identified by password [redacted] WITH GRANT OPTION"},
        {M, "ALTER USER a IDENTIFIED WITH 'plug' BY 'pw' REPLACE \"old\", b IDENTIFIED WITH 'plug' AS '*HASH' COMMENT 'c'",
            "ALTER USER a IDENTIFIED WITH 'plug' BY '[redacted]' REPLACE \"[redacted]\", b IDENTIFIED WITH 'plug' AS "
            "'[redacted]' COMMENT 'c'"},
        {M, "CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD('x') OR unix_socket USING 'y'",
            "CREATE USER a IDENTIFIED VIA ed25519 USING PASSWORD('[redacted]') OR unix_socket USING '[redacted]'"},
        {M, "SET PASSWORD FOR 'u'@'h' = 'x'; SET a = 'b'", "SET PASSWORD FOR 'u'@'h' = '[redacted]'; SET a = 'b'"},
        {M, "SET PASSWORD = OLD_PASSWORD(_utf8'x')", "SET PASSWORD = OLD_PASSWORD(_utf8'[redacted]')"},
        {M, "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD = 'pw', MASTER_PORT=3306",
            "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD = '[redacted]', MASTER_PORT=3306"},
        {M, "CREATE SERVER s OPTIONS (USER 'u', PASSWORD 'x')", "CREATE SERVER s OPTIONS (USER 'u', PASSWORD '[redacted]')"},
        {M, "CREATE TABLE t (a int) CONNECTION='mysql://u:p@h/d/t'", "CREATE TABLE t (a int) CONNECTION='[redacted]'"},
        {P, "CREATE ROLE bob LOGIN ENCRYPTED PASSWORD E'p\\'w' VALID UNTIL 'infinity'",
            "CREATE ROLE bob LOGIN ENCRYPTED PASSWORD E'[redacted]' VALID UNTIL 'infinity'"},
        {P, "ALTER ROLE bob PASSWORD $x$a$b$x$;", "ALTER ROLE bob PASSWORD $x$[redacted]$x$;"},
        {P, "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET password 'pw', \"password\" 'x')",
            "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET password '[redacted]', \"password\" '[redacted]')"},
        {P, "COPY t FROM 's3://x' CREDENTIALS AS 'a=b'", "COPY t FROM 's3://x' CREDENTIALS AS '[redacted]'"},
        {P, "CREATE SUBSCRIPTION s CONNECTION 'host=h password=x'", "CREATE SUBSCRIPTION s CONNECTION '[redacted]'"},
        {P, "SELECT dblink('host=h PASSWORD=x', 'select 1')", "SELECT dblink('[redacted]', 'select 1')"},
        {B, "UPDATE a SET password = 'x', name = 'bob'", "UPDATE a SET password = '[redacted]', name = 'bob'"},
        {B, "ALTER USER a PASSWORD 'x' 'y'", "ALTER USER a PASSWORD '[redacted]' '[redacted]'"},
        {B, "ALTER USER a PASSWORD /* 'b' */ 'x", "ALTER USER a PASSWORD /* 'b' */ '[redacted]"},
        {P, "ALTER USER a PASSWORD $$x", "ALTER USER a PASSWORD $$[redacted]"},
    );
}

static void values(void **state)
{
    (void)state;
    MASKS(PD_MASK_VALUES,
        {B, "SELECT a FROM t", NULL}, {M, "SELECT a FROM `1` WHERE b = ? AND c = @x", NULL},
        {P, "SELECT a FROM \"1\" WHERE b = $1 AND c = a.d1 AND e IS NOT TRUE AND f IS NULL", NULL},
        {B, "SELECT -1, 1.5e-3, .5, 'it''s', TRUE, N'x', x'ff' FROM t1 LIMIT 10",
            "SELECT -?, ?, ?, ?, ?, ?, ? FROM t1 LIMIT ?"},
        {M, "SELECT \"a\\\"b\", 'a\\'b', _utf8mb4'c', 0xff, 2020_logs FROM 2020_logs # 'x'\n WHERE a=1--1 -- y",
            "SELECT ?, ?, _utf8mb4?, ?, 2020_logs FROM 2020_logs \n WHERE a=?--? "},
        {P, "SELECT E'a\\'b', '\\', U&'\\0041', $$do 'it'$$, $q$x$$q$, 'c'::text, x->>'k' /* /* 1 */ 2 */, a#>'{b}'",
            "SELECT ?, ?, ?, ?, ?, ?::text, x->>? , a#>?"},
        {B, "SELECT a FROM t WHERE b IN (1, 'x', -3) AND c in ( ?,? ) AND d IN (SELECT 1)",
            "SELECT a FROM t WHERE b IN (?) AND c in (?) AND d IN (SELECT ?)"},
        {B, "SELECT a FROM t WHERE (a, b) IN ((1,2), (3, 4))", "SELECT a FROM t WHERE (a, b) IN ((?))"},
        {B, "INSERT INTO t (a,b) VALUES (1, NULL), (2,DEFAULT),(-3, 'x') ON DUPLICATE KEY UPDATE a=VALUES(a), b=(1)",
            "INSERT INTO t (a,b) VALUES (?) ON DUPLICATE KEY UPDATE a=VALUES(a), b=(?)"},
        {B, "INSERT INTO t VALUES (1, now()), (2, now()), (3, f(4))", "INSERT INTO t VALUES (?, now()), (?, f(?))"},
        {M, "VALUES ROW(1,2), ROW(3,4)", "VALUES ROW(?)"}, {P, "SELECT ARRAY[1,2,3], a[1:2]", "SELECT ARRAY[?], a[?:?]"},
        {M, "/*!40101 SET a=1 */ /* 2 */ /*+ x(3) */ SELECT/**/1", "/*!40101 SET a=? */   SELECT ?"},
        {B, "SELECT 'cut", "SELECT ?"}, {B, "SELECT a /* cut 1", "SELECT a "}, {P, "SELECT $a$cut 1", "SELECT ?"},
        {M, "CREATE USER 'a'@'b' IDENTIFIED BY 'c'", "CREATE USER ?@? IDENTIFIED BY ?"},
    );
    MASKS(PD_MASK_VALUES | PD_MASK_SECRETS, {B, "ALTER USER a PASSWORD 'x'", "ALTER USER a PASSWORD ?"});
    MASKS(0, {B, "ALTER USER a PASSWORD 'x'", NULL});
}

/* clang-format on */

static void a_mask_that_does_not_fit(void **state)
{
    char out[16];

    (void)state;
    assert_int_equal(pd_sql_mask(slice("SELECT 1, b FROM longer"), M, PD_MASK_VALUES, out, 10), 10);
    assert_memory_equal(out, "SELECT ?, ", 10);
    assert_int_equal(pd_sql_mask(slice("PASSWORD 'x'"), M, PD_MASK_SECRETS, out, 12), 12);
    assert_memory_equal(out, "PASSWORD '[r", 12);
}

static void verbs(void **state)
{
    char out[16];

    (void)state;
    assert_int_equal(pd_sql_verb(slice(" /* x */ (( select 1"), M, out, sizeof out), 6);
    assert_memory_equal(out, "SELECT", 6);
    assert_int_equal(pd_sql_verb(slice("-- x\ncommit"), P, out, sizeof out), 6);
    assert_memory_equal(out, "COMMIT", 6);
    assert_int_equal(pd_sql_verb(slice("/*!40101 set a=1*/"), M, out, sizeof out), 3);
    assert_int_equal(pd_sql_verb(slice("commit"), P, out, 5), 0);
    assert_int_equal(pd_sql_verb(slice("'x'"), P, out, sizeof out), 0);
    assert_int_equal(pd_sql_verb(slice(""), P, out, sizeof out), 0);
}

static void uses(const char *sql, const char *want)
{
    char out[8];
    uint32_t n = 0;
    bool got = pd_sql_use(slice(sql), M, out, sizeof out, &n);

    assert_int_equal(got, want != NULL);
    if (want) {
        assert_int_equal(n, strlen(want));
        assert_memory_equal(out, want, n);
    }
}

static void databases(void **state)
{
    (void)state;
    uses("USE foo", "foo");
    uses(" use /* x */ `a``b c` ; -- y", "a`b c");
    uses("USE 2020db;", "2020db");
    uses("USE a_longer_name", NULL);
    uses("USE a; SELECT 1", NULL);
    uses("USE", NULL);
    uses("USE `a", NULL);
    uses("USE ``", NULL);
    uses("SELECT 1", NULL);
    uses("USE 'a'", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convention), cmocka_unit_test(queries),
        cmocka_unit_test(changes),    cmocka_unit_test(definitions),
        cmocka_unit_test(commands),   cmocka_unit_test(cut_texts),
        cmocka_unit_test(bounds),     cmocka_unit_test(secrets),
        cmocka_unit_test(values),     cmocka_unit_test(a_mask_that_does_not_fit),
        cmocka_unit_test(verbs),      cmocka_unit_test(databases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
