/* mongodb_test.h: messages for the tests, written field by field, and the lines they must make. */
#ifndef PD_PROTOCOL_MONGODB_MONGODB_TEST_H
#define PD_PROTOCOL_MONGODB_MONGODB_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 1 << 20, NESTED = 8 };

struct bytes { /* a message that is being written */
    uint8_t p[ROOM];
    uint32_t n;
    uint32_t message;      /* where its header stands */
    uint32_t open[NESTED]; /* where the lengths of open documents stand */
    uint32_t depth;
};

static inline void raw(struct bytes *b, const void *p, size_t n)
{
    assert_true(b->n + n <= ROOM);
    memcpy(b->p + b->n, p, n);
    b->n += (uint32_t)n;
}

static inline void le32_at(struct bytes *b, uint32_t at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b->p[at + (uint32_t)i] = (uint8_t)(v >> (8 * i));
}

static inline void le32(struct bytes *b, uint32_t v)
{
    b->n += 4;
    le32_at(b, b->n - 4, v);
}

static inline void byte(struct bytes *b, uint8_t v)
{
    b->p[b->n++] = v;
}

static inline void cstring(struct bytes *b, const char *s)
{
    raw(b, s, strlen(s) + 1);
}

/* A message begins; what is there stays before it. */
static inline void head(struct bytes *b, uint32_t id, uint32_t to, uint32_t opcode)
{
    b->message = b->n;
    le32(b, 0);
    le32(b, id);
    le32(b, to);
    le32(b, opcode);
}

/* OP_MSG up to its command. */
static inline void msg(struct bytes *b, uint32_t id, uint32_t to, uint32_t flags)
{
    head(b, id, to, 2013);
    le32(b, flags);
}

static inline void end(struct bytes *b)
{
    le32_at(b, b->message, b->n - b->message);
}

static inline void document(struct bytes *b)
{
    b->open[b->depth++] = b->n;
    le32(b, 0);
}

static inline void section(struct bytes *b) /* of kind 0 */
{
    byte(b, 0);
    document(b);
}

static inline void close_document(struct bytes *b)
{
    byte(b, 0);
    b->depth--;
    le32_at(b, b->open[b->depth], b->n - b->open[b->depth]);
}

static inline void name(struct bytes *b, uint8_t type, const char *s)
{
    byte(b, type);
    cstring(b, s);
}

static inline void i32(struct bytes *b, const char *key, uint32_t v)
{
    name(b, 0x10, key);
    le32(b, v);
}

static inline void real(struct bytes *b, const char *key, double v)
{
    name(b, 1, key);
    raw(b, &v, sizeof v);
}

static inline void str(struct bytes *b, const char *key, const char *v)
{
    name(b, 2, key);
    le32(b, (uint32_t)strlen(v) + 1);
    cstring(b, v);
}

static inline void sub(struct bytes *b, uint8_t type, const char *key)
{
    name(b, type, key);
    document(b);
}

/* {KEY: VALUE, $db: "shop"} as a section. */
static inline void command(struct bytes *b, const char *key, const char *value)
{
    section(b);
    str(b, key, value);
    str(b, "$db", "shop");
    close_document(b);
}

/* {ok: 1} as a whole message. */
static inline void ok(struct bytes *b, uint32_t id, uint32_t to)
{
    msg(b, id, to, 0);
    section(b);
    real(b, "ok", 1);
    close_document(b);
    end(b);
}

static inline struct bytes *fresh(void)
{
    struct bytes *b = test_calloc(1, sizeof *b);

    assert_non_null(b);
    return b;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What one side sends, then the other, in pieces of `piece` bytes (0: whole), and the lines of it. */
static inline void talk(struct drive *d, uint32_t piece, const struct bytes *asked, const struct bytes *came,
                        const char *const *lines)
{
    size_t n = 0;

    drive_cut(d, piece);
    drive_syn(d);
    if (asked->n)
        drive_send(d, PD_C2S, asked->p, asked->n);
    if (came->n)
        drive_send(d, PD_S2C, came->p, came->n);
    drive_finish(d);
    for (; lines[n]; n++) {
        assert_non_null(drive_line(d, n));
        assert_string_equal(drive_line(d, n), lines[n]);
    }
    assert_int_equal(drive_count(d), n);
}

/* The same for pieces of 1 to 40 bytes and whole; the messages are given back. */
static inline void exchange(struct bytes *asked, struct bytes *came, const char *const *lines)
{
    for (uint32_t piece = 0; piece < 41; piece++) {
        struct drive *d = drive_new("mongodb");
        talk(d, piece, asked, came, lines);
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        drive_free(d);
    }
    test_free(asked);
    test_free(came);
}

#define LINE(status, request, response)                                                                      \
    "{\"proto\":\"mongodb\",\"status\":\"" status "\",\"request\":{" request "},\"response\":{" response "}" \
    "}"
#define FAILED(error, request, response)                                                                     \
    "{\"proto\":\"mongodb\",\"status\":\"error\",\"error\":\"" error "\",\"request\":{" request              \
    "},\"response\":{" response "}}"
#define ALONE(status, request) "{\"proto\":\"mongodb\",\"status\":\"" status "\",\"request\":{" request "}}"
#define ASKED(command, collection, opcode, id)                                                               \
    "\"command\":\"" command "\",\"database\":\"shop\",\"collection\":\"" collection                         \
    "\",\"opcode\":\"" opcode "\",\"id\":" id
#define PING(id) "\"command\":\"ping\",\"database\":\"shop\",\"opcode\":\"OP_MSG\",\"id\":" id ",\"bytes\":52"
#define OK_38 "\"ok\":1,\"bytes\":38"
#endif
