/* line_json.c: a record as one JSON object. Keys come from the schema's table, in its order. The line is
 * written through a bare pointer, `to`, which each function takes and returns; room is made before anything
 * whose length is not constant. When there is none, the line goes on in a spare place and is forgotten, so
 * that nothing else has to ask. */
#include "base/cold.h"
#include "exporter/community.h"
#include "exporter/memo.h"
#include "exporter/text.h"

enum {
    PART_MAX = PD_JSON_BLOCK * PD_JSON_ESCAPE, /* of one piece of text */
    HEAD_MAX = 512, /* of all that stands before the sides, but for names and texts */
    NAME_COPY = 32,
    NOTE_COPY = 48,
    CUT_FIELDS = 64
};
#define NS_IN_S UINT64_C(1000000000)

struct encoder {
    struct pd_buf *out;
    const char *end; /* of the room */
    const struct pd_line_style *style;
    struct pd_line_memo *memo;
    const struct pd_rec *rec;
    uint64_t cut; /* a bit for each field of the schema that was shortened */
    bool holed;
    bool failed; /* no room: `to` is in memo->spare */
};

_Static_assert(sizeof((struct pd_line_memo *)0)->spare > HEAD_MAX + PD_MEMO_KEPT,
               "what is asked for at once fits");
_Static_assert(sizeof((struct pd_line_memo *)0)->spare > PART_MAX + 2 * PD_JSON_SLACK + PD_MEMO_KEPT,
               "what is asked for at once fits");

/* Copies a literal without its NUL. */
#define PUT(to, literal) ((char *)memcpy((to), "" literal, sizeof(literal) - 1) + sizeof(literal) - 1)

/* --- room --- */

PD_COLD static char *more_room(struct encoder *e, char *to, size_t n)
{
    if (!e->failed) {
        size_t before = e->out->len, used = (size_t)(to - e->out->p) - before;
        bool grown = pd_buf_grow(e->out, used + n);
        e->end = e->out->p + e->out->cap;
        if (grown)
            return e->out->p + before + used;
    }
    e->failed = true;
    e->end = e->memo->spare + sizeof e->memo->spare;
    return e->memo->spare + 1; /* the byte before `to` may be looked at */
}

/* Room for n bytes at what it returns. PD_MEMO_KEPT more are there for what has a known size: numbers,
 * constants, keys and brackets need not ask. */
static inline char *room(struct encoder *e, char *to, size_t n)
{
    n += PD_MEMO_KEPT;
    return (size_t)(e->end - to) >= n ? to : more_room(e, to, n);
}

/* --- fields --- */

PD_COLD static void note_loss(struct encoder *e, const struct pd_text *t, uint64_t mark)
{
    if (t->len < t->full)
        e->cut |= mark;
    if (t->holed)
        e->holed = true;
}

static inline void note(struct encoder *e, const struct pd_text *t, uint64_t mark)
{
    if (t->len != t->full || t->holed)
        note_loss(e, t, mark);
}

/* Any text without quotes. */
static char *put_inside(struct encoder *e, char *to, struct pd_slice s)
{
    while (s.len)
        to = pd_json_inside(room(e, to, PART_MAX), &s);
    return to;
}

/* A text that is too long to make room for all of it at once. */
PD_COLD static char *put_long(struct encoder *e, char *to, const struct pd_piece *key, struct pd_slice s)
{
    to = room(e, to, sizeof *key);
    if (key)
        to = pd_piece_put(to, key);
    to = put_inside(e, PUT(to, "\""), s);
    return PUT(room(e, to, 2), "\",");
}

/* `key"text",`; key may be NULL. */
PD_INLINE char *put_slice(struct encoder *e, char *to, const struct pd_piece *key, struct pd_slice s)
{
    if (s.len > PD_JSON_BLOCK)
        return put_long(e, to, key, s);
    to = room(e, to, sizeof *key + s.len * PD_JSON_ESCAPE);
    if (key)
        to = pd_piece_put(to, key);
    return pd_json_string(to, s);
}

PD_INLINE char *put_text(struct encoder *e, char *to, const struct pd_piece *key, const struct pd_text *t,
                         uint64_t mark)
{
    note(e, t, mark);
    return put_slice(e, to, key, pd_text_slice(t));
}

PD_INLINE char *put_plain(struct encoder *e, char *to, const struct pd_step *s, const struct pd_text *t)
{
    const struct pd_piece *known = t->constant && !t->holed ? pd_memo_constant(e->memo, s, t) : NULL;

    if (!known)
        return put_text(e, to, &s->key, t, s->mark);
    return pd_piece_put(to, known);
}

