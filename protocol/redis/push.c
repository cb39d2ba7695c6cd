/* push.c: what a server says unasked, and what subscriptions are answered with. RESP3 marks pushes, but the
 * confirmations of SUBSCRIBE, which do answer, are pushes too; in RESP2 all are arrays. The first word tells,
 * and whether this connection is subscribed, which the server's own counts say. */
#include "protocol/redis/redis.h"

static bool is_confirmation(enum pd_redis_word w)
{
    return w >= PD_REDIS_W_SUBSCRIBE && w <= PD_REDIS_W_SUNSUBSCRIBE;
}

static bool is_subscription(int kind)
{
    return kind >= PD_REDIS_SUBSCRIBE && kind < PD_REDIS_UNKNOWN;
}

/* Does that word answer that request? */
static bool answers(enum pd_redis_word w, int kind)
{
    if (kind >= PD_REDIS_UNSUBSCRIBE_ALL)
        kind -= PD_REDIS_UNSUBSCRIBE_ALL - PD_REDIS_UNSUBSCRIBE;
    return kind - PD_REDIS_SUBSCRIBE == (int)w - PD_REDIS_W_SUBSCRIBE;
}

/* May arrays be messages: a RESP2 client that is subscribed, or may be: whoever is sends nothing else. */
static bool is_subscribed(const struct pd_redis_conn *s)
{
    if (s->resp3)
        return false;
    return s->subs[0] || s->subs[1] || s->subs[2] || (!s->subs_known && !s->others);
}

bool pd_redis_worded(struct pd_conn *c, const struct pd_redis_head *head)
{
    if (head->type == '>')
        return true;
    return head->type == '*' && (head->n == 3 || head->n == 4) && !head->streamed &&
           (is_subscribed(pd_state(c)) || is_subscription(pd_expected(c)));
}

static void begin_push(struct pd_conn *c, struct pd_half *h, uint16_t known)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_rec *r = pd_oneway(c, h);
    struct pd_redis *f = pd_fields(r);

    s->oneway = s->items = true;
    s->item = 0;
    f->known = known;
    pd_text_static(&f->command, pd_redis_commands[known].name);
}

/* An array that reads like a message comes. Where it is not known whether this connection is subscribed and
 * nothing is outstanding, the first one may be an answer to what was not seen. */
static bool is_message(struct pd_redis_conn *s, int kind)
{
    bool sure = s->subs[0] || s->subs[1] || s->subs[2] || s->guesses || kind >= 0;

    s->guesses = true;
    if (sure && !s->subs_known && !s->subs[0])
        s->subs[0] = 1;
    return sure;
}

bool pd_redis_word_begin(struct pd_conn *c, struct pd_half *h, uint8_t type, uint32_t n, struct pd_slice word)
{
    struct pd_redis_conn *s = pd_state(c);
    enum pd_redis_word w = pd_redis_word(word);
    int kind = pd_expected(c);

    s->word = (uint8_t)w;
    if (is_confirmation(w) && n == 3) {
        if (kind >= 0 && !answers(w, kind)) {
            begin_push(c, h, PD_REDIS_PUSH);
            return true;
        }
        pd_redis_response(c, h);
        s->items = true;
        s->item = 0;
        return true;
    }
    if (type == '*' && w != PD_REDIS_W_MESSAGE && w != PD_REDIS_W_SMESSAGE && w != PD_REDIS_W_PMESSAGE)
        return false;
    if (type == '*' && n != (w == PD_REDIS_W_PMESSAGE ? 4 : 3))
        return false;
    if (type == '*' && !is_message(s, kind))
        return false;
    begin_push(c, h, PD_REDIS_PUSH);
    return true;
}

bool pd_redis_monitor_begin(struct pd_conn *c, struct pd_half *h, uint8_t second)
{
    struct pd_redis_conn *s = pd_state(c);

    if (second < '0' || second > '9' || !s->monitoring)
        return false;
    begin_push(c, h, PD_REDIS_MONITORED);
    s->items = false;
    return true;
}

/* The server counts channels and patterns together, shard channels on their own. */
static bool count(struct pd_redis_conn *s, enum pd_redis_word w, int64_t total)
{
    unsigned which = ((unsigned)w - PD_REDIS_W_SUBSCRIBE) % 3;
    int64_t other = which == 2 || !s->subs_known ? 0 : s->subs[!which];

    if (total < other || total - other > UINT32_MAX) {
        s->subs_known = false;
        return false;
    }
    if (!s->subs_known && which != 2)
        s->subs[!which] = 0;
    s->subs[which] = (uint32_t)(total - other);
    return true;
}

/* The count that a confirmation ends with. UNSUBSCRIBE without arguments is answered once for each of its
 * kind that is subscribed, at least once: the last answer is the one that leaves none. */
static void confirm(struct pd_conn *c, struct pd_half *h, int64_t total)
{
    struct pd_redis_conn *s = pd_state(c);
    enum pd_redis_word w = (enum pd_redis_word)s->word;

    if (total < 0 || !count(s, w, total)) {
        pd_bad(c, h, "no count of subscriptions");
        return;
    }
    if (s->oneway || s->kind < PD_REDIS_UNSUBSCRIBE_ALL || s->kind == PD_REDIS_UNKNOWN)
        return;
    unsigned which = ((unsigned)w - PD_REDIS_W_SUBSCRIBE) % 3;
    if (!s->subs_known && which != 2 && total)
        pd_bad(c, h, "subscriptions are not known");
    else
        pd_owe(c, s->subs[which] ? 2 : 1);
}

void pd_redis_item(struct pd_conn *c, struct pd_half *h, struct pd_slice in, uint64_t full,
                   const int64_t *number)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_redis *f = pd_fields(r);
    unsigned key_at = s->word == PD_REDIS_W_PMESSAGE ? 3 : 2;

    if (s->item < UINT8_MAX)
        s->item++;
    if (s->oneway) {
        if (s->item == key_at && !number) {
            pd_text_set(r, &f->key, in, PD_REDIS_KEY_MAX);
            f->key_at = (uint16_t)key_at;
        }
        pd_redis_args_add(r, in, full);
    }
    if (s->item == 3 && number && is_confirmation((enum pd_redis_word)s->word))
        confirm(c, h, *number);
}
