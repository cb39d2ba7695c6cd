/* lines.c: merging what workers encoded. A run of neighbouring lines that go the same way is written in one
 * piece, straight from the chunk; with one worker and one way out that is the whole chunk. */
#include "exporter/lines.h"
#include "base/check.h"
#include "base/cold.h"
#include "exporter/sink.h"
#include "exporter/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ENTRIES = 1024, LEAST_LINE = 64 };

struct run { /* bytes that lie together and are still to be written */
    const char *p;
    size_t len;
};

struct pd_lines {
    struct pd_lines_config config;
    struct pd_sink sink[PD_OUTS];
    struct run run[PD_OUTS];
    uint64_t written;
    uint64_t last_ts[PD_OUTS]; /* of the text line before */
    int sole; /* the only way out, when no line needs to be told from others there; else -1 */
};

/* --- chunks --- */

int pd_chunk_out_init(struct pd_chunk_out *c, size_t bytes_limit)
{
    *c = (struct pd_chunk_out){.entry = malloc(FIRST_ENTRIES * sizeof *c->entry), .cap = FIRST_ENTRIES};
    c->memo = pd_line_memo_new();
    pd_buf_init(&c->bytes, bytes_limit);
    return c->entry && c->memo ? 0 : -ENOMEM;
}

void pd_chunk_out_free(struct pd_chunk_out *c)
{
    pd_buf_free(&c->bytes);
    free(c->entry);
    pd_line_memo_free(c->memo);
    *c = (struct pd_chunk_out){0};
}

void pd_chunk_out_clear(struct pd_chunk_out *c)
{
    pd_buf_clear(&c->bytes);
    c->count = 0;
    c->dropped = 0;
}

/* Bounded like the bytes: no line is shorter than LEAST_LINE. */
static bool entry_room(struct pd_chunk_out *c)
{
    uint64_t most = c->bytes.limit / LEAST_LINE + FIRST_ENTRIES;

    if (c->count < c->cap)
        return true;
    if (c->cap >= most || c->cap > UINT32_MAX / 2)
        return false;
    struct pd_entry *grown = realloc(c->entry, 2 * (size_t)c->cap * sizeof *grown);
    if (!grown)
        return false;
    c->entry = grown;
    c->cap *= 2;
    return true;
}

static void encode(enum pd_format format, struct pd_chunk_out *c, const struct pd_rec *r,
                   const struct pd_line_style *style)
{
    if (format == PD_FORMAT_JSON)
        pd_line_json(&c->bytes, r, style, c->memo);
    else if (format == PD_FORMAT_TEXT)
        pd_line_text(&c->bytes, r, style);
}

void pd_lines_encode(const struct pd_lines *l, struct pd_chunk_out *c, const struct pd_rec *r, uint64_t major,
                     uint64_t minor)
{
    size_t at = c->bytes.len;
    bool room = entry_room(c);

    if (room) {
        struct pd_entry *e = &c->entry[c->count];
        *e = (struct pd_entry){.major = major, .minor = minor, .ts = pd_rec_time(r), .at = at};
        c->bytes.full = false;
        for (int i = 0; i < PD_OUTS; i++) {
            size_t before = c->bytes.len;
            encode(l->config.format[i], c, r, &l->config.style[i]);
            e->len[i] = (uint32_t)(c->bytes.len - before);
        }
        room = !c->bytes.full && c->bytes.len - at <= UINT32_MAX;
    }
    if (room) {
        c->count++;
    } else {
        c->bytes.len = at;
        c->dropped++;
    }
}

/* --- order --- */

static bool before(const struct pd_entry *a, const struct pd_entry *b)
{
    if (a->major != b->major)
        return a->major < b->major;
    return a->minor < b->minor;
}

/* A total order within a chunk, which makes any sort a stable one. */
static bool before_in_chunk(const struct pd_entry *a, const struct pd_entry *b)
{
    if (before(a, b) || before(b, a))
        return before(a, b);
    return a->at < b->at;
}

static void swap(struct pd_entry *a, struct pd_entry *b)
{
    struct pd_entry t = *a;

    *a = *b;
    *b = t;
}

static void sift(struct pd_entry *e, uint32_t top, uint32_t n)
{
    for (uint32_t child; (child = 2 * top + 1) < n; top = child) {
        if (child + 1 < n && before_in_chunk(&e[child], &e[child + 1]))
            child++;
        if (!before_in_chunk(&e[top], &e[child]))
            return;
        swap(&e[top], &e[child]);
    }
}

/* Heap sort: needs no memory, as qsort() may, and no input makes it slow. */
PD_COLD static void sort(struct pd_entry *e, uint32_t n)
{
    for (uint32_t i = n / 2; i > 0; i--)
        sift(e, i - 1, n);
    for (uint32_t left = n; left > 1; left--) {
        swap(&e[0], &e[left - 1]);
        sift(e, 0, left - 1);
    }
}

/* Returns whether the entries were in order, and so the lines lie in it. */
static bool put_in_order(struct pd_chunk_out *c)
{
    for (uint32_t i = 1; i < c->count; i++)
        if (before(&c->entry[i], &c->entry[i - 1])) {
            sort(c->entry, c->count);
            return false;
        }
    return true;
}

/* --- writing --- */

static void end_run(struct pd_lines *l, int out)
{
    struct run *run = &l->run[out];

    if (run->len)
        pd_sink_add(&l->sink[out], run->p, run->len);
    run->len = 0;
}

/* A text line gets its time in front; so it is no part of a run. Files of text count the time as part of the
 * line. */
