/* net_fixture.c: see net_fixture.h. */
#include "sniffer/net_fixture.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* From linux/if_tun.h, whose headers do not go with net/if.h. */
#define TUN_SET_IFF _IOW('T', 202, int)
enum { TUN_RAW_IP = 0x0001, TUN_NO_HEADER = 0x1000 };

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return ok;
}

/* Without root: root of a user namespace that holds the network's. */
static bool enter_as_user(void)
{
    char map[64];

    snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/uid_map", map);
}

bool net_enter(void)
{
    if ((unshare(CLONE_NEWNET) == 0 || enter_as_user()) && net_ip("link set lo up"))
        return true;
    fprintf(stderr, "skipped: no right to make a network namespace, or no `ip`: %s\n", strerror(errno));
    return false;
}

bool net_ip(const char *arguments)
{
    char command[512];

    snprintf(command, sizeof(command), "ip %s 2>/dev/null", arguments);
    return system(command) == 0; // NOLINT(cert-env33-c): a test's own literals, in a namespace of its own
}

bool net_drop_rights(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capset, &head, none) == 0;
}

uint32_t net_index(const char *name)
{
    uint32_t index = if_nametoindex(name);

    assert_true(index > 0);
    return index;
}

uint64_t net_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

int net_udp(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = local(port);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void net_send(int fd, uint16_t port, uint32_t number, size_t len)
{
    static uint8_t bytes[65536];
    struct sockaddr_in to = local(port);

    assert_true(len >= 4 && len <= sizeof(bytes));
    memcpy(bytes, &number, 4);
    ssize_t n = sendto(fd, bytes, len, 0, (const struct sockaddr *)&to, sizeof(to));
    assert_int_equal(n, len);
}

void net_frame(const char *name, const void *frame, size_t len)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)net_index(name)};
    static int fd = -1; /* closing one takes the kernel longer than many frames */

    if (fd < 0)
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    memcpy(&to.sll_protocol, (const uint8_t *)frame + 12, 2);
    ssize_t n = sendto(fd, frame, len, 0, (const struct sockaddr *)&to, sizeof(to));
    assert_int_equal(n, len);
}

int net_tun(const char *name)
{
    struct ifreq request = {.ifr_flags = TUN_RAW_IP | TUN_NO_HEADER};
    char up[64];
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return -1;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (ioctl(fd, TUN_SET_IFF, &request) != 0) {
        close(fd);
        return -1;
    }
    snprintf(up, sizeof(up), "link set %s up", name);
    assert_true(net_ip(up));
    return fd;
}

static size_t put16(uint8_t *out, size_t at, uint16_t v)
{
    out[at] = (uint8_t)(v >> 8);
    out[at + 1] = (uint8_t)v;
    return at + 2;
}

size_t net_make_udp(uint8_t out[128], bool with_ethernet, const uint16_t *tags, uint16_t port)
{
    size_t at = 0;

    memset(out, 0, 128);
    if (with_ethernet) {
        memset(out, 0xff, 6);
        out[6] = 2;
        at = 12;
        for (unsigned i = 0; tags && tags[i]; i++) {
            at = put16(out, at, tags[i + 1] ? 0x88a8 : 0x8100);
            at = put16(out, at, tags[i]);
        }
        at = put16(out, at, 0x0800);
    }
    const uint8_t ip[20] = {0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2};
    memcpy(out + at, ip, sizeof(ip));
    at += sizeof(ip);
    at = put16(out, at, 4000);
    at = put16(out, at, port);
    at = put16(out, at, 16);
    at += 2; /* no checksum */
    memcpy(out + at, "12345678", 8);
    return at + 8;
}

struct pd_live *net_open(const struct pd_live_engine *engine, const struct pd_live_config *config,
                         unsigned worker)
{
    char err[512] = "";
    struct pd_live *live = engine->open(config, worker, err, sizeof(err));

    if (!live)
        fail_msg("%s: %s", engine->name, err);
    return live;
}

static void note(struct net_seen *seen, const struct pd_packet *packet)
{
    assert_true(seen->count < NET_SEEN);
    struct net_packet *out = &seen->at[seen->count++];
    out->packet = *packet;
    out->number = 0;
    if (packet->payload.len >= 4)
        memcpy(&out->number, packet->payload.p, 4);
    out->packet.payload.p = NULL;
}

void net_collect(const struct pd_live_engine *engine, struct pd_live *live, struct net_seen *seen,
                 uint32_t expected, int quiet_ms)
{
    struct pd_batch *batch = calloc(1, sizeof(*batch));
    uint64_t now = 0, last = net_clock();
    char err[512] = "";
    int quiet = 0;

    assert_non_null(batch);
    for (;;) {
        int patience = seen->count < expected ? NET_PATIENCE_MS : quiet_ms;
        /* Time alone would end this too early when the machine is busy with others. */
        if (quiet * 10 >= patience && net_clock() - last >= (uint64_t)patience * 1000000u)
            break;
        int n = engine->poll(live, batch, 10, &now, err, sizeof(err));
        if (n < 0)
            fail_msg("%s: %s", engine->name, err);
        quiet++;
        for (int i = 0; i < n; i++) {
            if (!batch->packet[i].transport)
                continue;
            note(seen, &batch->packet[i]);
            last = net_clock();
            quiet = 0;
        }
    }
    free(batch);
}
