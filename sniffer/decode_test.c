/* decode_test.c: the links: what may stand in front of IP. */
#include "sniffer/frame_fixture.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ethernet(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(ETHERNET, false, MACS, TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.vlan, 0);
    assert_int_equal(out.link.tunnel, PD_TUNNEL_NONE);
    out = GOOD_TCP(ETHERNET, true, MACS, TYPE(0x86dd), IPV6_TCP);
    assert_int_equal(out.link.vlan, 0);
    BAD(PD_S_NOT_IP, ETHERNET, MACS, TYPE(0x0806), 0, 1, 8, 0);  /* ARP */
    BAD(PD_S_MALFORMED, ETHERNET, MACS, TYPE(0x0800), IPV6_TCP); /* another version than the type says */
    BAD(PD_S_MALFORMED, ETHERNET, MACS, TYPE(0x86dd), IPV4_TCP);
}

static void padding_is_no_payload(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(ETHERNET, false, MACS, TYPE(0x0800), IPV4_TCP, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(out.wire_len, 3);
    GOOD_TCP(ETHERNET, true, MACS, TYPE(0x86dd), IPV6_TCP, 0, 0, 0, 0);
}

static void vlan_tags(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(ETHERNET, false, MACS, TYPE(0x8100), 0xe1, 0x23, TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.vlan, 0x123);
    out = GOOD_TCP(ETHERNET, false, MACS, TYPE(0x88a8), 0x00, 0x64, /* outer 100 */
                   TYPE(0x8100), 0x00, 0xc8,                        /* inner 200 */
                   TYPE(0x0800), IPV4_TCP);
    assert_int_equal(out.link.vlan, 200);
    out = GOOD_TCP(ETHERNET, true, MACS, TYPE(0x9100), 0x00, 0x07, TYPE(0x9100), 0x00, 0x08, TYPE(0x86dd),
                   IPV6_TCP);
    assert_int_equal(out.link.vlan, 8);
    out = GOOD_TCP(ETHERNET, false, MACS, TYPE(0x8100), 0xe0, 0x00, TYPE(0x0800),
                   IPV4_TCP); /* a priority only */
    assert_int_equal(out.link.vlan, 0);
}

static void llc_and_snap(void **state)
{
    (void)state;
    GOOD_TCP(ETHERNET, false, MACS, 0x00, 0x33, /* length */
             0xaa, 0xaa, 0x03,                  /* SNAP */
             0x00, 0x00, 0x00, TYPE(0x0800),    /* organisation, type */
             IPV4_TCP);
    GOOD_TCP(ETHERNET, false, MACS, 0x00, 0x2e, 0x06, 0x06, 0x03, IPV4_TCP);
    BAD(PD_S_NOT_IP, ETHERNET, MACS, 0x00, 0x03, 0x42, 0x42, 0x03); /* spanning tree */
    BAD(PD_S_NOT_IP, ETHERNET, MACS, 0x00, 0x08, 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00); /* CDP */
}

static void linux_cooked(void **state)
{
    (void)state;
    GOOD_TCP(SLL, false, 0x00, 0x00, /* to us */
             0x00, 0x01, 0x00, 0x06, /* Ethernet, 6 bytes of address */
             2, 0, 0, 0, 0, 7, 0, 0, TYPE(0x0800), IPV4_TCP);
    struct pd_packet out = GOOD_TCP(SLL, true, 0x00, 0x04, 0x00, 0x01, 0x00, 0x06, 2, 0, 0, 0, 0, 7, 0, 0,
                                    TYPE(0x8100), 0x00, 0x09, TYPE(0x86dd), IPV6_TCP);
    assert_int_equal(out.link.vlan, 9);
    BAD(PD_S_OUTGOING_COPY, SLL, 0x00, 0x04, /* sent by us */
        0x03, 0x04, 0x00, 0x06,              /* loopback */
        0, 0, 0, 0, 0, 0, 0, 0, TYPE(0x0800), IPV4_TCP);
    GOOD_TCP(SLL, false, 0x00, 0x00, 0x03, 0x04, 0x00, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, TYPE(0x0800), IPV4_TCP);
    BAD(PD_S_NOT_IP, SLL, 0x00, 0x00, 0x00, 0x01, 0x00, 0x06, 2, 0, 0, 0, 0, 7, 0, 0, 0x00, 0x01, 0xff, 0xff);
}

static void linux_cooked_2(void **state)
{
    (void)state;
    struct pd_packet out = GOOD_TCP(SLL2, true, TYPE(0x86dd), 0x00, 0x00, /* protocol, reserved */
                                    0x00, 0x00, 0x01, 0x02,               /* interface index */
                                    0x00, 0x01, 0x00, 0x06, /* Ethernet, to us, 6 bytes of address */
                                    2, 0, 0, 0, 0, 7, 0, 0, IPV6_TCP);
    assert_int_equal(out.link.iface, 0x102);
    BAD(PD_S_OUTGOING_COPY, SLL2, TYPE(0x0800), 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x04, /* loopback */
        0x04, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, IPV4_TCP);
}

static void raw_ip(void **state)
{
    static const int numbers[] = {12, 14, 101};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        GOOD_TCP(numbers[i], false, IPV4_TCP);
        GOOD_TCP(numbers[i], true, IPV6_TCP);
    }
    GOOD_TCP(228, false, IPV4_TCP);
    GOOD_TCP(229, true, IPV6_TCP);
    BAD(PD_S_MALFORMED, 228, IPV6_TCP);
    BAD(PD_S_MALFORMED, 229, IPV4_TCP);
    BAD(PD_S_NOT_IP, RAW_IP, 0x10, 0x00);
}

