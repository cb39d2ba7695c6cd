/* http2.h: what the files of this folder share with each other and with protocols that stand on HTTP/2: the
 * record's fields, which are also all that is remembered of a stream, and what is asked of such a protocol.
 * HTTP/2: RFC 9113; HPACK: RFC 7541. */
#ifndef PD_PROTOCOL_HTTP2_HTTP2_H
#define PD_PROTOCOL_HTTP2_HTTP2_H
#include "protocol/http2/hpack_field.h"
#include "protocol/protocol.h"

enum {
    PD_HTTP2_METHOD_MAX = 32, /* bytes kept of each */
    PD_HTTP2_TARGET_MAX = 1024,
    PD_HTTP2_HOST_MAX = 256,
    PD_HTTP2_SCHEME_MAX = 16,
    PD_HTTP2_NAME_MAX = 64,
    PD_HTTP2_VALUE_MAX = 256,
    PD_HTTP2_HEADERS_MAX = 32,
    PD_HTTP2_BODY_MAX = 8000,
    PD_HTTP2_STREAMS_MAX = 256 /* at once, a connection */
};

/* RFC 9113, section 7. */
enum pd_http2_error { PD_HTTP2_NO_ERROR = 0, PD_HTTP2_CANCEL = 8 };

struct pd_http2_side { /* what a request and a response have in common */
    struct pd_list headers;
    struct pd_int body_bytes;
    struct pd_text body;
    uint64_t passed;       /* bytes of the body so far */
    uint8_t unknown;       /* how many of its headers could not be known, up to PD_HTTP2_HEADERS_MAX */
    bool begun : 1;        /* its headers have passed; what comes now are trailers */
    bool text : 1;         /* Content-Type is text or JSON, and bodies are asked for */
    bool encoded : 1;      /* Content-Encoding: not readable as it stands */
    bool typed : 1;        /* Content-Type was seen */
    uint8_t have;          /* of a length that the child reads: bytes so far */
    bool lost : 1;         /* the child's place in the body is not known */
    uint32_t ahead, count; /* the child's: bytes that it does not look at, messages */
};

struct pd_http2_call { /* what a protocol that stands on HTTP/2 keeps of a request */
    struct pd_text service, method, timeout, status, message;
    struct pd_int status_code, messages[2];
};

struct pd_http2_face;

struct pd_http2 { /* the protocol's part of a record */
    struct pd_text method, path, query, host, scheme, version, error;
    struct pd_int stream_id, status_code;
    struct pd_http2_side side[2];
    const struct pd_http2_face *face; /* of the child whose request this is, or NULL */
    struct pd_http2_call call;
};

/* What HTTP/2 asks of a protocol that stands on it. dir: whose headers or data. Its requests are POSTs with a
 * path of two parts and its responses end with a header block, so that others are known not to be its own
 * where their content type is not known. */
struct pd_http2_face {
    /* It looks at fields whose names begin with these letters. */
    char names[4];
    /* One of these, of headers or trailers. */
    void (*field)(struct pd_rec *, unsigned dir, struct pd_slice name, struct pd_slice value);
    /* The response's content type, when the request was known to be its own. */
    void (*typed)(struct pd_rec *, struct pd_slice value);
    /* The request's fields have all been seen. */
    void (*asked)(struct pd_rec *);
    /* The response's headers have all been seen, and it goes on. */
    void (*goes_on)(struct pd_rec *);
    /* How many of the next bytes are of no interest: 0 to 2^32-1. 0: *want bytes are to be shown, in pieces.
     */
    uint32_t (*ahead)(const struct pd_rec *, unsigned dir, uint32_t *want);
    /* Bytes of the body; p is NULL for those that were of no interest. */
    void (*data)(struct pd_rec *, unsigned dir, struct pd_slice);
    /* Bytes of the body were lost where it had to look. */
    void (*missed)(struct pd_rec *, unsigned dir);
    /* The stream ended; reset: by RST_STREAM with that code, else -1. False: unknown headers hide how. */
    bool (*ended)(struct pd_rec *, int64_t reset);
};

struct pd_http2_options {
    struct pd_names headers; /* which are kept */
    uint64_t body_limit;
    bool body;
};

/* fields.c */
extern const struct pd_schema pd_http2_schema;
extern const struct pd_option pd_http2_option_table[];

