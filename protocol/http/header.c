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

static void saw_host(struct pd_http_head *head, struct pd_slice value, struct pd_pair *kept)
{
    struct pd_http *f = pd_fields(head->rec);

    if (!head->request || head->has_host)
        return;
    head->has_host = true;
    if (value.len == 0)
        return;
    if (kept && kept->shared)
        pd_text_shared(head->rec, &f->host, pd_shared_of(kept));
    else if (kept)
        f->host = kept->value;
    else
        pd_text_set(head->rec, &f->host, value, PD_HTTP_HOST_MAX);
}

static void saw_upgrade(struct pd_http_head *head, struct pd_slice value)
{
    head->framing.websocket = starts(value, "websocket");
    head->framing.h2c = holds(value, "h2c");
}

static void saw_content_type(struct pd_http_head *head, struct pd_slice value)
{
    if (!head->memo->options->body)
        return; /* nobody asks */
    const uint8_t *end = value.len ? memchr(value.p, ';', value.len) : NULL;
    if (end)
        value.len = (uint32_t)(end - value.p);
    head->framing.text = starts(value, "text/") || holds(value, "/json") || holds(value, "+json");
}

static void saw_content_encoding(struct pd_http_head *head, struct pd_slice value)
{
    head->framing.encoded = !pd_slice_eq_lower(value, PD_SLICE("identity"));
}

