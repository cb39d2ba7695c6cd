/* live.h: packets from interfaces, through one of two engines: AF_PACKET with its ring (afpacket.c, Linux)
 * and libpcap (pcaplive.c, anywhere). */
#ifndef PD_SNIFFER_LIVE_H
#define PD_SNIFFER_LIVE_H
#include "sniffer/source.h"

struct pd_live_config {
    const char *const *ifaces; /* names, "any", or extended regular expressions that match whole names */
    unsigned iface_count;      /* 0: any */
    const char *filter;        /* tcpdump expression from the user, or NULL */
    const char *narrow;        /* the same made from --proto rules, or NULL; tunnels and fragments pass it */
    int ipv;                   /* 4 or 6: only that version; 0 both */
    uint32_t snaplen;          /* bytes; 0: all */
    uint32_t ring_bytes;       /* of one worker, half as much again with several; 0: 32 MiB */
    bool promiscuous;          /* not of "any" */
    unsigned workers;          /* sockets in the fanout group */
};

struct pd_live;

struct pd_live_engine {
    const char *name; /* "afpacket", "libpcap" */
    /* One worker's source. All workers of a run give the same config, which is not needed after the call;
     * worker counts from 0. NULL and one line in err: no right to (names
     * CAP_NET_RAW and the remedy), no such interface (lists those there are), a bad filter. */
    struct pd_live *(*open)(const struct pd_live_config *, unsigned worker, char *err, size_t errlen);
    /* Waits at most timeout_ms for packets and hands out the next ones, at most PD_BATCH_PACKETS. They stay
     * valid until the next call and lie in the source's memory: batch->block is not used. Their ordinals
     * count from 1 in this source. Returns their number; 0 when the time is over, or earlier, and then *now
     * is the kernel's clock (ns) less the 20 ms that packets may wait in the kernel; or -errno with err set.
     * An interface that goes down may come up again: no error. One that is gone is -ENODEV, unless others are
     * left. */
    int (*poll)(struct pd_live *, struct pd_batch *, int timeout_ms, uint64_t *now, char *err, size_t errlen);
    /* Adds what this source counted since it was opened, kernel drops included. The polling thread only. */
    void (*stats)(struct pd_live *, struct pd_sniff_stats *);
    void (*close)(struct pd_live *);
};

/* "auto" (afpacket where it was built in, else libpcap), "afpacket", "libpcap"; NULL when there is no such
 * one. */
const struct pd_live_engine *pd_live_engine_find(const char *name);
/* The engines built in, for messages: "afpacket, libpcap". */
const char *pd_live_engines(void);
#endif
