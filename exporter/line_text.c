/* line_text.c: a record as one line for a person. What was asked and what came are written into cells of a
 * known width first; asked is shortened last, so that size and duration stand below each other in a terminal.
 */
#include "exporter/cell.h"
#include "exporter/line.h"
#include "exporter/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

enum {
    USUAL_COLUMNS = 100, /* where lines end when nothing longer has to be said */
    TIME_COLUMNS = 16,   /* of the usual time form */
    PROTO_COLUMNS = 5,
    ENDS_COLUMNS = 36,
    ENDS_LEAST = 24,
    CLIENT_LEAST = 8,
    QUANTITY_COLUMNS = 6,
    ASKED_USUAL = 16, /* columns that ends leave to what was asked */
    ASKED_LEAST = 12, /* and that are left to it, and to what came, in the narrowest terminal */
    CAME_LEAST = 10,
    STATUS_USUAL = 2, /* "ok" */
    CELL_MOST = 200,
};
#define NS_IN_S UINT64_C(1000000000)
#define ARROW "\xe2\x86\x92" /* U+2192 */

/* --- fields --- */

struct view { /* what is shown of a record, and how */
    const struct pd_rec *rec;
    const struct pd_line_style *style;
    unsigned role; /* PD_ASKED or PD_CAME */
};

static void cell_table(struct pd_cell *c, const struct view *, const struct pd_field *table,
                       const unsigned char *data);

static void cell_value(struct pd_cell *c, const struct pd_text *t)
{
    pd_cell_text(c, pd_text_slice(t));
    if (t->len < t->full)
        pd_cell_put(c, PD_ELLIPSIS, sizeof PD_ELLIPSIS - 1);
}

static void cell_query(struct pd_cell *c, const struct pd_text *t, const struct pd_redact *redact)
{
    struct pd_slice left = pd_text_slice(t), piece;
    bool secret;

    pd_cell_put(c, "?", 1);
    while (pd_query_next(&left, redact, &piece, &secret)) {
        pd_cell_text(c, piece);
        if (secret)
            pd_cell_ascii(c, PD_REDACTED);
    }
    if (t->len < t->full)
        pd_cell_put(c, PD_ELLIPSIS, sizeof PD_ELLIPSIS - 1);
}

static void cell_list(struct pd_cell *c, const struct pd_list *l)
{
    for (const struct pd_item *i = l->first; i && !c->full; i = i->next) {
        if (i != l->first)
            pd_cell_put(c, ",", 1);
        cell_value(c, &i->text);
    }
    if (l->count < l->full)
        pd_cell_ascii(c, l->count ? ",..." : "...");
}

/* Of objects the fields with the same role: a DNS answer's data. Sub-tables hold no objects again. */
static void cell_objects(struct pd_cell *c, const struct view *v, const struct pd_field *f,
                         const struct pd_list *l)
{
    for (const struct pd_object *o = l->first; o && !c->full; o = o->next) {
        if (o != l->first)
            pd_cell_put(c, ",", 1);
        cell_table(c, v, f->sub, o->data);
    }
    if (l->count < l->full)
        pd_cell_ascii(c, l->count ? ",..." : "...");
}

static bool has_text(const struct pd_field *f, const void *at)
{
    switch (f->type) {
    case PD_TEXT:
        return ((const struct pd_text *)at)->s;
    case PD_INT:
        return ((const struct pd_int *)at)->seen;
    case PD_BOOL:
        return *(const uint8_t *)at == PD_TRUE; /* its name says it */
    case PD_HEADERS:
        return false;
    default:
        return ((const struct pd_list *)at)->full > 0;
    }
}

static void cell_masked(struct pd_cell *c, const struct view *v, const struct pd_field *f,
                        const struct pd_text *t)
{
    char plain[PD_MASK_CAP];

    pd_cell_text(c, pd_masked(v->rec, f, t, v->style->redact, plain));
    if (t->len < t->full)
        pd_cell_put(c, PD_ELLIPSIS, sizeof PD_ELLIPSIS - 1);
}

