/* http.h: what the files of this folder share: the record's fields, the options, and three parsers that know
 * nothing of connections. HTTP/1.0 and HTTP/1.1: RFC 9110, RFC 9112. */
#ifndef PD_PROTOCOL_HTTP_HTTP_H
#define PD_PROTOCOL_HTTP_HTTP_H
#include "protocol/protocol.h"

enum {
    PD_HTTP_METHOD_MAX = 32, /* bytes kept of each; a longer method is no method */
    PD_HTTP_TARGET_MAX = 1024,
    PD_HTTP_HOST_MAX = 256,
    PD_HTTP_REASON_MAX = 128,
    PD_HTTP_NAME_MAX = 64,
    PD_HTTP_VALUE_MAX = 256,
    PD_HTTP_HEADERS_MAX = 32,
    PD_HTTP_BODY_MAX = 8000
};

struct pd_http_side { /* what a request and a response have in common */
    struct pd_text version;
    struct pd_list headers;
    struct pd_int body_bytes;
    struct pd_text body;
};

struct pd_http { /* the protocol's part of a record */
    struct pd_text method, path, query, host;
    struct pd_int status_code;
    struct pd_text reason;
    struct pd_text code; /* of a failure, as text; no field of its own */
    struct pd_http_side side[2];
};

struct pd_http_options {
    struct pd_names headers; /* which are kept */
    uint64_t body_limit;
    bool body;
};

/* fields.c */
extern const struct pd_schema pd_http_schema;
extern const struct pd_option pd_http_option_table[];
/* The final status: the code, and the failure's text from 500 on. status is of three digits. */
void pd_http_set_status(struct pd_rec *, unsigned status);

/* lines.c. As struct pd_proto has it. */
int pd_http_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);

/* True for the characters of a token, RFC 9110, section 5.6.2. */
bool pd_http_is_token(uint8_t c);
/* Nearly all requests begin so. */
static inline bool pd_http_is_get(struct pd_slice in)
{
    return in.len >= 4 && memcmp(in.p, "GET ", 4) == 0;
}

/* May a request line begin so? A method may go on behind these bytes. */
bool pd_http_begins_method(struct pd_slice first);

enum pd_http_meaning { /* of a header, by its name: those that are looked at */
                       PD_HTTP_OTHER,
                       PD_HTTP_HOST,
                       PD_HTTP_UPGRADE,
                       PD_HTTP_CONTENT_TYPE,
                       PD_HTTP_CONTENT_ENCODING,
                       PD_HTTP_CONTENT_LENGTH,
                       PD_HTTP_TRANSFER_ENCODING
};

struct pd_http_line { /* of a header */
    struct pd_slice name, value;
    uint32_t size; /* of the line, with its end */
    /* Behind pd_http_understand(), where the slices are what may be kept: */
    uint32_t name_full, value_full; /* bytes on the wire */
    uint64_t length;                /* of Content-Length: the number */
    uint64_t shared; /* where the line is remembered: its number, as pd_share() gives it; 0: not asked for */
    uint8_t meaning; /* enum pd_http_meaning */
    bool kept;       /* it is one of those that are wanted */
    bool lasting;    /* it is remembered (line_memo.h) */
};

/* How many bytes has the line that the slice begins with? It ends with CR LF and has neither before, and
 * behind it stands something that is no blank; else 0. */
uint32_t pd_http_line_size(struct pd_slice);
/* Is a line of that size a header of the usual form: letters, digits,
 * hyphens, a colon, a value? What else llhttp takes for a header is not looked for. The value has no blanks
 * before it. Sets name, value and size.
 */
bool pd_http_plain_line(struct pd_slice line, struct pd_http_line *);

struct pd_http_start {    /* a start line, or what of it stands behind the method */
    struct pd_slice text; /* the target, or the reason */
    uint32_t size;        /* with the line's end */
    uint16_t status;      /* of a response */
    uint8_t minor;        /* of the version 1.x */
};

/* Does the slice, which begins behind a method other than CONNECT, go on with the rest of a request line of
 * the usual form: a path of visible characters without a fragment, HTTP/1.0 or HTTP/1.1, CR LF, one blank
 * before each? */
bool pd_http_plain_request(struct pd_slice, struct pd_http_start *);
/* Does the slice begin with a whole status line of the usual form: HTTP/1.0 or HTTP/1.1, three digits that
 * are no less than 100, a reason, CR LF? */
bool pd_http_plain_status(struct pd_slice, struct pd_http_start *);

/* The size in a chunk's first line, RFC 9112, section 7.1. line ends with LF unless cut is set,
 * which means that it was longer than the token. False when it is none, or more than 2^63 - 1. */
bool pd_http_chunk_size(struct pd_slice line, bool cut, uint64_t *size);
/* Is it the empty line? */
bool pd_http_is_empty_line(struct pd_slice line);
/* May the line be a trailer's field, RFC 9112, section 7.1.2? */
bool pd_http_is_field_line(struct pd_slice line, bool cut);
#endif
