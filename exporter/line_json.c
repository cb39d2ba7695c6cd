/* line_json.c: a record as one JSON object. Keys come from the schema's table in its order. Members are
 * written with a comma behind them; closing an object turns the last comma into its brace. */
#include "exporter/community.h"
#include "exporter/line.h"
#include "exporter/text.h"

enum { BLOCK = 256, ESCAPE_MAX = 6, NS_DIGITS = 9, CUT_FIELDS = 64 };
#define NS_IN_S UINT64_C(1000000000)
#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

struct encoder {
    struct pd_buf *out;
    const struct pd_line_style *style;
    uint64_t cut;   /* a bit for each field of the schema that was shortened */
    bool shortened; /* the field in hand was */
    bool holed;
};

/* --- texts --- */

/* What stands behind the backslash for a control character that has a short form. */
static const char short_escape[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

/* True when none of eight bytes is a control character, a quote, a backslash, DEL or beyond ASCII. */
static bool plain8(uint64_t v)
{
    uint64_t quote = v ^ EACH_BYTE('"'), backslash = v ^ EACH_BYTE('\\'), del = v ^ EACH_BYTE(0x7f);
    uint64_t low = v - EACH_BYTE(0x20);

    quote -= EACH_BYTE(1);
    backslash -= EACH_BYTE(1);
    del -= EACH_BYTE(1);
    return ((v | low | quote | backslash | del) & EACH_BYTE(0x80)) == 0;
}

/* Copies from s while eight bytes at a time are plain. Returns how many bytes that were. */
static uint32_t copy_plain(char *to, const uint8_t *s, uint32_t n)
{
    uint32_t i = 0;
    uint64_t v;

    for (; i + sizeof v <= n; i += sizeof v) {
        memcpy(&v, s + i, sizeof v);
        if (!plain8(v))
            return i;
        memcpy(to + i, &v, sizeof v);
    }
    if (i < n && n >= sizeof v) { /* the rest, with some bytes before it again */
        memcpy(&v, s + n - sizeof v, sizeof v);
        if (!plain8(v))
            return i;
        memcpy(to + n - sizeof v, &v, sizeof v);
        i = n;
    }
    return i;
}

static char *escape(char *to, uint32_t point)
{
    static const char digit[] = "0123456789abcdef";

    *to++ = '\\';
    if (point == '"' || point == '\\') {
        *to++ = (char)point;
    } else if (point < sizeof short_escape && short_escape[point]) {
        *to++ = short_escape[point];
    } else {
        memcpy(to, "u00", 3);
        to[3] = digit[point >> 4 & 0xf];
        to[4] = digit[point & 0xf];
        to += 5;
    }
    return to;
}

/* One character, however it has to be written. */
static char *put_char(char *to, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;

    if (*from >= 0x20 && *from < 0x7f && *from != '"' && *from != '\\') {
        *to++ = (char)*from;
        *at = from + 1;
        return to;
    }
    uint32_t point = pd_utf8_next(at, end);
    if (point == PD_UTF8_BAD) {
        memcpy(to, "\xef\xbf\xbd", 3); /* U+FFFD */
        return to + 3;
    }
    if (point < 0xa0)
        return escape(to, point);
    memcpy(to, from, (size_t)(*at - from));
    return to + (*at - from);
}

/* The inside of a string. In blocks, so that room for the worst case is not asked for all of a long text. */
static void put_inside(struct pd_buf *b, struct pd_slice s)
{
    const uint8_t *at = s.p, *end = s.p + s.len;

    while (at < end) {
        const uint8_t *stop = end - at > BLOCK ? at + BLOCK : end;
        if (!pd_buf_room(b, (size_t)(stop - at) * ESCAPE_MAX))
            return;
        char *to = b->p + b->len;
        while (at < stop) {
            uint32_t n = copy_plain(to, at, (uint32_t)(stop - at));
            at += n;
            to += n;
            if (at < stop)
                to = put_char(to, &at, end);
        }
        b->len = (size_t)(to - b->p);
    }
}

static void put_string(struct pd_buf *b, struct pd_slice s)
{
    pd_buf_char(b, '"');
    put_inside(b, s);
    pd_buf_lit(b, "\",");
}

/* `"key":`; keys of tables need no escapes. */
static void put_key(struct pd_buf *b, const char *key)
{
    size_t n = strlen(key);

    if (!pd_buf_room(b, n + 3))
        return;
    char *to = b->p + b->len;
    to[0] = '"';
    memcpy(to + 1, key, n);
    to[n + 1] = '"';
    to[n + 2] = ':';
    b->len += n + 3;
}

/* Turns the comma behind the last member into what closes their object or list. */
static void close_with(struct pd_buf *b, char bracket)
{
    if (!b->full)
        b->p[b->len - 1] = bracket;
    pd_buf_char(b, ',');
}

/* --- numbers and times --- */

static void put_int_member(struct pd_buf *b, const char *key, uint64_t v)
{
    put_key(b, key);
    pd_buf_u64(b, v);
    pd_buf_char(b, ',');
}

/* ns as decimal seconds, without zeros at the end. */
static void put_seconds(struct pd_buf *b, uint64_t ns)
{
    char digits[1 + NS_DIGITS];
    uint64_t part = ns % NS_IN_S;
    size_t n = sizeof digits;

    pd_buf_u64(b, ns / NS_IN_S);
    if (part) {
        digits[0] = '.';
        pd_digits(digits + 1, part, NS_DIGITS);
        while (digits[n - 1] == '0')
            n--;
        pd_buf_add(b, digits, n);
    }
    pd_buf_char(b, ',');
}

static void put_time(struct pd_buf *b, uint64_t ts)
{
    struct pd_date d;
    char text[] = "\"time\":\"0000-00-00T00:00:00.000000000Z\",";
    char *year = text + sizeof "\"time\":\"" - 1;

    pd_date_from(&d, ts / NS_IN_S);
    pd_digits(year, d.year, 4);
    pd_digits(year + 5, d.month, 2);
    pd_digits(year + 8, d.day, 2);
    pd_digits(year + 11, d.hour, 2);
    pd_digits(year + 14, d.minute, 2);
    pd_digits(year + 17, d.second, 2);
    pd_digits(year + 20, ts % NS_IN_S, NS_DIGITS);
    pd_buf_add(b, text, sizeof text - 1);
}

/* --- fields --- */

static void put_text(struct encoder *e, const struct pd_text *t)
{
    e->shortened = e->shortened || t->len < t->full;
    e->holed = e->holed || t->holed;
    put_string(e->out, pd_text_slice(t));
}

static void put_query(struct encoder *e, const struct pd_text *t)
{
    struct pd_slice left = pd_text_slice(t), piece;
    bool secret;

    e->shortened = e->shortened || t->len < t->full;
    e->holed = e->holed || t->holed;
    pd_buf_char(e->out, '"');
    while (pd_query_next(&left, e->style->redact, &piece, &secret)) {
        put_inside(e->out, piece);
        if (secret)
            pd_buf_lit(e->out, PD_REDACTED);
    }
    pd_buf_lit(e->out, "\",");
}

static void put_list(struct encoder *e, const struct pd_list *l)
{
    pd_buf_char(e->out, '[');
    for (const struct pd_item *i = l->first; i; i = i->next)
        put_text(e, &i->text);
    if (l->first)
        close_with(e->out, ']');
    else
        pd_buf_lit(e->out, "],");
}

static bool same_name(const struct pd_header *a, const struct pd_header *b)
{
    return a->name.len == b->name.len && memcmp(a->name.s, b->name.s, a->name.len) == 0;
}

static void put_header_value(struct encoder *e, const struct pd_header *h, bool secret)
{
    if (secret)
        pd_buf_lit(e->out, "\"" PD_REDACTED "\",");
    else
        put_text(e, &h->value);
}

/* A name once, with the values of all nodes that have it, in their order. */
static void put_header(struct encoder *e, const struct pd_header *h, bool repeats)
{
    struct pd_slice name = pd_text_slice(&h->name);
    bool secret = e->style->redact && pd_redact_name(e->style->redact, name);

    e->shortened = e->shortened || h->name.len < h->name.full;
    put_string(e->out, name);
    if (e->out->full)
        return;
    e->out->p[e->out->len - 1] = ':';
    pd_buf_char(e->out, '[');
    put_header_value(e, h, secret);
    for (const struct pd_header *o = h->next; repeats && o; o = o->next)
        if (o->again && same_name(o, h))
            put_header_value(e, o, secret);
    close_with(e->out, ']');
}

static void put_headers(struct encoder *e, const struct pd_list *l)
{
    pd_buf_char(e->out, '{');
    for (const struct pd_header *h = l->first; h; h = h->next)
        if (!h->again)
            put_header(e, h, l->repeats);
    if (l->first)
        close_with(e->out, '}');
    else
        pd_buf_lit(e->out, "},");
}

static bool seen(const struct pd_field *f, const void *at)
{
    switch (f->type) {
    case PD_TEXT:
        return ((const struct pd_text *)at)->s;
    case PD_INT:
        return ((const struct pd_int *)at)->seen;
    case PD_BOOL:
        return *(const uint8_t *)at != PD_UNSEEN;
    default:
        return ((const struct pd_list *)at)->full > 0;
    }
}

static void put_objects(struct encoder *e, const struct pd_field *f, const struct pd_list *l);

static void put_field(struct encoder *e, const struct pd_field *f, const unsigned char *data)
{
    const void *at = data + f->off;

    if (!(f->roles & PD_LOG) || (f->roles & PD_HIDDEN) || !seen(f, at))
        return;
    put_key(e->out, f->name);
    switch (f->type) {
    case PD_TEXT:
        if (f->roles & PD_QUERY)
            put_query(e, at);
        else
            put_text(e, at);
        return;
    case PD_INT:
        pd_buf_i64(e->out, ((const struct pd_int *)at)->v);
        pd_buf_char(e->out, ',');
        return;
    case PD_BOOL:
        pd_buf_str(e->out, *(const uint8_t *)at == PD_TRUE ? "true," : "false,");
        return;
    default:
        break;
    }
    const struct pd_list *l = at;
    e->shortened = e->shortened || l->count < l->full;
    if (f->type == PD_HEADERS)
        put_headers(e, l);
    else if (f->type == PD_LIST)
        put_list(e, l);
    else
        put_objects(e, f, l);
}

/* Sub-tables hold no objects again: tables are constants of this program, not input. */
static void put_objects(struct encoder *e, const struct pd_field *f, const struct pd_list *l)
{
    pd_buf_char(e->out, '[');
    for (const struct pd_object *o = l->first; o; o = o->next) {
        size_t start;
        pd_buf_char(e->out, '{');
        start = e->out->len;
        for (const struct pd_field *sub = f->sub; sub->name; sub++)
            put_field(e, sub, o->data);
        if (e->out->len > start)
            close_with(e->out, '}');
        else
            pd_buf_lit(e->out, "},");
    }
    if (l->first)
        close_with(e->out, ']');
    else
        pd_buf_lit(e->out, "],");
}

/* --- the object --- */

static void put_end(struct pd_buf *b, const char *key, const struct pd_end *end)
{
    char addr[PD_ADDR_TEXT];
    size_t n = pd_addr_print(addr, &end->addr);

    put_key(b, key);
    pd_buf_lit(b, "{\"address\":\"");
    pd_buf_add(b, addr, n);
    pd_buf_lit(b, "\",\"port\":");
    pd_buf_u64(b, end->port);
    pd_buf_lit(b, "},");
}

static void put_name(struct pd_buf *b, const char *key, const char *value)
{
    put_key(b, key);
    put_string(b, (struct pd_slice){(const uint8_t *)value, (uint32_t)strlen(value)});
}

static void put_place(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style)
{
    bool live = style->iface_name && !style->files;
    const char *iface = live ? style->iface_name(r->link.iface) : NULL;
    const char *tunnel = pd_tunnel_name(r->link.tunnel);
    char id[PD_COMMUNITY_TEXT];

    if (!live && r->ordinal)
        put_int_member(b, "packet", r->ordinal);
    if (iface)
        put_name(b, "iface", iface);
    if (r->link.vlan)
        put_int_member(b, "vlan", r->link.vlan);
    if (tunnel) {
        put_key(b, "tunnel");
        pd_buf_char(b, '{');
        put_name(b, "kind", tunnel);
        put_int_member(b, "id", r->link.tunnel_id);
        close_with(b, '}');
    }
    if (style->community_id) {
        pd_community_id(id, &r->client, &r->server, r->transport);
        put_name(b, "conn", id);
    }
}

static void put_outcome(struct encoder *e, const struct pd_rec *r)
{
    struct pd_text error = {0};
    uint64_t ns;

    put_name(e->out, "status", pd_status_names[r->status]);
    if (pd_rec_duration(r, &ns)) {
        put_key(e->out, "duration");
        put_seconds(e->out, ns);
    }
    if (pd_rec_wait(r, &ns)) {
        put_key(e->out, "wait");
        put_seconds(e->out, ns);
    }
    if (r->flags & PD_REC_LATE)
        pd_buf_lit(e->out, "\"late\":true,");
    if (r->status == PD_ERROR && r->schema->failed && r->schema->failed(r, &error) && error.s) {
        put_key(e->out, "error");
        put_string(e->out, pd_text_slice(&error));
    }
}

/* One side's fields and bytes; nothing at all when none was seen. */
static void put_side(struct encoder *e, const struct pd_rec *r, enum pd_side side)
{
    uint64_t bytes = side == PD_REQUEST ? r->req_bytes : r->rsp_bytes;
    size_t before = e->out->len, start;

    put_key(e->out, side == PD_REQUEST ? "request" : "response");
    pd_buf_char(e->out, '{');
    start = e->out->len;
    for (const struct pd_field *f = r->schema->fields; f->name; f++) {
        unsigned index = (unsigned)(f - r->schema->fields);
        if (f->side != side)
            continue;
        e->shortened = false;
        put_field(e, f, r->data);
        if (e->shortened && index < CUT_FIELDS)
            e->cut |= UINT64_C(1) << index;
    }
    if (bytes)
        put_int_member(e->out, "bytes", bytes);
    if (e->out->len > start)
        close_with(e->out, '}');
    else
        e->out->len = before;
}

static void put_marks(struct encoder *e, const struct pd_rec *r)
{
    const struct pd_field *f = r->schema->fields;

    if (e->cut) {
        pd_buf_lit(e->out, "\"cut\":[");
        for (unsigned i = 0; i < CUT_FIELDS && f[i].name; i++)
            if (e->cut >> i & 1) {
                pd_buf_str(e->out, f[i].side == PD_REQUEST ? "\"request." : "\"response.");
                pd_buf_str(e->out, f[i].name);
                pd_buf_lit(e->out, "\",");
            }
        close_with(e->out, ']');
    }
    if (e->holed)
        pd_buf_lit(e->out, "\"holed\":true,");
}

void pd_line_json(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style)
{
    struct encoder e = {.out = b, .style = style};

    pd_buf_char(b, '{');
    if (r->first_req)
        put_time(b, r->first_req);
    put_name(b, "proto", r->schema->proto);
    put_end(b, "client", &r->client);
    put_end(b, "server", &r->server);
    put_place(b, r, style);
    put_outcome(&e, r);
    put_side(&e, r, PD_REQUEST);
    if (pd_rec_answered(r))
        put_side(&e, r, PD_RESPONSE);
    put_marks(&e, r);
    close_with(b, '}');
    if (!b->full)
        b->p[b->len - 1] = '\n';
}
