/* request.c: what the client sends: commands as arrays of bulk strings, or inline as a line of words. While
 * whole commands or arguments lie in the slice they are read where they stand, many commands in one step;
 * what is cut by a segment's end takes the slow way, and comes back. */
#include "protocol/redis/request.h"

enum state {
    S_COMMANDS = PD_REDIS_S_REQUEST, /* arguments, or the next command when none are to come */
    S_COUNT,                         /* `*3` */
    S_NAME_LENGTH,                   /* `$3` of the command's name */
    S_NAME,                          /* the name with its line's end */
    S_LENGTH,                        /* `$3` of an argument */
    S_ARG,                           /* what is looked at of an argument */
    S_ARG_END,                       /* the argument has passed */
    S_SKIPPED,                       /* the same, and nobody looked */
    S_BREAK,                         /* the line's end behind it */
    S_INLINE = PD_REDIS_S_INLINE     /* an inline command in pieces */
};

enum { EARLY_ARGS = 8, WHOLE_ARGS = 8 };

static void commands(struct pd_half *h)
{
    pd_feed(h, S_COMMANDS, PD_ENDLESS);
}

/* --- arguments --- */

/* Is the next argument looked at? Beyond the room for text only where a key or a password may stand. */
static bool looks(struct pd_conn *c, struct pd_half *h)
{
    const struct pd_redis_conn *s = pd_state(c);
    const struct pd_redis *f = pd_fields(pd_current(c, h->dir));

    return s->arg <= EARLY_ARGS || f->args.len == f->args.full ||
           pd_redis_commands[s->command].key > PD_REDIS_KEY_FIXED;
}

/* An argument of n bytes of which not all are in the slice. */
static void await_argument(struct pd_conn *c, struct pd_half *h, uint64_t n)
{
    if (!looks(c, h)) {
        pd_skip(h, S_SKIPPED, n);
        return;
    }
    pd_frame(h, n, S_ARG_END);
    pd_message(h, S_ARG, n < PD_REDIS_LOOK_MAX ? (uint32_t)n : PD_REDIS_LOOK_MAX);
}

static bool is_length(const struct pd_redis_head *head)
{
    return head->type == '$' && !head->null && !head->streamed;
}

/* `$3`, CR LF, three bytes, CR LF. Returns how many bytes were read; 0: the slow way. */
static uint32_t read_argument(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_head head;
    enum pd_redis_met met = pd_redis_head(in, &head);

    if (met == PD_REDIS_BAD || !is_length(&head)) {
        pd_bad(c, h, "argument without length");
        return 0;
    }
    if (met == PD_REDIS_MORE) {
        pd_line(h, S_LENGTH);
        return 0;
    }
    uint64_t n = (uint64_t)head.n, size = head.size + n + 2;
    if (size > in.len) {
        pd_feed_used(h, head.size);
        await_argument(c, h, n);
        return head.size;
    }
    if (!pd_redis_is_break(in.p + size - 2)) {
        pd_bad(c, h, "argument longer than its length");
        return 0;
    }
    uint32_t look = n < PD_REDIS_LOOK_MAX ? (uint32_t)n : PD_REDIS_LOOK_MAX;
    pd_redis_request_argument(c, h, (struct pd_slice){in.p + head.size, look}, n);
    if (pd_redis_stopped(h))
        return 0;
    pd_feed_used(h, (uint32_t)size);
    if (!((struct pd_redis_conn *)pd_state(c))->args)
        pd_redis_request_end(c, h);
    return (uint32_t)size;
}

/* --- commands --- */

/* The command's name begins at in: `$3`, CR LF, SET, CR LF. MET: *name is it, *size all bytes. */
static enum pd_redis_met read_name(struct pd_slice in, struct pd_slice *name, uint32_t *size)
{
    struct pd_redis_head head;
    enum pd_redis_met met = pd_redis_head(in, &head);

    if (met == PD_REDIS_BAD || (in.len && !is_length(&head)))
        return PD_REDIS_BAD;
    if (met == PD_REDIS_MORE || head.n > PD_REDIS_WORD_MAX || in.len < head.size + (uint32_t)head.n + 2)
        return PD_REDIS_MORE;
    *name = (struct pd_slice){in.p + head.size, (uint32_t)head.n};
    *size = head.size + name->len + 2;
    return pd_redis_is_break(name->p + name->len) ? PD_REDIS_MET : PD_REDIS_BAD;
}

static bool is_count(const struct pd_redis_head *head)
{
    return head->type == '*' && !head->streamed && head->n <= INT32_MAX;
}

/* n bytes that ask nothing, and get no reply. */
static uint32_t read_nothing(struct pd_conn *c, struct pd_half *h, uint32_t n)
{
    pd_feed_used(h, n);
    pd_understood(c, n);
    return n;
}

/* A command begins at in, or an empty line. Returns how many bytes were read; 0: the slow way. */
static uint32_t read_command(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_head head;
    struct pd_slice name;
    uint32_t size = 0;

    if (in.p[0] != '*') {
        if (in.p[0] == '\r' || in.p[0] == '\n')
            return read_nothing(c, h, 1);
        if ((in.p[0] >= ' ' && in.p[0] < 0x7f) || in.p[0] == '\t')
            return pd_redis_read_line(c, h, in);
        pd_bad(c, h, "no command");
        return 0;
    }
    enum pd_redis_met met = pd_redis_head(in, &head);
    if (met == PD_REDIS_MET && is_count(&head)) {
        if (head.null || head.n == 0)
            return read_nothing(c, h, head.size);
        met = read_name((struct pd_slice){in.p + head.size, in.len - head.size}, &name, &size);
    } else if (met == PD_REDIS_MET) {
        met = PD_REDIS_BAD;
    }
    if (met == PD_REDIS_BAD)
        pd_bad(c, h, "no command");
    if (met == PD_REDIS_MORE)
        pd_line(h, S_COUNT);
    if (met != PD_REDIS_MET)
        return 0;
    pd_redis_request_begin(c, h, name, (uint32_t)head.n);
    if (pd_redis_stopped(h))
        return 0;
    pd_feed_used(h, head.size + size);
    if (head.n == 1)
        pd_redis_request_end(c, h);
    return head.size + size;
}

