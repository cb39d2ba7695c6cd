/* afpacket.c: packets from the kernel's ring (AF_PACKET), without a copy. One socket for each worker,
 * whatever the number of interfaces: a ring costs its memory once, and the filter picks the interfaces. The
 * sockets of several workers form a fanout group that keeps both directions of a connection together. It
 * cannot look into VXLAN and Geneve, so that those have a second socket: each worker hears all of them and
 * keeps its share. A block of a ring is given back when more is asked for, so that a batch stays valid until
 * then. */
#include "sniffer/afpacket_filter.h"
#include "sniffer/afpacket_ring.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROUP, TUNNELS, RINGS };
enum { TUNNELS_PART = 2 }; /* their ring is smaller by this */

struct pd_live {
    struct pd_ring ring[RINGS];
    unsigned rings;   /* TUNNELS only where there are several workers */
    unsigned current; /* the ring whose block is being read */
    unsigned worker, workers;
    uint32_t ifindex; /* of the only interface, 0 when there are several */
    char ifname[PD_IFACE_NAME];
    int ipv; /* 4, 6, or 0: both */
    uint64_t ordinal;
    struct pd_sniff_stats stats;
};

static int attach(int fd, struct bpf_insn *insn, uint32_t count, char *err, size_t errlen)
{
    _Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "one layout for BPF instructions");
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (void *)insn};

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
        return pd_ring_fail(err, errlen, "attaching the filter");
    return 0;
}

/* The kernel limits the memory of a socket's filter (net.core.optmem_max). The rules' part of it only saves
 * work, so that it is the one to go. */
static int attach_filter(int fd, const struct pd_live_config *config, const struct pd_live_choice *choice,
                         enum pd_afpacket_share share, char *err, size_t errlen)
{
    struct pd_filter *filter = malloc(sizeof(*filter));
    struct pd_live_config without = *config;

    if (!filter) {
        snprintf(err, errlen, "filter: no memory");
        return -ENOMEM;
    }
    without.narrow = NULL;
    int rc = pd_afpacket_filter(filter, config, choice, share, err, errlen);
    if (rc == 0)
        rc = attach(fd, filter->insn, filter->count, err, errlen);
    if (rc == -ENOMEM && config->narrow &&
        pd_afpacket_filter(filter, &without, choice, share, err, errlen) == 0)
        rc = attach(fd, filter->insn, filter->count, err, errlen);
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

static int join_group(int fd, char *err, size_t errlen)
{
    uint32_t how = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
    uint32_t group = fanout_id() | how << 16;

    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) != 0)
        return pd_ring_fail(err, errlen, "joining the workers' fanout group");
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
            return pd_ring_fail(err, errlen, "promiscuous mode (-p does without)");
    }
    return 0;
}

/* Until the filter is there nothing gets in: the socket starts without a protocol, then with a filter that
 * rejects everything, which is replaced in one step. So no packet reaches two members of a group either. */
