/* unpack.c: bodies that were compressed, within the bound of the option maxDecompress: what is longer, packed
 * or unpacked, is read from its beginning as far as that can be done without memory. */
#include "protocol/mongodb/unpack.h"
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { C_NOOP, C_SNAPPY, C_ZLIB, C_ZSTD };

enum {
    ZLIB_ARENA = 256 << 10, /* inflate() wants its state and a window of 32 kB */
    ZSTD_BLOCK = 128 << 10, /* no block is longer, packed or unpacked; RFC 8878, section 3.1.1.2.4 */
    ZSTD_STATE = 160 << 10, /* what ZSTD_createDCtx() asks for, rounded up */
    ZSTD_HEAD = 6,          /* of the frame that holds one block alone: magic, descriptor, window */
    ZSTD_BLOCK_HEAD = 3
};

struct pd_mongodb_libs {
    ZSTD_DCtx *zstd;
    z_stream zlib;
    uint32_t arena_used;
    _Alignas(16) uint8_t arena[ZLIB_ARENA];
    uint8_t frame[ZSTD_HEAD + ZSTD_BLOCK_HEAD + ZSTD_BLOCK];
};

/* --- before the first packet --- */

/* zlib asks for its window when it first needs one, which is on the packet path: it gets a part of the arena
 * and never gives it back. */
static void *arena_get(void *opaque, unsigned items, unsigned size)
{
    enum { ALIGN = 16 };
    struct pd_mongodb_libs *libs = opaque;
    uint64_t n = ((uint64_t)items * size + ALIGN - 1) / ALIGN * ALIGN;

    if (n > sizeof libs->arena - libs->arena_used)
        return NULL;
    void *p = libs->arena + libs->arena_used;
    libs->arena_used += (uint32_t)n;
    return p;
}

static void arena_put(void *opaque, void *p)
{
    (void)opaque;
    (void)p;
}

int pd_mongodb_worker_start(void *worker, const void *options, uint64_t *memory)
{
    enum { FIXED = sizeof *((struct pd_mongodb_worker *)0)->libs + ZSTD_STATE + ZSTD_BLOCK };
    struct pd_mongodb_worker *w = worker;
    const struct pd_mongodb_options *o = options;
    uint64_t most = (*memory > FIXED ? *memory - FIXED : 0) / (PD_MONGODB_BUFFERS + 1);

    w->max = (uint32_t)(o->max_decompress < most ? o->max_decompress : most);
    *memory = *memory > FIXED ? *memory - FIXED - (PD_MONGODB_BUFFERS + 1) * (uint64_t)w->max : 0;
    w->out = malloc(w->max < ZSTD_BLOCK ? ZSTD_BLOCK : w->max);
    w->in = malloc((size_t)PD_MONGODB_BUFFERS * (w->max + PD_MONGODB_PACKED_HEAD));
    w->libs = calloc(1, sizeof *w->libs);
    if (!w->out || !w->in || !w->libs)
        return -ENOMEM;
    w->libs->zstd = ZSTD_createDCtx();
    w->libs->zlib = (z_stream){.zalloc = arena_get, .zfree = arena_put, .opaque = w->libs};
    return w->libs->zstd && inflateInit(&w->libs->zlib) == Z_OK ? 0 : -ENOMEM;
}

void pd_mongodb_worker_end(void *worker)
{
    struct pd_mongodb_worker *w = worker;

    if (w->libs)
        ZSTD_freeDCtx(w->libs->zstd); /* what zlib has lies in the arena */
    free(w->libs);
    free(w->in);
    free(w->out);
}

/* --- bodies in pieces --- */

static uint8_t *buffer_of(const struct pd_mongodb_worker *w, uint32_t ticket)
{
    return w->in + (size_t)(ticket % PD_MONGODB_BUFFERS) * (w->max + PD_MONGODB_PACKED_HEAD);
}

static struct pd_mongodb_gathered *gathered(struct pd_mongodb_worker *w, uint32_t ticket)
{
    struct pd_mongodb_gathered *g = &w->gathered[ticket % PD_MONGODB_BUFFERS];

    return g->ticket == ticket ? g : NULL;
}

uint32_t pd_mongodb_gather_begin(struct pd_mongodb_worker *w, uint32_t *n)
{
    uint32_t oldest = 0;

    for (uint32_t i = 1; i < PD_MONGODB_BUFFERS; i++)
        if (w->gathered[i].ticket < w->gathered[oldest].ticket)
            oldest = i;
    w->tickets += PD_MONGODB_BUFFERS;
    if (w->tickets > UINT32_MAX - PD_MONGODB_BUFFERS) /* then the order of age is lost, once */
        w->tickets = PD_MONGODB_BUFFERS;
    if (*n > w->max + PD_MONGODB_PACKED_HEAD)
        *n = w->max + PD_MONGODB_PACKED_HEAD;
    w->gathered[oldest] = (struct pd_mongodb_gathered){.ticket = w->tickets + oldest, .size = *n};
    return w->tickets + oldest;
}

bool pd_mongodb_gather(struct pd_mongodb_worker *w, uint32_t ticket, struct pd_slice piece,
                       struct pd_slice *all)
{
    struct pd_mongodb_gathered *g = gathered(w, ticket);

    if (!g || piece.len > g->size - g->len)
        return false;
    if (piece.len)
        memcpy(buffer_of(w, ticket) + g->len, piece.p, piece.len);
    g->len += piece.len;
    *all = (struct pd_slice){buffer_of(w, ticket), g->len};
    return true;
}

void pd_mongodb_gather_end(struct pd_mongodb_worker *w, uint32_t ticket)
{
    struct pd_mongodb_gathered *g = gathered(w, ticket);

    if (g)
        *g = (struct pd_mongodb_gathered){0};
}

