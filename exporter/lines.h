/* lines.h: the way of lines from workers to standard output and a file. Each worker encodes into chunks of
 * its own; the writer merges them by place, so that a replay prints the same for any number of workers. */
#ifndef PD_EXPORTER_LINES_H
#define PD_EXPORTER_LINES_H
#include "exporter/line.h"

enum { PD_OUT_STDOUT, PD_OUT_FILE, PD_OUTS };
enum { PD_CHUNKS_MAX = 64 };

struct pd_entry {          /* one record's lines */
    uint64_t major, minor; /* its place */
    uint64_t ts;           /* its time, for the text's time column */
    uint64_t at;           /* where its lines begin in the chunk */
    uint32_t len[PD_OUTS]; /* bytes of its lines in the chunk, in this order */
};

struct pd_chunk_out { /* what one worker made of one batch */
    struct pd_buf bytes;
    struct pd_entry *entry;
    uint32_t count, cap;
    uint64_t dropped; /* records that did not fit */
    struct pd_line_memo *memo;
};

/* bytes_limit: of lines. A chunk allocates as it grows and keeps what it has when cleared. */
int pd_chunk_out_init(struct pd_chunk_out *, size_t bytes_limit); /* 0 or -ENOMEM */
void pd_chunk_out_free(struct pd_chunk_out *);
void pd_chunk_out_clear(struct pd_chunk_out *);

struct pd_lines_config {
    enum pd_format format[PD_OUTS]; /* NONE: that way out is not used */
    enum pd_time_form time;
    const char *path;      /* of the file */
    uint64_t rotate_size;  /* bytes; 0: never */
    unsigned rotate_count; /* files kept besides the current one */
    uint64_t count;        /* stop after so many lines; 0: no end */
    struct pd_line_style style[PD_OUTS];
};

struct pd_lines;

/* config is copied; what its styles point to has to outlive the lines. NULL and one line in err: the file
 * cannot be opened, memory is short. The caller ignores SIGPIPE. */
struct pd_lines *pd_lines_new(const struct pd_lines_config *, char *err, size_t errlen);

/* In a worker: encodes rec for every way out into the chunk. A chunk that is full drops it, counted. With no
 * way out at all the record still counts for `count`. */
void pd_lines_encode(const struct pd_lines *, struct pd_chunk_out *, const struct pd_rec *, uint64_t major,
                     uint64_t minor);

/* In the writer: writes the lines of n chunks of one batch (one a worker, at most PD_CHUNKS_MAX) in order of
 * their places, of equal places in the order of chunks and entries. May sort a chunk's entries. Returns 0; 1
 * when `count` is reached; -EPIPE when a reader went away; other -errno with a message on stderr, once. After
 * an error the other way out is still written to, and every further call returns the error again. */
int pd_lines_write(struct pd_lines *, struct pd_chunk_out *const *chunks, unsigned n);
/* Hands everything to the system. Same return values. */
int pd_lines_flush(struct pd_lines *);
/* How many records were written. */
uint64_t pd_lines_written(const struct pd_lines *);
/* Flushes and closes. NULL is ignored. */
void pd_lines_free(struct pd_lines *);
#endif
