/* afpacket_ring.c: see afpacket_ring.h. A block's status word says whose it is: it is read with acquire and
 * written with release order, so that neither side sees the other's bytes too early or too late. */
#include "sniffer/afpacket_ring.h"
#include "base/check.h"
#include "sniffer/engine.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_BYTES = 2048 }; /* the kernel asks for it and uses it for nothing */

/* A packet in a block: its header, where it came from, its bytes. */
enum {
    FROM_AT = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT,
    HEADER_BYTES = FROM_AT + sizeof(struct sockaddr_ll)
};

int pd_ring_fail(char *err, size_t errlen, const char *what)
{
    int e = errno;

    snprintf(err, errlen, "afpacket: %s: %s", what, strerror(e));
    return -e;
}

int pd_ring_open(struct pd_ring *ring, uint32_t bytes, char *err, size_t errlen)
{
    uint32_t blocks = bytes / PD_RING_BLOCK < PD_RING_BLOCKS_MIN ? PD_RING_BLOCKS_MIN : bytes / PD_RING_BLOCK;
    struct tpacket_req3 request = {.tp_block_size = PD_RING_BLOCK,
                                   .tp_block_nr = blocks,
                                   .tp_frame_size = FRAME_BYTES,
                                   .tp_frame_nr = blocks * (PD_RING_BLOCK / FRAME_BYTES),
                                   .tp_retire_blk_tov = PD_LIVE_BLOCK_MS};
    int version = TPACKET_V3;

    *ring = (struct pd_ring){.blocks = blocks};
    ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (ring->fd < 0)
        return pd_ring_fail(err, errlen, "socket");
    if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0)
        return pd_ring_fail(err, errlen, "TPACKET_V3 (Linux 3.2)");
    if (setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return pd_ring_fail(err, errlen, "memory for a ring of packets");
    void *mem = mmap(NULL, (size_t)blocks * PD_RING_BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
    if (mem == MAP_FAILED)
        return pd_ring_fail(err, errlen, "mapping the ring");
    ring->mem = mem;
    return 0;
}

void pd_ring_close(struct pd_ring *ring)
{
    if (ring->mem)
        munmap(ring->mem, (size_t)ring->blocks * PD_RING_BLOCK);
    if (ring->fd >= 0)
        close(ring->fd);
    ring->mem = NULL;
    ring->fd = -1;
}

static struct tpacket_block_desc *block_of(const struct pd_ring *ring)
{
    return (void *)(ring->mem + (size_t)ring->block * PD_RING_BLOCK);
}

bool pd_ring_take(struct pd_ring *ring)
{
    struct tpacket_block_desc *desc = block_of(ring);

    PD_ASSERT(!ring->held);
    if (!(__atomic_load_n(&desc->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    ring->held = true;
    ring->left = desc->hdr.bh1.num_pkts;
    ring->at = desc->hdr.bh1.offset_to_first_pkt;
    return true;
}

void pd_ring_give_back(struct pd_ring *ring)
{
    PD_ASSERT(ring->held);
    __atomic_store_n(&block_of(ring)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->held = false;
    ring->left = 0;
    ring->block = (ring->block + 1) % ring->blocks;
}

const struct tpacket3_hdr *pd_ring_next(struct pd_ring *ring)
{
    const uint8_t *block = (const uint8_t *)block_of(ring);
    const struct tpacket3_hdr *h = (const void *)(block + ring->at);

    if (ring->left == 0 || ring->at > PD_RING_BLOCK - HEADER_BYTES)
        return NULL;
    if (h->tp_net < h->tp_mac || h->tp_snaplen > PD_RING_BLOCK ||
        ring->at + h->tp_mac + h->tp_snaplen > PD_RING_BLOCK)
        return NULL;
    if (ring->left > 1 && (h->tp_next_offset < HEADER_BYTES || h->tp_next_offset > PD_RING_BLOCK - ring->at))
        return NULL;
    ring->at += h->tp_next_offset;
    ring->left--;
    return h;
}

const struct sockaddr_ll *pd_ring_from(const struct tpacket3_hdr *h)
{
    return (const void *)((const uint8_t *)h + FROM_AT);
}

void pd_ring_count(struct pd_ring *ring)
{
    struct tpacket_stats_v3 kernel = {0};
    socklen_t len = sizeof(kernel);

    /* Asking sets the kernel's counters to zero. */
    if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &kernel, &len) != 0)
        return;
    ring->drops += kernel.tp_drops;
    ring->freezes += kernel.tp_freeze_q_cnt;
}
