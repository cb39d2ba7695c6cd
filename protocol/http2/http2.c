/* http2.c: HTTP/2 as wants of the engine: a preface, then frames. A frame that lies whole in its slice takes
 * no step of its own; the others are framed, so that what is lost within one costs no more than that. What
 * frames carry goes to streams (stream.c); DATA is passed over, unless a child looks into it. RFC 9113,
 * sections 3.4, 4 and 6. */
#include "base/check.h"
#include "base/inline.h"
#include "protocol/http2/stream.h"

enum state {
    S_START,   /* the client's preface, where there is one */
    S_PREFACE, /* in pieces */
    S_FRAMES,  /* between frames */
    S_HEADER,  /* of a frame, in pieces */
    S_PREFIX,  /* what stands before a payload: the padding's length, a priority, a promised stream */
    S_BLOCK,   /* of a header block */
    S_SHOWN,   /* body bytes that somebody looks at */
    S_PASSED,  /* those that nobody did */
    S_RESET,
    S_GOAWAY,
    S_END /* of a frame */
};

enum { RESET_BYTES = 4, GOAWAY_BYTES = 8 };

static struct pd_http2_dir *dir_of(struct pd_conn *c, unsigned dir)
{
    return &((struct pd_http2_conn *)pd_state(c))->dir[dir];
}

static void between(struct pd_half *h)
{
    pd_feed(h, S_FRAMES, PD_ENDLESS);
}

static bool is_block(uint8_t type)
{
    return type == PD_HTTP2_HEADERS || type == PD_HTTP2_PUSH_PROMISE || type == PD_HTTP2_CONTINUATION;
}

/* --- frames --- */

/* False: it breaks the rules. */
static bool look_at_header(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, const uint8_t *p)
{
    const struct pd_http2_frame *f = &d->frame;
    const char *why = pd_http2_frame_wrong(f, h->dir);

    if (!why && (f->type == PD_HTTP2_CONTINUATION ? d->block != f->stream : d->block != 0))
        why = "header block is interrupted";
    if (!why && h->unproven && !pd_http2_frame_usual(p, h->dir))
        why = "no frame where the last one ends";
    if (why) {
        pd_bad(c, h, why);
        return false;
    }
    if (d->hpack.since == PD_HPACK_UNDECIDED) { /* a server begins with SETTINGS, section 3.4 */
        bool first = h->dir == PD_S2C && f->type == PD_HTTP2_SETTINGS && !(f->flags & PD_HTTP2_ACK);
        d->hpack.since = first ? PD_HPACK_WHOLE : PD_HPACK_MISSED;
        d->doubted = !first;
    }
    return true;
}

/* Only a frame's own rules matter: no header block is open, nothing about the connection is to be found out.
 */
PD_INLINE bool settled(const struct pd_half *h, const struct pd_http2_dir *d)
{
    return !d->block && !h->unproven && d->hpack.since != PD_HPACK_UNDECIDED;
}

/* The header of the next frame. False: it breaks the rules. */
PD_INLINE bool take_header(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, const uint8_t *p)
{
    d->frame = pd_http2_frame_read(p);
    return (settled(h, d) && pd_http2_frame_frequent(&d->frame)) || look_at_header(c, h, d, p);
}

/* The current token begins the frame. A promise's record needs the prefix. */
static void begin_message(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, bool whole)
{
    switch (d->frame.type) {
    case PD_HTTP2_DATA:
        pd_http2_data_begin(c, h, d);
        break;
    case PD_HTTP2_HEADERS:
        pd_http2_block_begin(c, h, d);
        break;
    case PD_HTTP2_RST_STREAM:
        pd_http2_reset_begin(c, h, d);
        break;
    case PD_HTTP2_PUSH_PROMISE:
        if (!whole)
            pd_defer(c, h);
        break;
    case PD_HTTP2_CONTINUATION:
        break; /* goes on with what HEADERS began */
    default:
        pd_passing(c, h);
    }
}

/* Reads the prefix: d->pad, d->left. False: the padding is longer than the frame. */
static bool read_prefix(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice prefix)
{
    bool padded = prefix.len && (d->frame.flags & PD_HTTP2_PADDED);

    d->pad = padded ? prefix.p[0] : 0;
    if (d->frame.length < prefix.len + d->pad) {
        pd_bad(c, h, "padding longer than its frame");
        return false;
    }
    d->left = d->frame.length - prefix.len - d->pad;
    if (d->frame.type == PD_HTTP2_PUSH_PROMISE)
        pd_http2_promise_begin(c, h, d, pd_be32(prefix.p + prefix.len - PD_HTTP2_PROMISED) & INT32_MAX);
    return true;
}

