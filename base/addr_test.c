/* addr_test.c: addresses as text, there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "base/addr.h"

static void prints_as_read(void **state)
{
    static const char *const same[] = {
        "0.0.0.0",
        "10.0.0.7",
        "255.255.255.255",
        "192.168.100.20",
        "::",
        "::1",
        "fe80::1",
        "2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1", /* one group of zeros stays (RFC 5952, section 4.2.2) */
        "2001:0:0:1::1",        /* the longest run */
        "2001:db8::1:0:0:1",    /* the first of two equal ones */
        "1::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "0:1::",
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct pd_addr a;
        char text[PD_ADDR_TEXT];
        assert_true(pd_addr_parse(&a, same[i]));
        assert_int_equal(pd_addr_print(text, &a), strlen(same[i]));
        assert_string_equal(text, same[i]);
    }
}

static void takes_other_forms(void **state)
{
    struct pd_addr a;
    char text[PD_ADDR_TEXT];

    (void)state;
    assert_true(pd_addr_parse(&a, "2001:DB8:0000:0::ABCD"));
    pd_addr_print(text, &a);
    assert_string_equal(text, "2001:db8::abcd");
    assert_true(pd_addr_parse(&a, "::ffff:1.2.3.4"));
    pd_addr_print(text, &a);
    assert_string_equal(text, "1.2.3.4");
}

static void refuses_the_rest(void **state)
{
    static const char *const bad[] = {"",    "1.2.3", "1.2.3.256", "host",
                                      "1:2", ":::",   "1.2.3.4 ",  "fe80::1%eth0"};
    struct pd_addr a;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(pd_addr_parse(&a, bad[i]));
}

static void knows_kinds(void **state)
{
    static const struct {
        const char *text;
        bool v4, multicast;
    } kind[] = {
        {"224.0.0.251", true, true},     {"239.255.255.255", true, true}, {"223.255.255.255", true, false},
        {"255.255.255.255", true, true}, {"240.0.0.1", true, false},      {"255.255.255.254", true, false},
        {"ff02::fb", false, true},       {"fe80::1", false, false},       {"::", false, false},
        {"::fffe:1:2", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        struct pd_addr a;
        assert_true(pd_addr_parse(&a, kind[i].text));
        assert_int_equal(pd_addr_is_v4(&a), kind[i].v4);
        assert_int_equal(pd_addr_is_multicast(&a), kind[i].multicast);
    }
}

static void names_tunnels(void **state)
{
    (void)state;
    assert_null(pd_tunnel_name(PD_TUNNEL_NONE));
    assert_string_equal(pd_tunnel_name(PD_TUNNEL_VXLAN), "vxlan");
    assert_string_equal(pd_tunnel_name(PD_TUNNEL_IPIP), "ipip");
    assert_null(pd_tunnel_name(PD_TUNNEL_IPIP + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_read),   cmocka_unit_test(takes_other_forms),
        cmocka_unit_test(refuses_the_rest), cmocka_unit_test(knows_kinds),
        cmocka_unit_test(names_tunnels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
