/* kafka.c: the Kafka protocol as wants of the engine: a length, a header with a correlation id that pairs, a
 * body that is walked by the rows of its api and version. What lies in one slice takes a single step; else
 * the walk is lent memory until the message's end, and what it passes over costs nothing. */
#include "protocol/kafka/kafka.h"
#include "protocol/kafka/walk.h"

enum state {
    S_NEXT,   /* between messages */
    S_LENGTH, /* a message's length, when its head does not come at once */
    S_HEAD,   /* the rest of its head */
    S_BODY,   /* the body as it comes */
    S_TOKEN,  /* a part of it that is read at once */
    S_PASSED, /* a part of it was passed over */
    S_END,    /* the message's end */
    S_IGNORED /* the end of a SASL token */
};

enum {
    LENGTH_BYTES = 4,
    REQUEST_HEAD = 8,  /* api 2, version 2, correlation id 4 */
    RESPONSE_HEAD = 4, /* correlation id */
    API_MAX = 1023,    /* apis to come, by number */
    VERSION_MAX = 63,
    TOKEN_MAX = 512 << 10 /* of SASL; what brokers take */
};

struct kafka { /* of a connection */
    struct pd_learnt topics;
    struct pd_kafka_walk *walk[2]; /* of a message in pieces, or NULL */
    uint32_t length[2];            /* of the message whose head comes in pieces, of the token in pieces */
    bool tokens;                   /* bare SASL tokens may come: SaslHandshake 0 was the latest request */
};
_Static_assert(sizeof(struct kafka) <= 48, "the state fits into the connection");

static struct kafka *state_of(struct pd_conn *c)
{
    return pd_state(c);
}

static uint8_t head_bytes(const struct pd_half *h)
{
    return h->dir == PD_C2S ? REQUEST_HEAD : RESPONSE_HEAD;
}

static struct pd_kafka_sink sink_of(struct pd_conn *c, struct pd_half *h)
{
    return (struct pd_kafka_sink){.conn = c, .rec = pd_current(c, h->dir), .topics = &state_of(c)->topics};
}

static void drop_walk(struct pd_conn *c, unsigned dir)
{
    struct kafka *k = state_of(c);

    if (k->walk[dir])
        pd_give_back(c, k->walk[dir], sizeof *k->walk[dir]);
    k->walk[dir] = NULL;
}

static void next(struct pd_half *h)
{
    pd_feed(h, S_NEXT, PD_ENDLESS);
}

/* --- beginnings --- */

enum begun {
    BAD,
    READ,   /* its body is walked */
    UNREAD, /* its body is not */
    TOKEN   /* it is no message of Kafka's, but a SASL token: of no interest, and it stays nowhere */
};

/* Request header: api 2, version 2, correlation id 4, client id (not in the first version of one old api),
 * tagged fields when flexible. Response header: correlation id 4, tagged fields when flexible. */
static struct pd_kafka_head head_of(const struct pd_half *h, uint32_t length, const uint8_t *p)
{
    struct pd_kafka_head head = {.length = length};

    if (h->dir == PD_C2S) {
        head.api_key = (int16_t)pd_be16(p);
        head.api_version = (int16_t)pd_be16(p + 2);
        p += 4;
    }
    head.correlation_id = (int32_t)pd_be32(p);
    return head;
}

static uint64_t key_of(const struct pd_kafka_head *head)
{
    return (uint32_t)head->correlation_id;
}

static bool is_request(const struct pd_kafka_head *head)
{
    return head->length >= REQUEST_HEAD && head->length <= INT32_MAX && head->api_key >= 0 &&
           head->api_key <= API_MAX && head->api_version >= 0 && head->api_version <= VERSION_MAX;
}

static enum begun begin_request(struct pd_conn *c, struct pd_half *h, const struct pd_kafka_head *head,
                                struct pd_kafka_walk *w)
{
    const struct pd_kafka_api *api = pd_kafka_api_of(head->api_key);
    struct kafka *k = state_of(c);
    int16_t version = head->api_version;

