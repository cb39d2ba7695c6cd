/* memo_test.c: what is remembered is what would be worked out again, however often places are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/memo.h"
#include "exporter/toy_test.h"
#include <stdio.h>

enum { MANY = 5 * PD_MEMO_ENDS };

static struct pd_line_memo *memo;

static int set_up(void **state)
{
    (void)state;
    memo = pd_line_memo_new();
    return memo ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pd_line_memo_free(memo);
    return 0;
}

static struct pd_pair header(const char *name, uint32_t hash)
{
    uint16_t len = (uint16_t)strlen(name);

    return (struct pd_pair){.name = {.s = name, .len = len, .full = len}, .hash = hash};
}

static void assert_known(const struct pd_redact *redact, const char *name, uint32_t hash, bool secret)
{
    struct pd_pair h = header(name, hash);
    const struct pd_memo_name *known = pd_memo_name(memo, redact, &h);
    char text[100];

    assert_non_null(known);
    int n = snprintf(text, sizeof text, "\"%s\":[", name);
    assert_int_equal(known->len, strlen(name));
    assert_memory_equal(known->text, text, (size_t)n);
    assert_int_equal(known->secret, secret);
}

/* Many names with few hashes, asked for again and again: each has its own verdict. */
static void names_that_share_places(void **state)
{
    struct pd_redact *redact = pd_redact_new(pd_redact_defaults);
    char name[32];

    (void)state;
    assert_non_null(redact);
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        bool secret = i % 3 == 0;
        snprintf(name, sizeof name, "%s-%u", secret ? "x-token" : "x-taken", i % MANY % 97);
        assert_known(redact, name, i % 5, secret);
        assert_known(NULL, name, i % 5, false);
    }
    pd_redact_free(redact);
}

/* Of each length, names that differ in one place only. */
static void names_that_are_nearly_the_same(void **state)
{
    char name[PD_MEMO_NAME_MAX + 1];

    (void)state;
    for (size_t len = 1; len <= PD_MEMO_NAME_MAX; len++)
        for (size_t at = 0; at < len; at++) {
            memset(name, 'a', len);
            name[len] = '\0';
            assert_known(NULL, name, 7, false);
            name[at] = 'b';
            assert_known(NULL, name, 7, false);
        }
}

static void strange_names_are_not_remembered(void **state)
{
    char name[PD_MEMO_NAME_MAX + 2];
    struct pd_pair h = header("", 0);

    (void)state;
    assert_null(pd_memo_name(memo, NULL, &h));
    h = header("a\"b", 0);
    assert_null(pd_memo_name(memo, NULL, &h));
    h = header("a\xf0\x9f\x98z", 0); /* three bytes that become three others */
    assert_null(pd_memo_name(memo, NULL, &h));
    assert_known(NULL, "caf\xc3\xa9", 0, false);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    h = header(name, 0);
    assert_null(pd_memo_name(memo, NULL, &h));
    h = header("shortened", 0);
    assert_non_null(pd_memo_name(memo, NULL, &h));
    h.name.full++;
    assert_null(pd_memo_name(memo, NULL, &h));
    h.name.full--;
    h.name.holed = true;
    assert_null(pd_memo_name(memo, NULL, &h));
}

/* More ends than places, some of which share the address, some the port. */
static void many_ends(void **state)
{
    char text[100], addr[PD_ADDR_TEXT];
    struct pd_end end;

    (void)state;
    for (unsigned i = 0; i < 3 * MANY; i++) {
        unsigned n = i % MANY;
        snprintf(addr, sizeof addr, n % 2 ? "10.7.%u.%u" : "2001:db8:%x::%x", n / 100, n % 50 + 1);
        toy_end(&end, addr, (uint16_t)(n % 4 ? 80 : 65535 - n));
        const struct pd_memo_end *known = pd_memo_end(memo, &end);
        pd_addr_print(addr, &end.addr);
        int len = snprintf(text, sizeof text, "{\"address\":\"%s\",\"port\":%u},", addr, end.port);
        assert_int_equal(known->len, len);
        assert_memory_equal(known->text, text, (size_t)len);
    }
}

static void the_longest_end_fits(void **state)
{
    static const char text[] = "{\"address\":\"2001:470:e5bf:dead:4957:2174:e82c:4887\",\"port\":65535},";
    struct pd_end end;

    (void)state;
    toy_end(&end, "2001:470:e5bf:dead:4957:2174:e82c:4887", 65535);
    const struct pd_memo_end *known = pd_memo_end(memo, &end);
    assert_int_equal(known->len, sizeof text - 1);
    assert_memory_equal(known->text, text, known->len);
}