/* A command of few and short arguments that lies whole in the slice, as nearly all do. Returns how many bytes
 * were read; 0: it is another one, or is read piece by piece. */
static uint32_t read_whole(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    const uint8_t *end = in.p + in.len, *p;
    struct pd_slice argv[WHOLE_ARGS];
    uint32_t argc, n;

    p = pd_redis_short_head('*', in.p, end, &argc);
    if (!p || argc == 0 || argc > WHOLE_ARGS)
        return 0;
    for (uint32_t i = 0; i < argc; i++) {
        p = pd_redis_short_head('$', p, end, &n);
        if (!p || n > PD_REDIS_LOOK_MAX || n + 2 > (size_t)(end - p) || !pd_redis_is_break(p + n))
            return 0;
        argv[i] = (struct pd_slice){p, n};
        p += n + 2;
    }
    n = (uint32_t)(p - in.p);
    return pd_redis_request_whole(c, h, argv, argc, n) ? n : 0;
}

/* As many whole arguments and commands as the slice has. */
static uint32_t read_commands(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    uint32_t used = 0, n;

    do {
        n = s->args ? 0 : read_whole(c, h, in);
        if (!n)
            n = s->args ? read_argument(c, h, in) : read_command(c, h, in);
        in.p += n;
        in.len -= n;
        used += n;
    } while (in.len && h->want == PD_W_NONE && !pd_redis_stopped(h));
    return used;
}

/* --- the slow way --- */

static void read_count(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_redis_head head;

    if (h->cut || pd_redis_head(line, &head) != PD_REDIS_MET || !is_count(&head)) {
        pd_bad(c, h, "no command");
    } else if (head.null || head.n == 0) {
        pd_understood(c, head.size);
        commands(h);
    } else {
        pd_defer(c, h);
        s->args = (uint32_t)head.n;
        pd_line(h, S_NAME_LENGTH);
    }
}

static void read_length(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct pd_redis_conn *s = pd_state(c);
    struct pd_redis_head head;

    if (h->cut || pd_redis_head(line, &head) != PD_REDIS_MET || !is_length(&head)) {
        pd_bad(c, h, "argument without length");
    } else if (h->state == S_LENGTH) {
        await_argument(c, h, (uint64_t)head.n);
    } else if (head.n <= PD_REDIS_WORD_MAX) {
        pd_bytes(h, S_NAME, (uint8_t)(head.n + 2));
    } else { /* no command has such a name */
        pd_redis_request_begin(c, h, (struct pd_slice){0}, s->args);
        if (pd_redis_stopped(h))
            return;
        s->args++;
        s->arg = 0;
        pd_skip(h, S_SKIPPED, (uint64_t)head.n);
    }
}

static void read_slow_name(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!pd_redis_is_break(in.p + in.len - 2)) {
        pd_bad(c, h, "no command");
        return;
    }
    pd_redis_request_begin(c, h, (struct pd_slice){in.p, in.len - 2}, s->args);
    if (pd_redis_stopped(h))
        return;
    if (!s->args)
        pd_redis_request_end(c, h);
    commands(h);
}

static void read_break(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (!pd_redis_is_break(in.p)) {
        pd_bad(c, h, "argument longer than its length");
        return;
    }
    if (!((struct pd_redis_conn *)pd_state(c))->args)
        pd_redis_request_end(c, h);
    commands(h);
}

/* What is looked at of an argument; a gap may have fallen into it. */
static void read_part(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (h->holed)
        ((struct pd_redis_conn *)pd_state(c))->holed_c = true;
    pd_redis_request_argument(c, h, in, h->size + h->frame);
    if (!pd_redis_stopped(h))
        pd_frame_rest(h);
}

uint32_t pd_redis_request_step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    switch ((enum state)h->state) {
    case S_COMMANDS:
        return read_commands(c, h, in);
    case S_INLINE:
        return pd_redis_read_line(c, h, in);
    case S_COUNT:
        read_count(c, h, in);
        break;
    case S_NAME_LENGTH:
    case S_LENGTH:
        read_length(c, h, in);
        break;
    case S_NAME:
        read_slow_name(c, h, in);
        break;
    case S_ARG:
        read_part(c, h, in);
        break;
    case S_ARG_END:
        if (h->holed) /* a gap took it all */
            pd_redis_request_unseen(c, h);
        pd_bytes(h, S_BREAK, 2);
        break;
    case S_SKIPPED:
        pd_redis_request_unseen(c, h);
        pd_bytes(h, S_BREAK, 2);
        break;
    case S_BREAK:
        read_break(c, h, in);
        break;
    }
    return 0;
}

void pd_redis_request_start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!s->started_c && pd_conn_from_start(c))
        s->mode_known = true;
    s->started_c = true;
    s->args = 0;
    pd_redis_drop_line(c, s);
    commands(h);
}

void pd_redis_request_lost(struct pd_conn *c)
{
    struct pd_redis_conn *s = pd_state(c);

    pd_redis_drop_line(c, s);
    s->mode = PD_REDIS_ON;
    s->mode_known = s->multi = s->others = false;
    s->monitoring = true; /* perhaps */
    s->started_c = true;
    s->db = -1;
    s->era++;
}