    if (!is_request(head) || (k->tokens && (!api || version > api->newest))) {
        if (k->tokens && head->length <= TOKEN_MAX)
            return TOKEN;
        pd_bad(c, h, "no request header");
        return BAD;
    }
    k->tokens = head->api_key == PD_KAFKA_SASL_HANDSHAKE && version == 0;
    struct pd_rec *r = pd_request_key(c, h, key_of(head));
    pd_kafka_fill_head(r, head);
    if (!pd_kafka_is_known(api, version))
        r->flags |= PD_REC_BROKEN; /* the answer may be an error, or none may be asked for */
    if (!api || (head->api_key == PD_KAFKA_CONTROLLED_SHUTDOWN && version == 0))
        return UNREAD;
    pd_kafka_walk_begin(w, pd_kafka_request_header, version <= api->newest ? api->request : NULL, version,
                        pd_kafka_is_flexible(api, version));
    return READ;
}

/* Where a message was found again by its looks alone, a response that nobody asked for is believed only when
 * it fills the segment, and no second one.
 *
 * ApiVersions is answered in the first form of its header, and when its version is not known also of its
 * body: the error code comes first in all. KIP-511 */
static enum begun begin_response(struct pd_conn *c, struct pd_half *h, const struct pd_kafka_head *head,
                                 uint32_t seen, struct pd_kafka_walk *w)
{
    bool asked = head->length >= RESPONSE_HEAD && pd_outstanding(c, PD_C2S, key_of(head));

    if (!asked && state_of(c)->tokens && head->length <= TOKEN_MAX)
        return TOKEN;
    if (head->length < RESPONSE_HEAD || head->length > INT32_MAX ||
        (!asked && h->unproven && (h->guessed || head->length != seen))) {
        pd_bad(c, h, "no response header");
        return BAD;
    }
    struct pd_rec *r = pd_response_key(c, h, key_of(head));
    const struct pd_kafka_rec *f = pd_fields(r);
    const struct pd_kafka_api *api = pd_kafka_api_of(f->api_key);
    if (pd_rec_is_void(r) || !pd_kafka_is_known(api, f->api_version))
        return UNREAD;
    bool plain = f->api_key == PD_KAFKA_API_VERSIONS;
    pd_kafka_walk_begin(w, pd_kafka_response_header, api->response, f->api_version,
                        !plain && pd_kafka_is_flexible(api, f->api_version));
    return READ;
}

/* seen: bytes of the message that are at hand, behind its length. */
static enum begun begin(struct pd_conn *c, struct pd_half *h, const struct pd_kafka_head *head, uint32_t seen,
                        struct pd_kafka_walk *w)
{
    return h->dir == PD_C2S ? begin_request(c, h, head, w) : begin_response(c, h, head, seen, w);
}

/* --- ends --- */

static void end_request(struct pd_conn *c, struct pd_half *h, struct pd_kafka_rec *f)
{
    if (f->api_key == PD_KAFKA_PRODUCE && f->acks.seen && f->acks.v == 0)
        pd_oneway_end(c, h);
    else
        pd_request_end(c, h);
}

static void end_message(struct pd_conn *c, struct pd_half *h)
{
    if (h->dir == PD_C2S)
        end_request(c, h, pd_fields(pd_current(c, h->dir)));
    else
        pd_response_end(c, h);
}

/* The walk saw all that matters: numbers that were added up are whole. */
static void keep_numbers(struct pd_conn *c, struct pd_half *h, const struct pd_kafka_walk *w)
{
    struct pd_kafka_rec *f = pd_fields(pd_current(c, h->dir));
    bool counted = !w->uncounted, client = h->dir == PD_C2S;

    if (client && w->has_partitions)
        pd_int_set(&f->partitions, (int64_t)w->partitions);
    if (client && f->api_key == PD_KAFKA_PRODUCE && counted && f->acks.seen)
        pd_int_set(&f->sent, (int64_t)w->count);
    if (!client && (f->api_key == PD_KAFKA_FETCH || f->api_key == PD_KAFKA_SHARE_FETCH) && counted)
        pd_int_set(&f->fetched, (int64_t)w->count);
}

