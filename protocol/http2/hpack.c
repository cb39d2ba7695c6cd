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
    PLACEHOLDER = 32,
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
    return 0;
}

/* --- the table --- */

void pd_hpack_forget(struct pd_conn *c, struct pd_hpack *hp)
{
    struct pd_hpack_worker *w = pd_worker_state(c);

    w->conn = c;
    if (hp->inflater)
        nghttp2_hd_inflate_del(hp->inflater);
    hp->inflater = NULL;
    hp->whole = false;
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

    w->conn = c;
    if (hp->inflater)
        return true;
    if (hp->errors >= ERRORS_MAX)
        return false;
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

enum pd_hpack_end pd_hpack_read(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice *in, bool last,
                                struct pd_slice *name, struct pd_slice *value)
{
    nghttp2_nv nv;
    int flags = 0;

    if (!ready(c, hp))
        return PD_HPACK_UNKNOWN;
    do {
        ssize_t n = nghttp2_hd_inflate_hd2(hp->inflater, &nv, &flags, in->p, in->len, last);
        if (n < 0)
            return failed(c, hp, n == NGHTTP2_ERR_NOMEM);
        in->p += n;
        in->len -= (uint32_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            *name = (struct pd_slice){nv.name, (uint32_t)nv.namelen};
            *value = (struct pd_slice){nv.value, (uint32_t)nv.valuelen};
            return PD_HPACK_FIELD;
        }
    } while (in->len);
    if (last)
        nghttp2_hd_inflate_end_headers(hp->inflater);
    return PD_HPACK_DONE;
}