static void cell_field(struct pd_cell *c, const struct view *v, const struct pd_field *f,
                       const unsigned char *data)
{
    const void *at = data + f->off;

    switch (f->type) {
    case PD_TEXT:
        if (f->roles & PD_QUERY)
            cell_query(c, at, v->style->redact);
        else if (f->roles & PD_MASKED)
            cell_masked(c, v, f, at);
        else
            cell_value(c, at);
        break;
    case PD_INT:
        pd_cell_i64(c, ((const struct pd_int *)at)->v);
        break;
    case PD_BOOL:
        pd_cell_ascii(c, f->name);
        break;
    case PD_LIST:
        cell_list(c, at);
        break;
    default:
        cell_objects(c, v, f, at);
    }
}

/* True when a text repeats the one it would be joined to: a CONNECT's target and its host. */
static bool repeats(const struct pd_field *f, const struct pd_field *before, const unsigned char *data)
{
    const struct pd_text *a = (const void *)(data + f->off), *b = (const void *)(data + before->off);

    return f->type == PD_TEXT && before->type == PD_TEXT && a->len > 0 && a->len == b->len &&
           memcmp(a->s, b->s, a->len) == 0;
}

static bool is_shown(const struct pd_field *f, unsigned role, const unsigned char *data)
{
    return (f->roles & role) && !(f->roles & PD_HIDDEN) && has_text(f, data + f->off);
}

/* True when the next column begins with the same word: a command, then the statement. */
static bool said_next(const struct pd_field *f, unsigned role, const unsigned char *data)
{
    const struct pd_field *next = f + 1;

    while (next->name && !is_shown(next, role, data))
        next++;
    if (!next->name || f->type != PD_TEXT || next->type != PD_TEXT)
        return false;
    const struct pd_text *a = (const void *)(data + f->off), *b = (const void *)(data + next->off);
    return a->len > 0 && a->len < b->len && strncasecmp(a->s, b->s, a->len) == 0 && b->s[a->len] == ' ';
}

/* All fields of that role, in table order. */
static void cell_table(struct pd_cell *c, const struct view *v, const struct pd_field *table,
                       const unsigned char *data)
{
    const struct pd_field *before = NULL; /* the row before, when it was shown */
    bool first = true;

    for (const struct pd_field *f = table; f->name && !c->full; f++) {
        if (!(f->roles & v->role) || (f->roles & PD_HIDDEN))
            continue;
        bool shown = has_text(f, data + f->off), joined = (f->roles & PD_JOINED) && before;
        if (shown && !(joined && repeats(f, before, data)) && !said_next(f, v->role, data)) {
            if (!first && !joined)
                pd_cell_put(c, " ", 1);
            cell_field(c, v, f, data);
            first = false;
        }
        before = shown ? f : NULL;
    }
}

static void cell_record(struct pd_cell *c, const struct pd_rec *r, const struct pd_line_style *style,
                        unsigned role)
{
    struct view v = {.rec = r, .style = style, .role = role};

    cell_table(c, &v, r->schema->fields, r->data);
}

/* What came, unless it is no more than the status; and the error's text unless that says it already. */
static void cell_came(struct pd_cell *c, const struct pd_rec *r, const struct pd_line_style *style)
{
    const char *status = pd_status_names[r->status];
    struct pd_text error = {0};

    if (pd_rec_has_response(r))
        cell_record(c, r, style, PD_CAME);
    if (c->len == strlen(status) && strncasecmp(c->s, status, c->len) == 0)
        pd_cell_start(c, c->most);
    if (r->status != PD_ERROR || !r->schema->failed || !r->schema->failed(r, &error) || !error.len)
        return;
    if (c->len >= error.len && memmem(c->s, c->len, error.s, error.len))
        return;
    if (c->len)
        pd_cell_put(c, " ", 1);
    cell_value(c, &error);
}

/* --- the line --- */

