/* kafka_test.c: hand-written bytes, whole and in pieces. */
#include "protocol/kafka/kafka_test.h"

/* A version that the broker does not know is answered in the first form. */
static void test_api_versions(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"UNSUPPORTED_VERSION\","
        "\"request\":{\"api\":\"ApiVersions\",\"version\":\"3\",\"correlation_id\":1,\"client_id\":\"test\","
        "\"bytes\":33},"
        "\"response\":{\"error_code\":\"35\",\"error_name\":\"UNSUPPORTED_VERSION\",\"bytes\":14}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x1d\0\x12\0\3\0\0\0\1\0\4test\0\7rdkafk\0062.0.0\0\0"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\x0a\0\0\0\1\0\x23\0\0\0\0"));
        END(d, lines);
    }
}

/* Produce 9 is flexible. */
#define PRODUCE(acks, records, batch)                                                                        \
    "\0\0\0\x67\0\0\0\x09\0\0\0\7"                                                                           \
    "\377\377\0"          /* no client id, no tagged fields */                                               \
    "\0" acks "\0\0\1\0"  /* no transaction, acks, timeout */                                                \
    "\2\6words\2\0\0\0\3" /* one topic, one partition */                                                     \
        records BATCH("\0\0\0\x35", "\0\0",                                                                  \
                      batch) "body"         /* 65 bytes and one, compact */                                  \
                             "\0\1\5\2xy\0" /* tagged fields: none; one with two bytes; none */

static void test_produce(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"oneway\","
        "\"request\":{\"api\":\"Produce\",\"version\":\"9\",\"correlation_id\":7,\"topics\":[\"words\"],"
        "\"partitions\":1,"
        "\"acks\":0,\"records\":3,\"bytes\":107}}",
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"NOT_LEADER_OR_FOLLOWER\","
        "\"request\":{\"api\":\"Produce\",\"version\":\"9\",\"correlation_id\":7,\"topics\":[\"words\"],"
        "\"partitions\":1,"
        "\"acks\":-1,\"records\":2,\"bytes\":107},"
        "\"response\":{\"error_code\":\"6\",\"error_name\":\"NOT_LEADER_OR_FOLLOWER\",\"bytes\":57}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S,
                   DRIVE_TEXT(PRODUCE("\0\0", "\x42", "\0\0\0\3") PRODUCE("\377\377", "\x42", "\0\0\0\2")));
        drive_send(d, PD_S2C,
                   DRIVE_TEXT("\0\0\0\x35\0\0\0\7\0"
                              "\2\6words\2\0\0\0\3\0\6"                          /* topic, partition, error */
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* offsets */
                              "\1\0\0\0\0\0\0\0\0\0"));
        END(d, lines);
    }
}

/* A hole in the records costs nothing; one in their head costs their number. */
static void test_produce_hole(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"oneway\","
        "\"request\":{\"api\":\"Produce\",\"version\":\"9\",\"correlation_id\":7,\"topics\":[\"words\"],"
        "\"partitions\":1,"
        "\"acks\":0,\"records\":3,\"bytes\":107}}",
        "{\"proto\":\"kafka\",\"status\":\"incomplete\","
        "\"request\":{\"api\":\"Produce\",\"version\":\"9\",\"correlation_id\":7,\"topics\":[\"words\"],"
        "\"acks\":0,\"bytes\":107}}"};
    static const char all[] = PRODUCE("\0\0", "\x42", "\0\0\0\3");

    (void)state;
    struct drive *d = begin(0);
    drive_send(d, PD_C2S, all, 97);
    drive_gap(d, PD_C2S, 2);
    drive_send(d, PD_C2S, all + 99, 8);
    drive_send(d, PD_C2S, all, 60);
    drive_gap(d, PD_C2S, 2);
    drive_send(d, PD_C2S, all + 62, 45);
    END(d, lines);
}

