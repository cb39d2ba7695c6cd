/* hpack.c: nghttp2's inflater with lent memory, and the table filled with placeholders where fields were
 * missed.
 *
 * A placeholder, a literal with an empty name and an empty value, takes 32 bytes of the table, the least a
 * field can take. So the table holds at least as many fields as the sender's, each at its place counted from
 * the newest, and what the sender refers to is either what was seen or a placeholder. RFC 7541, sections 4
 * and 6.2.1. */
#include "protocol/http2/hpack.h"
#include "base/check.h"

enum {
    TABLE_USUAL = 4096, /* SETTINGS_HEADER_TABLE_SIZE where nobody raised it */
    TABLE_MAX = 65536,
    ENTRY_OVERHEAD = 32, /* what a field takes of the table beside its text, section 4.1 */
    PLACEHOLDER = ENTRY_OVERHEAD,
    ERRORS_MAX = 8 /* then this direction's headers stay unknown */
};

/* --- memory: a word before each piece holds its size --- */

enum { WORD = 8 };

static void *mem_malloc(size_t size, void *user)
{
    struct pd_hpack_worker *w = user;
    uint64_t all = size + WORD;

    if (all > UINT16_MAX)
        return NULL;
    unsigned char *p = pd_lend(w->conn, (uint32_t)all);
    if (!p)
        return NULL;
    memcpy(p, &all, WORD);
    return p + WORD;
}

static uint64_t size_of(const unsigned char *p)
{
    uint64_t all;

    memcpy(&all, p - WORD, WORD);
    return all;
}

static void mem_free(void *ptr, void *user)
{
    struct pd_hpack_worker *w = user;
    unsigned char *p = ptr;

    if (p)
        pd_give_back(w->conn, p - WORD, (uint32_t)size_of(p));
}

static void *mem_calloc(size_t n, size_t size, void *user)
{
    if (size && n > UINT16_MAX / size)
        return NULL;
    void *p = mem_malloc(n * size, user);
    if (p)
        memset(p, 0, n * size);
    return p;
}

static void *mem_realloc(void *ptr, size_t size, void *user)
{
    void *p = mem_malloc(size, user);

    if (p && ptr) {
        uint64_t old = size_of(ptr) - WORD;
        memcpy(p, ptr, old < size ? old : size);
    }
    if (p)
        mem_free(ptr, user);
    return p;
}

/* What nghttp2 asks for from now on is this connection's. */
static void use(struct pd_conn *c)
{
    struct pd_hpack_worker *w = pd_worker_state(c);

    w->conn = c;
}

int pd_hpack_worker_start(void *state, const void *options, uint64_t *memory)
{
    struct pd_hpack_worker *w = state;

    (void)options;
    (void)memory; /* what it needs is lent */
    w->mem = (nghttp2_mem){.mem_user_data = w,
                           .malloc = mem_malloc,
                           .free = mem_free,
                           .calloc = mem_calloc,
                           .realloc = mem_realloc};
    pd_huffman_init(&w->scratch.huffman);
    return 0;
}

/* --- the table --- */

void pd_hpack_forget(struct pd_conn *c, struct pd_hpack *hp)
{
    use(c);
    if (hp->inflater)
        nghttp2_hd_inflate_del(hp->inflater);
    hp->inflater = NULL;
    pd_give_back(c, hp->late, sizeof *hp->late);
    hp->late = NULL;
    hp->whole = hp->begun = hp->inflated = hp->within = hp->refers = false;
    hp->missed = true;
}

/* Feeds a block made here; false: no memory. */
static bool feed(struct pd_hpack *hp, const uint8_t *p, size_t len)
{
    nghttp2_nv nv;
    int flags = 0;

    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        ssize_t n = nghttp2_hd_inflate_hd2(hp->inflater, &nv, &flags, p, len, 1);
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    nghttp2_hd_inflate_end_headers(hp->inflater);
    return true;
}

