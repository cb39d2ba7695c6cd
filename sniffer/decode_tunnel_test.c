/* decode_tunnel_test.c: packets in packets, how deep, and datagrams that only look like a tunnel. */
#include "sniffer/frame_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* 192.0.2.1 > 192.0.2.2 */
#define OUTER(total, protocol)                                                                               \
    0x45, 0x00, BE16(total), 0, 0, 0x40, 0x00, 0x40, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2
#define OUTER_UDP(port, inside) OUTER(28 + (inside), PD_UDP), UDP(port, 8 + (inside))

#define VXLAN(id) 0x08, 0x00, 0x00, 0x00, 0x00, BE16(id), 0x00

enum { INNER = 20 + TCP_LEN, INNER_ETHERNET = 14 + INNER };

static void vxlan(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(RAW_IP, false, OUTER_UDP(4789, 8 + INNER_ETHERNET), VXLAN(0x1234), MACS,
                                    TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_VXLAN);
    assert_int_equal(out.link.tunnel_id, 0x1234);
    out = GOOD_TCP(ETHERNET, true, MACS, TYPE(0x8100), 0x00, 0x05, TYPE(0x0800),
                   OUTER_UDP(8472, 8 + 14 + 4 + 40 + TCP_LEN), VXLAN(7), MACS, TYPE(0x8100), 0x00, 0x06,
                   TYPE(0x86dd), IPV6_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_VXLAN);
    assert_int_equal(out.link.tunnel_id, 7);
    assert_int_equal(out.link.vlan, 6);
    BAD(PD_S_ICMP, RAW_IP, OUTER_UDP(4789, 8 + 14 + 28), VXLAN(7), MACS, TYPE(0x0800), IPV4(28, 0, 1), 8, 0,
        0, 0, 0, 1, 0, 1);
}

static void geneve(void **state)
{
    (void)state;
    struct pd_packet out =
        GOOD_TCP(RAW_IP, false, OUTER_UDP(6081, 16 + INNER_ETHERNET), /* 8 bytes of options */
                 0x02, 0x00, TYPE(0x6558), 0x00, 0x12, 0x34, 0x00,    /* type, id */
                 0x01, 0x02, 0x80, 0x01, 0, 0, 0, 0,                  /* an option */
                 MACS, TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_GENEVE);
    assert_int_equal(out.link.tunnel_id, 0x1234);
    GOOD_TCP(RAW_IP, false, OUTER_UDP(6081, 8 + INNER), 0x00, 0x00, TYPE(0x0800), 0, 0, 1, 0, IPV4_TCP);
}

static void gre(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(RAW_IP, false, OUTER(24 + INNER, 47), 0x00, 0x00, TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_GRE);
    assert_int_equal(out.link.tunnel_id, 0);
    out = GOOD_TCP(RAW_IP, true, OUTER(36 + 40 + TCP_LEN, 47), 0xb0, 0x00,
                   TYPE(0x86dd),           /* checksum, key, sequence */
                   0xab, 0xcd, 0x00, 0x00, /* checksum */
                   0x00, 0x00, 0x01, 0x02, /* key */
                   0x00, 0x00, 0x00, 0x09, /* sequence */
                   IPV6_TCP);
    assert_int_equal(out.link.tunnel_id, 0x102);
    GOOD_TCP(RAW_IP, false, OUTER(24 + INNER_ETHERNET, 47), 0x00, 0x00, TYPE(0x6558), MACS, TYPE(0x0800),
             IPV4_TCP);
    GOOD_TCP(RAW_IP, false, OUTER(28 + INNER, 47), 0x00, 0x00, TYPE(0x8847), 0x00, 0x02, 0x01, 0x40,
             IPV4_TCP);
    GOOD_TCP(RAW_IP, false, IPV6(4 + INNER, 47), 0x00, 0x00, TYPE(0x0800), IPV4_TCP);
    BAD(PD_S_OTHER_TRANSPORT, RAW_IP, OUTER(24 + INNER, 47), 0x40, 0x00, TYPE(0x0800),
        IPV4_TCP); /* routing */
    BAD(PD_S_OTHER_TRANSPORT, RAW_IP, OUTER(36, 47), 0x30, 0x01, TYPE(0x880b), 0, 0, 0, 1, 0, 0, 0, 1, 0,
        0x21, 0x45, 0x00); /* PPTP */
    BAD(PD_S_NOT_IP, RAW_IP, OUTER(24, 47), 0x00, 0x00, TYPE(0x2000));
}

