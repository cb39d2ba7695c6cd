/* links_test.c: both engines on a veth pair, a tun device and several interfaces at once, in a namespace of
 * the test's own. A frame sent out of v0 is seen on v0 as it was written, and on v1 after the kernel took its
 * outer VLAN tag out. Skipped without the right to make a namespace. */
#include "sniffer/net_fixture.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUIET_MS = 150, PORT = 5001 };

static const uint16_t no_tag[] = {0}, one_tag[] = {100, 0}, two_tags[] = {200, 100, 0};

struct fixture {
    const struct pd_live_engine *engine;
    struct net_seen *seen;
};

static struct pd_live_config config_for(const char *const *iface)
{
    return (struct pd_live_config){.ifaces = iface, .iface_count = 1, .workers = 1};
}

static void send_udp(const char *iface, const uint16_t *tags, uint16_t port)
{
    uint8_t frame[128];
    size_t len = net_make_udp(frame, true, tags, port);

    net_frame(iface, frame, len);
}

static void collect(struct fixture *f, struct pd_live *live, uint32_t expected)
{
    f->seen->count = 0;
    net_collect(f->engine, live, f->seen, expected, QUIET_MS);
    assert_int_equal(f->seen->count, expected);
}

static void test_vlan(void **state)
{
    struct fixture *f = *state;

    for (unsigned side = 0; side < 2; side++) {
        const char *iface = side ? "v1" : "v0";
        struct pd_live_config config = config_for(&iface);
        struct pd_live *live = net_open(f->engine, &config, 0);
        send_udp("v0", no_tag, PORT);
        send_udp("v0", one_tag, PORT);
        send_udp("v0", two_tags, PORT);
        collect(f, live, 3);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(f->seen->at[i].packet.dst.port, PORT);
            assert_int_equal(f->seen->at[i].packet.payload.len, 8);
            assert_int_equal(f->seen->at[i].packet.link.vlan, i ? 100 : 0);
            assert_int_equal(f->seen->at[i].packet.link.iface, net_index(iface));
        }
        f->engine->close(live);
    }
}

/* So many of the frames below, with no, one and two tags, pass that filter on that interface. */
static void expect_passing(struct fixture *f, const char *iface, const char *filter, const char *narrow,
                           uint32_t expected)
{
    struct pd_live_config config = config_for(&iface);

    config.filter = filter;
    config.narrow = narrow;
    struct pd_live *live = net_open(f->engine, &config, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint16_t port = (uint16_t)(PORT + i);
        send_udp("v0", no_tag, port);
        send_udp("v0", one_tag, port);
        send_udp("v0", two_tags, port);
    }
    collect(f, live, expected);
    f->engine->close(live);
}

static void test_vlan_filters(void **state)
{
    struct fixture *f = *state;

    for (unsigned side = 0; side < 2; side++) {
        const char *iface = side ? "v1" : "v0";
        expect_passing(f, iface, "udp port 5001", NULL, 3);
        expect_passing(f, iface, NULL, "udp port 5001", 3);
        expect_passing(f, iface, "not udp port 5001", "udp", 3);
        expect_passing(f, iface, NULL, "tcp port 5001", 0);
        expect_passing(f, iface, "vlan 100", NULL, 2); /* 200 is the outer one of the last */
        expect_passing(f, iface, "vlan 100 and udp port 5001", NULL, 1);
        expect_passing(f, iface, "vlan 200 and vlan 100 and udp port 5001", NULL, 1);
        expect_passing(f, iface, "vlan 7", NULL, 0);
    }
}

static void send_everywhere(int lo)
{
    net_send(lo, PORT, 1, 10);
    send_udp("v0", no_tag, PORT);
    send_udp("w0", no_tag, PORT);
}

/* One packet on each of lo, v0, v1, w0 and w1, of which some are listened to. */
static void expect_seen_on(struct fixture *f, const struct pd_live_config *config, const char *const *names)
{
    struct pd_live *live = net_open(f->engine, config, 0);
    int fd = net_udp(0), sink = net_udp(PORT);
    uint32_t count = 0;

    while (names[count])
        count++;
    send_everywhere(fd);
    collect(f, live, count);
    for (uint32_t name = 0; name < count; name++) {
        uint32_t found = 0;
        for (uint32_t i = 0; i < count; i++)
            found += f->seen->at[i].packet.link.iface == net_index(names[name]);
        assert_int_equal(found, 1);
    }
    f->engine->close(live);
    close(fd);
    close(sink);
}

static void test_several(void **state)
{
    static const char *const expression[] = {"v[01]|w1"}, *const two[] = {"v1", "w.*"},
                             *const any[] = {"any"};
    static const char *const on_expression[] = {"v0", "v1", "w1", NULL}, *const on_two[] = {"v1", "w0", "w1",
                                                                                            NULL};
    static const char *const on_any[] = {"lo", "v0", "v1", "w0", "w1", NULL};
    struct pd_live_config config = config_for(expression);

    config.promiscuous = true;
    expect_seen_on(*state, &config, on_expression);
    config.ifaces = two;
    config.iface_count = 2;
    config.filter = "udp port 5001";
    expect_seen_on(*state, &config, on_two);
    config.ifaces = any;
    config.iface_count = 1;
    config.narrow = "udp port 5001";
    expect_seen_on(*state, &config, on_any);
    config.iface_count = 0;
    config.filter = config.narrow = NULL;
    expect_seen_on(*state, &config, on_any);
}