static bool prime(struct pd_hpack *hp)
{
    /* A table size of TABLE_MAX, section 6.3; a literal with incremental indexing, a new name, both strings
     * empty. */
    static const uint8_t grow[] = {0x3f, 0xe1, 0xff, 0x03}, placeholder[] = {0x40, 0x00, 0x00};
    unsigned n = (hp->large ? TABLE_MAX : TABLE_USUAL) / PLACEHOLDER;

    if (hp->large && !feed(hp, grow, sizeof grow))
        return false;
    while (n--)
        if (!feed(hp, placeholder, sizeof placeholder))
            return false;
    return true;
}

static bool ready(struct pd_conn *c, struct pd_hpack *hp)
{
    struct pd_hpack_worker *w = pd_worker_state(c);

    if (hp->errors >= ERRORS_MAX)
        return false;
    use(c);
    /* How large a table may be is agreed on by SETTINGS, which a sender keeps to; what is allowed here is the
     * bound. */
    if (nghttp2_hd_inflate_new2(&hp->inflater, &w->mem) == 0 &&
        nghttp2_hd_inflate_change_table_size(hp->inflater, TABLE_MAX) == 0 && (hp->whole || prime(hp)))
        return true;
    pd_count(c, PD_C_NO_BUFFER, 1);
    pd_hpack_forget(c, hp);
    return false;
}

/* An index beyond the table: it is larger than was thought, because the SETTINGS that raised it were not
 * seen. */
static enum pd_hpack_end failed(struct pd_conn *c, struct pd_hpack *hp, bool memory)
{
    if (memory)
        pd_count(c, PD_C_NO_BUFFER, 1);
    else
        hp->large = hp->missed, hp->errors++;
    pd_hpack_forget(c, hp);
    return PD_HPACK_UNKNOWN;
}

static enum pd_hpack_end inflate(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last,
                                 struct pd_slice *name, struct pd_slice *value)
{
    nghttp2_nv nv;
    int flags = 0;

    do {
        ssize_t n = nghttp2_hd_inflate_hd2(hp->inflater, &nv, &flags, in->p, in->len, last);
        if (n < 0)
            return failed(c, hp, n == NGHTTP2_ERR_NOMEM);
        in->p += n;
        in->len -= (uint32_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            *name = (struct pd_slice){nv.name, (uint32_t)nv.namelen};
            *value = (struct pd_slice){nv.value, (uint32_t)nv.valuelen};
            hp->within = false;
            return PD_HPACK_FIELD;
        }
    } while (in->len);
    hp->within = true;
    return PD_HPACK_DONE;
}

/* Not a field, but the table's size, section 6.3. */
static bool is_size(const struct pd_slice *in)
{
    return (in->p[0] & 0xe0) == 0x20;
}

/* What waits goes into the table. False: no memory. */
static bool catch_up(struct pd_hpack *hp)
{
    struct pd_slice field;

    while (hp->late && pd_hpack_late_take(hp->late, &field))
        if (!feed(hp, field.p, field.len))
            return false;
    return true;
}

/* The field goes into the table; when, is ours to choose until somebody refers to it. False: now. */
static bool put_off(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice field, uint32_t size)
{
    if (hp->refers)
        return false;
    if (!hp->late)
        hp->late = pd_lend(c, sizeof *hp->late);
    return hp->late &&
           pd_hpack_late_put(hp->late, field, size,
                             (uint32_t)nghttp2_hd_inflate_get_max_dynamic_table_size(hp->inflater));
}

/* The first reference to what was put into the table. False: no memory. */
static bool refer(struct pd_conn *c, struct pd_hpack *hp)
{
    use(c);
    if (!catch_up(hp))
        return false;
    hp->refers = true;
    pd_give_back(c, hp->late, sizeof *hp->late);
    hp->late = NULL;
    return true;
}

/* *in is what it was when `len` bytes were left: the field is the inflater's to read. */
static enum pd_hpack_end leave(struct pd_slice *in, uint32_t len)
{
    in->p -= len - in->len;
    in->len = len;
    return PD_HPACK_DONE;
}