static void null_and_loop(void **state)
{
    (void)state;
    GOOD_TCP(0, false, 2, 0, 0, 0, IPV4_TCP);
    GOOD_TCP(0, false, 0, 0, 0, 2, IPV4_TCP);
    GOOD_TCP(0, true, 30, 0, 0, 0, IPV6_TCP);   /* Darwin */
    GOOD_TCP(0, true, 0, 0, 0, 28, IPV6_TCP);   /* FreeBSD */
    GOOD_TCP(108, true, 0, 0, 0, 24, IPV6_TCP); /* OpenBSD */
    GOOD_TCP(0, true, 10, 0, 0, 0, IPV6_TCP);   /* Linux */
    GOOD_TCP(0, true, 23, 0, 0, 0, IPV6_TCP);   /* Windows */
    BAD(PD_S_NOT_IP, 0, 7, 0, 0, 0, IPV4_TCP);
}

static void serial_lines(void **state)
{
    (void)state;
    GOOD_TCP(9, false, 0xff, 0x03, 0x00, 0x21, IPV4_TCP);             /* PPP with address and control */
    GOOD_TCP(9, true, 0x00, 0x57, IPV6_TCP);                          /* without */
    GOOD_TCP(9, false, 0x21, IPV4_TCP);                               /* protocol compressed to a byte */
    GOOD_TCP(9, false, 0x02, 0x81, 0x00, 0x00, 0x11, 0x40, IPV4_TCP); /* MPLS */
    GOOD_TCP(50, false, 0xff, 0x03, 0x00, 0x21, IPV4_TCP);            /* PPP serial */
    GOOD_TCP(50, false, 0x0f, 0x00, TYPE(0x0800), IPV4_TCP);          /* Cisco HDLC in it */
    GOOD_TCP(104, false, 0x0f, 0x00, TYPE(0x0800), IPV4_TCP);
    GOOD_TCP(104, true, 0x8f, 0x00, TYPE(0x86dd), IPV6_TCP);
    BAD(PD_S_NOT_IP, 9, 0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4); /* LCP */
    BAD(PD_S_NOT_IP, 104, 0x8f, 0x00, 0x80, 0x35, 0, 0);     /* SLARP */
}

