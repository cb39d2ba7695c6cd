/* redis_test.c: commands and replies by hand. */
#include "protocol/redis/redis_test.h"

static void commands_and_replies(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d, "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$5\r\na b\"c\r\n"
               "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        SAY(d, "+OK\r\n$5\r\na b\"c\r\n");
        ASK(d, "*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n");
        SAY(d, "-ERR value is not an integer or out of range\r\n");
        drive_finish(d);
        assert_string_equal(
            drive_line(d, 0),
            "{\"proto\":\"redis\",\"status\":\"ok\","
            "\"request\":{\"command\":\"SET\",\"key\":\"k\",\"args\":\"k \\\"a b\\\\\\\"c\\\"\","
            "\"argument_count\":2,\"bytes\":31},"
            "\"response\":{\"type\":\"simple_string\",\"bytes\":5}}");
        check(d, 1, "ok", "GET", "bulk_string");
        check(d, 2, "error", "INCR", "error");
        check_key(drive_line(d, 2), "error", "\"ERR value is not an integer or out of range\"");
        close_redis(d, 3, 0);
    }
}

static void every_type(void **state)
{
    static const struct {
        const char *reply, *type, *elements;
    } cases[] = {
        {"+OK\r\n", "simple_string", NULL},
        {"+\r\n", "simple_string", NULL},
        {":-12\r\n", "integer", NULL},
        {"$0\r\n\r\n", "bulk_string", NULL},
        {"$-1\r\n", "null", NULL},
        {"*-1\r\n", "null", NULL},
        {"_\r\n", "null", NULL},
        {"#t\r\n", "boolean", NULL},
        {",-1.5e10\r\n", "double", NULL},
        {",inf\r\n", "double", NULL},
        {"(-349999999999999999999999999999999999\r\n", "big_number", NULL},
        {"=7\r\ntxt:abc\r\n", "verbatim_string", NULL},
        {"*0\r\n", "array", "0"},
        {"*2\r\n$1\r\na\r\n*2\r\n:1\r\n*-1\r\n", "array", "2"},
        {"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n#f\r\n", "map", "2"},
        {"~1\r\n$1\r\na\r\n", "set", "1"},
        {"|1\r\n+ttl\r\n%1\r\n+a\r\n:1\r\n*1\r\n|1\r\n+x\r\n+y\r\n:1\r\n", "array", "1"},
        {"|0\r\n:1\r\n", "integer", NULL},
        {"$?\r\n;3\r\nabc\r\n;1\r\nd\r\n;0\r\n", "bulk_string", NULL},
        {"*?\r\n:1\r\n*2\r\n*?\r\n.\r\n:2\r\n.\r\n", "array", NULL},
        {"*2\r\n%?\r\n+a\r\n*?\r\n:1\r\n.\r\n.\r\n+z\r\n", "array", "2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EACH_PIECE(piece)
        {
            struct drive *d = open_redis(piece);
            ASK(d, "*1\r\n$4\r\nROLE\r\n*1\r\n$4\r\nPING\r\n");
            drive_send(d, PD_S2C, cases[i].reply, strlen(cases[i].reply));
            SAY(d, "+PONG\r\n");
            drive_finish(d);
            check(d, 0, "ok", "ROLE", cases[i].type);
            check_key(drive_line(d, 0), "elements", cases[i].elements);
            check(d, 1, "ok", "PING", "simple_string");
            close_redis(d, 2, 0);
        }
    }
}

static void errors(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$3\r\nGET\r\n$1\r\nl\r\n*1\r\n$4\r\nEXEC\r\n");
        SAY(d, "-MOVED 3999 127.0.0.1:6381\r\n!21\r\nSYNTAX invalid syntax\r\n");
        SAY(d, "*1\r\n-ERR nested\r\n");
        drive_finish(d);
        check(d, 0, "error", "GET", "error");
        check_key(drive_line(d, 0), "error", "\"MOVED 3999 127.0.0.1:6381\"");
        check_key(drive_line(d, 1), "error", "\"SYNTAX invalid syntax\"");
        check(d, 2, "ok", "EXEC", "array");
        close_redis(d, 3, 0);
    }
}

