/* line_json.c: a record as one JSON object. Keys come from the schema's table, in its order. */
#include "exporter/community.h"
#include "exporter/json.h"
#include "exporter/line.h"
#include "exporter/text.h"

enum { CUT_FIELDS = 64 };

struct encoder {
    struct pd_buf *out;
    const struct pd_line_style *style;
    uint64_t cut;   /* a bit for each field of the schema that was shortened */
    bool shortened; /* the field in hand was */
    bool holed;
};

/* --- fields --- */

static void note(struct encoder *e, const struct pd_text *t)
{
    e->shortened |= t->len < t->full;
    e->holed |= t->holed;
}

static void put_text(struct encoder *e, const struct pd_text *t)
{
    note(e, t);
    pd_json_string(e->out, pd_text_slice(t));
}

static void put_query(struct encoder *e, const struct pd_text *t)
{
    struct pd_slice left = pd_text_slice(t), piece;
    bool secret;

    note(e, t);
    pd_buf_char(e->out, '"');
    while (pd_query_next(&left, e->style->redact, &piece, &secret)) {
        pd_json_inside(e->out, piece);
        if (secret)
            pd_buf_lit(e->out, PD_REDACTED);
    }
    pd_buf_lit(e->out, "\",");
}

static void put_list(struct encoder *e, const struct pd_list *l)
{
    pd_buf_char(e->out, '[');
    size_t start = e->out->len;
    for (const struct pd_item *i = l->first; i; i = i->next)
        put_text(e, &i->text);
    pd_json_close(e->out, start, ']');
}

static bool same_name(const struct pd_header *a, const struct pd_header *b)
{
    return a->name.len == b->name.len && memcmp(a->name.s, b->name.s, a->name.len) == 0;
}

static struct pd_slice shown_value(struct encoder *e, const struct pd_header *h, bool secret)
{
    if (secret)
        return PD_SLICE(PD_REDACTED);
    note(e, &h->value);
    return pd_text_slice(&h->value);
}

/* A name once, with the values of all nodes that have it, in their order. */
static void put_header(struct encoder *e, const struct pd_header *h, bool repeats)
{
    const struct pd_redact *redact = e->style->redact;
    struct pd_slice name = pd_text_slice(&h->name);
    bool secret = redact && pd_redact_name(redact, name);

    note(e, &h->name);
    pd_json_header(e->out, name, shown_value(e, h, secret));
    for (const struct pd_header *o = h->next; repeats && o; o = o->next)
        if (o->again && same_name(o, h))
            pd_json_string(e->out, shown_value(e, o, secret));
    pd_json_close(e->out, 0, ']');
}

