/* messages_test.c: the tables of messages, and the messages that need the most of them. */
#include "protocol/kafka/kafka_test.h"
#include "protocol/kafka/messages.h"

/* Rows: arrays are closed, not deeper than the stack, and hold something in each version. */
static unsigned depth_of(const struct pd_kafka_row *row)
{
    unsigned depth = 0, deepest = 0;

    for (; row->kind != PD_KAFKA_DONE; row++) {
        if (pd_kafka_opens(row->kind) && ++depth > deepest)
            deepest = depth;
        if (row->kind == PD_KAFKA_END || row->kind == PD_KAFKA_NEXT) {
            assert_true(depth > 0);
            depth--;
        }
    }
    assert_int_equal(depth, 0);
    return deepest;
}

/* Bytes that one element of the array at `row` has at least, not counting arrays in it. */
static unsigned element_bytes(const struct pd_kafka_row *row, unsigned version)
{
    unsigned depth = 0, bytes = 0;

    do {
        bool there = version >= row->from && version <= row->to;
        if (pd_kafka_opens(row->kind))
            depth++;
        else if (row->kind == PD_KAFKA_END || row->kind == PD_KAFKA_NEXT)
            depth--;
        else if (depth == 1 && there)
            bytes++;
        row++;
    } while (depth);
    return bytes;
}

static const struct pd_kafka_row *array_end(const struct pd_kafka_row *row)
{
    for (unsigned depth = 1; depth;) {
        row++;
        if (pd_kafka_opens(row->kind))
            depth++;
        else if (row->kind == PD_KAFKA_END || row->kind == PD_KAFKA_NEXT)
            depth--;
    }
    return row;
}

static void check_rows(const struct pd_kafka_row *rows, unsigned newest)
{
    if (!rows)
        return;
    assert_true(depth_of(rows) <= PD_KAFKA_DEPTH);
    for (unsigned version = 0; version <= newest; version++)
        for (const struct pd_kafka_row *row = rows; row->kind != PD_KAFKA_DONE; row++) {
            if (row->kind != PD_KAFKA_ARRAY)
                continue;
            if (version >= row->from && version <= row->to)
                assert_true(element_bytes(row, version) > 0);
            else
                row = array_end(row);
        }
}

static void test_rows(void **state)
{
    (void)state;
    for (int16_t key = 0; pd_kafka_api_of(key); key++) {
        const struct pd_kafka_api *api = pd_kafka_api_of(key);
        assert_non_null(api->name);
        check_rows(api->request, api->newest);
        check_rows(api->response, api->newest);
    }
}

/* What the tables do not have is told by its header. Whether it went well is not known, but of ApiVersions,
 * whose error code comes first in all versions. */
static void test_unknown(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"REBOOTSTRAP_REQUIRED\","
        "\"request\":{\"api\":\"ApiVersions\",\"version\":\"9\",\"correlation_id\":0,"
        "\"client_id\":\"c\",\"bytes\":18},"
        "\"response\":{\"error_code\":\"129\",\"error_name\":\"REBOOTSTRAP_REQUIRED\",\"bytes\":15}}",
        "{\"proto\":\"kafka\",\"status\":\"incomplete\",\"request\":{\"api\":\"500\","
        "\"version\":\"0\",\"correlation_id\":1,"
        "\"bytes\":14},\"response\":{\"bytes\":10}}",
        "{\"proto\":\"kafka\",\"status\":\"incomplete\",\"request\":{\"api\":"
        "\"Fetch\",\"version\":\"40\",\"correlation_id\":2,"
        "\"client_id\":\"c\",\"bytes\":17},\"response\":{\"bytes\":10}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0e\0\x12\0\x09\0\0\0\0\0\1c\0\1\1"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\x0b\0\0\0\0\0\x81\1\0\0\0\0"));
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0a\1\364\0\0\0\0\0\1\377\377"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\6\0\0\0\1\0\1"));
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x0d\0\1\0\x28\0\0\0\2\0\1c\0?"));
        drive_send(d, PD_S2C, DRIVE_TEXT("\0\0\0\6\0\0\0\2\0\1"));
        END(d, lines);
    }
}

/* ShareFetch 1: the error is that of an acknowledgement; behind it are records, of which nobody says so but
 * their batch. */
