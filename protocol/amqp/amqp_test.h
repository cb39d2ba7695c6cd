/* amqp_test.h: frames written by hand, and how their records read. */
#ifndef PD_AMQP_TEST_H
#define PD_AMQP_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { BYTES_MAX = 4096 };

static uint8_t buffer[BYTES_MAX]; /* frames that wait to be sent as one segment */
static size_t filled;

static inline void put(const void *bytes, size_t n)
{
    assert_true(filled + n <= sizeof buffer);
    memcpy(buffer + filled, bytes, n);
    filled += n;
}

static inline void put_number(uint64_t v, unsigned bytes)
{
    while (bytes--) {
        uint8_t b = (uint8_t)(v >> 8 * bytes);
        put(&b, 1);
    }
}

/* Type, channel, size, payload, end. */
static inline void frame(uint8_t type, uint16_t channel, const void *payload, size_t n)
{
    put_number(type, 1);
    put_number(channel, 2);
    put_number(n, 4);
    put(payload, n);
    put_number(0xce, 1);
}

/* A method: class and id stand first in the payload. */
#define METHOD(channel, payload) frame(1, channel, "" payload, sizeof(payload) - 1)
/* Of n bytes of a message, a header and one body. */
static inline void content(uint16_t channel, unsigned n)
{
    uint8_t header[] = {0, 60, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 0, 0};
    static const uint8_t body[512];

    frame(2, channel, header, sizeof header);
    if (n)
        frame(3, channel, body, n);
}

static inline void flush(struct drive *d, enum pd_dir dir)
{
    drive_send(d, dir, buffer, filled);
    filled = 0;
}

#define OPEN "\0\x14\0\x0a\0"
#define OPEN_OK "\0\x14\0\x0b\0\0\0\0"
#define SELECT "\0\x55\0\x0a\0"
#define SELECT_OK "\0\x55\0\x0b"
#define PUBLISH "\0\x3c\0\x28\0\0\1e\1k\0"
#define MANDATORY "\0\x3c\0\x28\0\0\1e\1k\1"
#define RETURN "\0\x3c\0\x32\1\x38\2no\1e\1k"
#define ACK(tag, multiple) "\0\x3c\0\x50\0\0\0\0\0\0\0" tag multiple
#define NACK(tag, flags) "\0\x3c\0\x78\0\0\0\0\0\0\0" tag flags
#define CONSUME(flags) "\0\x3c\0\x14\0\0\1q\1t" flags "\0\0\0\0"
#define CONSUME_OK "\0\x3c\0\x15\1t"
#define DELIVER(tag) "\0\x3c\0\x3c\1t\0\0\0\0\0\0\0" tag "\0\1e\1k"
#define DECLARE(name) "\0\x32\0\x0a\0\0\1" name "\0\0\0\0\0"
#define DECLARE_OK(name) "\0\x32\0\x0b\1" name "\0\0\0\0\0\0\0\0"
#define CLOSE "\0\x14\0\x28\1\x94\4none\0\x32\0\x0a"
#define CLOSE_OK "\0\x14\0\x29"

/* A connection whose channel 1 is open: one record. */
static inline struct drive *opened(uint32_t piece)
{
    struct drive *d = drive_new("amqp");

    filled = 0;
    drive_cut(d, piece);
    drive_syn(d);
    put("AMQP\0\0\x09\x01", 8);
    METHOD(1, OPEN);
    flush(d, PD_C2S);
    METHOD(1, OPEN_OK);
    flush(d, PD_S2C);
    return d;
}

static inline void check(struct drive *d, size_t i, const char *status, const char *holds)
{
    char want[32];
    const char *line = drive_line(d, i);

    snprintf(want, sizeof want, "\"status\":\"%s\"", status);
    assert_non_null(line);
    if (!strstr(line, want) || !strstr(line, holds))
        fail_msg("%s %s: %s", status, holds, line);
}
#endif
