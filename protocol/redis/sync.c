/* sync.c: where do RESP messages begin? Commands are arrays of bulk strings, which nothing else looks like;
 * replies are believed as far as they say more than a line of text does. Inline commands look like every
 * other protocol of lines: they count where the port says Redis, or when the answer is RESP too, and only as
 * commands that exist, with as many arguments as they take. */
#include "protocol/redis/redis.h"

enum { MESSAGES = 8, ARGUMENTS = 64, COUNT_MAX = 1 << 20, WAIT_FOR = PD_CARRY, LINE_SEEN = 512 };

struct found {
    bool certain; /* as sure as bytes can make it */
    bool cut;     /* its end is not in the slice */
};

static bool is_word(struct pd_slice s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i], low = c | 0x20;
        if (!(low >= 'a' && low <= 'z') &&
            !(i > 0 && (c == '.' || c == '_' || c == '-' || (c >= '0' && c <= '9'))))
            return false;
    }
    return s.len > 0;
}

static bool arity_fits(uint16_t known, uint64_t argc)
{
    int arity = pd_redis_commands[known].arity;

    return arity >= 0 ? argc == (uint64_t)arity : argc >= (uint64_t)-arity;
}

static void cut_front(struct pd_slice *s, uint64_t n)
{
    s->p += n;
    s->len -= (uint32_t)n;
}

/* A bulk string's text and its end. MORE: the slice ends within. */
static enum pd_redis_met bulk(struct pd_slice *s, uint64_t n, struct pd_slice *text)
{
    if (n + 2 > s->len)
        return n < s->len && s->p[n] != '\r' ? PD_REDIS_BAD : PD_REDIS_MORE;
    *text = (struct pd_slice){s->p, (uint32_t)n};
    if (s->p[n] != '\r' || s->p[n + 1] != '\n')
        return PD_REDIS_BAD;
    cut_front(s, n + 2);
    return PD_REDIS_MET;
}

/* One command, as far as it lies in the slice. */
static enum pd_redis_met command(struct pd_slice *s, struct found *f)
{
    struct pd_redis_head count, length;
    struct pd_slice text;
    enum pd_redis_met met = pd_redis_head(*s, &count);

    if (s->p[0] != '*' || met == PD_REDIS_BAD)
        return PD_REDIS_BAD;
    if (met == PD_REDIS_MORE)
        return met;
    if (count.null || count.streamed || count.n < 1 || count.n > COUNT_MAX)
        return PD_REDIS_BAD;
    cut_front(s, count.size);
    for (int64_t i = 0; i < count.n && i < ARGUMENTS; i++) {
        met = pd_redis_head(*s, &length);
        if (s->len && s->p[0] != '$')
            return PD_REDIS_BAD;
        if (met != PD_REDIS_MET)
            return met;
        if (length.null || length.streamed)
            return PD_REDIS_BAD;
        cut_front(s, length.size);
        met = bulk(s, (uint64_t)length.n, &text);
        if (met != PD_REDIS_MET)
            return met;
        if (i > 0)
            continue;
        uint16_t known = pd_redis_find(text);
        if (!is_word(text))
            return PD_REDIS_BAD;
        f->certain = known && arity_fits(known, (uint64_t)count.n);
        f->cut = true;
    }
    return count.n > ARGUMENTS ? PD_REDIS_MORE : PD_REDIS_MET;
}

static int answer(bool certain, uint8_t *confidence)
{
    *confidence = certain ? PD_CERTAIN : PD_MAYBE;
    return 0;
}

/* Messages up to the slice's end, or so many; what follows one must be another, unless they may be mixed with
 * inline commands. */
static int walk(struct pd_slice s, enum pd_redis_met (*one)(struct pd_slice *, struct found *), bool mixed,
                uint8_t *confidence)
{
    struct found first = {0}, other;
    uint32_t len = s.len;

    for (int i = 0; i < MESSAGES && s.len; i++) {
        enum pd_redis_met met = one(&s, i ? &other : &first);
        if (met == PD_REDIS_BAD && i && mixed)
            break;
        if (met == PD_REDIS_BAD)
            return PD_NO;
        if (met == PD_REDIS_MORE && i == 0 && !first.cut)
            return len < WAIT_FOR ? PD_MORE : PD_NO;
        if (met == PD_REDIS_MORE)
            break;
    }
    return answer(first.certain, confidence);
}

/* --- inline commands --- */

