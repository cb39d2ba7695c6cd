/* push_test.c: subscriptions, pushes, MONITOR, by hand. */
#include "protocol/redis/redis_test.h"

static void resp2(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d,
            "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\na*\r\nPING\r\n");
        SAY(d, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
        SAY(d, "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:3\r\n");
        SAY(d, "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$2\r\nhi\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n");
        ASK(d, "UNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nGET k\r\n");
        SAY(d, "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
        SAY(d, "*3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n");
        SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
        drive_finish(d);
        check(d, 0, "oneway", "PUSH", NULL);
        check_key(drive_line(d, 0), "key", "\"a\"");
        check_key(drive_line(d, 0), "args", "\"message a hi\"");
        check(d, 1, "ok", "SUBSCRIBE", "array");
        check(d, 2, "ok", "PSUBSCRIBE", "array");
        check(d, 3, "oneway", "PUSH", NULL);
        check_key(drive_line(d, 3), "key", "\"a\"");
        check_key(drive_line(d, 3), "args", "\"pmessage a* a hi\"");
        check(d, 4, "ok", "PING", "array");
        check(d, 5, "ok", "UNSUBSCRIBE", "array");
        check(d, 6, "ok", "PUNSUBSCRIBE", "array");
        check(d, 7, "ok", "UNSUBSCRIBE", "array");
        check(d, 8, "ok", "GET", "array"); /* nobody is subscribed: so it is the answer */
        close_redis(d, 9, 0);
    }
}

static void resp3(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d, "HELLO 3\r\nSUBSCRIBE a b\r\nGET k\r\n");
        SAY(d, "%1\r\n+proto\r\n:3\r\n>2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\nk\r\n$1\r\nl\r\n");
        SAY(d, ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
        SAY(d, ">3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n>3\r\n$12\r\nsunsubscribe\r\n$1\r\ns\r\n:0\r\n");
        SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n>2\r\n+invalidate\r\n_\r\n>0\r\n");
        drive_finish(d);
        check(d, 0, "ok", "HELLO", "map");
        check(d, 1, "oneway", "PUSH", NULL);
        check_key(drive_line(d, 1), "key", "\"k\"");
        check_key(drive_line(d, 1), "args", "\"invalidate k l\"");
        check(d, 2, "oneway", "PUSH", NULL);
        check(d, 3, "ok", "SUBSCRIBE", "push");
        check_key(drive_line(d, 3), "bytes", "15");
        check(d, 4, "oneway", "PUSH", NULL); /* a shard that moved */
        check(d, 5, "ok", "GET", "array");
        check_key(drive_line(d, 6), "args", "\"invalidate (nil)\"");
        check_key(drive_line(d, 6), "key", NULL);
        check(d, 7, "oneway", "PUSH", NULL);
        close_redis(d, 8, 0);
    }
}

static void refused(void **state)
{
    struct drive *d = open_redis(0);

    (void)state;
    ASK(d, "PING\r\n");
    SAY(d, "+PONG\r\n");
    ASK(d, "SUBSCRIBE\r\nSUBSCRIBE a b c\r\nMULTI\r\nSUBSCRIBE a b\r\nDISCARD\r\nPING\r\n");
    SAY(d, "-ERR wrong number of arguments\r\n-NOPERM no\r\n+OK\r\n+QUEUED\r\n+OK\r\n+PONG\r\n");
    drive_finish(d);
    check(d, 1, "error", "SUBSCRIBE", "error");
    check(d, 2, "error", "SUBSCRIBE", "error");
    check(d, 4, "ok", "SUBSCRIBE", "simple_string");
    check(d, 6, "ok", "PING", "simple_string");
    close_redis(d, 7, 0);
}

static void monitor(void **state)
{
    (void)state;
    EACH_PIECE(piece)
    {
        struct drive *d = open_redis(piece);
        ASK(d, "MONITOR\r\n");
        SAY(d, "+OK\r\n+1700000000.123456 [0 1.2.3.4:5] \"set\" \"k\" \"a value that is longer than "
               "sixty-four bytes\"\r\n");
        ASK(d, "PING\r\nRESET\r\nGET k\r\n");
        SAY(d, "+1700000000.123457 [0 1.2.3.4:6] \"ping\"\r\n+PONG\r\n+RESET\r\n+1\r\n");
        drive_finish(d);
        check(d, 0, "ok", "MONITOR", "simple_string");
        check(d, 1, "oneway", "PUSH", NULL);
        assert_non_null(strstr(drive_line(d, 1), "sixty-four bytes\\\"\""));
        check(d, 2, "oneway", "PUSH", NULL);
        check(d, 3, "ok", "PING", "simple_string");
        check(d, 4, "ok", "RESET", "simple_string");
        check(d, 5, "ok", "GET", "simple_string");
        close_redis(d, 6, 0);
    }
}

/* A subscriber whose SUBSCRIBE was not seen: the first message may be an answer, further ones are none. */
static void joined(void **state)
{
    struct drive *d = drive_new("redis");

    (void)state;
    for (int i = 0; i < 3; i++)
        SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
    ASK(d, "*1\r\n$4\r\nPING\r\n");
    SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    drive_finish(d);
    check(d, 0, "oneway", "PUSH", NULL);
    check(d, 1, "oneway", "PUSH", NULL);
    check(d, 2, "oneway", "PUSH", NULL);
    check(d, 3, "ok", "PING", "array");
    close_redis(d, 4, 0);
}

static void a_list_is_no_message(void **state)
{
    struct drive *d = drive_new("redis");

    (void)state;
    SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
    ASK(d, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    SAY(d, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
    drive_finish(d);
    check(d, 0, "ok", "GET", "array");
    close_redis(d, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resp2),   cmocka_unit_test(resp3),  cmocka_unit_test(refused),
        cmocka_unit_test(monitor), cmocka_unit_test(joined), cmocka_unit_test(a_list_is_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
