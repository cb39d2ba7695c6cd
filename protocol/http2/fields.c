/* fields.c: the record's fields and the options as tables, and what is done with each header field. */
#include "base/inline.h"
#include "protocol/http2/http2.h"

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_http2 *f = pd_fields_const(r);

    *error = f->error;
    return f->error.s;
}

#define OFF(member) offsetof(struct pd_http2, member)

static const struct pd_field field_table[] = {
    {"method", "http.request.method", "the request's method, as sent", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(method), NULL},
    {"path", "url.path", ":path up to `?`; of CONNECT the authority", PD_REQUEST, PD_TEXT,
     PD_ATTRIBUTE | PD_LOG, OFF(path), NULL},
    {"query", "url.query", ":path behind `?`", PD_REQUEST, PD_TEXT, PD_ATTRIBUTE | PD_LOG | PD_QUERY,
     OFF(query), NULL},
    {"scheme", "url.scheme", "`http` or `https`, as sent", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(scheme), NULL},
    {"host", "server.address", ":authority, or Host when there is none", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(host), NULL},
    /* The text line has the target behind the host, JSON before it: these two are columns only. */
    {"path", NULL, "", PD_REQUEST, PD_TEXT, PD_ASKED | PD_JOINED, OFF(path), NULL},
    {"query", NULL, "", PD_REQUEST, PD_TEXT, PD_ASKED | PD_JOINED | PD_QUERY, OFF(query), NULL},
    {"version", "network.protocol.version", "`2`; `1.1` of the request that asked for an upgrade", PD_REQUEST,
     PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(version), NULL},
    {"stream_id", NULL, "number of the stream", PD_REQUEST, PD_INT, PD_LOG, OFF(stream_id), NULL},
    {"headers", "http.request.header", "headers by name, lower case; each has a list of values", PD_REQUEST,
     PD_HEADERS, PD_ATTRIBUTE | PD_LOG, OFF(side[PD_REQUEST].headers), NULL},
    {"body_bytes", "http.request.body.size", "the body's length, without framing and padding", PD_REQUEST,
     PD_INT, PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(side[PD_REQUEST].body_bytes), NULL},
    {"body", NULL, "the body's beginning, when asked for and when it is text or JSON", PD_REQUEST, PD_TEXT,
     PD_LOG, OFF(side[PD_REQUEST].body), NULL},
    {"status_code", "http.response.status_code", "the final response's status code", PD_RESPONSE, PD_INT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(status_code), NULL},
    {"headers", "http.response.header", "headers by name, lower case; each has a list of values", PD_RESPONSE,
     PD_HEADERS, PD_ATTRIBUTE | PD_LOG, OFF(side[PD_RESPONSE].headers), NULL},
    {"body_bytes", "http.response.body.size", "the body's length, without framing and padding", PD_RESPONSE,
     PD_INT, PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(side[PD_RESPONSE].body_bytes), NULL},
    {"body", NULL, "the body's beginning, when asked for and when it is text or JSON", PD_RESPONSE, PD_TEXT,
     PD_LOG, OFF(side[PD_RESPONSE].body), NULL},
    {0},
};

const struct pd_schema pd_http2_schema = {
    .proto = "http2",
    .help = "HTTP/2 in the clear",
    .fields = field_table,
    .rec_size = sizeof(struct pd_http2),
    .arena_max = 64000, /* all bounds together, so that no field starves another */
    .failed = failed,
};

const struct pd_option pd_http2_option_table[] = {
    {"headers", PD_OPT_NAMES, offsetof(struct pd_http2_options, headers), "all", 0, 0,
     "which headers are kept: all, none, or names"},
    {"body", PD_OPT_BOOL, offsetof(struct pd_http2_options, body), "false", 0, 0,
     "keep the beginning of bodies that are text or JSON"},
    {"bodyLimit", PD_OPT_SIZE, offsetof(struct pd_http2_options, body_limit), "4096", 0, PD_HTTP2_BODY_MAX,
     "bytes of a body that are kept"},
    {0},
};

/* --- header fields --- */

