/* older_test.c: what MongoDB said before OP_MSG, written field by field, whole and in pieces. */
#include "protocol/mongodb/mongodb_test.h"

static void query(struct bytes *b, uint32_t id, uint32_t flags, const char *space)
{
    head(b, id, 0, 2004);
    le32(b, flags);
    cstring(b, space);
    le32(b, 0);  /* skip */
    le32(b, 10); /* return */
    document(b);
}

static void reply(struct bytes *b, uint32_t id, uint32_t to, uint32_t flags, uint32_t cursor, uint32_t count)
{
    head(b, id, to, 1);
    le32(b, flags);
    le32(b, cursor);
    le32(b, 0);
    le32(b, 0); /* starting from */
    le32(b, count);
}

static void reply_with(struct bytes *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        document(b);
        real(b, "ok", 0); /* a user's document */
        close_document(b);
    }
    end(b);
}

static void test_query(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    query(asked, 1, 0, "shop.items.old");
    close_document(asked);
    end(asked);
    query(asked, 2, 4, "shop.$cmd"); /* a command, wrapped */
    sub(asked, 3, "$query");
    str(asked, "count", "items");
    close_document(asked);
    sub(asked, 3, "$readPreference");
    str(asked, "mode", "secondary");
    close_document(asked);
    close_document(asked);
    end(asked);
    head(asked, 3, 0, 2005);
    le32(asked, 0);
    cstring(asked, "shop.items");
    le32(asked, 10);
    le32(asked, 77);
    le32(asked, 0);
    end(asked);
    reply(came, 10, 1, 8, 77, 2);
    reply_with(came, 2);
    reply(came, 11, 2, 8, 0, 1);
    document(came);
    real(came, "ok", 1);
    close_document(came);
    end(came);
    reply(came, 12, 3, 1, 0, 0); /* no such cursor */
    reply_with(came, 0);
    exchange(
        asked, came,
        LINES(LINE("ok", ASKED("find", "items.old", "OP_QUERY", "1") ",\"bytes\":48",
                   "\"documents\":2,\"bytes\":70"),
              LINE("ok", ASKED("count", "items", "OP_QUERY", "2") ",\"bytes\":115", "\"ok\":1,\"bytes\":53"),
              FAILED("CursorNotFound", ASKED("getMore", "items", "OP_GET_MORE", "3") ",\"bytes\":43",
                     "\"error_name\":\"CursorNotFound\",\"bytes\":36")));
}

static void test_query_failure(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    query(asked, 1, 0, "shop.items");
    close_document(asked);
    end(asked);
    reply(came, 10, 1, 2, 0, 1);
    document(came);
    str(came, "$err", "no");
    i32(came, "code", 17287);
    close_document(came);
    end(came);
    exchange(asked, came,
             LINES(FAILED("17287 no", ASKED("find", "items", "OP_QUERY", "1") ",\"bytes\":44",
                          "\"error_code\":\"17287\",\"error_message\":\"no\",\"bytes\":64")));
}

static void test_old_exhaust(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    query(asked, 1, 1 << 6, "shop.items");
    close_document(asked);
    end(asked);
    reply(came, 10, 1, 8, 5, 1);
    reply_with(came, 1);
    reply(came, 11, 10, 8, 5, 2);
    reply_with(came, 2);
    reply(came, 12, 11, 8, 0, 1);
    reply_with(came, 1);
    exchange(
        asked, came,
        LINES(LINE("ok", ASKED("find", "items", "OP_QUERY", "1") ",\"bytes\":44",
                   "\"documents\":1,\"bytes\":53"),
              LINE("oneway", ASKED("find", "items", "OP_REPLY", "11") ",\"bytes\":70", "\"documents\":2"),
              LINE("oneway", ASKED("find", "items", "OP_REPLY", "12") ",\"bytes\":53", "\"documents\":1")));
}

static void test_old_writes(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    head(asked, 1, 0, 2002); /* OP_INSERT: flags, namespace, documents */
    le32(asked, 1);
    cstring(asked, "shop.items");
    reply_with(asked, 3);
    head(asked, 2, 0, 2001); /* OP_UPDATE: 0, namespace, flags, selector, update */
    le32(asked, 0);
    cstring(asked, "shop.items");
    le32(asked, 3);
    reply_with(asked, 2);
    head(asked, 3, 0, 2006); /* OP_DELETE: 0, namespace, flags, selector */
    le32(asked, 0);
    cstring(asked, "shop.items");
    le32(asked, 1);
    reply_with(asked, 1);
    head(asked, 4, 0, 2007); /* OP_KILL_CURSORS: 0, how many, ids */
    le32(asked, 0);
    le32(asked, 0);
    end(asked);
    exchange(
        asked, came,
        LINES(ALONE("oneway", ASKED("insert", "items", "OP_INSERT", "1") ",\"documents\":3,\"bytes\":82"),
              ALONE("oneway", ASKED("update", "items", "OP_UPDATE", "2") ",\"documents\":1,\"bytes\":69"),
              ALONE("oneway", ASKED("delete", "items", "OP_DELETE", "3") ",\"documents\":1,\"bytes\":52"),
              ALONE("oneway",
                    "\"command\":\"killCursors\",\"opcode\":\"OP_KILL_CURSORS\",\"id\":4,\"bytes\":24")));
}

/* Between the servers of 3.2 to 4.0. */
static void test_op_command(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();

    (void)state;
    head(asked, 1, 0, 2010);
    cstring(asked, "shop");
    cstring(asked, "find");
    document(asked); /* metadata */
    str(asked, "$db", "not ours");
    close_document(asked);
    document(asked);
    str(asked, "find", "items");
    close_document(asked);
    end(asked);
    head(came, 2, 1, 2011);
    document(came);
    i32(came, "ok", 1);
    close_document(came);
    document(came);
    close_document(came);
    end(came);
    exchange(asked, came,
             LINES(LINE("ok", ASKED("find", "items", "OP_COMMAND", "1") ",\"bytes\":70",
                        "\"ok\":1,\"bytes\":34")));
}

/* A namespace that is longer than any, and a command that nobody knows. */
static void test_bounds(void **state)
{
    struct bytes *asked = fresh(), *came = fresh();
    char space[500] = "shop.";

    (void)state;
    memset(space + 5, 'x', sizeof space - 6);
    query(asked, 1, 0, space);
    close_document(asked);
    end(asked);
    msg(asked, 2, 0, 0);
    command(asked, "createUser", "joe"); /* a user's name is no collection */
    end(asked);
    char line[700];
    snprintf(line, sizeof line,
             "{\"proto\":\"mongodb\",\"status\":\"unanswered\",\"request\":{\"command\":\"find\","
             "\"database\":\"shop\","
             "\"collection\":\"%.*s\",\"opcode\":\"OP_QUERY\",\"id\":1,\"bytes\":533},\"cut\":[\"request."
             "collection\"]}",
             315, space + 5);
    exchange(asked, came,
             LINES(line, ALONE("unanswered",
                               "\"command\":\"createUser\",\"database\":\"shop\",\"opcode\":\"OP_MSG\","
                               "\"id\":2,\"bytes\":60")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query),       cmocka_unit_test(test_query_failure),
        cmocka_unit_test(test_old_exhaust), cmocka_unit_test(test_old_writes),
        cmocka_unit_test(test_op_command),  cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