static int start(struct pd_live *live, unsigned which, const struct pd_live_config *config,
                 const struct pd_live_choice *choice, char *err, size_t errlen)
{
    struct bpf_insn reject = {BPF_RET | BPF_K, 0, 0, 0};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)live->ifindex};
    uint32_t bytes = config->ring_bytes ? config->ring_bytes : PD_LIVE_RING;
    enum pd_afpacket_share share = live->workers <= 1 ? PD_SHARE_ALL
                                   : which == GROUP   ? PD_SHARE_NO_UDP_TUNNELS
                                                      : PD_SHARE_UDP_TUNNELS;
    struct pd_ring *ring = &live->ring[which];

    int rc = pd_ring_open(ring, which == GROUP ? bytes : bytes / TUNNELS_PART, err, errlen);
    if (rc == 0)
        rc = attach(ring->fd, &reject, 1, err, errlen);
    if (rc == 0 && bind(ring->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        rc = pd_ring_fail(err, errlen, live->ifindex ? live->ifname : "bind");
    if (rc == 0 && share == PD_SHARE_NO_UDP_TUNNELS)
        rc = join_group(ring->fd, err, errlen);
    if (rc == 0)
        rc = attach_filter(ring->fd, config, choice, share, err, errlen);
    if (rc == 0 && which == GROUP && config->promiscuous)
        rc = go_promiscuous(ring->fd, choice, err, errlen);
    return rc;
}

static int start_all(struct pd_live *live, const struct pd_live_config *config, char *err, size_t errlen)
{
    struct pd_live_choice *choice = malloc(sizeof(*choice));

    if (!choice) {
        snprintf(err, errlen, "afpacket: no memory");
        return -ENOMEM;
    }
    int rc = pd_live_choose(config, choice, err, errlen);
    for (unsigned i = 0; rc == 0 && i < choice->ifaces.count && !choice->any && choice->count == 1; i++) {
        if (choice->picked[i]) {
            live->ifindex = choice->ifaces.iface[i].index;
            memcpy(live->ifname, choice->ifaces.iface[i].name, PD_IFACE_NAME);
        }
    }
    for (unsigned i = 0; rc == 0 && i < live->rings; i++)
        rc = start(live, i, config, choice, err, errlen);
    free(choice);
    if (rc == -EPERM || rc == -EACCES)
        pd_live_refused(err, errlen);
    return rc;
}

static void afpacket_close(struct pd_live *live)
{
    for (unsigned i = 0; i < live->rings; i++)
        pd_ring_close(&live->ring[i]);
    free(live);
}

static struct pd_live *afpacket_open(const struct pd_live_config *config, unsigned worker, char *err,
                                     size_t errlen)
{
    struct pd_live *live = calloc(1, sizeof(*live));

    if (!live) {
        snprintf(err, errlen, "afpacket: no memory");
        return NULL;
    }
    live->worker = worker;
    live->workers = config->workers;
    live->rings = config->workers > 1 ? RINGS : 1;
    live->ipv = config->ipv;
    for (unsigned i = 0; i < RINGS; i++)
        live->ring[i].fd = -1;
    if (start_all(live, config, err, errlen) < 0) {
        afpacket_close(live);
        return NULL;
    }
    return live;
}

/* A frame that is not Ethernet: from the network header on, which the kernel knows where to find. */
static void decode_other(const struct tpacket3_hdr *h, uint16_t protocol, struct pd_packet *out,
                         struct pd_sniff_stats *stats)
{
    uint32_t skip = (uint32_t)h->tp_net - h->tp_mac;
    int linktype = protocol == ETH_P_IP        ? DLT_IPV4
                   : protocol == ETH_P_IPV6    ? DLT_IPV6
                   : protocol == ETH_P_MPLS_UC ? DLT_MPLS
                                               : -1;

    if (linktype >= 0 && skip <= h->tp_snaplen && skip <= h->tp_len) {
        pd_decode(linktype, (const uint8_t *)h + h->tp_net, h->tp_snaplen - skip, h->tp_len - skip, out,
                  stats);
        return;
    }
    memset(out, 0, sizeof(*out));
    stats->n[PD_S_NOT_IP]++;
}

static void decode(struct pd_live *live, const struct tpacket3_hdr *h, struct pd_packet *out,
                   struct pd_sniff_stats *stats)
{
    const struct sockaddr_ll *from = pd_ring_from(h);

    stats->n[PD_S_PACKETS]++;
    stats->n[PD_S_BYTES] += h->tp_snaplen;
    stats->n[PD_S_CUT] += h->tp_snaplen < h->tp_len;
    if (from->sll_hatype == ARPHRD_ETHER || from->sll_hatype == ARPHRD_LOOPBACK)
        pd_decode(DLT_EN10MB, (const uint8_t *)h + h->tp_mac, h->tp_snaplen, h->tp_len, out, stats);
    else
        decode_other(h, ntohs(from->sll_protocol), out, stats);
    if (out->link.vlan == 0 && (h->tp_status & TP_STATUS_VLAN_VALID))
        out->link.vlan = h->hv1.tp_vlan_tci & 0xfff;
    if (!pd_live_version_wanted(live->ipv, out))
        out->transport = 0;
    out->link.iface = (uint32_t)from->sll_ifindex;
    out->ts = (uint64_t)h->tp_sec * 1000000000u + h->tp_nsec;
}

/* The same with a packet that all workers hear: only the one whose share it is counts it. */
static bool decode_share(struct pd_live *live, const struct tpacket3_hdr *h, struct pd_packet *out)
{
    struct pd_sniff_stats met = {0};

    decode(live, h, out, &met);
    if (!pd_live_mine(live->worker, live->workers, out))
        return false;
    pd_sniff_stats_add(&live->stats, &met);
    return true;
}

static void fill(struct pd_live *live, struct pd_batch *batch)
{
    struct pd_ring *ring = &live->ring[live->current];
    const struct tpacket3_hdr *h;

    while (batch->count < PD_BATCH_PACKETS && (h = pd_ring_next(ring))) {
        struct pd_packet *out = &batch->packet[batch->count];
        if (live->current == GROUP)
            decode(live, h, out, &live->stats);
        else if (!decode_share(live, h, out))
            continue;
        out->ordinal = ++live->ordinal;
        batch->count++;
    }
    if (batch->count < PD_BATCH_PACKETS && ring->left > 0) {
        live->stats.n[PD_S_MALFORMED] += ring->left;
        ring->left = 0;
    }
}

/* A block that is being read, or the next one that is ready; the rings take turns. */
static bool have_block(struct pd_live *live)
{
    struct pd_ring *ring = &live->ring[live->current];

    if (ring->held && ring->left > 0)
        return true;
    if (ring->held)
        pd_ring_give_back(ring);
    for (unsigned i = 0; i < live->rings; i++) {
        live->current = (live->current + 1) % live->rings;
        if (pd_ring_take(&live->ring[live->current]))
            return true;
    }
    return false;
}

/* A socket's error is told once. An interface that went down may come up again, and the socket with it; one
 * that is gone does not come back under its number. */
static int check_error(struct pd_live *live, int fd, char *err, size_t errlen)
{
    char name[IF_NAMESIZE];
    int e = 0;
    socklen_t len = sizeof(e);

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);
    if (e == 0 || (e == ENETDOWN && (live->ifindex == 0 || if_indextoname(live->ifindex, name))))
        return 0;
    if (e == ENETDOWN) {
        snprintf(err, errlen, "%s: the interface is gone", live->ifname);
        return -ENODEV;
    }
    errno = e;
    return pd_ring_fail(err, errlen, "the packet socket");
}

