/* head.c: a head through llhttp. It reads what frames the body in any but the plainest way, and all lines of
 * an unusual form or not whole in their slice. Between these, plain lines (plain.c) are read past it: header
 * lines, which no line before or behind them can tell, and the start line, which it is shown when it is
 * needed after all. In pieces or not, each header is handled once, whole.
 *
 * The method is read here and llhttp is shown a usual one in its place, because it refuses those it does not
 * know. */
#include "protocol/http/head.h"
#include "base/check.h"

#define USUAL_METHOD "GET"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct pd_slice slice_of(const char *p, size_t n)
{
    return (struct pd_slice){(const uint8_t *)p, (uint32_t)n};
}

static struct pd_http *fields(struct pd_http_head *head)
{
    return pd_fields(head->rec);
}

static enum pd_http_head_end fail(struct pd_http_head *head, const char *why)
{
    llhttp_set_error_reason(&head->parser, why);
    return PD_HTTP_BAD;
}

static int refuse(llhttp_t *parser, const char *why)
{
    llhttp_set_error_reason(parser, why);
    return HPE_USER;
}

static uint32_t offset(const struct pd_http_head *head, const char *at)
{
    return head->before + (uint32_t)(at - head->slice);
}

/* --- pieces --- */

static inline void add_piece(struct pd_http_part *part, char *store, uint16_t cap, const char *at, uint32_t n)
{
    uint32_t room = (uint32_t)(cap - part->len);

    if (!part->full) { /* nearly always the only one */
        *part = (struct pd_http_part){.p = at, .full = n, .len = (uint16_t)least(n, cap)};
        return;
    }
    if (room && n) {
        memcpy(store + part->len, at, least(n, room)); /* what came before was put aside at its slice's end */
        part->len = (uint16_t)(part->len + least(n, room));
    }
    part->full += n;
}

static void put_aside(struct pd_http_part *part, char *store)
{
    if (part->len && part->p != store)
        memcpy(store, part->p, part->len);
    part->p = store;
}

/* --- start line --- */

static void add_target(struct pd_http_head *head, const char *at, size_t n)
{
    struct pd_http *f = fields(head);
    const char *mark = head->in_query || head->connect ? NULL : memchr(at, '?', n);
    size_t path = mark ? (size_t)(mark - at) : n;

    if (!f->path.s)
        pd_text_set(head->rec, &f->path, slice_of(at, path), PD_HTTP_TARGET_MAX);
    else if (!head->in_query)
        pd_text_add(head->rec, &f->path, slice_of(at, path), PD_HTTP_TARGET_MAX);
    if (mark)
        path++;
    if (head->in_query || mark) {
        struct pd_slice rest = head->in_query ? slice_of(at, n) : slice_of(at + path, n - path);
        pd_text_add(head->rec, &f->query, rest, PD_HTTP_TARGET_MAX);
        head->in_query = true;
    }
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    add_target(parser->data, at, n);
    return 0;
}

/* The part of a text from its byte n on. */
static struct pd_text behind(struct pd_text t, uint32_t n)
{
    return (struct pd_text){.s = t.s + n, .full = t.full - n, .len = (uint16_t)(t.len - n)};
}

static void set_target_host(struct pd_http *f, struct pd_text authority)
{
    const char *user = authority.len ? memrchr(authority.s, '@', authority.len) : NULL;

    f->host = user ? behind(authority, (uint32_t)(user - authority.s) + 1) : authority;
}

/* Splits an absolute-form target: what stands before the path is the host, should no Host header come. RFC
 * 9112, section 3.2.2. */
static int on_url_complete(llhttp_t *parser)
{
    struct pd_http_head *head = parser->data;
    struct pd_http *f = fields(head);
    struct pd_text *path = &f->path;

    if (head->connect) {
        set_target_host(f, *path);
        return 0;
    }
    if (!path->len || path->s[0] == '/')
        return 0;
    const char *slashes = memmem(path->s, path->len, "://", 3);
    if (!slashes)
        return 0;
    struct pd_text authority = behind(*path, (uint32_t)(slashes - path->s) + 3);
    const char *end = authority.len ? memchr(authority.s, '/', authority.len) : NULL;
    bool whole = path->len == path->full;
    if (end) {
        uint32_t n = (uint32_t)(end - authority.s);
        *path = behind(authority, n);
        authority.full = authority.len = (uint16_t)n;
    } else if (whole) {
        pd_text_static(path, "/");
    } else { /* a host longer than the bound */
        path->s = "";
        path->len = 0;
    }
    set_target_host(f, authority);
    return 0;
}

static void add_reason(struct pd_http_head *head, struct pd_slice reason)
{
    pd_text_add(head->rec, &fields(head)->reason, reason, PD_HTTP_REASON_MAX);
}

static int on_status(llhttp_t *parser, const char *at, size_t n)
{
    if (n)
        add_reason(parser->data, slice_of(at, n));
    return 0;
}

/* --- headers --- */