/* Message sets: each message is a record, unless it is a compressed set. */
#define PRODUCE_2(correlation, attributes)                                                                   \
    "\0\0\0\x60\0\0\0\2\0\0\0" correlation "\0\1c\0\1\0\0\1\0" /* client id, acks, timeout */                \
    "\0\0\0\1\0\1t\0\0\0\1\0\0\0\0"                            /* topic, partition */                        \
    "\0\0\0\x3c"                                               /* two messages of 30 bytes */                \
    "\0\0\0\0\0\0\0\0\0\0\0\x12\1\2\3\4\0" attributes "\377\377\377\377\0\0\0\4abcd"                         \
    "\0\0\0\0\0\0\0\1\0\0\0\x12\1\2\3\4\0\0\377\377\377\377\0\0\0\4abcd"

static void test_message_sets(void **state)
{
    static const char *const lines[] = {"{\"proto\":\"kafka\",\"status\":\"unanswered\","
                                        "\"request\":{\"api\":\"Produce\",\"version\":\"2\",\"correlation_"
                                        "id\":1,\"client_id\":\"c\",\"topics\":[\"t\"],"
                                        "\"partitions\":1,\"acks\":1,\"records\":2,\"bytes\":100}}",
                                        "{\"proto\":\"kafka\",\"status\":\"unanswered\","
                                        "\"request\":{\"api\":\"Produce\",\"version\":\"2\",\"correlation_"
                                        "id\":2,\"client_id\":\"c\",\"topics\":[\"t\"],"
                                        "\"partitions\":1,\"acks\":1,\"bytes\":100}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT(PRODUCE_2("\1", "\0") PRODUCE_2("\2", "\1")));
        END(d, lines);
    }
}

/* Metadata 12 of a topic; a broker without rack. */
#define METADATA_REQUEST "\0\0\0\x0f\0\3\0\x0c\0\0\0\1\377\377\0\0\0\0\0"
#define METADATA_RESPONSE                                                                                    \
    "\0\0\0\x52\0\0\0\1\0\0\0\0\0"                                                                           \
    "\2\0\0\0\1\2h\0\0\x23\x84\0\0"  /* broker */                                                            \
    "\0\0\0\0\1"                     /* cluster, controller */                                               \
    "\2\0\0\6words" ID_A "\0"        /* topic */                                                             \
    "\2\0\5\0\0\0\0\0\0\0\1\0\0\0\0" /* partition: leader not available */                                   \
    "\2\0\0\0\1\1\0\0"               /* replicas: one; in sync: none; offline: null */                       \
    "\200\0\0\0\0\0"

/* Fetch 13: two topics by their ids, of which one is known. */
#define FETCH_REQUEST                                                                                        \
    "\0\0\0\x8f\0\1\0\x0d\0\0\0\2\0\1c\0"                                                                    \
    "\377\377\377\377\0\0\1\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0"                                             \
    "\3" ID_A "\2" PARTITION "\0" ID_B "\2" PARTITION "\0"                                                   \
    "\1\1\0"
#define PARTITION                                                                                            \
    "\0\0\0\0\377\377\377\377\0\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377\377\377\377\377\0\0\0\1\0"

#define FETCH_LINE(topics)                                                                                   \
    "{\"proto\":\"kafka\",\"status\":\"unanswered\",\"request\":{\"api\":\"Fetch\",\"version\":\"13\","      \
    "\"correlation_id\":2,\"client_id\":\"c\"," topics ",\"partitions\":2,\"bytes\":147}}"
#define UUID_A "61616161-6161-6161-6262-626262626262"
#define UUID_B "63636363-6363-6363-6464-646464646464"

static void test_topic_ids(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"LEADER_NOT_AVAILABLE\","
        "\"request\":{\"api\":\"Metadata\",\"version\":\"12\",\"correlation_id\":1,\"bytes\":19},"
        "\"response\":{\"error_code\":\"5\",\"error_name\":\"LEADER_NOT_AVAILABLE\",\"bytes\":86}}",
        FETCH_LINE("\"topics\":[\"words\"],\"topic_ids\":[\"" UUID_B "\"]")};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT(METADATA_REQUEST));
        drive_send(d, PD_S2C, DRIVE_TEXT(METADATA_RESPONSE));
        drive_send(d, PD_C2S, DRIVE_TEXT(FETCH_REQUEST));
        END(d, lines);
    }
}

