/* iface_test.c: the machine's own list, and patterns on a made-up one. */
#include "sniffer/iface.h"
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_list(void **state)
{
    static struct pd_ifaces list;
    unsigned loopbacks = 0;

    (void)state;
    assert_int_equal(pd_ifaces_list(&list), 0);
    for (unsigned i = 0; i < list.count; i++) {
        const struct pd_iface *iface = &list.iface[i];
        assert_int_equal(iface->index, if_nametoindex(iface->name));
        assert_string_equal(pd_iface_name(iface->index), iface->name);
        assert_true(iface->mtu > 0);
        assert_true(i == 0 || iface->index > list.iface[i - 1].index);
#ifdef PD_LINUX
        assert_true(!iface->loopback || iface->linktype == 1);
#endif
        for (unsigned a = 0; a < iface->addr_count && iface->loopback; a++) {
            char text[PD_ADDR_TEXT];
            pd_addr_print(text, &iface->addr[a]);
            loopbacks += strcmp(text, "127.0.0.1") == 0;
        }
        assert_true(!iface->loopback || !iface->up || loopbacks == 1);
    }
}

static const struct pd_ifaces made = {
    .count = 4, .iface = {{.name = "lo"}, {.name = "eth0"}, {.name = "eth0.100"}, {.name = "veth12"}}};

static int match(const char *pattern, const char *expected)
{
    bool picked[PD_IFACES_MAX] = {false};
    char err[128] = "", got[8] = "";
    int n = pd_ifaces_match(&made, pattern, picked, err, sizeof(err));

    for (unsigned i = 0; i < made.count; i++)
        got[i] = picked[i] ? 'x' : '.';
    assert_string_equal(got, expected);
    assert_int_equal(err[0] != 0, n < 0);
    return n;
}

static void test_match(void **state)
{
    (void)state;
    assert_int_equal(match("any", "xxxx"), 4);
    assert_int_equal(match("eth0", ".x.."), 1);
    assert_int_equal(match("eth0.100", "..x."), 1);
    assert_int_equal(match("eth.*", ".xx."), 2);
    assert_int_equal(match("v?eth[0-9]+", ".x.x"), 2);
    assert_int_equal(match("lo|veth12", "x..x"), 2);
    assert_int_equal(match("th", "...."), 0);
    assert_int_equal(match("eth(", "...."), -EINVAL);
}

static void test_names(void **state)
{
    (void)state;
    assert_null(pd_iface_name(0));
    for (uint32_t i = 0; i < 2000; i++)
        assert_null(pd_iface_name(2000000000u + i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
