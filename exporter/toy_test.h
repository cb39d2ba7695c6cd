/* toy_test.h: a protocol of no wire, for the tests of what comes out of records. */
#ifndef PD_EXPORTER_TOY_TEST_H
#define PD_EXPORTER_TOY_TEST_H
#include "roundtrip/record.h"
#include <assert.h>

struct toy_answer {
    struct pd_text name, data;
    struct pd_int ttl;
};

struct toy {
    struct pd_text method, host, path, query, hidden, statement;
    struct pd_list headers;
    struct pd_int code, body_bytes;
    uint8_t truncated;
    struct pd_list tags, answers, rsp_headers;
};

#define TOY(member) offsetof(struct toy, member)
#define ANSWER(member) offsetof(struct toy_answer, member)

static const struct pd_field toy_answer_fields[] = {
    {.name = "name", .type = PD_TEXT, .roles = PD_LOG, .off = ANSWER(name)},
    {.name = "ttl", .type = PD_INT, .roles = PD_LOG, .off = ANSWER(ttl)},
    {.name = "data", .type = PD_TEXT, .roles = PD_LOG | PD_CAME, .off = ANSWER(data)},
    {0},
};

static const struct pd_field toy_fields[] = {
    {.name = "method", .side = PD_REQUEST, .type = PD_TEXT, .roles = PD_LOG | PD_ASKED, .off = TOY(method)},
    {.name = "host", .side = PD_REQUEST, .type = PD_TEXT, .roles = PD_LOG | PD_ASKED, .off = TOY(host)},
    {.name = "path",
     .side = PD_REQUEST,
     .type = PD_TEXT,
     .roles = PD_LOG | PD_ASKED | PD_JOINED,
     .off = TOY(path)},
    {.name = "query",
     .side = PD_REQUEST,
     .type = PD_TEXT,
     .roles = PD_LOG | PD_ASKED | PD_JOINED | PD_QUERY,
     .off = TOY(query)},
    {.name = "hidden", .side = PD_REQUEST, .type = PD_TEXT, .roles = PD_LOG | PD_HIDDEN, .off = TOY(hidden)},
    {.name = "statement",
     .side = PD_REQUEST,
     .type = PD_TEXT,
     .roles = PD_LOG | PD_ASKED | PD_MASKED,
     .off = TOY(statement)},
    {.name = "headers", .side = PD_REQUEST, .type = PD_HEADERS, .roles = PD_LOG, .off = TOY(headers)},
    {.name = "status_code", .side = PD_RESPONSE, .type = PD_INT, .roles = PD_LOG | PD_CAME, .off = TOY(code)},
    {.name = "headers", .side = PD_RESPONSE, .type = PD_HEADERS, .roles = PD_LOG, .off = TOY(rsp_headers)},
    {.name = "truncated",
     .side = PD_RESPONSE,
     .type = PD_BOOL,
     .roles = PD_LOG | PD_CAME,
     .off = TOY(truncated)},
    {.name = "tags", .side = PD_RESPONSE, .type = PD_LIST, .roles = PD_LOG | PD_CAME, .off = TOY(tags)},
    {.name = "answers",
     .side = PD_RESPONSE,
     .type = PD_OBJECTS,
     .roles = PD_LOG | PD_CAME,
     .off = TOY(answers),
     .sub = toy_answer_fields},
    {.name = "body_bytes", .side = PD_RESPONSE, .type = PD_INT, .roles = PD_LOG, .off = TOY(body_bytes)},
    {0},
};

static inline bool toy_failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct toy *t = pd_fields_const(r);

    if (!t->code.seen || t->code.v < 500)
        return false;
    pd_text_static(error, t->code.v == 500 ? "500" : "out of \"cheese\"");
    return true;
}

/* A statement's last word is the secret, unless it is "open". */
static inline uint32_t toy_mask(const struct pd_rec *r, const struct pd_field *f, unsigned what, char *out,
                                uint32_t cap)
{
    const struct pd_text *t = (const void *)(r->data + f->off);
    uint32_t n = t->len;

    assert(what == PD_MASK_SECRETS && cap >= PD_MASK_CAP && strcmp(f->name, "statement") == 0);
    while (n && t->s[n - 1] != ' ')
        n--;
    if (t->len - n == 4 && memcmp(t->s + n, "open", 4) == 0)
        return PD_AS_IS;
    memcpy(out, t->s, n);
    memcpy(out + n, "***", 3);
    return n + 3;
}

static const struct pd_schema toy_schema = {
    .proto = "toy",
    .help = "for tests",
    .fields = toy_fields,
    .rec_size = sizeof(struct toy),
    .arena_max = 16384,
    .failed = toy_failed,
    .mask = toy_mask,
};

static inline struct pd_slice toy_slice(const char *s)
{
    return (struct pd_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

static inline void toy_end(struct pd_end *end, const char *addr, uint16_t port)
{
    bool ok = pd_addr_parse(&end->addr, addr);

    assert(ok);
    (void)ok;
    end->port = port;
}

static inline int toy_store(struct pd_store *store)
{
    static const struct pd_store_limits limits = {.records = 64, .chunks = {16, 16, 16}};

    return pd_store_init(store, &limits);
}

/* 2026-11-20T15:17:08.603123456Z and so on. */
#define TOY_TIME UINT64_C(1795187828603123456)

/* A record as the engine would hand it out: GET /, answered with 200 after 1 ms. */
static inline struct pd_rec *toy_record(struct pd_store *store)
{
    struct pd_rec *r = pd_rec_new(store, &toy_schema);

    toy_end(&r->client, "10.0.0.7", 53286);
    toy_end(&r->server, "10.0.0.9", 80);
    r->transport = PD_TCP;
    r->ordinal = 4;
    r->first_req = r->last_req = TOY_TIME;
    r->first_rsp = r->last_rsp = TOY_TIME + 1000000;
    r->req_bytes = 82;
    r->rsp_bytes = 478;
    r->status = PD_OK;
    struct toy *t = pd_fields(r);
    pd_text_static(&t->method, "GET");
    pd_text_static(&t->path, "/");
    pd_int_set(&t->code, 200);
    return r;
}

static inline void toy_header(struct pd_rec *r, struct pd_list *l, const char *name, const char *value)
{
    const struct pd_pair *p = pd_list_header(r, l, 32, toy_slice(name), toy_slice(value), 256);

    assert(p);
    (void)p;
}
#endif
