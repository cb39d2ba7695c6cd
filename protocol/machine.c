/* machine.c: the streaming engine. One loop: satisfy the want, count the bytes against the frame, call
 * step(). States that need no bytes run too, or the last message of a segment would come out one segment
 * late. */
#include "protocol/conn.h"

enum { LINE_MAX_BYTES = 1 << 20 }; /* a line without end is no line */

enum met { STARVED, MET };

/* --- what a step says --- */

static void want(struct pd_half *h, enum pd_want w, uint16_t state, uint64_t left)
{
    h->want = (uint8_t)w;
    h->state = state;
    h->left = left;
    h->carried = 0;
    h->cut = false;
}

void pd_bytes(struct pd_half *h, uint16_t state, uint8_t n)
{
    PD_ASSERT(n >= 1 && n <= PD_CARRY);
    want(h, PD_W_BYTES, state, 0);
    h->need = n;
}

void pd_line(struct pd_half *h, uint16_t state)
{
    want(h, PD_W_LINE, state, 0);
}

void pd_until(struct pd_half *h, uint16_t state, uint8_t delim, struct pd_rec *r, struct pd_text *text,
              uint16_t cap)
{
    want(h, PD_W_UNTIL, state, 0);
    h->text = pd_rec_is_void(r) ? NULL : text;
    h->size = delim;
    h->cap = cap;
}

void pd_varint(struct pd_half *h, uint16_t state, enum pd_varint_kind kind)
{
    want(h, PD_W_VARINT, state, 0);
    h->size = (uint16_t)kind;
}

void pd_capture(struct pd_half *h, uint16_t state, uint64_t n, struct pd_rec *r, struct pd_text *text,
                uint16_t cap)
{
    want(h, PD_W_CAPTURE, state, n);
    h->text = pd_rec_is_void(r) ? NULL : text;
    h->cap = cap;
    if (h->text && !h->text->s)
        pd_text_add(r, text, (struct pd_slice){(const uint8_t *)"", 0}, cap);
}

void pd_feed(struct pd_half *h, uint16_t state, uint64_t n)
{
    want(h, PD_W_FEED, state, n);
}

void pd_skip(struct pd_half *h, uint16_t state, uint64_t n)
{
    want(h, PD_W_SKIP, state, n);
}

void pd_message(struct pd_half *h, uint16_t state, uint32_t n)
{
    PD_ASSERT(n <= UINT16_MAX);
    want(h, PD_W_MESSAGE, state, n);
    h->size = (uint16_t)n;
    h->buffer = NULL;
    h->cap = 0;
    h->holed = false;
}

void pd_frame(struct pd_half *h, uint64_t n, uint16_t end_state)
{
    h->frame = n;
    h->frame_end = end_state;
    h->holed = false;
    h->reframed = true;
}

void pd_frame_rest(struct pd_half *h)
{
    PD_ASSERT(h->frame != PD_UNFRAMED);
    pd_skip(h, h->frame_end, h->frame);
}

/* --- satisfying wants --- */

void pd_half_mark(struct pd_conn *c, struct pd_half *h)
{
    const struct pd_worker *w = c->worker;
    const struct pd_packet *packet = w->packet;

    h->token_ts = w->now;
    h->token_ordinal = w->ordinal;
    h->token_ack = packet ? packet->ack : 0;
    h->has_ack = packet && (packet->tcp_flags & PD_ACK);
    h->open = false;
}

static void used(struct pd_half *h, struct pd_slice *in, uint32_t n)
{
    in->p += n;
    in->len -= n;
    h->pos += n;
    if (n)
        h->gap_last = false;
    if (h->frame != PD_UNFRAMED)
        h->frame -= n;
}

/* The part of the slice that the frame allows. */
static uint32_t within(const struct pd_half *h, uint32_t n)
{
    return n < h->frame ? n : (uint32_t)h->frame;
}

static uint32_t part(const struct pd_half *h, uint32_t n)
{
    return n < h->left ? n : (uint32_t)h->left;
}