static void put_headers(struct encoder *e, const struct pd_list *l)
{
    pd_buf_char(e->out, '{');
    size_t start = e->out->len;
    for (const struct pd_header *h = l->first; h; h = h->next)
        if (!h->again)
            put_header(e, h, l->repeats);
    pd_json_close(e->out, start, '}');
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

static void put_several(struct encoder *e, const struct pd_field *f, const struct pd_list *l)
{
    e->shortened |= l->count < l->full;
    if (f->type == PD_HEADERS)
        put_headers(e, l);
    else if (f->type == PD_LIST)
        put_list(e, l);
    else
        put_objects(e, f, l);
}

static void put_field(struct encoder *e, const struct pd_field *f, const unsigned char *data)
{
    const void *at = data + f->off;

    if ((f->roles & (PD_LOG | PD_HIDDEN)) != PD_LOG || !seen(f, at))
        return;
    pd_json_key(e->out, f->name);
    switch (f->type) {
    case PD_TEXT:
        if (f->roles & PD_QUERY)
            put_query(e, at);
        else
            put_text(e, at);
        break;
    case PD_INT:
        pd_json_i64(e->out, ((const struct pd_int *)at)->v);
        break;
    case PD_BOOL:
        pd_buf_str(e->out, *(const uint8_t *)at == PD_TRUE ? "true," : "false,");
        break;
    default:
        put_several(e, f, at);
    }
}

/* Sub-tables hold no objects again: tables are constants of this program, not input. */
static void put_objects(struct encoder *e, const struct pd_field *f, const struct pd_list *l)
{
    pd_buf_char(e->out, '[');
    size_t list_start = e->out->len;
    for (const struct pd_object *o = l->first; o; o = o->next) {
        pd_buf_char(e->out, '{');
        size_t start = e->out->len;
        for (const struct pd_field *sub = f->sub; sub->name; sub++)
            put_field(e, sub, o->data);
        pd_json_close(e->out, start, '}');
    }
    pd_json_close(e->out, list_start, ']');
}

/* --- the object --- */

/* The inside of an end's object. */
static void put_end(struct pd_buf *b, const struct pd_end *end)
{
    pd_buf_lit(b, "{\"address\":\"");
    if (pd_buf_room(b, PD_ADDR_TEXT))
        b->len += pd_addr_print(b->p + b->len, &end->addr);
    pd_buf_lit(b, "\",\"port\":");
    pd_buf_u64(b, end->port);
    pd_buf_lit(b, "},");
}

static void put_name(struct pd_buf *b, const char *name)
{
    pd_json_string(b, (struct pd_slice){(const uint8_t *)name, (uint32_t)strlen(name)});
}

static void put_tunnel(struct pd_buf *b, const char *kind, uint32_t id)
{
    pd_buf_lit(b, "\"tunnel\":{\"kind\":");
    put_name(b, kind);
    pd_buf_lit(b, "\"id\":");
    pd_buf_u64(b, id);
    pd_buf_lit(b, "},");
}

static void put_place(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style)
{
    bool live = style->iface_name && !style->files;
    const char *iface = live ? style->iface_name(r->link.iface) : NULL;
    const char *tunnel = pd_tunnel_name(r->link.tunnel);
    char id[PD_COMMUNITY_TEXT];

    if (!live && r->ordinal) {
        pd_buf_lit(b, "\"packet\":");
        pd_json_u64(b, r->ordinal);
    }
    if (iface) {
        pd_buf_lit(b, "\"iface\":");
        put_name(b, iface);
    }
    if (r->link.vlan) {
        pd_buf_lit(b, "\"vlan\":");
        pd_json_u64(b, r->link.vlan);
    }
    if (tunnel)
        put_tunnel(b, tunnel, r->link.tunnel_id);
    if (style->community_id) {
        pd_community_id(id, &r->client, &r->server, r->transport);
        pd_buf_lit(b, "\"conn\":");
        put_name(b, id);
    }
}

static void put_outcome(struct pd_buf *b, const struct pd_rec *r)
{
    struct pd_text error = {0};
    uint64_t ns;

    pd_buf_lit(b, "\"status\":");
    put_name(b, pd_status_names[r->status]);
    if (pd_rec_duration(r, &ns)) {
        pd_buf_lit(b, "\"duration\":");
        pd_json_seconds(b, ns);
    }
    if (pd_rec_wait(r, &ns)) {
        pd_buf_lit(b, "\"wait\":");
        pd_json_seconds(b, ns);
    }
    if (r->flags & PD_REC_LATE)
        pd_buf_lit(b, "\"late\":true,");
    if (r->status == PD_ERROR && r->schema->failed && r->schema->failed(r, &error) && error.s) {
        pd_buf_lit(b, "\"error\":");
        pd_json_string(b, pd_text_slice(&error));
    }
}

static void put_fields(struct encoder *e, const struct pd_rec *r, enum pd_side side)
{
    const struct pd_field *fields = r->schema->fields;

    for (unsigned i = 0; fields[i].name; i++) {
        if (fields[i].side != side)
            continue;
        e->shortened = false;
        put_field(e, &fields[i], r->data);
        if (e->shortened && i < CUT_FIELDS)
            e->cut |= UINT64_C(1) << i;
    }
}

/* One side's fields and bytes; nothing at all when none was seen. */
static void put_side(struct encoder *e, const struct pd_rec *r, enum pd_side side)
{
    uint64_t bytes = side == PD_REQUEST ? r->req_bytes : r->rsp_bytes;
    size_t before = e->out->len, start;

    if (side == PD_REQUEST)
        pd_buf_lit(e->out, "\"request\":{");
    else
        pd_buf_lit(e->out, "\"response\":{");
    start = e->out->len;
    put_fields(e, r, side);
    if (bytes) {
        pd_buf_lit(e->out, "\"bytes\":");
        pd_json_u64(e->out, bytes);
    }
    if (e->out->len > start)
        pd_json_close(e->out, start, '}');
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
        pd_json_close(e->out, 0, ']');
    }
    if (e->holed)
        pd_buf_lit(e->out, "\"holed\":true,");
}

void pd_line_json(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style)
{
    struct encoder e = {.out = b, .style = style};

    pd_buf_char(b, '{');
    if (r->first_req)
        pd_json_time(b, r->first_req);
    pd_buf_lit(b, "\"proto\":");
    put_name(b, r->schema->proto);
    pd_buf_lit(b, "\"client\":");
    put_end(b, &r->client);
    pd_buf_lit(b, "\"server\":");
    put_end(b, &r->server);
    put_place(b, r, style);
    put_outcome(b, r);
    put_side(&e, r, PD_REQUEST);
    if (pd_rec_has_response(r))
        put_side(&e, r, PD_RESPONSE);
    put_marks(&e, r);
    pd_json_close(b, 0, '}');
    if (b->len)
        b->p[b->len - 1] = '\n';
}
