/* file.c: packets from capture files. A file on a disk is mapped window by window, and packets point there;
 * a window begins with the record that did not fit the one before. Other input is read straight into the
 * batch's block; the record that is not whole at its end waits in the file for the next batch. About as much
 * is read as fills a batch, going by the size of the packets before: little must be carried over. */
#include "sniffer/file.h"
#include "base/check.h"
#include "base/inline.h"
#include "sniffer/reader.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CACHE_LINE = 64,
    SMALL = 512,  /* bytes of a record that are all looked at, more or less */
    AHEAD = 4096, /* bytes */
    RUN = 8       /* records */
};

struct pd_batch *pd_batch_new(void)
{
    struct pd_batch *batch = calloc(1, sizeof *batch);

    if (!batch)
        return NULL;
    batch->block_size = PD_FILE_RECORD;
    batch->block = malloc(batch->block_size);
    if (!batch->block) {
        free(batch);
        return NULL;
    }
    return batch;
}

void pd_batch_free(struct pd_batch *batch)
{
    if (!batch)
        return;
    pd_window_drop(batch->window);
    free(batch->block);
    free(batch);
}

/* Reads on until n bytes are in f->carry, or the end. 0 or -errno. */
static int read_head(struct pd_file *f, size_t n)
{
    while (f->carried < n) {
        ssize_t got = pd_input_read(f->input, f->carry + f->carried, n - f->carried);
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
        f->carried += (size_t)got;
    }
    return 0;
}

static const char *reading_failed(int error)
{
    return error == -EBADMSG ? "damaged gzip data" : strerror(-error);
}

/* Finds the format. False and one line in err. */
static bool begin(struct pd_file *f, char *err, size_t errlen)
{
    const char *name = pd_input_name(f->input);
    int rc = read_head(f, PD_FILE_MAGIC);

    if (rc == 0 && f->carried == PD_FILE_MAGIC && pd_pcapng_begin(f, f->carry))
        return true; /* the first section is a block like any other */
    if (rc == 0)
        rc = read_head(f, PD_PCAP_HEADER);
    if (rc < 0) {
        snprintf(err, errlen, "%s: %s", name, reading_failed(rc));
        return false;
    }
    if (f->carried < PD_PCAP_HEADER || !pd_pcap_begin(f, f->carry)) {
        if (f->carried == 0)
            snprintf(err, errlen, "%s: not a capture file (it is empty)", name);
        else
            snprintf(err, errlen, "%s: not a capture file (neither pcap nor pcapng%s)", name,
                     f->carried < PD_PCAP_HEADER ? "; it is only a few bytes long" : "");
        return false;
    }
    f->carried = 0;
    f->consumed = PD_PCAP_HEADER;
    if (!f->readable) {
        char linktype[64];
        pd_linktype_print(linktype, sizeof linktype, f->iface[0].linktype);
        snprintf(err, errlen, "%s: link type %s is not known", name, linktype);
        return false;
    }
    return true;
}

struct pd_file *pd_file_open(const char *path, char *err, size_t errlen)
{
    struct pd_input *input = pd_input_open(path, err, errlen);
    struct pd_file *f = input ? calloc(1, sizeof *f) : NULL;

    if (!f) {
        if (input)
            snprintf(err, errlen, "%s: no memory", path);
        pd_input_close(input);
        return NULL;
    }
    f->input = input;
    f->want = PD_FILE_READ_MIN;
    err[0] = '\0';
    if (begin(f, err, errlen))
        return f;
    pd_file_close(f);
    return NULL;
}

void pd_file_snaplen(struct pd_file *f, uint32_t n)
{
    f->snaplen = n;
}

void pd_file_close(struct pd_file *f)
{
    if (!f)
        return;
    pd_file_filters_free(f);
    pd_window_drop(f->window);
    pd_input_close(f->input);
    free(f);
}

static void leave_empty(struct pd_packet *packet)
{
    packet->transport = 0;
    packet->payload = (struct pd_slice){NULL, 0};
    packet->wire_len = packet->hash = packet->link.tunnel_id = 0;
    packet->link.vlan = 0;
    packet->link.tunnel = PD_TUNNEL_NONE;
}

static void add_packet(struct pd_file *f, const struct pd_record *record, struct pd_packet *packet,
                       struct pd_sniff_stats *stats)
{
    static const struct pd_file_iface missing = {.linktype = -1};
    const struct pd_file_iface *iface = record->iface < f->iface_count ? &f->iface[record->iface] : &missing;
    uint32_t cap = record->data.len, wire = record->wire > cap ? record->wire : cap;

