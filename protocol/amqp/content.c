/* content.c: messages with content: a method, a header, bodies, each a frame; between them those of other
 * channels pass. While nothing comes between, the message stays the direction's current record. */
#include "protocol/amqp/amqp.h"

enum {
    GUESSES = 256,   /* deliveries of a channel that are kept though nobody may answer them */
    PATIENCE_S = 60, /* nobody answered for so long: nobody will */
    RETURNS = 64,    /* publishes among which the one that came back is looked for */
    NS_IN_S = 1000000000,
    /* In a header: class 2, weight 2, body size 8, property flags 2, properties. Section 2.3.5.2 of the
     * specification. */
    SIZE_AT = 4
};

static uint32_t seconds(const struct pd_conn *c)
{
    return (uint32_t)(pd_conn_now(c) / NS_IN_S);
}

static enum pd_dir asker_of(const struct pd_amqp_content *content, unsigned dir)
{
    return content->ending == PD_AMQP_IS_RESPONSE ? (enum pd_dir) !dir : (enum pd_dir)dir;
}

/* --- parts --- */

void pd_amqp_content_pause(struct pd_conn *c, struct pd_half *h)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    pd_amqp_set(a, PD_AMQP_CURRENT + h->dir, false);
    if (a->answers && h->dir == PD_S2C)
        pd_response_pause(c, h);
    else
        pd_request_pause(c, h);
}

void pd_amqp_content_drop(struct pd_conn *c, struct pd_amqp_channel *ch, unsigned dir)
{
    struct pd_amqp_content *content = &ch->content[dir];

    if (content->phase == PD_AMQP_NO_CONTENT)
        return;
    content->phase = PD_AMQP_NO_CONTENT;
    pd_give_up(c, asker_of(content, dir), (struct pd_keys){content->key, content->key}, true);
}

/* The message of the method now passing has content. */
static void begin(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch, uint64_t key,
                  enum pd_amqp_ending ending)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);

    ch->content[h->dir] =
        (struct pd_amqp_content){.key = key, .phase = PD_AMQP_HEADER, .ending = (uint8_t)ending};
    a->passing[h->dir] = ch->id;
    a->act[h->dir] = PD_AMQP_CONTENT;
}

/* A further frame of the content: its record is current again. */
static struct pd_rec *resume(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    const struct pd_amqp_content *content = &ch->content[h->dir];

    a->act[h->dir] = PD_AMQP_CONTENT;
    if (pd_amqp_is(a, PD_AMQP_CURRENT + h->dir) && a->passing[h->dir] == ch->id)
        return pd_current(c, h->dir);
    pd_amqp_content_rest(c, h);
    a->passing[h->dir] = ch->id;
    if (content->ending == PD_AMQP_IS_RESPONSE)
        return pd_response_key(c, h, content->key);
    return pd_request_resume(c, h, content->key);
}

/* The channel with content of which this frame is the next part; NULL: its beginning was not seen. */
static struct pd_amqp_channel *with_content(struct pd_conn *c, struct pd_half *h, uint16_t channel,
                                            enum pd_amqp_phase phase)
{
    struct pd_amqp_channel *ch = pd_amqp_channel(c, channel);

    if (ch && ch->content[h->dir].phase == phase)
        return ch;
    pd_amqp_content_rest(c, h);
    if (ch)
        pd_amqp_content_drop(c, ch, h->dir);
    return NULL;
}

static void set_size(struct pd_rec *r, const struct pd_amqp_content *content, uint64_t size)
{
    struct pd_amqp *f = pd_fields(r);

    if (size <= INT64_MAX)
        pd_int_set(&f->body_bytes[content->ending == PD_AMQP_IS_RESPONSE], (int64_t)size);
}

const char *pd_amqp_content_header(struct pd_conn *c, struct pd_half *h, uint16_t channel,
                                   struct pd_slice payload)
{
    struct pd_amqp_channel *ch = with_content(c, h, channel, PD_AMQP_HEADER);
    uint64_t size = pd_be64(payload.p + SIZE_AT);

    if (pd_be16(payload.p) != PD_AMQP_BASIC)
        return "content of an unknown class";
    if (!ch)
        return NULL;
    struct pd_amqp_content *content = &ch->content[h->dir];
    set_size(resume(c, h, ch), content, size);
    content->phase = PD_AMQP_BODY;
    content->left = size;
    return size > INT64_MAX ? "body beyond measure" : NULL;
}

const char *pd_amqp_content_body(struct pd_conn *c, struct pd_half *h, uint16_t channel, uint32_t n)
{
    struct pd_amqp_channel *ch = with_content(c, h, channel, PD_AMQP_BODY);

    if (!ch)
        return NULL;
    struct pd_amqp_content *content = &ch->content[h->dir];
    if (n > content->left)
        return "body longer than its header says";
    resume(c, h, ch);
    content->left -= n;
    return NULL;
}

