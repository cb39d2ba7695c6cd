/* decode_ip_test.c: IPv4 and IPv6, their options and fragments, TCP and UDP headers, lengths, the hash. */
#include "sniffer/frame_fixture.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ipv4_options(void **state)
{
    (void)state;
    GOOD_TCP(RAW_IP, false, 0x46, 0x00, BE16(24 + TCP_LEN), 0x12, 0x34, 0x40, 0x00, 0x40, PD_TCP, 0x00,
             0x00,                     /* 6 words */
             10, 0, 0, 7, 10, 0, 0, 9, /* addresses */
             0x94, 0x04, 0x00, 0x00,   /* router alert */
             TCP);
    BAD(PD_S_MALFORMED, RAW_IP, 0x44, 0x00, BE16(43), 0, 0, 0, 0, 0x40, PD_TCP, 0, 0, 10, 0, 0, 7, 10, 0, 0,
        9, TCP);
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(19, 0, PD_TCP), TCP); /* total length below the header's */
    BAD(PD_S_MALFORMED, RAW_IP, 0x4f, 0x00, BE16(43), 0, 0, 0, 0, 0x40, PD_TCP, 0, 0, 10, 0, 0, 7, 10, 0, 0,
        9, TCP);
}

static void other_transports(void **state)
{
    (void)state;
    BAD(PD_S_ICMP, RAW_IP, IPV4(28, 0, 1), 8, 0, 0, 0, 0, 1, 0, 1);
    BAD(PD_S_ICMP, RAW_IP, IPV6(8, 58), 128, 0, 0, 0, 0, 1, 0, 1);
    BAD(PD_S_SCTP, RAW_IP, IPV4(24, 0, 132), 0, 1, 0, 2);
    BAD(PD_S_ENCRYPTED, RAW_IP, IPV4(28, 0, 50), 0, 0, 0, 1, 0, 0, 0, 1);
    BAD(PD_S_ENCRYPTED, RAW_IP, IPV6(8, 50), 0, 0, 0, 1, 0, 0, 0, 1);
    BAD(PD_S_OTHER_TRANSPORT, RAW_IP, IPV4(28, 0, 89), 2, 1, 0, 8, 0, 0, 0, 0); /* OSPF */
    BAD(PD_S_OTHER_TRANSPORT, RAW_IP, IPV6(0, 59));                             /* nothing follows */
}

static void lengths(void **state)
{
    static const uint8_t offloaded[] = {IPV4(0, 0x4000, PD_TCP), TCP};
    static const uint8_t big[] = {IPV6(0, PD_TCP), TCP};
    static const uint8_t longer[] = {IPV4(1500, 0x4000, PD_TCP), TCP};
    struct pd_packet out;
    struct pd_sniff_stats stats;

    (void)state;
    /* No length: what the frame had on the wire. */
    frame_good_tcp(RAW_IP, offloaded, sizeof offloaded, false);
    frame_good_tcp(RAW_IP, big, sizeof big, true);
    assert_true(frame_decode(RAW_IP, offloaded, sizeof offloaded, 65000, &out, &stats));
    assert_int_equal(out.payload.len, 3);
    assert_int_equal(out.wire_len, 65000 - 40);
    assert_true(frame_decode(RAW_IP, big, sizeof big, 200000, &out, &stats));
    assert_int_equal(out.wire_len, 200000 - 60);
    /* No frame is as long as that. */
    assert_true(frame_decode(RAW_IP, big, sizeof big, UINT32_MAX, &out, &stats));
    assert_int_equal(out.wire_len, (1 << 20) - 60);
    /* A length on the wire below what was captured is nonsense of the file. */
    assert_true(frame_decode(RAW_IP, offloaded, sizeof offloaded, 1, &out, &stats));
    assert_int_equal(out.wire_len, 3);
    /* IP's length counts, whatever the file says about the frame's. */
    assert_true(frame_decode(RAW_IP, longer, sizeof longer, sizeof longer, &out, &stats));
    assert_int_equal(out.payload.len, 3);
    assert_int_equal(out.wire_len, 1460);
    assert_int_equal(frame_reasons(&stats), 0);
}

