/* fields.c: the record's fields and the options, as tables. */
#include "protocol/http/http.h"

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_http *f = pd_fields_const(r);

    *error = f->code;
    return f->code.s;
}

void pd_http_set_status(struct pd_rec *r, unsigned status)
{
    struct pd_http *f = pd_fields(r);

    pd_int_set(&f->status_code, status);
    if (status >= 500) {
        const char digits[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                               (char)('0' + status % 10)};
        pd_text_set(r, &f->code, (struct pd_slice){(const uint8_t *)digits, sizeof digits}, sizeof digits);
    }
}

#define OFF(member) offsetof(struct pd_http, member)

static const struct pd_field field_table[] = {
    {"method", "http.request.method", "the request's method, as sent", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(method), NULL},
    {"path", "url.path",
     "the target up to `?`; of an absolute-form target the part behind the authority; of CONNECT "
     "the authority",
     PD_REQUEST, PD_TEXT, PD_ATTRIBUTE | PD_LOG, OFF(path), NULL},
    {"query", "url.query", "the target behind `?`", PD_REQUEST, PD_TEXT, PD_ATTRIBUTE | PD_LOG | PD_QUERY,
     OFF(query), NULL},
    {"host", "server.address", "Host, or the target's authority when there is no Host", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(host), NULL},
    /* The text line has the target behind the host, JSON before it: these two are columns only. */
    {"path", NULL, "", PD_REQUEST, PD_TEXT, PD_ASKED | PD_JOINED, OFF(path), NULL},
    {"query", NULL, "", PD_REQUEST, PD_TEXT, PD_ASKED | PD_JOINED | PD_QUERY, OFF(query), NULL},
    {"version", "network.protocol.version", "`1.0` or `1.1`", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(side[PD_REQUEST].version), NULL},
    {"headers", "http.request.header", "headers by name, lower case; each has a list of values", PD_REQUEST,
     PD_HEADERS, PD_ATTRIBUTE | PD_LOG, OFF(side[PD_REQUEST].headers), NULL},
    {"body_bytes", "http.request.body.size", "the body's length, without chunk framing", PD_REQUEST, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(side[PD_REQUEST].body_bytes), NULL},
    {"body", NULL, "the body's beginning, when asked for and when it is text or JSON", PD_REQUEST, PD_TEXT,
     PD_LOG, OFF(side[PD_REQUEST].body), NULL},
    {"status_code", "http.response.status_code", "the final response's status code", PD_RESPONSE, PD_INT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(status_code), NULL},
    {"version", NULL, "`1.0` or `1.1`", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG,
     OFF(side[PD_RESPONSE].version), NULL},
    {"reason", NULL, "the status line's text", PD_RESPONSE, PD_TEXT, PD_LOG, OFF(reason), NULL},
    {"headers", "http.response.header", "headers by name, lower case; each has a list of values", PD_RESPONSE,
     PD_HEADERS, PD_ATTRIBUTE | PD_LOG, OFF(side[PD_RESPONSE].headers), NULL},
    {"body_bytes", "http.response.body.size", "the body's length, without chunk framing", PD_RESPONSE, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(side[PD_RESPONSE].body_bytes), NULL},
    {"body", NULL, "the body's beginning, when asked for and when it is text or JSON", PD_RESPONSE, PD_TEXT,
     PD_LOG, OFF(side[PD_RESPONSE].body), NULL},
    {0},
};

const struct pd_schema pd_http_schema = {
    .proto = "http",
    .help = "HTTP/1.0 and HTTP/1.1",
    .fields = field_table,
    .rec_size = sizeof(struct pd_http),
    .arena_max = 64000, /* all bounds together, so that no field starves another */
    .failed = failed,
};

const struct pd_option pd_http_option_table[] = {
    {"headers", PD_OPT_NAMES, offsetof(struct pd_http_options, headers), "all", 0, 0,
     "which headers are kept: all, none, or names"},
    {"body", PD_OPT_BOOL, offsetof(struct pd_http_options, body), "false", 0, 0,
     "keep the beginning of bodies that are text or JSON"},
    {"bodyLimit", PD_OPT_SIZE, offsetof(struct pd_http_options, body_limit), "4096", 0, PD_HTTP_BODY_MAX,
     "bytes of a body that are kept"},
    {0},
};
