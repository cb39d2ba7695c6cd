/* live.c: the table of live engines, and what is the same for all of them before the first packet. */
#include "sniffer/engine.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The first one is "auto". */
static const struct pd_live_engine *const engines[] = {
#ifdef PD_LINUX
    &pd_afpacket_engine,
#endif
    &pd_pcaplive_engine,
};

enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

const struct pd_live_engine *pd_live_engine_find(const char *name)
{
    if (strcmp(name, "auto") == 0)
        return engines[0];
    for (unsigned i = 0; i < ENGINES; i++) {
        if (strcmp(name, engines[i]->name) == 0)
            return engines[i];
    }
    return NULL;
}

const char *pd_live_engines(void)
{
#ifdef PD_LINUX
    return "afpacket, libpcap";
#else
    return "libpcap";
#endif
}

static void list_names(const struct pd_ifaces *ifaces, char *out, size_t len)
{
    size_t at = 0;

    out[0] = 0;
    for (unsigned i = 0; i < ifaces->count && at < len; i++) {
        int n = snprintf(out + at, len - at, "%s%s", i ? ", " : "", ifaces->iface[i].name);
        if (n < 0)
            break;
        at += (size_t)n;
    }
}

static int pick(const char *pattern, struct pd_live_choice *choice, char *err, size_t errlen)
{
    int matched = pd_ifaces_match(&choice->ifaces, pattern, choice->picked, err, errlen);

    if (matched < 0)
        return matched;
    if (matched == 0 && strcmp(pattern, "any") != 0) {
        char names[256];
        list_names(&choice->ifaces, names, sizeof(names));
        snprintf(err, errlen, "%s: no such interface; there are %s", pattern, names);
        return -ENODEV;
    }
    return 0;
}

static int check_up(const struct pd_live_choice *choice, char *err, size_t errlen)
{
    const char *down = "";

    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        if (choice->picked[i] && choice->ifaces.iface[i].up)
            return 0;
        if (choice->picked[i])
            down = choice->ifaces.iface[i].name;
    }
    snprintf(err, errlen, "%s: the interface is down; ip link set %s up", down, down);
    return -ENETDOWN;
}

int pd_live_choose(const struct pd_live_config *config, struct pd_live_choice *choice, char *err,
                   size_t errlen)
{
    int rc = pd_ifaces_list(&choice->ifaces);

    if (rc < 0) {
        snprintf(err, errlen, "cannot list the interfaces: %s", strerror(-rc));
        return rc;
    }
    memset(choice->picked, 0, sizeof(choice->picked));
    choice->any = config->iface_count == 0;
    for (unsigned i = 0; i < config->iface_count; i++) {
        choice->any = choice->any || strcmp(config->ifaces[i], "any") == 0;
        rc = pick(config->ifaces[i], choice, err, errlen);
        if (rc < 0)
            return rc;
    }
    choice->count = 0;
    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        choice->picked[i] = choice->picked[i] || choice->any;
        choice->count += choice->picked[i];
    }
    return choice->any ? 0 : check_up(choice, err, errlen);
}

void pd_live_refused(char *err, size_t errlen)
{
    char path[512];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (n <= 0)
        n = (ssize_t)(stpcpy(path, "packetd") - path);
    path[n] = 0;
    snprintf(err, errlen, "no right to capture: needs CAP_NET_RAW: sudo, or setcap cap_net_raw+ep %s", path);
}

uint64_t pd_live_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec - PD_LIVE_LATE_MS * 1000000u;
}
