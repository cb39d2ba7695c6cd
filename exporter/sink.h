/* sink.h: where lines end up: standard output or a file that is rotated. Bytes pass through one buffer; large
 * pieces go straight to the system. One thread only. */
#ifndef PD_EXPORTER_SINK_H
#define PD_EXPORTER_SINK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pd_sink {
    int fd;    /* -1: not used */
    int error; /* 0, or the -errno of the write that failed: from then on nothing is written */
    char *buffer;
    size_t used;          /* bytes waiting in it */
    char *path;           /* NULL: standard output */
    uint64_t size;        /* bytes of the current file, with those waiting */
    uint64_t rotate_size; /* 0: never */
    uint64_t rotate_at;
    unsigned rotate_count;
    bool complained; /* about a rotation that failed */
};

/* Standard output. 0 or -ENOMEM. */
int pd_sink_stdout(struct pd_sink *);

/* Opens path for appending, mode 0600 when it is made. When its size would pass rotate_size it is renamed to
 * path.1, path.1 to path.2 and so on; rotate_count old ones are kept. What is no regular file is never
 * rotated. 0 or -errno. */
int pd_sink_file(struct pd_sink *, const char *path, uint64_t rotate_size, unsigned rotate_count);

/* True when n more bytes after `pending` others belong into the next file. */
bool pd_sink_is_full(const struct pd_sink *, uint64_t pending, uint64_t n);
void pd_sink_rotate(struct pd_sink *);

/* Adds whole lines, or pieces of one. A failed write is reported once on stderr, except that nobody reads
 * (EPIPE). */
void pd_sink_add(struct pd_sink *, const char *p, size_t n);
/* Hands everything to the system. Returns sink->error. */
int pd_sink_flush(struct pd_sink *);
void pd_sink_close(struct pd_sink *);
#endif
