/* hpack_table.c: fields go in at one end and out at the other, so two rings hold them: one of rows, one of
 * their texts. Both double when they are full, up to what the largest table needs: no sooner, since a table
 * that is full goes through all of its rings again and again. */
#include "protocol/http2/hpack_table.h"
#include "base/inline.h"
#include "base/word.h"
#include <string.h>

enum {
    ROWS_FIRST = 16,
    TEXTS_FIRST = 512,
    SHORT = 128 /* bytes of text */
};

static uint32_t rows_bytes(uint32_t rows)
{
    return rows * (uint32_t)sizeof(struct pd_hpack_field);
}

void pd_hpack_table_free(struct pd_conn *c, struct pd_hpack_table *t)
{
    pd_give_back(c, t->row, rows_bytes(t->rows));
    pd_give_back(c, t->text, t->texts);
    *t = (struct pd_hpack_table){0};
}

static void drop_oldest(struct pd_hpack_table *t)
{
    const struct pd_hpack_field *row = &t->row[(t->added - t->count) & (t->rows - 1)];
    uint32_t texts = row->name + row->value;

    t->from += texts;
    t->size -= texts + PD_HPACK_ENTRY_OVERHEAD;
    t->count--;
}

/* Until `more` bytes have room. Those that were not seen are the oldest. */
PD_INLINE void make_room(struct pd_hpack_table *t, uint32_t more)
{
    while (t->count && t->size + more > t->max)
        drop_oldest(t);
    if (t->hidden && t->size + t->hidden + more > t->max)
        t->hidden = t->size + more < t->max ? t->max - t->size - more : 0;
}

void pd_hpack_table_limit(struct pd_hpack_table *t, uint32_t max)
{
    t->max = max;
    make_room(t, 0);
}

/* --- rings --- */

PD_INLINE void put(const struct pd_hpack_table *t, uint32_t at, struct pd_slice in)
{
    uint32_t place = at & (t->texts - 1), first = in.len < t->texts - place ? in.len : t->texts - place;

    if (in.len <= SHORT && first == in.len) {
        pd_copy_short(t->text + place, in.p, in.len);
        return;
    }
    memcpy(t->text + place, in.p, first);
    memcpy(t->text, in.p + first, in.len - first);
}

static void get(const struct pd_hpack_table *t, uint32_t at, uint32_t len, uint8_t *out)
{
    uint32_t place = at & (t->texts - 1), first = len < t->texts - place ? len : t->texts - place;

    memcpy(out, t->text + place, first);
    memcpy(out + first, t->text, len - first);
}

/* The row's texts are from `at` on. */
static void point(const struct pd_hpack_table *t, struct pd_hpack_field *row, uint32_t at)
{
    uint32_t place = at & (t->texts - 1);

    row->text = t->text + place;
    row->parted = place + row->name + row->value > t->texts;
}

/* False: no memory. */
PD_COLD static bool more_texts(struct pd_conn *c, struct pd_hpack_table *t)
{
    uint32_t room = t->texts ? 2 * t->texts : TEXTS_FIRST;
    uint8_t *ring = pd_lend(c, room);
    struct pd_hpack_table old = *t;

    if (!ring)
        return false;
    t->text = ring;
    t->texts = room;
    if (!old.texts)
        return true;
    uint32_t place = t->from & (old.texts - 1), len = t->to - t->from;
    uint32_t first = len < old.texts - place ? len : old.texts - place;
    put(t, t->from, (struct pd_slice){old.text + place, first});
    put(t, t->from + first, (struct pd_slice){old.text, len - first});
    for (uint32_t i = t->count, at = t->from; i; i--) {
        struct pd_hpack_field *row = &t->row[(t->added - i) & (t->rows - 1)];
        point(t, row, at);
        at += row->name + row->value;
    }
    pd_give_back(c, old.text, old.texts);
    return true;
}

PD_COLD static bool more_rows(struct pd_conn *c, struct pd_hpack_table *t)
{
    uint32_t room = t->rows ? 2 * t->rows : ROWS_FIRST;
    struct pd_hpack_field *ring = pd_lend(c, rows_bytes(room));

    if (!ring)
        return false;
    for (uint32_t n = t->added - t->count; n != t->added; n++)
        ring[n & (room - 1)] = t->row[n & (t->rows - 1)];
    pd_give_back(c, t->row, rows_bytes(t->rows));
    t->row = ring;
    t->rows = room;
    return true;
}

/* Room in the rings for one more row with so many bytes of text; the oldest go where there is no memory for
 * more. False: not even then. */
static bool ring_room(struct pd_conn *c, struct pd_hpack_table *t, uint32_t texts)
{
    while (t->count == t->rows || t->to - t->from + texts > t->texts || !t->texts) {
        if (t->count == t->rows ? more_rows(c, t) : more_texts(c, t))
            continue;
        pd_forgotten(c);
        if (!t->count) {
            t->hidden = t->max; /* it is forgotten itself */
            return false;
        }
        drop_oldest(t);
        t->hidden = t->max - t->size;
    }
    return true;
}

void pd_hpack_table_add(struct pd_conn *c, struct pd_hpack_table *t, const struct pd_hpack_field *f)
{
    uint32_t texts = f->name + f->value, all = texts + PD_HPACK_ENTRY_OVERHEAD;

    make_room(t, all);
    if (all > t->max || !ring_room(c, t, texts))
        return;
    struct pd_hpack_field *row = &t->row[t->added & (t->rows - 1)];
    row->name = f->name;
    row->value = f->value;
    row->shared = f->shared;
    row->meaning = f->meaning;
    row->lasting = true;
    point(t, row, t->to);
    put(t, t->to, (struct pd_slice){f->text, texts});
    t->to += texts;
    t->size += all;
    t->added++;
    t->count++;
}

struct pd_hpack_field *pd_hpack_table_join(const struct pd_hpack_table *t, const struct pd_hpack_field *row,
                                           struct pd_hpack_worker *w)
{
    get(t, (uint32_t)(row->text - t->text), row->name + row->value, w->text);
    w->field = *row;
    w->field.text = w->text;
    w->field.parted = w->field.lasting = false;
    return &w->field;
}