static void not_resp(void **state)
{
    static const char *const bad[] = {
        ":12a\r\n",
        "*-2\r\n",
        "$-1\n\n",
        "#x\r\n",
        "_x\r\n",
        ".\r\n",
        ";1\r\na\r\n",
        "?",
        "*99999999999999999999\r\n",
        "$3\r\nabcd\r\n",
        "*2\r\n*9000000000\r\n",
        "*2\r\n>1\r\n+a\r\n",
        ",1,5\r\n",
        "(x\r\n",
        "$?\r\n:1\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EACH_PIECE(piece)
        {
            struct drive *d = open_redis(piece);
            ASK(d, "*1\r\n$4\r\nROLE\r\n");
            drive_send(d, PD_S2C, bad[i], strlen(bad[i]));
            drive_finish(d);
            assert_int_equal(drive_count(d), 1);
            check_key(drive_line(d, 0), "status", "\"incomplete\"");
            close_redis(d, 1, 1);
        }
    }
}

static void deep(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "*1\r\n$4\r\nROLE\r\n");
    for (int i = 0; i < 100000; i++)
        SAY(d, "*1\r\n");
    SAY(d, ":1\r\n");
    drive_finish(d);
    check(d, 0, "ok", "ROLE", "array");
    close_redis(d, 1, 0);
}

static void keys(void **state)
{
    static const struct {
        const char *line, *command, *key;
    } cases[] = {
        {"GET a", "GET", "\"a\""},
        {"PING a", "PING", NULL},
        {"eval script 2 a b c", "EVAL", "\"a\""},
        {"EVAL script 0 a", "EVAL", NULL},
        {"XREAD COUNT 2 BLOCK 0 STREAMS a b 0 0", "XREAD", "\"a\""},
        {"XREADGROUP GROUP g c STREAMS a >", "XREADGROUP", "\"a\""},
        {"MIGRATE h 1 a 0 10", "MIGRATE", "\"a\""},
        {"MIGRATE h 1 \"\" 0 10 KEYS a b", "MIGRATE", "\"a\""},
        {"BITOP AND a b c", "BITOP", "\"a\""},
        {"OBJECT encoding a", "OBJECT ENCODING", "\"a\""},
        {"ZINTER 2 a b", "ZINTER", "\"a\""},
        {"BLMPOP 0 1 a LEFT", "BLMPOP", "\"a\""},
        {"config get maxmemory", "CONFIG GET", NULL},
        {"MEMORY USAGE a", "MEMORY USAGE", "\"a\""},
        {"ft.search a b", "FT.SEARCH", NULL},
        {"COMMAND", "COMMAND", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EACH_PIECE(piece)
        {
            struct drive *d = open_redis(piece);
            ASK(d, "PING\r\n");
            drive_send(d, PD_C2S, cases[i].line, strlen(cases[i].line));
            ASK(d, "\r\n");
            SAY(d, "+PONG\r\n:1\r\n");
            drive_finish(d);
            check(d, 1, "ok", cases[i].command, "integer");
            check_key(drive_line(d, 1), "key", cases[i].key);
            close_redis(d, 2, 0);
        }
    }
}

static void inline_commands(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d, "\r\n  set  k 'it\\'s' \r\n\r\nGET \"a\\x41\\n\"\nSET k \"open\r\n");
        SAY(d, "+OK\r\n$-1\r\n-ERR Protocol error: unbalanced quotes in request\r\n");
        drive_finish(d);
        check(d, 0, "ok", "SET", "simple_string");
        check_key(drive_line(d, 0), "args", "\"k \\\"it's\\\"\"");
        check_key(drive_line(d, 0), "argument_count", "2");
        check(d, 1, "ok", "GET", "null");
        check_key(drive_line(d, 1), "key", "\"aA\\n\"");
        check(d, 2, "error", "SET", "error");
        check_key(drive_line(d, 2), "argument_count", NULL);
        close_redis(d, 3, 0);
    }
}

static void empty_commands_have_no_answer(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "ROLE\r\n*0\r\n*-1\r\n\r\n*1\r\n$4\r\nPING\r\n");
    SAY(d, "*0\r\n+PONG\r\n");
    drive_finish(d);
    check(d, 1, "ok", "PING", "simple_string");
    close_redis(d, 2, 0);
}

