/* memo.c: small tables with few places for each key; when all are taken, a newcomer takes the first. */
#include "exporter/memo.h"
#include "base/check.h"
#include "base/cold.h"
#include "base/word.h"
#include "exporter/text.h"
#include <stdlib.h>

enum { MARKS = 64, PROBES = 4 };

struct pd_line_memo *pd_line_memo_new(void)
{
    struct pd_line_memo *m = calloc(1, sizeof *m);

    if (!m)
        return NULL;
    m->second = UINT64_MAX;
    for (int i = 0; i < PD_STATUS_COUNT; i++)
        pd_piece_set(&m->status[i], "\"status\":\"", pd_status_names[i], "\",");
    return m;
}

void pd_line_memo_free(struct pd_line_memo *m)
{
    if (!m)
        return;
    for (struct pd_plan *p = m->plans, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    free(m);
}

/* --- plans --- */

static bool shown(const struct pd_field *f)
{
    return (f->roles & (PD_LOG | PD_HIDDEN)) == PD_LOG;
}

static size_t count_fields(const struct pd_field *f)
{
    size_t n = 0;

    while (f && f[n].name)
        n++;
    return n;
}

/* Of all tables of objects together, with their ends. */
static size_t count_sub_steps(const struct pd_field *fields)
{
    size_t n = 0;

    for (const struct pd_field *f = fields; f->name; f++)
        if (f->type == PD_OBJECTS)
            n += count_fields(f->sub) + 1;
    return n;
}

static struct pd_step *add_step(struct pd_step *s, const struct pd_field *f, uint64_t mark)
{
    unsigned special = f->type == PD_TEXT ? f->roles & (PD_QUERY | PD_MASKED) : 0;

    *s = (struct pd_step){.mark = mark, .off = f->off, .kind = f->type};
    if (special & PD_QUERY)
        s->kind = PD_STEP_QUERY;
    if (special & PD_MASKED) {
        s->kind = PD_STEP_MASKED;
        s->field = f;
    }
    pd_piece_set(&s->key, "\"", f->name, "\":");
    return s + 1;
}

static struct pd_step *end_steps(struct pd_step *s)
{
    *s = (struct pd_step){.kind = PD_STEP_END};
    return s + 1;
}

/* The steps of objects go to *sub. What is cut in them marks the record's field. Their tables hold no objects
 * again: tables are constants of this program, not input. */
static struct pd_step *add_side(struct pd_step *s, struct pd_step **sub, const struct pd_field *fields,
                                enum pd_side side)
{
    for (unsigned i = 0; fields[i].name; i++) {
        const struct pd_field *f = &fields[i];
        uint64_t mark = i < MARKS ? UINT64_C(1) << i : 0;
        if (f->side != side || !shown(f))
            continue;
        s = add_step(s, f, mark);
        if (f->type != PD_OBJECTS)
            continue;
        s[-1].sub = *sub;
        for (const struct pd_field *inner = f->sub; inner->name; inner++)
            if (shown(inner))
                *sub = add_step(*sub, inner, mark);
        *sub = end_steps(*sub);
    }
    return end_steps(s);
}

static struct pd_plan *make_plan(const struct pd_schema *schema)
{
    size_t top = count_fields(schema->fields) + 2, subs = count_sub_steps(schema->fields);

    PD_ASSERT(top + subs <= PD_MEMO_FIELDS);
    struct pd_plan *p = malloc(sizeof *p + (top + subs) * sizeof p->step[0]);

    if (!p)
        return NULL;
    struct pd_step *sub = p->step + top;
    struct pd_step *response = add_side(p->step, &sub, schema->fields, PD_REQUEST);
    add_side(response, &sub, schema->fields, PD_RESPONSE);
    *p = (struct pd_plan){.schema = schema, .side = {p->step, response}};
    pd_piece_set(&p->proto, "\"proto\":\"", schema->proto, "\",");
    return p;
}

const struct pd_plan *pd_memo_plan(struct pd_line_memo *m, const struct pd_schema *schema)
{
    struct pd_plan *p = m->plans;

    while (p && p->schema != schema)
        p = p->next;
    if (p)
        return p;
    p = make_plan(schema);
    if (p) {
        p->next = m->plans;
        m->plans = p;
    }
    return p;
}

/* --- constant texts --- */

const struct pd_piece *pd_memo_new_constant(struct pd_memo_constant *slot, const struct pd_step *step,
                                            const struct pd_text *t)
{
    char text[sizeof step->key.s * PD_JSON_ESCAPE + PD_JSON_SLACK];
    size_t room = sizeof step->key.s - step->key.len;

    if (slot->s || t->len > room)
        return NULL;
    size_t n = (size_t)(pd_json_string(text, pd_text_slice(t)) - text);
    if (n > room)
        return NULL;
    slot->step = step;
    slot->s = t->s;
    slot->member = step->key;
    memcpy(slot->member.s + step->key.len, text, n);
    slot->member.len = (uint8_t)(step->key.len + n);
    return &slot->member;
}

/* --- times and addresses --- */

PD_COLD static void set_second(struct pd_line_memo *m, uint64_t second)
{
    char text[PD_JSON_SECOND_LEN + 1] = "";

    pd_json_second(text, second);
    pd_piece_set(&m->begin, "{\"time\":\"", text, "");
    m->second = second;
}

const struct pd_piece *pd_memo_second(struct pd_line_memo *m, uint64_t second)
{
    if (m->second != second)
        set_second(m, second);
    return &m->begin;
}

_Static_assert(sizeof "{\"address\":\"\",\"port\":65535}," + PD_ADDR_TEXT <=
                   sizeof((struct pd_memo_end *)0)->text + 2,
               "the longest end fits, without two NULs");

PD_COLD static const struct pd_memo_end *new_end(struct pd_memo_end *slot, const struct pd_end *end)
{
    static const char before[] = "{\"address\":\"", behind[] = "\",\"port\":";
    char addr[PD_ADDR_TEXT], *to = slot->text;
    size_t n = pd_addr_print(addr, &end->addr);

    slot->end = *end;
    to = (char *)memcpy(to, before, sizeof before - 1) + sizeof before - 1;
    to = (char *)memcpy(to, addr, n) + n;
    to = (char *)memcpy(to, behind, sizeof behind - 1) + sizeof behind - 1;
    to = pd_print_u64(to, end->port);
    *to++ = '}';
    *to++ = ',';
    slot->len = (uint8_t)(to - slot->text);
    return slot;
}

static bool same_end(const struct pd_end *a, const struct pd_end *b)
{
    return a->port == b->port && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

const struct pd_memo_end *pd_memo_end(struct pd_line_memo *m, const struct pd_end *end)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t half[2];

    memcpy(half, end->addr.b, sizeof half);
    /* The upper bits of a product depend on all bits of its factors. */
    uint64_t home = (((half[0] * odd) ^ half[1] ^ end->port) * odd) >> 48;
    for (unsigned i = 0; i < PROBES; i++) {
        struct pd_memo_end *slot = &m->end[(home + i) % PD_MEMO_ENDS];
        if (slot->len && same_end(&slot->end, end))
            return slot;
        if (!slot->len)
            return new_end(slot, end);
    }
    return new_end(&m->end[home % PD_MEMO_ENDS], end);
}

/* --- names of headers --- */

/* Is the name in JSON what it is here? */
static bool is_plain(struct pd_slice name)
{
    char text[PD_MEMO_NAME_MAX * PD_JSON_ESCAPE + PD_JSON_SLACK];
    char *end = pd_json_string(text, name);

    return end == text + 1 + name.len + 2 && memcmp(text + 1, name.p, name.len) == 0;
}

static void learn_name(struct pd_memo_name *slot, const struct pd_redact *redact, struct pd_slice name)
{
    *slot = (struct pd_memo_name){
        .redact = redact, .len = (uint8_t)name.len, .secret = redact && pd_redact_name(redact, name)};
    slot->text[0] = '"';
    memcpy(slot->text + 1, name.p, name.len);
    memcpy(slot->text + 1 + name.len, "\":[", 3);
}

static inline bool is_name(const struct pd_memo_name *slot, const struct pd_redact *redact,
                           const struct pd_text *name)
{
    return slot->len == name->len && slot->redact == redact &&
           pd_same_bytes(slot->text + 1, name->s, slot->len);
}

/* Puts a name that is not known yet near its hash, if it may be remembered at all. */
PD_COLD static const struct pd_memo_name *new_name(struct pd_line_memo *m, const struct pd_redact *redact,
                                                   const struct pd_pair *p)
{
    struct pd_slice name = {(const uint8_t *)p->name.s, p->name.len};
    struct pd_memo_name *slot = &m->name[p->hash % PD_MEMO_SLOTS];

    if (name.len == 0 || name.len > PD_MEMO_NAME_MAX || !is_plain(name))
        return NULL;
    for (unsigned i = 1; i < PROBES && slot->len; i++)
        slot = &m->name[(p->hash + i) % PD_MEMO_SLOTS];
    if (slot->len)
        slot = &m->name[p->hash % PD_MEMO_SLOTS];
    learn_name(slot, redact, name);
    return slot;
}

const struct pd_memo_name *pd_memo_name(struct pd_line_memo *m, const struct pd_redact *redact,
                                        const struct pd_pair *p)
{
    const struct pd_text *name = &p->name;

    if (name->len != name->full || name->holed)
        return NULL;
    for (unsigned i = 0; i < PROBES; i++) {
        const struct pd_memo_name *slot = &m->name[(p->hash + i) % PD_MEMO_SLOTS];
        if (!slot->len)
            break;
        if (is_name(slot, redact, name))
            return slot;
    }
    return new_name(m, redact, p);
}