/* What is no stream's counts as understood. */
static void understood(struct pd_conn *c, const struct pd_http2_dir *d)
{
    pd_understood(c, PD_HTTP2_FRAME_HEADER + d->frame.length);
}

static void end_frame(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    if (pd_http2_frame_passes(d->frame.type) || d->frame.type == PD_HTTP2_GOAWAY)
        understood(c, d);
    else if (d->frame.type == PD_HTTP2_DATA)
        pd_http2_data_end(c, h, d);
    else if (is_block(d->frame.type) && (d->frame.flags & PD_HTTP2_END_HEADERS))
        pd_http2_block_end(c, h, d);
}

/* --- a frame that lies whole in its slice; p is its header --- */

PD_INLINE void read_data(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    if (d->known)
        pd_http2_data(c, h, in);
    pd_http2_data_end(c, h, d);
}

PD_INLINE void read_block(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    bool last = d->frame.flags & PD_HTTP2_END_HEADERS;

    pd_http2_block_read(c, h, d, in, last);
    if (last)
        pd_http2_block_end(c, h, d);
}

/* What the payload says. */
static void read_payload(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    if (d->frame.type == PD_HTTP2_DATA) {
        read_data(c, h, d, in);
    } else if (is_block(d->frame.type)) {
        read_block(c, h, d, in);
    } else if (d->frame.type == PD_HTTP2_RST_STREAM) {
        pd_http2_reset_end(c, h, d, pd_be32(in.p));
    } else if (d->frame.type == PD_HTTP2_GOAWAY) {
        pd_http2_goaway(c, h, pd_be32(in.p) & INT32_MAX);
        understood(c, d);
    }
}

/* A frame that lies whole at p. False: it is wrong. */
static bool take_whole(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, const uint8_t *p)
{
    struct pd_slice prefix = {p + PD_HTTP2_FRAME_HEADER, pd_http2_frame_prefix(&d->frame)};
    bool promise = d->frame.type == PD_HTTP2_PUSH_PROMISE;

    if (prefix.len > d->frame.length) {
        pd_bad(c, h, "frame too short");
        return false;
    }
    begin_message(c, h, d, true);
    if (promise && !read_prefix(c, h, d, prefix))
        return false;
    pd_feed_used(h, PD_HTTP2_FRAME_HEADER + d->frame.length);
    if (!promise && !read_prefix(c, h, d, prefix))
        return false;
    read_payload(c, h, d, (struct pd_slice){prefix.p + prefix.len, d->left});
    return true;
}

/* Is the frame in `rest`, *next, whole, plain, and of the message that the plain one before it, d->frame, is
 * a part of? */
static bool goes_on(const struct pd_http2_dir *d, struct pd_slice rest, struct pd_http2_frame *next)
{
    bool part = d->frame.type == PD_HTTP2_DATA || (d->frame.flags & PD_HTTP2_END_HEADERS);

    if (!part || rest.len < PD_HTTP2_FRAME_HEADER)
        return false;
    *next = pd_http2_frame_read(rest.p);
    return next->stream == d->frame.stream && pd_http2_frame_plain(next) &&
           next->length <= rest.len - PD_HTTP2_FRAME_HEADER;
}

/* A plain one that lies whole at the beginning of `in`. Where the next one goes on, d->frame becomes that. */
static void take_plain(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    uint32_t all = PD_HTTP2_FRAME_HEADER + d->frame.length;
    bool data = d->frame.type == PD_HTTP2_DATA, ends = d->frame.flags & PD_HTTP2_END_STREAM;
    bool continued = d->goes_on;
    struct pd_http2_frame next;

    d->goes_on = !ends && settled(h, d) && goes_on(d, (struct pd_slice){in.p + all, in.len - all}, &next);
    struct pd_slice payload = {in.p + PD_HTTP2_FRAME_HEADER, d->frame.length};
    if (data) {
        if (continued)
            pd_http2_data_go_on(c, h, d);
        else
            pd_http2_data_begin(c, h, d);
        pd_feed_used(h, all);
        read_data(c, h, d, payload);
    } else {
        if (continued)
            pd_http2_block_go_on(c, h, d);
        else
            pd_http2_block_begin(c, h, d);
        pd_feed_used(h, all);
        read_block(c, h, d, payload);
    }
    if (d->goes_on)
        d->frame = next;
}

