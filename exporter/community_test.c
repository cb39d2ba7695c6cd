/* community_test.c: vectors that were published with the specification's reference code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/community.h"

static void published_vectors(void **state)
{
    static const struct {
        const char *a, *b;
        uint16_t a_port, b_port;
        uint8_t transport;
        const char *id;
    } vector[] = {
        {"128.232.110.120", "66.35.250.204", 34855, 80, PD_TCP, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {"192.168.1.52", "8.8.8.8", 54585, 53, PD_UDP, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
        {"2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, PD_TCP,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    };

    (void)state;
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        struct pd_end a = {.port = vector[i].a_port}, b = {.port = vector[i].b_port};
        char there[PD_COMMUNITY_TEXT], back[PD_COMMUNITY_TEXT];
        assert_true(pd_addr_parse(&a.addr, vector[i].a));
        assert_true(pd_addr_parse(&b.addr, vector[i].b));
        pd_community_id(there, &a, &b, vector[i].transport);
        pd_community_id(back, &b, &a, vector[i].transport);
        assert_string_equal(there, vector[i].id);
        assert_string_equal(back, vector[i].id);
    }
}

/* With equal addresses the ports decide. */
static void loopback_has_one_id(void **state)
{
    struct pd_end a = {.port = 9000}, b = {.port = 80};
    char there[PD_COMMUNITY_TEXT], back[PD_COMMUNITY_TEXT], other[PD_COMMUNITY_TEXT];

    (void)state;
    assert_true(pd_addr_parse(&a.addr, "127.0.0.1"));
    b.addr = a.addr;
    pd_community_id(there, &a, &b, PD_TCP);
    pd_community_id(back, &b, &a, PD_TCP);
    pd_community_id(other, &a, &b, PD_UDP);
    assert_string_equal(there, back);
    assert_string_not_equal(there, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(loopback_has_one_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
