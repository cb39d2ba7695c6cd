/* mongodb_test.c: OP_MSG, written field by field, whole and in pieces. */
#include "protocol/mongodb/mongodb_test.h"

static void sequence(struct bytes *b, const char *ident, uint32_t count)
{
    byte(b, 1);
    uint32_t at = b->n;
    le32(b, 0); /* its size, itself included */
    cstring(b, ident);
    for (uint32_t i = 0; i < count; i++) {
        document(b);
        i32(b, "ok", 0); /* a document's fields are not a command's */
        close_document(b);
    }
    le32_at(b, at, b->n - at);
}

static void test_sections(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 7, 0, 0); /* the sequence behind the command */
    command(asked, "insert", "items");
    sequence(asked, "documents", 3);
    end(asked);
    msg(asked, 8, 0, 0); /* and before it, with one that is not counted */
    sequence(asked, "deletes", 2);
    sequence(asked, "nsInfo", 4);
    command(asked, "delete", "items");
    end(asked);
    ok(came, 900, 8);
    ok(came, 901, 7);
    exchange(
        asked, came,
        LINES(LINE("ok", ASKED("delete", "items", "OP_MSG", "8") ",\"documents\":2,\"bytes\":161", OK_38),
              LINE("ok", ASKED("insert", "items", "OP_MSG", "7") ",\"documents\":3,\"bytes\":112", OK_38)));
}

/* Kind 2 is a document to older servers and a text to newer ones. */
static void test_internal_section(void **state)
{
    for (int text = 0; text < 2; text++) {
        struct bytes *asked = fresh(), *came = fresh();
        (void)state;
        msg(asked, 1, 0, 0);
        byte(asked, 2);
        if (text) {
            cstring(asked, "eyJhbGciOiJub25lIn0.e30.");
        } else {
            document(asked);
            str(asked, "authenticatedUsers", "joe5");
            close_document(asked);
        }
        command(asked, "find", "items");
        end(asked);
        ok(came, 2, 1);
        exchange(asked, came,
                 text ? LINES(LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":82", OK_38))
                      : LINES(LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":91", OK_38)));
    }
}

static void test_checksum(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 1, 0, 1);
    command(asked, "find", "items");
    le32(asked, 0x00000001); /* must not be taken for a section */
    end(asked);
    msg(came, 2, 1, 1);
    section(came);
    i32(came, "ok", 1);
    close_document(came);
    le32(came, 0xdeadbeef);
    end(came);
    exchange(
        asked, came,
        LINES(LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":60", "\"ok\":1,\"bytes\":38")));
}

static void test_oneway(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 1, 0, 2);
    command(asked, "insert", "items");
    sequence(asked, "documents", 1);
    end(asked);
    exchange(asked, came,
             LINES(ALONE("oneway", ASKED("insert", "items", "OP_MSG", "1") ",\"documents\":1,\"bytes\":86")));
}

static void more(struct bytes *came, uint32_t id, uint32_t to, uint32_t flags)
{
    msg(came, id, to, flags);
    section(came);
    real(came, "ok", 1);
    close_document(came);
    end(came);
}

/* Replies that nobody asked for name the one before them. */
static void test_exhaust(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 1, 0, 1 << 16);
    section(asked);
    i32(asked, "hello", 1);
    str(asked, "$db", "shop");
    close_document(asked);
    end(asked);
    for (uint32_t i = 0; i < 3; i++)
        more(came, 50 + i, i ? 49 + i : 1, i < 2 ? 2 : 0);
    ok(came, 60, 52); /* the last one said that none follows */
#define HELLO "\"command\":\"hello\",\"database\":\"shop\",\"opcode\":\"OP_MSG\",\"id\":"
    exchange(asked, came,
             LINES(LINE("ok", HELLO "1,\"bytes\":51", OK_38),
                   LINE("oneway", HELLO "51,\"bytes\":38", "\"ok\":1"),
                   LINE("oneway", HELLO "52,\"bytes\":38", "\"ok\":1")));
}

/* The end of one was never seen; the next has a name of its own. */
static void test_exhaust_again(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        msg(asked, 1 + i, 0, 1 << 16);
        command(asked, "find", i ? "other" : "items");
        end(asked);
    }
    more(came, 50, 1, 2);
    more(came, 60, 2, 2);
    more(came, 61, 60, 0);
    exchange(asked, came,
             LINES(LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":56", OK_38),
                   LINE("ok", ASKED("find", "other", "OP_MSG", "2") ",\"bytes\":56", OK_38),
                   LINE("oneway", ASKED("find", "other", "OP_MSG", "61") ",\"bytes\":38", "\"ok\":1")));
}