static void seconds_change(void **state)
{
    static const struct {
        uint64_t second;
        const char *text;
    } at[] = {{0, "{\"time\":\"1970-01-01T00:00:00."},
              {1795187828, "{\"time\":\"2026-11-20T15:17:08."},
              {1795187829, "{\"time\":\"2026-11-20T15:17:09."},
              {1795187828, "{\"time\":\"2026-11-20T15:17:08."}};

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        const struct pd_piece *p = pd_memo_second(memo, at[i].second);
        assert_int_equal(p->len, strlen(at[i].text));
        assert_memory_equal(p->s, at[i].text, p->len);
    }
}

static void assert_step(const struct pd_step *s, const char *key, uint8_t kind, size_t off, unsigned index)
{
    assert_int_equal(s->key.len, strlen(key));
    assert_memory_equal(s->key.s, key, s->key.len);
    assert_int_equal(s->kind, kind);
    assert_int_equal(s->off, off);
    assert_int_equal(s->mark, UINT64_C(1) << index);
}

static void a_plan_follows_the_table(void **state)
{
    const struct pd_plan *p = pd_memo_plan(memo, &toy_schema);

    (void)state;
    assert_non_null(p);
    assert_ptr_equal(pd_memo_plan(memo, &toy_schema), p);
    const struct pd_step *s = p->side[PD_REQUEST];
    assert_step(&s[0], "\"method\":", PD_TEXT, TOY(method), 0);
    assert_step(&s[3], "\"query\":", PD_STEP_QUERY, TOY(query), 3);
    assert_step(&s[4], "\"statement\":", PD_STEP_MASKED, TOY(statement), 5); /* hidden is left out */
    assert_ptr_equal(s[4].field, &toy_fields[5]);
    assert_step(&s[5], "\"headers\":", PD_HEADERS, TOY(headers), 6);
    assert_int_equal(s[6].kind, PD_STEP_END);
    s = p->side[PD_RESPONSE];
    assert_step(&s[0], "\"status_code\":", PD_INT, TOY(code), 7);
    assert_step(&s[4], "\"answers\":", PD_OBJECTS, TOY(answers), 11);
    assert_step(&s[5], "\"body_bytes\":", PD_INT, TOY(body_bytes), 12);
    assert_int_equal(s[6].kind, PD_STEP_END);
    s = s[4].sub;
    assert_step(&s[0], "\"name\":", PD_TEXT, ANSWER(name), 11);
    assert_step(&s[2], "\"data\":", PD_TEXT, ANSWER(data), 11);
    assert_int_equal(s[3].kind, PD_STEP_END);
}

/* The member, or "" when it is not remembered. */
static void assert_constant(const struct pd_step *step, const char *s, const char *member)
{
    struct pd_text t;

    pd_text_static(&t, s);
    const struct pd_piece *known = pd_memo_constant(memo, step, &t);
    assert_int_equal(known ? known->len : 0, strlen(member));
    if (known)
        assert_memory_equal(known->s, member, known->len);
}

static void constants_keep_their_places(void **state)
{
    static char text[4 * PD_MEMO_CONSTANTS][8]; /* never freed, as constants are not */
    const struct pd_step *step = pd_memo_plan(memo, &toy_schema)->side[PD_REQUEST];
    unsigned kept = 0;

    (void)state;
    assert_constant(&step[0], "GET", "\"method\":\"GET\",");
    assert_constant(&step[1], "GET", "\"host\":\"GET\",");
    assert_constant(&step[0], "a\"b", "\"method\":\"a\\\"b\",");
    assert_constant(&step[0], "", "\"method\":\"\",");
    assert_constant(&step[0], "nineteen characters", "\"method\":\"nineteen characters\",");
    assert_constant(&step[0], "twenty characters...", "");
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < sizeof text / sizeof *text; i++) {
            struct pd_text t;
            char member[32];
            snprintf(text[i], sizeof text[i], "%u", i);
            pd_text_static(&t, text[i]);
            const struct pd_piece *known = pd_memo_constant(memo, &step[0], &t);
            kept += known != NULL;
            if (known) {
                int len = snprintf(member, sizeof member, "\"method\":\"%u\",", i);
                assert_int_equal(known->len, len);
                assert_memory_equal(known->s, member, known->len);
            }
        }
    }
    assert_in_range(kept, PD_MEMO_CONSTANTS, 2 * PD_MEMO_CONSTANTS);
    assert_constant(&step[0], "GET", "\"method\":\"GET\",");
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(names_that_share_places),
        T(names_that_are_nearly_the_same),
        T(strange_names_are_not_remembered),
        T(many_ends),
        T(the_longest_end_fits),
        T(seconds_change),
        T(a_plan_follows_the_table),
        T(constants_keep_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
