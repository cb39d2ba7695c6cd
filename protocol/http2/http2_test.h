/* http2_test.h: conversations in hand-written frames: each is played whole and in pieces, and has to give the
 * same lines. gRPC's are such conversations too. */
#ifndef PD_PROTOCOL_HTTP2_HTTP2_TEST_H
#define PD_PROTOCOL_HTTP2_HTTP2_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
/* A frame: length (one byte of it), type, flags, stream (one byte of it), payload. */
#define F(length, type, flags, stream, payload) "\0\0" length type flags "\0\0\0" stream payload
#define SETTINGS F("\0", "\x04", "\0", "\0", "")

enum { TURNS_MAX = 12, LINES_MAX = 6 };

struct turn { /* what one side sends at once */
    const char *bytes;
    uint16_t len;
    uint8_t dir;
};

#define C(text)                                                                                              \
    {                                                                                                        \
        text, sizeof(text) - 1, PD_C2S                                                                       \
    }
#define S(text)                                                                                              \
    {                                                                                                        \
        text, sizeof(text) - 1, PD_S2C                                                                       \
    }

struct talk {
    const char *name;
    struct turn turn[TURNS_MAX];
    const char *line[LINES_MAX]; /* as drive_row() has them */
    uint16_t port;               /* 0: the usual one */
    uint8_t bad;
};

static inline void play(const struct talk *t, uint32_t cut)
{
    struct drive *d = drive_new("http2");
    size_t lines = 0;

    drive_option(d, "headers", "none");
    drive_cut(d, cut);
    if (t->port)
        drive_port(d, t->port);
    drive_syn(d);
    for (size_t i = 0; i < TURNS_MAX; i++)
        if (t->turn[i].len)
            drive_send(d, t->turn[i].dir, t->turn[i].bytes, t->turn[i].len);
    drive_finish(d);
    for (; lines < LINES_MAX && t->line[lines]; lines++)
        if (strcmp(drive_row(d, lines), t->line[lines]) != 0)
            fail_msg("%s, pieces of %u, line %zu:\n%s\n%s", t->name, cut, lines, drive_row(d, lines),
                     t->line[lines]);
    if (drive_count(d) != lines)
        fail_msg("%s, pieces of %u: %zu lines", t->name, cut, drive_count(d));
    assert_int_equal(drive_counter(d, PD_C_BAD), t->bad);
    drive_free(d);
}

static inline void play_all(const struct talk *talks, size_t n)
{
    static const uint32_t cuts[] = {0, 1, 2, 3, 7, 64};

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof cuts / sizeof cuts[0]; k++)
            play(&talks[i], cuts[k]);
}
#endif
