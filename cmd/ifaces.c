/* ifaces.c: `packetd ifaces`: what there is to listen on, and what stands in the way. Whether this process
 * may capture is found out by doing it for a moment. */
#include "cmd/cmd.h"
#include "sniffer/iface.h"
#include "sniffer/live.h"
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_RING = 1 << 20, CAPTURE_COLUMNS = 14 };

static bool may_capture(char *err, size_t errlen)
{
    const struct pd_live_engine *engine = pd_live_engine_find("auto");
    struct pd_live_config config = {.ring_bytes = PROBE_RING, .workers = 1};
    struct pd_live *live = engine->open(&config, 0, err, errlen);

    if (live)
        engine->close(live);
    return live != NULL;
}

static const char *state_of(const struct pd_iface *iface)
{
    if (!iface->up)
        return "down";
    return iface->running ? "up" : "no carrier";
}

static const char *link_of(const struct pd_iface *iface)
{
    if (iface->loopback)
        return "loopback";
    return iface->linktype == DLT_EN10MB ? "ethernet" : iface->linktype == DLT_RAW ? "ip" : "unknown";
}

static const char *capture_of(const struct pd_iface *iface, bool allowed)
{
    if (!iface->up)
        return "no, down";
    if (!allowed)
        return "no right";
    return iface->linktype < 0 ? "its IP, if any" : "yes";
}

static void print_iface(const struct pd_iface *iface, int width, bool allowed)
{
    printf("%-*s  %-10s  %-8s  %6u  %-*s", width, iface->name, state_of(iface), link_of(iface), iface->mtu,
           iface->addr_count ? CAPTURE_COLUMNS : 0, capture_of(iface, allowed));
    for (unsigned i = 0; i < iface->addr_count; i++) {
        char text[PD_ADDR_TEXT];
        pd_addr_print(text, &iface->addr[i]);
        printf("%s%s", i ? ", " : "  ", text);
    }
    putchar('\n');
}

static void print_all(const struct pd_ifaces *list, bool allowed)
{
    int width = (int)strlen("NAME");

    for (unsigned i = 0; i < list->count; i++) {
        int len = (int)strlen(list->iface[i].name);
        width = len > width ? len : width;
    }
    printf("%-*s  %-10s  %-8s  %6s  %-*s  %s\n", width, "NAME", "STATE", "LINK", "MTU", CAPTURE_COLUMNS,
           "CAPTURE", "ADDRESSES");
    for (unsigned i = 0; i < list->count; i++)
        print_iface(&list->iface[i], width, allowed);
    printf("%-*s  all of these, also those that appear later\n", width, "any");
    printf("engines: %s\n", pd_live_engines());
}

int pd_cmd_ifaces(int argc, char **argv)
{
    char err[1024] = "";

    if (argc > 1) {
        pd_say("ifaces takes no argument, not '%s'", argv[1]);
        return PD_EXIT_USAGE;
    }
    struct pd_ifaces *list = malloc(sizeof(*list));
    int rc = list ? pd_ifaces_list(list) : -1;
    if (rc < 0) {
        pd_say("cannot list the interfaces: %s", list ? strerror(-rc) : "no memory");
        free(list);
        return PD_EXIT_FAILED;
    }
    bool allowed = may_capture(err, sizeof(err));
    print_all(list, allowed);
    free(list);
    if (!allowed) {
        fflush(stdout);
        pd_say("%s", err);
    }
    return PD_EXIT_OK;
}