static char *put_query(struct encoder *e, char *to, const struct pd_step *s, const struct pd_text *t)
{
    struct pd_slice left = pd_text_slice(t), piece;
    bool secret;

    note(e, t, s->mark);
    to = PUT(pd_piece_put(room(e, to, sizeof s->key), &s->key), "\"");
    while (pd_query_next(&left, e->style->redact, &piece, &secret)) {
        to = put_inside(e, to, piece);
        if (secret)
            to = PUT(room(e, to, sizeof PD_REDACTED), PD_REDACTED);
    }
    return PUT(room(e, to, 2), "\",");
}

static char *put_masked(struct encoder *e, char *to, const struct pd_step *s, const struct pd_text *t)
{
    char plain[PD_MASK_CAP];

    note(e, t, s->mark);
    return put_slice(e, to, &s->key, pd_masked(e->rec, s->field, t, e->style->redact, plain));
}

static char *put_list(struct encoder *e, char *to, const struct pd_list *l, uint64_t mark)
{
    *to++ = '[';
    for (const struct pd_item *i = l->first; i; i = i->next)
        to = put_text(e, to, NULL, &i->text, mark);
    return pd_json_close(to, ']');
}

/* `"name":[`, and whether the values are secret, for a name that is not remembered. */
PD_COLD static char *put_strange_name(struct encoder *e, char *to, const struct pd_pair *p, uint64_t mark,
                                      bool *secret)
{
    const struct pd_redact *redact = e->style->redact;
    struct pd_slice name = pd_text_slice(&p->name);

    note(e, &p->name, mark);
    *secret = redact && pd_redact_name(redact, name);
    to = put_inside(e, PUT(room(e, to, 1), "\""), name);
    return PUT(room(e, to, 3), "\":[");
}

static inline char *put_name(struct encoder *e, char *to, const struct pd_pair *p, uint64_t mark,
                             bool *secret)
{
    const struct pd_memo_name *known = pd_memo_name(e->memo, e->style->redact, p);

    if (!known)
        return put_strange_name(e, to, p, mark, secret);
    *secret = known->secret;
    to = room(e, to, sizeof known->text);
    memcpy(to, known->text, NAME_COPY);
    if (known->len > NAME_COPY - PD_MEMO_QUOTES)
        memcpy(to + NAME_COPY, known->text + NAME_COPY, sizeof known->text - NAME_COPY);
    return to + known->len + PD_MEMO_QUOTES;
}

PD_INLINE char *put_value(struct encoder *e, char *to, const struct pd_pair *p, uint64_t mark, bool secret)
{
    if (secret)
        return PUT(room(e, to, sizeof PD_REDACTED), "\"" PD_REDACTED "\",");
    return put_text(e, to, NULL, &p->value, mark);
}

static bool same_name(const struct pd_pair *a, const struct pd_pair *b)
{
    return a->name.len == b->name.len && memcmp(a->name.s, b->name.s, a->name.len) == 0;
}

/* The values of the nodes behind h that have its name. */
PD_COLD static char *put_repeated(struct encoder *e, char *to, const struct pd_header *h, uint64_t mark,
                                  bool secret)
{
    for (const struct pd_header *o = h->next; o; o = o->next)
        if (o->again && same_name(o->pair, h->pair))
            to = put_value(e, to, o->pair, mark, secret);
    return to;
}

/* A name once, with the values of all nodes that have it, in their order. */
static inline char *put_header(struct encoder *e, char *to, const struct pd_header *h, uint64_t mark,
                               bool repeats)
{
    bool secret;

    to = put_name(e, to, h->pair, mark, &secret);
    to = put_value(e, to, h->pair, mark, secret);
    if (repeats)
        to = put_repeated(e, to, h, mark, secret);
    return PUT(to - 1, "],"); /* in place of the last value's comma */
}

/* A header that records share: what is written of it is noted there, for the next record that has it. */
PD_COLD static char *put_and_note(struct encoder *e, char *to, struct pd_shared *s, uint64_t mark)
{
    const struct pd_header h = {.pair = &s->pair};

    to = room(e, to, PART_MAX + 2 * PD_JSON_SLACK); /* all of it, in one place */
    char *end = put_header(e, to, &h, mark, false);
    size_t n = (size_t)(end - to);

    s->noted_for = n <= sizeof s->note ? (const void *)e->style->redact : s;
    s->note_len = (uint8_t)n;
    if (s->noted_for != s)
        memcpy(s->note, to, n);
    return end;
}

static inline char *put_shared(struct encoder *e, char *to, struct pd_shared *s, uint64_t mark)
{
    if (s->noted_for != e->style->redact)
        return put_and_note(e, to, s, mark);
    to = room(e, to, sizeof s->note);
    memcpy(to, s->note, NOTE_COPY);
    if (s->note_len > NOTE_COPY)
        memcpy(to + NOTE_COPY, s->note + NOTE_COPY, sizeof s->note - NOTE_COPY);
    return to + s->note_len;
}