static void ipv4_fragments(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(RAW_IP, false, IPV4(43, 0x2000, PD_TCP), TCP); /* the first: used */
    assert_int_equal(out.wire_len, 3); /* its segment's length is unknown */
    BAD(PD_S_FRAGMENTS, RAW_IP, IPV4(43, 0x2001, PD_TCP), TCP);
    BAD(PD_S_FRAGMENTS, RAW_IP, IPV4(43, 0x0001, PD_TCP), TCP);
    out = GOOD_UDP(RAW_IP, IPV4(32, 0x2000, PD_UDP), UDP(53, 2000), 1, 2, 3, 4);
    assert_int_equal(out.payload.len, 4);
    assert_int_equal(out.wire_len, 1992); /* the rest is missing, and that is known */
}

static void ipv6_extensions(void **state)
{
    (void)state;
    GOOD_TCP(RAW_IP, true, IPV6(8 + 24 + 8 + TCP_LEN, 0), /* hop by hop */
             43, 0, 0x05, 0x02, 0x00, 0x00, 0x01, 0x00,   /* router alert; routing next */
             60, 2, 0x02, 0x01, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
             8,                                 /* options next */
             PD_TCP, 0, 0x01, 0x04, 0, 0, 0, 0, /* padding */
             TCP);
    GOOD_TCP(RAW_IP, true, IPV6(24 + TCP_LEN, 51), /* authentication header */
             PD_TCP, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, TCP);
    GOOD_TCP(RAW_IP, false, IPV4(20 + 24 + TCP_LEN, 0, 51), PD_TCP, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3,
             4, 5, 6, 7, 8, 9, 10, 11, 12, TCP);
    BAD(PD_S_MALFORMED, RAW_IP, IPV6(8, 0), 6, 9, 0, 0, 0, 0, 0, 0); /* an extension longer than the packet */
    uint8_t endless[40 + 17 * 8 + TCP_LEN] = {IPV6(17 * 8 + TCP_LEN, 60)};
    for (size_t i = 40; i < sizeof endless - TCP_LEN; i += 8)
        endless[i] = 60;
    frame_bad(RAW_IP, endless, sizeof endless, PD_S_MALFORMED);
}

static void ipv6_fragments(void **state)
{
    (void)state;
    GOOD_TCP(RAW_IP, true, IPV6(8 + TCP_LEN, 44), PD_TCP, 0, 0x00, 0x00, 0, 0, 0, 1,
             TCP); /* atomic (RFC 6946) */
    struct pd_packet out = GOOD_UDP(RAW_IP, IPV6(20, 44), PD_UDP, 0, 0x00, 0x01, 0, 0, 0, 1, /* more follow */
                                    UDP(53, 3000), 1, 2, 3, 4);
    assert_int_equal(out.payload.len, 4);
    assert_int_equal(out.wire_len, 2992);
    BAD(PD_S_FRAGMENTS, RAW_IP, IPV6(8 + TCP_LEN, 44), PD_TCP, 0, 0x00, 0x08, 0, 0, 0, 1, TCP);
    BAD(PD_S_FRAGMENTS, RAW_IP, IPV6(8 + TCP_LEN, 44), PD_TCP, 0, 0x00, 0x09, 0, 0, 0, 1, TCP);
}

static void tcp_headers(void **state)
{
    (void)state;
    GOOD_TCP(RAW_IP, false, IPV4(20 + 4 + TCP_LEN, 0, PD_TCP), TCP_PORTS_TO_ACK, 0x60, 0x18, 0x02, 0x00, 0, 0,
             0, 0, 0x02, 0x04, 0x05, 0xb4, /* maximum segment size */
             'G', 'E', 'T');
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(43, 0, PD_TCP), TCP_PORTS_TO_ACK, 0x40, 0x18, 2, 0, 0, 0, 0, 0, 1, 2, 3);
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(43, 0, PD_TCP), TCP_PORTS_TO_ACK, 0xf0, 0x18, 2, 0, 0, 0, 0, 0, 1, 2, 3);
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(32, 0, PD_TCP), TCP_PORTS_TO_ACK);
}