static int on_header_field(llhttp_t *parser, const char *at, size_t n)
{
    struct pd_http_head *head = parser->data;

    add_piece(&head->name, head->name_store, PD_HTTP_NAME_MAX, at, (uint32_t)n);
    head->colon = at + n;
    head->line_feed = false;
    head->in_header = true;
    head->value_end = 0;
    return 0;
}

/* Looks at the blanks between a name and its value up to `end`: is there the line break of a folded value? */
static bool folded_before(struct pd_http_head *head, const char *end)
{
    bool folded = false;

    for (const char *p = head->colon; p && p < end; p++) {
        folded = folded || (head->line_feed && (*p == ' ' || *p == '\t'));
        head->line_feed = *p == '\n';
    }
    return folded;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n)
{
    enum { USUAL = 2 }; /* a colon and a blank: too few for a fold */
    struct pd_http_head *head = parser->data;
    bool usual = head->colon > head->slice && at - head->colon <= USUAL;

    /* Pieces with bytes between them are lines of a folded value. */
    if ((!usual && folded_before(head, at)) || (head->value_end && head->value_end != offset(head, at)))
        return refuse(parser, "folded header");
    head->colon = NULL;
    head->value_end = offset(head, at) + (uint32_t)n;
    add_piece(&head->value, head->value_store, PD_HTTP_VALUE_MAX, at, (uint32_t)n);
    return 0;
}

/* Stops behind each header, so that the next line may take the short way. */
static int on_header_value_complete(llhttp_t *parser)
{
    struct pd_http_head *head = parser->data;

    pd_http_header_pieces(head);
    head->in_header = false;
    return HPE_PAUSED;
}

/* What follows the head is the engine's: llhttp never sees a body. */
static int on_headers_complete(llhttp_t *parser)
{
    struct pd_http_head *head = parser->data;

    head->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_url_complete = on_url_complete,
    .on_status = on_status,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
};

void pd_http_head_init(struct pd_http_head *head, struct pd_http_memo *memo, enum pd_dir dir)
{
    pd_http_expect_first(memo, dir);
    head->memo = memo;
    head->colon = NULL;
    head->before = head->value_end = 0;
    head->name = head->value = (struct pd_http_part){0};
    head->framing = (struct pd_http_framing){0};
    head->status = 0;
    head->minor = 0;
    head->request = dir == PD_C2S;
    head->has_method = !head->request;
    head->connect = head->begun = head->in_query = head->line_feed = head->has_host = head->has_start =
        head->in_header = head->done = false;
}

/* The method, up to its blank. Its piece uses the name's store. */
static enum pd_http_head_end read_method(struct pd_http_head *head, struct pd_slice *in)
{
    uint32_t n = 0, left = PD_HTTP_METHOD_MAX - head->name.len;

    if (!head->name.full && pd_http_is_get(*in)) {
        head->has_method = true;
        pd_text_static(&fields(head)->method, "GET");
        in->p += 3;
        in->len -= 3;
        return PD_HTTP_DONE;
    }
    while (n < in->len && n <= left && pd_http_is_token(in->p[n]))
        n++;
    add_piece(&head->name, head->name_store, PD_HTTP_METHOD_MAX, (const char *)in->p, n);
    if (n == in->len && n <= left)
        return PD_HTTP_MORE;
    if (head->name.full == 0 || head->name.full > PD_HTTP_METHOD_MAX || in->p[n] != ' ')
        return fail(head, "no method");
    struct pd_slice method = slice_of(head->name.p, head->name.len);
    head->name = (struct pd_http_part){0};
    head->has_method = true;
    head->connect = pd_slice_eq(method, PD_SLICE("CONNECT"));
    pd_text_set(head->rec, &fields(head)->method, method, PD_HTTP_METHOD_MAX);
    in->p += n;
    in->len -= n;
    return PD_HTTP_DONE;
}

/* Reads a start line of the usual form, or what of it stands behind the method, past llhttp. */
static bool read_plain_start(struct pd_http_head *head, struct pd_slice *in)
{
    struct pd_http_start start;

    if (head->request ? head->connect || !pd_http_plain_request(*in, &start)
                      : !pd_http_plain_status(*in, &start))
        return false;
    if (head->request)
        add_target(head, (const char *)start.text.p, start.text.len);
    else if (pd_slice_eq(start.text, PD_SLICE("OK")))
        pd_text_static(&fields(head)->reason, "OK");
    else
        add_reason(head, start.text);
    head->status = start.status;
    head->minor = start.minor;
    head->has_start = true;
    in->p += start.size;
    in->len -= start.size;
    return true;
}

/* Shows llhttp what was read past it: the method, and the start line behind it when that was plain. False: it
 * does not take it, which no known version does. */
