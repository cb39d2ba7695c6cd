/* engine.h: what the live engines share: the choice of interfaces and the words for what stands in the way.
 */
#ifndef PD_SNIFFER_ENGINE_H
#define PD_SNIFFER_ENGINE_H
#include "sniffer/iface.h"
#include "sniffer/live.h"

/* Packets wait in the kernel until their block is full or its timer runs out. Kernels that check the timer at
 * fixed intervals let a packet wait for two of them, so that the latest is well below 20 ms. */
enum { PD_LIVE_BLOCK_MS = 8, PD_LIVE_LATE_MS = 20 };
enum { PD_LIVE_RING = 32 << 20, PD_LIVE_SNAPLEN = 262144 }; /* bytes; the defaults */

extern const struct pd_live_engine pd_afpacket_engine, pd_pcaplive_engine;

/* The interfaces that a configuration names. */
struct pd_live_choice {
    struct pd_ifaces ifaces; /* all of the machine */
    bool picked[PD_IFACES_MAX];
    unsigned count; /* picked ones; with any, all */
    bool any;       /* also those that appear later */
};

/* 0; -ENODEV (a name without an interface; err lists those there are), -ENETDOWN (none of them is up),
 * -EINVAL (a bad expression) with one line in err. */
int pd_live_choose(const struct pd_live_config *, struct pd_live_choice *, char *err, size_t errlen);

/* Says that the right to capture is missing, and the remedy. */
void pd_live_refused(char *err, size_t errlen);

/* The kernel's clock less the time that packets may wait, ns since the epoch. */
uint64_t pd_live_now(void);

/* A packet that all workers see belongs to one of them; both directions to the same. */
static inline bool pd_live_mine(unsigned worker, unsigned workers, const struct pd_packet *packet)
{
    return workers <= 1 || (packet->transport ? packet->hash % workers == worker : worker == 0);
}

static inline void pd_sniff_stats_add(struct pd_sniff_stats *sum, const struct pd_sniff_stats *more)
{
    for (unsigned i = 0; i < PD_S_COUNT; i++)
        sum->n[i] += more->n[i];
}

/* --ipv after decoding: the filter lets tunnels pass, whose inside counts. */
static inline bool pd_live_version_wanted(int ipv, const struct pd_packet *packet)
{
    return ipv == 0 || (ipv == 4) == pd_addr_is_v4(&packet->src.addr);
}
#endif