static void ask(struct bytes *asked, uint32_t id)
{
    msg(asked, id, 0, 0);
    command(asked, "update", "items");
    end(asked);
}
#define UPDATE(id) ASKED("update", "items", "OP_MSG", id) ",\"bytes\":58"

static void test_failures(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    ask(asked, 1);
    ask(asked, 2);
    msg(came, 10, 1, 0); /* ok last, as servers send it */
    section(came);
    i32(came, "n", 0);
    sub(came, 4, "writeErrors");
    for (int i = 0; i < 2; i++) {
        sub(came, 3, i ? "1" : "0");
        i32(came, "index", (uint32_t)i);
        i32(came, "code", i ? 66 : 11000);
        str(came, "errmsg", i ? "second" : "duplicate");
        close_document(came);
    }
    close_document(came);
    real(came, "ok", 1);
    close_document(came);
    end(came);
    msg(came, 11, 2, 0);
    section(came);
    str(came, "codeName", "Unauthorized");
    name(came, 0x12, "code"); /* int64 */
    le32(came, 13);
    le32(came, 0);
    real(came, "ok", 0);
    str(came, "errmsg", "not authorized");
    close_document(came);
    end(came);
    exchange(asked, came,
             LINES(FAILED("11000 duplicate", UPDATE("1"),
                          "\"ok\":1,\"error_code\":\"11000\",\"error_message\":\"duplicate\",\"bytes\":162"),
                   FAILED("13 not authorized", UPDATE("2"),
                          "\"ok\":0,\"error_code\":\"13\",\"error_name\":\"Unauthorized\","
                          "\"error_message\":\"not authorized\",\"bytes\":106")));
}

/* Documents of users have names like ours, nest without end, and hold every type. */
static void every_type(struct bytes *b)
{
    static const uint8_t zeros[16];
    static const struct {
        uint8_t type, n;
    } plain[] = {{1, 8},  {6, 0},  {7, 12}, {8, 1},   {9, 8},    {10, 0},
                 {16, 4}, {17, 8}, {18, 8}, {19, 16}, {0x7f, 0}, {0xff, 0}};

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        name(b, plain[i].type, "code");
        raw(b, zeros, plain[i].n);
    }
    str(b, "errmsg", "not ours");
    name(b, 5, "binary");
    le32(b, 3);
    raw(b, "\0abc", 4);
    name(b, 11, "regex");
    cstring(b, "^a");
    cstring(b, "i");
    name(b, 12, "pointer");
    le32(b, 2);
    raw(b, "a\0", 2);
    raw(b, zeros, 12);
    name(b, 13, "code");
    le32(b, 2);
    cstring(b, "x");
    name(b, 14, "symbol");
    le32(b, 2);
    cstring(b, "x");
    name(b, 15, "scope");
    le32(b, 15); /* itself, a string, a document */
    le32(b, 2);
    cstring(b, "x");
    raw(b, "\5\0\0\0\0", 5);
    name(b, 10, "a name that is far too long to be one of those that are looked for in any document");
}

static void test_documents(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 1, 0, 0);
    section(asked);
    str(asked, "find", "items");
    every_type(asked);
    sub(asked, 3, "filter");
    str(asked, "$db", "not ours");
    every_type(asked);
    close_document(asked);
    str(asked, "$db", "shop");
    str(asked, "$db", "again");
    close_document(asked);
    end(asked);
    msg(came, 2, 1, 0);
    section(came);
    name(came, 10, "a name that is far too long to be one of those that are looked for in any document");
    name(came, 11, "regex");
    cstring(came, "a pattern");
    cstring(came, "");
    sub(came, 3, "cursor");
    sub(came, 4, "firstBatch");
    for (int i = 0; i < 4; i++) {
        sub(came, 3, "0");
        real(came, "ok", 0);
        every_type(came);
        close_document(came);
    }
    close_document(came);
    i32(came, "ok", 0);
    close_document(came);
    real(came, "ok", 1);
    close_document(came);
    end(came);
    char line[300];
    snprintf(line, sizeof line,
             LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":%u",
                  "\"documents\":4,\"ok\":1,\"bytes\":%u"),
             asked->n, came->n);
    exchange(asked, came, LINES(line));
}

/* Nesting costs nothing, however deep. */
static void test_depth(void **state)
{
    enum { LEVELS = 20000, LEVEL = 7, LEAST = 5 };
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    msg(asked, 1, 0, 0);
    section(asked);
    str(asked, "find", "items");
    name(asked, 3, "filter");
    for (uint32_t i = 0; i < LEVELS; i++) { /* {a: {a: ... {}}} */
        le32(asked, LEAST + (LEVELS - i) * (LEVEL + 1));
        name(asked, 3, "a");
    }
    le32(asked, LEAST);
    for (uint32_t i = 0; i <= LEVELS; i++)
        byte(asked, 0);
    str(asked, "$db", "shop");
    close_document(asked);
    end(asked);
    ok(came, 2, 1);
    char line[300];
    snprintf(line, sizeof line, LINE("ok", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":%u", OK_38),
             asked->n);
    exchange(asked, came, LINES(line));
}