/* Does a slice begin with a frame of that type that is whole? */
static bool whole_frame(struct pd_slice in, enum pd_amqp_frame_type type, struct pd_amqp_frame *f,
                        struct pd_slice *behind)
{
    if (in.len < PD_AMQP_FRAME_MIN || in.p[0] != type || !pd_amqp_frame_read(in, f))
        return false;
    uint32_t total = f->size + PD_AMQP_FRAME_MIN;
    if (total > in.len || in.p[total - 1] != PD_AMQP_END)
        return false;
    *behind = (struct pd_slice){in.p + total, in.len - total};
    return true;
}

/* The message's last byte has passed. */
static void finish(struct pd_conn *c, struct pd_half *h, struct pd_amqp_content *content)
{
    content->phase = PD_AMQP_NO_CONTENT;
    pd_amqp_set(pd_amqp_of(c), PD_AMQP_CURRENT + h->dir, false);
    switch ((enum pd_amqp_ending)content->ending) {
    case PD_AMQP_IS_REQUEST:
        pd_request_end(c, h);
        break;
    case PD_AMQP_IS_UNSURE:
        pd_current(c, h->dir)->flags |= PD_REC_BROKEN;
        pd_oneway_end(c, h);
        break;
    case PD_AMQP_IS_ONEWAY:
        pd_oneway_end(c, h);
        break;
    case PD_AMQP_IS_RESPONSE:
        pd_response_end(c, h);
        break;
    }
}

void pd_amqp_content_end(struct pd_conn *c, struct pd_half *h)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_channel *ch = pd_amqp_channel(c, a->passing[h->dir]);
    struct pd_amqp_content *content = ch ? &ch->content[h->dir] : NULL;

    if (content && content->phase == PD_AMQP_BODY && !content->left) {
        finish(c, h, content);
        return;
    }
    pd_amqp_set(a, PD_AMQP_CURRENT + h->dir, true);
    if (h->dir == PD_S2C)
        a->answers = content && content->ending == PD_AMQP_IS_RESPONSE;
}

uint32_t pd_amqp_content_at_once(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    uint16_t channel = a->passing[h->dir];
    struct pd_amqp_frame header, body = {.size = 0};
    struct pd_slice behind;

    if (!whole_frame(in, PD_AMQP_F_HEADER, &header, &behind) || header.channel != channel ||
        pd_be16(in.p + PD_AMQP_HEAD) != PD_AMQP_BASIC)
        return 0;
    uint64_t size = pd_be64(in.p + PD_AMQP_HEAD + SIZE_AT);
    if (size && (!whole_frame(behind, PD_AMQP_F_BODY, &body, &behind) || body.channel != channel ||
                 body.size != size))
        return 0;
    struct pd_amqp_content *content = &pd_amqp_channel(c, channel)->content[h->dir];
    set_size(pd_current(c, h->dir), content, size);
    pd_feed_used(h, in.len - behind.len);
    finish(c, h, content);
    a->act[h->dir] = PD_AMQP_PASS;
    return in.len - behind.len;
}

/* --- methods --- */

static struct pd_rec *open_request(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                                   const struct pd_amqp_method *m, const struct pd_amqp_args *args,
                                   uint64_t key)
{
    struct pd_rec *r = pd_request_key(c, h, key);
    struct pd_amqp *f = pd_fields(r);

    pd_amqp_fill_request(r, ch->id, m, args);
    memcpy(f->losses, pd_amqp_of(c)->losses, sizeof f->losses);
    return r;
}

/* Time passes without an answer that would tell whether there are any. */
static bool patience_is_over(const struct pd_conn *c, struct pd_amqp_channel *ch, unsigned dir)
{
    if (!ch->since[dir])
        ch->since[dir] = seconds(c);
    return seconds(c) - ch->since[dir] > PATIENCE_S;
}

void pd_amqp_publish(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                     const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    enum pd_amqp_ending ending = PD_AMQP_IS_ONEWAY;
    uint64_t key = pd_amqp_key(PD_AMQP_K_ONEWAY, ch->id, 0);

    if (ch->confirm == PD_AMQP_UNSURE && patience_is_over(c, ch, PD_C2S))
        ch->confirm = PD_AMQP_OFF;
    if (ch->confirm == PD_AMQP_ON) {
        key = pd_amqp_key(PD_AMQP_K_PUBLISH, ch->id, ++ch->published);
        ending = PD_AMQP_IS_REQUEST;
    } else if (ch->confirm != PD_AMQP_OFF) {
        ending = PD_AMQP_IS_UNSURE;
    }
    struct pd_rec *r = open_request(c, h, ch, m, args, key);
    if (ch->confirm == PD_AMQP_ON)
        pd_int_set(&((struct pd_amqp *)pd_fields(r))->delivery_tag, (int64_t)ch->published);
    begin(c, h, ch, key, ending);
}

