/* speech.c: what methods ask, answer and tell. A channel's requests are answered in their order, so the
 * oldest one with the answer's method is meant. That is sure while nothing was lost; after a loss only while
 * one request at a time is outstanding, as the specification wants it (section 2.2.2 of the reference: a
 * synchronous method's sender waits). */
#include "base/hash.h"
#include "protocol/amqp/amqp.h"

enum { LOOKS = 64 }; /* requests that are looked at for an answer */

uint64_t pd_amqp_consumer_key(uint16_t channel, struct pd_slice tag)
{
    return pd_hash(tag.p, tag.len, channel);
}

static void act(struct pd_conn *c, const struct pd_half *h, enum pd_amqp_act what)
{
    pd_amqp_of(c)->act[h->dir] = (uint8_t)what;
}

static const struct pd_amqp *kept(struct pd_conn *c, enum pd_dir asker, uint64_t key)
{
    struct pd_rec *r = pd_current_key(c, asker, key);

    return pd_rec_is_void(r) ? NULL : pd_fields_const(r);
}

uint64_t pd_amqp_asked(struct pd_conn *c, struct pd_amqp_channel *ch, unsigned class_id, unsigned id)
{
    bool first = true;

    for (uint16_t i = ch->answered, looks = 0; i != ch->asked && looks < LOOKS; i++, looks++) {
        uint64_t key = pd_amqp_key(PD_AMQP_K_METHOD, ch->id, i);
        const struct pd_amqp *f = kept(c, PD_C2S, key);
        if (f && f->class_id == class_id && f->id == id)
            return key;
        if (f)
            first = false;
        else if (first)
            ch->answered++;
    }
    return 0;
}

/* --- requests --- */

/* Is another request outstanding whose answer cannot have been lost? */
static bool is_waiting(struct pd_conn *c, const struct pd_amqp_channel *ch)
{
    for (uint16_t i = ch->answered, looks = 0; i != ch->asked && looks < LOOKS; i++, looks++) {
        const struct pd_amqp *f = kept(c, PD_C2S, pd_amqp_key(PD_AMQP_K_METHOD, ch->id, i));
        if (f && f->losses[PD_S2C] == pd_amqp_of(c)->losses[PD_S2C])
            return true;
    }
    return false;
}

/* Which request an answer is for is not known on this channel from here on. key: of the request whose answer
 * is passing, or 0. */
PD_COLD static void mix_up(struct pd_conn *c, struct pd_amqp_channel *ch, uint64_t key)
{
    struct pd_keys all = {pd_amqp_key(PD_AMQP_K_METHOD, ch->id, 0),
                          pd_amqp_key(PD_AMQP_K_METHOD, ch->id, PD_AMQP_TAGS)};

    if (key > all.first)
        pd_give_up(c, PD_C2S, (struct pd_keys){all.first, key - 1}, true);
    pd_give_up(c, PD_C2S, (struct pd_keys){key ? key + 1 : all.first, all.last}, true);
    ch->mixed_up = true;
}

/* Is the same asked already, and nobody pipelines? Then the answer was lost. */
static void note_pipelining(struct pd_conn *c, struct pd_amqp_channel *ch, const struct pd_amqp_method *m)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    uint64_t key = pd_amqp_asked(c, ch, m->class_id, m->id);

    bool waiting = is_waiting(c, ch);
    a->pipelined |= waiting;
    if (a->pipelined && !ch->whole && (key || waiting))
        mix_up(c, ch, 0);
    else if (key && kept(c, PD_C2S, key)->losses[PD_S2C] != a->losses[PD_S2C])
        pd_give_up(c, PD_C2S, (struct pd_keys){key, key}, true);
}

static struct pd_rec *ask_as_client(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                                    const struct pd_amqp_method *m)
{
    note_pipelining(c, ch, m);
    struct pd_rec *r = pd_request_key(c, h, pd_amqp_key(PD_AMQP_K_METHOD, ch->id, ch->asked++));
    if (ch->mixed_up)
        r->flags |= PD_REC_BROKEN;
    return r;
}

/* Two openings, of which the first is not answered yet: the second will be refused. */
static bool opens_twice(struct pd_conn *c, struct pd_amqp_channel *ch, const struct pd_amqp_method *m)
{
    uint64_t key = ch->whole ? pd_amqp_asked(c, ch, m->class_id, m->id) : 0;
    const struct pd_amqp *f = key ? kept(c, PD_C2S, key) : NULL;

    return f && memcmp(f->losses, pd_amqp_of(c)->losses, sizeof f->losses) == 0;
}

/* A channel begins with nothing outstanding and nothing agreed on. */
static void open_channel(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                         const struct pd_amqp_method *m)
{
    uint16_t id = ch->id;

    if (opens_twice(c, ch, m))
        return;
    pd_settle(c, h); /* the answers to what is outstanding may be known to be lost */
    pd_amqp_channel_end(c, ch, false);
    *ch = (struct pd_amqp_channel){
        .id = id, .open = true, .whole = true, .confirm = PD_AMQP_OFF, .used = pd_amqp_of(c)->clock};
}