/* --- a frame in pieces --- */

/* The body's bytes: those that somebody looks at are shown, the others passed over. */
static void next_data(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t want = 0, ahead = d->known ? pd_http2_data_ahead(c, h, &want) : UINT32_MAX;

    if (!d->left)
        pd_frame_rest(h);
    else if (ahead)
        pd_skip(h, S_PASSED, ahead < d->left ? ahead : d->left);
    else
        pd_feed(h, S_SHOWN, want < d->left ? want : d->left);
}

static void passed(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t want = 0, ahead = d->known ? pd_http2_data_ahead(c, h, &want) : UINT32_MAX;
    uint32_t n = ahead < d->left ? ahead : d->left;

    if (d->known)
        pd_http2_data(c, h, (struct pd_slice){NULL, n});
    d->left -= n;
    next_data(c, h, d);
}

static uint32_t shown(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    if (!in.len) {
        next_data(c, h, d);
        return 0;
    }
    d->left -= in.len;
    pd_http2_data(c, h, in);
    return in.len;
}

static void payload(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice prefix)
{
    if (!read_prefix(c, h, d, prefix))
        return;
    if (is_block(d->frame.type))
        pd_feed(h, S_BLOCK, d->left);
    else if (d->frame.type == PD_HTTP2_DATA)
        next_data(c, h, d);
    else if (d->frame.type == PD_HTTP2_RST_STREAM)
        pd_bytes(h, S_RESET, RESET_BYTES);
    else if (d->frame.type == PD_HTTP2_GOAWAY)
        pd_bytes(h, S_GOAWAY, GOAWAY_BYTES);
    else
        pd_frame_rest(h);
}

/* The header was used; what comes is the frame's. */
static void open_frame(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t prefix = pd_http2_frame_prefix(&d->frame);

    if (prefix > d->frame.length) {
        pd_bad(c, h, "frame too short");
        return;
    }
    d->left = d->frame.length;
    pd_frame(h, d->frame.length, S_END);
    if (prefix)
        pd_bytes(h, S_PREFIX, (uint8_t)prefix);
    else
        payload(c, h, d, (struct pd_slice){(const uint8_t *)"", 0});
}

static uint32_t block(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in)
{
    if (in.len) {
        pd_http2_block_read(c, h, d, in, false);
        return in.len;
    }
    if (d->frame.flags & PD_HTTP2_END_HEADERS)
        pd_http2_block_read(c, h, d, (struct pd_slice){(const uint8_t *)"", 0}, true);
    pd_frame_rest(h);
    return 0;
}

/* --- the engine's calls --- */

static uint32_t frames(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_http2_dir *d = dir_of(c, h->dir);
    uint32_t used = settled(h, d) ? pd_http2_small_frames(in) : 0;

    pd_feed_used(h, used);
    pd_understood(c, used);
    while (in.len - used >= PD_HTTP2_FRAME_HEADER) {
        struct pd_slice rest = {in.p + used, in.len - used};
        if (!d->goes_on && !take_header(c, h, d, rest.p))
            return 0;
        uint32_t all = PD_HTTP2_FRAME_HEADER + d->frame.length;
        if (all > rest.len) {
            begin_message(c, h, d, false);
            pd_feed_used(h, PD_HTTP2_FRAME_HEADER);
            open_frame(c, h, d);
            return used + PD_HTTP2_FRAME_HEADER;
        }
        if (pd_http2_frame_plain(&d->frame)) {
            take_plain(c, h, d, rest);
        } else if (pd_http2_frame_passes(d->frame.type)) {
            pd_passing(c, h);
            pd_feed_used(h, all);
            understood(c, d);
        } else if (!take_whole(c, h, d, rest.p)) {
            return 0;
        }
        used += all;
    }
    if (used < in.len)
        pd_bytes(h, S_HEADER, PD_HTTP2_FRAME_HEADER);
    else
        between(h);
    return used;
}

static void header(struct pd_conn *c, struct pd_half *h, const uint8_t *p)
{
    struct pd_http2_dir *d = dir_of(c, h->dir);

    if (!take_header(c, h, d, p))
        return;
    begin_message(c, h, d, false);
    open_frame(c, h, d);
}