static void test_topic_ids_forgotten(void **state)
{
    static const char *const fetch = FETCH_LINE("\"topic_ids\":[\"" UUID_A "\",\"" UUID_B "\"]");
    static const char all[] = METADATA_RESPONSE;

    (void)state;
    struct drive *d = begin(0);
    drive_send(d, PD_C2S, DRIVE_TEXT(METADATA_REQUEST));
    drive_send(d, PD_S2C, all, 40);
    drive_gap(d, PD_S2C, 3);
    drive_send(d, PD_S2C, all + 43, 43);
    drive_send(d, PD_C2S, DRIVE_TEXT(FETCH_REQUEST));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 0), "\"status\":\"incomplete\""));
    assert_string_equal(drive_line(d, 1), fetch);
    drive_free(d);
}

/* Responses come in any order; a batch of transaction markers holds no record; a batch that was cut is left
 * out by whoever asked for it. Fetch 4. */
static void test_fetch_response(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"ok\",\"request\":{\"api\":\"ListGroups\",\"version\":\"0\","
        "\"correlation_id\":9,"
        "\"bytes\":14},\"response\":{\"bytes\":14}}",
        "{\"proto\":\"kafka\",\"status\":\"ok\",\"request\":{\"api\":\"Fetch\",\"version\":\"4\","
        "\"correlation_id\":8,"
        "\"topics\":[\"t\"],\"partitions\":1,\"bytes\":58},\"response\":{\"records\":5,\"bytes\":197}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S,
                   DRIVE_TEXT("\0\0\0\x36\0\1\0\4\0\0\0\x08\377\377"
                              "\377\377\377\377\0\0\1\0\0\0\0\1\0\0\0\1\0"
                              "\0\0\0\1\0\1t\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
                              "\0\0\0\x0a\0\x10\0\0\0\0\0\x09\377\377"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\x0a\0\0\0\x09\0\0\0\0\0\0"));
        drive_send(d, PD_S2C,
                   DRIVE_TEXT("\0\0\0\xc1\0\0\0\x08\0\0\0\0"
                              "\0\0\0\1\0\1t\0\0\0\1\0\0\0\0\0\0" /* topic, partition, error */
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  /* offsets */
                              "\377\377\377\377"                  /* aborted transactions */
                              "\0\0\0\x90" BATCH("\0\0\0\x31", "\0\0", "\0\0\0\5") BATCH(
                                  "\0\0\0\x31", "\0\x20", "\0\0\0\1") "\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\2"
                                                                      "\1\2\3\4\5"));
        END(d, lines);
    }
}

/* Numbers within records look like a request of nobody's: it is not believed where a boundary was lost. */
static void test_no_request(void **state)
{
    (void)state;
    struct drive *d = begin(0);
    drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0b\0\x12\0\0\0\0\0\1\0\1c"));
    drive_gap(d, PD_C2S, 100);
    drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\1\0\0\1\0\0\0\0\0\7\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\3"));
    drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0b\0\x12\0\0\0\0\0\2\0\1c"));
    drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\6\0\0\0\2\0\0"));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_int_equal(drive_counter(d, PD_C_OK), 1);
    drive_free(d);
}

/* After SaslHandshake 0 come bare tokens, here of PLAIN: the server's is empty. Kafka goes on after them. */
static void test_bare_tokens(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"ok\",\"request\":{\"api\":\"SaslHandshake\",\"version\":\"0\","
        "\"correlation_id\":1,\"client_id\":\"c\",\"bytes\":22},\"response\":{\"bytes\":21}}",
        "{\"proto\":\"kafka\",\"status\":\"ok\",\"request\":{\"api\":\"ListGroups\",\"version\":\"0\","
        "\"correlation_id\":2,"
        "\"client_id\":\"c\",\"bytes\":15},\"response\":{\"bytes\":14}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x12\0\x11\0\0\0\0\0\1\0\1c\0\5PLAIN"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\x11\0\0\0\1\0\0\0\0\0\1\0\5PLAIN"));
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0d\0alice\0secret"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\0"));
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0b\0\x10\0\0\0\0\0\2\0\1c"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\x0a\0\0\0\2\0\0\0\0\0\0"));
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        assert_int_equal(drive_counter(d, PD_C_ORPHAN), 0);
        END(d, lines);
    }
}