/* --- bodies --- */

static bool walk_whole(struct pd_conn *c, struct pd_half *h, struct pd_kafka_walk *w, struct pd_slice body)
{
    struct pd_kafka_sink sink = sink_of(c, h);

    if (pd_kafka_walk_on(w, &sink, &body) == PD_KAFKA_OVER) {
        keep_numbers(c, h, w);
        return true;
    }
    pd_bad(c, h, "message shorter than its fields");
    return false;
}

/* The message's rest, `left` bytes, is of no interest. */
static void pass_rest(struct pd_half *h, uint64_t left)
{
    pd_skip(h, S_END, left);
}

/* Walks on over what came. `left`: bytes of the message with this piece. Returns how many were used. */
static uint32_t walk_on(struct pd_conn *c, struct pd_half *h, struct pd_kafka_walk *w, struct pd_slice in,
                        uint64_t left)
{
    struct pd_kafka_sink sink = sink_of(c, h);
    uint32_t before = in.len;
    enum pd_kafka_walked walked = pd_kafka_walk_on(w, &sink, &in);

    left -= before - in.len;
    switch (walked) {
    case PD_KAFKA_OVER:
        keep_numbers(c, h, w);
        pass_rest(h, left);
        break;
    case PD_KAFKA_MORE:
        if (left)
            pd_feed(h, S_BODY, left);
        else
            pd_bad(c, h, "message shorter than its fields");
        break;
    case PD_KAFKA_NEED:
        pd_bytes(h, S_TOKEN, w->need);
        break;
    case PD_KAFKA_PASS:
        pd_skip(h, S_PASSED, w->pass);
        w->pass = 0;
        break;
    case PD_KAFKA_BAD:
    case PD_KAFKA_ON:
        pd_bad(c, h, "length that cannot be");
        break;
    }
    return before - in.len;
}

/* The walk goes on when more comes: it is lent a place to wait. */
static bool park(struct pd_conn *c, struct pd_half *h, const struct pd_kafka_walk *w)
{
    struct pd_kafka_walk *place = pd_lend(c, sizeof *place);
    struct pd_rec *r = pd_current(c, h->dir);

    state_of(c)->walk[h->dir] = place;
    if (place)
        *place = *w;
    else
        r->flags |= PD_REC_BROKEN;
    return place;
}

/* What follows the head, when the message's end is not at hand: `in` is the part that came, `left` bytes are
 * to come with it. Returns what was used. */
static uint32_t begin_part(struct pd_conn *c, struct pd_half *h, enum begun begun,
                           const struct pd_kafka_walk *w, struct pd_slice in, uint64_t left)
{
    if (begun == TOKEN)
        h->deferred = false;
    if (begun == READ && park(c, h, w))
        return walk_on(c, h, state_of(c)->walk[h->dir], in, left);
    pd_skip(h, begun == TOKEN ? S_IGNORED : S_END, left);
    return 0;
}

/* --- messages in slices --- */

/* A message whose head is in the slice. Returns how much of the slice was used. */
static uint32_t message(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint32_t prefix = LENGTH_BYTES + (uint32_t)head_bytes(h), length = pd_be32(in.p);
    struct pd_kafka_head head = head_of(h, length, in.p + LENGTH_BYTES);
    struct pd_kafka_walk w;
    enum begun begun = begin(c, h, &head, in.len - LENGTH_BYTES, &w);

    if (begun == BAD)
        return 0;
    if (in.len - LENGTH_BYTES >= length) {
        if (begun == READ &&
            !walk_whole(c, h, &w, (struct pd_slice){in.p + prefix, length + LENGTH_BYTES - prefix}))
            return 0;
        pd_feed_used(h, LENGTH_BYTES + length);
        if (begun == TOKEN)
            pd_understood(c, LENGTH_BYTES + length);
        else
            end_message(c, h);
        return LENGTH_BYTES + length;
    }
    uint64_t left = (uint64_t)length + LENGTH_BYTES - prefix;
    in = (struct pd_slice){in.p + prefix, in.len - prefix};
    state_of(c)->length[h->dir] = length;
    pd_feed_used(h, prefix);
    uint32_t used = begin_part(c, h, begun, &w, in, left);
    if (!h->lost)
        pd_frame(h, left - used, begun == TOKEN ? S_IGNORED : S_END);
    return prefix + used;
}

