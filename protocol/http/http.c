/* http.c: HTTP/1 as wants of the engine. A message is: blanks that do not count, eight bytes that tell what
 * it is, a head fed to llhttp, a body that nobody looks at. Only lines between chunks are read again. A head
 * that lies in one slice takes a single step.
 *
 * A response's framing depends on its request's method (HEAD, CONNECT), so that method's class is what the
 * order of expectations carries. RFC 9112, section 6.3. */
#include "base/check.h"
#include "protocol/http/head.h"

enum state {
    S_IDLE,        /* between messages */
    S_FIRST,       /* the first bytes, when they do not come at once */
    S_HEAD,        /* the rest of a head */
    S_END,         /* the body has passed */
    S_CHUNK,       /* a chunk's size */
    S_CHUNK_DONE,  /* its data has passed */
    S_CHUNK_BREAK, /* the line break behind the data */
    S_TRAILER,     /* a line behind the last chunk */
    S_ORPHAN,      /* behind the head of a response whose request is not known */
    S_NEVER
};

enum kind { K_OTHER, K_HEAD, K_CONNECT, K_UNKNOWN = 255 }; /* what a response must know of its request */
enum { FIRST_BYTES = 8 }; /* "CONNECT ", "HTTP/1.1"; the shortest head has more */

/* Whether what the client says is the proxy's or the tunnel's depends on an answer that did not come yet. */
enum asked { A_NOTHING, A_TUNNEL, A_TUNNEL_AND_MORE };

struct side {                    /* of one direction */
    struct pd_http_head *parked; /* a head whose end has not come, or NULL */
    uint64_t body;               /* bytes so far; with `closing`, where the body began */
    uint8_t kind;                /* of the request that this response answers */
    uint8_t asked;               /* requests since an orphan's head: none, one, more */
    bool mid;                    /* S_ORPHAN: what comes first is no segment's beginning */
    bool capture;                /* the body is kept */
    bool closing;                /* the body ends with the direction */
    uint8_t tunnel;              /* enum asked, of the client's side */
};

struct http {
    struct side side[2];
};
_Static_assert(sizeof(struct http) <= 48, "the state fits into the connection");

static struct side *side_of(struct pd_conn *c, unsigned dir)
{
    return &((struct http *)pd_state(c))->side[dir];
}

static struct pd_http_side *fields_of(struct pd_rec *r, unsigned dir)
{
    return &((struct pd_http *)pd_fields(r))->side[dir == PD_C2S ? PD_REQUEST : PD_RESPONSE];
}

static void unpark(struct pd_conn *c, struct side *s)
{
    if (s->parked)
        pd_give_back(c, s->parked, sizeof *s->parked);
    s->parked = NULL;
}

static void idle(struct pd_half *h)
{
    pd_feed(h, S_IDLE, PD_ENDLESS);
}

/* --- beginnings --- */

static bool begin_request(struct pd_conn *c, struct pd_half *h, struct pd_slice first)
{
    struct side *answers = side_of(c, PD_S2C);
    enum kind kind = K_OTHER;

    if (!pd_http_is_get(first) && !pd_http_begins_method(first))
        return false;
    if (answers->asked < 2)
        answers->asked++;
    if (memcmp(first.p, "HEAD ", 5) == 0)
        kind = K_HEAD;
    else if (memcmp(first.p, "CONNECT ", 8) == 0)
        kind = K_CONNECT;
    side_of(c, PD_C2S)->tunnel = kind == K_CONNECT ? A_TUNNEL : A_NOTHING;
    pd_request_owed(c, h, (uint8_t)kind, 1);
    return true;
}

static bool begin_response(struct pd_conn *c, struct pd_half *h, struct side *s, struct pd_slice first)
{
    if (memcmp(first.p, "HTTP/1.", 7) != 0)
        return false;
    int kind = pd_expected(c);
    bool kept = kind >= 0 && !pd_rec_is_void(pd_expected_rec(c));
    struct pd_rec *r = pd_response(c, h);
    /* Where a record is expected and none was given, the response does not answer that request. */
    bool known = kind >= 0 && kept == !pd_rec_is_void(r);
    s->kind = known ? (uint8_t)kind : (uint8_t)K_UNKNOWN;
    return true;
}

