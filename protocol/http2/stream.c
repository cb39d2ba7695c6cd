/* stream.c: parts of requests and responses. The record of a stream is found by its number for each frame,
 * and keeps what the next one needs. A promised request is told by the server and counts as the client's; its
 * number, which is even, gets a bit of its own, so that those that clients begin can be given up alone. */
#include "protocol/http2/stream.h"

#define PROMISED UINT64_C(0x100000000)

static uint64_t key_of(uint32_t stream)
{
    return stream & 1 ? stream : stream | PROMISED;
}

static struct pd_rec *find(struct pd_conn *c, uint32_t stream)
{
    return pd_current_key(c, PD_C2S, key_of(stream));
}

static struct pd_http2_side *side_of(struct pd_rec *r, unsigned dir)
{
    return &((struct pd_http2 *)pd_fields(r))->side[dir];
}

/* Something that was not seen hides a part. */
static void doubt(struct pd_rec *r)
{
    r->flags |= PD_REC_BROKEN;
}

/* --- ends --- */

static void pause(struct pd_conn *c, struct pd_half *h)
{
    if (h->dir == PD_C2S)
        pd_request_pause(c, h);
    else
        pd_response_pause(c, h);
}

static void set_body_bytes(struct pd_rec *r, unsigned dir)
{
    pd_int_set(&side_of(r, dir)->body_bytes, (int64_t)side_of(r, dir)->passed);
}

/* "/a/b", as far as it is known. */
static bool may_have_two_parts(const struct pd_http2 *f)
{
    const struct pd_text *path = &f->path;

    if (!path->s || path->full > path->len)
        return true;
    const char *end = path->s + path->len,
               *second = path->len > 1 ? memchr(path->s + 1, '/', path->len - 1U) : NULL;
    return !f->query.s && second && !memchr(second + 1, '/', (size_t)(end - second - 1));
}

/* Could it be a child's, as far as the request tells? See struct pd_http2_face. */
static bool asks_for_child(const struct pd_http2 *f)
{
    const struct pd_http2_side *side = &f->side[PD_REQUEST];

    if (f->face || !side->unknown || side->typed)
        return false;
    bool post = !f->method.s || (f->method.len == 4 && memcmp(f->method.s, "POST", 4) == 0);
    return post && may_have_two_parts(f);
}

/* The same when the response has ended. A proxy answers anybody with its pages. */
static bool may_be_childs(const struct pd_http2 *f, bool by_data)
{
    enum { REDIRECTION = 300 };
    const struct pd_http2_side *side = &f->side[PD_RESPONSE];
    bool page = f->status_code.seen && f->status_code.v >= REDIRECTION;

    return asks_for_child(f) && (page || (side->unknown && !side->typed && !by_data));
}

/* The response is over: by END_STREAM (reset is -1), perhaps of DATA, or by RST_STREAM. */
static void finish(struct pd_rec *r, int64_t reset, bool by_data)
{
    struct pd_http2 *f = pd_fields(r);

    set_body_bytes(r, PD_S2C);
    if (reset >= 0)
        pd_http2_set_reset(r, (uint32_t)reset);
    if (!f->side[PD_RESPONSE].begun && (reset < 0 || (r->flags & PD_REC_MISSED) || asks_for_child(f)))
        doubt(r); /* its headers were lost, or what would tell whose it is */
    if (may_be_childs(f, by_data))
        doubt(r);
    if (f->face && !f->face->ended(r, reset))
        doubt(r);
}

/* A response may end before its request does: then what has passed of the request is all that matters. */
static void end_response(struct pd_conn *c, struct pd_half *h, struct pd_rec *r)
{
    if (pd_rec_is_void(r) || (r->flags & PD_REC_REQ_ENDED)) {
        pd_response_end(c, h);
        return;
    }
    uint64_t key = r->key;
    pd_response_pause(c, h);
    r->last_rsp = h->gap_last ? 0 : pd_conn_now(c);
    r->flags |= PD_REC_RSP_ENDED;
    pd_give_up(c, PD_C2S, (struct pd_keys){key, key}, h->gap_last);
}

