/* reply.c: what the server sends. A reply is one value, nested to any depth: all that is kept of the nesting
 * is how many values are still owed. An aggregate without a length (`*?`) ends with a `.`; within one nothing
 * has to be counted but how many are open, as each `.` ends the innermost. */
#include "protocol/redis/reply.h"

static void replies(struct pd_half *h)
{
    pd_feed(h, PD_REDIS_S_REPLIES, PD_ENDLESS);
}

/* --- the first value of a reply --- */

/* A push, or an array that may be one, begins; its elements are counted. */
static void begin_worded(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head,
                         struct pd_slice word)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!pd_redis_word_begin(c, h, head->type, (uint32_t)head->n, word))
        pd_redis_response(c, h);
    pd_redis_open_reply(s, (uint32_t)head->n);
    pd_redis_take_top(c, s, head);
    s->resp3 |= head->type == '>';
}

/* Its first word, of which `in` is the beginning. MET with no word: it has none. */
static enum pd_redis_met first_word(struct pd_slice in, struct pd_slice *word)
{
    struct pd_redis_head head;
    enum pd_redis_met met = pd_redis_head(in, &head);

    *word = (struct pd_slice){0};
    if (met != PD_REDIS_MET || head.type != '$' || !pd_redis_is_bulk(&head) || head.n > PD_REDIS_WORD_MAX)
        return met;
    if ((uint64_t)head.n + 2 > in.len - head.size)
        return PD_REDIS_MORE;
    *word = (struct pd_slice){in.p + head.size, (uint32_t)head.n};
    return PD_REDIS_MET;
}

static void open_line(struct pd_redis_conn *s)
{
    pd_redis_open_reply(s, 1);
    s->top = '+';
}

/* The reply begins with a head that is in the slice, and begins here. Returns what was used; 0: the slow way.
 */
static uint32_t read_first(struct pd_conn *c, struct pd_half *h, const struct pd_redis_head *head,
                           struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_slice rest = {in.p + head->size, in.len - head->size}, word = {0};

    if (head->type == '+' && head->text.len && pd_redis_monitor_begin(c, h, head->text.p[0])) {
        open_line(s);
        pd_text_set(pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->args, head->text, PD_REDIS_ARGS_MAX);
        pd_feed_used(h, head->size);
        pd_redis_end_value(c, h);
        return head->size;
    }
    if (!pd_redis_worded(c, head)) {
        pd_redis_begin_reply(c, h);
        pd_feed_used(h, head->size);
        return head->size + pd_redis_take(c, h, head, rest);
    }
    enum pd_redis_met met = head->n ? first_word(rest, &word) : PD_REDIS_MET;
    if (met == PD_REDIS_BAD)
        pd_bad(c, h, "no value");
    else if (met == PD_REDIS_MORE)
        pd_line(h, PD_REDIS_S_HEAD);
    if (met != PD_REDIS_MET)
        return 0;
    begin_worded(c, h, head, word);
    pd_feed_used(h, head->size);
    if (!s->values)
        pd_redis_end_reply(c, h);
    return head->size;
}

/* SYNC is answered with the stream itself. A master sends line feeds while it prepares it. */
static uint32_t read_stream(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    int kind = in.p[0] == '\n' || in.p[0] == '$' ? pd_expected(c) : -1;

    if (in.p[0] == '\n' && (kind == PD_REDIS_SYNC || kind == PD_REDIS_PSYNC)) {
        pd_feed_used(h, 1);
        return 1;
    }
    if (in.p[0] != '$' || kind != PD_REDIS_SYNC)
        return 0;
    pd_redis_begin_reply(c, h);
    pd_redis_take_top(c, pd_state(c), &(struct pd_redis_head){.type = '$'});
    ((struct pd_redis_conn *)pd_state(c))->simple = PD_REDIS_SAYS_STREAM;
    pd_feed_used(h, 1);
    pd_redis_end_reply(c, h);
    return 1;
}

/* The line is cut off by the slice's end. What is kept of long lines takes a way of its own. */
static uint32_t read_slow(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);

    if (in.p[0] == '-' && pd_redis_is_next_top(s)) {
        if (pd_redis_is_between(s))
            pd_redis_begin_reply(c, h);
        pd_redis_take_top(c, s, &(struct pd_redis_head){.type = '-', .text = PD_SLICE("")});
        pd_feed_used(h, 1);
        pd_redis_reply_fields(c)->error = (struct pd_text){0};
        pd_until(h, PD_REDIS_S_ERROR, '\n', pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->error,
                 PD_REDIS_ERROR_MAX);
        return 1;
    }
    if (in.p[0] == '+' && pd_redis_is_between(s) && s->monitoring) {
        if (in.len < 2) {
            pd_bytes(h, PD_REDIS_S_PLUS, 2);
            return 0;
        }
        if (pd_redis_monitor_begin(c, h, in.p[1])) {
            open_line(s);
            pd_feed_used(h, 1);
            pd_until(h, PD_REDIS_S_LINE, '\n', pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->args,
                     PD_REDIS_ARGS_MAX);
            return 1;
        }
    }
    pd_line(h, PD_REDIS_S_HEAD);
    return 0;
}