static void cut_options_are_still_a_segment(void **state)
{
    static const uint8_t frame[] = {
        IPV4(1500, 0, PD_TCP), TCP_PORTS_TO_ACK, 0x80, 0x12, 2, 0, 0, 0, 0, 0, 1, 1};
    struct pd_packet out;
    struct pd_sniff_stats stats;

    (void)state;
    assert_true(frame_decode(RAW_IP, frame, sizeof frame, 1500, &out, &stats));
    assert_int_equal(out.payload.len, 0);
    assert_int_equal(out.wire_len, 1500 - 20 - 32);
    assert_int_equal(out.tcp_flags, PD_SYN | PD_ACK);
}

static void udp_headers(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_UDP(RAW_IP, IPV4(32, 0, PD_UDP), UDP(53, 12), 1, 2, 3, 4);
    assert_int_equal(out.dst.port, 53);
    assert_int_equal(out.wire_len, 4);
    out = GOOD_UDP(RAW_IP, IPV4(32, 0, PD_UDP), UDP(53, 10), 1, 2, 3,
                   4); /* the datagram ends before the packet */
    assert_int_equal(out.payload.len, 2);
    assert_int_equal(out.wire_len, 2);
    out = GOOD_UDP(RAW_IP, IPV4(32, 0, PD_UDP), UDP(53, 0), 1, 2, 3, 4); /* filled in by the network card */
    assert_int_equal(out.payload.len, 4);
    out = GOOD_UDP(RAW_IP, IPV4(32, 0, PD_UDP), UDP(53, 500), 1, 2, 3, 4); /* too long: IP's counts */
    assert_int_equal(out.wire_len, 4);
    out = GOOD_UDP(RAW_IP, IPV4(28, 0, PD_UDP), UDP(53, 8));
    assert_int_equal(out.wire_len, 0);
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(32, 0, PD_UDP), UDP(53, 7), 1, 2, 3, 4);
    BAD(PD_S_MALFORMED, RAW_IP, IPV4(24, 0, PD_UDP), 0x10, 0x00, 0x00, 0x35);
}

static uint32_t hash_of(uint8_t src, uint8_t dst, uint16_t src_port, uint16_t dst_port)
{
    uint8_t p[] = {IPV4(28, 0, PD_UDP), UDP(53, 8)};
    struct pd_packet out;
    struct pd_sniff_stats stats;

    p[15] = src;
    p[19] = dst;
    p[20] = (uint8_t)(src_port >> 8);
    p[21] = (uint8_t)src_port;
    p[22] = (uint8_t)(dst_port >> 8);
    p[23] = (uint8_t)dst_port;
    assert_true(frame_decode(RAW_IP, p, sizeof p, sizeof p, &out, &stats));
    return out.hash;
}

static void hash(void **state)
{
    unsigned four[4] = {0};

    (void)state;
    assert_int_equal(hash_of(7, 9, 4096, 53), hash_of(9, 7, 53, 4096));
    assert_int_not_equal(hash_of(7, 9, 4096, 53), hash_of(7, 9, 53, 4096)); /* other ends */
    /* Neighbouring ports of one pair of hosts spread over the workers; so do the upper bits. */
    for (uint16_t port = 30000; port < 34000; port++) {
        four[hash_of(7, 9, port, 80) % 4]++;
        assert_int_equal(hash_of(7, 9, port, 80), hash_of(9, 7, 80, port));
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(four[i], 900, 1100);
    memset(four, 0, sizeof four);
    for (uint16_t port = 30000; port < 34000; port++)
        four[hash_of(7, 9, port, 80) >> 30]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(four[i], 900, 1100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_options),    cmocka_unit_test(other_transports),
        cmocka_unit_test(lengths),         cmocka_unit_test(ipv4_fragments),
        cmocka_unit_test(ipv6_extensions), cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(tcp_headers),     cmocka_unit_test(cut_options_are_still_a_segment),
        cmocka_unit_test(udp_headers),     cmocka_unit_test(hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
