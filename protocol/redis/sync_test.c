/* sync_test.c: what looks like Redis, and what may be shown of arguments. */
#include "protocol/redis/redis_test.h"
#include "protocol/redis/request.h"

enum purpose { FIRST = PD_DETECT, JOIN = PD_JOIN, LATER = PD_RECOVER };

static void recognised(void **state)
{
    static const struct {
        const char *bytes;
        uint8_t dir;
        bool known;
        uint8_t purpose;
        int at;
        uint8_t confidence;
    } cases[] = {
        {"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", PD_C2S, false, FIRST, 0, PD_CERTAIN},
        {"*2\r\n$3\r\nget\r\n$100\r\nk", PD_C2S, false, LATER, 0, PD_CERTAIN},
        {"*2\r\n$3\r\nfoo\r\n$1\r\nk\r\n", PD_C2S, false, LATER, 0, PD_MAYBE},
        {"*3\r\n$3\r\nGET\r\n$1\r\nk\r\n$1\r\nk\r\n", PD_C2S, false, LATER, 0, PD_MAYBE}, /* one too many */
        {"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nX", PD_C2S, false, LATER, PD_NO, 0},
        {"*2\r\n", PD_C2S, false, LATER, PD_MORE, 0},
        {"*2\r\n:1\r\n", PD_C2S, false, LATER, PD_NO, 0},
        {"GET k\r\n", PD_C2S, true, FIRST, 0, PD_MAYBE},
        {"GET k\r\n", PD_C2S, true, LATER, PD_NO, 0},
        {"GET / HTTP/1.1\r\n", PD_C2S, false, FIRST, PD_NO, 0},
        {"get key\r\n", PD_C2S, false, FIRST, 0, PD_MAYBE}, /* memcached; its answers speak against it */
        {"EHLO mail\r\n", PD_C2S, false, FIRST, PD_NO, 0},
        {"QUIT\r\n", PD_C2S, false, FIRST, PD_NO, 0},
        {"PING\r\n", PD_C2S, false, FIRST, PD_NO, 0},
        {"NOSUCH k\r\n", PD_C2S, true, FIRST, PD_MORE, 0},
        {"\x16\x03\x01", PD_C2S, true, FIRST, PD_NO, 0},
        {"+OK\r\n", PD_S2C, false, FIRST, 0, PD_MAYBE},
        {"+OK POP3 ready\r\n", PD_S2C, false, FIRST, PD_NO, 0},
        {"220 mail ESMTP\r\n", PD_S2C, true, FIRST, PD_NO, 0},
        {"VALUE key 0 3\r\n", PD_S2C, true, FIRST, PD_NO, 0},
        {"STORED\r\n", PD_S2C, true, FIRST, PD_NO, 0},
        {"HTTP/1.1 200 OK\r\n", PD_S2C, true, FIRST, PD_NO, 0},
        {"-ERR no\r\n", PD_S2C, false, FIRST, 0, PD_MAYBE},
        {"$5\r\nhello\r\n", PD_S2C, false, JOIN, 0, PD_CERTAIN},
        {"$5\r\nhello!", PD_S2C, false, JOIN, PD_NO, 0},
        {"$500\r\nhello", PD_S2C, false, LATER, 0, PD_MAYBE},
        {"*2\r\n$1\r\na\r\n:1\r\n", PD_S2C, false, JOIN, 0, PD_CERTAIN},
        {":1\r\n:2\r\nx", PD_S2C, false, LATER, PD_NO, 0},
        {".\r\n", PD_S2C, false, LATER, PD_NO, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pd_look look = {.dir = cases[i].dir,
                               .purpose = cases[i].purpose,
                               .transport = PD_TCP,
                               .port = cases[i].known ? 6379 : 7777,
                               .known = cases[i].known};
        struct pd_slice in = {(const uint8_t *)cases[i].bytes, (uint32_t)strlen(cases[i].bytes)};
        uint8_t confidence = 0;
        int at = pd_redis_sync(in, &look, &confidence);
        if (at != cases[i].at || (at == 0 && confidence != cases[i].confidence))
            fail_msg("%s: %d, %d", cases[i].bytes, at, confidence);
    }
}

static void on_a_port_that_nobody_knows(void **state)
{
    struct drive *d = drive_new(NULL);

    (void)state;
    drive_syn(d);
    ASK(d, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    SAY(d, "$1\r\nv\r\n");
    drive_conn(d, 1);
    drive_syn(d);
    ASK(d, "get key\r\n");
    SAY(d, "VALUE key 0 1\r\na\r\nEND\r\n");
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    check(d, 0, "ok", "GET", "bulk_string");
    drive_free(d);
}

/* Fills a record as the arguments of a line would, and masks it. */
static void check_mask(const char *command, const char *line, unsigned what, const char *want)
{
    static const struct pd_store_limits limits = {.records = 4, .chunks = {4, 4, 4}};
    static char out[PD_MASK_CAP];
    struct pd_store store;
    struct pd_slice rest = {(const uint8_t *)line, (uint32_t)strlen(line)};
    struct pd_slice name = {(const uint8_t *)command, (uint32_t)strlen(command)};
    const struct pd_field *field = pd_redis_schema.fields;
    char word[256];
    uint32_t len, full;

    assert_int_equal(pd_store_init(&store, &limits), 0);
    struct pd_rec *r = pd_rec_new(&store, &pd_redis_schema);
    struct pd_redis *f = pd_fields(r);
    f->known = pd_redis_find(name);
    const struct pd_redis_command *known = &pd_redis_commands[f->known];
    f->next_key = known->key <= PD_REDIS_KEY_FIXED ? known->key : 0;
    for (unsigned i = 1; pd_redis_split(&rest, word, sizeof word, &len, &full) > 0; i++)
        pd_redis_note(r, known, i, (struct pd_slice){(const uint8_t *)word, len}, full);
    while (strcmp(field->name, "args") != 0)
        field++;
    uint32_t n = pd_redis_schema.mask(r, field, what, out, sizeof out);
    if (!want) {
        assert_int_equal(n, PD_AS_IS);
    } else {
        assert_true(n < sizeof out);
        out[n] = 0;
        assert_string_equal(out, want);
    }
    pd_rec_free(r);
    pd_store_free(&store);
}

static void masked(void **state)
{
    (void)state;
    check_mask("SET", "k v", PD_MASK_SECRETS, NULL);
    check_mask("AUTH", "joe pw", PD_MASK_SECRETS, "[redacted] [redacted]");
    check_mask("HELLO", "3 auth joe \"p w\" SETNAME me", PD_MASK_SECRETS,
               "3 auth [redacted] [redacted] SETNAME me");
    check_mask("ACL", "SETUSER joe on >pw", PD_MASK_SECRETS, "SETUSER joe [redacted] [redacted]");
    check_mask("ACL", "GETUSER joe", PD_MASK_SECRETS, NULL);
    check_mask("CONFIG", "SET maxmemory 1 MasterAuth pw", PD_MASK_SECRETS,
               "SET maxmemory 1 MasterAuth [redacted]");
    check_mask("CONFIG", "GET requirepass", PD_MASK_SECRETS, NULL);
    check_mask("SENTINEL", "SET m auth-pass pw", PD_MASK_SECRETS, "SET m auth-pass [redacted]");
    check_mask("MIGRATE", "h 1 auth 0 10 AUTH pw", PD_MASK_SECRETS, "h 1 auth 0 10 AUTH [redacted]");
    check_mask("MIGRATE", "h 1 \"\" 0 10 AUTH2 u pw KEYS a", PD_MASK_SECRETS,
               "h 1 \"\" 0 10 AUTH2 [redacted] [redacted] KEYS a");
    check_mask("HMSET", "myhash field1 'Hello there' field2 World", PD_MASK_VALUES,
               "myhash field1 ? field2 ?");
    check_mask("SET", "k v EX 10", PD_MASK_VALUES, "k ? ? ?");
    check_mask("MSET", "a 1 b 2", PD_MASK_VALUES, "a ? b ?");
    check_mask("DEL", "a b", PD_MASK_VALUES, "a b");
    check_mask("EVAL", "script 1 k v", PD_MASK_VALUES, "? ? k ?");
    check_mask("OBJECT", "ENCODING k", PD_MASK_VALUES, "ENCODING k");
    check_mask("AUTH", "pw", PD_MASK_VALUES, "?");
    check_mask("NOSUCH", "a b", PD_MASK_VALUES, "? ?");
}

static void the_table_is_sorted(void **state)
{
    (void)state;
    for (uint16_t i = PD_REDIS_FIRST_COMMAND; pd_redis_find(PD_SLICE("ZUNIONSTORE")) > i; i++) {
        const char *name = pd_redis_commands[i].name;
        assert_true(memcmp(name, pd_redis_commands[i + 1].name, PD_REDIS_NAME_MAX) < 0);
        assert_int_equal(pd_redis_find((struct pd_slice){(const uint8_t *)name, (uint32_t)strlen(name)}), i);
    }
    assert_int_equal(pd_redis_find(PD_SLICE("NOSUCHCOMMANDATALLNOTATALL")), PD_REDIS_NO_COMMAND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognised),
        cmocka_unit_test(on_a_port_that_nobody_knows),
        cmocka_unit_test(masked),
        cmocka_unit_test(the_table_is_sorted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
