/* hpack.c: fields of header blocks, and the table as they change it. What was not seen are the table's oldest
 * fields, so an index is either one that was seen, or one of those. RFC 7541. */
#include "protocol/http2/hpack.h"
#include "protocol/http2/http2.h"

enum {
    TABLE_USUAL = 4096, /* SETTINGS_HEADER_TABLE_SIZE where nobody raised it */
    ERRORS_MAX = 8,     /* then this direction's headers stay unknown */
    /* The first bits of what is not an index, sections 6.2 and 6.3. */
    ADDED = 0x40,
    SIZE_BITS = 0xe0,
    SIZED = 0x20
};

int pd_hpack_worker_start(void *state, const void *options, uint64_t *memory)
{
    struct pd_hpack_worker *w = state;

    (void)options;
    (void)memory; /* what it needs is lent */
    pd_huffman_init(&w->huffman);
    pd_hpack_static_init(w->fixed);
    return 0;
}

static void give_back_part(struct pd_conn *c, struct pd_hpack *hp)
{
    if (hp->part)
        pd_give_back(c, hp->part, hp->part->room);
    hp->part = NULL;
    hp->usual = hp->ready;
}

void pd_hpack_forget(struct pd_conn *c, struct pd_hpack *hp)
{
    give_back_part(c, hp);
    pd_hpack_table_free(c, &hp->table);
    hp->ready = hp->usual = hp->begun = false;
    hp->since = PD_HPACK_MISSED;
}

/* False: there have been too many errors. */
static bool ready(struct pd_hpack *hp)
{
    if (hp->errors >= ERRORS_MAX)
        return false;
    hp->table.max = hp->sized ? PD_HPACK_TABLE_MAX : TABLE_USUAL;
    hp->table.hidden = hp->since == PD_HPACK_WHOLE ? 0 : hp->table.max;
    hp->ready = hp->usual = true;
    return true;
}

PD_COLD static enum pd_hpack_end failed(struct pd_conn *c, struct pd_hpack *hp)
{
    hp->errors++;
    pd_hpack_forget(c, hp);
    return PD_HPACK_UNKNOWN;
}

PD_COLD static enum pd_hpack_end no_memory(struct pd_conn *c, struct pd_hpack *hp)
{
    pd_count(c, PD_C_NO_BUFFER, 1);
    pd_hpack_forget(c, hp);
    return PD_HPACK_UNKNOWN;
}

/* --- one field, whole --- */

/* The table may be larger than the usual one, by SETTINGS that were not seen. How large is agreed on by both
 * sides, which keep to it; here the largest is taken. */
PD_COLD static void take_largest(struct pd_hpack *hp)
{
    if (hp->since == PD_HPACK_WHOLE || hp->sized)
        return;
    hp->sized = true;
    hp->table.max = PD_HPACK_TABLE_MAX;
    hp->table.hidden = hp->table.max - hp->table.size;
}

/* The i-th field behind those that are known. NULL: there is none. */
PD_COLD static struct pd_hpack_field *unseen(struct pd_hpack_worker *w, struct pd_hpack *hp, uint32_t i)
{
    const struct pd_hpack_table *t = &hp->table;

    if (i >= t->hidden / PD_HPACK_ENTRY_OVERHEAD)
        take_largest(hp);
    w->field = (struct pd_hpack_field){.text = w->text};
    return i < t->hidden / PD_HPACK_ENTRY_OVERHEAD ? &w->field : NULL;
}

/* NULL: there is no such index. */
static struct pd_hpack_field *look_up(struct pd_conn *c, struct pd_hpack *hp, uint32_t index)
{
    struct pd_hpack_worker *w = pd_worker_state(c);
    uint32_t i = index - 1 - PD_HPACK_STATIC;

    if (index - 1 < PD_HPACK_STATIC)
        return &w->fixed[index - 1];
    if (!index || i >= hp->table.count)
        return index ? unseen(w, hp, i - hp->table.count) : NULL;
    struct pd_hpack_field *row = pd_hpack_table_row(&hp->table, i);
    return row->parted ? pd_hpack_table_join(&hp->table, row, w) : row;
}

/* A literal becomes the worker's field. False: not whole, or wrong. Section 6.2. */
static bool decode(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice in)
{
    struct pd_hpack_worker *w = pd_worker_state(c);
    struct pd_hpack_field f = {0};
    struct pd_slice code = in;
    uint32_t index;

    if (!pd_hpack_number(&in, in.p[0] & ADDED ? 6 : 4, &index))
        return false;
    if (index) {
        const struct pd_hpack_field *named = look_up(c, hp, index);
        if (!named)
            return false;
        f.name = named->name;
        f.meaning = named->meaning;
        memmove(w->text, named->text, f.name);
    } else {
        if (!pd_hpack_string(&w->huffman, &in, w->text, &f.name))
            return false;
        f.meaning = (uint8_t)pd_http2_meaning((struct pd_slice){w->text, f.name});
    }
    if (!pd_hpack_string(&w->huffman, &in, w->text + f.name, &f.value))
        return false;
    f.text = w->text;
    w->field = f;
    if (index <= PD_HPACK_STATIC)
        pd_hpack_remember(w, code);
    return true;
}

