/* grpc.c: gRPC, a child of HTTP/2: a call is a request with a content type of its own, its messages have a
 * length before them, its status comes in trailers. Only lengths are read, never a message. PROTOCOL-HTTP2.md
 * of the gRPC project; it also has the table from RST_STREAM's codes to a status. */
#include "protocol/http2/http2.h"

enum { MESSAGE_MAX = 1024, TIMEOUT_MAX = 16, STATUS_MAX = 6, PREFIX = 5 };

static const struct pd_text status_names[] = {PD_TEXT_OF("OK"),
                                              PD_TEXT_OF("CANCELLED"),
                                              PD_TEXT_OF("UNKNOWN"),
                                              PD_TEXT_OF("INVALID_ARGUMENT"),
                                              PD_TEXT_OF("DEADLINE_EXCEEDED"),
                                              PD_TEXT_OF("NOT_FOUND"),
                                              PD_TEXT_OF("ALREADY_EXISTS"),
                                              PD_TEXT_OF("PERMISSION_DENIED"),
                                              PD_TEXT_OF("RESOURCE_EXHAUSTED"),
                                              PD_TEXT_OF("FAILED_PRECONDITION"),
                                              PD_TEXT_OF("ABORTED"),
                                              PD_TEXT_OF("OUT_OF_RANGE"),
                                              PD_TEXT_OF("UNIMPLEMENTED"),
                                              PD_TEXT_OF("INTERNAL"),
                                              PD_TEXT_OF("UNAVAILABLE"),
                                              PD_TEXT_OF("DATA_LOSS"),
                                              PD_TEXT_OF("UNAUTHENTICATED")};
enum { STATUSES = sizeof status_names / sizeof status_names[0] };
enum status {
    OK = 0,
    CANCELLED = 1,
    PERMISSION_DENIED = 7,
    RESOURCE_EXHAUSTED = 8,
    INTERNAL = 13,
    UNAVAILABLE = 14
};

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_http2 *f = pd_fields_const(r);
    const struct pd_http2_call *call = &f->call;

    *error = call->status.s && call->status_code.v != OK ? call->status : f->error;
    return (call->status_code.seen && call->status_code.v != OK) || f->error.s;
}

#define OFF(member) offsetof(struct pd_http2, member)

static const struct pd_field field_table[] = {
    {"service", NULL, "the service with its package", PD_REQUEST, PD_TEXT, PD_LABEL | PD_LOG | PD_ASKED,
     OFF(call.service), NULL},
    {"method", "rpc.method", "the method; the attribute has the service before it", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(call.method), NULL},
    {"stream_id", NULL, "number of the HTTP/2 stream", PD_REQUEST, PD_INT, PD_LOG, OFF(stream_id), NULL},
    {"host", "server.address", ":authority, or Host when there is none", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(host), NULL},
    {"metadata", "rpc.request.metadata", "headers by name, lower case; each has a list of values", PD_REQUEST,
     PD_HEADERS, PD_ATTRIBUTE | PD_LOG, OFF(side[PD_REQUEST].headers), NULL},
    {"timeout", NULL, "grpc-timeout, as sent", PD_REQUEST, PD_TEXT, PD_LOG, OFF(call.timeout), NULL},
    {"messages", NULL, "messages that were sent", PD_REQUEST, PD_INT, PD_LOG | PD_METRIC,
     OFF(call.messages[0]), NULL},
    {"body_bytes", NULL, "bytes of the messages with their prefixes", PD_REQUEST, PD_INT, PD_LOG | PD_METRIC,
     OFF(side[PD_REQUEST].body_bytes), NULL},
    {"status_code", NULL, "grpc-status", PD_RESPONSE, PD_INT, PD_LABEL | PD_LOG, OFF(call.status_code), NULL},
    {"status", "rpc.status_code", "its name, `OK`, `UNAVAILABLE`", PD_RESPONSE, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(call.status), NULL},
    {"message", NULL, "grpc-message, decoded", PD_RESPONSE, PD_TEXT, PD_LOG | PD_CAME, OFF(call.message),
     NULL},
    {"http_status_code", NULL, "the HTTP response's status code", PD_RESPONSE, PD_INT, PD_LABEL | PD_LOG,
     OFF(status_code), NULL},
    {"metadata", "rpc.response.metadata", "headers and trailers by name, lower case", PD_RESPONSE, PD_HEADERS,
     PD_ATTRIBUTE | PD_LOG, OFF(side[PD_RESPONSE].headers), NULL},
    {"messages", NULL, "messages that came", PD_RESPONSE, PD_INT, PD_LOG | PD_METRIC, OFF(call.messages[1]),
     NULL},
    {"body_bytes", NULL, "bytes of the messages with their prefixes", PD_RESPONSE, PD_INT, PD_LOG | PD_METRIC,
     OFF(side[PD_RESPONSE].body_bytes), NULL},
    {0},
};