static void ip_in_ip(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(RAW_IP, false, OUTER(20 + INNER, 4), IPV4_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_IPIP);
    GOOD_TCP(RAW_IP, true, OUTER(60 + TCP_LEN, 41), IPV6_TCP); /* 6in4 */
    GOOD_TCP(RAW_IP, false, IPV6(INNER, 4), IPV4_TCP);
    GOOD_TCP(RAW_IP, true, IPV6(40 + TCP_LEN, 41), IPV6_TCP);
    GOOD_TCP(RAW_IP, false, OUTER(24 + INNER, 137), 0x00, 0x02, 0x01, 0x40,
             IPV4_TCP); /* MPLS in IP: no tunnel's name */
}

/* The innermost of different tunnels is named. */
static void nested(void **state)
{
    (void)state;
    struct pd_packet out =
        GOOD_TCP(RAW_IP, false, OUTER(28 + 20 + 8 + 8 + INNER_ETHERNET, 47), 0x20, 0x00, /* key */
                 TYPE(0x0800), 0, 0, 0, 5, OUTER_UDP(4789, 8 + INNER_ETHERNET), VXLAN(6), MACS, TYPE(0x0800),
                 IPV4_TCP);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_VXLAN);
    assert_int_equal(out.link.tunnel_id, 6);
}

static size_t wrap(uint8_t *to, int depth)
{
    static const uint8_t inner[] = {IPV4_TCP};
    size_t len = sizeof inner;

    for (int i = 0; i < depth; i++)
        len += 20;
    for (int i = 0; i < depth; i++) {
        const uint8_t header[] = {OUTER(len - (size_t)i * 20, 4)};
        memcpy(to + (size_t)i * 20, header, 20);
    }
    memcpy(to + (size_t)depth * 20, inner, sizeof inner);
    return len;
}

static void depth(void **state)
{
    uint8_t frame[300];

    (void)state;
    frame_good_tcp(RAW_IP, frame, wrap(frame, 4), false);
    frame_bad(RAW_IP, frame, wrap(frame, 5), PD_S_TUNNEL_DEPTH);
    frame_bad(RAW_IP, frame, wrap(frame, 12), PD_S_TUNNEL_DEPTH);
}

/* The port alone makes no tunnel: what is inside must be readable. */
static void plain_after_all(void **state)
{
    (void)state;
    struct pd_packet out =
        GOOD_UDP(RAW_IP, OUTER_UDP(4789, 12), 0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_NONE);
    assert_int_equal(out.wire_len, 12);
    assert_int_equal(out.src.addr.b[12], 192);
    out = GOOD_UDP(RAW_IP, OUTER_UDP(4789, 22), VXLAN(1), MACS, TYPE(0x1234)); /* looked right until here */
    assert_int_equal(out.link.tunnel, PD_TUNNEL_NONE);
    assert_int_equal(out.link.tunnel_id, 0);
    assert_int_equal(out.dst.port, 4789);
    assert_int_equal(out.payload.len, 22);
    assert_int_equal(out.payload.p[0], 0x08);
    out = GOOD_UDP(RAW_IP, OUTER_UDP(8472, 8 + 14 + 20), VXLAN(1), MACS,
                   TYPE(0x0800), /* inner header is nonsense */
                   0x41, 0x00, BE16(20), 0, 0, 0, 0, 1, PD_TCP, 0, 0, 10, 0, 0, 7, 10, 0, 0, 9);
    assert_int_equal(out.src.addr.b[12], 192);
    out = GOOD_UDP(RAW_IP, OUTER_UDP(6081, 8), 0x00, 0x00, TYPE(0x0000), 0, 0, 1, 0);
    assert_int_equal(out.payload.len, 8);
    /* In a tunnel: the datagram inside it stays, and so does the tunnel around it. */
    out = GOOD_UDP(RAW_IP, OUTER(20 + 20 + 8 + 4, 4), OUTER_UDP(4789, 4), 1, 2, 3, 4);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_IPIP);
    assert_int_equal(out.payload.len, 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(vxlan),           cmocka_unit_test(geneve), cmocka_unit_test(gre),
        cmocka_unit_test(ip_in_ip),        cmocka_unit_test(nested), cmocka_unit_test(depth),
        cmocka_unit_test(plain_after_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