/* The first bytes say that a message begins; else they are bad. */
static bool begin(struct pd_conn *c, struct pd_half *h, struct side *s, struct pd_slice first)
{
    bool client = h->dir == PD_C2S,
         begins = client ? begin_request(c, h, first) : begin_response(c, h, s, first);

    if (!begins)
        pd_bad(c, h, client ? "no request line" : "no status line");
    return begins;
}

/* --- from the head to the body --- */

static bool captures(struct pd_conn *c, struct pd_rec *r, const struct pd_http_framing *f)
{
    const struct pd_http_options *options = pd_options(c);

    return options->body && options->body_limit && f->text && !f->encoded && !pd_rec_is_void(r);
}

static void end_message(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    pd_int_set(&fields_of(pd_current(c, h->dir), h->dir)->body_bytes, (int64_t)s->body);
    if (h->dir == PD_C2S)
        pd_request_end(c, h);
    else
        pd_response_end(c, h);
    idle(h);
}

/* The next n bytes are body. */
static void pass_body(struct pd_conn *c, struct pd_half *h, uint16_t then, uint64_t n)
{
    if (!side_of(c, h->dir)->capture) {
        pd_skip(h, then, n);
        return;
    }
    struct pd_rec *r = pd_current(c, h->dir);
    uint64_t limit = ((const struct pd_http_options *)pd_options(c))->body_limit;
    pd_capture(h, then, n, r, &fields_of(r, h->dir)->body, (uint16_t)limit);
}

static void begin_closing(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    s->closing = true;
    s->body = h->pos;
    pass_body(c, h, S_NEVER, PD_ENDLESS);
}

/* The head has passed: what follows it? */
static void frame(struct pd_conn *c, struct pd_half *h, const struct pd_http_framing *f, bool closes)
{
    struct side *s = side_of(c, h->dir);

    s->body = f->has_length && !f->chunked ? f->length : 0;
    if (f->chunked)
        pd_line(h, S_CHUNK);
    else if (!f->has_length && closes)
        begin_closing(c, h);
    else if (s->body)
        pass_body(c, h, S_END, s->body);
    else
        end_message(c, h);
}

static void frame_request(struct pd_conn *c, struct pd_half *h, struct pd_rec *r,
                          const struct pd_http_framing *f)
{
    side_of(c, h->dir)->capture = captures(c, r, f);
    /* Where the body ends is for the server to say, who has to refuse it and to close. What follows may be
     * body or request, so nothing more is read here; the answer to this request still is. */
    if (f->conflict || (f->coded && !f->chunked))
        pd_skip(h, S_NEVER, PD_ENDLESS);
    else
        frame(c, h, f, false);
}

/* Behind an orphan's head the next response is where a segment begins with one. It is believed while at most
 * one request has come since: with more, the first answer may have passed unseen in the orphan's last
 * segment. */
static uint32_t seek_response(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    struct pd_look look = {.dir = PD_S2C, .purpose = PD_RECOVER, .transport = PD_TCP};
    uint8_t confidence = 0;
    bool found = !s->mid && pd_http_sync(in, &look, &confidence) == 0 && confidence == PD_CERTAIN;

    s->mid = false;
    if (!found)
        return in.len;
    if (s->asked > 1)
        pd_bad(c, h, "response without request");
    else
        pd_bytes(h, S_FIRST, FIRST_BYTES);
    return 0;
}

/* The client's bytes since were meant for a tunnel, or were pipelined in spite of RFC 9110, section 9.3.6. */
static void refuse_tunnel(struct pd_conn *c)
{
    struct side *s = side_of(c, PD_C2S);
    bool more = s->tunnel == A_TUNNEL_AND_MORE;

    s->tunnel = A_NOTHING;
    if (more)
        pd_bad(c, pd_half_of(c, PD_C2S), "bytes before the answer to CONNECT");
}