/* What an index stands for; DONE: nothing that is known. */
static inline enum pd_hpack_end look_up(struct pd_conn *c, struct pd_hpack *hp, uint32_t index,
                                        struct pd_slice *name, struct pd_slice *value)
{
    if (index - 1 < PD_HPACK_STATIC) {
        *name = pd_hpack_static[index - 1].name;
        *value = pd_hpack_static[index - 1].value;
        return PD_HPACK_FIELD;
    }
    if (index && !hp->refers && !refer(c, hp))
        return failed(c, hp, true);
    const nghttp2_nv *entry = nghttp2_hd_inflate_get_table_entry(hp->inflater, index);
    if (!entry)
        return PD_HPACK_DONE;
    *name = (struct pd_slice){entry->name, (uint32_t)entry->namelen};
    *value = (struct pd_slice){entry->value, (uint32_t)entry->valuelen};
    return PD_HPACK_FIELD;
}

/* Both read a field without the inflater; DONE: only that can. */
static enum pd_hpack_end read_indexed(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in,
                                      struct pd_slice *name, struct pd_slice *value)
{
    uint32_t len = in->len, index;

    if (!pd_hpack_number(in, 7, &index))
        return PD_HPACK_DONE;
    enum pd_hpack_end end = look_up(c, hp, index, name, value);
    return end == PD_HPACK_DONE ? leave(in, len) : end;
}

static enum pd_hpack_end read_literal(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in,
                                      struct pd_slice *name, struct pd_slice *value)
{
    struct pd_hpack_worker *w = pd_worker_state(c);
    bool added = in->p[0] & 0x40; /* to the table */
    const uint8_t *start = in->p;
    uint32_t len = in->len, index;
    struct pd_slice other; /* the value that the index has */
    enum pd_hpack_end end = PD_HPACK_FIELD;

    if ((added && hp->refers) || is_size(in))
        return PD_HPACK_DONE;
    if (!pd_hpack_literal_read(&w->scratch, in, added ? 6 : 4, &index, name, value))
        return leave(in, len);
    if (index)
        end = look_up(c, hp, index, name, &other);
    if (end == PD_HPACK_FIELD && added &&
        !put_off(c, hp, (struct pd_slice){start, len - in->len}, name->len + value->len + ENTRY_OVERHEAD))
        end = PD_HPACK_DONE;
    return end == PD_HPACK_DONE ? leave(in, len) : end;
}

/* For nghttp2 what comes is all of a block. */
static enum pd_hpack_end inflate_rest(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last,
                                      struct pd_slice *name, struct pd_slice *value)
{
    use(c);
    if (!hp->within && hp->begun && is_size(in))
        return failed(c, hp, false); /* the table's size stands before all fields, section 4.2 */
    if (!hp->within && !catch_up(hp))
        return failed(c, hp, true);
    hp->inflated = true;
    return inflate(c, hp, in, last, name, value);
}

enum pd_hpack_end pd_hpack_read(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last,
                                struct pd_slice *name, struct pd_slice *value)
{
    enum pd_hpack_end end = PD_HPACK_DONE;

    if (!hp->inflater && !ready(c, hp))
        return PD_HPACK_UNKNOWN;
    if (in->len && !hp->within)
        end = in->p[0] & 0x80 ? read_indexed(c, hp, in, name, value) : read_literal(c, hp, in, name, value);
    if (end == PD_HPACK_DONE && (in->len || hp->within))
        end = inflate_rest(c, hp, in, last, name, value);
    if (end == PD_HPACK_FIELD) {
        hp->begun = true;
    } else if (end == PD_HPACK_DONE && last) {
        if (hp->inflated) {
            use(c);
            nghttp2_hd_inflate_end_headers(hp->inflater);
        }
        hp->begun = hp->inflated = hp->within = false;
    }
    return end;
}
