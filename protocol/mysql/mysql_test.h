/* mysql_test.h: conversations in hand-written packets, each played whole and in pieces, and the lines that
 * they make. What one side sends behind one another comes in one segment. */
#ifndef PD_PROTOCOL_MYSQL_MYSQL_TEST_H
#define PD_PROTOCOL_MYSQL_MYSQL_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TURNS_MAX = 40, LINES_MAX = 8, SEGMENT_MAX = 8192, HEAD = 4, FULL = 0xffffff };

struct packet {
    enum pd_dir dir;
    uint8_t seq;
    const char *payload; /* NULL ends */
    size_t len;
};

struct talk {
    const char *name;
    bool joined;    /* no handshake of TCP was seen */
    uint32_t least; /* bytes in a piece: where a beginning has to be recognised, it must be there */
    uint64_t bad;   /* times that it is not understood */
    struct packet packet[TURNS_MAX];
    const char *line[LINES_MAX]; /* as drive_row() has them */
};

#define C(seq, text)                                                                                         \
    {                                                                                                        \
        PD_C2S, seq, text, sizeof(text) - 1                                                                  \
    }
#define S(seq, text)                                                                                         \
    {                                                                                                        \
        PD_S2C, seq, text, sizeof(text) - 1                                                                  \
    }

/* Version, thread, salt, capabilities (all but compression), character set, status, the rest of the salt. */
#define GREETING(version, low, high, extended)                                                               \
    S(0, "\012" version "\000\005\000\000\000saltsalt\000" low "\377\002\000" high                           \
         "\025\000\000\000\000\000\000" extended "saltsaltsalt\000caching_sha2_password\000")
#define MYSQL GREETING("8.0.36", "\337\377", "\377\333", "\000\000\000\000")
#define MARIADB GREETING("11.4.2-MariaDB", "\336\377", "\377\201", "\035\000\000\000")
/* Capabilities, largest packet, character set, zeros, MariaDB's capabilities, user, a proof of one byte. */
#define LOGIN_OF(capabilities, extended)                                                                     \
    C(1, capabilities                                                                                        \
      "\000\000\000\001\055\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"             \
      "\000\000" extended "joe\000\001xshop\000mysql_native_password\000")
/* CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH; DEPRECATE_EOF */
#define LOGIN LOGIN_OF("\011\242\010\000", "\000\000\000\000")
#define LOGIN_NO_EOF LOGIN_OF("\011\242\010\001", "\000\000\000\000")

#define OK "\000\000\000\002\000\000\000" /* nothing changed, no number given, status, no warnings */
#define EOF_ "\376\000\000\002\000"       /* no warnings, status */
#define OK_FOR_EOF "\376\000\000\002\000\000\000"
#define MORE "\010\000" /* status: more results follow */
#define ERR(low, high, text) "\377" low high "#42000" text
#define DEFINITION(name)                                                                                     \
    "\003def\000\000\000\001" name "\000\014\077\000\001\000\000\000\003\000\000\000\000\000"

#define LOGGED_IN                                                                                            \
    "'ok','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':69},"                          \
    "'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"

#define PING C(0, "\016"), S(1, OK)
#define PINGED                                                                                               \
    "'ok','request':{'command':'PING','database':'shop','bytes':5},"                                         \
    "'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"

static inline size_t put_packet(uint8_t *to, const struct packet *p)
{
    to[0] = (uint8_t)p->len;
    to[1] = (uint8_t)(p->len >> 8);
    to[2] = (uint8_t)(p->len >> 16);
    to[3] = p->seq;
    memcpy(to + HEAD, p->payload, p->len);
    return HEAD + p->len;
}

static inline void send_packet(struct drive *d, const struct packet *p)
{
    uint8_t out[SEGMENT_MAX];

    assert_true(HEAD + p->len <= sizeof out);
    drive_send(d, p->dir, out, put_packet(out, p));
}

static inline void send_packets(struct drive *d, const struct packet *p)
{
    uint8_t out[SEGMENT_MAX];
    size_t n = 0;

    for (; p->payload; p++) {
        assert_true(n + HEAD + p->len <= sizeof out);
        n += put_packet(out + n, p);
        if (!p[1].payload || p[1].dir != p->dir) {
            drive_send(d, p->dir, out, n);
            n = 0;
        }
    }
}

static inline void play(const struct talk *t, uint32_t cut)
{
    struct drive *d = drive_new("mysql");
    size_t n = 0;

    drive_cut(d, cut);
    if (!t->joined)
        drive_syn(d);
    send_packets(d, t->packet);
    drive_finish(d);
    for (; n < LINES_MAX && t->line[n]; n++)
        assert_string_equal(drive_row(d, n), t->line[n]);
    assert_int_equal(drive_count(d), n);
    assert_int_equal(drive_counter(d, PD_C_BAD), t->bad);
    drive_free(d);
}

static inline void test_talk(void **state)
{
    static const uint32_t cuts[] = {0, 1, 2, 3, 5, 7, 16, 24, 64};

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        if (!cuts[i] || cuts[i] >= ((const struct talk *)*state)->least)
            play(*state, cuts[i]);
}
#endif