/* Where the next frame goes on, there is no pause between. */
static void end_part(struct pd_conn *c, struct pd_half *h, const struct pd_http2_dir *d, struct pd_rec *r,
                     bool end_stream)
{
    if (!end_stream) {
        if (!d->goes_on)
            pause(c, h);
    } else if (h->dir == PD_C2S) {
        set_body_bytes(r, PD_C2S);
        pd_request_end(c, h);
    } else {
        finish(r, -1, d->frame.type == PD_HTTP2_DATA);
        end_response(c, h, r);
    }
}

/* --- header blocks --- */

static void note(struct pd_http2_side *side)
{
    if (side->unknown < PD_HTTP2_HEADERS_MAX) /* more of them make no difference */
        side->unknown++;
}

/* Of headers that could not be known the place stays free, so that the others are the same in any case. */
static uint16_t room(const struct pd_http2_side *side)
{
    return PD_HTTP2_HEADERS_MAX - side->unknown;
}

PD_COLD static void note_unknown(struct pd_http2_block *b)
{
    pd_count(b->conn, PD_C_UNKNOWN, 1);
    note(b->side);
    b->room = room(b->side);
}

static void ask(struct pd_conn *c, struct pd_rec *r, uint32_t stream)
{
    struct pd_http2 *f = pd_fields(r);

    pd_int_set(&f->stream_id, stream);
    pd_text_static(&f->version, "2");
    if (!pd_wanted(c))
        r->flags |= PD_REC_SILENT;
}

static enum pd_http2_kind begin_client(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t stream = d->frame.stream;

    if (stream <= d->last) {
        struct pd_rec *r = find(c, stream);
        if (r->flags & PD_REC_REQ_ENDED) /* two requests, of which one stands in a body as it seems */
            doubt(r);
        r = pd_request_resume(c, h, stream);
        return pd_rec_is_void(r) ? PD_HTTP2_NOBODYS : PD_HTTP2_TRAILERS;
    }
    if (!(stream & 1)) {
        pd_passing(c, h);
        return PD_HTTP2_NOBODYS;
    }
    d->last = stream;
    ask(c, pd_request_key(c, h, stream), stream);
    return PD_HTTP2_REQUEST;
}

static enum pd_http2_kind answers(struct pd_rec *r)
{
    if (pd_rec_is_void(r))
        return PD_HTTP2_NOBODYS;
    return side_of(r, PD_S2C)->begun ? PD_HTTP2_TRAILERS : PD_HTTP2_RESPONSE;
}

static enum pd_http2_kind begin_server(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    struct pd_rec *r = pd_response_known(c, h, key_of(d->frame.stream));

    if (!pd_rec_is_void(r))
        pd_int_set(&((struct pd_http2 *)pd_fields(r))->stream_id, d->frame.stream);
    if (r->flags & PD_REC_UNSURE)
        ((struct pd_http2_conn *)pd_state(c))->dir[PD_C2S].doubted = false;
    return answers(r);
}

static void begin(struct pd_http2_dir *d, enum pd_http2_kind kind)
{
    d->kind = (uint8_t)kind;
    d->block = d->frame.stream;
    d->end_stream = d->frame.type == PD_HTTP2_HEADERS && (d->frame.flags & PD_HTTP2_END_STREAM);
    d->unread = d->asked = false;
}

void pd_http2_block_begin(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    begin(d, h->dir == PD_C2S ? begin_client(c, h, d) : begin_server(c, h, d));
}

void pd_http2_block_go_on(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    struct pd_rec *r = pd_current(c, h->dir);

    if (h->dir == PD_S2C)
        begin(d, answers(r));
    else
        begin(d, pd_rec_is_void(r) ? PD_HTTP2_NOBODYS : PD_HTTP2_TRAILERS);
}

void pd_http2_promise_begin(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, uint32_t promised)
{
    ask(c, pd_request_promised(c, h, key_of(promised)), promised);
    begin(d, PD_HTTP2_PROMISE);
}

/* A field that is told in another way than by one byte; *in goes past it. NULL: there is none. */
static struct pd_hpack_field *read_longer(struct pd_http2_block *b, struct pd_http2_dir *d,
                                          struct pd_slice *in, bool last)
{
    struct pd_hpack_field *f;
    enum pd_hpack_end end = pd_hpack_read(b->conn, &d->hpack, in, last, &f);

    if (end == PD_HPACK_UNKNOWN) {
        note_unknown(b);
        d->unread = true;
    }
    return end == PD_HPACK_FIELD ? f : NULL;
}

