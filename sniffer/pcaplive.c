/* pcaplive.c: packets through libpcap, on any system that has it. libpcap's packets die when its callback
 * returns, so their payload is copied into the batch's block. It knows no fanout: each worker opens its own
 * handles, sees every packet and keeps those whose connection is its share. */
#include "sniffer/engine.h"
#include "sniffer/filter.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for some of the largest packets, and for a batch of usual ones. */
enum { BLOCK_BYTES = 4 * PD_LIVE_SNAPLEN };

struct handle {
    pcap_t *pcap; /* NULL: its interface is gone */
    struct pd_live *live;
    uint32_t ifindex; /* 0: the packets say it themselves */
    int linktype;
    bool nano;
    char name[PD_IFACE_NAME];
};

struct pd_live {
    struct handle *handle;
    struct pollfd *wait;
    unsigned count, alive, next; /* next: the handle that is asked first, in turns */
    unsigned worker, workers;
    int ipv;
    uint32_t snaplen;
    struct pd_batch *batch; /* the one being filled */
    uint8_t *block;         /* its payloads */
    size_t used;            /* bytes of the block */
    uint64_t ordinal;
    struct pd_sniff_stats stats;
};

static void keep_payload(struct pd_live *live, struct pd_packet *packet)
{
    size_t room = BLOCK_BYTES - live->used;

    if (packet->payload.len > room)
        packet->payload.len = (uint32_t)room;
    if (packet->payload.len)
        memcpy(live->block + live->used, packet->payload.p, packet->payload.len);
    packet->payload.p = live->block + live->used;
    live->used += packet->payload.len;
}