struct pd_http2_block { /* whose header block is read */
    struct pd_conn *conn;
    const struct pd_http2_options *options;
    struct pd_rec *rec;
    struct pd_http2 *fields;    /* the record's */
    struct pd_http2_side *side; /* and those of this side */
    uint16_t room;              /* for headers */
    uint8_t dir;
    bool nobodys; /* there is no such request */
};
/* One of its fields, which has a name. It is told which one that records share is the same. */
void pd_http2_field(const struct pd_http2_block *, struct pd_hpack_field *);
/* What a field of that name means. RFC 9113, section 8.3; RFC 9110, section 8. */
enum pd_http2_meaning pd_http2_meaning(struct pd_slice name);
/* The request's headers have all passed. */
void pd_http2_asked(struct pd_rec *);
/* RST_STREAM's code as the record's error; none for codes that say no failure. */
void pd_http2_set_reset(struct pd_rec *, uint32_t code);

/* frame.c: a frame's header, section 4.1. */
enum pd_http2_type {
    PD_HTTP2_DATA,
    PD_HTTP2_HEADERS,
    PD_HTTP2_PRIORITY,
    PD_HTTP2_RST_STREAM,
    PD_HTTP2_SETTINGS,
    PD_HTTP2_PUSH_PROMISE,
    PD_HTTP2_PING,
    PD_HTTP2_GOAWAY,
    PD_HTTP2_WINDOW_UPDATE,
    PD_HTTP2_CONTINUATION
};

enum pd_http2_flag {
    PD_HTTP2_END_STREAM = 1, /* DATA, HEADERS */
    PD_HTTP2_ACK = 1,        /* SETTINGS, PING */
    PD_HTTP2_END_HEADERS = 4,
    PD_HTTP2_PADDED = 8,
    PD_HTTP2_WITH_PRIORITY = 32
};

enum { PD_HTTP2_FRAME_HEADER = 9, PD_HTTP2_PREFACE = 24, PD_HTTP2_PROMISED = 4 /* the promised stream */ };

struct pd_http2_frame {
    uint32_t length, stream;
    uint8_t type, flags;
};

extern const uint8_t pd_http2_preface[PD_HTTP2_PREFACE];
/* p: the 9 bytes of a header. */
static inline struct pd_http2_frame pd_http2_frame_read(const uint8_t *p)
{
    return (struct pd_http2_frame){
        .length = pd_be32(p) >> 8, .type = p[3], .flags = p[4], .stream = pd_be32(p + 5) & INT32_MAX};
}
/* Bytes of a payload before the header block or the body: the padding's length, a priority, a promised
 * stream. */
uint32_t pd_http2_frame_prefix_long(const struct pd_http2_frame *);
static inline uint32_t pd_http2_frame_prefix(const struct pd_http2_frame *f)
{
    bool none = f->type <= PD_HTTP2_HEADERS && !(f->flags & (PD_HTTP2_PADDED | PD_HTTP2_WITH_PRIORITY));

    return none ? 0 : pd_http2_frame_prefix_long(f);
}
/* HEADERS or DATA without a prefix: nearly all that matter. What they carry is all there is to be wrong. */
static inline bool pd_http2_frame_plain(const struct pd_http2_frame *f)
{
    return f->type <= PD_HTTP2_HEADERS && !pd_http2_frame_prefix(f);
}
/* Only the two sides care about these. */
static inline bool pd_http2_frame_passes(uint8_t type)
{
    enum {
        PASSING =
            1 << PD_HTTP2_PRIORITY | 1 << PD_HTTP2_SETTINGS | 1 << PD_HTTP2_PING | 1 << PD_HTTP2_WINDOW_UPDATE
    };

    return type > PD_HTTP2_CONTINUATION || PASSING & 1u << type;
}
/* Senders put WINDOW_UPDATEs and PINGs in front of other frames: how many bytes of them, whole and right, the
 * slice begins with. */
uint32_t pd_http2_small_frames(struct pd_slice);
/* NULL when the header keeps to the rules, else which one it breaks. */
const char *pd_http2_frame_breaks(const struct pd_http2_frame *, unsigned dir);
static inline const char *pd_http2_frame_wrong(const struct pd_http2_frame *f, unsigned dir)
{
    bool stands = f->type <= PD_HTTP2_HEADERS && f->stream; /* DATA and HEADERS have one rule only */

    return stands ? NULL : pd_http2_frame_breaks(f, dir);
}
/* Is the header at p, 9 bytes, one that somebody would send? Rules forbid less. For places where a boundary
 * is only guessed. */
bool pd_http2_frame_usual(const uint8_t *p, unsigned dir);
/* One of the frames that are the most frequent, and keeps to the rules. */
static inline bool pd_http2_frame_frequent(const struct pd_http2_frame *f)
{
    enum { CREDIT = 4, ECHO = 8 };

    return (f->type <= PD_HTTP2_HEADERS && f->stream) ||
           (f->type == PD_HTTP2_WINDOW_UPDATE && f->length == CREDIT) ||
           (f->type == PD_HTTP2_PING && f->length == ECHO && !f->stream);
}
/* As struct pd_proto has it. */
int pd_http2_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);
#endif