/* Where a whole value of the usual kinds ends, OK, a number, a text or none; NULL: it is another one. */
static const uint8_t *usual_end(struct pd_slice in, const char **type)
{
    static const char ok[] = "+OK\r\n", none[] = "$-1\r\n";
    enum { SHORT = sizeof ok - 1 };
    const uint8_t *end = in.p + in.len, *p;
    uint32_t n;

    if ((p = pd_redis_short_head('$', in.p, end, &n))) {
        *type = "bulk_string";
        return n + 2 <= (size_t)(end - p) && pd_redis_is_break(p + n) ? p + n + 2 : NULL;
    }
    if ((p = pd_redis_short_head(':', in.p, end, &n))) {
        *type = "integer";
        return p;
    }
    if (in.len < SHORT)
        return NULL;
    *type = in.p[0] == '+' ? "simple_string" : "null";
    return memcmp(in.p, in.p[0] == '+' ? ok : none, SHORT) == 0 ? in.p + SHORT : NULL;
}

/* The reply is such a value, and changes nothing of the connection's state. Returns what was used; 0: it is
 * read the long way. */
static uint32_t read_usual(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    const char *type;
    const uint8_t *end = pd_expected(c) == PD_REDIS_OTHER ? usual_end(in, &type) : NULL;

    if (!end)
        return 0;
    pd_redis_response(c, h);
    pd_text_static(&pd_redis_reply_fields(c)->type, type);
    pd_feed_used(h, (uint32_t)(end - in.p));
    pd_response_end(c, h);
    return (uint32_t)(end - in.p);
}

static uint32_t read_value(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_redis_head head;

    if (pd_redis_is_between(s)) {
        uint32_t n = read_usual(c, h, in);
        if (!n)
            n = read_stream(c, h, in);
        if (n)
            return n;
    }
    switch (pd_redis_head(in, &head)) {
    case PD_REDIS_BAD:
        pd_bad(c, h, "no value");
        return 0;
    case PD_REDIS_MORE:
        return read_slow(c, h, in);
    case PD_REDIS_MET:
        break;
    }
    if (pd_redis_is_between(s))
        return read_first(c, h, &head, in);
    pd_feed_used(h, head.size);
    return head.size + pd_redis_take(c, h, &head, (struct pd_slice){in.p + head.size, in.len - head.size});
}

/* As many values as the slice has. */
static uint32_t read_replies(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint32_t used = 0, n;

    do {
        n = read_value(c, h, in);
        in.p += n;
        in.len -= n;
        used += n;
    } while (in.len && h->want == PD_W_NONE && !pd_redis_stopped(h));
    return used;
}

/* --- the slow way --- */

/* Back to where whole values are read, unless something else is wanted. */
static void go_on(struct pd_half *h)
{
    if (h->want == PD_W_NONE && !pd_redis_stopped(h))
        replies(h);
}

/* A line of which the token may hold the beginning only. */
static bool slow_head(const struct pd_half *h, struct pd_slice line, struct pd_redis_head *head)
{
    if (!h->cut)
        return pd_redis_head(line, head) == PD_REDIS_MET;
    *head = (struct pd_redis_head){.type = line.p[0], .text = {line.p + 1, line.len - 1}};
    bool number = line.p[1] == '-' || line.p[1] == '+' || (line.p[1] >= '0' && line.p[1] <= '9');
    return line.p[0] == '+' || line.p[0] == '-' || (line.p[0] == '(' && number);
}

static void read_head(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_redis_head head;

    if (!slow_head(h, line, &head)) {
        pd_bad(c, h, "no value");
        return;
    }
    if (pd_redis_is_between(s) && pd_redis_worded(c, &head) && head.n) {
        pd_defer(c, h);
        s->top = head.type;
        s->values = (uint32_t)head.n;
        pd_line(h, PD_REDIS_S_WORD_LENGTH);
        return;
    }
    if (pd_redis_is_between(s) && head.type == '>') {
        begin_worded(c, h, &head, (struct pd_slice){0});
        pd_redis_end_reply(c, h);
    } else {
        if (pd_redis_is_between(s))
            pd_redis_begin_reply(c, h);
        pd_redis_take(c, h, &head, (struct pd_slice){0});
    }
    go_on(h);
}

/* What read_head() left of the head. */
static struct pd_redis_head put_off(const struct pd_redis_conn *s)
{
    return (struct pd_redis_head){.type = s->top, .n = s->values};
}

static void read_word_length(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct pd_redis_head first, head = put_off(pd_state(c));

    if (!slow_head(h, line, &first)) {
        pd_bad(c, h, "no value");
        return;
    }
    if (first.type == '$' && pd_redis_is_bulk(&first) && first.n <= PD_REDIS_WORD_MAX) {
        pd_bytes(h, PD_REDIS_S_WORD, (uint8_t)(first.n + 2));
        return;
    }
    begin_worded(c, h, &head, (struct pd_slice){0});
    pd_redis_take(c, h, &first, (struct pd_slice){0});
    go_on(h);
}

