/* head.h: a message's start line and headers, read by llhttp into a record, slice by slice. A head that lies
 * in one slice is read from the stack and copies nothing but what the record keeps; only a head cut by a
 * segment's border is parked, with the header that was passing at the cut. */
#ifndef PD_PROTOCOL_HTTP_HEAD_H
#define PD_PROTOCOL_HTTP_HEAD_H
#include "protocol/http/line_memo.h"
#include <llhttp.h>

enum pd_http_head_end { PD_HTTP_MORE, PD_HTTP_DONE, PD_HTTP_BAD };

/* What the headers say about what follows them. */
struct pd_http_framing {
    uint64_t length; /* Content-Length, when has_length */
    bool has_length;
    bool conflict;  /* two lengths that differ, or a length and Transfer-Encoding */
    bool chunked;   /* the last transfer coding is chunked */
    bool coded;     /* there is a transfer coding */
    bool text;      /* Content-Type is text or JSON */
    bool encoded;   /* Content-Encoding: not readable as it stands */
    bool websocket; /* Upgrade */
    bool h2c;
};

struct pd_http_part { /* a header's name or value: its first bytes, and how many there were */
    const char *p;
    uint32_t full;
    uint16_t len;
};

struct pd_http_head {
    llhttp_t parser; /* when it has begun; before, only its reason counts */
    struct pd_http_memo *memo;
    struct pd_rec *rec; /* this and the next: for the call only */
    const char *slice;
    const char *colon;  /* where the blanks before a value begin in this slice, or NULL */
    uint32_t before;    /* bytes of the head before this slice */
    uint32_t value_end; /* offset behind the value's last piece, 0 when none came */
    struct pd_http_part name, value;
    struct pd_http_framing framing;
    uint16_t status; /* of a response */
    uint8_t minor;   /* of the version 1.x */
    bool request;
    bool connect;        /* the method is CONNECT */
    bool begun;          /* llhttp has been shown the beginning */
    bool has_method : 1; /* the method's bytes have passed */
    bool in_query : 1;
    bool line_feed : 1; /* the last of the blanks before a value was LF */
    bool has_host : 1;  /* a Host header came */
    bool has_start : 1; /* the start line has passed */
    bool in_header : 1; /* llhttp stands within a header, or just behind it */
    bool done : 1;      /* it saw the head's end */
    char name_store[PD_HTTP_NAME_MAX];
    char value_store[PD_HTTP_VALUE_MAX];
};

enum { PD_HTTP_HEAD_BYTES = 512 }; /* a size that is lent without waste */
_Static_assert(sizeof(struct pd_http_head) <= PD_HTTP_HEAD_BYTES, "a parked head fits");

/* The record's fields of this head. */
static inline struct pd_http_side *pd_http_head_side(const struct pd_http_head *head)
{
    struct pd_http *f = pd_fields(head->rec);

    return &f->side[head->request ? PD_REQUEST : PD_RESPONSE];
}

/* A head begins, in the worker whose memo it is. Leaves the stores as they are. */
void pd_http_head_init(struct pd_http_head *, struct pd_http_memo *, enum pd_dir);
/* Reads on: the request's fields or the response's go to rec. *used is set when the head is done.
 * PD_HTTP_BAD: head->parser.reason, a literal, says what was wrong. */
enum pd_http_head_end pd_http_head_read(struct pd_http_head *, struct pd_rec *, struct pd_slice,
                                        uint32_t *used);
/* Copies a head that wants more into memory of its own. */
void pd_http_head_park(struct pd_http_head *to, const struct pd_http_head *from);

/* header.c. The header whose pieces stand in the head, blanks behind its name and value included; it is
 * cleared. */
void pd_http_header_pieces(struct pd_http_head *);
/* Goes past the whole header lines of the usual form that *in begins with, as they would come out of llhttp;
 * it has to see those that frame the body, but for a length that is a plain number. */
void pd_http_header_lines(struct pd_http_head *, struct pd_slice *in);
#endif