static unsigned more(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static void cell_end(struct pd_cell *c, const struct pd_end *e, bool port)
{
    char addr[PD_ADDR_TEXT];
    bool v4 = pd_addr_is_v4(&e->addr);

    pd_addr_print(addr, &e->addr);
    pd_cell_ascii(c, v4 || !port ? "" : "[");
    pd_cell_ascii(c, addr);
    if (!port)
        return;
    pd_cell_ascii(c, v4 ? ":" : "]:");
    pd_cell_i64(c, e->port);
}

/* Both ends in at most `most` columns. Where that is too narrow, the client's port is left out, then its
 * address cut; the server stays whole. */
static void cell_ends(struct pd_cell *c, const struct pd_rec *r, unsigned most)
{
    struct pd_cell server;

    pd_cell_start(&server, PD_CELL_BYTES);
    pd_cell_put(&server, " ", 1);
    pd_cell_put(&server, ARROW, sizeof ARROW - 1);
    pd_cell_put(&server, " ", 1);
    cell_end(&server, &r->server, true);
    pd_cell_start(c, PD_CELL_BYTES);
    cell_end(c, &r->client, true);
    if (c->width + server.width > most) {
        pd_cell_start(c, more(most > server.width ? most - server.width : 0, CLIENT_LEAST));
        cell_end(c, &r->client, false);
    }
    memcpy(c->s + c->len, server.s, server.len); /* two addresses are far shorter than a cell */
    c->len += server.len;
    c->width += server.width;
}

static void pad(struct pd_buf *b, unsigned used, unsigned columns)
{
    static const char blanks[] =
        "                                                                                ";

    while (used < columns) {
        unsigned n = columns - used < sizeof blanks - 1 ? columns - used : (unsigned)sizeof blanks - 1;
        pd_buf_add(b, blanks, n);
        used += n;
    }
}

static void put_left(struct pd_buf *b, const struct pd_cell *c, unsigned columns)
{
    pd_buf_add(b, c->s, c->len);
    pad(b, c->width, columns);
    pd_buf_char(b, ' ');
}

#define LATE ",late"

static unsigned status_columns(const struct pd_rec *r)
{
    size_t late = r->flags & PD_REC_LATE ? sizeof LATE - 1 : 0;

    return (unsigned)(strlen(pd_status_names[r->status]) + late);
}

static void put_status(struct pd_buf *b, const struct pd_rec *r, bool color)
{
    static const char *const start[PD_STATUS_COUNT] = {
        [PD_OK] = "\x1b[32m",     [PD_ERROR] = "\x1b[31m",      [PD_UNANSWERED] = "\x1b[33m",
        [PD_ONEWAY] = "\x1b[36m", [PD_INCOMPLETE] = "\x1b[35m",
    };

    if (color)
        pd_buf_str(b, start[r->status]);
    pd_buf_str(b, pd_status_names[r->status]);
    if (r->flags & PD_REC_LATE)
        pd_buf_lit(b, LATE);
    if (color)
        pd_buf_lit(b, "\x1b[0m");
}

/* Right-aligned, "-" when there is none. */
static void put_quantity(struct pd_buf *b, bool known, uint64_t v, void (*print)(struct pd_cell *, uint64_t))
{
    struct pd_cell c;

    pd_cell_start(&c, PD_CELL_BYTES);
    if (known)
        print(&c, v);
    else
        pd_cell_put(&c, "-", 1);
    pd_buf_char(b, ' ');
    pad(b, c.width, QUANTITY_COLUMNS);
    pd_buf_add(b, c.s, c.len);
}

/* Of the response; of a one-way message what it has itself. */
static uint64_t shown_bytes(const struct pd_rec *r)
{
    if (r->status == PD_ONEWAY)
        return r->req_bytes;
    return pd_rec_has_response(r) ? r->rsp_bytes : 0;
}

/* Fills asked and came, which share `room` columns with a blank between; 0: as wide as they are. When both do
 * not fit, came gets what asked leaves of it, a third at least, and asked the rest. */
static void share(struct pd_cell *asked, struct pd_cell *came, unsigned room, const struct pd_rec *r,
                  const struct pd_line_style *style)
{
    pd_cell_start(asked, CELL_MOST);
    cell_record(asked, r, style, PD_ASKED);
    pd_cell_start(came, CELL_MOST);
    cell_came(came, r, style);
    if (room == 0 || asked->width + came->width <= room)
        return;
    pd_cell_start(came, more(more(room / 3, CAME_LEAST), room > asked->width ? room - asked->width : 0));
    cell_came(came, r, style);
    pd_cell_start(asked, more(room > came->width ? room - came->width : 0, ASKED_LEAST));
    cell_record(asked, r, style, PD_ASKED);
}

void pd_line_text(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style)
{
    struct pd_cell proto, ends, asked, came;
    unsigned line = style->columns ? style->columns : USUAL_COLUMNS - TIME_COLUMNS;
    uint64_t bytes = shown_bytes(r), duration = 0;
    bool timed = pd_rec_duration(r, &duration);

    pd_cell_start(&proto, PD_CELL_BYTES);
    pd_cell_ascii(&proto, r->schema->proto);
    /* All columns but ends, asked and came; with the blank before each but the first. */
    unsigned others =
        more(proto.width, PROTO_COLUMNS) + 1 + 1 + 1 + 1 + status_columns(r) + 2 * (1 + QUANTITY_COLUMNS);
    unsigned needed = others - status_columns(r) + STATUS_USUAL + ASKED_USUAL + 1 + CAME_LEAST;
    cell_ends(&ends, r, style->columns ? more(line > needed ? line - needed : 0, ENDS_LEAST) : PD_CELL_BYTES);
    unsigned ends_columns =
        style->columns && ends.width < ENDS_COLUMNS && line < needed + ENDS_COLUMNS ? 0 : ENDS_COLUMNS;
    others += more(ends.width, ends_columns);
    unsigned room = line > others ? line - others : 0;
    share(&asked, &came, style->columns ? more(room, 1) : 0, r, style);

    put_left(b, &proto, PROTO_COLUMNS);
    put_left(b, &ends, ends_columns);
    /* Without an answer its column and the blank before the status are asked's. */
    put_left(b, &asked, came.width == 0 ? room + 1 : room > came.width ? room - came.width : 0);
    if (came.width)
        put_left(b, &came, 0);
    put_status(b, r, style->color);
    put_quantity(b, bytes > 0, bytes, pd_cell_size);
    put_quantity(b, timed, duration, pd_cell_duration);
    pd_buf_char(b, '\n');
}

/* --- the time column --- */

static char *put_clock(char *to, unsigned hour, unsigned minute, unsigned second, uint64_t ns)
{
    to = pd_digits(to, hour, 2);
    *to++ = ':';
    to = pd_digits(to, minute, 2);
    *to++ = ':';
    to = pd_digits(to, second, 2);
    *to++ = '.';
    return pd_digits(to, ns / 1000, 6);
}

static char *time_local(char *to, uint64_t ts)
{
    time_t seconds = (time_t)(ts / NS_IN_S);
    struct tm tm = {0};

    localtime_r(&seconds, &tm);
    return put_clock(to, (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec, ts % NS_IN_S);
}

static char *time_utc(char *to, uint64_t ts)
{
    struct pd_date d;

    pd_date_from(&d, ts / NS_IN_S);
    to = pd_digits(to, d.year, 4);
    *to++ = '-';
    to = pd_digits(to, d.month, 2);
    *to++ = '-';
    to = pd_digits(to, d.day, 2);
    *to++ = 'T';
    to = put_clock(to, d.hour, d.minute, d.second, ts % NS_IN_S);
    *to++ = 'Z';
    return to;
}

static char *time_epoch(char *to, uint64_t ts)
{
    return to + snprintf(to, PD_TIME_TEXT - 1, "%" PRIu64 ".%06" PRIu64, ts / NS_IN_S, ts % NS_IN_S / 1000);
}

static char *time_delta(char *to, uint64_t ts, uint64_t last)
{
    bool back = last > ts;
    uint64_t ns = !last ? 0 : back ? last - ts : ts - last;
    char text[PD_TIME_TEXT];

    snprintf(text, sizeof text, "%c%" PRIu64 ".%06" PRIu64, back ? '-' : '+', ns / NS_IN_S,
             ns % NS_IN_S / 1000);
    return to + snprintf(to, PD_TIME_TEXT - 1, "%*s", TIME_COLUMNS - 1, text);
}

size_t pd_line_time(char out[PD_TIME_TEXT], uint64_t ts, enum pd_time_form form, uint64_t last)
{
    char *to = out;

    if (!ts)
        to += snprintf(to, PD_TIME_TEXT - 1, "%-*s", TIME_COLUMNS - 1, "?");
    else if (form == PD_TIME_LOCAL)
        to = time_local(to, ts);
    else if (form == PD_TIME_UTC)
        to = time_utc(to, ts);
    else if (form == PD_TIME_EPOCH)
        to = time_epoch(to, ts);
    else
        to = time_delta(to, ts, last);
    *to++ = ' ';
    return (size_t)(to - out);
}
