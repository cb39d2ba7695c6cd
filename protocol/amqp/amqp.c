/* amqp.c: AMQP 0-9-1 frames. A frame is seven bytes of type, channel and size, a payload, and one byte that
 * is always the same. All frames that lie in the slice are read in one step; what is cut by its end is asked
 * for by name: a body is skipped, the beginning of anything else comes as one token. Nothing that is kept
 * stands further inside than that. Sections 2.2.4 and 2.3.5 of the specification. */
#include "protocol/amqp/amqp.h"

enum state {
    S_FRAMES,  /* between frames */
    S_VERSION, /* the protocol header */
    S_HEAD,    /* of a frame that is not whole in a slice */
    S_PART,    /* its payload, or the beginning of that */
    S_SKIPPED, /* all but its end has passed */
    S_END,     /* the last byte */
    S_DONE     /* the frame has passed */
};

enum {
    PART_MAX = 1024, /* of a frame's payload: a method's kept arguments are shorter, three short strings */
    VERSION_AT = 4
};

/* --- what a direction taught --- */

/* Frames of this direction were not seen, or perhaps not. */
static void forget(struct pd_conn *c, unsigned dir)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    a->losses[dir]++;
    a->act[dir] = PD_AMQP_PASS;
    for (struct pd_amqp_channel *ch = pd_amqp_channel_next(c, NULL); ch; ch = pd_amqp_channel_next(c, ch)) {
        pd_amqp_content_drop(c, ch, dir);
        ch->whole = false;
        ch->mixed_up |= a->pipelined;
        if (a->pipelined)
            pd_amqp_give_up(c, PD_C2S, PD_AMQP_K_METHOD, ch->id, true);
        if (dir == PD_S2C && ch->recovers)
            pd_amqp_recovered(c, ch); /* its answer may have been lost */
        if (dir == PD_C2S) {
            ch->confirm = PD_AMQP_UNSURE;
            ch->since[PD_C2S] = 0;
        }
    }
    if (dir == PD_C2S)
        pd_learnt_clear(c, &a->consumers);
}

/* --- frames --- */

/* Numbers of 0-8 for closing a connection: 50 was Redirect. */
static unsigned id_of(const struct pd_amqp_conn *a, unsigned class_id, unsigned id)
{
    return a->version_8 && class_id == PD_AMQP_CONNECTION && (id == 60 || id == 61) ? id - 10 : id;
}

static const char *open_method(struct pd_conn *c, struct pd_half *h, const struct pd_amqp_frame *f,
                               struct pd_slice payload)
{
    enum { HEAD = 4 };
    unsigned class_id = pd_be16(payload.p);
    const struct pd_amqp_method *m =
        pd_amqp_find(class_id, id_of(pd_amqp_of(c), class_id, pd_be16(payload.p + 2)));

    pd_amqp_content_rest(c, h);
    if (!m)
        return NULL; /* somebody's extension */
    return pd_amqp_speech(c, h, f->channel, m, (struct pd_slice){payload.p + HEAD, payload.len - HEAD},
                          f->size + PD_AMQP_FRAME_MIN);
}

/* A frame begins; payload is what is there of it. NULL, or why it breaks the rules. */
static const char *open_frame(struct pd_conn *c, struct pd_half *h, const struct pd_amqp_frame *f,
                              struct pd_slice payload)
{
    pd_amqp_of(c)->act[h->dir] = PD_AMQP_PASS;
    switch (f->type) {
    case PD_AMQP_F_METHOD:
        return open_method(c, h, f, payload);
    case PD_AMQP_F_HEADER:
        return pd_amqp_content_header(c, h, f->channel, payload);
    case PD_AMQP_F_BODY:
        return pd_amqp_content_body(c, h, f->channel, f->size);
    default: /* a heartbeat */
        pd_amqp_content_rest(c, h);
        pd_understood(c, f->size + PD_AMQP_FRAME_MIN);
        return NULL;
    }
}