static inline char *put_headers(struct encoder *e, char *to, const struct pd_step *s, const struct pd_list *l)
{
    if (l->full == 0)
        return to;
    to = pd_piece_put(to, &s->key);
    *to++ = '{';
    for (const struct pd_header *h = l->first; h; h = h->next)
        if (h->pair->shared && !l->repeats)
            to = put_shared(e, to, pd_shared_of(h->pair), s->mark);
        else if (!h->again)
            to = put_header(e, to, h, s->mark, l->repeats);
    return pd_json_close(to, '}');
}

static char *put_objects(struct encoder *e, char *to, const struct pd_step *s, const struct pd_list *l);

static char *put_several(struct encoder *e, char *to, const struct pd_step *s, const struct pd_list *l)
{
    if (l->count < l->full)
        e->cut |= s->mark;
    if (s->kind == PD_HEADERS)
        return put_headers(e, to, s, l);
    if (l->full == 0)
        return to;
    to = pd_piece_put(to, &s->key);
    return s->kind == PD_LIST ? put_list(e, to, l, s->mark) : put_objects(e, to, s, l);
}

static inline char *put_int(char *to, const struct pd_step *s, const struct pd_int *i)
{
    if (!i->seen)
        return to;
    to = pd_piece_put(to, &s->key);
    return pd_json_i64(to, i->v);
}

static char *put_bool(char *to, const struct pd_step *s, uint8_t value)
{
    if (value == PD_UNSEEN)
        return to;
    to = pd_piece_put(to, &s->key);
    return value == PD_TRUE ? PUT(to, "true,") : PUT(to, "false,");
}

static char *put_steps(struct encoder *e, char *to, const struct pd_step *s, const unsigned char *data)
{
    for (;; s++) {
        const void *at = data + s->off;
        const struct pd_text *text = at;
        if (s->kind == PD_TEXT) {
            if (text->s)
                to = put_plain(e, to, s, text);
        } else if (s->kind == PD_INT) {
            to = put_int(to, s, at);
        } else if (s->kind == PD_STEP_END) {
            return to;
        } else if (s->kind == PD_BOOL) {
            to = put_bool(to, s, *(const uint8_t *)at);
        } else if (s->kind == PD_STEP_QUERY) {
            if (text->s)
                to = put_query(e, to, s, text);
        } else if (s->kind == PD_STEP_MASKED) {
            if (text->s)
                to = put_masked(e, to, s, text);
        } else {
            to = put_several(e, to, s, at);
        }
    }
}

static char *put_objects(struct encoder *e, char *to, const struct pd_step *s, const struct pd_list *l)
{
    *to++ = '[';
    for (const struct pd_object *o = l->first; o; o = o->next) {
        to = PUT(room(e, to, 1), "{");
        to = pd_json_close(put_steps(e, to, s->sub, o->data), '}');
    }
    return pd_json_close(to, ']');
}

/* --- the object --- */

static inline char *put_end(struct encoder *e, char *to, const struct pd_end *end)
{
    const struct pd_memo_end *known = pd_memo_end(e->memo, end);

    memcpy(to, known->text, sizeof known->text);
    return to + known->len;
}

static char *put_string(struct encoder *e, char *to, const char *s)
{
    return put_slice(e, to, NULL, (struct pd_slice){(const uint8_t *)s, (uint32_t)strlen(s)});
}

static char *put_tunnel(struct encoder *e, char *to, const char *kind, uint32_t id)
{
    to = put_string(e, PUT(to, "\"tunnel\":{\"kind\":"), kind);
    to = pd_json_u64(PUT(to, "\"id\":"), id);
    return PUT(to - 1, "},");
}

/* Interface, VLAN, tunnel, Community ID. Apart, since most lines of a file have none of them. */
__attribute__((noinline)) static char *put_link(struct encoder *e, char *to, const struct pd_rec *r,
                                                bool live)
{
    const struct pd_line_style *style = e->style;
    const char *iface = live ? style->iface_name(r->link.iface) : NULL;
    const char *tunnel = pd_tunnel_name(r->link.tunnel);

    if (iface)
        to = room(e, put_string(e, PUT(to, "\"iface\":"), iface), HEAD_MAX);
    if (r->link.vlan)
        to = pd_json_u64(PUT(to, "\"vlan\":"), r->link.vlan);
    if (tunnel)
        to = room(e, put_tunnel(e, to, tunnel, r->link.tunnel_id), HEAD_MAX);
    if (style->community_id) {
        char id[PD_COMMUNITY_TEXT];
        pd_community_id(id, &r->client, &r->server, r->transport);
        to = room(e, put_string(e, PUT(to, "\"conn\":"), id), HEAD_MAX);
    }
    return to;
}