static void long_arguments(void **state)
{
    static char value[300000];
    struct drive *d = open_redis(1000);
    char head[64];

    (void)state;
    memset(value, 'x', sizeof value);
    int n = snprintf(head, sizeof head, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%zu\r\n", sizeof value);
    drive_send(d, PD_C2S, head, (size_t)n);
    drive_send(d, PD_C2S, value, sizeof value);
    ASK(d, "\r\n");
    SAY(d, "+OK\r\n");
    ASK(d, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    n = snprintf(head, sizeof head, "$%zu\r\n", sizeof value);
    drive_send(d, PD_S2C, head, (size_t)n);
    drive_send(d, PD_S2C, value, 100000);
    drive_gap(d, PD_S2C, 100000); /* nobody looks there */
    drive_send(d, PD_S2C, value, 100000);
    SAY(d, "\r\n");
    drive_finish(d);
    check(d, 0, "ok", "SET", "simple_string");
    assert_non_null(strstr(drive_line(d, 0), "\"cut\":[\"request.args\"]"));
    check(d, 1, "ok", "GET", "bulk_string");
    close_redis(d, 2, 0);
}

static void lost_in_an_argument(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20\r\n01234");
    drive_gap(d, PD_C2S, 10);
    ASK(d, "56789\r\n*1\r\n$4\r\nPING\r\n");
    SAY(d, "+OK\r\n+PONG\r\n");
    drive_finish(d);
    check(d, 0, "incomplete", "SET", "simple_string");
    check(d, 1, "ok", "PING", "simple_string");
    close_redis(d, 2, 0);
}

static void databases(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "GET a\r\nSELECT 7\r\nGET b\r\nSELECT 99\r\n");
    SAY(d, "$-1\r\n+OK\r\n$-1\r\n-ERR DB index is out of range\r\n");
    ASK(d, "GET c\r\n");
    SAY(d, "$-1\r\n");
    ASK(d, "MULTI\r\nSELECT 8\r\nDISCARD\r\nGET d\r\nMULTI\r\nSELECT 8\r\nEXEC\r\nGET e\r\n");
    SAY(d, "+OK\r\n+QUEUED\r\n+OK\r\n$-1\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n$-1\r\n");
    drive_finish(d);
    static const char *const want[] = {NULL,    NULL,    "\"7\"", "\"7\"", "\"7\"", "\"7\"", "\"7\"",
                                       "\"7\"", "\"7\"", "\"7\"", "\"7\"", "\"7\"", NULL};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        check_key(drive_line(d, i), "database", want[i]);
    close_redis(d, 13, 0);
}

static void replies_off(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "PING\r\nCLIENT REPLY OFF\r\nGET a\r\nCLIENT REPLY SKIP\r\nGET b\r\nCLIENT reply "
           "on\r\nPING\r\nCLIENT REPLY SKIP\r\nPING\r\nGET c\r\n");
    SAY(d, "+PONG\r\n+OK\r\n+PONG\r\n$-1\r\n");
    drive_finish(d);
    check(d, 0, "oneway", "CLIENT REPLY", NULL);
    check(d, 1, "oneway", "GET", NULL);
    check(d, 6, "ok", "PING", "simple_string");
    check(d, 7, "ok", "CLIENT REPLY", "simple_string");
    check(d, 8, "ok", "PING", "simple_string");
    check(d, 9, "ok", "GET", "null");
    close_redis(d, 10, 0);
}

static void replies_perhaps_off(void **state)
{
    struct drive *d = drive_new("redis");

    (void)state;
    ASK(d, "*1\r\n$4\r\nPING\r\n"); /* joined: off, as was said before */
    ASK(d, "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n");
    SAY(d, "+OK\r\n");
    drive_finish(d);
    for (size_t i = 0; i < drive_count(d); i++)
        assert_null(strstr(drive_line(d, i), "\"status\":\"ok\""));
    close_redis(d, drive_count(d), 1);
}

static void replication(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n");
    SAY(d, "\n\n+FULLRESYNC 0123456789 0\r\n$100\r\nREDIS");
    ASK(d, "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n");
    drive_finish(d);
    check(d, 0, "ok", "PSYNC", "simple_string");
    assert_int_equal(drive_counter(d, PD_C_OPAQUE), 1);
    close_redis(d, 1, 0);
    d = open_redis(0);
    ASK(d, "SYNC\r\n");
    SAY(d, "\n");
    SAY(d, "$100\r\nREDIS");
    drive_finish(d);
    check(d, 0, "ok", "SYNC", "bulk_string");
    assert_int_equal(drive_counter(d, PD_C_OPAQUE), 1);
    close_redis(d, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_and_replies),
        cmocka_unit_test(every_type),
        cmocka_unit_test(errors),
        cmocka_unit_test(not_resp),
        cmocka_unit_test(deep),
        cmocka_unit_test(keys),
        cmocka_unit_test(inline_commands),
        cmocka_unit_test(empty_commands_have_no_answer),
        cmocka_unit_test(long_arguments),
        cmocka_unit_test(lost_in_an_argument),
        cmocka_unit_test(databases),
        cmocka_unit_test(replies_off),
        cmocka_unit_test(replies_perhaps_off),
        cmocka_unit_test(replication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