/* What a request changes at once: the server works in order, and whoever is refused has no channel. */
static void learn_request(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                          const struct pd_amqp_method *m)
{
    switch (pd_amqp_code(m)) {
    case PD_AMQP_CHANNEL_OPEN:
        open_channel(c, h, ch, m);
        break;
    case PD_AMQP_CONFIRM_SELECT: /* a second one changes nothing */
        if (ch->confirm == PD_AMQP_OFF) {
            ch->confirm = PD_AMQP_ON;
            ch->published = 0;
            ch->unconfirmed = 1;
        } else if (ch->confirm == PD_AMQP_UNSURE) {
            ch->confirm = PD_AMQP_UNCOUNTED;
        }
        break;
    case PD_AMQP_TX_SELECT: /* excludes confirm mode */
        ch->confirm = PD_AMQP_OFF;
        break;
    default:
        break;
    }
}

void pd_amqp_learn_consumer(struct pd_conn *c, uint16_t channel, struct pd_slice tag, uint8_t no_ack)
{
    pd_learnt_put(c, &pd_amqp_of(c)->consumers, pd_amqp_consumer_key(channel, tag),
                  (struct pd_slice){&no_ack, 1}, 1);
}

static void forget_consumer(struct pd_conn *c, uint16_t channel, struct pd_slice tag)
{
    pd_learnt_drop(c, &pd_amqp_of(c)->consumers, pd_amqp_consumer_key(channel, tag));
}

/* The client asks for no answer: whether it went well shows when a later request is answered. */
static void note_told(struct pd_amqp_channel *ch, const struct pd_amqp_method *m)
{
    if (!ch->told)
        ch->told_first = ch->asked;
    ch->told = !ch->told || ch->told == pd_amqp_code(m) ? (uint16_t)pd_amqp_code(m) : PD_AMQP_SEVERAL;
    ch->told_last = ch->asked;
}

/* Request n is answered, and so all before it went well. */
static void forget_told(struct pd_amqp_channel *ch, uint16_t n)
{
    if ((int16_t)(n - ch->told_last) >= 0)
        ch->told = 0;
    else if ((int16_t)(n - ch->told_first) >= 0)
        ch->told_first = (uint16_t)(n + 1);
}

/* Nothing comes back. */
static void tell(struct pd_conn *c, struct pd_half *h, uint16_t channel, const struct pd_amqp_method *m,
                 const struct pd_amqp_args *args)
{
    struct pd_rec *r = pd_oneway(c, h);
    struct pd_amqp *f = pd_fields(r);

    pd_amqp_fill_request(r, channel, m, args);
    if (args->text.p)
        pd_text_set(r, &f->error_message, args->text, UINT8_MAX);
    if (pd_amqp_code(m) == PD_AMQP_CONSUME && !pd_rec_is_void(r))
        pd_amqp_learn_consumer(c, channel, args->consumer_tag, f->flags & PD_AMQP_NO_ACK_CONSUME);
    else if (pd_amqp_code(m) == PD_AMQP_CANCEL || pd_amqp_code(m) == PD_AMQP_CONSUME)
        forget_consumer(c, channel, args->consumer_tag);
    act(c, h, PD_AMQP_END_ONEWAY);
}

static void ask(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    const struct pd_amqp_conn *a = pd_amqp_of(c);
    uint16_t channel = ch->id;
    bool closes = pd_amqp_code(m) == PD_AMQP_CHANNEL_CLOSE || pd_amqp_code(m) == PD_AMQP_CONNECTION_CLOSE;

    if (h->dir == PD_C2S)
        learn_request(c, h, ch, m);
    if (m->nowait && (args->flags & m->nowait)) {
        if (h->dir == PD_C2S)
            note_told(ch, m);
        tell(c, h, channel, m, args);
        return;
    }
    struct pd_rec *r = h->dir == PD_C2S
                           ? ask_as_client(c, h, ch, m)
                           : pd_request_key(c, h, pd_amqp_key(PD_AMQP_K_METHOD, channel, pd_amqp_code(m)));
    struct pd_amqp *f = pd_fields(r);
    pd_amqp_fill_request(r, channel, m, args);
    memcpy(f->losses, a->losses, sizeof f->losses);
    if (closes) {
        pd_amqp_fill_error(r, args->code, args->text);
        pd_amqp_refuse(c, h, ch, m, args);
    }
    act(c, h, PD_AMQP_END_REQUEST);
}

/* --- answers --- */

