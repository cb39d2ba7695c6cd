/* whole_test.c: what lies whole in a slice takes a short way, which must say what the long one says. The long
 * one is taken when bytes come one by one. */
#include "protocol/redis/redis_test.h"

enum { ARGS_MAX = 10, MESSAGE_MAX = 16384 };

struct conversation {
    const char *argv[ARGS_MAX];
    uint32_t filled; /* the last argument is repeated up to so many bytes; 0: as it is */
    const char *reply;
    const char *key, *type; /* as the record has them; NULL: not */
};

static const struct conversation conversations[] = {
    {{"PING"}, 0, "+OK\r\n", NULL, "\"simple_string\""},
    {{"DBSIZE"}, 0, ":0\r\n", NULL, "\"integer\""},
    {{"dbsize"}, 0, ":00012\r\n", NULL, "\"integer\""},
    {{"DBSIZE"}, 0, ":123456789\r\n", NULL, "\"integer\""},
    {{"DBSIZE"}, 0, ":-5\r\n", NULL, "\"integer\""},
    {{"GET", "k"}, 0, "$-1\r\n", "\"k\"", "\"null\""},
    {{"GET", "k"}, 0, "$0\r\n\r\n", "\"k\"", "\"bulk_string\""},
    {{"GET", "k"}, 0, "$5\r\na\r\nbc\r\n", "\"k\"", "\"bulk_string\""},
    {{"GET", "k"}, 0, "$005\r\nhello\r\n", "\"k\"", "\"bulk_string\""},
    {{"GET", "k"}, 0, "$00005\r\nhello\r\n", "\"k\"", "\"bulk_string\""},
    {{"GET", "k"}, 0, "-ERR no\r\n", "\"k\"", "\"error\""},
    {{"GET", "k"}, 0, "+OKAY\r\n", "\"k\"", "\"simple_string\""},
    {{"GET", "k"}, 0, "+RESET\r\n", "\"k\"", "\"simple_string\""},
    {{"GET", ""}, 0, "$-1\r\n", "\"\"", "\"null\""},
    {{"GET", "a b"}, 0, "$-1\r\n", "\"a b\"", "\"null\""},
    {{"GET", "a'b"}, 0, "$-1\r\n", "\"a'b\"", "\"null\""},
    {{"GET", "a\"b"}, 0, "$-1\r\n", "\"a\\\"b\"", "\"null\""},
    {{"GET", "\xc3\xa9t\xc3\xa9"}, 0, "$-1\r\n", "\"\xc3\xa9t\xc3\xa9\"", "\"null\""},
    {{"GET", "\xff"}, 0, "$-1\r\n", "\"\xef\xbf\xbd\"", "\"null\""},
    {{"GET", "0123456789abcdef0123456789abcde f"},
     0,
     "$-1\r\n",
     "\"0123456789abcdef0123456789abcde f\"",
     "\"null\""},
    {{"GET", "x"}, 15, "$-1\r\n", "\"xxxxxxxxxxxxxxx\"", "\"null\""},
    {{"GET", "x"}, 16, "$-1\r\n", "\"xxxxxxxxxxxxxxxx\"", "\"null\""},
    {{"GET", "x"}, 17, "$-1\r\n", "\"xxxxxxxxxxxxxxxxx\"", "\"null\""},
    {{"SET", "k", "12345678'"}, 0, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 1021, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 1022, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 1023, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x "}, 1020, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 1024, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 1025, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "x"}, 12000, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"SET", "k", "\xc3\xa9"}, 1022, "+OK\r\n", "\"k\"", "\"simple_string\""},
    {{"BITOP", "AND", "to", "from"}, 0, ":1\r\n", "\"to\"", "\"integer\""},
    {{"BITOP", "AND"}, 0, "-ERR no\r\n", NULL, "\"error\""},
    {{"DEL", "1", "2", "3", "4", "5", "6", "7"}, 0, ":7\r\n", "\"1\"", "\"integer\""},
    {{"DEL", "1", "2", "3", "4", "5", "6", "7", "8"}, 0, ":8\r\n", "\"1\"", "\"integer\""},
    {{"no.such", "k"}, 0, "-ERR unknown command\r\n", NULL, "\"error\""},
    {{"AUTH", "x"}, 0, "+OK\r\n", NULL, "\"simple_string\""},
    {{"CONFIG", "GET", "save"}, 0, "*0\r\n", NULL, "\"array\""},
};

static size_t request(char *out, const struct conversation *t)
{
    static char last[MESSAGE_MAX];
    size_t count = 0, n;

    while (count < ARGS_MAX && t->argv[count])
        count++;
    n = (size_t)snprintf(out, MESSAGE_MAX, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++) {
        const char *arg = t->argv[i];
        size_t len = strlen(arg);
        if (i == count - 1 && t->filled) {
            for (size_t at = 0; at < t->filled; at++)
                last[at] = arg[at % len];
            arg = last;
            len = t->filled;
        }
        n += (size_t)snprintf(out + n, MESSAGE_MAX - n, "$%zu\r\n%.*s\r\n", len, (int)len, arg);
    }
    return n;
}

static struct drive *driven(const struct conversation *t, uint32_t piece)
{
    static char ask[MESSAGE_MAX];
    struct drive *d = open_redis(piece);

    drive_send(d, PD_C2S, ask, request(ask, t));
    ASK(d, "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
    drive_send(d, PD_S2C, t->reply, strlen(t->reply));
    SAY(d, ":1\r\n");
    drive_finish(d);
    return d;
}

static void whole_like_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *t = &conversations[i];
        struct drive *whole = driven(t, 0);
        check_key(drive_line(whole, 0), "key", t->key);
        check_key(drive_line(whole, 0), "type", t->type);
        check(whole, 1, "ok", "INCR", "integer");
        for (uint32_t piece = 1; piece < 40; piece++) {
            struct drive *pieces = driven(t, piece);
            assert_string_equal(drive_line(whole, 0), drive_line(pieces, 0));
            assert_string_equal(drive_line(whole, 1), drive_line(pieces, 1));
            close_redis(pieces, 2, 0);
        }
        close_redis(whole, 2, 0);
    }
}

/* What is wrong in a whole command or reply is wrong where it stands. */
static void wrong_though_whole(void **state)
{
    static const char *const wrong[] = {
        "*2\r\n$3\r\nGET\r\n$1\r\nkey\r\n", /* longer than its length */
        "*2\r\n$3\r\nGET\r\n:1\r\nk\r\n",   /* no length */
        "*2\r\n$3\r\nGET\r\n$\r\nk\r\n",    /* no digit */
        "*2\r\n$4\r\nGET\r\n$1\r\nk\r\n",   /* a name that is shorter */
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EACH_PIECE(piece)
        {
            struct drive *d = open_redis(piece);
            ASK(d, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
            drive_send(d, PD_C2S, wrong[i], strlen(wrong[i]));
            SAY(d, "$1\r\nb\r\n");
            drive_finish(d);
            check(d, 0, "incomplete", "GET", NULL); /* as bytes were lost, nothing is paired any more */
            assert_int_equal(drive_counter(d, PD_C_BAD), 1);
            drive_free(d);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_like_pieces),
        cmocka_unit_test(wrong_though_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