static void read_word(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_redis_head head = put_off(s);
    struct pd_slice word = {in.p, in.len - 2};

    if (!pd_redis_is_break(in.p + word.len)) {
        pd_bad(c, h, "text longer than its length");
        return;
    }
    begin_worded(c, h, &head, word);
    if (s->items)
        pd_redis_item(c, h, word, word.len, NULL);
    pd_redis_end_value(c, h);
    go_on(h);
}

static void read_plus(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);

    if (pd_redis_monitor_begin(c, h, in.p[1])) {
        open_line(s);
        pd_text_set(pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->args, (struct pd_slice){in.p + 1, 1},
                    PD_REDIS_ARGS_MAX);
        pd_until(h, PD_REDIS_S_LINE, '\n', pd_current(c, PD_S2C), &pd_redis_reply_fields(c)->args,
                 PD_REDIS_ARGS_MAX);
        return;
    }
    pd_redis_begin_reply(c, h);
    s->item = in.p[1];
    pd_line(h, PD_REDIS_S_SIMPLE);
}

/* The rest of a simple string, behind its first character. */
static void read_simple(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    uint8_t whole[PD_CARRY + 2] = {'+', ((struct pd_redis_conn *)pd_state(c))->item};
    struct pd_redis_head head;

    memcpy(whole + 2, line.p, line.len);
    if (!slow_head(h, (struct pd_slice){whole, line.len + 2}, &head))
        pd_bad(c, h, "no value");
    else
        pd_redis_take(c, h, &head, (struct pd_slice){0});
    go_on(h);
}

/* A text that ended with a line feed, without the carriage return before it. */
static void trim(struct pd_text *t)
{
    bool cut = t->len < t->full;

    if (cut || (t->len && t->s[t->len - 1] == '\r'))
        t->full--;
    if (t->len > t->full)
        t->len = (uint16_t)t->full;
}

static void read_break(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (!pd_redis_is_break(in.p))
        pd_bad(c, h, "text longer than its length");
    else if (!((struct pd_redis_conn *)pd_state(c))->chunks)
        pd_redis_end_value(c, h);
    go_on(h);
}

/* What is looked at of a push's text; a gap may have fallen into it. */
static void read_item(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (h->holed)
        ((struct pd_redis_conn *)pd_state(c))->holed_s = true;
    pd_redis_item(c, h, in, h->size + h->frame, NULL);
    if (!h->lost)
        pd_frame_rest(h);
}

uint32_t pd_redis_reply_step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    switch ((enum pd_redis_reply_state)h->state) {
    case PD_REDIS_S_REPLIES:
        return read_replies(c, h, in);
    case PD_REDIS_S_HEAD:
        read_head(c, h, in);
        break;
    case PD_REDIS_S_PLUS:
        read_plus(c, h, in);
        break;
    case PD_REDIS_S_SIMPLE:
        read_simple(c, h, in);
        break;
    case PD_REDIS_S_LINE:
    case PD_REDIS_S_ERROR:
        trim(h->state == PD_REDIS_S_LINE ? &pd_redis_reply_fields(c)->args
                                         : &pd_redis_reply_fields(c)->error);
        pd_redis_end_value(c, h);
        go_on(h);
        break;
    case PD_REDIS_S_WORD_LENGTH:
        read_word_length(c, h, in);
        break;
    case PD_REDIS_S_WORD:
        read_word(c, h, in);
        break;
    case PD_REDIS_S_ITEM:
        read_item(c, h, in);
        break;
    case PD_REDIS_S_ITEM_END:
        if (h->holed) /* a gap took it all */
            ((struct pd_redis_conn *)pd_state(c))->item++;
        pd_bytes(h, PD_REDIS_S_BREAK, 2);
        break;
    case PD_REDIS_S_BULK:
    case PD_REDIS_S_ERROR_BULK:
        pd_bytes(h, PD_REDIS_S_BREAK, 2);
        break;
    case PD_REDIS_S_BREAK:
        read_break(c, h, in);
        break;
    }
    return 0;
}

void pd_redis_reply_start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!s->started_s && pd_conn_from_start(c))
        s->subs_known = true;
    s->started_s = true;
    pd_redis_open_reply(s, 0);
    s->oneway = s->items = false;
    replies(h);
}

void pd_redis_reply_lost(struct pd_conn *c)
{
    struct pd_redis_conn *s = pd_state(c);

    s->started_s = true;
    s->subs[0] = s->subs[1] = s->subs[2] = 0;
    s->subs_known = s->resp3 = s->multi_select = s->multi_sub = false;
    s->monitoring = true; /* perhaps */
    s->guesses = 0;
    s->db = -1;
    s->era++;
}