/* What the answer repeats must be what was asked; what the server chose is kept. False: it is another's. */
static bool check_name(struct pd_rec *r, struct pd_text *asked, struct pd_slice answered)
{
    if (answered.p && !asked->s)
        pd_text_set(r, asked, answered, UINT8_MAX);
    else if (answered.p && !pd_rec_is_void(r))
        return pd_slice_eq(pd_text_bytes(asked), answered);
    return true;
}

static void learn_answer(struct pd_conn *c, struct pd_amqp_channel *ch, const struct pd_amqp_method *m,
                         const struct pd_rec *r, struct pd_slice tag)
{
    const struct pd_amqp *f = pd_fields_const(r);
    bool sure = !pd_rec_is_void(r) && !(r->flags & PD_REC_BROKEN);

    if (pd_amqp_code(m) == PD_AMQP_CONSUME_OK && sure)
        pd_amqp_learn_consumer(c, ch->id, tag, f->flags & PD_AMQP_NO_ACK_CONSUME);
    else if (pd_amqp_code(m) == PD_AMQP_CONSUME_OK || pd_amqp_code(m) == PD_AMQP_CANCEL_OK)
        forget_consumer(c, ch->id, tag);
}

static void reply(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                  const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    struct pd_amqp_conn *a = pd_amqp_of(c);
    uint64_t key = h->dir == PD_C2S
                       ? pd_amqp_key(PD_AMQP_K_METHOD, ch->id, (uint64_t)m->class_id << 8 | m->of)
                       : pd_amqp_asked(c, ch, m->class_id, m->of);
    struct pd_rec *r = pd_response_key(c, h, key); /* 0 is nobody's */
    struct pd_amqp *f = pd_fields(r);

    if (!pd_rec_is_void(r) && f->losses[0] != a->losses[0] && f->losses[1] != a->losses[1])
        r->flags |= PD_REC_BROKEN; /* the answer and the next request may both be among what was lost */
    if (!check_name(r, &f->queue_name, args->queue) || !check_name(r, &f->consumer_tag, args->consumer_tag)) {
        r->flags |= PD_REC_BROKEN;
        if (h->dir == PD_S2C)
            mix_up(c, ch, key);
    }
    if (h->dir == PD_S2C && !pd_rec_is_void(r))
        forget_told(ch, (uint16_t)key);
    if (pd_amqp_code(m) == PD_AMQP_RECOVER_OK)
        pd_amqp_recovered(c, ch);
    pd_amqp_fill_reply(r, m);
    learn_answer(c, ch, m, r, args->consumer_tag);
    act(c, h, PD_AMQP_END_RESPONSE);
    if (pd_amqp_code(m) == PD_AMQP_GET_OK && !pd_rec_is_void(r))
        pd_amqp_got(c, h, ch, key);
    if (pd_amqp_code(m) == PD_AMQP_CHANNEL_CLOSE_OK) {
        a->passing[h->dir] = ch->id;
        act(c, h, PD_AMQP_END_CHANNEL);
    }
}

static void carry(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                  const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    if (pd_amqp_code(m) == PD_AMQP_PUBLISH)
        pd_amqp_publish(c, h, ch, m, args);
    else if (pd_amqp_code(m) == PD_AMQP_DELIVER)
        pd_amqp_deliver(c, h, ch, m, args);
    else
        pd_amqp_returned(c, h, ch, m, args);
}

const char *pd_amqp_speech(struct pd_conn *c, struct pd_half *h, uint16_t channel,
                           const struct pd_amqp_method *m, struct pd_slice in, uint32_t total)
{
    struct pd_amqp_args args;

    if (!(m->by & (h->dir == PD_C2S ? PD_AMQP_BY_CLIENT : PD_AMQP_BY_SERVER)))
        return "method of the other side";
    if ((m->class_id == PD_AMQP_CONNECTION) != (channel == 0))
        return "method on the wrong channel";
    if (!pd_amqp_read_args(m, in, &args))
        return "method shorter than its arguments";
    struct pd_amqp_channel *ch = pd_amqp_channel(c, channel);
    if (!ch)
        return NULL; /* no memory: nothing is paired */
    pd_amqp_content_drop(c, ch, h->dir);
    switch ((enum pd_amqp_role)m->role) {
    case PD_AMQP_ASKS:
        ask(c, h, ch, m, &args);
        break;
    case PD_AMQP_REPLIES:
        reply(c, h, ch, m, &args);
        break;
    case PD_AMQP_TELLS:
        tell(c, h, channel, m, &args);
        break;
    case PD_AMQP_CARRIES:
        carry(c, h, ch, m, &args);
        break;
    case PD_AMQP_SETTLES:
        pd_amqp_settle(c, h, ch, m, &args, total);
        break;
    }
    if (pd_amqp_code(m) == PD_AMQP_RECOVER || pd_amqp_code(m) == PD_AMQP_RECOVER_ASYNC)
        pd_amqp_settle(c, h, ch, m, &args, 0);
    return NULL;
}
