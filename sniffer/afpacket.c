/* afpacket.c: packets from the kernel's ring (AF_PACKET, TPACKET_V3), without a copy. One socket for each
 * worker, whatever the number of interfaces: a ring costs its memory once, and the filter picks the
 * interfaces. A block of the ring is handed back when the next one is asked for, so that a batch stays valid
 * until then. The sockets of several workers form a fanout group that keeps both directions of a connection
 * together. */
#include "sniffer/afpacket_filter.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A block holds the largest packet of segmentation offload. Many small ones are better than few large ones:
 * on a quiet link each timeout uses up a whole block, so that their number is the time a worker may be late.
 */
enum { BLOCK_BYTES = 256 << 10, BLOCKS_MIN = 4, FRAME_BYTES = 2048 };

/* A packet in a block: this header, where it came from, its bytes. */
enum {
    FROM_AT = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT,
    HEADER_BYTES = FROM_AT + sizeof(struct sockaddr_ll)
};

struct pd_live {
    int fd;
    uint8_t *ring;
    uint32_t blocks, block; /* how many; the one being read or waited for */
    const uint8_t *at;      /* the next packet of it */
    uint32_t left;          /* packets of it not yet handed out */
    bool held;              /* the block is ours */
    uint32_t ifindex;       /* of the only interface, 0 when there are several */
    char ifname[PD_IFACE_NAME];
    int ipv; /* 4, 6, or 0: both */
    uint64_t ordinal;
    struct pd_sniff_stats stats;
};

static int fail(char *err, size_t errlen, const char *what)
{
    int e = errno;

    snprintf(err, errlen, "afpacket: %s: %s", what, strerror(e));
    return -e;
}

static int map_ring(struct pd_live *live, uint32_t bytes, char *err, size_t errlen)
{
    int version = TPACKET_V3;

    live->blocks = bytes / BLOCK_BYTES < BLOCKS_MIN ? BLOCKS_MIN : bytes / BLOCK_BYTES;
    struct tpacket_req3 request = {.tp_block_size = BLOCK_BYTES,
                                   .tp_block_nr = live->blocks,
                                   .tp_frame_size = FRAME_BYTES,
                                   .tp_frame_nr = live->blocks * (BLOCK_BYTES / FRAME_BYTES),
                                   .tp_retire_blk_tov = PD_LIVE_BLOCK_MS};
    if (setsockopt(live->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0)
        return fail(err, errlen, "TPACKET_V3 (Linux 3.2)");
    if (setsockopt(live->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return fail(err, errlen, "a ring for packets (less memory: a smaller ring)");
    void *ring =
        mmap(NULL, (size_t)live->blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, live->fd, 0);
    if (ring == MAP_FAILED)
        return fail(err, errlen, "mapping the ring");
    live->ring = ring;
    return 0;
}

static int attach(int fd, struct bpf_insn *insn, uint32_t count)
{
    _Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "one layout for BPF instructions");
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (void *)insn};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* The kernel limits the memory of a socket's filter (net.core.optmem_max). The rules' part of it only saves
 * work, so that it is the one to go. */
static int attach_filter(int fd, const struct pd_live_config *config, const struct pd_live_choice *choice,
                         char *err, size_t errlen)
{
    struct pd_filter *filter = malloc(sizeof(*filter));
    struct pd_live_config without = *config;
    int rc;

    if (!filter) {
        snprintf(err, errlen, "filter: no memory");
        return -ENOMEM;
    }
    without.narrow = NULL;
    rc = pd_afpacket_filter(filter, config, choice, err, errlen);
    if (rc == 0 && attach(fd, filter->insn, filter->count) != 0)
        rc = fail(err, errlen, "attaching the filter");
    if (rc == -ENOMEM && config->narrow && pd_afpacket_filter(filter, &without, choice, err, errlen) == 0)
        rc = attach(fd, filter->insn, filter->count) ? fail(err, errlen, "attaching the filter") : 0;
    free(filter);
    return rc;
}

/* The same for all workers of a process and, with luck of 1 to 65,535, no other's: process numbers alone
 * repeat in containers that share a network. */
static uint16_t fanout_id(void)
{
    struct stat space = {0};
    uint64_t id = (uint64_t)getpid();

    stat("/proc/self/ns/pid", &space);
    id = (id ^ (uint64_t)space.st_ino << 20) * 0x9e3779b97f4a7c15u;
    return (uint16_t)(id >> 48);
}

static int join_group(struct pd_live *live, char *err, size_t errlen)
{
    uint32_t how = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
    uint32_t group = fanout_id() | how << 16;

    if (setsockopt(live->fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) != 0)
        return fail(err, errlen, "joining the workers' fanout group");
    return 0;
}

static int go_promiscuous(int fd, const struct pd_live_choice *choice, char *err, size_t errlen)
{
    /* Not on "any", like tcpdump: nobody asked for each of these interfaces. */
    if (choice->any)
        return 0;
    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        struct packet_mreq request = {.mr_ifindex = (int)choice->ifaces.iface[i].index,
                                      .mr_type = PACKET_MR_PROMISC};
        if (choice->picked[i] &&
            setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) != 0)
            return fail(err, errlen, "promiscuous mode (-p does without)");
    }
    return 0;
}

