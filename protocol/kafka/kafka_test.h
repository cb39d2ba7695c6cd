/* kafka_test.h: conversations by hand, whole and in pieces. */
#ifndef PD_PROTOCOL_KAFKA_KAFKA_TEST_H
#define PD_PROTOCOL_KAFKA_KAFKA_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

/* A batch of format 2 up to its number of records, with `length` bytes behind its length. */
#define BATCH(length, attributes, records)                                                                   \
    "\0\0\0\0\0\0\0\0" length "\0\0\0\0\2"                                                                   \
    "\1\2\3\4" attributes "\0\0\0\0"                                                                         \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377\377\377\377\377\377\377" records

#define ID_A "aaaaaaaabbbbbbbb"
#define ID_B "ccccccccdddddddd"

static inline struct drive *begin(uint32_t piece)
{
    struct drive *d = drive_new("kafka");

    drive_cut(d, piece);
    drive_syn(d);
    return d;
}

static inline void end(struct drive *d, const char *const *lines, size_t count)
{
    drive_finish(d);
    assert_int_equal(drive_count(d), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(drive_line(d, i), lines[i]);
    drive_free(d);
}

#define END(d, lines) end(d, lines, sizeof lines / sizeof *lines)

static const uint32_t pieces[] = {0, 1, 2, 3, 5, 7, 11, 16, 64};
enum { PIECES = sizeof pieces / sizeof *pieces };

#endif