static void take(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
    struct handle *handle = (void *)arg;
    struct pd_live *live = handle->live;
    struct pd_batch *batch = live->batch;
    struct pd_packet *packet = &batch->packet[batch->count];
    struct pd_sniff_stats met = {0};

    packet->link.iface = 0;
    pd_decode(handle->linktype, bytes, h->caplen, h->len, packet, &met);
    if (!pd_live_mine(live->worker, live->workers, packet))
        return;
    met.n[PD_S_PACKETS]++;
    met.n[PD_S_BYTES] += h->caplen;
    met.n[PD_S_CUT] += h->caplen < h->len;
    pd_sniff_stats_add(&live->stats, &met);
    if (!pd_live_version_wanted(live->ipv, packet))
        packet->transport = 0;
    if (handle->ifindex)
        packet->link.iface = handle->ifindex;
    packet->ts = (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec * (handle->nano ? 1 : 1000);
    packet->ordinal = ++live->ordinal;
    keep_payload(live, packet);
    batch->count++;
    if (batch->count == PD_BATCH_PACKETS || BLOCK_BYTES - live->used < live->snaplen)
        pcap_breakloop(handle->pcap);
}

static int set_filter(struct handle *handle, const struct pd_live_config *config, char *err, size_t errlen)
{
    struct pd_filter *filter = calloc(1, sizeof(*filter));
    int rc = 0;

    if (!filter) {
        snprintf(err, errlen, "filter: no memory");
        return -ENOMEM;
    }
    if (config->filter)
        rc = pd_filter_user(filter, handle->pcap, config->filter, err, errlen);
    if (rc == 0 && config->ipv)
        rc = pd_filter_narrow(filter, handle->pcap, config->ipv == 4 ? "ip" : "ip6", err, errlen);
    if (rc == 0 && config->narrow)
        rc = pd_filter_narrow(filter, handle->pcap, config->narrow, err, errlen);
    if (rc == 0 && filter->count > 0) {
        pd_filter_put(filter, BPF_RET | BPF_K, handle->live->snaplen, 0, 0);
        struct bpf_program program = {.bf_len = filter->count, .bf_insns = filter->insn};
        if (filter->full || pcap_setfilter(handle->pcap, &program) != 0) {
            snprintf(err, errlen, "filter '%s': %s", config->filter ? config->filter : "",
                     filter->full ? "too long" : pcap_geterr(handle->pcap));
            rc = -EINVAL;
        }
    }
    free(filter);
    return rc;
}

static int activate(struct handle *handle, const struct pd_live_config *config, char *err, size_t errlen)
{
    pcap_t *pcap = handle->pcap;

    pcap_set_snaplen(pcap, (int)handle->live->snaplen);
    pcap_set_promisc(pcap, config->promiscuous && strcmp(handle->name, "any") != 0);
    pcap_set_timeout(pcap, PD_LIVE_BLOCK_MS);
    pcap_set_buffer_size(pcap, (int)(config->ring_bytes ? config->ring_bytes : PD_LIVE_RING));
    handle->nano = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int rc = pcap_activate(pcap);
    if (rc == PCAP_ERROR_PERM_DENIED || rc == PCAP_ERROR_PROMISC_PERM_DENIED) {
        pd_live_refused(err, errlen);
        return -EPERM;
    }
    if (rc < 0) {
        const char *detail = pcap_geterr(pcap);
        snprintf(err, errlen, "%s: %s", handle->name, detail[0] ? detail : pcap_statustostr(rc));
        return -EIO;
    }
    return 0;
}

/* Opens one interface, or libpcap's own "any". */
static int open_handle(struct pd_live *live, const struct pd_live_config *config, const char *name,
                       uint32_t ifindex, char *err, size_t errlen)
{
    struct handle *handle = &live->handle[live->count];
    char why[PCAP_ERRBUF_SIZE] = "";

    *handle = (struct handle){.live = live, .ifindex = ifindex};
    snprintf(handle->name, sizeof(handle->name), "%s", name);
    handle->pcap = pcap_create(name, why);
    if (!handle->pcap) {
        snprintf(err, errlen, "%s: %s", name, why);
        return -ENODEV;
    }
    live->count++;
    live->alive++;
    int rc = activate(handle, config, err, errlen);
    if (rc < 0)
        return rc;
    if (ifindex ==
        0) /* the newer cooked form names the interface; keep the older one where there is no other */
        pcap_set_datalink(handle->pcap, DLT_LINUX_SLL2);
    handle->linktype = pcap_datalink(handle->pcap);
    if (!pd_decode_knows(handle->linktype)) {
        const char *kind = pcap_datalink_val_to_name(handle->linktype);
        snprintf(err, errlen, "%s: link type %d (%s) cannot be decoded", name, handle->linktype,
                 kind ? kind : "?");
        return -EPROTONOSUPPORT;
    }
    if (pcap_setnonblock(handle->pcap, 1, why) != 0) {
        snprintf(err, errlen, "%s: %s", name, why);
        return -EIO;
    }
    return set_filter(handle, config, err, errlen);
}

static void close_last(struct pd_live *live)
{
    live->count--;
    live->alive--;
    pcap_close(live->handle[live->count].pcap);
}

/* Of several interfaces one may refuse, as long as another does not. */
static int open_picked(struct pd_live *live, const struct pd_live_config *config,
                       const struct pd_live_choice *choice, char *err, size_t errlen)
{
    int rc = -ENODEV;

    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        const struct pd_iface *iface = &choice->ifaces.iface[i];
        if (!choice->picked[i] || !iface->up)
            continue;
        unsigned before = live->count;
        rc = open_handle(live, config, iface->name, iface->index, err, errlen);
        if (rc == -EPERM)
            return rc;
        if (rc < 0 && live->count > before)
            close_last(live);
    }
    return live->count > 0 ? 0 : rc;
}

static int start(struct pd_live *live, const struct pd_live_config *config, char *err, size_t errlen)
{
    struct pd_live_choice *choice = malloc(sizeof(*choice));
    int rc = -ENOMEM;

    snprintf(err, errlen, "libpcap: no memory");
    live->block = malloc(BLOCK_BYTES);
    if (choice && live->block)
        rc = pd_live_choose(config, choice, err, errlen);
    if (rc == 0) {
        live->handle = calloc(choice->count + 1, sizeof(*live->handle));
        live->wait = calloc(choice->count + 1, sizeof(*live->wait));
        rc = live->handle && live->wait ? 0 : -ENOMEM;
    }
#ifdef __linux__
    if (rc == 0 && choice->any)
        rc = open_handle(live, config, "any", 0, err, errlen);
    else
#endif
        if (rc == 0)
        rc = open_picked(live, config, choice, err, errlen);
    free(choice);
    return rc;
}

