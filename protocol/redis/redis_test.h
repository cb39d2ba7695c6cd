/* redis_test.h: conversations by hand, whole and in pieces, and how their records read in one line. */
#ifndef PD_PROTOCOL_REDIS_REDIS_TEST_H
#define PD_PROTOCOL_REDIS_REDIS_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define ASK(d, literal) drive_send(d, PD_C2S, DRIVE_TEXT(literal))
#define SAY(d, literal) drive_send(d, PD_S2C, DRIVE_TEXT(literal))
#define EACH_PIECE(piece) for (uint32_t piece = 0; piece < 12; piece++) /* 0: whole */

static inline struct drive *open_redis(uint32_t piece)
{
    struct drive *d = drive_new("redis");

    drive_cut(d, piece);
    drive_syn(d);
    return d;
}

/* Is `text` what the record has under that key? NULL: it has no such key. */
static inline void check_key(const char *line, const char *key, const char *text)
{
    char name[32], want[512];

    snprintf(name, sizeof name, "\"%s\":", key);
    const char *at = strstr(line, name);
    if (!text) {
        assert_null(at);
        return;
    }
    if (!at)
        fail_msg("no %s in %s", key, line);
    snprintf(want, sizeof want, "%s%s", name, text);
    if (strncmp(at, want, strlen(want)) != 0 || !strchr(",}", at[strlen(want)]))
        fail_msg("%s is not %s in %s", key, text, line);
}

/* Record i: status, command, type of the reply (NULL: none). */
static inline void check(struct drive *d, size_t i, const char *status, const char *command, const char *type)
{
    char quoted[3][128];

    assert_true(i < drive_count(d));
    const char *line = drive_line(d, i);
    snprintf(quoted[0], sizeof quoted[0], "\"%s\"", status);
    snprintf(quoted[1], sizeof quoted[1], "\"%s\"", command);
    snprintf(quoted[2], sizeof quoted[2], "\"%s\"", type ? type : "");
    check_key(line, "status", quoted[0]);
    check_key(line, "command", quoted[1]);
    check_key(line, "type", type ? quoted[2] : NULL);
}

static inline void close_redis(struct drive *d, size_t records, uint64_t bad)
{
    assert_int_equal(drive_count(d), records);
    assert_int_equal(drive_counter(d, PD_C_BAD), bad);
    drive_free(d);
}
#endif