static enum met met_bytes(struct pd_half *h, struct pd_slice *in, struct pd_slice *token)
{
    uint32_t n = (uint32_t)(h->need - h->carried);

    if (!h->carried && in->len >= n) {
        *token = (struct pd_slice){in->p, n};
        used(h, in, n);
        return MET;
    }
    if (n > in->len)
        n = in->len;
    if (n)
        memcpy(h->carry + h->carried, in->p, n);
    h->carried = (uint8_t)(h->carried + n);
    used(h, in, n);
    if (h->carried < h->need)
        return STARVED;
    *token = (struct pd_slice){h->carry, h->need};
    return MET;
}

static enum met met_line(struct pd_half *h, struct pd_slice *in, struct pd_slice *token)
{
    uint32_t n = within(h, in->len);
    const uint8_t *end = n ? memchr(in->p, '\n', n) : NULL;

    if (end)
        n = (uint32_t)(end - in->p) + 1;
    if (end && !h->left && n <= PD_CARRY) {
        *token = (struct pd_slice){in->p, n};
        used(h, in, n);
        return MET;
    }
    uint32_t keep = PD_CARRY - h->carried;
    if (keep >= n)
        keep = n;
    else
        h->cut = true;
    if (keep)
        memcpy(h->carry + h->carried, in->p, keep);
    h->carried = (uint8_t)(h->carried + keep);
    h->left += n;
    used(h, in, n);
    *token = (struct pd_slice){h->carry, h->carried};
    return end ? MET : STARVED;
}

static void keep_text(struct pd_conn *c, struct pd_half *h, const uint8_t *p, uint32_t n)
{
    struct pd_rec *r = c->match.current[h->dir];

    if (!r)
        h->text = NULL; /* flushed meanwhile */
    if (h->text && !h->text->holed)
        pd_text_add(r, h->text, (struct pd_slice){p, n}, h->cap);
    else if (h->text && __builtin_add_overflow(h->text->full, n, &h->text->full))
        h->text->full = UINT32_MAX;
}

static enum met met_until(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    uint32_t n = within(h, in->len);
    const uint8_t *end = n ? memchr(in->p, h->size, n) : NULL;

    if (end)
        n = (uint32_t)(end - in->p);
    keep_text(c, h, in->p, n);
    h->left += n;
    used(h, in, n + (end ? 1 : 0));
    return end ? MET : STARVED;
}

/* One byte more of the number. 0: more to come, 1: done, -1: no such number. */
static int varint_byte(struct pd_half *h, uint8_t b)
{
    unsigned n = h->carried++;

    if (h->size != PD_VARINT_MYSQL) {
        if (n > 9 || (n == 9 && b > 1))
            return -1;
        h->left |= (uint64_t)(b & 0x7f) << (7 * n);
        if (b & 0x80)
            return 0;
        if (h->size == PD_VARINT_ZIGZAG)
            h->left = (h->left >> 1) ^ (0 - (h->left & 1));
        return 1;
    }
    if (n) {
        h->left |= (uint64_t)b << (8 * (n - 1));
        return n == h->need;
    }
    if (b == 0xff)
        return -1;
    h->need = b == 0xfc ? 2 : b == 0xfd ? 3 : b == 0xfe ? 8 : 0;
    h->cut = b == 0xfb; /* SQL NULL */
    if (!h->need)
        h->left = b;
    return h->need == 0;
}

static enum met met_varint(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    while (in->len && h->frame) {
        uint8_t b = in->p[0];
        used(h, in, 1);
        int done = varint_byte(h, b);
        if (done < 0)
            pd_bad(c, h, "varint too long");
        if (done)
            return MET;
    }
    return STARVED;
}

static enum met met_pass(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    uint32_t n = part(h, in->len);

    if (h->want == PD_W_CAPTURE && n)
        keep_text(c, h, in->p, n);
    if (h->left != PD_ENDLESS)
        h->left -= n;
    used(h, in, n);
    return h->left ? STARVED : MET;
}

