/* window.h: a part of a capture file, mapped into memory. Batches hold references to the window that their
 * packets point into; the last one to let go unmaps it. One thread at a time fills and frees batches, so
 * that nothing here is locked. */
#ifndef PD_SNIFFER_WINDOW_H
#define PD_SNIFFER_WINDOW_H
#include <stddef.h>
#include <stdint.h>

enum { PD_WINDOW = 2 << 20 }; /* bytes; a replay has few of them at a time */

struct pd_window {
    const uint8_t *p;
    size_t len;      /* bytes that the file had when it was mapped */
    uint64_t offset; /* of p in the file */
    unsigned refs;
};

/* Maps what the file has from a little before `offset` on, at most PD_WINDOW bytes, and gives the caller the
 * first reference. 0; -ENODATA: the file ends at offset or before; -ENODEV: it cannot be mapped; else
 * -errno. */
int pd_window_map(int fd, uint64_t offset, struct pd_window **out);
struct pd_window *pd_window_hold(struct pd_window *);
/* Gives a reference back; NULL is fine. */
void pd_window_drop(struct pd_window *);
/* Bytes from that place in the file to the window's end; 0 when it lies outside, or w is NULL. */
size_t pd_window_from(const struct pd_window *w, uint64_t offset);
#endif