/* The connection leaves HTTP behind this head. */
static void leave(struct pd_conn *c, struct pd_half *h, const char *to)
{
    side_of(c, h->dir)->body = 0;
    end_message(c, h);
    pd_opaque(c, to);
}

static void upgrade(struct pd_conn *c, struct pd_half *h, const struct pd_http_framing *f)
{
    /* The answer to an h2c request comes in HTTP/2, on stream 1. RFC 7540, section 3.2. */
    const char *h2c = f->h2c && !f->websocket ? pd_upgrade(c, "h2c") : NULL;
    if (h2c)
        pd_switch(c, h2c, pd_current(c, PD_S2C), 1);
    else
        leave(c, h, f->websocket ? "websocket" : f->h2c ? "upgraded to h2c" : "upgraded");
}

static void frame_response(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, unsigned status,
                           const struct pd_http_framing *f)
{
    struct side *s = side_of(c, h->dir);
    bool none = f->has_length && f->length == 0 && !f->coded && !f->conflict;

    pd_http_set_status(r, status);
    s->capture = captures(c, r, f);
    if (s->kind == K_CONNECT && status >= 300)
        refuse_tunnel(c);
    if (status == 101) {
        upgrade(c, h, f);
    } else if (status < 200) {
        pd_response_cancel(c, h);
        idle(h);
    } else if (s->kind == K_CONNECT && status < 300) {
        leave(c, h, "CONNECT tunnel");
    } else if (none || status == 204 || status == 304 || s->kind == K_HEAD) {
        s->body = 0;
        end_message(c, h);
    } else if (s->kind == K_UNKNOWN) {
        s->asked = 0;
        pd_feed(h, S_ORPHAN, PD_ENDLESS); /* it may answer HEAD */
    } else if (f->conflict) {
        pd_bad(c, h, "conflicting lengths");
    } else {
        frame(c, h, f, true);
    }
}

static bool park(struct pd_conn *c, struct side *s, const struct pd_http_head *head)
{
    s->parked = pd_lend(c, sizeof *s->parked);
    if (s->parked)
        pd_http_head_park(s->parked, head);
    return s->parked;
}

/* The head's end is at hand: the body begins behind it. */
static void end_head(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_http_head *head)
{
    const struct pd_http_framing framing = head->framing;
    unsigned status = head->status;

    unpark(c, side_of(c, h->dir)); /* first: what comes may end the connection's state */
    if (h->dir == PD_C2S)
        frame_request(c, h, r, &framing);
    else
        frame_response(c, h, r, status, &framing);
}

/* A body that nobody looks at and that ends within the next n bytes needs no step of its own. Returns how
 * many bytes it has, or 0. */
static uint32_t skip_body(struct pd_conn *c, struct pd_half *h, uint32_t n)
{
    if (h->want != PD_W_SKIP || h->state != S_END || h->left > n)
        return 0;
    uint32_t body = (uint32_t)h->left;
    pd_feed_used(h, body);
    end_message(c, h);
    return body;
}

/* Reads on in a head, or from its beginning. */
static uint32_t read_head(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http_head local, *head = s->parked;
    uint32_t used = 0;

    if (!head) {
        head = &local;
        pd_http_head_init(head, pd_worker_state(c), h->dir);
    }
    enum pd_http_head_end end = pd_http_head_read(head, r, in, &used);
    if (end == PD_HTTP_BAD) {
        pd_bad(c, h, head->parser.reason);
        return 0;
    }
    if (end == PD_HTTP_MORE) {
        if (head == &local && !park(c, s, head))
            pd_bad(c, h, "no memory for a head in pieces");
        else
            pd_feed(h, S_HEAD, PD_ENDLESS);
        return in.len;
    }
    pd_feed_used(h, used);
    end_head(c, h, r, head);
    s->mid = used < in.len;
    return used + skip_body(c, h, in.len - used);
}