static void close_frame(struct pd_conn *c, struct pd_half *h)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    switch ((enum pd_amqp_act)a->act[h->dir]) {
    case PD_AMQP_PASS:
        break;
    case PD_AMQP_END_REQUEST:
        pd_request_end(c, h);
        break;
    case PD_AMQP_END_ONEWAY:
        pd_oneway_end(c, h);
        break;
    case PD_AMQP_END_RESPONSE:
        pd_response_end(c, h);
        break;
    case PD_AMQP_END_CHANNEL:
        pd_response_end(c, h);
        pd_amqp_channel_close(c, a->passing[h->dir]);
        break;
    case PD_AMQP_CONTENT:
        pd_amqp_content_end(c, h);
        break;
    }
    a->act[h->dir] = PD_AMQP_PASS;
}

static void next(struct pd_half *h)
{
    pd_feed(h, S_FRAMES, PD_ENDLESS);
}

/* "AMQP", 0 or 1, and three numbers; section 4.2.2 of the specification. Of 1.0: part 2, section 2.2. */
static bool read_version(struct pd_conn *c, struct pd_slice in)
{
    static const struct {
        uint8_t v[4];
        bool is_8;
    } versions[] = {
        {{0, 0, 9, 1}, false}, {{1, 1, 0, 9}, false}, {{1, 1, 9, 1}, false},
        {{0, 0, 9, 0}, false}, {{1, 1, 8, 0}, true},  {{0, 0, 8, 0}, true},
    };

    pd_understood(c, PD_AMQP_VERSION);
    for (unsigned i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (memcmp(in.p + VERSION_AT, versions[i].v, sizeof versions[i].v) == 0) {
            pd_amqp_of(c)->version_8 = versions[i].is_8;
            return true;
        }
    bool is_1 = in.p[VERSION_AT + 1] == 1 && !in.p[VERSION_AT + 2] && !in.p[VERSION_AT + 3];
    pd_opaque(c, is_1 ? "AMQP 1.0" : "AMQP of another version");
    return false;
}

/* What a slice begins with is not whole in it. What was current ends here, where no byte of it is used yet.
 */
static uint32_t read_slowly(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    pd_amqp_content_rest(c, h);
    if (pd_amqp_is_header(in))
        pd_bytes(h, S_VERSION, PD_AMQP_VERSION);
    else
        pd_bytes(h, S_HEAD, PD_AMQP_HEAD);
    return 0;
}

/* The protocol header; nothing else may stand where no frame begins. Returns as read_frame(). */
PD_COLD static uint32_t read_header(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (!pd_amqp_is_header(in)) {
        pd_bad(c, h, "no frame");
        return 0;
    }
    pd_feed_used(h, PD_AMQP_VERSION);
    read_version(c, in);
    return PD_AMQP_VERSION;
}

/* One frame, from a slice's beginning, and all the content that belongs to it if it is there. Returns how
 * many bytes that is; 0: the slice has less of the frame, or it is bad, and something else is wanted now. */
static uint32_t read_frame(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_amqp_frame f;

    if (in.len < PD_AMQP_VERSION)
        return read_slowly(c, h, in);
    if (!pd_amqp_frame_read(in, &f))
        return read_header(c, h, in);
    uint32_t total = f.size + PD_AMQP_FRAME_MIN;
    if (in.len < total)
        return read_slowly(c, h, in);
    const char *why = "frame without its end";
    if (in.p[total - 1] == PD_AMQP_END)
        why = open_frame(c, h, &f, (struct pd_slice){in.p + PD_AMQP_HEAD, f.size});
    if (why) {
        pd_bad(c, h, why);
        return 0;
    }
    pd_feed_used(h, total);
    if (f.type == PD_AMQP_F_METHOD && pd_amqp_of(c)->act[h->dir] == PD_AMQP_CONTENT) {
        uint32_t content = pd_amqp_content_at_once(c, h, (struct pd_slice){in.p + total, in.len - total});
        if (content)
            return total + content;
    }
    close_frame(c, h);
    return total;
}

static uint32_t read_frames(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint32_t n = 0, used;

    do {
        used = read_frame(c, h, (struct pd_slice){in.p + n, in.len - n});
        n += used;
    } while (used && n < in.len && !h->opaque);
    if (!h->lost && !h->opaque)
        pd_amqp_content_rest(c, h); /* its bytes count even when an answer comes before its end */
    return n;
}

/* --- frames that come in pieces --- */

static void head(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_frame f;
    const char *why = NULL;

    if (!pd_amqp_frame_read(in, &f)) {
        pd_bad(c, h, "no frame");
        return;
    }
    bool whole = f.type == PD_AMQP_F_METHOD || f.type == PD_AMQP_F_HEADER;
    if (!whole)
        why = open_frame(c, h, &f, (struct pd_slice){in.p, 0});
    if (why) {
        pd_bad(c, h, why);
        return;
    }
    pd_frame(h, (uint64_t)f.size + 1, S_DONE);
    if (!whole) {
        pd_skip(h, S_SKIPPED, f.size);
        return;
    }
    pd_amqp_set(a, PD_AMQP_HEADER_COMES + h->dir, f.type == PD_AMQP_F_HEADER);
    a->channel[h->dir] = f.channel;
    pd_defer(c, h);
    pd_message(h, S_PART, f.size < PART_MAX ? f.size : PART_MAX);
}

static void part(struct pd_conn *c, struct pd_half *h, struct pd_slice payload)
{
    const struct pd_amqp_conn *a = pd_amqp_of(c);
    uint32_t rest = (uint32_t)h->frame - 1;
    bool header = pd_amqp_is(a, PD_AMQP_HEADER_COMES + h->dir);
    struct pd_amqp_frame f = {header ? PD_AMQP_F_HEADER : PD_AMQP_F_METHOD, a->channel[h->dir],
                              payload.len + rest};
    const char *why = NULL;

    if (h->holed) {
        pd_amqp_content_rest(c, h);
        forget(c, h->dir);
    } else {
        why = open_frame(c, h, &f, payload);
    }
    h->deferred = false; /* not every frame begins a message */
    if (why)
        pd_bad(c, h, why);
    else
        pd_skip(h, S_SKIPPED, rest);
}

static void end(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (in.p[0] == PD_AMQP_END)
        pd_frame_rest(h);
    else
        pd_bad(c, h, "frame without its end");
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    switch ((enum state)h->state) {
    case S_FRAMES:
        return read_frames(c, h, in);
    case S_VERSION:
        if (read_version(c, in))
            next(h);
        break;
    case S_HEAD:
        head(c, h, in);
        break;
    case S_PART:
        part(c, h, in);
        break;
    case S_SKIPPED:
        pd_bytes(h, S_END, 1);
        break;
    case S_END:
        end(c, h, in);
        break;
    case S_DONE:
        close_frame(c, h);
        pd_amqp_content_rest(c, h);
        next(h);
        break;
    }
    return 0;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    a->losses[h->dir]++; /* what passed before was not seen */
    a->act[h->dir] = PD_AMQP_PASS;
    next(h);
}

/* Within a frame only its own message suffers: of a body nothing is needed. */
static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    (void)n;
    if (why == PD_FEED_GAP)
        return PD_LOST;
    if (why == PD_FRAME_GAP && h->state != S_PART)
        return PD_GO_ON;
    if (why == PD_FRAME_GAP)
        pd_amqp_content_rest(c, h);
    pd_amqp_set(a, PD_AMQP_CURRENT + h->dir, false);
    forget(c, h->dir);
    return PD_GO_ON;
}

static void close(struct pd_conn *c)
{
    pd_learnt_clear(c, &pd_amqp_of(c)->consumers);
    pd_amqp_channels_free(c);
}

static const uint16_t ports[] = {5672, 0};

extern const struct pd_proto pd_proto_amqp;
const struct pd_proto pd_proto_amqp = {
    .schema = &pd_amqp_schema,
    .ports = ports,
    .transports = PD_ON_TCP,
    .match = PD_BY_KEY,
    .conn_size = sizeof(struct pd_amqp_conn),
    .sync = pd_amqp_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .fin = pd_amqp_hang_up,
    .close = close,
};
