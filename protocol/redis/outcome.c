/* outcome.c: how a reply begins and ends, and what it changes: what a server confirms takes effect with the
 * confirmation, not when it is asked for. */
#include "protocol/redis/reply.h"

enum { DATABASES = 16 };

bool pd_redis_is_between(const struct pd_redis_conn *s)
{
    return !s->values && !s->streams;
}

/* Is the next value the reply itself? */
bool pd_redis_is_next_top(const struct pd_redis_conn *s)
{
    return pd_redis_is_between(s) || (s->values == 1 && !s->streams && !s->top && !s->attribute);
}

void pd_redis_set_database(const struct pd_redis_conn *s, struct pd_rec *r)
{
    static const char names[DATABASES][3] = {"0", "1", "2",  "3",  "4",  "5",  "6",  "7",
                                             "8", "9", "10", "11", "12", "13", "14", "15"};
    struct pd_redis *f = pd_fields(r);
    uint8_t digits[10];
    uint32_t at = sizeof digits;

    f->database = (struct pd_text){0};
    if (s->db < 0)
        return;
    if (s->db < DATABASES) {
        pd_text_static(&f->database, names[s->db]);
        return;
    }
    for (int32_t n = s->db; n; n /= 10)
        digits[--at] = (uint8_t)('0' + n % 10);
    pd_text_set(r, &f->database, (struct pd_slice){digits + at, (uint32_t)sizeof digits - at}, sizeof digits);
}

void pd_redis_response(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);
    int kind = pd_expected(c);
    bool kept = kind >= 0 && !pd_rec_is_void(pd_expected_rec(c));
    struct pd_rec *r = pd_response(c, h);
    /* Where a record is expected and none was given, the reply does not answer that request. */
    bool known = kind >= 0 && kept == !pd_rec_is_void(r);

    s->kind = known ? (uint8_t)kind : (uint8_t)PD_REDIS_UNKNOWN;
    s->oneway = s->items = false;
    if (!pd_rec_is_void(r))
        pd_redis_set_database(s, r);
}

/* n values belong to what begins. */
void pd_redis_open_reply(struct pd_redis_conn *s, uint32_t n)
{
    s->values = n;
    s->streams = 0;
    s->top = 0;
    s->simple = PD_REDIS_SAYS_OTHER;
    s->attribute = s->chunks = s->holed_s = false;
}

void pd_redis_begin_reply(struct pd_conn *c, struct pd_half *h)
{
    pd_redis_response(c, h);
    pd_redis_open_reply(pd_state(c), 1);
}

/* --- a reply ends --- */

static void note_reset(struct pd_redis_conn *s)
{
    s->subs[0] = s->subs[1] = s->subs[2] = 0;
    s->subs_known = true;
    s->monitoring = s->resp3 = s->multi_select = s->multi_sub = false;
    s->db = -1;
}

static void note_select(struct pd_conn *c, struct pd_redis_conn *s)
{
    const struct pd_redis *f = pd_redis_reply_fields(c);

    if (s->simple == PD_REDIS_SAYS_OK)
        s->db = f->known && f->era == s->era ? f->select : -1;
    else if (s->simple == PD_REDIS_SAYS_QUEUED)
        s->multi_select = true;
}

static void note_exec(struct pd_conn *c, struct pd_half *h, struct pd_redis_conn *s, bool done)
{
    bool sub = s->multi_sub && done;

    if (s->multi_select && done)
        s->db = -1;
    s->multi_select = s->multi_sub = false;
    if (sub) /* RESP2 sends the confirmations behind one another where one value is owed */
        pd_bad(c, h, "subscribed within a transaction");
}

/* What the reply changes, as it takes effect with it. True: a replication stream follows. */
static bool note_reply(struct pd_conn *c, struct pd_half *h, struct pd_redis_conn *s)
{
    bool error = s->top == '-' || s->top == '!';

    if (s->simple == PD_REDIS_SAYS_RESET)
        note_reset(s);
    switch (s->kind) {
    case PD_REDIS_SELECT:
        note_select(c, s);
        break;
    case PD_REDIS_EXEC:
        note_exec(c, h, s, !error && s->top != '_');
        break;
    case PD_REDIS_DISCARD:
        s->multi_select = s->multi_sub = false;
        break;
    case PD_REDIS_MONITOR:
        s->monitoring |= s->simple == PD_REDIS_SAYS_OK;
        break;
    case PD_REDIS_HELLO:
        if (s->top == '*')
            s->resp3 = false;
        break;
    case PD_REDIS_PSYNC:
    case PD_REDIS_SYNC:
        return s->simple == PD_REDIS_SAYS_STREAM;
    default:
        if (s->kind >= PD_REDIS_SUBSCRIBE && s->kind != PD_REDIS_UNKNOWN && (error || s->top == '+')) {
            pd_owe(c, 1); /* refused or queued, all of it */
            s->multi_sub |= s->simple == PD_REDIS_SAYS_QUEUED;
        }
    }
    return false;
}

static void set_error_code(struct pd_redis *f)
{
    uint16_t n = 0;

    while (n < f->error.len && f->error.s[n] != ' ')
        n++;
    if (n)
        f->error_code = (struct pd_text){.s = f->error.s, .full = n, .len = n};
}

void pd_redis_end_reply(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);
    bool stream = false;

    bool holed = s->holed_s;
    if (holed)
        h->holed = true;
    if (s->oneway) {
        pd_oneway_end(c, h);
    } else {
        if (s->top == '-' || s->top == '!')
            set_error_code(pd_redis_reply_fields(c));
        stream = note_reply(c, h, s);
        if (h->lost)
            return;
        pd_response_end(c, h);
    }
    if (holed)
        h->holed = false;
    pd_redis_open_reply(s, 0);
    s->oneway = s->items = false;
    if (stream)
        pd_opaque(c, "replication");
}

/* A value is whole. */
void pd_redis_end_value(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!s->streams && s->values)
        s->values--;
    if (s->attribute && s->values == 1 && !s->streams)
        s->attribute = false;
    if (pd_redis_is_between(s))
        pd_redis_end_reply(c, h);
}