static char *put_place(struct encoder *e, char *to, const struct pd_rec *r)
{
    bool live = e->style->iface_name && !e->style->files;

    if (!live && r->ordinal)
        to = pd_json_u64(PUT(to, "\"packet\":"), r->ordinal);
    if (live || r->link.vlan || r->link.tunnel || e->style->community_id)
        to = put_link(e, to, r, live);
    return to;
}

/* Status and times. Both times are often the same, but what was just written digit by digit is slower to copy
 * than to write again: loads wait for all those stores. */
static char *put_outcome(struct encoder *e, char *to, const struct pd_rec *r)
{
    uint64_t ns;

    to = pd_piece_put(to, &e->memo->status[r->status]);
    if (pd_rec_duration(r, &ns))
        to = pd_json_seconds(PUT(to, "\"duration\":"), ns);
    if (pd_rec_wait(r, &ns))
        to = pd_json_seconds(PUT(to, "\"wait\":"), ns);
    if (r->flags & PD_REC_LATE)
        to = PUT(to, "\"late\":true,");
    return to;
}

static char *put_error(struct encoder *e, char *to, const struct pd_rec *r)
{
    struct pd_text error = {0};

    if (!r->schema->failed || !r->schema->failed(r, &error) || !error.s)
        return to;
    return put_slice(e, PUT(to, "\"error\":"), NULL, pd_text_slice(&error));
}

/* One side's fields and bytes; nothing at all when none was seen. */
PD_INLINE char *put_side(struct encoder *e, char *to, const struct pd_rec *r, const struct pd_plan *plan,
                         enum pd_side side)
{
    static const struct pd_piece begin[] = {{"\"request\":{", 11}, {"\"response\":{", 12}};
    uint64_t bytes = side == PD_REQUEST ? r->req_bytes : r->rsp_bytes;

    to = pd_piece_put(room(e, to, sizeof begin[0]), &begin[side]);
    to = put_steps(e, to, plan->side[side], r->data);
    if (bytes)
        to = pd_json_u64(PUT(to, "\"bytes\":"), bytes);
    return to[-1] == '{' ? to - begin[side].len : pd_json_close(to, '}');
}

/* What was shortened, and where bytes were lost. */
PD_COLD static char *put_marks(struct encoder *e, char *to, const struct pd_rec *r)
{
    const struct pd_field *f = r->schema->fields;

    if (e->cut) {
        to = PUT(room(e, to, PD_JSON_SLACK), "\"cut\":[");
        for (unsigned i = 0; f[i].name && i < CUT_FIELDS; i++)
            if (e->cut >> i & 1) {
                struct pd_piece name;
                pd_piece_set(&name, "", f[i].name, "\",");
                to = room(e, to, PD_JSON_SLACK);
                to = pd_piece_put(f[i].side == PD_REQUEST ? PUT(to, "\"request.") : PUT(to, "\"response."),
                                  &name);
            }
        to = pd_json_close(to, ']');
    }
    if (e->holed)
        to = PUT(room(e, to, PD_JSON_SLACK), "\"holed\":true,");
    return to;
}

/* There is room for HEAD_MAX bytes. */
static char *put_record(struct encoder *e, char *to, const struct pd_rec *r, const struct pd_plan *plan)
{
    if (r->first_req) {
        to = pd_piece_put(to, pd_memo_second(e->memo, r->first_req / NS_IN_S));
        to = PUT(pd_json_nanos(to, (uint32_t)(r->first_req % NS_IN_S)), "Z\",");
    } else {
        *to++ = '{';
    }
    to = PUT(pd_piece_put(to, &plan->proto), "\"client\":");
    to = PUT(put_end(e, to, &r->client), "\"server\":");
    to = put_place(e, put_end(e, to, &r->server), r);
    to = put_outcome(e, to, r);
    if (r->status == PD_ERROR)
        to = put_error(e, to, r);
    to = put_side(e, to, r, plan, PD_REQUEST);
    if (pd_rec_has_response(r))
        to = put_side(e, to, r, plan, PD_RESPONSE);
    if (e->cut || e->holed)
        to = put_marks(e, to, r);
    to = pd_json_close(to, '}');
    to[-1] = '\n'; /* no comma behind it */
    return to;
}

void pd_line_json(struct pd_buf *b, const struct pd_rec *r, const struct pd_line_style *style,
                  struct pd_line_memo *memo)
{
    const struct pd_plan *plan = pd_memo_plan(memo, r->schema);

    if (!plan)
        b->full = true;
    if (!plan || !pd_buf_room(b, HEAD_MAX + PD_MEMO_KEPT))
        return;
    struct encoder e = {.out = b, .end = b->p + b->cap, .style = style, .memo = memo, .rec = r};
    char *end = put_record(&e, b->p + b->len, r, plan);
    if (!e.failed)
        b->len = (size_t)(end - b->p);
}