/* A delivery of which nobody knows whether it will be answered. So many are kept that a client that answers
 * is found out; a client that never does must not use up what the connection may have outstanding. */
static bool guess(struct pd_conn *c, struct pd_amqp_channel *ch, uint64_t tag)
{
    bool over = patience_is_over(c, ch, PD_S2C);

    if (tag > GUESSES && tag - GUESSES >= ch->guessed) {
        struct pd_keys keys = {pd_amqp_key(PD_AMQP_K_GUESS, ch->id, ch->guessed),
                               pd_amqp_key(PD_AMQP_K_GUESS, ch->id, tag - GUESSES)};
        pd_give_up(c, PD_S2C, keys, true);
        ch->guessed = tag - GUESSES + 1;
        ch->silent |= over;
    }
    return !ch->silent;
}

void pd_amqp_deliver(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                     const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    uint64_t consumer = pd_amqp_consumer_key(ch->id, args->consumer_tag);
    enum pd_amqp_kind kind = PD_AMQP_K_ONEWAY;
    struct pd_slice text;
    uint32_t full;

    bool known = pd_learnt_get(&a->consumers, consumer, &text, &full);
    if (!ch->unsettled || args->tag < ch->unsettled)
        ch->unsettled = args->tag;
    if (known && !text.p[0])
        kind = PD_AMQP_K_DELIVER;
    else if (!known && guess(c, ch, args->tag))
        kind = PD_AMQP_K_GUESS;
    uint64_t key = pd_amqp_key(kind, ch->id, kind == PD_AMQP_K_ONEWAY ? 0 : args->tag);
    struct pd_rec *r = open_request(c, h, ch, m, args, key);
    struct pd_amqp *f = pd_fields(r);
    pd_int_set(&f->delivery_tag, (int64_t)args->tag);
    if (kind == PD_AMQP_K_GUESS) {
        ch->guesses = true;
        r->flags |= PD_REC_UNSURE;
    }
    begin(c, h, ch, key, kind == PD_AMQP_K_ONEWAY ? PD_AMQP_IS_ONEWAY : PD_AMQP_IS_REQUEST);
}

/* Publish n when it may be what came back, or NULL. */
static struct pd_rec *came_back(struct pd_conn *c, const struct pd_amqp_channel *ch, uint64_t n,
                                const struct pd_amqp_args *args)
{
    struct pd_rec *r = pd_current_key(c, PD_C2S, pd_amqp_key(PD_AMQP_K_PUBLISH, ch->id, n));
    const struct pd_amqp *f = pd_fields_const(r);
    bool same = !pd_rec_is_void(r) && f->flags && pd_slice_eq(pd_text_bytes(&f->exchange), args->exchange) &&
                pd_slice_eq(pd_text_bytes(&f->routing_key), args->routing_key);

    return same ? r : NULL;
}

/* It says where the message was to go, not which publish it was. That is known when one only that is
 * outstanding went there: the confirmation comes after it. Where bytes were lost, nobody knows which are. */
static void note_return(struct pd_conn *c, struct pd_amqp_channel *ch, const struct pd_amqp_args *args)
{
    bool known = pd_amqp_publishes_alone(c, ch) || ch->whole;
    unsigned found = 0;

    if (ch->published >= ch->unconfirmed + RETURNS) {
        ch->returned = ch->published;
        return;
    }
    for (uint64_t n = ch->unconfirmed; n <= ch->published; n++)
        found += came_back(c, ch, n, args) != NULL;
    for (uint64_t n = ch->unconfirmed; found && n <= ch->published; n++) {
        struct pd_rec *r = came_back(c, ch, n, args);
        if (r && found == 1 && known)
            pd_amqp_fill_error(r, args->code, args->text);
        else if (r)
            r->flags |= PD_REC_BROKEN;
    }
}

void pd_amqp_returned(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                      const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    uint64_t key = pd_amqp_key(PD_AMQP_K_ONEWAY, ch->id, 0);
    struct pd_rec *r = open_request(c, h, ch, m, args, key);

    pd_amqp_fill_error(r, args->code, args->text);
    begin(c, h, ch, key, PD_AMQP_IS_ONEWAY);
    note_return(c, ch, args);
}

void pd_amqp_got(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch, uint64_t key)
{
    const struct pd_amqp *f = pd_fields_const(pd_current(c, h->dir));

    if (!(f->flags & PD_AMQP_NO_ACK_GET) && ch->got < UINT16_MAX)
        ch->got++;
    begin(c, h, ch, key, PD_AMQP_IS_RESPONSE);
}
