/* settle.c: what answers publishes and deliveries: Ack, Nack and Reject by number, several at once with
 * `multiple`; Recover answers all deliveries of its channel. And what a closing channel leaves behind. */
#include "protocol/amqp/amqp.h"

struct answer {
    struct pd_conn *conn;
    const struct pd_amqp_method *method;
    uint64_t named; /* the number that stands in the answer */
    bool *kept;     /* set when what has that number is answered: the answer's bytes are in its record then */
    unsigned asker;
    bool guesses;      /* what it answers are deliveries of which nobody knows whether they are answered */
    uint64_t returned; /* publishes up to this one may have come back */
    bool recovering;   /* what it answers goes back, or has gone, whatever it says */
    uint16_t code;
    struct pd_slice text;
};

static bool says_no(const struct pd_amqp_method *m)
{
    return m->name.s && pd_amqp_code(m) != PD_AMQP_ACK;
}

/* Was it to come back when it cannot be routed? */
static bool may_return(const struct pd_amqp *f)
{
    return ((unsigned)f->class_id << 8 | f->id) == PD_AMQP_PUBLISH && f->flags;
}

/* What is seldom: the answer refuses with a reason, or teaches that a consumer acknowledges. */
PD_COLD static void fill_more(struct pd_rec *r, const struct answer *answer)
{
    const struct pd_amqp *f = pd_fields_const(r);

    if (answer->code)
        pd_amqp_fill_error(r, answer->code, answer->text);
    if (answer->guesses && (uint64_t)f->delivery_tag.v == answer->named)
        pd_amqp_learn_consumer(answer->conn, (uint16_t)f->channel.v, pd_text_bytes(&f->consumer_tag), 0);
}

/* The one that is named is meant unless its channel began anew, which both directions would show; of the
 * others an earlier answer may have been lost. A Return, which comes before the confirmation, may be too. */
static bool fill(struct pd_rec *r, const void *arg)
{
    const struct answer *answer = arg;
    struct pd_amqp *f = pd_fields(r);
    const uint16_t *now = pd_amqp_of(answer->conn)->losses;
    bool whole = f->losses[!answer->asker] == now[!answer->asker],
         meant = (uint64_t)f->delivery_tag.v == answer->named,
         named = meant && f->losses[answer->asker] == now[answer->asker];

    if (meant && answer->kept)
        *answer->kept = true;
    if (answer->recovering)
        return false;
    if (answer->method->name.s)
        pd_amqp_fill_reply(r, answer->method);
    if (!answer->code && says_no(answer->method))
        f->error = f->reply;
    if (answer->code || answer->guesses)
        fill_more(r, answer);
    if (may_return(f) && (uint64_t)f->delivery_tag.v <= answer->returned)
        return false;
    return (named && (whole || !may_return(f))) || (whole && !answer->guesses);
}

static uint32_t answer_keys(struct pd_conn *c, struct pd_half *h, const struct answer *answer,
                            enum pd_amqp_kind kind, uint16_t channel, struct pd_keys tags, uint32_t total)
{
    struct pd_keys keys = {pd_amqp_key(kind, channel, tags.first), pd_amqp_key(kind, channel, tags.last)};

    return pd_response_all(c, h, total, keys, (struct pd_answer){fill, answer});
}

/* The numbers that an answer settles; none below `lowest` is outstanding. */
static struct pd_keys tags_of(uint64_t tag, bool multiple, uint64_t lowest)
{
    struct pd_keys tags = {tag, tag};

    if (multiple && tag == 0)
        tags.last = PD_AMQP_TAGS; /* all; section 1.8.3.13 of the reference */
    if (multiple)
        tags.first = lowest < tags.last ? lowest : tags.last;
    return tags;
}

static void advance(uint64_t *lowest, struct pd_keys tags, bool multiple)
{
    if ((multiple || tags.last == *lowest) && tags.last < PD_AMQP_TAGS)
        *lowest = tags.last + 1;
}

bool pd_amqp_publishes_alone(struct pd_conn *c, struct pd_amqp_channel *ch)
{
    while (ch->unconfirmed < ch->published) { /* confirmations come in any order */
        uint64_t key = pd_amqp_key(PD_AMQP_K_PUBLISH, ch->id, ch->unconfirmed);
        if (!pd_rec_is_void(pd_current_key(c, PD_C2S, key)))
            return false;
        ch->unconfirmed++;
    }
    return ch->confirm == PD_AMQP_ON && ch->unconfirmed == ch->published;
}

static void confirm(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                    const struct answer *answer, bool multiple, uint32_t total)
{
    struct pd_keys tags = tags_of(answer->named, multiple, ch->unconfirmed);

    if (ch->confirm == PD_AMQP_UNSURE)
        ch->confirm = PD_AMQP_UNCOUNTED;
    if (ch->confirm == PD_AMQP_ON && answer->named > ch->published) { /* the count is wrong, as it seems */
        ch->confirm = PD_AMQP_UNCOUNTED;
        pd_amqp_give_up(c, PD_C2S, PD_AMQP_K_PUBLISH, ch->id, true);
    }
    if (!answer_keys(c, h, answer, PD_AMQP_K_PUBLISH, ch->id, tags, total))
        pd_response_key(c, h, pd_amqp_key(PD_AMQP_K_PUBLISH, ch->id, answer->named)); /* an orphan */
    else if (!*answer->kept)
        pd_understood(c, total);
    advance(&ch->unconfirmed, tags, multiple);
}