static struct pd_slice slice_of(const char *s)
{
    return (struct pd_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

/* The one that records share instead of it, or NULL. Those that come only once are not worth it. */
PD_INLINE struct pd_shared *shared(struct pd_rec *r, struct pd_hpack_field *field)
{
    struct pd_shared_store *store = &r->store->shared;
    struct pd_shared *known = pd_shared_at(store, field->shared);

    if (known || !field->lasting)
        return known;
    return pd_shared_anew(store, &field->shared, (struct pd_slice){field->text, field->name},
                          (struct pd_slice){field->text + field->name, field->value});
}

/* known: the field that records share, or NULL. */
static void set_text(struct pd_rec *r, struct pd_text *text, const struct pd_shared *known,
                     struct pd_slice value, uint16_t max)
{
    if (known && value.len <= max)
        pd_text_shared(r, text, known);
    else
        pd_text_set(r, text, value, max);
}

static void set_path(struct pd_rec *r, struct pd_http2 *f, const struct pd_shared *known,
                     struct pd_slice value)
{
    const uint8_t *mark = value.len ? memchr(value.p, '?', value.len) : NULL;

    if (mark) {
        uint32_t n = (uint32_t)(mark - value.p);
        pd_text_set(r, &f->query, (struct pd_slice){mark + 1, value.len - n - 1}, PD_HTTP2_TARGET_MAX);
        value.len = n;
    }
    set_text(r, &f->path, mark ? NULL : known, value, PD_HTTP2_TARGET_MAX);
}

static void set_status(struct pd_rec *r, struct pd_http2 *f, struct pd_slice value)
{
    enum { FINAL = 200 };
    unsigned code = 0;

    if (value.len != 3)
        return;
    for (uint32_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return;
        code = code * 10 + value.p[i] - '0';
    }
    if (code < FINAL && f->side[PD_RESPONSE].begun)
        return; /* an interim one, and so was what was taken for the response: its status was not known */
    pd_int_set(&f->status_code, code);
    if (code >= 500)
        pd_text_set(r, &f->error, value, 3);
}

/* Of a request. RFC 9113, section 8.3.1. */
static void set_method(struct pd_rec *r, struct pd_http2 *f, struct pd_slice value)
{
    if (pd_slice_eq(value, PD_SLICE("GET")))
        pd_text_static(&f->method, "GET");
    else if (pd_slice_eq(value, PD_SLICE("POST")))
        pd_text_static(&f->method, "POST");
    else
        pd_text_set(r, &f->method, value, PD_HTTP2_METHOD_MAX);
}

static bool holds(struct pd_slice s, struct pd_slice word)
{
    return s.len && memmem(s.p, s.len, word.p, word.len);
}

static bool is_text(struct pd_slice type)
{
    return (type.len > 5 && memcmp(type.p, "text/", 5) == 0) || holds(type, PD_SLICE("/json")) ||
           holds(type, PD_SLICE("+json"));
}

/* The request is a child's. Known by the response only, its beginning has passed unread. */
static void become(struct pd_conn *c, struct pd_rec *r, unsigned dir, int child)
{
    struct pd_http2 *f = pd_fields(r);

    f->face = pd_become_child(c, r, child);
    if (dir == PD_C2S)
        return;
    f->face->asked(r);
    if (f->side[PD_REQUEST].passed)
        f->face->missed(r, PD_C2S);
}

static void set_type(const struct pd_http2_block *b, struct pd_slice value)
{
    struct pd_http2 *f = b->fields;
    bool open = !f->face && !b->side->typed && (b->dir == PD_C2S || f->side[PD_REQUEST].unknown);
    int child = open ? pd_child(b->conn, value) : -1;

    if (f->face && b->dir == PD_S2C)
        f->face->typed(b->rec, value);
    b->side->typed = true;
    b->side->text = b->options->body && is_text(value);
    if (child >= 0)
        become(b->conn, b->rec, b->dir, child);
}

static bool named(const struct pd_names *names, struct pd_slice name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (pd_slice_eq(name, slice_of(names->name[i])))
            return true;
    return false;
}

/* A header, or a trailer. */
static void keep(const struct pd_http2_block *b, struct pd_hpack_field *field, struct pd_slice name,
                 struct pd_slice value)
{
    const struct pd_http2_face *face = b->fields->face;
    struct pd_http2_side *side = b->side;

    if (face && name.len > sizeof face->names && memcmp(name.p, face->names, sizeof face->names) == 0)
        face->field(b->rec, b->dir, name, value);
    if (side->begun && !face)
        return; /* a trailer */
    if (!b->options->headers.all && !named(&b->options->headers, name))
        return;
    struct pd_shared *known = shared(b->rec, field);
    if (known)
        pd_list_header_shared(b->rec, &side->headers, b->room, known);
    else
        pd_list_header(b->rec, &side->headers, b->room, name, value, PD_HTTP2_VALUE_MAX);
}

/* Of a request, section 8.3.1. */
static void ask(const struct pd_http2_block *b, struct pd_hpack_field *field, struct pd_slice value)
{
    struct pd_rec *r = b->rec;
    struct pd_http2 *f = b->fields;

    if (b->side->begun) { /* not a trailer but another request's: one of the two stands in a body */
        r->flags |= PD_REC_BROKEN;
        return;
    }
    switch ((enum pd_http2_meaning)field->meaning) {
    case PD_HTTP2_METHOD:
        set_method(r, f, value);
        break;
    case PD_HTTP2_PATH:
        set_path(r, f, shared(r, field), value);
        break;
    case PD_HTTP2_SCHEME:
        set_text(r, &f->scheme, shared(r, field), value, PD_HTTP2_SCHEME_MAX);
        break;
    case PD_HTTP2_AUTHORITY:
        set_text(r, &f->host, shared(r, field), value, PD_HTTP2_HOST_MAX);
        break;
    default:
        break;
    }
}

static void mark(const struct pd_http2_block *b, enum pd_http2_meaning meaning, struct pd_slice value)
{
    struct pd_http2 *f = b->fields;

    if (b->side->begun)
        return; /* trailers say nothing of these */
    if (meaning == PD_HTTP2_CONTENT_TYPE)
        set_type(b, value);
    else if (meaning == PD_HTTP2_CONTENT_ENCODING)
        b->side->encoded = !pd_slice_eq(value, PD_SLICE("identity"));
    else if (b->dir == PD_C2S && !f->host.s)
        pd_text_set(b->rec, &f->host, value, PD_HTTP2_HOST_MAX);
}

void pd_http2_field(const struct pd_http2_block *b, struct pd_hpack_field *field)
{
    struct pd_slice name = {field->text, field->name}, value = {field->text + field->name, field->value};
    enum pd_http2_meaning meaning = field->meaning;

    if (meaning >= PD_HTTP2_HOST)
        mark(b, meaning, value);
    if (meaning == PD_HTTP2_OTHER || meaning >= PD_HTTP2_HOST)
        keep(b, field, name, value);
    else if (b->dir == PD_C2S)
        ask(b, field, value);
    else if (meaning == PD_HTTP2_STATUS)
        set_status(b->rec, b->fields, value);
}

enum pd_http2_meaning pd_http2_meaning(struct pd_slice name)
{
    static const struct {
        char name[23];
        uint8_t len;
        enum pd_http2_meaning meaning;
    } known[] = {{":path", 5, PD_HTTP2_PATH},
                 {":method", 7, PD_HTTP2_METHOD},
                 {":scheme", 7, PD_HTTP2_SCHEME},
                 {":authority", 10, PD_HTTP2_AUTHORITY},
                 {":status", 7, PD_HTTP2_STATUS},
                 {"host", 4, PD_HTTP2_HOST},
                 {"content-type", 12, PD_HTTP2_CONTENT_TYPE},
                 {"content-encoding", 16, PD_HTTP2_CONTENT_ENCODING}};
    uint8_t first = name.len ? name.p[0] : 0;

    if (first != ':' && first != 'c' && first != 'h')
        return PD_HTTP2_OTHER;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (name.len == known[i].len && memcmp(name.p, known[i].name, name.len) == 0)
            return known[i].meaning;
    return first == ':' ? PD_HTTP2_PSEUDO : PD_HTTP2_OTHER;
}

void pd_http2_asked(struct pd_rec *r)
{
    struct pd_http2 *f = pd_fields(r);

    if (!f->path.s && f->method.len == 7 && memcmp(f->method.s, "CONNECT", 7) == 0)
        f->path = f->host;
    if (f->face)
        f->face->asked(r);
}

void pd_http2_set_reset(struct pd_rec *r, uint32_t code)
{
    static const char *const names[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED"};
    struct pd_http2 *f = pd_fields(r);

    if (code == PD_HTTP2_NO_ERROR || code == PD_HTTP2_CANCEL)
        return;
    pd_text_static(&f->error, code < sizeof names / sizeof names[0] ? names[code] : "RST_STREAM");
}
