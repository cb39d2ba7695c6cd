/* filter_test.c: joined programs, run over hand-made frames by libpcap's own interpreter. */
#include "sniffer/filter.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct frame {
    uint8_t b[256];
    uint32_t len;
};

static void put16(struct frame *f, uint16_t v)
{
    f->b[f->len++] = (uint8_t)(v >> 8);
    f->b[f->len++] = (uint8_t)v;
}

static void put_zeros(struct frame *f, uint32_t n)
{
    memset(f->b + f->len, 0, n);
    f->len += n;
}

/* An Ethernet header with that many VLAN tags of id 100. */
static struct frame ethernet(int tags, uint16_t type)
{
    struct frame f = {.len = 12};

    for (int i = 0; i < tags; i++) {
        put16(&f, i == 0 && tags > 1 ? 0x88a8 : 0x8100);
        put16(&f, 100);
    }
    put16(&f, type);
    return f;
}

static void put_ipv4(struct frame *f, uint8_t protocol, uint16_t fragment)
{
    f->b[f->len++] = 0x45;
    put_zeros(f, 5);
    put16(f, fragment);
    f->b[f->len++] = 64;
    f->b[f->len++] = protocol;
    put_zeros(f, 2 + 8); /* checksum, addresses */
}

static void put_ipv6(struct frame *f, uint8_t next)
{
    f->b[f->len++] = 0x60;
    put_zeros(f, 5);
    f->b[f->len++] = next;
    put_zeros(f, 1 + 32); /* hop limit, addresses */
}

static void put_ports(struct frame *f, uint16_t from, uint16_t to)
{
    put16(f, from);
    put16(f, to);
    put_zeros(f, 24);
}

static struct frame ipv4(int tags, uint8_t protocol, uint16_t port)
{
    struct frame f = ethernet(tags, 0x0800);

    put_ipv4(&f, protocol, 0);
    put_ports(&f, 40000, port);
    return f;
}

static struct frame ipv6(int tags, uint8_t next, uint16_t port)
{
    struct frame f = ethernet(tags, 0x86dd);

    put_ipv6(&f, next);
    put_ports(&f, 40000, port);
    return f;
}

typedef int stage(struct pd_filter *, pcap_t *, const char *, char *, size_t);

static bool passes(const struct pd_filter *f, struct frame frame)
{
    return bpf_filter(f->insn, frame.b, frame.len, frame.len) != 0;
}

static void build(struct pd_filter *f, int linktype, stage *put, const char *expression)
{
    pcap_t *dead = pcap_open_dead(linktype, 65535);
    char err[256];

    assert_int_equal(put(f, dead, expression, err, sizeof(err)), 0);
    pcap_close(dead);
}

static struct pd_filter *program(int linktype, stage *put, const char *expression)
{
    struct pd_filter *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    build(f, linktype, put, expression);
    pd_filter_put(f, BPF_RET | BPF_K, 65535, 0, 0);
    assert_true(bpf_validate(f->insn, (int)f->count));
    return f;
}

static void test_user_tags(void **state)
{
    struct pd_filter *f = program(DLT_EN10MB, pd_filter_user, "tcp port 80");

    (void)state;
    for (int tags = 0; tags <= 2; tags++) {
        assert_true(passes(f, ipv4(tags, 6, 80)));
        assert_true(passes(f, ipv6(tags, 6, 80)));
        assert_false(passes(f, ipv4(tags, 6, 81)));
        assert_false(passes(f, ipv4(tags, 17, 80)));
        assert_false(passes(f, ipv4(tags, 17, 4789))); /* the user's words are taken as they are */
    }
    free(f);
}

static void test_user_not(void **state)
{
    struct pd_filter *f = program(DLT_EN10MB, pd_filter_user, "not port 22");

    (void)state;
    for (int tags = 0; tags <= 2; tags++) {
        assert_false(passes(f, ipv4(tags, 6, 22)));
        assert_true(passes(f, ipv4(tags, 6, 23)));
    }
    free(f);
}

static void test_user_literal(void **state)
{
    struct pd_filter *f = program(DLT_EN10MB, pd_filter_user, "vlan 100 and tcp port 80");

    (void)state;
    assert_true(passes(f, ipv4(1, 6, 80)));
    assert_false(passes(f, ipv4(0, 6, 80)));
    assert_false(passes(f, ipv4(1, 6, 81)));
    free(f);
    f = program(DLT_EN10MB, pd_filter_user, "ether proto 0x8100");
    assert_true(passes(f, ipv4(1, 6, 80)));
    assert_false(passes(f, ipv4(0, 6, 80)));
    free(f);
}