/* --- compressors --- */

bool pd_mongodb_packed(struct pd_slice body, unsigned dir, struct pd_mongodb_packed *p)
{
    if (body.len < PD_MONGODB_PACKED_HEAD)
        return false;
    p->opcode = pd_le32(body.p);
    p->size = pd_le32(body.p + 4);
    p->compressor = body.p[8];
    p->data = (struct pd_slice){body.p + PD_MONGODB_PACKED_HEAD, body.len - PD_MONGODB_PACKED_HEAD};
    struct pd_mongodb_header h = {.length = PD_MONGODB_LENGTH_MIN, .opcode = p->opcode};
    return p->opcode != PD_MONGODB_COMPRESSED && !pd_mongodb_header_fault(&h, dir) &&
           p->size <= PD_MONGODB_LENGTH_MAX;
}

/* A zlib stream (RFC 1950): as much as there is and fits. */
static bool inflate_some(struct pd_mongodb_worker *w, struct pd_slice in, bool whole, uint32_t cap,
                         uint32_t *n)
{
    z_stream *z = &w->libs->zlib;

    inflateReset(z);
    z->next_in = (z_const Bytef *)in.p;
    z->avail_in = in.len;
    z->next_out = w->out;
    z->avail_out = cap;
    int end = inflate(z, Z_FINISH);
    *n = cap - z->avail_out;
    if (end == Z_STREAM_END)
        return z->avail_in == 0 || !whole;
    return end == Z_BUF_ERROR && !whole;
}

/* The lengths that a frame's first bytes say. RFC 8878, section 3.1.1.1. Returns the header's length, or 0.
 */
static uint32_t zstd_header(struct pd_slice in)
{
    static const uint8_t id_bytes[] = {0, 1, 2, 4}, size_bytes[] = {0, 2, 4, 8};
    enum { MAGIC_BYTES = 4, RESERVED = 8, SINGLE = 0x20 };

    if (in.len <= MAGIC_BYTES || pd_le32(in.p) != ZSTD_MAGICNUMBER || (in.p[MAGIC_BYTES] & RESERVED))
        return 0;
    uint8_t d = in.p[MAGIC_BYTES];
    bool single = d & SINGLE;
    uint32_t size = d >> 6 ? size_bytes[d >> 6] : single;
    return MAGIC_BYTES + 1 + (single ? 0u : 1u) + id_bytes[d & 3] + size;
}

/* The first block alone, put into a frame of its own. It is unpacked whole, however small the bound is. */
static void zstd_beginning(struct pd_mongodb_worker *w, struct pd_slice in, uint32_t cap, uint32_t *n)
{
    /* Descriptor: no size, no checksum, no dictionary. A window of 128 MiB: the largest that is usual. */
    static const uint8_t head[ZSTD_HEAD] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0x88};
    enum { LAST = 1, TYPE_SHIFT = 1, RLE = 1, SIZE_SHIFT = 3 };
    uint32_t at = zstd_header(in);
    uint8_t *frame = w->libs->frame;

    if (!at || !cap || in.len < at + ZSTD_BLOCK_HEAD)
        return;
    const uint8_t *b = in.p + at;
    uint32_t field = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
    uint32_t size = (field >> TYPE_SHIFT & 3) == RLE ? 1 : field >> SIZE_SHIFT;
    if (size > ZSTD_BLOCK || in.len - at - ZSTD_BLOCK_HEAD < size)
        return;
    memcpy(frame, head, sizeof head);
    memcpy(frame + ZSTD_HEAD, b, ZSTD_BLOCK_HEAD + size);
    frame[ZSTD_HEAD] |= LAST;
    size_t got =
        ZSTD_decompressDCtx(w->libs->zstd, w->out, ZSTD_BLOCK, frame, ZSTD_HEAD + ZSTD_BLOCK_HEAD + size);
    if (!ZSTD_isError(got))
        *n = got < cap ? (uint32_t)got : cap;
}

/* One frame. The library reads formats of before RFC 8878 too, for which it asks for memory: they are none.
 */
static bool zstd_whole(struct pd_mongodb_worker *w, struct pd_slice in, uint32_t cap, uint32_t *n)
{
    if (!zstd_header(in) || ZSTD_findFrameCompressedSize(in.p, in.len) != in.len)
        return false;
    size_t got = ZSTD_decompressDCtx(w->libs->zstd, w->out, cap, in.p, in.len);
    if (ZSTD_isError(got))
        return false;
    *n = (uint32_t)got;
    return true;
}

bool pd_mongodb_unpack(struct pd_mongodb_worker *w, const struct pd_mongodb_packed *p, struct pd_slice *out)
{
    struct pd_slice in = p->data;
    uint32_t cap = p->size < w->max ? p->size : w->max, n = 0;
    bool whole = p->whole && in.len <= w->max && p->size <= w->max, fine = true;

    *out = (struct pd_slice){w->out, 0};
    if (p->compressor == C_NOOP) {
        *out = in;
        return p->whole ? in.len == p->size : in.len <= p->size;
    }
    if (in.len > w->max)
        in.len = w->max;
    if (p->compressor == C_SNAPPY)
        fine = pd_mongodb_snappy(in, whole, w->out, cap, &n);
    else if (p->compressor == C_ZLIB)
        fine = inflate_some(w, in, whole, cap, &n);
    else if (p->compressor == C_ZSTD && whole)
        fine = zstd_whole(w, in, cap, &n);
    else if (p->compressor == C_ZSTD)
        zstd_beginning(w, in, cap, &n);
    else
        return true; /* nobody knows how */
    out->len = n;
    return fine && (n == p->size || !whole);
}
