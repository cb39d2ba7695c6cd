/* inline.c: commands as a line of words, which one types into telnet: words are cut as the server cuts them.
 * A line that comes in pieces waits in a lent buffer, and begins with its first byte. */
#include "protocol/redis/request.h"

enum { LINE_FIRST = 2048 };

void pd_redis_drop_line(struct pd_conn *c, struct pd_redis_conn *s)
{
    if (s->line)
        pd_give_back(c, s->line, s->line->cap + (uint32_t)sizeof *s->line);
    s->line = NULL;
}

/* Reads the words of a whole line; `used` bytes of the slice are its last ones. False: it was no command. */
static bool read_words(struct pd_conn *c, struct pd_half *h, struct pd_slice line, uint32_t used)
{
    char name[PD_REDIS_WORD_MAX], word[PD_REDIS_LOOK_MAX];
    struct pd_slice rest = line;
    uint32_t len, full, argc = 0;
    int more;

    while ((more = pd_redis_split(&rest, word, 0, &len, &full)) > 0)
        argc++;
    if (!argc && !more) {
        pd_feed_used(h, used);
        return false;
    }
    (void)pd_redis_split(&line, name, sizeof name, &len, &full);
    struct pd_slice first = {(const uint8_t *)name, len == full ? len : 0};
    if (pd_slice_eq_lower(first, PD_SLICE("post")) || pd_slice_eq_lower(first, PD_SLICE("host:"))) {
        pd_bad(c, h, "HTTP"); /* the server closes, too */
        return false;
    }
    pd_redis_request_begin(c, h, first, more < 0 ? 0 : argc);
    while (!pd_redis_stopped(h) && ((struct pd_redis_conn *)pd_state(c))->args) {
        (void)pd_redis_split(&line, word, sizeof word, &len, &full);
        pd_redis_request_argument(c, h, (struct pd_slice){(const uint8_t *)word, len}, full);
    }
    if (pd_redis_stopped(h))
        return false;
    pd_feed_used(h, used);
    pd_redis_request_end(c, h);
    return true;
}

static struct pd_slice without_cr(struct pd_slice line)
{
    if (line.len && line.p[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* A whole line without its line feed. */
static void read_line(struct pd_conn *c, struct pd_half *h, struct pd_slice line, uint32_t used)
{
    if (!read_words(c, h, without_cr(line), used) && !pd_redis_stopped(h))
        pd_understood(c, line.len + 1); /* blank */
}

/* More of the line comes; false: it is too long. */
static bool keep_line(struct pd_conn *c, struct pd_redis_conn *s, struct pd_slice in)
{
    struct pd_redis_line *old = s->line, *line = old;
    uint32_t len = old ? old->len : 0, head = (uint32_t)sizeof *line;

    if (in.len > PD_REDIS_LINE_MAX - len)
        return false;
    if (!old || len + in.len > old->cap) {
        uint32_t size = len + in.len + head <= LINE_FIRST ? LINE_FIRST : PD_REDIS_LINE_MAX + head;
        line = pd_lend(c, size);
        if (!line)
            return false;
        line->cap = size - head;
        if (len)
            memcpy(line->bytes, old->bytes, len);
        pd_redis_drop_line(c, s);
    }
    memcpy(line->bytes + len, in.p, in.len);
    line->len = len + in.len;
    s->line = line;
    return true;
}

/* An inline command, or more of one. Blank lines are nothing. */
uint32_t pd_redis_read_line(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);
    const uint8_t *end_of = memchr(in.p, '\n', in.len);
    uint32_t n = end_of ? (uint32_t)(end_of - in.p) : in.len;

    if (end_of && !s->line) {
        read_line(c, h, (struct pd_slice){in.p, n}, n + 1);
        return n + 1;
    }
    if (!s->line)
        pd_defer(c, h);
    if (!keep_line(c, s, (struct pd_slice){in.p, n})) {
        pd_bad(c, h, "line too long");
        return 0;
    }
    if (!end_of) {
        pd_feed(h, PD_REDIS_S_INLINE, PD_ENDLESS);
        return n;
    }
    read_line(c, h, (struct pd_slice){s->line->bytes, s->line->len}, n + 1);
    if (!pd_redis_stopped(h)) {
        pd_redis_drop_line(c, s);
        h->deferred = false; /* of a blank line */
        pd_feed(h, PD_REDIS_S_REQUEST, PD_ENDLESS);
    }
    return n + 1;
}