/* --- what breaks the rules --- */

static void expect_bad(const struct bytes *asked)
{
    for (uint32_t piece = 0; piece < 10; piece++) {
        struct drive *d = drive_new("mongodb");
        struct bytes *first = fresh();
        drive_cut(d, piece);
        drive_syn(d);
        msg(first, 99, 0, 0);
        command(first, "ping", "a");
        end(first);
        drive_send(d, PD_C2S, first->p, first->n);
        drive_send(d, PD_C2S, asked->p, asked->n);
        drive_finish(d);
        assert_int_equal(drive_counter(d, PD_C_BAD), 1);
        drive_free(d);
        test_free(first);
    }
}

static void test_bad(void **state)
{
    struct bytes *b = fresh();

    (void)state;
    for (int i = 0; i < 10; i++) {
        memset(b, 0, sizeof *b);
        msg(b, 1, 0, 0);
        section(b);
        str(b, "find", "items");
        close_document(b);
        end(b);
        if (i == 0)
            le32_at(b, 0, 23); /* shorter than any message */
        if (i == 1)
            le32_at(b, 0, 48000001);
        if (i == 2)
            le32_at(b, 12, 2003); /* no such opcode */
        if (i == 3)
            le32_at(b, 12, 1); /* a reply from the client */
        if (i == 4)
            b->p[16] = 4; /* a flag that is required, and unknown */
        if (i == 5)
            b->p[20] = 3; /* a kind of section */
        if (i == 6)
            le32_at(b, 21, 4); /* a document's length */
        if (i == 7)
            b->p[25] = 0x20; /* an element's type */
        if (i == 8)
            le32_at(b, 31, 100); /* a string's length */
        if (i == 9)
            b->p[b->n - 1] = 1; /* no end of the document */
        expect_bad(b);
    }
    test_free(b);
}

static void test_orphan(void **state)
{
    struct drive *d = drive_new("mongodb");
    struct bytes *b = fresh();

    (void)state;
    drive_syn(d);
    msg(b, 1, 0, 0);
    command(b, "ping", "a");
    end(b);
    drive_send(d, PD_C2S, b->p, b->n);
    b->n = 0;
    ok(b, 9, 2);
    ok(b, 10, 1);
    drive_send(d, PD_S2C, b->p, b->n);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    assert_string_equal(drive_line(d, 0), LINE("ok", PING("1"), OK_38));
    drive_free(d);
    test_free(b);
}

/* More at once than the table of what is outstanding begins with; answered from the last to the first. */
static void test_many(void **state)
{
    enum { MANY = 3000 };
    struct drive *d = drive_new("mongodb");
    struct bytes *b = fresh();

    (void)state;
    drive_syn(d);
    for (uint32_t i = 1; i <= MANY; i++) {
        msg(b, i, 0, 0);
        command(b, "find", "items");
        end(b);
    }
    drive_send(d, PD_C2S, b->p, b->n);
    b->n = 0;
    for (uint32_t i = MANY; i > 0; i--)
        ok(b, MANY + i, i);
    drive_send(d, PD_S2C, b->p, b->n);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), MANY);
    assert_int_equal(drive_count(d), MANY);
    drive_free(d);
    test_free(b);
}

/* On a port that nobody knows, with and without its beginning. */
static void test_detect(void **state)
{
    for (int joined = 0; joined < 2; joined++) {
        struct drive *d = drive_new(NULL);
        struct bytes *b = fresh();
        (void)state;
        if (!joined)
            drive_syn(d);
        msg(b, 1, 0, 0);
        command(b, "ping", "a");
        end(b);
        drive_send(d, PD_C2S, b->p, b->n);
        b->n = 0;
        ok(b, 9, 1);
        drive_send(d, PD_S2C, b->p, b->n);
        drive_finish(d);
        assert_int_equal(drive_count(d), 1);
        assert_string_equal(drive_line(d, 0), LINE("ok", PING("1"), OK_38));
        drive_free(d);
        test_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections), cmocka_unit_test(test_internal_section),
        cmocka_unit_test(test_checksum), cmocka_unit_test(test_oneway),
        cmocka_unit_test(test_exhaust),  cmocka_unit_test(test_exhaust_again),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_documents),
        cmocka_unit_test(test_depth),    cmocka_unit_test(test_bad),
        cmocka_unit_test(test_orphan),   cmocka_unit_test(test_detect),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