    if (f->snaplen && cap > f->snaplen)
        cap = f->snaplen;
    packet->ts = record->ts;
    packet->link.iface = record->iface;
    if (!pd_file_passes(iface, record->data.p, cap, wire)) {
        stats->n[PD_S_FILTERED]++;
        leave_empty(packet);
        return;
    }
    stats->n[PD_S_PACKETS]++;
    stats->n[PD_S_CUT] += wire > cap;
    (void)pd_decode(iface->linktype, record->data.p, cap, wire, packet, stats); /* false: it was counted */
    stats->n[PD_S_BYTES] += cap; /* apart from its neighbour: gcc would make a vector of the two */
}

/* The bytes that a batch is filled from: whole records were taken off up to `at`. */
struct filling {
    struct pd_batch *batch;
    const uint8_t *p;
    size_t at, have;
    uint64_t size; /* of the last large record */
    bool again;    /* and of the one before it */
    uint64_t need; /* bytes from `at` on that the next record takes, as far as known */
};

static void drop(struct pd_file *f, struct filling *b, uint64_t n)
{
    uint64_t there = b->have - b->at;

    f->skip = n > there ? n - there : 0;
    b->at += (size_t)(n - f->skip);
}

/* The headers of a record. Inlined, as what calls it, or gcc takes a function that only prefetches for one
 * without effect, and drops the calls. */
PD_INLINE void fetch(const uint8_t *p)
{
    __builtin_prefetch(p);
    __builtin_prefetch(p + CACHE_LINE);
}

PD_INLINE void fetch_within(const struct filling *b, uint64_t from)
{
    if (from + 2 * CACHE_LINE <= b->have - b->at)
        fetch(b->p + b->at + from);
}

/* A window is in no cache yet, and a record is found only by the length of the one before, of n bytes: each
 * would be waited for in turn. Asks memory for what probably comes: the next headers; behind a small record
 * as many bytes farther on; behind large ones of one size, as bulk transfers have them, more of that size. */
PD_INLINE void look_ahead(struct filling *b, uint64_t n)
{
    if (n <= SMALL) {
        const uint8_t *p = b->p + b->at;
        if (b->have - b->at < AHEAD + n)
            return; /* the rest was asked for already */
        fetch(p + n);
        for (uint64_t i = 0; i < n; i += CACHE_LINE)
            __builtin_prefetch(p + AHEAD + i);
        return;
    }
    fetch_within(b, n);
    if (n == b->size) {
        for (unsigned i = b->again ? RUN : 2; i <= RUN; i++)
            fetch_within(b, i * n);
    }
    b->again = n == b->size;
    b->size = n;
}

/* Takes records until the batch is full (PD_NEXT_RECORD) or there is a reason to stop. */
static enum pd_next take_records(struct pd_file *f, struct filling *b, uint64_t *ordinal,
                                 struct pd_sniff_stats *stats)
{
    struct pd_batch *batch = b->batch;
    struct pd_packet *packet = batch->packet + batch->count;
    struct pd_record record;

    drop(f, b, f->skip);
    while (batch->count < PD_BATCH_PACKETS) {
        struct pd_slice in = {b->p + b->at, (uint32_t)(b->have - b->at)};
        uint64_t n = 0;
        b->need = 1;
        if (in.len == 0) /* also when more is to be skipped */
            return PD_NEXT_MORE;
        enum pd_next what = f->next(f, in, &record, &n);
        b->need = n;
        if (what == PD_NEXT_RECORD) {
            packet->ordinal = ++*ordinal;
            look_ahead(b, n);
            add_packet(f, &record, packet++, stats);
            batch->count++;
        } else if (what != PD_NEXT_SKIP) {
            return what;
        }
        drop(f, b, n);
    }
    return PD_NEXT_RECORD;
}

/* Reads once, up to what a batch wants or the next record needs. 1, 0 at the end, or -errno. */
static int read_on(struct pd_file *f, struct filling *b)
{
    struct pd_batch *batch = b->batch;
    size_t left = b->have - b->at;
    size_t upto = b->need > f->want ? (size_t)b->need : f->want;

    PD_ASSERT(upto <= batch->block_size);
    memmove(batch->block, batch->block + b->at, left);
    b->at = 0;
    b->have = left;
    if (left >= upto)
        return 1;
    ssize_t got = pd_input_read(f->input, batch->block + left, upto - left);
    if (got < 0)
        return (int)got;
    b->have += (size_t)got;
    f->eof = got == 0;
    return got > 0;
}

/* Gives the batch the next part of the window to look at, from a new window when the next record is not whole
 * in this one. As read_on(). */