static enum met met_message(struct pd_conn *c, struct pd_half *h, struct pd_slice *in, struct pd_slice *token)
{
    if (!h->buffer && !h->holed) {
        if (in->len >= h->left) {
            *token = (struct pd_slice){in->p, (uint32_t)h->left};
            used(h, in, (uint32_t)h->left);
            return MET;
        }
        if (!in->len)
            return STARVED;
        h->buffer = pd_lend(c, h->size);
        if (!h->buffer) {
            h->holed = true;
            pd_conn_counters(c)[PD_C_NO_BUFFER]++;
        }
    }
    uint32_t n = part(h, in->len);
    if (!h->holed && n) {
        memcpy(h->buffer + h->cap, in->p, n);
        h->cap = (uint16_t)(h->cap + n);
    }
    h->left -= n;
    used(h, in, n);
    *token = (struct pd_slice){h->buffer ? h->buffer : in->p, h->cap};
    return h->left ? STARVED : MET;
}

/* Does the want ask for more than its message has? */
static bool crosses(const struct pd_half *h)
{
    switch ((enum pd_want)h->want) {
    case PD_W_BYTES:
        return (uint64_t)(h->need - h->carried) > h->frame;
    case PD_W_LINE:
    case PD_W_UNTIL:
    case PD_W_VARINT:
        return h->frame == 0;
    case PD_W_FEED:
        return h->left != PD_ENDLESS && h->left > h->frame;
    case PD_W_SKIP:
    case PD_W_CAPTURE:
    case PD_W_MESSAGE:
        return h->left > h->frame;
    case PD_W_NONE:
        break;
    }
    return false;
}

static enum met satisfy(struct pd_conn *c, struct pd_half *h, struct pd_slice *in, struct pd_slice *token)
{
    *token = (struct pd_slice){in->p, 0};
    switch ((enum pd_want)h->want) {
    case PD_W_BYTES:
        return met_bytes(h, in, token);
    case PD_W_LINE:
        if (h->left > LINE_MAX_BYTES)
            pd_bad(c, h, "line too long");
        return h->lost ? MET : met_line(h, in, token);
    case PD_W_UNTIL:
        return met_until(c, h, in);
    case PD_W_VARINT:
        return met_varint(c, h, in);
    case PD_W_CAPTURE:
    case PD_W_SKIP:
        return met_pass(c, h, in);
    case PD_W_MESSAGE:
        return met_message(c, h, in, token);
    case PD_W_FEED: /* has a way of its own */
    case PD_W_NONE:
        break;
    }
    PD_ASSERT(h->want != PD_W_NONE); /* every step ends with a want */
    return STARVED;
}

/* The bytes of the token that satisfy() just delivered; a line may be longer than its token. */
static uint64_t token_length(const struct pd_half *h, struct pd_slice token)
{
    switch ((enum pd_want)h->want) {
    case PD_W_LINE:
        return h->left ? h->left : token.len;
    case PD_W_UNTIL:
        return h->left + 1;
    case PD_W_VARINT:
        return h->carried;
    case PD_W_BYTES:
        return h->need;
    case PD_W_MESSAGE:
        return h->size;
    default:
        return 0;
    }
}

static uint32_t run_step(struct pd_conn *c, struct pd_half *h, struct pd_slice token, uint64_t length)
{
    struct pd_worker *w = c->worker;
    uint8_t bit = (uint8_t)(1u << h->dir);
    uint64_t outer = w->token_length; /* another half's step may have led here */

    h->want = PD_W_NONE;
    h->reframed = false;
    c->driving |= bit;
    w->token_length = length;
    uint32_t n = c->proto->step(c, h, token);
    w->token_length = outer;
    c->driving &= (uint8_t)~bit;
    return n;
}