/* Most fields are told by one byte each. */
void pd_http2_block_read(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, struct pd_slice in,
                         bool last)
{
    unsigned dir = d->kind == PD_HTTP2_PROMISE ? PD_C2S : h->dir;
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http2_side *side = side_of(r, dir);
    struct pd_http2_block b = {.conn = c,
                               .options = pd_options(c),
                               .rec = r,
                               .fields = pd_fields(r),
                               .side = side,
                               .room = room(side),
                               .dir = (uint8_t)dir,
                               .nobodys = d->kind == PD_HTTP2_NOBODYS || pd_rec_is_void(r)};
    struct pd_hpack_worker *w = pd_worker_state(c);
    struct pd_hpack *hp = &d->hpack;
    const uint8_t *p = in.p, *end = p + in.len;

    while (!d->unread) {
        struct pd_hpack_field *f = p < end && hp->usual ? pd_hpack_indexed(w, hp, *p) : NULL;
        if (f) {
            p++;
        } else {
            hp->begun = hp->begun || p > in.p;
            in = (struct pd_slice){p, (uint32_t)(end - p)};
            f = read_longer(&b, d, &in, last);
            if (!f)
                break;
            p = in.p;
        }
        if (!f->name)
            note_unknown(&b);
        else if (!b.nobodys)
            pd_http2_field(&b, f);
        else if (f->meaning == PD_HTTP2_STATUS)
            d->asked = true;
    }
}

/* A response whose request was not seen. Its trailers count no more. */
static void end_nobodys(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    if (h->dir == PD_S2C && d->asked)
        pd_count(c, PD_C_ORPHAN, 1);
    if (h->dir == PD_C2S)
        pause(c, h);
}

static void end_response_headers(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d,
                                 struct pd_rec *r)
{
    struct pd_http2 *f = pd_fields(r);
    bool known = f->status_code.seen;

    if (known && f->status_code.v < 200 && !d->end_stream) {
        pd_response_cancel(c, h); /* interim, RFC 9110, section 15.2 */
        d->goes_on = false;
        f->side[PD_RESPONSE].unknown = 0;
        f->side[PD_RESPONSE].typed = false;
        return;
    }
    f->side[PD_RESPONSE].begun = true;
    if (!known)
        doubt(r);
    if (f->face && !d->end_stream)
        f->face->goes_on(r);
    end_part(c, h, d, r, d->end_stream);
}

/* Where bytes of the direction were not seen, the block may stand in a body that looks like frames: then
 * nobody answers it. */
static void end_request_headers(const struct pd_http2_dir *d, struct pd_rec *r)
{
    const struct pd_http2 *f = pd_fields_const(r);

    side_of(r, PD_C2S)->begun = true;
    pd_http2_asked(r);
    if (!f->method.s)
        doubt(r); /* these may be the trailers of a request that was not seen */
    if (asks_for_child(f) || d->doubted)
        r->flags |= PD_REC_UNSURE;
}

void pd_http2_block_end(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    struct pd_rec *r = pd_current(c, h->dir);

    d->block = 0;
    switch ((enum pd_http2_kind)d->kind) {
    case PD_HTTP2_NOBODYS:
        end_nobodys(c, h, d);
        break;
    case PD_HTTP2_RESPONSE:
        end_response_headers(c, h, d, r);
        break;
    case PD_HTTP2_REQUEST:
        end_request_headers(d, r);
        end_part(c, h, d, r, d->end_stream);
        break;
    case PD_HTTP2_PROMISE:
        side_of(r, PD_C2S)->begun = true;
        pd_http2_asked(r);
        set_body_bytes(r, PD_C2S);
        pd_request_end(c, h);
        break;
    case PD_HTTP2_TRAILERS:
        end_part(c, h, d, r, d->end_stream);
        break;
    }
}

/* --- data --- */

static void data_of(struct pd_http2_dir *d, struct pd_rec *r, unsigned dir)
{
    d->known = !pd_rec_is_void(r);
    if (d->known && !side_of(r, dir)->begun)
        doubt(r);
}

void pd_http2_data_begin(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t stream = d->frame.stream;

    data_of(d, h->dir == PD_C2S ? pd_request_resume(c, h, stream) : pd_response_known(c, h, key_of(stream)),
            h->dir);
}

void pd_http2_data_go_on(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    data_of(d, pd_current(c, h->dir), h->dir);
}