static int wait_for_block(struct pd_live *live, int timeout_ms, char *err, size_t errlen)
{
    struct pollfd wait[RINGS];
    int rc = 0;

    for (unsigned i = 0; i < live->rings; i++)
        wait[i] = (struct pollfd){.fd = live->ring[i].fd, .events = POLLIN};
    int n = poll(wait, live->rings, timeout_ms);
    if (n < 0 && errno != EINTR)
        return pd_ring_fail(err, errlen, "poll");
    for (unsigned i = 0; n > 0 && rc == 0 && i < live->rings; i++) {
        if (wait[i].revents & POLLERR)
            rc = check_error(live, wait[i].fd, err, errlen);
    }
    return rc;
}

static int afpacket_poll(struct pd_live *live, struct pd_batch *batch, int timeout_ms, uint64_t *now,
                         char *err, size_t errlen)
{
    batch->count = 0;
    /* The clock before the rings: what is older than it was in a block that was already finished. */
    *now = pd_live_now();
    if (!have_block(live)) {
        int rc = wait_for_block(live, timeout_ms, err, errlen);
        if (rc < 0)
            return rc;
        *now = pd_live_now();
        if (!have_block(live))
            return 0;
    }
    fill(live, batch);
    return (int)batch->count;
}

/* Drops of tunnels are those of this worker's ring, also of packets that another keeps. */
static void afpacket_stats(struct pd_live *live, struct pd_sniff_stats *out)
{
    pd_sniff_stats_add(out, &live->stats);
    for (unsigned i = 0; i < live->rings; i++) {
        pd_ring_count(&live->ring[i]);
        out->n[PD_S_DROPPED] += live->ring[i].drops;
        out->n[PD_S_FREEZES] += live->ring[i].freezes;
    }
}

const struct pd_live_engine pd_afpacket_engine = {
    .name = "afpacket",
    .open = afpacket_open,
    .poll = afpacket_poll,
    .stats = afpacket_stats,
    .close = afpacket_close,
};