/* NULL: not whole, or wrong. */
static struct pd_hpack_field *read_literal(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in)
{
    struct pd_hpack_worker *w = pd_worker_state(c);
    struct pd_slice code = {in->p, pd_hpack_length(*in)};

    if (code.len == 0 || code.len > in->len)
        return NULL;
    struct pd_hpack_field *f = pd_hpack_remembered(w, code);
    if (!f && !decode(c, hp, code))
        return NULL;
    if (!f)
        f = &w->field;
    if (code.p[0] & ADDED)
        pd_hpack_table_add(c, &hp->table, f);
    in->p += code.len;
    in->len -= code.len;
    return f;
}

/* Section 6.3: before all fields of a block. */
static bool read_size(struct pd_hpack *hp, struct pd_slice *in)
{
    uint32_t max;

    if (hp->begun || !pd_hpack_number(in, 5, &max) || max > PD_HPACK_TABLE_MAX)
        return false;
    take_largest(hp);
    hp->sized = true;
    pd_hpack_table_limit(&hp->table, max);
    return true;
}

enum what { FIELD, SIZE, NEITHER };

/* *in goes past it. NEITHER: not whole, or wrong; *in is somewhere in it. */
static enum what read_one(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in,
                          struct pd_hpack_field **f)
{
    uint8_t first = in->p[0];
    uint32_t index;

    if ((first & SIZE_BITS) == SIZED)
        return read_size(hp, in) ? SIZE : NEITHER;
    if (first & PD_HPACK_INDEXED)
        *f = pd_hpack_number(in, 7, &index) ? look_up(c, hp, index) : NULL;
    else
        *f = read_literal(c, hp, in);
    hp->begun = true;
    return *f ? FIELD : NEITHER;
}

/* --- a field in pieces --- */

/* n bytes more of *in. False: no memory. */
PD_COLD static bool keep(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, uint32_t n)
{
    static const uint32_t rooms[] = {512, 8192, 65536}; /* sizes that are lent */
    uint32_t have = hp->part ? hp->part->len : 0, i = 0;
    uint64_t all = sizeof *hp->part + have + (uint64_t)n;

    if (!hp->part || all > hp->part->room) {
        while (i < 2 && all > rooms[i])
            i++;
        struct pd_hpack_part *part = all <= rooms[i] ? pd_lend(c, rooms[i]) : NULL;
        if (!part)
            return false;
        part->room = rooms[i];
        part->len = have;
        part->read = false;
        if (have)
            memcpy(part->bytes, hp->part->bytes, have);
        give_back_part(c, hp);
        hp->part = part;
        hp->usual = false;
    }
    memcpy(hp->part->bytes + have, in->p, n);
    hp->part->len += n;
    in->p += n, in->len -= n;
    return true;
}

/* The rest of *in is no whole field. */
PD_COLD static enum pd_hpack_end cut(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last)
{
    if (last || pd_hpack_length(*in) <= in->len)
        return failed(c, hp);
    return keep(c, hp, in, in->len) ? PD_HPACK_DONE : no_memory(c, hp);
}

PD_COLD static enum pd_hpack_end read_part(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in,
                                           bool last, struct pd_hpack_field **f)
{
    for (;;) {
        struct pd_slice field = {hp->part->bytes, hp->part->len};
        uint32_t all = pd_hpack_length(field);

        if (all && all <= field.len) {
            hp->part->read = true;
            enum what what = read_one(c, hp, &field, f);
            return what == FIELD ? PD_HPACK_FIELD : what == SIZE ? PD_HPACK_DONE : failed(c, hp);
        }
        if (!all || (!in->len && last))
            return failed(c, hp);
        if (!in->len)
            return PD_HPACK_DONE;
        if (!keep(c, hp, in, all - field.len < in->len ? all - field.len : in->len))
            return no_memory(c, hp);
    }
}

/* --- */

enum pd_hpack_end pd_hpack_read(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last,
                                struct pd_hpack_field **f)
{
    if (!hp->ready && !ready(hp))
        return PD_HPACK_UNKNOWN;
    if (hp->part && !hp->part->read) {
        enum pd_hpack_end end = read_part(c, hp, in, last, f);
        if (end != PD_HPACK_DONE || (hp->part && !hp->part->read))
            return end;
    }
    if (hp->part)
        give_back_part(c, hp);
    while (in->len) {
        struct pd_slice start = {in->p, in->len};
        enum what what = read_one(c, hp, in, f);
        if (what == FIELD)
            return PD_HPACK_FIELD;
        if (what == NEITHER) {
            in->p = start.p;
            in->len = start.len;
            return cut(c, hp, in, last);
        }
    }
    if (last)
        hp->begun = false;
    return PD_HPACK_DONE;
}