/* A datagram between inner ports 4000 and `port`, one way or the other, inside VXLAN. The sender of a tunnel
 * puts a hash of its own into the outer source port, so that the two directions have nothing outside in
 * common. */
static void send_vxlan(bool back, uint16_t outer_port, uint16_t port)
{
    uint8_t frame[256], inner[128];
    size_t len = net_make_udp(inner, true, NULL, port), at = net_make_udp(frame, true, NULL, 4789) - 8;
    uint8_t *ip = inner + 14, kept[4];

    if (back) {
        memcpy(kept, ip + 12, 4);
        memcpy(ip + 12, ip + 16, 4);
        memcpy(ip + 16, kept, 4);
        memcpy(kept, ip + 20, 2);
        memcpy(ip + 20, ip + 22, 2);
        memcpy(ip + 22, kept, 2);
        frame[14 + 15] = 2; /* the outer ends as well */
        frame[14 + 19] = 1;
    }
    frame[14 + 20] = (uint8_t)(outer_port >> 8);
    frame[14 + 21] = (uint8_t)outer_port;
    memset(frame + at, 0, 8);
    frame[at] = 0x08;  /* VXLAN: there is a VNI */
    frame[at + 6] = 9; /* which is 9 */
    memcpy(frame + at + 8, inner, len);
    at += 8 + len;
    frame[14 + 3] = (uint8_t)(at - 14);
    frame[14 + 25] = (uint8_t)(at - 34);
    net_frame("v0", frame, at);
}

enum { FLOWS = 32 };

/* What came to one worker, to which the flows belong from then on. Returns how much that was. */
static uint32_t take_home(struct fixture *f, struct pd_live *live, uint8_t worker, uint8_t home[FLOWS])
{
    f->seen->count = 0;
    net_collect(f->engine, live, f->seen, 0, QUIET_MS);
    for (uint32_t i = 0; i < f->seen->count; i++) {
        const struct pd_packet *p = &f->seen->at[i].packet;
        uint32_t flow = (p->dst.port == 4000 ? p->src.port : p->dst.port) - PORT;
        assert_int_equal(p->link.tunnel, PD_TUNNEL_VXLAN);
        assert_int_equal(p->link.tunnel_id, 9);
        assert_true(flow < FLOWS && (home[flow] == 0 || home[flow] == worker + 1));
        home[flow] = (uint8_t)(worker + 1);
    }
    return f->seen->count;
}

/* Both directions of what is inside a tunnel at one worker, each packet once, and work for both. */
static void test_workers_and_tunnels(void **state)
{
    static const char *const v1[] = {"v1"};
    struct fixture *f = *state;
    struct pd_live_config config = config_for(v1);
    uint8_t home[FLOWS] = {0};
    uint32_t count[2] = {0};

    config.workers = 2;
    config.narrow = "udp port 53";
    struct pd_live *live[2] = {net_open(f->engine, &config, 0), net_open(f->engine, &config, 1)};
    for (uint16_t i = 0; i < FLOWS; i++) {
        send_vxlan(false, (uint16_t)(10000 + 7 * i), (uint16_t)(PORT + i));
        send_vxlan(true, (uint16_t)(20000 + 13 * i), (uint16_t)(PORT + i));
    }
    for (int tries = NET_PATIENCE_MS / QUIET_MS; tries > 0 && count[0] + count[1] < 2 * FLOWS; tries--)
        for (uint8_t w = 0; w < 2; w++)
            count[w] += take_home(f, live[w], w, home);
    assert_int_equal(count[0] + count[1], 2 * FLOWS);
    assert_true(count[0] > 0 && count[1] > 0);
    f->engine->close(live[0]);
    f->engine->close(live[1]);
}

static void write_tun(int tun, uint16_t port)
{
    uint8_t packet[128];
    size_t len = net_make_udp(packet, false, NULL, port);

    assert_int_equal(write(tun, packet, len), len);
}