static void acknowledge(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                        const struct answer *answer, bool multiple, uint32_t total)
{
    struct pd_keys tags = tags_of(answer->named, multiple, ch->unsettled);
    uint32_t n = answer_keys(c, h, answer, PD_AMQP_K_DELIVER, ch->id, tags, total);

    if (ch->guesses) {
        struct answer guess = *answer;
        guess.guesses = true;
        n += answer_keys(c, h, &guess, PD_AMQP_K_GUESS, ch->id, tags, total);
    }
    ch->silent = false;
    ch->since[PD_S2C] = 0;
    advance(&ch->unsettled, tags, multiple);
    if (!n && total && !ch->got)
        pd_response_key(c, h, pd_amqp_key(PD_AMQP_K_DELIVER, ch->id, answer->named)); /* an orphan */
    else if (!*answer->kept)
        pd_understood(c, total);
    if (!n && ch->got)
        ch->got--;
}

static void give_up_deliveries(struct pd_conn *c, const struct pd_amqp_channel *ch)
{
    pd_amqp_give_up(c, PD_S2C, PD_AMQP_K_DELIVER, ch->id, true);
    pd_amqp_give_up(c, PD_S2C, PD_AMQP_K_GUESS, ch->id, true);
}

/* Recover means all that the server has sent when it gets there, also what the client has not seen yet. When
 * that is, its answer tells; RecoverAsync has none. */
static void recover(struct pd_conn *c, struct pd_amqp_channel *ch, const struct pd_amqp_method *m)
{
    give_up_deliveries(c, ch);
    ch->recovers = pd_amqp_code(m) == PD_AMQP_RECOVER;
}

void pd_amqp_recovered(struct pd_conn *c, struct pd_amqp_channel *ch)
{
    give_up_deliveries(c, ch);
    ch->recovers = false;
}

void pd_amqp_settle(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                    const struct pd_amqp_method *m, const struct pd_amqp_args *args, uint32_t total)
{
    bool kept = false;
    struct answer answer = {.method = m, .conn = c, .named = args->tag, .kept = &kept, .asker = !h->dir};
    bool recovers = m->role != PD_AMQP_SETTLES,
         multiple = recovers || (pd_amqp_code(m) != PD_AMQP_REJECT && (args->flags & PD_AMQP_MULTIPLE));

    answer.returned = h->dir == PD_S2C ? ch->returned : 0;
    answer.recovering = !recovers && h->dir == PD_C2S && ch->recovers;
    if (h->dir == PD_S2C)
        confirm(c, h, ch, &answer, multiple, total);
    else
        acknowledge(c, h, ch, &answer, multiple, total);
    if (recovers)
        recover(c, ch, m);
}

/* --- closing --- */

static void refuse_key(struct pd_conn *c, struct pd_half *h, uint64_t key, const struct answer *answer)
{
    pd_response_all(c, h, 0, (struct pd_keys){key, key}, (struct pd_answer){fill, answer});
}

/* The request on any channel that is meant, if only one can be. */
static uint64_t only_asked(struct pd_conn *c, const struct pd_amqp_args *args)
{
    uint64_t found = 0;

    for (struct pd_amqp_channel *ch = pd_amqp_channel_next(c, NULL); ch; ch = pd_amqp_channel_next(c, ch)) {
        uint64_t key = pd_amqp_asked(c, ch, args->class_id, args->id);
        if ((key && found) || pd_amqp_told(ch, (unsigned)args->class_id << 8 | args->id, ch->asked))
            return 0;
        found = key ? key : found;
    }
    return found;
}

void pd_amqp_refuse(struct pd_conn *c, struct pd_half *h, struct pd_amqp_channel *ch,
                    const struct pd_amqp_method *m, const struct pd_amqp_args *args)
{
    struct answer answer = {.method = m, .conn = c, .asker = !h->dir, .code = args->code, .text = args->text};
    unsigned code = (unsigned)args->class_id << 8 | args->id;
    uint64_t key = 0;

    if (!args->class_id || h->dir == PD_C2S)
        return;
    /* Until confirm mode is agreed on, one from before it may be meant. */
    bool selects = pd_amqp_asked(c, ch, PD_AMQP_CONFIRM, PD_AMQP_CONFIRM_SELECT & UINT8_MAX) != 0;
    if (code == PD_AMQP_PUBLISH && pd_amqp_publishes_alone(c, ch) && !selects)
        key = pd_amqp_key(PD_AMQP_K_PUBLISH, ch->id, ch->published);
    else if (ch->id)
        key = pd_amqp_asked(c, ch, args->class_id, args->id);
    else
        key = only_asked(c, args);
    if (key && ch->id && code != PD_AMQP_PUBLISH && pd_amqp_told(ch, code, (uint16_t)key))
        pd_give_up(c, PD_C2S, (struct pd_keys){key, key}, true); /* or one before it is meant */
    else if (key)
        refuse_key(c, h, key, &answer);
}

/* Whoever closes the connection at once, instead of answering that it is closed, answers by that. */
void pd_amqp_hang_up(struct pd_conn *c, struct pd_half *h)
{
    static const struct pd_amqp_method none = {0};
    struct answer answer = {.conn = c, .method = &none, .asker = !h->dir};
    uint64_t key = pd_amqp_key(PD_AMQP_K_METHOD, 0, PD_AMQP_CONNECTION_CLOSE);

    if (h->dir == PD_S2C) {
        struct pd_amqp_channel *ch = pd_amqp_channel(c, 0);
        key = ch ? pd_amqp_asked(c, ch, PD_AMQP_CONNECTION, PD_AMQP_CONNECTION_CLOSE & UINT8_MAX) : 0;
    }
    h->token_ts = pd_conn_now(c); /* no byte of this direction tells the time of its end */
    h->has_ack = false;
    if (key)
        refuse_key(c, h, key, &answer);
}
