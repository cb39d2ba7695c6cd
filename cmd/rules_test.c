/* rules_test.c: --proto, --port and settings, on two toy protocols. */
#include "cmd/cmd.h"
#include "cmd/rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct pd_field no_fields[] = {{0}};
static const struct pd_schema web_schema = {.proto = "web", .help = "a toy", .fields = no_fields};
static const struct pd_schema ask_schema = {.proto = "ask", .help = "a toy", .fields = no_fields};

struct web_options {
    struct pd_names headers;
    bool body;
};
static const struct pd_option web_options[] = {
    {.name = "headers", .type = PD_OPT_NAMES, .off = offsetof(struct web_options, headers), .def = "none"},
    {.name = "body", .type = PD_OPT_BOOL, .off = offsetof(struct web_options, body), .def = "false"},
    {0},
};
static const uint16_t web_ports[] = {80, 0}, ask_ports[] = {53, 0};
static const struct pd_proto web = {.schema = &web_schema,
                                    .options = web_options,
                                    .options_size = sizeof(struct web_options),
                                    .ports = web_ports,
                                    .transports = PD_ON_TCP};
static const struct pd_proto ask = {
    .schema = &ask_schema, .ports = ask_ports, .transports = PD_ON_TCP | PD_ON_UDP};
static const struct pd_proto *const registry[] = {&ask, &web, NULL};

/* Applies the given words, NULL for none. */
static int apply(struct pd_setup *setup, const char *proto, const char *port, const char *headers)
{
    struct pd_args args = {.protos = {&proto, proto != NULL},
                           .ports = {&port, port != NULL},
                           .headers = headers,
                           .timeout = 7,
                           .memory = UINT64_C(64) << 20,
                           .quiet = 1};

    assert_int_equal(pd_setup_init(setup, registry), 0);
    return pd_rules_apply(setup, &args, 1);
}

static void expect_rule(const char *spec, const char *narrow)
{
    struct pd_setup setup;

    assert_int_equal(apply(&setup, spec, NULL, NULL), 0);
    char *made = pd_rules_narrow(&setup);
    assert_non_null(made);
    assert_string_equal(made, narrow);
    free(made);
    pd_setup_free(&setup);
}

static void forms(void **state)
{
    (void)state;
    expect_rule("web", "(tcp)");
    expect_rule("ask", "((tcp or udp))");
    expect_rule("web:80", "(tcp and (port 80))");
    expect_rule("web:80,8080", "(tcp and (port 80 or port 8080))");
    expect_rule("web:80@10.0.0.7", "(tcp and (port 80) and host 10.0.0.7)");
    expect_rule("web@10.0.0.7", "(tcp and host 10.0.0.7)");
    expect_rule("web:80@fd00::1", "(tcp and (port 80) and host fd00::1)");
    expect_rule("web:80@[fd00::1]", "(tcp and (port 80) and host fd00::1)");
    expect_rule("web;80,8080;10.0.0.7", "(tcp and (port 80 or port 8080) and host 10.0.0.7)");
    expect_rule("web;80", "(tcp and (port 80))");
    expect_rule("ask;;fd00::1", "((tcp or udp) and host fd00::1)");
}

static void many_ports(void **state)
{
    struct pd_setup setup;

    (void)state;
    assert_int_equal(apply(&setup, "web:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL, NULL), 0);
    assert_int_equal(setup.rule_count, 2);
    assert_int_equal(setup.rules[0].ports, 16);
    assert_int_equal(setup.rules[1].ports, 1);
    assert_int_equal(setup.rules[1].port[0], 17);
    assert_true(setup.tcp_ports[17] && !setup.tcp_ports[18]);
    pd_setup_free(&setup);
}

static void refused(void **state)
{
    static const char *const protos[] = {"",          "wen",      "web:",      "web:0",
                                         "web:65536", "web:80,x", "web:80 81", "web:80@1.2.3.4.5"};
    static const char *const ports[] = {"web", "web=", "web=x", "nothing=80", "web=80@10.0.0.1"};
    struct pd_setup setup;

    (void)state;
    for (size_t i = 0; i < sizeof protos / sizeof *protos; i++) {
        /* An empty list is as good as none. */
        int wanted = strcmp(protos[i], "web:") == 0 ? 0 : PD_EXIT_FAILED;
        if (apply(&setup, protos[i], NULL, NULL) != wanted)
            fail_msg("--proto %s", protos[i]);
        pd_setup_free(&setup);
    }
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        if (apply(&setup, NULL, ports[i], NULL) != PD_EXIT_FAILED)
            fail_msg("--port %s", ports[i]);
        pd_setup_free(&setup);
    }
}

static void known_ports(void **state)
{
    struct pd_setup setup;
    int index;

    (void)state;
    assert_int_equal(apply(&setup, NULL, "web=8000,8001", NULL), 0);
    index = pd_setup_find(&setup, "web");
    assert_int_equal(setup.tcp_ports[8001], 1 << index);
    assert_int_equal(setup.udp_ports[8001], 0);
    assert_int_equal(setup.rule_count, 0);
    assert_null(pd_rules_narrow(&setup));
    assert_true(setup.timeout == 7);
    pd_setup_free(&setup);
}

static void settings(void **state)
{
    struct pd_setup setup;
    struct pd_args args = {.headers = "host,x-id", .body = true, .memory = UINT64_C(64) << 20};

    (void)state;
    assert_int_equal(pd_setup_init(&setup, registry), 0);
    assert_int_equal(pd_rules_apply(&setup, &args, 1), 0);
    const struct web_options *options = setup.options[pd_setup_find(&setup, "web")];
    assert_true(options->body);
    assert_int_equal(options->headers.count, 2);
    assert_string_equal(options->headers.name[1], "x-id");
    pd_setup_free(&setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),       cmocka_unit_test(many_ports), cmocka_unit_test(refused),
        cmocka_unit_test(known_ports), cmocka_unit_test(settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