static const struct pd_schema schema = {
    .proto = "grpc",
    .help = "gRPC over HTTP/2 in the clear",
    .fields = field_table,
    .rec_size = sizeof(struct pd_http2),
    .arena_max = 64000, /* as its parent */
    .failed = failed,
};

/* application/grpc, perhaps with +proto or parameters; grpc-web is something else. */
static bool claim(struct pd_slice mark)
{
    static const char type[] = "application/grpc";
    uint32_t n = sizeof type - 1;

    return mark.len >= n && memcmp(mark.p, type, n) == 0 &&
           (mark.len == n || mark.p[n] == '+' || mark.p[n] == ';');
}

/* --- headers --- */

static void set_status(struct pd_http2_call *call, unsigned code)
{
    pd_int_set(&call->status_code, code);
    call->status = code < STATUSES ? status_names[code] : (struct pd_text){0};
}

static void read_status(struct pd_rec *r, struct pd_slice value)
{
    struct pd_http2 *f = pd_fields(r);
    unsigned code = 0;

    if (!value.len || value.len > STATUS_MAX)
        return;
    for (uint32_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return;
        code = code * 10 + value.p[i] - '0';
    }
    set_status(&f->call, code);
    if (!f->call.status.s)
        pd_text_set(r, &f->error, value, STATUS_MAX);
}

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoded; what is no such code stays as it is. */
static void read_message(struct pd_rec *r, struct pd_text *text, struct pd_slice value)
{
    uint8_t out[MESSAGE_MAX];
    uint32_t n = 0, i = 0;

    if (!value.len) { /* as of most calls that went well */
        pd_text_static(text, "");
        return;
    }
    while (i < value.len && n < sizeof out) {
        bool coded =
            value.p[i] == '%' && i + 2 < value.len && hex(value.p[i + 1]) >= 0 && hex(value.p[i + 2]) >= 0;
        out[n++] = coded ? (uint8_t)(hex(value.p[i + 1]) << 4 | hex(value.p[i + 2])) : value.p[i];
        i += coded ? 3 : 1;
    }
    pd_text_set(r, text, (struct pd_slice){out, n}, MESSAGE_MAX);
    text->full += value.len - i;
}

static void field(struct pd_rec *r, unsigned dir, struct pd_slice name, struct pd_slice value)
{
    struct pd_http2_call *call = &((struct pd_http2 *)pd_fields(r))->call;

    if (dir == PD_C2S && pd_slice_eq(name, PD_SLICE("grpc-timeout")))
        pd_text_set(r, &call->timeout, value, TIMEOUT_MAX);
    else if (dir == PD_S2C && pd_slice_eq(name, PD_SLICE("grpc-status")))
        read_status(r, value);
    else if (dir == PD_S2C && pd_slice_eq(name, PD_SLICE("grpc-message")))
        read_message(r, &call->message, value);
}

/* A page of a proxy's has no messages that could be counted. */
static void typed(struct pd_rec *r, struct pd_slice value)
{
    struct pd_http2 *f = pd_fields(r);

    f->side[PD_S2C].lost = !claim(value);
}

/* A status among the headers is the call's only where nothing follows them. */
static void goes_on(struct pd_rec *r)
{
    struct pd_http2_call *call = &((struct pd_http2 *)pd_fields(r))->call;

    call->status_code = (struct pd_int){0};
    call->status = call->message = (struct pd_text){0};
}

/* "/package.Service/Method" */
static void asked(struct pd_rec *r)
{
    struct pd_http2 *f = pd_fields(r);
    struct pd_text path = f->path;

    pd_int_set(&f->call.messages[PD_C2S], 0);
    const char *slash = path.len ? memrchr(path.s, '/', path.len) : NULL;
    if (!slash || slash == path.s || path.s[0] != '/')
        return;
    uint16_t n = (uint16_t)(slash - path.s - 1);
    f->call.service = (struct pd_text){.s = path.s + 1, .len = n, .full = n};
    f->call.method = (struct pd_text){
        .s = slash + 1, .len = (uint16_t)(path.len - n - 2), .full = path.full - n - 2, .holed = path.holed};
}

