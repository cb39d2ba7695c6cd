/* value.c: values, nested to any depth: all that is kept of the nesting is how many values are still owed. An
 * aggregate without a length (`*?`) ends with a `.`; within one nothing has to be counted but how many are
 * open, as each `.` ends the innermost. */
#include "protocol/redis/reply.h"

enum { SHORT_MAX = PD_CARRY - 4 };

static enum pd_redis_simple says(struct pd_slice text)
{
    if (pd_slice_eq(text, PD_SLICE("OK")))
        return PD_REDIS_SAYS_OK;
    if (pd_slice_eq(text, PD_SLICE("QUEUED")))
        return PD_REDIS_SAYS_QUEUED;
    if (pd_slice_eq(text, PD_SLICE("RESET")))
        return PD_REDIS_SAYS_RESET;
    if (text.len >= 8 && (memcmp(text.p, "FULLRESY", 8) == 0 || memcmp(text.p, "CONTINUE", 8) == 0))
        return PD_REDIS_SAYS_STREAM;
    return PD_REDIS_SAYS_OTHER;
}

/* The value is the reply itself. */
void pd_redis_take_top(struct pd_conn *c, struct pd_redis_conn *s, const struct pd_redis_head *head)
{
    struct pd_rec *r = pd_current(c, PD_S2C);
    struct pd_redis *f = pd_fields(r);

    s->top = head->null ? '_' : head->type;
    if (s->oneway)
        return;
    pd_text_static(&f->type, pd_redis_type_name(head));
    if (pd_redis_is_aggregate(head) && !head->streamed)
        pd_int_set(&f->elements, head->n);
    if (head->type == '+')
        s->simple = says(head->text) & 7;
    else if (head->type == '-')
        pd_text_set(r, &f->error, head->text, PD_REDIS_ERROR_MAX);
}

/* A text of n bytes comes, of which not all are in the slice. */
static void await_bulk(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head, bool top)
{
    const struct pd_redis_conn *s = pd_state(c);
    struct pd_rec *r = pd_current(c, PD_S2C);
    uint64_t n = (uint64_t)head->n;

    if (s->items) {
        pd_frame(h, n, PD_REDIS_S_ITEM_END);
        pd_message(h, PD_REDIS_S_ITEM, n < PD_REDIS_LOOK_MAX ? (uint32_t)n : PD_REDIS_LOOK_MAX);
    } else if (top && head->type == '!') {
        pd_capture(h, PD_REDIS_S_ERROR_BULK, n, r, &((struct pd_redis *)pd_fields(r))->error,
                   PD_REDIS_ERROR_MAX);
    } else {
        pd_skip(h, PD_REDIS_S_BULK, n);
    }
}

/* A text whose head has passed; returns what was used of what follows. */
static uint32_t take_bulk(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head, bool top,
                          struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    uint64_t n = (uint64_t)head->n;

    if (head->type == ';' && !n) { /* the last piece, which is none */
        s->chunks = false;
        pd_redis_end_value(c, h);
        return 0;
    }
    if (n + 2 > in.len) {
        await_bulk(c, h, head, top);
        return 0;
    }
    if (!pd_redis_is_break(in.p + n)) {
        pd_bad(c, h, "text longer than its length");
        return 0;
    }
    struct pd_slice text = {in.p, n < PD_REDIS_LOOK_MAX ? (uint32_t)n : PD_REDIS_LOOK_MAX};
    if (s->items)
        pd_redis_item(c, h, text, n, NULL);
    else if (top && head->type == '!')
        pd_text_set(pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->error,
                    (struct pd_slice){in.p, (uint32_t)n}, PD_REDIS_ERROR_MAX);
    if (h->lost)
        return 0;
    pd_feed_used(h, (uint32_t)n + 2);
    if (!s->chunks)
        pd_redis_end_value(c, h);
    return (uint32_t)n + 2;
}

/* An aggregate begins, or an attribute. */
static void take_aggregate(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head)
{
    struct pd_redis_conn *s = pd_state(c);
    uint64_t n = pd_redis_children(head);

    if (head->streamed) {
        if (__builtin_add_overflow(s->streams, 1, &s->streams))
            pd_bad(c, h, "nested too deep");
        return;
    }
    if (s->streams)
        return;
    if (n > UINT32_MAX || __builtin_add_overflow(s->values, (uint32_t)n, &s->values)) {
        pd_bad(c, h, "too many values");
        return;
    }
    if (head->type != '|')
        pd_redis_end_value(c, h);
    else if (s->values == 1)
        s->attribute = false; /* an empty one */
}

static void take_scalar(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_slice text = head->text;

    if (s->items && (head->null || head->type == '_')) {
        s->item++;
        if (s->oneway)
            pd_redis_args_add(pd_current(c, PD_S2C), PD_SLICE("(nil)"), 5);
    } else if (s->items) {
        uint64_t full = text.len;
        if (text.len > SHORT_MAX)
            text.len = SHORT_MAX;
        pd_redis_item(c, h, text, full, head->type == ':' ? &head->n : NULL);
    }
    if (!h->lost)
        pd_redis_end_value(c, h);
}

static bool is_resp3(uint8_t type)
{
    return type != '+' && type != '-' && type != ':' && type != '$' && type != '*';
}

/* A value's head has passed; in: what follows. Returns what was used of it. */
uint32_t pd_redis_take(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head,
                       struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    bool top = pd_redis_is_next_top(s) && head->type != '|';

    if (is_resp3(head->type))
        s->resp3 = true;
    if (s->chunks != (head->type == ';')) {
        pd_bad(c, h, "a text in pieces");
        return 0;
    }
    if (head->type == '>') { /* pushes come between replies */
        pd_bad(c, h, "a push within a reply");
        return 0;
    }
    if (top)
        pd_redis_take_top(c, s, head);
    else if (head->type == '|' && !s->top && !s->streams)
        s->attribute = true;
    if (head->type == '.') {
        if (!s->streams) {
            pd_bad(c, h, "an end without a beginning");
            return 0;
        }
        s->streams--;
        pd_redis_end_value(c, h);
        return 0;
    }
    if (head->type == '$' && head->streamed) {
        s->chunks = true;
        return 0;
    }
    if (pd_redis_is_bulk(head))
        return take_bulk(c, h, head, top, in);
    if (pd_redis_is_aggregate(head))
        take_aggregate(c, h, head);
    else
        take_scalar(c, h, head);
    return 0;
}