static void pppoe(void **state)
{
    (void)state;
    GOOD_TCP(ETHERNET, false, MACS, TYPE(0x8864), 0x11, 0x00, /* version and type, session data */
             0x00, 0x05, 0x00, 0x2d,                          /* session, length */
             0x00, 0x21, IPV4_TCP);
    GOOD_TCP(51, true, 0x11, 0x00, 0x00, 0x05, 0x00, 0x41, 0x00, 0x57, IPV6_TCP);
    BAD(PD_S_NOT_IP, 51, 0x11, 0xa7, 0x00, 0x05, 0x00, 0x00);
    BAD(PD_S_MALFORMED, 51, 0x22, 0x00, 0x00, 0x05, 0x00, 0x2d, 0x00, 0x21, IPV4_TCP);
}

static void fddi(void **state)
{
    (void)state;
    GOOD_TCP(10, false, 0x50, MACS, 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, TYPE(0x0800), IPV4_TCP);
    BAD(PD_S_NOT_IP, 10, 0xc0, MACS, 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, TYPE(0x0800),
        IPV4_TCP); /* a token */
}

static void nflog(void **state)
{
    (void)state;
    GOOD_TCP(239, false, 2, 0, 0x00, 0x01, /* IPv4, version, group */
             8, 0, 1, 0, 0x08, 0x00, 1, 0, /* packet header */
             5, 0, 10, 0, 'x', 0, 0, 0,    /* prefix, padded */
             47, 0, 9, 0, IPV4_TCP, 0);    /* payload, padded */
    GOOD_TCP(239, true, 10, 0, 0x00, 0x01, 0, 8, 0, 1, 0x86, 0xdd, 1, 0, 0, 67, 0, 9, IPV6_TCP, 0);
    BAD(PD_S_MALFORMED, 239, 2, 0, 0, 1, 3, 0, 9, 0, IPV4_TCP); /* a field shorter than its head */
    BAD(PD_S_NOT_IP, 239, 2, 0, 0, 1, 8, 0, 1, 0, 0x08, 0x00, 1, 0);
}

static void mpls(void **state)
{
    (void)state;
    GOOD_TCP(ETHERNET, false, MACS, TYPE(0x8847), 0x00, 0x01, 0x00, 0x40, /* a label */
             0x00, 0x02, 0x01, 0x40,                                      /* the bottom */
             IPV4_TCP);
    GOOD_TCP(219, true, 0x00, 0x02, 0x01, 0x40, IPV6_TCP);
    GOOD_TCP(ETHERNET, false, MACS, TYPE(0x8848), 0x00, 0x02, 0x01, 0x40, /* a pseudowire: */
             0x00, 0x00, 0x00, 0x01,                                      /* control word */
             MACS, TYPE(0x0800), IPV4_TCP);
    uint8_t endless[200] = {0};
    frame_bad(219, endless, sizeof endless, PD_S_MALFORMED);
}

static void unknown_link_types(void **state)
{
    (void)state;
    BAD(PD_S_LINKTYPE, 105, IPV4_TCP);
    BAD(PD_S_LINKTYPE, -1, IPV4_TCP);
    BAD(PD_S_LINKTYPE, 65535, IPV4_TCP);
    assert_true(pd_decode_knows(276));
    assert_true(pd_decode_knows(0));
    assert_false(pd_decode_knows(277));
    assert_false(pd_decode_knows(2));
    assert_false(pd_decode_knows(-1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet),     cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(vlan_tags),    cmocka_unit_test(llc_and_snap),
        cmocka_unit_test(linux_cooked), cmocka_unit_test(linux_cooked_2),
        cmocka_unit_test(raw_ip),       cmocka_unit_test(null_and_loop),
        cmocka_unit_test(serial_lines), cmocka_unit_test(pppoe),
        cmocka_unit_test(fddi),         cmocka_unit_test(nflog),
        cmocka_unit_test(mpls),         cmocka_unit_test(unknown_link_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