static uint32_t messages(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint32_t used = 0;

    while (in.len - used >= LENGTH_BYTES + (uint32_t)head_bytes(h)) {
        used += message(c, h, (struct pd_slice){in.p + used, in.len - used});
        if (h->lost || h->want != PD_W_NONE)
            return used;
    }
    if (used < in.len)
        pd_bytes(h, S_LENGTH, LENGTH_BYTES);
    return used;
}

/* --- heads in pieces --- */

static void length(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    struct kafka *k = state_of(c);
    uint32_t n = pd_be32(token.p);

    k->length[h->dir] = n;
    if (n >= head_bytes(h)) {
        pd_defer(c, h);
        pd_bytes(h, S_HEAD, head_bytes(h));
    } else if (k->tokens) {
        pd_skip(h, S_IGNORED, n);
    } else {
        pd_bad(c, h, "length shorter than a header");
    }
}

static void rest_of_head(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    uint32_t n = state_of(c)->length[h->dir], left = n - head_bytes(h);
    struct pd_kafka_head head = head_of(h, n, token.p);
    struct pd_kafka_walk w;
    enum begun begun = begin(c, h, &head, head_bytes(h), &w);

    if (begun == BAD)
        return;
    pd_frame(h, left, begun == TOKEN ? S_IGNORED : S_END);
    begin_part(c, h, begun, &w, (struct pd_slice){token.p, 0}, left);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_kafka_walk *w = state_of(c)->walk[h->dir];

    switch ((enum state)h->state) {
    case S_NEXT:
        return messages(c, h, in);
    case S_LENGTH:
        length(c, h, in);
        break;
    case S_HEAD:
        rest_of_head(c, h, in);
        break;
    case S_BODY:
        return walk_on(c, h, w, in, h->frame);
    case S_TOKEN: /* the frame is counted down already */
        walk_on(c, h, w, in, h->frame + in.len);
        break;
    case S_PASSED:
        pd_feed(h, S_BODY, h->frame);
        break;
    case S_END:
        drop_walk(c, h->dir);
        end_message(c, h);
        next(h);
        break;
    case S_IGNORED:
        pd_understood(c, LENGTH_BYTES + (uint64_t)state_of(c)->length[h->dir]);
        next(h);
        break;
    }
    return 0;
}

/* --- the rest --- */

static void start(struct pd_conn *c, struct pd_half *h)
{
    drop_walk(c, h->dir);
    next(h);
}

/* Names are forgotten with the direction that taught them. */
static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    (void)n;
    if (why == PD_FEED_GAP)
        return PD_LOST; /* what then happens is asked next */
    drop_walk(c, h->dir);
    if (h->dir == PD_S2C)
        pd_learnt_clear(c, &state_of(c)->topics);
    return PD_INCOMPLETE_MESSAGE;
}

static void close_conn(struct pd_conn *c)
{
    drop_walk(c, PD_C2S);
    drop_walk(c, PD_S2C);
    pd_learnt_clear(c, &state_of(c)->topics);
}

static const uint16_t ports[] = {9092, 0};

extern const struct pd_proto pd_proto_kafka;
const struct pd_proto pd_proto_kafka = {
    .schema = &pd_kafka_schema,
    .ports = ports,
    .transports = PD_ON_TCP,
    .match = PD_BY_KEY,
    .conn_size = sizeof(struct kafka),
    .sync = pd_kafka_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
};