/* A message begins, unless these are the empty lines that may stand before one. RFC 9112, section 2.2. */
static uint32_t between(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    uint32_t n = 0;

    if (s->tunnel) {
        s->tunnel = A_TUNNEL_AND_MORE;
        return in.len;
    }
    while (n < in.len && (in.p[n] == '\r' || in.p[n] == '\n'))
        n++;
    if (n) {
        pd_understood(c, n);
        idle(h);
        return n;
    }
    if (in.len < FIRST_BYTES) {
        pd_bytes(h, S_FIRST, FIRST_BYTES);
        return 0;
    }
    if (!begin(c, h, s, (struct pd_slice){in.p, FIRST_BYTES}))
        return 0;
    return read_head(c, h, in);
}

/* A head is longer than these. */
static void first_bytes(struct pd_conn *c, struct pd_half *h, struct pd_slice first)
{
    if (begin(c, h, side_of(c, h->dir), first))
        (void)read_head(c, h, first);
}

/* --- chunks --- */

static void chunk_line(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct side *s = side_of(c, h->dir);
    uint64_t size;

    if (!pd_http_chunk_size(line, h->cut, &size))
        pd_bad(c, h, "no chunk size");
    else if (size == 0)
        pd_line(h, S_TRAILER);
    else if (__builtin_add_overflow(s->body, size, &s->body) || s->body > INT64_MAX)
        pd_bad(c, h, "chunks beyond measure");
    else
        pass_body(c, h, S_CHUNK_DONE, size);
}

static void chunk_break(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    if (pd_http_is_empty_line(line))
        pd_line(h, S_CHUNK);
    else
        pd_bad(c, h, "chunk longer than its size");
}

static void trailer_line(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    if (pd_http_is_empty_line(line))
        end_message(c, h);
    else if (pd_http_is_field_line(line, h->cut))
        pd_line(h, S_TRAILER);
    else
        pd_bad(c, h, "no trailer");
}

/* --- ends --- */

/* The server closed: a body that this ends is whole, and any other is over too, as short as it is. A request
 * cut short has no end: whether it is answered does not depend on that, nor on whether the FIN was captured.
 */
static void fin(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    if (h->dir == PD_C2S)
        return;
    if (s->closing)
        s->body = h->pos - s->body;
    else if (h->state == S_END || h->state == S_CHUNK_DONE)
        s->body -= h->left; /* announced, but not sent */
    else if (h->state < S_CHUNK || h->state > S_TRAILER)
        return; /* not in a body */
    s->closing = false;
    end_message(c, h);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    switch ((enum state)h->state) {
    case S_IDLE:
        return between(c, h, in);
    case S_FIRST:
        first_bytes(c, h, in);
        break;
    case S_HEAD:
        return read_head(c, h, in);
    case S_END:
        end_message(c, h);
        break;
    case S_CHUNK:
        chunk_line(c, h, in);
        break;
    case S_CHUNK_DONE:
        pd_line(h, S_CHUNK_BREAK);
        break;
    case S_CHUNK_BREAK:
        chunk_break(c, h, in);
        break;
    case S_TRAILER:
        trailer_line(c, h, in);
        break;
    case S_ORPHAN:
        return seek_response(c, h, in);
    case S_NEVER:
        PD_ASSERT(h->state != S_NEVER); /* an endless want does not end */
        break;
    }
    return 0;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    unpark(c, s);
    *s = (struct side){.tunnel = s->tunnel};
    idle(h);
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    (void)n;
    if (why == PD_BOUNDARY || why == PD_WAS_BAD)
        unpark(c, side_of(c, h->dir));
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    unpark(c, side_of(c, PD_C2S));
    unpark(c, side_of(c, PD_S2C));
}

const struct pd_proto pd_proto_http = {
    .schema = &pd_http_schema,
    .options = pd_http_option_table,
    .options_size = sizeof(struct pd_http_options),
    .ports = (const uint16_t[]){80, 8080, 0},
    .transports = PD_ON_TCP,
    .match = PD_BY_ORDER,
    .conn_size = sizeof(struct http),
    .worker_size = sizeof(struct pd_http_memo),
    .worker_start = pd_http_memo_start,
    .sync = pd_http_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .fin = fin,
    .close = close_conn,
};