static void write_text(struct pd_lines *l, int out, const char *p, uint32_t len, uint64_t ts)
{
    struct pd_sink *sink = &l->sink[out];
    char time[PD_TIME_TEXT];
    size_t n = pd_line_time(time, ts, l->config.time, l->last_ts[out]);

    if (pd_sink_is_full(sink, 0, n + len))
        pd_sink_rotate(sink);
    pd_sink_add(sink, time, n);
    pd_sink_add(sink, p, len);
    if (ts)
        l->last_ts[out] = ts;
}

static void write_json(struct pd_lines *l, int out, const char *p, uint32_t len)
{
    struct pd_sink *sink = &l->sink[out];
    struct run *run = &l->run[out];

    if (pd_sink_is_full(sink, run->len, len)) {
        end_run(l, out);
        pd_sink_rotate(sink);
    }
    if (run->len && run->p + run->len == p) {
        run->len += len;
        return;
    }
    end_run(l, out);
    *run = (struct run){p, len};
}

static void write_entry(struct pd_lines *l, const struct pd_chunk_out *c, const struct pd_entry *e)
{
    uint64_t at = e->at;

    for (int out = 0; out < PD_OUTS; out++) {
        if (l->config.format[out] == PD_FORMAT_TEXT)
            write_text(l, out, c->bytes.p + at, e->len[out], e->ts);
        else if (l->config.format[out] == PD_FORMAT_JSON)
            write_json(l, out, c->bytes.p + at, e->len[out]);
        at += e->len[out];
    }
    l->written++;
}

static int result(const struct pd_lines *l)
{
    for (int out = 0; out < PD_OUTS; out++)
        if (l->sink[out].error)
            return l->sink[out].error;
    return l->config.count && l->written >= l->config.count;
}

/* The chunk whose next entry comes first, or n when all are written. */
static unsigned first_of(struct pd_chunk_out *const *chunks, const uint32_t *next, unsigned n)
{
    unsigned first = n;

    for (unsigned i = 0; i < n; i++)
        if (next[i] < chunks[i]->count &&
            (first == n || before(&chunks[i]->entry[next[i]], &chunks[first]->entry[next[first]])))
            first = i;
    return first;
}

/* The whole chunk in one piece: one worker's lines, in order as they lie, with one way to go. */
static int write_chunk(struct pd_lines *l, const struct pd_chunk_out *c)
{
    pd_sink_add(&l->sink[l->sole], c->bytes.p, c->bytes.len);
    l->written += c->count;
    return result(l);
}

int pd_lines_write(struct pd_lines *l, struct pd_chunk_out *const *chunks, unsigned n)
{
    uint32_t next[PD_CHUNKS_MAX] = {0};
    bool lies = true;

    PD_ASSERT(n <= PD_CHUNKS_MAX);
    for (unsigned i = 0; i < n; i++)
        lies = put_in_order(chunks[i]) && lies;
    if (n == 1 && lies && chunks[0]->count && l->sole >= 0)
        return write_chunk(l, chunks[0]);
    while (!l->config.count || l->written < l->config.count) {
        unsigned first = first_of(chunks, next, n);
        if (first == n)
            break;
        write_entry(l, chunks[first], &chunks[first]->entry[next[first]++]);
    }
    for (int out = 0; out < PD_OUTS; out++)
        end_run(l, out); /* the chunks are the caller's again */
    return result(l);
}

int pd_lines_flush(struct pd_lines *l)
{
    for (int out = 0; out < PD_OUTS; out++)
        (void)pd_sink_flush(&l->sink[out]);
    return result(l);
}

uint64_t pd_lines_written(const struct pd_lines *l)
{
    return l->written;
}

/* --- life --- */

/* JSON of which nothing is counted, and no file that is rotated. */
static int find_sole(const struct pd_lines_config *c)
{
    int sole = -1;

    for (int out = 0; out < PD_OUTS; out++) {
        if (c->format[out] == PD_FORMAT_NONE)
            continue;
        if (sole >= 0 || c->format[out] != PD_FORMAT_JSON || c->count ||
            (out == PD_OUT_FILE && c->rotate_size))
            return -1;
        sole = out;
    }
    return sole;
}

static int open_sinks(struct pd_lines *l, char *err, size_t errlen)
{
    const struct pd_lines_config *c = &l->config;
    int r = 0;

    if (c->format[PD_OUT_STDOUT] != PD_FORMAT_NONE)
        r = pd_sink_stdout(&l->sink[PD_OUT_STDOUT]);
    if (r < 0) {
        snprintf(err, errlen, "no memory for output");
    } else if (c->format[PD_OUT_FILE] != PD_FORMAT_NONE) {
        r = pd_sink_file(&l->sink[PD_OUT_FILE], c->path, c->rotate_size, c->rotate_count);
        if (r < 0)
            snprintf(err, errlen, "cannot open %s for writing: %s", c->path, strerror(-r));
    }
    return r;
}

struct pd_lines *pd_lines_new(const struct pd_lines_config *config, char *err, size_t errlen)
{
    struct pd_lines *l = calloc(1, sizeof *l);

    if (!l) {
        snprintf(err, errlen, "no memory for output");
        return NULL;
    }
    l->config = *config;
    l->sole = find_sole(config);
    for (int out = 0; out < PD_OUTS; out++)
        l->sink[out].fd = -1;
    if (open_sinks(l, err, errlen) < 0) {
        pd_lines_free(l);
        return NULL;
    }
    return l;
}

void pd_lines_free(struct pd_lines *l)
{
    if (!l)
        return;
    for (int out = 0; out < PD_OUTS; out++)
        pd_sink_close(&l->sink[out]);
    free(l);
}
