/* header.c: what is done with a whole header: a few say what follows the head, those that are wanted are
 * kept. Lengths that are said twice are compared here, because llhttp refuses even equal ones. */
#include "protocol/http/head.h"

static struct pd_slice slice_of(const char *p, size_t n)
{
    return (struct pd_slice){(const uint8_t *)p, (uint32_t)n};
}

/* --- headers that matter here --- */

static bool holds(struct pd_slice s, const char *lower)
{
    size_t n = strlen(lower);

    for (uint32_t i = 0; i + n <= s.len; i++)
        if (pd_slice_eq_lower((struct pd_slice){s.p + i, (uint32_t)n}, slice_of(lower, n)))
            return true;
    return false;
}

static bool starts(struct pd_slice s, const char *lower)
{
    size_t n = strlen(lower);

    return s.len >= n && pd_slice_eq_lower((struct pd_slice){s.p, (uint32_t)n}, slice_of(lower, n));
}

static void saw_host(struct pd_http_head *head, struct pd_slice value, const struct pd_pair *kept)
{
    struct pd_http *f = pd_fields(head->rec);

    if (head->parser.type != HTTP_REQUEST || head->has_host)
        return;
    head->has_host = true;
    if (value.len == 0)
        return;
    if (kept)
        f->host = kept->value;
    else
        pd_text_set(head->rec, &f->host, value, PD_HTTP_HOST_MAX);
}

static void saw_upgrade(struct pd_http_head *head, struct pd_slice value, const struct pd_pair *kept)
{
    (void)kept;
    head->framing.websocket = starts(value, "websocket");
    head->framing.h2c = holds(value, "h2c");
}

static void saw_content_type(struct pd_http_head *head, struct pd_slice value, const struct pd_pair *kept)
{
    (void)kept;
    if (!head->options->body)
        return; /* nobody asks */
    const uint8_t *end = value.len ? memchr(value.p, ';', value.len) : NULL;
    if (end)
        value.len = (uint32_t)(end - value.p);
    head->framing.text = starts(value, "text/") || holds(value, "/json") || holds(value, "+json");
}

static void saw_content_encoding(struct pd_http_head *head, struct pd_slice value, const struct pd_pair *kept)
{
    (void)kept;
    head->framing.encoded = !pd_slice_eq_lower(value, PD_SLICE("identity"));
}

static void saw_content_length(struct pd_http_head *head, struct pd_slice value, const struct pd_pair *kept)
{
    struct pd_http_framing *f = &head->framing;
    uint64_t length = head->parser.content_length;

    (void)value; /* llhttp has read the number */
    (void)kept;
    f->conflict = f->conflict || (f->has_length && f->length != length);
    f->length = length;
    f->has_length = true;
    /* As if it had not been seen, or llhttp would refuse an equal one. */
    head->parser.content_length = 0;
    head->parser.flags &= (uint16_t)~F_CONTENT_LENGTH;
}

/* Of names, the bit that makes letters lower case tells nothing else apart. */
static inline bool same_bytes(const void *a, const void *b, size_t n)
{
    uint64_t x = 0, y = 0;

    memcpy(&x, a, n);
    memcpy(&y, b, n);
    return ((x ^ y) & ~UINT64_C(0x2020202020202020)) == 0;
}

/* Is this the name? It has four bytes or more. Words may overlap. */
static bool same_name(struct pd_slice name, const char *lower)
{
    enum { WORD = 8, HALF = 4 };
    uint32_t i = 0;

    if (name.len < WORD)
        return same_bytes(name.p, lower, HALF) &&
               same_bytes(name.p + name.len - HALF, lower + name.len - HALF, HALF);
    while (i + WORD < name.len && same_bytes(name.p + i, lower + i, WORD))
        i += WORD;
    return i + WORD >= name.len && same_bytes(name.p + name.len - WORD, lower + name.len - WORD, WORD);
}

static bool plain_number(struct pd_slice s, uint64_t *out)
{
    enum { DIGITS = 18 }; /* so many fit in any case */
    uint64_t n = 0;

    if (!s.len || s.len > DIGITS)
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        n = n * 10 + s.p[i] - '0';
    }
    *out = n;
    return true;
}

bool pd_http_knows(struct pd_http_head *head, const struct pd_http_line *line)
{
    static const char length[] = "content-length", coding[] = "transfer-encoding";

    if (line->name.len == sizeof length - 1 && same_name(line->name, length))
        return plain_number(line->value, &head->parser.content_length);
    return line->name.len != sizeof coding - 1 || !same_name(line->name, coding);
}

static void know(struct pd_http_head *head, struct pd_slice name, struct pd_slice value,
                 const struct pd_pair *kept)
{
    static const struct {
        const char *name;
        void (*saw)(struct pd_http_head *, struct pd_slice value, const struct pd_pair *kept);
    } known[] = {
        [4] = {"host", saw_host},
        [7] = {"upgrade", saw_upgrade},
        [12] = {"content-type", saw_content_type},
        [14] = {"content-length", saw_content_length},
        [16] = {"content-encoding", saw_content_encoding},
    };

    if (name.len < sizeof known / sizeof known[0] && known[name.len].saw &&
        same_name(name, known[name.len].name))
        known[name.len].saw(head, value, kept);
}

static bool named(const struct pd_names *names, struct pd_slice name)
{
    for (unsigned i = 0; i < names->count; i++)
        if (pd_slice_eq_lower(name, slice_of(names->name[i], strlen(names->name[i]))))
            return true;
    return false;
}

static inline void trim(struct pd_slice *s)
{
    while (s->len && (s->p[s->len - 1] == ' ' || s->p[s->len - 1] == '\t'))
        s->len--;
}

/* The slices are what is kept at most; `full` is what the wire had. */
static inline void header(struct pd_http_head *head, struct pd_slice name, struct pd_slice value,
                          uint32_t name_full, uint32_t value_full)
{
    const struct pd_names *names = &head->options->headers;
    struct pd_pair *kept = NULL;

    if ((names->all || named(names, name)) && !pd_rec_is_void(head->rec))
        kept = pd_list_header(head->rec, &pd_http_head_side(head)->headers, PD_HTTP_HEADERS_MAX, name, value,
                              PD_HTTP_VALUE_MAX);
    if (kept && name_full > name.len)
        kept->name.full = name_full;
    if (kept && value_full > value.len)
        kept->value.full = value_full;
    know(head, name, value, kept);
}

void pd_http_header_pieces(struct pd_http_head *head)
{
    struct pd_http_part *n = &head->name, *v = &head->value;
    struct pd_slice name = slice_of(n->p, n->len), value = slice_of(v->p, v->len);

    if (n->len == n->full)
        trim(&name);
    if (v->len == v->full)
        trim(&value);
    header(head, name, value, n->len == n->full ? name.len : n->full,
           v->len == v->full ? value.len : v->full);
    *n = *v = (struct pd_http_part){0};
}

void pd_http_header_line(struct pd_http_head *head, const struct pd_http_line *line)
{
    struct pd_slice name = line->name, value = line->value;

    if (name.len > PD_HTTP_NAME_MAX)
        name.len = PD_HTTP_NAME_MAX;
    if (value.len > PD_HTTP_VALUE_MAX) {
        value.len = PD_HTTP_VALUE_MAX;
        header(head, name, value, line->name.len, line->value.len);
    } else {
        trim(&value);
        header(head, name, value, line->name.len, value.len);
    }
}