static int look_on(struct pd_file *f, struct filling *b)
{
    size_t upto = b->need > PD_FILE_READ_MAX ? (size_t)b->need : PD_FILE_READ_MAX;

    f->offset += b->at;
    b->at = b->have = 0;
    if (pd_window_from(f->window, f->offset) < b->need) {
        pd_window_drop(f->window);
        int rc = pd_window_map(pd_input_fd(f->input), f->offset, &f->window);
        if (rc < 0 && rc != -ENODATA)
            return rc;
    }
    size_t there = pd_window_from(f->window, f->offset);
    f->eof = there < b->need;
    if (there == 0)
        return 0;
    pd_window_drop(b->batch->window);
    b->batch->window = pd_window_hold(f->window);
    b->p = f->window->p + (f->offset - f->window->offset);
    b->have = there < upto ? there : upto;
    return !f->eof;
}

/* The first read: maps the file when it can be mapped; else the bytes that were read to know the format are
 * where reading goes on. */
static void begin_packets(struct pd_file *f)
{
    f->begun = true;
    f->mapped = pd_input_plain(f->input, &f->offset);
    f->offset += f->consumed;
    f->mapped = f->mapped && pd_window_map(pd_input_fd(f->input), f->offset, &f->window) == 0;
}

/* No packet points into the bytes yet. */
static int fill(struct pd_file *f, struct filling *b)
{
    PD_ASSERT(b->batch->count == 0);
    return f->mapped ? look_on(f, b) : read_on(f, b);
}

/* Remembers what the next batch begins with, and how much it should read. */
static void carry_over(struct pd_file *f, const struct filling *b)
{
    if (f->mapped) {
        f->offset += b->at;
        return;
    }
    f->carried = b->have - b->at;
    PD_ASSERT(f->carried <= sizeof f->carry);
    memcpy(f->carry, b->p + b->at, f->carried);
    if (b->batch->count == 0)
        return;
    size_t want = b->at / b->batch->count * PD_BATCH_PACKETS;
    want = want < PD_FILE_READ_MIN ? PD_FILE_READ_MIN : want;
    f->want = want > PD_FILE_READ_MAX ? PD_FILE_READ_MAX : want;
}

/* The end of the input: is anything missing? */
static int finish(struct pd_file *f, const struct filling *b, uint64_t ordinal, char *err, size_t errlen)
{
    f->ended = true;
    if (pd_input_cut(f->input) || b->have > b->at || f->skip)
        snprintf(err, errlen, "%s: ends in the middle of %s, after packet %llu", pd_input_name(f->input),
                 pd_input_cut(f->input) ? "its gzip data" : "a record", (unsigned long long)ordinal);
    return 0;
}

/* Damage ends the file; what was read before it counts. */
static int stop(struct pd_file *f, enum pd_next why, uint64_t ordinal, char *err, size_t errlen)
{
    f->ended = true;
    if (why == PD_NEXT_STOP) {
        snprintf(err, errlen, "%s: %s", pd_input_name(f->input), f->why);
        return -EINVAL;
    }
    snprintf(err, errlen, "%s: damaged after packet %llu: %s; the rest is not read", pd_input_name(f->input),
             (unsigned long long)ordinal, f->why);
    return 0;
}

/* Where the batch begins: what the last one left over. */
static struct filling start_filling(struct pd_file *f, struct pd_batch *batch)
{
    struct filling b = {.batch = batch, .p = batch->block, .need = 1};

    batch->count = 0;
    pd_window_drop(batch->window);
    batch->window = NULL;
    if (!f->begun)
        begin_packets(f);
    if (!f->mapped) {
        memcpy(batch->block, f->carry, f->carried);
        b.have = f->carried;
    }
    return b;
}

int pd_file_read(struct pd_file *f, struct pd_batch *batch, uint64_t *ordinal, struct pd_sniff_stats *stats,
                 char *err, size_t errlen)
{
    struct filling b = start_filling(f, batch);
    bool ahead = pd_input_regular(f->input); /* what arrived by a pipe is not held back for more */
    enum pd_next what = PD_NEXT_MORE;

    err[0] = '\0';
    f->full = false;
    if (f->ended)
        return 0;
    while (batch->count == 0) {
        if (ahead && !f->eof) {
            int rc = fill(f, &b);
            if (rc == -EINTR)
                break;
            if (rc < 0) {
                f->ended = true;
                snprintf(err, errlen, "%s: %s", pd_input_name(f->input), reading_failed(rc));
                return rc;
            }
        }
        what = take_records(f, &b, ordinal, stats);
        if (what == PD_NEXT_BAD || what == PD_NEXT_STOP)
            return stop(f, what, *ordinal, err, errlen);
        if (batch->count == 0 && f->eof)
            return finish(f, &b, *ordinal, err, errlen);
        ahead = true;
    }
    f->full = what == PD_NEXT_RECORD;
    carry_over(f, &b);
    return 1;
}

int pd_file_fd(const struct pd_file *f)
{
    bool waits = !f->full && !f->ended && !pd_input_regular(f->input) && !pd_input_holds(f->input);

    return waits ? pd_input_fd(f->input) : -1;
}