/* After one request that is right. */
static void bad(enum pd_dir dir, const char *bytes, size_t len)
{
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0a\0\x10\0\0\0\0\0\1\377\377"));
        drive_send(d, dir, bytes, len);
        drive_finish(d);
        assert_int_equal(drive_counter(d, PD_C_BAD), 1);
        drive_free(d);
    }
}

static void test_bad(void **state)
{
    (void)state;
    bad(PD_C2S, DRIVE_TEXT("\0\0\0\5\0\x10\0\0\0\0\0\2"));           /* too short for a header */
    bad(PD_C2S, DRIVE_TEXT("\0\0\0\x0a\377\1\0\0\0\0\0\2\377\377")); /* no api */
    bad(PD_C2S, DRIVE_TEXT("\0\0\0\x0a\0\x0f\0\0\0\0\0\2\377\377")); /* no body */
    bad(PD_C2S, DRIVE_TEXT("\0\0\0\x0e\0\x0f\0\0\0\0\0\2\377\377\377\377\377\376")); /* length -2 */
    bad(PD_C2S, DRIVE_TEXT("\0\0\0\x10\0\x0f\0\0\0\0\0\2\377\377\0\0\0\1\0\x10"));   /* beyond the end */
    bad(PD_C2S,
        DRIVE_TEXT("\0\0\0\x11\0\x0f\0\5\0\0\0\2\377\377\0\377\377\377\377\377\1")); /* a varint of five */
    bad(PD_S2C, DRIVE_TEXT("\0\0\0\2\0\0\0\1"));
    bad(PD_S2C, DRIVE_TEXT("\0\0\0\5\0\0\0\1\0"));
}

/* On a port that nobody knows. */
static size_t claimed(const char *asked, size_t asked_len, const char *came, size_t came_len)
{
    struct drive *d = drive_new(NULL);

    drive_syn(d);
    drive_send(d, PD_C2S, asked, asked_len);
    drive_send(d, PD_S2C, came, came_len);
    drive_finish(d);
    size_t n = 0;
    for (size_t i = 0; i < drive_count(d); i++)
        n += strstr(drive_line(d, i), "\"kafka\"") != NULL;
    drive_free(d);
    return n;
}

static void test_detection(void **state)
{
    (void)state;
    assert_int_equal(claimed(DRIVE_TEXT("\0\0\0\x13\0\x12\0\0\0\0\0\1\0\x09some-name"),
                             DRIVE_TEXT("\0\0\0\x0a\0\0\0\1\0\0\0\0\0\0")),
                     1);
    /* PostgreSQL's start-up: length, version 3.0, names. */
    assert_int_equal(claimed(DRIVE_TEXT("\0\0\0\x2a\0\3\0\0user\0postgres\0database\0postgres\0\0"),
                             DRIVE_TEXT("R\0\0\0\x08\0\0\0\0")),
                     0);
    /* ZooKeeper's: length, version 0, last transaction, timeout, session, password. */
    assert_int_equal(
        claimed(DRIVE_TEXT("\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x75\x30\0\0\0\0\0\0\0\0\0\0\0\x10"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                DRIVE_TEXT("\0\0\0\x25\0\0\0\0\0\0\x75\x30\1\2\3\4\5\6\7\x08\0\0\0\x10"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_api_versions),   cmocka_unit_test(test_produce),
        cmocka_unit_test(test_produce_hole),   cmocka_unit_test(test_message_sets),
        cmocka_unit_test(test_topic_ids),      cmocka_unit_test(test_topic_ids_forgotten),
        cmocka_unit_test(test_fetch_response), cmocka_unit_test(test_no_request),
        cmocka_unit_test(test_bare_tokens),    cmocka_unit_test(test_bad),
        cmocka_unit_test(test_detection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