static void test_share_fetch(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"INVALID_RECORD_STATE\","
        "\"request\":{\"api\":\"ShareFetch\",\"version\":\"1\",\"correlation_id\":5,\"client_id\":\"c\","
        "\"topic_ids\":[\"61616161-6161-6161-6262-626262626262\"],\"partitions\":1,\"group_id\":\"g\","
        "\"bytes\":90},\"response\":{\"records\":4,\"error_code\":\"121\","
        "\"error_name\":\"INVALID_RECORD_STATE\",\"bytes\":143}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S,
                   DRIVE_TEXT("\0\0\0\x56\0\x4e\0\1\0\0\0\5\0\1c\0"
                              "\2g\2m\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* group, member */
                              "\2" ID_A "\2\0\0\0\0"                                   /* topic, partition */
                              "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\1\0"               /* acknowledged */
                              "\0\0\1\0"));
        drive_send(d, PD_S2C,
                   DRIVE_TEXT("\0\0\0\x8b\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0"
                              "\2" ID_A "\2\0\0\0\0\0\0\0" /* topic, partition, error */
                              "\0\x79\0\0\0\0\0\0\0\0\0\0" /* error of the acknowledgement; leader */
                              "\x3e" BATCH("\0\0\0\x31", "\0\0",
                                           "\0\0\0\4") "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0"));
        END(d, lines);
    }
}

/* StreamsGroupDescribe 1: the error is the second group's, behind all that the first may have. */
static void test_streams_groups(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"GROUP_ID_NOT_FOUND\","
        "\"request\":{\"api\":\"StreamsGroupDescribe\",\"version\":\"1\",\"correlation_id\":1,\"client_id\":"
        "\"c\","
        "\"group_id\":\"a\",\"bytes\":24},"
        "\"response\":{\"error_code\":\"69\",\"error_name\":\"GROUP_ID_NOT_FOUND\",\"bytes\":196}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x14\0\x59\0\1\0\0\0\1\0\1c\0\3\2a\2b\0\0\0"));
        drive_send(d, PD_S2C,
                   DRIVE_TEXT("\0\0\0\xc0\0\0\0\1\0\0\0\0\0\3"
                              "\0\0\0\2a\2S\0\0\0\1\0\0\0\1"        /* error, id, state, epochs */
                              "\1\0\0\0\1\2"                        /* topology: epoch, its parts: */
                              "\2s\2\2t\1"                          /* id, sources, no sinks */
                              "\2\2l\0\0\0\0\0\0\2\2k\2v\0\0\1\0\0" /* changelog with a setting */
                              "\2\2m\0\0\0\1\0\0\2c\2h\0\0\0\1\2p"  /* member */
                              "\1\2e\1\1\0\2\2k\2v\0"               /* its endpoint, tags */
                              "\2\2s\0\0\0\0\0\0\0\0\0\0\0\1\0\1"   /* offsets */
                              "\2\2s\2\0\0\0\0\0\1\1\0\1\1\1\0\0\0" /* tasks it has and shall have */
                              "\200\0\0\0"                          /* what is allowed */
                              "\1\2\2s\2\2n\1\2\2t\0\1\1\0\0"       /* description: a part's node, */
                              "\2\2x\1\2\2t\0\1\1\0\2y\2\1\0\1\1\0\0\0\3\2z\0" /* a global store's two */
                              "\0\x45\0\2b\1\0\0\0\0\0\0\0\0\377\1\200\0\0\0\377\0\0\0\0"));
        END(d, lines);
    }
}

/* What a broker keeps of a share group: the error is a partition's. */
static void test_share_state(void **state)
{
    static const char *const lines[] = {
        "{\"proto\":\"kafka\",\"status\":\"error\",\"error\":\"FENCED_STATE_EPOCH\","
        "\"request\":{\"api\":\"ReadShareGroupState\",\"version\":\"0\",\"correlation_id\":1,\"client_id\":"
        "\"c\","
        "\"group_id\":\"g\",\"bytes\":20},"
        "\"response\":{\"error_code\":\"124\",\"error_name\":\"FENCED_STATE_EPOCH\",\"bytes\":91}}"};

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct drive *d = begin(pieces[i]);
        drive_send(d, PD_C2S, DRIVE_TEXT("\0\0\0\x10\0\x54\0\0\0\0\0\1\0\1c\0\2g\1\0"));
        drive_send(d, PD_S2C,
                   DRIVE_TEXT("\0\0\0\x57\0\0\0\1\0\2" ID_A "\3"
                              "\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0"       /* partition: no error */
                              "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\0\1\0\0" /* what it delivered */
                              "\0\0\0\1\0\x7c\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"));
        END(d, lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_share_fetch),    cmocka_unit_test(test_share_state),
        cmocka_unit_test(test_streams_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