static void pcaplive_close(struct pd_live *live)
{
    for (unsigned i = 0; i < live->count; i++) {
        if (live->handle[i].pcap)
            pcap_close(live->handle[i].pcap);
    }
    free(live->handle);
    free(live->wait);
    free(live->block);
    free(live);
}

static struct pd_live *pcaplive_open(const struct pd_live_config *config, unsigned worker, char *err,
                                     size_t errlen)
{
    struct pd_live *live = calloc(1, sizeof(*live));

    if (!live) {
        snprintf(err, errlen, "libpcap: no memory");
        return NULL;
    }
    live->worker = worker;
    live->workers = config->workers;
    live->ipv = config->ipv;
    live->snaplen = config->snaplen && config->snaplen < PD_LIVE_SNAPLEN ? config->snaplen : PD_LIVE_SNAPLEN;
    if (start(live, config, err, errlen) < 0) {
        pcaplive_close(live);
        return NULL;
    }
    return live;
}

/* An interface's end is the end only when it was the last one. */
static int give_up(struct pd_live *live, struct handle *handle, char *err, size_t errlen)
{
    snprintf(err, errlen, "%s: %s", handle->name, pcap_geterr(handle->pcap));
    if (--live->alive == 0)
        return -ENODEV;
    pcap_close(handle->pcap);
    handle->pcap = NULL;
    return 0;
}

/* Takes what is there, without waiting. */
static int drain(struct pd_live *live, char *err, size_t errlen)
{
    struct pd_batch *batch = live->batch;

    for (unsigned i = 0; i < live->count && batch->count < PD_BATCH_PACKETS; i++) {
        struct handle *handle = &live->handle[(live->next + i) % live->count];
        uint32_t before = batch->count;
        int n = 0;
        if (!handle->pcap || (batch->count > 0 && BLOCK_BYTES - live->used < live->snaplen))
            continue;
        do /* a break that came with the last packet of a dispatch only ends the next one */
            n = pcap_dispatch(handle->pcap, (int)(PD_BATCH_PACKETS - before), take, (void *)handle);
        while (n == PCAP_ERROR_BREAK && batch->count == before);
        if (n < 0 && n != PCAP_ERROR_BREAK && give_up(live, handle, err, errlen) < 0)
            return -ENODEV;
    }
    live->next = (live->next + 1) % live->count;
    return (int)batch->count;
}

static int pcaplive_poll(struct pd_live *live, struct pd_batch *batch, int timeout_ms, uint64_t *now,
                         char *err, size_t errlen)
{
    batch->count = 0;
    live->batch = batch;
    live->used = 0;
    *now = pd_live_now();
    int n = drain(live, err, errlen);
    if (n != 0)
        return n;
    for (unsigned i = 0; i < live->count; i++) {
        int fd = live->handle[i].pcap ? pcap_get_selectable_fd(live->handle[i].pcap) : -1;
        live->wait[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        if (live->handle[i].pcap && fd < 0 && timeout_ms > PD_LIVE_BLOCK_MS)
            timeout_ms = PD_LIVE_BLOCK_MS; /* nothing to wait for: look again soon */
    }
    if (poll(live->wait, live->count, timeout_ms) < 0 && errno != EINTR) {
        int e = errno;
        snprintf(err, errlen, "libpcap: poll: %s", strerror(e));
        return -e;
    }
    *now = pd_live_now();
    return drain(live, err, errlen);
}

/* With several workers each counts the drops of its own handles, also of packets that another keeps. */
static void pcaplive_stats(struct pd_live *live, struct pd_sniff_stats *out)
{
    pd_sniff_stats_add(out, &live->stats);
    for (unsigned i = 0; i < live->count; i++) {
        struct pcap_stat kernel = {0};
        if (live->handle[i].pcap && pcap_stats(live->handle[i].pcap, &kernel) == 0)
            out->n[PD_S_DROPPED] += kernel.ps_drop;
    }
}

const struct pd_live_engine pd_pcaplive_engine = {
    .name = "libpcap",
    .open = pcaplive_open,
    .poll = pcaplive_poll,
    .stats = pcaplive_stats,
    .close = pcaplive_close,
};