static bool captures(struct pd_conn *c, const struct pd_http2_side *side)
{
    const struct pd_http2_options *options = pd_options(c);

    return options->body && options->body_limit && side->text && !side->encoded;
}

void pd_http2_data(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http2 *f = pd_fields(r);
    struct pd_http2_side *side = &f->side[h->dir];

    side->passed += in.len;
    if (f->face)
        f->face->data(r, h->dir, in);
    else if (in.p && captures(c, side))
        pd_text_add(r, &side->body, in,
                    (uint16_t)((const struct pd_http2_options *)pd_options(c))->body_limit);
}

/* A stream that was seen to begin, and that has ended: what still comes of it was not missed. */
static bool is_over(struct pd_conn *c, uint32_t stream)
{
    const struct pd_http2_dir *asks = &((const struct pd_http2_conn *)pd_state(c))->dir[PD_C2S];

    return asks->hpack.since == PD_HPACK_WHOLE && (stream & 1) && stream <= asks->last;
}

void pd_http2_data_end(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    if (!d->known && is_over(c, d->frame.stream))
        pd_understood(c, PD_HTTP2_FRAME_HEADER + d->frame.length);
    if (d->known || h->dir == PD_C2S)
        end_part(c, h, d, pd_current(c, h->dir), d->frame.flags & PD_HTTP2_END_STREAM);
}

uint32_t pd_http2_data_ahead(struct pd_conn *c, struct pd_half *h, uint32_t *want)
{
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http2 *f = pd_fields(r);

    *want = UINT32_MAX;
    if (f->face)
        return f->face->ahead(r, h->dir, want);
    return captures(c, &f->side[h->dir]) ? 0 : UINT32_MAX;
}

bool pd_http2_data_lost(struct pd_conn *c, struct pd_half *h)
{
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http2 *f = pd_fields(r);

    if (pd_rec_is_void(r))
        return true;
    if (f->face)
        f->face->missed(r, h->dir);
    return false;
}

/* --- ends of another kind --- */

void pd_http2_reset_begin(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d)
{
    uint32_t stream = d->frame.stream;

    if (h->dir == PD_C2S) {
        d->known = !pd_rec_is_void(find(c, stream));
        pd_request_resume(c, h, stream);
    } else {
        d->known = !pd_rec_is_void(pd_response_known(c, h, key_of(stream)));
    }
}

/* The side that asked does not want the answer any more; what came of it is the answer. */
static void give_up(struct pd_conn *c, struct pd_half *h, uint32_t stream, int64_t code)
{
    struct pd_rec *r = find(c, stream);

    pd_request_pause(c, h);
    if (pd_rec_is_void(r))
        return;
    if (!(r->flags & PD_REC_RSP_BEGUN)) {
        pd_report(c, r); /* the answer may be on its way */
        return;
    }
    r->last_rsp = pd_conn_now(c);
    r->flags |= PD_REC_RSP_ENDED;
    finish(r, code, false);
    pd_give_up(c, PD_C2S, (struct pd_keys){key_of(stream), key_of(stream)}, code < 0);
}

void pd_http2_reset_end(struct pd_conn *c, struct pd_half *h, struct pd_http2_dir *d, int64_t code)
{
    uint64_t key = key_of(d->frame.stream);

    if (!d->known ||
        pd_rec_is_void(pd_current(c, h->dir))) /* its bytes are nobody's: the stream ended before */
        pd_understood(c, PD_HTTP2_FRAME_HEADER + d->frame.length);
    if (!d->known) {
        if (h->dir == PD_C2S)
            pd_request_pause(c, h);
        return;
    }
    if (h->dir == PD_C2S) {
        give_up(c, h, d->frame.stream, code);
        return;
    }
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_http2 *f = pd_fields(r);
    if (code < 0)
        doubt(r);
    finish(r, code, false);
    if (f->side[PD_RESPONSE].begun || f->error.s) {
        end_response(c, h, r);
    } else {
        pd_response_cancel(c, h);
        pd_give_up(c, PD_C2S, (struct pd_keys){key, key}, code < 0);
    }
}

void pd_http2_goaway(struct pd_conn *c, struct pd_half *h, uint32_t last)
{
    if (h->dir == PD_S2C)
        pd_give_up(c, PD_C2S, (struct pd_keys){(uint64_t)last + 1, INT32_MAX}, false);
}