static bool begin_parser(struct pd_http_head *head, struct pd_slice start)
{
    static const llhttp_settings_t silent;
    llhttp_t *parser = &head->parser;
    llhttp_errno_t error = HPE_OK;

    head->begun = true;
    llhttp_init(parser, head->request ? HTTP_REQUEST : HTTP_RESPONSE, &silent);
    llhttp_set_lenient_headers(parser, 1);        /* odd bytes in a value harm nobody here */
    llhttp_set_lenient_chunked_length(parser, 1); /* judged in finish() */
    if (head->connect)
        error = llhttp_execute(parser, "CONNECT", 7);
    else if (head->request)
        error = llhttp_execute(parser, USUAL_METHOD, sizeof USUAL_METHOD - 1);
    if (error == HPE_OK && start.len)
        error = llhttp_execute(parser, (const char *)start.p, start.len);
    parser->settings = (void *)&callbacks;
    parser->data = head;
    return error == HPE_OK;
}

static enum pd_http_head_end more(struct pd_http_head *head, struct pd_slice in)
{
    if (folded_before(head, (const char *)in.p + in.len))
        return fail(head, "folded header");
    put_aside(&head->name, head->name_store);
    put_aside(&head->value, head->value_store);
    head->before += in.len;
    return PD_HTTP_MORE;
}

/* What llhttp knows of the head. Returns what is wrong with it, or NULL. */
static const char *judge(struct pd_http_head *head)
{
    const llhttp_t *parser = &head->parser;
    struct pd_http_framing *f = &head->framing;

    head->status = parser->status_code;
    head->minor = parser->http_minor;
    if (parser->http_major != 1)
        return "version is not 1.0 or 1.1";
    if (!head->request && (head->status < 100 || head->status > 999))
        return "status code is not of three digits";
    f->chunked = parser->flags & F_CHUNKED;
    f->coded = parser->flags & F_TRANSFER_ENCODING;
    f->conflict = f->conflict || (f->coded && f->has_length);
    return NULL;
}

static enum pd_http_head_end finish(struct pd_http_head *head)
{
    const char *wrong = head->begun ? judge(head) : NULL;

    if (wrong)
        return fail(head, wrong);
    pd_text_static(&pd_http_head_side(head)->version, head->minor ? "1.1" : "1.0");
    return PD_HTTP_DONE;
}

/* llhttp stands at the beginning of a line: usual ones are read past it. True: the head's end was behind
 * them. */
static bool read_plain(struct pd_http_head *head, struct pd_slice *in)
{
    pd_http_header_lines(head, in);
    if (in->len < 2 || in->p[0] != '\r' || in->p[1] != '\n')
        return false;
    in->p += 2;
    in->len -= 2;
    return true;
}

/* To llhttp: first the start line, then up to behind the next header. (A start line with a stray CR has no
 * end where it seems to: then llhttp is in a header already.) */
static enum pd_http_head_end read_line(struct pd_http_head *head, struct pd_slice *in)
{
    llhttp_t *parser = &head->parser;
    const uint8_t *end = head->has_start || !in->len ? NULL : memchr(in->p, '\n', in->len);
    uint32_t n = end ? (uint32_t)(end - in->p) + 1 : in->len;
    llhttp_errno_t error = llhttp_execute(parser, (const char *)in->p, n);

    if (error == HPE_PAUSED) {
        n = (uint32_t)(llhttp_get_error_pos(parser) - (const char *)in->p);
        llhttp_resume(parser);
    } else if (error != HPE_OK) {
        return PD_HTTP_BAD;
    } else if (!end) {
        return PD_HTTP_MORE;
    }
    head->has_start = true;
    in->p += n;
    in->len -= n;
    return PD_HTTP_DONE;
}

/* Lines by llhttp and past it, up to the head's end. `plain` is the start line when it was read past it. */
static enum pd_http_head_end read_lines(struct pd_http_head *head, struct pd_slice *in, struct pd_slice plain)
{
    enum pd_http_head_end end = PD_HTTP_DONE;

    if (plain.len && read_plain(head, in))
        return PD_HTTP_DONE;
    if (!head->begun && !begin_parser(head, plain))
        return fail(head, "odd start line");
    do
        end = read_line(head, in);
    while (end == PD_HTTP_DONE && !head->done && (head->in_header || !read_plain(head, in)));
    return end;
}

enum pd_http_head_end pd_http_head_read(struct pd_http_head *head, struct pd_rec *rec, struct pd_slice in,
                                        uint32_t *used)
{
    struct pd_slice rest = in, plain = {0};
    enum pd_http_head_end end = PD_HTTP_DONE;

    head->rec = rec;
    head->slice = (const char *)in.p;
    if (head->colon)
        head->colon = head->slice;
    if (!head->has_method)
        end = read_method(head, &rest);
    if (end == PD_HTTP_DONE && !head->begun) {
        plain = rest;
        plain.len = read_plain_start(head, &rest) ? plain.len - rest.len : 0;
    }
    if (end == PD_HTTP_DONE)
        end = read_lines(head, &rest, plain);
    if (end != PD_HTTP_DONE)
        return end == PD_HTTP_MORE ? more(head, in) : end;
    *used = in.len - rest.len;
    return finish(head);
}

void pd_http_head_park(struct pd_http_head *to, const struct pd_http_head *from)
{
    *to = *from;
    to->name.p = to->name_store;
    to->value.p = to->value_store;
    to->parser.data = to;
}