static void preface(struct pd_conn *c, struct pd_half *h, const uint8_t *p)
{
    struct pd_hpack *hp = &dir_of(c, h->dir)->hpack;

    if (memcmp(p, pd_http2_preface, PD_HTTP2_PREFACE) != 0) {
        pd_bad(c, h, "no preface");
        return;
    }
    if (hp->since == PD_HPACK_MISSED)
        pd_hpack_forget(c, hp);
    hp->since = PD_HPACK_WHOLE;
    dir_of(c, h->dir)->doubted = false;
    pd_understood(c, PD_HTTP2_PREFACE);
    between(h);
}

static uint32_t begin(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    (void)c;
    if (h->dir == PD_C2S && in.p[0] == pd_http2_preface[0]) /* no frame is that long */
        pd_bytes(h, S_PREFACE, PD_HTTP2_PREFACE);
    else
        between(h);
    return 0;
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_http2_dir *d = dir_of(c, h->dir);

    switch ((enum state)h->state) {
    case S_START:
        return begin(c, h, in);
    case S_PREFACE:
        preface(c, h, in.p);
        break;
    case S_FRAMES:
        return frames(c, h, in);
    case S_HEADER:
        header(c, h, in.p);
        break;
    case S_PREFIX:
        payload(c, h, d, in);
        break;
    case S_BLOCK:
        return block(c, h, d, in);
    case S_SHOWN:
        return shown(c, h, d, in);
    case S_PASSED:
        passed(c, h, d);
        break;
    case S_RESET:
        pd_http2_reset_end(c, h, d, pd_be32(in.p));
        pd_frame_rest(h);
        break;
    case S_GOAWAY:
        pd_http2_goaway(c, h, pd_be32(in.p) & INT32_MAX);
        pd_frame_rest(h);
        break;
    case S_END:
        end_frame(c, h, d);
        between(h);
        break;
    }
    return 0;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_http2_dir *d = dir_of(c, h->dir);

    d->block = 0;
    pd_feed(h, S_START, PD_ENDLESS);
}

/* A gap within a frame. What it hides of a header block makes the table unknown; a hole in a body that nobody
 * looks at does no harm. */
static enum pd_verdict lost_in_frame(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    switch (d->frame.type) {
    case PD_HTTP2_DATA:
        if (h->state == S_PREFIX)
            return PD_INCOMPLETE_MESSAGE; /* how much is padding? */
        return !d->known || pd_http2_data_lost(c, h) ? PD_GO_ON : PD_INCOMPLETE_MESSAGE;
    case PD_HTTP2_HEADERS:
    case PD_HTTP2_PUSH_PROMISE:
    case PD_HTTP2_CONTINUATION:
        if (d->frame.type == PD_HTTP2_PUSH_PROMISE && h->state == S_PREFIX)
            return PD_LOST; /* whose? */
        d->unread = true;
        pd_hpack_forget(c, &d->hpack);
        return PD_INCOMPLETE_MESSAGE;
    case PD_HTTP2_RST_STREAM:
        return PD_LOST;
    default:
        return PD_GO_ON;
    }
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    struct pd_http2_dir *d = dir_of(c, h->dir);

    (void)n;
    if (why == PD_FEED_GAP)
        return PD_LOST; /* asked again as a gap of the frame */
    if (why == PD_FRAME_GAP)
        return lost_in_frame(c, h, d);
    pd_hpack_forget(c, &d->hpack);
    d->block = 0;
    d->doubted = true;
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    pd_hpack_forget(c, &dir_of(c, PD_C2S)->hpack);
    pd_hpack_forget(c, &dir_of(c, PD_S2C)->hpack);
}

extern const struct pd_proto pd_proto_http2;
const struct pd_proto pd_proto_http2 = {
    .schema = &pd_http2_schema,
    .options = pd_http2_option_table,
    .options_size = sizeof(struct pd_http2_options),
    .ports = (const uint16_t[]){50051, 0}, /* where gRPC usually is */
    .transports = PD_ON_TCP,
    .upgrade = "h2c",
    .match = PD_BY_KEY,
    .conn_size = sizeof(struct pd_http2_conn),
    .worker_size = sizeof(struct pd_hpack_worker),
    .worker_start = pd_hpack_worker_start,
    .sync = pd_http2_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
    .outstanding = PD_HTTP2_STREAMS_MAX,
};
