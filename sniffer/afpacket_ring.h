/* afpacket_ring.h: a packet socket with its ring (TPACKET_V3): blocks of packets that the kernel fills and
 * this side reads in turn. */
#ifndef PD_SNIFFER_AFPACKET_RING_H
#define PD_SNIFFER_AFPACKET_RING_H
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block holds the largest packet of segmentation offload. Many small ones are better than few large ones:
 * on a quiet link each timeout uses up a whole block, so that their number is the time a reader may be late.
 */
enum { PD_RING_BLOCK = 256 << 10, PD_RING_BLOCKS_MIN = 4 };

struct pd_ring {
    int fd; /* -1: none */
    uint8_t *mem;
    uint32_t blocks, block; /* how many; the one being read or waited for */
    uint32_t at;            /* where the next packet is in it */
    uint32_t left;          /* packets of it not yet read */
    bool held;              /* the block is ours */
    uint64_t drops, freezes;
};

/* A socket that hears nothing yet: it has no protocol. bytes: of the ring, rounded to whole blocks. 0, or
 * -errno with one line in err; pd_ring_close() is due in any case. */
int pd_ring_open(struct pd_ring *, uint32_t bytes, char *err, size_t errlen);
void pd_ring_close(struct pd_ring *);

/* Takes the next block when the kernel has finished it; the one before must have been given back. */
bool pd_ring_take(struct pd_ring *);
/* Gives the block back; what lies in it is the kernel's again. */
void pd_ring_give_back(struct pd_ring *);

/* The next packet of the block, all of it inside the block; NULL when there is none, with left > 0 when the
 * block does not hold together. */
const struct tpacket3_hdr *pd_ring_next(struct pd_ring *);
/* Where that packet came from. */
const struct sockaddr_ll *pd_ring_from(const struct tpacket3_hdr *);

/* Brings drops and freezes up to date. */
void pd_ring_count(struct pd_ring *);

/* Writes "afpacket: what: why" from errno, which it returns negated. */
int pd_ring_fail(char *err, size_t errlen, const char *what);
#endif
