/* iface.c: the interfaces of this machine, as getifaddrs() tells them: names, addresses and, where the system
 * has them in its list, link types. Needs no rights and no files of the kernel. */
#include "sniffer/iface.h"
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#ifdef PD_LINUX
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#endif

#ifdef PD_LINUX
/* Kinds of interfaces whose packets carry IP; the engine takes all but Ethernet's from the IP header on. */
static const struct {
    uint16_t hatype;
    uint16_t linktype;
} kinds[] = {
    {ARPHRD_ETHER, DLT_EN10MB},   {ARPHRD_LOOPBACK, DLT_EN10MB}, {ARPHRD_NONE, DLT_RAW},
    {ARPHRD_RAWIP, DLT_RAW},      {ARPHRD_PPP, DLT_RAW},         {ARPHRD_TUNNEL, DLT_RAW},
    {ARPHRD_TUNNEL6, DLT_RAW},    {ARPHRD_SIT, DLT_RAW},         {ARPHRD_IPGRE, DLT_RAW},
    {ARPHRD_IP6GRE, DLT_RAW},     {ARPHRD_SLIP, DLT_RAW},        {ARPHRD_CSLIP, DLT_RAW},
    {ARPHRD_VOID, DLT_RAW},       {ARPHRD_CISCO, DLT_RAW},       {ARPHRD_FDDI, DLT_RAW},
    {ARPHRD_INFINIBAND, DLT_RAW},
};

static int linktype_of(const struct sockaddr *address)
{
    const struct sockaddr_ll *ll = (const void *)address;

    if (address->sa_family != AF_PACKET)
        return -1;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].hatype == ll->sll_hatype)
            return kinds[i].linktype;
    }
    return -1;
}
#else
static int linktype_of(const struct sockaddr *address)
{
    (void)address;
    return -1;
}
#endif

static struct pd_iface *find_or_add(struct pd_ifaces *list, const char *name)
{
    size_t len = strcspn(name, ":"); /* eth0:1 is an address of eth0, not an interface */

    if (len == 0 || len >= PD_IFACE_NAME)
        return NULL;
    for (unsigned i = 0; i < list->count; i++) {
        struct pd_iface *known = &list->iface[i];
        if (strncmp(known->name, name, len) == 0 && known->name[len] == 0)
            return known;
    }
    if (list->count == PD_IFACES_MAX)
        return NULL;
    struct pd_iface *iface = &list->iface[list->count++];
    memset(iface, 0, sizeof(*iface));
    memcpy(iface->name, name, len);
    iface->linktype = -1;
    iface->index = if_nametoindex(iface->name);
    return iface;
}

static void add_address(struct pd_iface *iface, const struct sockaddr *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct pd_addr *out = &iface->addr[iface->addr_count];

    if (iface->addr_count == PD_IFACE_ADDRS)
        return;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        memcpy(out->b, mapped, sizeof(mapped));
        memcpy(out->b + sizeof(mapped), &in->sin_addr, 4);
        iface->addr_count++;
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        memcpy(out->b, &in6->sin6_addr, 16);
        iface->addr_count++;
    }
}

static void ask_mtu(struct pd_ifaces *list)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    for (unsigned i = 0; i < list->count; i++) {
        struct ifreq request = {0};
        memcpy(request.ifr_name, list->iface[i].name, PD_IFACE_NAME);
        if (ioctl(fd, SIOCGIFMTU, &request) == 0)
            list->iface[i].mtu = (uint32_t)request.ifr_mtu;
    }
    close(fd);
}

static int by_index(const void *a, const void *b)
{
    const struct pd_iface *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

int pd_ifaces_list(struct pd_ifaces *list)
{
    struct ifaddrs *all;

    list->count = 0;
    if (getifaddrs(&all) != 0)
        return -errno;
    for (struct ifaddrs *at = all; at; at = at->ifa_next) {
        struct pd_iface *iface = find_or_add(list, at->ifa_name);
        if (!iface)
            continue;
        iface->up = at->ifa_flags & IFF_UP;
        iface->running = at->ifa_flags & IFF_RUNNING;
        iface->loopback = at->ifa_flags & IFF_LOOPBACK;
        if (!at->ifa_addr)
            continue;
        add_address(iface, at->ifa_addr);
        if (iface->linktype < 0)
            iface->linktype = linktype_of(at->ifa_addr);
    }
    freeifaddrs(all);
    ask_mtu(list);
    qsort(list->iface, list->count, sizeof(list->iface[0]), by_index);
    return 0;
}

static int match_expression(const struct pd_ifaces *list, const char *pattern, bool *picked, char *err,
                            size_t errlen)
{
    char whole[512];
    regex_t expression;
    int matched = 0;

    if ((size_t)snprintf(whole, sizeof(whole), "^(%s)$", pattern) >= sizeof(whole)) {
        snprintf(err, errlen, "an interface pattern of more than %zu characters", sizeof(whole) - 5);
        return -EINVAL;
    }
    int rc = regcomp(&expression, whole, REG_EXTENDED | REG_NOSUB);
    if (rc != 0) {
        char why[128];
        regerror(rc, &expression, why, sizeof(why));
        snprintf(err, errlen, "%s: neither an interface nor a regular expression: %s", pattern, why);
        return -EINVAL;
    }
    for (unsigned i = 0; i < list->count; i++) {
        if (regexec(&expression, list->iface[i].name, 0, NULL, 0) == 0) {
            picked[i] = true;
            matched++;
        }
    }
    regfree(&expression);
    return matched;
}

int pd_ifaces_match(const struct pd_ifaces *list, const char *pattern, bool picked[PD_IFACES_MAX], char *err,
                    size_t errlen)
{
    if (strcmp(pattern, "any") == 0) {
        for (unsigned i = 0; i < list->count; i++)
            picked[i] = true;
        return (int)list->count;
    }
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->iface[i].name, pattern) == 0) {
            picked[i] = true;
            return 1;
        }
    }
    return match_expression(list, pattern, picked, err, errlen);
}

/* Open addressing, emptied when it is full: a thread that meets more interfaces than this asks again. */
enum { CACHE_SLOTS = 512, CACHE_FULL = 384 };

struct name_cache {
    unsigned used;
    struct {
        uint32_t index; /* 0: free */
        char name[PD_IFACE_NAME];
    } slot[CACHE_SLOTS];
};

const char *pd_iface_name(uint32_t index)
{
    static _Thread_local struct name_cache cache;
    char name[IF_NAMESIZE] = "";
    unsigned at = index % CACHE_SLOTS;

    if (index == 0)
        return NULL;
    while (cache.slot[at].index != 0 && cache.slot[at].index != index)
        at = (at + 1) % CACHE_SLOTS;
    if (cache.slot[at].index == 0) {
        if (cache.used == CACHE_FULL) {
            memset(&cache, 0, sizeof(cache));
            at = index % CACHE_SLOTS;
        }
        if_indextoname(index, name);
        cache.slot[at].index = index;
        snprintf(cache.slot[at].name, PD_IFACE_NAME, "%s", name);
        cache.used++;
    }
    return cache.slot[at].name[0] ? cache.slot[at].name : NULL;
}