/* Slices as they come; then, when the want is used up, an empty one. */
static enum met met_feed(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    uint64_t left = h->left, frame = h->frame, pos = h->pos;
    uint16_t state = h->state;
    uint32_t n = within(h, part(h, in->len));
    bool open = h->open;

    if (!n && left && !(left == PD_ENDLESS && frame == 0))
        return STARVED;
    uint32_t took = run_step(c, h, (struct pd_slice){in->p, n}, 0);
    if (h->lost || h->opaque)
        return MET;
    PD_ASSERT(took <= n);
    if (frame != PD_UNFRAMED && !h->reframed && h->frame == frame)
        h->frame -= took;
    h->pos = pos + took;
    in->p += took;
    in->len -= took;
    if (took && h->gap_last)
        h->gap_last = false;
    if (h->want == PD_W_NONE && n) {
        PD_ASSERT(took == n);
        want(h, PD_W_FEED, state, left == PD_ENDLESS ? left : left - n);
    }
    if (open && took && !h->deferred)
        pd_half_mark(c, h);
    /* The usual end of a segment: all of it was used, and the next feed waits for more. */
    bool waits = !in->len && h->want == PD_W_FEED && h->left && h->frame == PD_UNFRAMED;
    return waits ? STARVED : MET;
}

/* Has the current token's first byte passed, and its last one not? */
static bool in_progress(const struct pd_half *h)
{
    switch ((enum pd_want)h->want) {
    case PD_W_BYTES:
    case PD_W_VARINT:
        return h->carried;
    case PD_W_LINE:
    case PD_W_UNTIL:
        return h->left;
    case PD_W_MESSAGE:
        return h->left < h->size;
    default:
        return false;
    }
}

/* The message's last byte has passed and its step wants nothing more of it. */
static bool at_frame_end(const struct pd_half *h)
{
    return h->frame == 0 &&
           (h->want == PD_W_NONE || (h->want == PD_W_SKIP && h->left == 0 && h->state == h->frame_end));
}

/* The whole message to step(), and its buffer back. */
static void step_message(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    uint8_t *buffer = h->buffer;
    uint16_t size = h->size;

    run_step(c, h, token, size);
    if (buffer)
        pd_give_back(c, buffer, size);
    if (h->want != PD_W_MESSAGE)
        h->holed = false;
}

/* One token to step(). False: the half waits for more bytes. */
static bool deliver(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    struct pd_slice token;
    bool open = h->open;

    if (satisfy(c, h, in, &token) == STARVED) {
        h->open = in_progress(h);
        return false;
    }
    if (h->lost || at_frame_end(h))
        return true; /* the frame's own end comes first */
    if (h->want == PD_W_MESSAGE)
        step_message(c, h, token);
    else
        run_step(c, h, token, token_length(h, token));
    if (open && !h->deferred)
        pd_half_mark(c, h); /* the next token begins in this segment */
    return true;
}

bool pd_half_whole(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (h->want != PD_W_MESSAGE || h->left != in.len || h->frame != in.len)
        return false;
    pd_conn_counters(c)[PD_C_BYTES] += in.len;
    pd_half_mark(c, h);
    h->pos += in.len;
    h->left = h->frame = 0;
    run_step(c, h, in, in.len);
    return true;
}

/* What a frame has to say before the want. */
enum framed { GO, STEPPED, STOP };

static enum framed drive_frame(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    if (at_frame_end(h)) {
        if (c->udp)
            return STOP;
        h->frame = PD_UNFRAMED;
        h->state = h->frame_end;
        run_step(c, h, (struct pd_slice){in->p, 0}, 0);
        h->holed = false;
        return STEPPED;
    }
    if (!crosses(h))
        return GO;
    if (!c->udp || h->frame)
        pd_bad(c, h, "crosses frame");
    return STOP;
}

void pd_half_drive(struct pd_conn *c, struct pd_half *h, struct pd_slice *in)
{
    while (!h->lost && !h->opaque) {
        enum framed frame = h->frame == PD_UNFRAMED ? GO : drive_frame(c, h, in);

        if (frame == STEPPED)
            continue;
        if (frame == STOP || (h->want == PD_W_FEED ? met_feed(c, h, in) == STARVED : !deliver(c, h, in)))
            return;
    }
}