static void test_narrow(void **state)
{
    struct pd_filter *f = program(DLT_EN10MB, pd_filter_narrow, "tcp port 80");
    static const uint16_t tunnel_ports[] = {4789, 8472, 6081};
    static const uint8_t tunnels[] = {4, 41, 47}, extensions[] = {0, 43, 44, 60, 135};

    (void)state;
    for (int tags = 0; tags <= 2; tags++) {
        assert_true(passes(f, ipv4(tags, 6, 80)));
        assert_false(passes(f, ipv4(tags, 6, 81)));
        assert_false(passes(f, ipv6(tags, 17, 80)));
        for (unsigned i = 0; i < 3; i++) {
            assert_true(passes(f, ipv4(tags, 17, tunnel_ports[i])));
            assert_true(passes(f, ipv6(tags, 17, tunnel_ports[i])));
            assert_true(passes(f, ipv4(tags, tunnels[i], 0)));
            assert_true(passes(f, ipv6(tags, tunnels[i], 0)));
        }
        for (unsigned i = 0; i < sizeof(extensions); i++)
            assert_true(passes(f, ipv6(tags, extensions[i], 81)));
        struct frame later = ethernet(tags, 0x0800);
        put_ipv4(&later, 6, 100);
        put_ports(&later, 1, 2);
        assert_true(passes(f, later));
        struct frame mpls = ethernet(tags, 0x8847), pppoe = ethernet(tags, 0x8864),
                     arp = ethernet(tags, 0x0806);
        put_zeros(&mpls, 60);
        put_zeros(&pppoe, 60);
        put_zeros(&arp, 60);
        assert_true(passes(f, mpls));
        assert_true(passes(f, pppoe));
        assert_false(passes(f, arp));
    }
    free(f);
}

static void test_other_links(void **state)
{
    struct pd_filter *f = program(DLT_RAW, pd_filter_narrow, "tcp port 80");
    struct frame web = {.len = 0}, other = {.len = 0}, cooked = {.len = 14};

    (void)state;
    put_ipv4(&web, 6, 0);
    put_ports(&web, 1, 80);
    put_ipv4(&other, 6, 0);
    put_ports(&other, 1, 81);
    assert_true(passes(f, web));
    assert_false(passes(f, other));
    free(f);
    f = program(DLT_LINUX_SLL, pd_filter_narrow, "tcp port 80");
    put16(&cooked, 0x8100);
    put_zeros(&cooked, 60);
    assert_true(passes(f, cooked));
    cooked.b[14] = 0x08;
    cooked.b[15] = 0x06;
    assert_false(passes(f, cooked));
    free(f);
}

/* A packet has to pass every stage. */
static void test_stages(void **state)
{
    struct pd_filter *f = calloc(1, sizeof(*f));

    (void)state;
    assert_non_null(f);
    build(f, DLT_EN10MB, pd_filter_user, "not host 9.9.9.9");
    build(f, DLT_EN10MB, pd_filter_narrow, "ip6");
    build(f, DLT_EN10MB, pd_filter_narrow, "tcp port 80 or tcp port 8080");
    pd_filter_put(f, BPF_RET | BPF_K, 65535, 0, 0);
    assert_true(passes(f, ipv6(0, 6, 80)));
    assert_true(passes(f, ipv6(1, 6, 8080)));
    assert_false(passes(f, ipv6(1, 6, 81)));
    assert_false(passes(f, ipv4(1, 6, 80)));
    assert_true(passes(f, ipv4(1, 17, 4789)));
    free(f);
}

static void test_errors(void **state)
{
    static const char *const bad[] = {"tcp prt 80", "tcp) or (udp", "port 99999", "(tcp"};
    struct pd_filter *f = calloc(1, sizeof(*f));
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
    char err[256];

    (void)state;
    assert_non_null(f);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err[0] = 0;
        assert_int_equal(pd_filter_user(f, dead, bad[i], err, sizeof(err)), -EINVAL);
        assert_non_null(strstr(err, bad[i]));
        assert_true(strlen(err) > strlen(bad[i]) + 12);
        assert_int_equal(f->count, 0);
    }
    pcap_close(dead);
    free(f);
}

static void test_full(void **state)
{
    struct pd_filter *f = calloc(1, sizeof(*f));

    (void)state;
    assert_non_null(f);
    for (int i = 0; i < PD_FILTER_INSNS; i++)
        pd_filter_put(f, BPF_RET | BPF_K, 0, 0, 0);
    assert_false(f->full);
    build(f, DLT_EN10MB, pd_filter_user, "tcp port 80");
    assert_true(f->full);
    assert_int_equal(f->count, PD_FILTER_INSNS);
    free(f);
}

static void test_mentions(void **state)
{
    (void)state;
    assert_true(pd_filter_mentions("vlan", "vlan"));
    assert_true(pd_filter_mentions("tcp and (vlan 100)", "vlan"));
    assert_true(pd_filter_mentions("host vlanhost or vlan", "vlan"));
    assert_false(pd_filter_mentions("host vlanhost", "vlan"));
    assert_false(pd_filter_mentions("host myvlan", "vlan"));
    assert_false(pd_filter_mentions("", "vlan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_tags),    cmocka_unit_test(test_user_not),
        cmocka_unit_test(test_user_literal), cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_other_links),  cmocka_unit_test(test_stages),
        cmocka_unit_test(test_errors),       cmocka_unit_test(test_full),
        cmocka_unit_test(test_mentions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
