/* iface.h: the interfaces of this machine. */
#ifndef PD_SNIFFER_IFACE_H
#define PD_SNIFFER_IFACE_H
#include "base/addr.h"

enum { PD_IFACES_MAX = 256, PD_IFACE_ADDRS = 8, PD_IFACE_NAME = 16 };

struct pd_iface {
    char name[PD_IFACE_NAME];
    uint32_t index;
    bool up, running, loopback;
    uint8_t addr_count;
    struct pd_addr addr[PD_IFACE_ADDRS];
    int linktype; /* what captures of it look like, -1 unknown */
    uint32_t mtu;
};

struct pd_ifaces {
    unsigned count;
    struct pd_iface iface[PD_IFACES_MAX];
};

/* Asks the system. 0 or -errno. Needs no rights. */
int pd_ifaces_list(struct pd_ifaces *);
/* Those that a pattern names: "any", a name, or an extended regular expression over whole names. Sets
 * picked[i] for each that matches, returns how many; -EINVAL and err for a bad expression. */
int pd_ifaces_match(const struct pd_ifaces *, const char *pattern, bool picked[PD_IFACES_MAX], char *err,
                    size_t errlen);
/* The interface's name for an index, or NULL. Looks in a small cache of the caller's thread; no system call
 * for a name that was asked for before. */
const char *pd_iface_name(uint32_t index);
#endif