static void saw_content_length(struct pd_http_head *head, uint64_t length)
{
    struct pd_http_framing *f = &head->framing;

    f->conflict = f->conflict || (f->has_length && f->length != length);
    f->length = length;
    f->has_length = true;
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

static enum pd_http_meaning meaning_of(struct pd_slice name)
{
    static const struct {
        const char *name;
        enum pd_http_meaning meaning;
    } known[] = {
        [4] = {"host", PD_HTTP_HOST},
        [7] = {"upgrade", PD_HTTP_UPGRADE},
        [12] = {"content-type", PD_HTTP_CONTENT_TYPE},
        [14] = {"content-length", PD_HTTP_CONTENT_LENGTH},
        [16] = {"content-encoding", PD_HTTP_CONTENT_ENCODING},
        [17] = {"transfer-encoding", PD_HTTP_TRANSFER_ENCODING},
    };

    if (name.len < sizeof known / sizeof known[0] && known[name.len].name &&
        same_name(name, known[name.len].name))
        return known[name.len].meaning;
    return PD_HTTP_OTHER;
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

/* With texts of the record's own. */
static inline struct pd_pair *keep_own(struct pd_rec *r, struct pd_list *list,
                                       const struct pd_http_line *line)
{
    struct pd_pair *pair =
        pd_list_header(r, list, PD_HTTP_HEADERS_MAX, line->name, line->value, PD_HTTP_VALUE_MAX);

    if (pair) {
        pair->name.full = line->name_full;
        pair->value.full = line->value_full;
    }
    return pair;
}

/* Returns the header, if there is one that lives as long as the record. A line that is remembered has come
 * before: its field is shared, if there is room. */
static inline struct pd_pair *keep(struct pd_rec *r, struct pd_list *list, struct pd_http_line *line)
{
    struct pd_shared_store *store = &r->store->shared;
    struct pd_shared *known = pd_shared_at(store, line->shared);

    if (!known && line->lasting)
        known = pd_shared_anew(store, &line->shared, line->name, line->value);
    if (!known)
        return keep_own(r, list, line);
    pd_list_header_shared(r, list, PD_HTTP_HEADERS_MAX, known);
    return &known->pair;
}

/* The list where headers are kept, or NULL. */
static struct pd_list *list_of(struct pd_http_head *head)
{
    return pd_rec_is_void(head->rec) ? NULL : &pd_http_head_side(head)->headers;
}

/* What the header says of the head. */
static inline void mark(struct pd_http_head *head, const struct pd_http_line *line, struct pd_pair *kept)
{
    switch ((enum pd_http_meaning)line->meaning) {
    case PD_HTTP_HOST:
        saw_host(head, line->value, kept);
        break;
    case PD_HTTP_UPGRADE:
        saw_upgrade(head, line->value);
        break;
    case PD_HTTP_CONTENT_TYPE:
        saw_content_type(head, line->value);
        break;
    case PD_HTTP_CONTENT_ENCODING:
        saw_content_encoding(head, line->value);
        break;
    case PD_HTTP_CONTENT_LENGTH:
        saw_content_length(head, line->length);
        break;
    case PD_HTTP_TRANSFER_ENCODING: /* llhttp has read it */
    case PD_HTTP_OTHER:
        break;
    }
}

static inline void judge(struct pd_http_line *line, const struct pd_http_options *options)
{
    line->meaning = (uint8_t)meaning_of(line->name);
    line->kept = options->headers.all || named(&options->headers, line->name);
    line->shared = 0;
    line->lasting = false;
}

/* What does a plain line say? False: llhttp has to see it. */
static inline bool understand(struct pd_http_line *line, const struct pd_http_options *options)
{
    line->name_full = line->name.len;
    line->value_full = line->value.len;
    if (line->name.len > PD_HTTP_NAME_MAX)
        line->name.len = PD_HTTP_NAME_MAX;
    judge(line, options);
    if (line->meaning == PD_HTTP_TRANSFER_ENCODING ||
        (line->meaning == PD_HTTP_CONTENT_LENGTH && !plain_number(line->value, &line->length)))
        return false;
    if (line->value.len > PD_HTTP_VALUE_MAX) {
        line->value.len = PD_HTTP_VALUE_MAX;
    } else {
        trim(&line->value);
        line->value_full = line->value.len;
    }
    return true;
}

/* The line that the slice begins with, as it is remembered or, in `own`, as it was read; NULL: it is
 * llhttp's.
 */
static struct pd_http_line *read_line(struct pd_http_memo *memo, struct pd_slice in, struct pd_http_line *own)
{
    struct pd_slice bytes = {in.p, pd_http_line_size(in)};
    struct pd_http_line *known = bytes.len ? pd_http_remembered(memo, bytes) : NULL;

    if (known)
        return known;
    if (!bytes.len || !pd_http_plain_line(bytes, own) || !understand(own, memo->options))
        return NULL;
    pd_http_remember(memo, own);
    return own;
}

void pd_http_header_lines(struct pd_http_head *head, struct pd_slice *in)
{
    struct pd_list *list = list_of(head);
    struct pd_http_memo *memo = head->memo;
    struct pd_slice left = *in;
    struct pd_http_line own, *line;

    while ((line = pd_http_expected(memo, left)) || (line = read_line(memo, left, &own))) {
        left.p += line->size;
        left.len -= line->size;
        struct pd_pair *kept = list && line->kept ? keep(head->rec, list, line) : NULL;
        if (line->meaning != PD_HTTP_OTHER)
            mark(head, line, kept);
    }
    *in = left;
}

/* What llhttp has read of a length; then it is as if it had not seen one, or it would refuse an equal one. */
static uint64_t take_length(llhttp_t *parser)
{
    uint64_t length = parser->content_length;

    parser->content_length = 0;
    parser->flags &= (uint16_t)~F_CONTENT_LENGTH;
    return length;
}

void pd_http_header_pieces(struct pd_http_head *head)
{
    struct pd_http_part *n = &head->name, *v = &head->value;
    struct pd_http_line line = {.name = slice_of(n->p, n->len), .value = slice_of(v->p, v->len)};

    if (n->len == n->full)
        trim(&line.name);
    if (v->len == v->full)
        trim(&line.value);
    line.name_full = n->len == n->full ? line.name.len : n->full;
    line.value_full = v->len == v->full ? line.value.len : v->full;
    judge(&line, head->memo->options);
    if (line.meaning == PD_HTTP_CONTENT_LENGTH)
        line.length = take_length(&head->parser);
    struct pd_list *list = list_of(head);
    mark(head, &line, list && line.kept ? keep_own(head->rec, list, &line) : NULL);
    *n = *v = (struct pd_http_part){0};
}