/* --- messages: a byte that says whether it is compressed, four of length, the message --- */

static uint32_t ahead(const struct pd_rec *r, unsigned dir, uint32_t *want)
{
    const struct pd_http2_side *side = &((const struct pd_http2 *)pd_fields_const(r))->side[dir];

    if (side->lost)
        return UINT32_MAX;
    *want = PREFIX - side->have;
    return side->have ? 0 : side->ahead;
}

/* One byte more of a prefix. */
static void prefix_byte(struct pd_http2_side *side, struct pd_int *messages, uint8_t b)
{
    side->ahead = side->have ? side->ahead << 8 | b : 0; /* the first is the flag */
    if (++side->have < PREFIX)
        return;
    side->have = 0;
    pd_int_set(messages, messages->v + 1);
}

static void data(struct pd_rec *r, unsigned dir, struct pd_slice in)
{
    struct pd_http2 *f = pd_fields(r);
    struct pd_http2_side *side = &f->side[dir];

    while (in.len && !side->lost) {
        if (!side->have && side->ahead) {
            uint32_t n = in.len < side->ahead ? in.len : side->ahead;
            side->ahead -= n;
            in.len -= n;
            if (in.p) /* bytes that were skipped have none */
                in.p += n;
        } else if (!side->have && in.len >= PREFIX) {
            side->ahead = pd_be32(in.p + 1);
            pd_int_set(&f->call.messages[dir], f->call.messages[dir].v + 1);
            in.p += PREFIX;
            in.len -= PREFIX;
        } else {
            prefix_byte(side, &f->call.messages[dir], *in.p++);
            in.len--;
        }
    }
}

static void missed(struct pd_rec *r, unsigned dir)
{
    struct pd_http2 *f = pd_fields(r);

    f->side[dir].lost = true;
    f->call.messages[dir] = (struct pd_int){0};
}

/* --- ends --- */

static enum status status_of_reset(int64_t code)
{
    switch (code) {
    case 7: /* REFUSED_STREAM */
        return UNAVAILABLE;
    case PD_HTTP2_CANCEL:
        return CANCELLED;
    case 11: /* ENHANCE_YOUR_CALM */
        return RESOURCE_EXHAUSTED;
    case 12: /* INADEQUATE_SECURITY */
        return PERMISSION_DENIED;
    default:
        return INTERNAL;
    }
}

/* Who answers without a status does not speak gRPC, a proxy in most cases; clients take it for a failure.
 * http-grpc-status-mapping.md of the gRPC project. */
static void fail_without_status(struct pd_rec *r)
{
    enum { HTTP_OK = 200, DIGITS = 3 };
    struct pd_http2 *f = pd_fields(r);
    unsigned code = (unsigned)f->status_code.v;
    const uint8_t digits[DIGITS] = {(uint8_t)('0' + code / 100), (uint8_t)('0' + code / 10 % 10),
                                    (uint8_t)('0' + code % 10)};

    if (code == HTTP_OK)
        pd_text_static(&f->error, "no grpc-status");
    else
        pd_text_set(r, &f->error, (struct pd_slice){digits, DIGITS}, DIGITS);
}

static bool ended(struct pd_rec *r, int64_t reset)
{
    struct pd_http2 *f = pd_fields(r);

    if (!f->side[PD_S2C].lost && !f->call.messages[PD_S2C].seen)
        pd_int_set(&f->call.messages[PD_S2C], 0);
    if (reset >= 0 && !f->call.status_code.seen) {
        set_status(&f->call, status_of_reset(reset));
        if (reset != PD_HTTP2_CANCEL || f->side[PD_RESPONSE].begun)
            f->error = f->call.status; /* else both sides gave up, and nothing was answered */
    }
    if (f->call.status_code.seen)
        return true;
    if (f->status_code.seen)
        fail_without_status(r);
    return !f->side[PD_RESPONSE].unknown;
}

static const struct pd_http2_face face = {
    .names = {'g', 'r', 'p', 'c'},
    .field = field,
    .typed = typed,
    .asked = asked,
    .goes_on = goes_on,
    .ahead = ahead,
    .data = data,
    .missed = missed,
    .ended = ended,
};

extern const struct pd_proto pd_proto_grpc;
const struct pd_proto pd_proto_grpc = {
    .schema = &schema,
    .parent = "http2",
    .transports = PD_ON_TCP,
    .match = PD_BY_KEY,
    .claim = claim,
    .face = &face,
};