/* Raw IP has no Ethernet header: alone, and on "any" together with frames that have one. */
static void test_tun(void **state)
{
    static const char *const names[] = {"tun7", "any"};
    struct fixture *f = *state;
    int tun = net_tun("tun7");

    if (tun < 0) {
        print_message("no tun devices here\n");
        skip();
    }
    for (unsigned i = 0; i < 2; i++) {
        struct pd_live_config config = config_for(&names[i]);
        config.filter = i ? "udp port 5001 or udp port 5002" : NULL;
        config.narrow = "udp port 5002";
        struct pd_live *live = net_open(f->engine, &config, 0);
        write_tun(tun, PORT);
        write_tun(tun, PORT + 1);
        send_udp("v0", one_tag, PORT + 1);
        /* In libpcap's cooked form of "any" a user's expression does not see behind tags that stand in the
         * frame. */
        uint32_t tagged = strcmp(f->engine->name, "libpcap") == 0 ? 1 : 2;
        collect(f, live, i ? 1 + tagged : 1);
        assert_int_equal(f->seen->at[0].packet.dst.port, PORT + 1);
        assert_int_equal(f->seen->at[0].packet.link.iface, net_index("tun7"));
        assert_int_equal(f->seen->at[0].packet.payload.len, 8);
        f->engine->close(live);
    }
    close(tun);
}

static void test_promiscuous(void **state)
{
    static const char *const v1[] = {"v1"};
    static const char *const asks = "-d link show dev v1 | grep -q 'promiscuity 1'";
    struct fixture *f = *state;
    struct pd_live_config config = config_for(v1);

    struct pd_live *live = net_open(f->engine, &config, 0);
    assert_false(net_ip(asks));
    f->engine->close(live);
    config.promiscuous = true;
    live = net_open(f->engine, &config, 0);
    assert_true(net_ip(asks));
    f->engine->close(live);
    assert_false(net_ip(asks));
}

/* One of several interfaces goes: the others go on. The only one goes: that is an error that names it. */
static void test_gone(void **state)
{
    static const char *const both[] = {"g0|v1"}, *const only[] = {"g0"};
    struct fixture *f = *state;
    struct pd_live_config config = config_for(both);
    struct pd_batch *batch = calloc(1, sizeof(*batch));
    uint64_t now = 0;
    char err[512] = "";
    int rc = 0;

    assert_non_null(batch);
    assert_true(net_ip("link add g0 type veth peer name g1") && net_ip("link set g0 up"));
    struct pd_live *several = net_open(f->engine, &config, 0);
    config.ifaces = only;
    struct pd_live *one = net_open(f->engine, &config, 0);
    assert_true(net_ip("link del g0"));
    for (int i = 0; i < 20 && rc >= 0; i++)
        rc = f->engine->poll(one, batch, 20, &now, err, sizeof(err));
    assert_int_equal(rc, -ENODEV);
    assert_non_null(strstr(err, "g0"));
    for (int i = 0; i < 3; i++)
        assert_true(f->engine->poll(several, batch, 20, &now, err, sizeof(err)) >= 0);
    send_udp("v0", no_tag, PORT);
    collect(f, several, 1);
    f->engine->close(one);
    f->engine->close(several);
    free(batch);
}

/* Down is not gone: what comes after it is up again is seen. The kernel lets frames out of the other end some
 * time after that: until then it drops them, and says that they were sent. */
static void test_down_and_up(void **state)
{
    static const char *const v1[] = {"v1"};
    struct fixture *f = *state;
    struct pd_live_config config = config_for(v1);

    if (strcmp(f->engine->name, "afpacket") != 0)
        skip();
    struct pd_live *live = net_open(f->engine, &config, 0);
    assert_true(net_ip("link set v1 down"));
    collect(f, live, 0);
    assert_true(net_ip("link set v1 up"));
    for (int tries = NET_PATIENCE_MS / QUIET_MS; tries > 0 && f->seen->count == 0; tries--) {
        send_udp("v0", no_tag, PORT);
        net_collect(f->engine, live, f->seen, 0, QUIET_MS);
    }
    assert_true(f->seen->count > 0);
    f->engine->close(live);
}

/* Each pair is without addresses and neighbours' talk. The end that sends comes up last: the kernel makes the
 * other one ready to send only some time later. */
static bool make_pairs(void)
{
    return net_ip("link add v0 type veth peer name v1") && net_ip("link add w0 type veth peer name w1") &&
           net_ip("link set v1 up") && net_ip("link set v0 up") && net_ip("link set w1 up") &&
           net_ip("link set w0 up");
}

int main(void)
{
    int failed = 0;

    if (!net_enter())
        return 77;
    if (!make_pairs()) {
        fprintf(stderr, "skipped: this kernel makes no veth pairs\n");
        return 77;
    }
    for (unsigned i = 0; i < 2; i++) {
        static const char *const names[] = {"afpacket", "libpcap"};
        struct fixture f = {pd_live_engine_find(names[i]), calloc(1, sizeof(struct net_seen))};
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(test_vlan, &f),
            cmocka_unit_test_prestate(test_vlan_filters, &f),
            cmocka_unit_test_prestate(test_several, &f),
            cmocka_unit_test_prestate(test_tun, &f),
            cmocka_unit_test_prestate(test_promiscuous, &f),
            cmocka_unit_test_prestate(test_gone, &f),
            cmocka_unit_test_prestate(test_down_and_up, &f),
            cmocka_unit_test_prestate(test_workers_and_tunnels, &f),
        };
        printf("engine %s\n", names[i]);
        failed += f.engine && f.seen ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
        free(f.seen);
    }
    return failed;
}