/* Commands that other protocols of lines have too. */
static bool is_common(struct pd_slice name)
{
    static const char *const names[] = {"auth", "quit", "ping", "info", "type",
                                        "time", "echo", "copy", "move"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (pd_slice_eq_lower(name, (struct pd_slice){(const uint8_t *)names[i], (uint32_t)strlen(names[i])}))
            return true;
    return false;
}

static bool is_text(struct pd_slice s)
{
    for (uint32_t i = 0; i < s.len; i++)
        if ((s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\r') || s.p[i] == 0x7f)
            return false;
    return true;
}

static int sync_inline(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    char name[PD_CARRY], rest[1];
    uint32_t len, full, more, argc = 1;
    uint32_t seen = s.len < LINE_SEEN ? s.len : LINE_SEEN;
    const uint8_t *end = memchr(s.p, '\n', seen);
    struct pd_slice line = {s.p, end ? (uint32_t)(end - s.p) : seen};

    if (look->purpose == PD_RECOVER || !is_text(line))
        return PD_NO;
    if (!end)
        return s.len < WAIT_FOR && look->known ? PD_MORE : PD_NO;
    if (pd_redis_split(&line, name, sizeof name, &len, &full) != 1 || len != full)
        return PD_NO;
    struct pd_slice word = {(const uint8_t *)name, len};
    while (pd_redis_split(&line, rest, 0, &more, &full) == 1)
        argc++;
    uint16_t known = pd_redis_find(word);
    if (known && arity_fits(known, argc) && (look->known || !is_common(word)))
        return answer(false, confidence);
    /* A command that nobody knows, or that is wrong: the answer tells whether this is Redis. */
    bool odd = look->known && look->purpose == PD_DETECT && is_word(word) && s.len <= WAIT_FOR;
    return odd ? PD_MORE : PD_NO;
}

static int sync_request(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    while (look->purpose == PD_DETECT && s.len && (s.p[0] == '\r' || s.p[0] == '\n'))
        cut_front(&s, 1);
    if (!s.len)
        return PD_MORE;
    return s.p[0] == '*' ? walk(s, command, look->purpose == PD_DETECT, confidence)
                         : sync_inline(s, look, confidence);
}

/* --- replies --- */

/* Simple strings that servers send, and errors, which begin with a word in capitals. */
static bool usual_line(const struct pd_redis_head *head)
{
    static const struct pd_slice usual[] = {
        {(const uint8_t *)"OK", 2}, {(const uint8_t *)"PONG", 4}, {(const uint8_t *)"QUEUED", 6}};
    uint32_t n = 0;

    for (size_t i = 0; head->type == '+' && i < sizeof usual / sizeof usual[0]; i++)
        if (pd_slice_eq(head->text, usual[i]))
            return true;
    while (n < head->text.len && head->text.p[n] >= 'A' && head->text.p[n] <= 'Z')
        n++;
    return head->type == '-' && n > 1 && n < head->text.len && head->text.p[n] == ' ';
}

/* One value, without what is nested in it: its children follow like values of their own. */
static enum pd_redis_met value(struct pd_slice *s, struct found *f)
{
    struct pd_redis_head head;
    struct pd_slice text;
    enum pd_redis_met met = pd_redis_head(*s, &head);

    *f = (struct found){0};
    if (met != PD_REDIS_MET)
        return met;
    f->cut = true;
    cut_front(s, head.size);
    if (head.type == '+' || head.type == '-')
        return is_text(head.text) ? PD_REDIS_MET : PD_REDIS_BAD;
    if (!pd_redis_is_bulk(&head)) {
        uint8_t next = s->len ? s->p[0] : 0;
        f->certain = pd_redis_children(&head) && next && next != '+' && next != '-';
        return head.n > INT32_MAX && pd_redis_is_aggregate(&head) ? PD_REDIS_BAD : PD_REDIS_MET;
    }
    met = bulk(s, (uint64_t)head.n, &text);
    f->certain = met == PD_REDIS_MET;
    return met;
}

/* An array may be a command as well as a reply: whose it is shows by its first word. */
static bool is_command(struct pd_slice s)
{
    struct found f = {0};

    return s.p[0] == '*' && command(&s, &f) != PD_REDIS_BAD && f.certain;
}

static int sync_reply(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    struct pd_redis_head head;

    if (!s.len)
        return PD_MORE;
    if (s.p[0] == '.' || s.p[0] == ';')
        return PD_NO;
    if (!look->known && (s.p[0] == '+' || s.p[0] == '-') && pd_redis_head(s, &head) == PD_REDIS_MET &&
        !usual_line(&head))
        return PD_NO;
    int at = walk(s, value, false, confidence);
    if (at == 0 && is_command(s))
        *confidence = PD_MAYBE;
    return at;
}

int pd_redis_sync(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    return look->dir == PD_C2S ? sync_request(s, look, confidence) : sync_reply(s, look, confidence);
}
