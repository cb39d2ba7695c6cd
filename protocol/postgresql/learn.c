/* learn.c: what names mean. The server takes a connection's messages in order, so what a statement or a
 * portal is called is known exactly when its confirmation comes. While nothing is on its way that could
 * change it, it is known before, and a query that is never answered has its text too. */
#include "base/hash.h"
#include "protocol/postgresql/postgresql.h"

uint64_t pd_pg_key_of(struct pd_slice name)
{
    return pd_hash(name.p, name.len < PD_PG_NAME_MAX ? name.len : PD_PG_NAME_MAX, 1) | 1;
}

static void answered(struct pd_pg_conn *s, const struct pd_pg_part *part)
{
    if (pd_pg_teaches(part->kind) && s->teaching)
        s->teaching--;
}

static void say(struct pd_conn *c, struct pd_rec *r, const struct pd_learnt *from, uint64_t key)
{
    struct pd_slice text;
    uint32_t full;

    if (pd_learnt_get(from, key, &text, &full))
        pd_pg_set_statement(c, r, text, full, pd_learnt_note(from, key));
}

/* The record binds that statement. */
static void say_statement(struct pd_conn *c, struct pd_rec *r, uint64_t key)
{
    struct pd_pg *f = pd_fields(r);

    if (f->spoken && f->said == key)
        return;
    pd_pg_clear_statement(r);
    f->said = key;
    say(c, r, &pd_pg_state(c)->statements, key);
    f->spoken = f->statement.s;
}

/* The record executes that portal, which an earlier one bound. */
static void say_portal(struct pd_conn *c, struct pd_rec *r, uint64_t key)
{
    struct pd_pg *f = pd_fields(r);

    if (f->binds && f->bound == key)
        return;
    pd_pg_clear_statement(r);
    f->spoken = false;
    say(c, r, &pd_pg_state(c)->portals, key);
}

void pd_pg_asked(struct pd_conn *c, struct pd_rec *r, const struct pd_pg_part *part)
{
    struct pd_pg *f = pd_fields(r);
    const struct pd_pg_conn *s = pd_pg_state(c);
    /* Its own part counts; a Parse before it in the same record is what the record says already. */
    bool certain = s->teaching <= (part->kind == PD_PG_BIND ? 1u : 0u) && !s->muddled;

    if (part->kind == PD_PG_BIND) {
        if (f->spoken && f->said != part->statement) {
            pd_pg_clear_statement(r);
            f->spoken = false;
        }
        if (!f->spoken && certain)
            say_statement(c, r, part->statement);
        f->binds = true;
        f->bound = part->key;
    } else if (part->kind == PD_PG_EXECUTE) {
        if (f->binds ? f->bound != part->key : certain)
            say_portal(c, r, part->key);
    }
}

static void put(struct pd_conn *c, struct pd_learnt *to, uint64_t key, struct pd_slice text, uint32_t full)
{
    struct pd_slice known;
    uint32_t known_full;

    if (!pd_learnt_get(to, key, &known, &known_full) || known_full != full || !pd_slice_eq(known, text))
        pd_learnt_put(c, to, key, text, full);
}

static void learn_statement(struct pd_conn *c, const struct pd_pg_part *part)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (part->text.s && part->text.len < part->text.full && part->text.len < PD_PG_STATEMENT_MAX)
        pd_learnt_drop(c, &s->statements, part->key); /* memory was short */
    else
        put(c, &s->statements, part->key, pd_text_bytes(&part->text), part->text.full);
}

static void learn_portal(struct pd_conn *c, const struct pd_rec *r, uint64_t key)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    const struct pd_pg *f = pd_fields_const(r);
    struct pd_slice text;
    uint32_t full;

    if (f->spoken && pd_learnt_get(&s->statements, f->said, &text, &full))
        put(c, &s->portals, key, text, full);
    else if (s->portals.count)
        pd_learnt_drop(c, &s->portals, key);
}

void pd_pg_confirmed(struct pd_conn *c, struct pd_rec *r, const struct pd_pg_part *part)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_pg *f = pd_fields(r);

    answered(s, part);
    if (s->muddled)
        return;
    switch ((enum pd_pg_part_kind)part->kind) {
    case PD_PG_PARSE:
        learn_statement(c, part);
        break;
    case PD_PG_BIND:
        say_statement(c, r, part->statement);
        if (part->key != PD_PG_UNNAMED)
            learn_portal(c, r, part->key);
        else if (s->portals.count) /* put back by pd_pg_keep_portal() when it is needed */
            pd_learnt_drop(c, &s->portals, PD_PG_UNNAMED);
        break;
    case PD_PG_CLOSE:
        pd_learnt_drop(c, part->portal ? &s->portals : &s->statements, part->key);
        break;
    case PD_PG_EXECUTE:
        if (!f->statement.s)
            say_portal(c, r, part->key);
        break;
    case PD_PG_DESCRIBE:
    case PD_PG_SYNC:
        break;
    }
}

void pd_pg_note_renaming(struct pd_conn *c, struct pd_rec *r)
{
    struct pd_pg *f = pd_fields(r);

    if (!f->renames || pd_rec_is_void(r))
        return;
    f->taught = true;
    pd_pg_state(c)->teaching++;
}

void pd_pg_failed(struct pd_conn *c, const struct pd_pg_part *part)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (part->kind == PD_PG_PARSE && part->key == PD_PG_UNNAMED)
        pd_learnt_drop(c, &s->statements, PD_PG_UNNAMED);
    else if (part->kind == PD_PG_BIND && part->key == PD_PG_UNNAMED)
        pd_learnt_drop(c, &s->portals, PD_PG_UNNAMED);
}

void pd_pg_abandon(struct pd_conn *c, struct pd_rec *r)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_pg *f = pd_fields(r);

    for (; f->next; f->next = f->next->next) {
        answered(s, f->next);
        if (s->muddled || f->statement.s)
            continue;
        if (f->next->kind == PD_PG_BIND)
            say_statement(c, r, f->next->statement);
        else if (f->next->kind == PD_PG_EXECUTE)
            say_portal(c, r, f->next->key);
    }
}

void pd_pg_keep_portal(struct pd_conn *c, const struct pd_rec *r)
{
    const struct pd_pg *f = pd_fields_const(r);

    if (f->binds && f->bound == PD_PG_UNNAMED && (f->suspended || !f->executes) && !pd_pg_state(c)->muddled)
        learn_portal(c, r, PD_PG_UNNAMED);
}

void pd_pg_forget_unnamed(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    pd_learnt_drop(c, &s->statements, PD_PG_UNNAMED);
    pd_learnt_drop(c, &s->portals, PD_PG_UNNAMED);
}

void pd_pg_forget_portals(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->portals.room)
        pd_learnt_clear(c, &s->portals);
}

void pd_pg_forget(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    pd_learnt_clear(c, &s->statements);
    pd_learnt_clear(c, &s->portals);
}