/* Until the filter is there nothing gets in: the socket starts without a protocol, then with a filter that
 * rejects everything, which is replaced in one step. So a group's member takes part in no packet twice
 * either. */
static int start(struct pd_live *live, const struct pd_live_config *config,
                 const struct pd_live_choice *choice, char *err, size_t errlen)
{
    struct bpf_insn reject = {BPF_RET | BPF_K, 0, 0, 0};
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

    for (unsigned i = 0; i < choice->ifaces.count && !choice->any && choice->count == 1; i++) {
        if (choice->picked[i]) {
            live->ifindex = choice->ifaces.iface[i].index;
            memcpy(live->ifname, choice->ifaces.iface[i].name, PD_IFACE_NAME);
        }
    }
    address.sll_ifindex = (int)live->ifindex;
    int rc = map_ring(live, config->ring_bytes ? config->ring_bytes : PD_LIVE_RING, err, errlen);
    if (rc < 0)
        return rc;
    if (attach(live->fd, &reject, 1) != 0)
        return fail(err, errlen, "attaching a filter");
    if (bind(live->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return fail(err, errlen, live->ifindex ? live->ifname : "bind");
    if (config->workers > 1 && (rc = join_group(live, err, errlen)) < 0)
        return rc;
    rc = attach_filter(live->fd, config, choice, err, errlen);
    if (rc == 0 && config->promiscuous)
        rc = go_promiscuous(live->fd, choice, err, errlen);
    return rc;
}

static void afpacket_close(struct pd_live *live)
{
    if (live->ring)
        munmap(live->ring, (size_t)live->blocks * BLOCK_BYTES);
    if (live->fd >= 0)
        close(live->fd);
    free(live);
}

static struct pd_live *afpacket_open(const struct pd_live_config *config, unsigned worker, char *err,
                                     size_t errlen)
{
    struct pd_live *live = calloc(1, sizeof(*live));
    struct pd_live_choice *choice = malloc(sizeof(*choice));
    int rc = -ENOMEM;

    (void)worker;
    snprintf(err, errlen, "afpacket: no memory");
    if (live) {
        live->ipv = config->ipv;
        live->fd = -1;
    }
    if (live && choice)
        rc = pd_live_choose(config, choice, err, errlen);
    if (rc == 0) {
        live->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (live->fd >= 0)
            rc = start(live, config, choice, err, errlen);
        else
            rc = fail(err, errlen, "socket");
        if (rc == -EPERM || rc == -EACCES)
            pd_live_refused(err, errlen);
    }
    free(choice);
    if (rc < 0 && live) {
        afpacket_close(live);
        live = NULL;
    }
    return live;
}

static struct tpacket_block_desc *block_of(struct pd_live *live)
{
    return (void *)(live->ring + (size_t)live->block * BLOCK_BYTES);
}

static void give_back(struct pd_live *live)
{
    /* Release: the kernel writes into the block once it sees the status, after our last read of it. */
    __atomic_store_n(&block_of(live)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    live->held = false;
    live->block = (live->block + 1) % live->blocks;
}

/* Takes the next block when the kernel has finished it. */
static bool take_block(struct pd_live *live)
{
    struct tpacket_block_desc *desc = block_of(live);

    /* Acquire: the packets were written before the status. */
    if (!(__atomic_load_n(&desc->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    live->held = true;
    live->left = desc->hdr.bh1.num_pkts;
    live->at = (const uint8_t *)desc + desc->hdr.bh1.offset_to_first_pkt;
    return true;
}

/* The header at live->at, with all that it points to inside the block, or NULL. */
static const struct tpacket3_hdr *header_at(struct pd_live *live)
{
    const uint8_t *block = (const uint8_t *)block_of(live);
    size_t at = (size_t)(live->at - block);
    const struct tpacket3_hdr *h = (const void *)live->at;

    if (at > BLOCK_BYTES - HEADER_BYTES || h->tp_net < h->tp_mac || h->tp_snaplen > BLOCK_BYTES ||
        at + h->tp_mac + h->tp_snaplen > BLOCK_BYTES)
        return NULL;
    if (live->left > 1 && (h->tp_next_offset < HEADER_BYTES || at + h->tp_next_offset > BLOCK_BYTES))
        return NULL;
    return h;
}

/* A frame that is not Ethernet: from the network header on, which the kernel knows where to find. */
static void decode_other(struct pd_live *live, const struct tpacket3_hdr *h, uint16_t protocol,
                         struct pd_packet *out)
{
    uint32_t skip = (uint32_t)h->tp_net - h->tp_mac;
    int linktype = protocol == ETH_P_IP        ? DLT_IPV4
                   : protocol == ETH_P_IPV6    ? DLT_IPV6
                   : protocol == ETH_P_MPLS_UC ? DLT_MPLS
                                               : -1;

    if (linktype >= 0 && skip <= h->tp_snaplen && skip <= h->tp_len) {
        pd_decode(linktype, (const uint8_t *)h + h->tp_net, h->tp_snaplen - skip, h->tp_len - skip, out,
                  &live->stats);
        return;
    }
    memset(out, 0, sizeof(*out));
    live->stats.n[PD_S_NOT_IP]++;
}

static void decode(struct pd_live *live, const struct tpacket3_hdr *h, struct pd_packet *out)
{
    const struct sockaddr_ll *from = (const void *)((const uint8_t *)h + FROM_AT);

    if (from->sll_hatype == ARPHRD_ETHER || from->sll_hatype == ARPHRD_LOOPBACK)
        pd_decode(DLT_EN10MB, (const uint8_t *)h + h->tp_mac, h->tp_snaplen, h->tp_len, out, &live->stats);
    else
        decode_other(live, h, ntohs(from->sll_protocol), out);
    if (out->link.vlan == 0 && (h->tp_status & TP_STATUS_VLAN_VALID))
        out->link.vlan = h->hv1.tp_vlan_tci & 0xfff;
    if (!pd_live_version_wanted(live->ipv, out))
        out->transport = 0;
    out->link.iface = (uint32_t)from->sll_ifindex;
    out->ts = (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec;
    out->ordinal = ++live->ordinal;
}

static void fill(struct pd_live *live, struct pd_batch *batch)
{
    while (batch->count < PD_BATCH_PACKETS && live->left > 0) {
        const struct tpacket3_hdr *h = header_at(live);
        if (!h) {
            live->stats.n[PD_S_MALFORMED] += live->left;
            live->left = 0;
            return;
        }
        live->stats.n[PD_S_PACKETS]++;
        live->stats.n[PD_S_BYTES] += h->tp_snaplen;
        live->stats.n[PD_S_CUT] += h->tp_snaplen < h->tp_len;
        decode(live, h, &batch->packet[batch->count++]);
        live->at += h->tp_next_offset;
        live->left--;
    }
}

/* A socket's error is told once. An interface that went down may come up again, and the socket with it; one
 * that is gone does not come back under its number. */
static int check_error(struct pd_live *live, char *err, size_t errlen)
{
    char name[IF_NAMESIZE];
    int e = 0;
    socklen_t len = sizeof(e);

    getsockopt(live->fd, SOL_SOCKET, SO_ERROR, &e, &len);
    if (e == 0 || (e == ENETDOWN && (live->ifindex == 0 || if_indextoname(live->ifindex, name))))
        return 0;
    if (e == ENETDOWN) {
        snprintf(err, errlen, "%s: the interface is gone", live->ifname);
        return -ENODEV;
    }
    errno = e;
    return fail(err, errlen, "the packet socket");
}

static int afpacket_poll(struct pd_live *live, struct pd_batch *batch, int timeout_ms, uint64_t *now,
                         char *err, size_t errlen)
{
    batch->count = 0;
    if (live->held && live->left == 0)
        give_back(live);
    if (!live->held) {
        /* The clock before the ring: what is older than it was in a block that was already finished. */
        *now = pd_live_now();
        if (!take_block(live)) {
            struct pollfd wait = {.fd = live->fd, .events = POLLIN};
            int n = poll(&wait, 1, timeout_ms);
            if (n < 0 && errno != EINTR)
                return fail(err, errlen, "poll");
            int rc = n > 0 && (wait.revents & POLLERR) ? check_error(live, err, errlen) : 0;
            if (rc < 0)
                return rc;
            *now = pd_live_now();
            if (!take_block(live))
                return 0;
        }
    }
    fill(live, batch);
    return (int)batch->count;
}

static void afpacket_stats(struct pd_live *live, struct pd_sniff_stats *out)
{
    struct tpacket_stats_v3 kernel = {0};
    socklen_t len = sizeof(kernel);

    /* Asking sets the kernel's counters to zero. */
    if (getsockopt(live->fd, SOL_PACKET, PACKET_STATISTICS, &kernel, &len) == 0) {
        live->stats.n[PD_S_DROPPED] += kernel.tp_drops;
        live->stats.n[PD_S_FREEZES] += kernel.tp_freeze_q_cnt;
    }
    for (unsigned i = 0; i < PD_S_COUNT; i++)
        out->n[i] += live->stats.n[i];
}

const struct pd_live_engine pd_afpacket_engine = {
    .name = "afpacket",
    .open = afpacket_open,
    .poll = afpacket_poll,
    .stats = afpacket_stats,
    .close = afpacket_close,
};
