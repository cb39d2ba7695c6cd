/* pool_test.c: limits, reuse, alignment, and that a broken promise ends the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "base/check.h"
#include "base/counter.h"
#include "base/pool.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 5, SIZE = 40 };

static void gives_no_more_than_its_limit(void **state)
{
    struct pd_pool pool;
    unsigned char *o[LIMIT];

    (void)state;
    assert_int_equal(pd_pool_init(&pool, SIZE, LIMIT), 0);
    assert_int_equal(pool.size % 16, 0);
    for (int i = 0; i < LIMIT; i++) {
        o[i] = pd_pool_get(&pool);
        assert_non_null(o[i]);
        assert_int_equal((uintptr_t)o[i] % 16, 0);
        memset(o[i], i, SIZE);
    }
    assert_null(pd_pool_get(&pool));
    assert_int_equal(pool.in_use, LIMIT);
    for (int i = 0; i < LIMIT; i++) /* none lies in another */
        for (int k = 0; k < SIZE; k++)
            assert_int_equal(o[i][k], i);
    pd_pool_put(&pool, o[2]);
    assert_non_null(pd_pool_get(&pool));
    assert_null(pd_pool_get(&pool));
    pd_pool_free(&pool); /* with objects out */
}

static void uses_again_what_came_back(void **state)
{
    struct pd_pool pool;

    (void)state;
    assert_int_equal(pd_pool_init(&pool, SIZE, LIMIT), 0);
    for (int i = 0; i < 1000; i++) {
        void *a = pd_pool_get(&pool), *b = pd_pool_get(&pool);
        assert_non_null(a);
        assert_non_null(b);
        assert_ptr_not_equal(a, b);
        pd_pool_put(&pool, i % 2 ? a : b);
        pd_pool_put(&pool, i % 2 ? b : a);
        pd_pool_put(&pool, NULL);
    }
    assert_int_equal(pool.in_use, 0);
    assert_int_equal(pool.most, 2);
    pd_pool_free(&pool);
}

static void may_be_empty(void **state)
{
    struct pd_pool pool;

    (void)state;
    assert_int_equal(pd_pool_init(&pool, 16, 0), 0);
    assert_null(pd_pool_get(&pool));
    pd_pool_free(&pool);
    pd_pool_free(&pool);
}

static void an_assert_aborts(void **state)
{
    int status;

    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        PD_ASSERT(1 + 1 == 3);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* Names become JSON keys and metric names: lower case, digits, underscores, each once. */
static void check_names(const struct pd_counter_name *n, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_true(strlen(n[i].name) > 0 && strlen(n[i].help) > 0);
        assert_int_equal(strspn(n[i].name, "abcdefghijklmnopqrstuvwxyz_0123456789"), strlen(n[i].name));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(n[i].name, n[k].name);
    }
}

static void counters_have_names(void **state)
{
    (void)state;
    check_names(pd_proto_counter_names, PD_C_COUNT);
    check_names(pd_flow_counter_names, PD_F_COUNT);
    assert_string_equal(pd_proto_counter_names[PD_C_ORPHAN].name, "orphan");
    assert_string_equal(pd_flow_counter_names[PD_F_TLS].name, "tls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_no_more_than_its_limit),
        cmocka_unit_test(uses_again_what_came_back),
        cmocka_unit_test(may_be_empty),
        cmocka_unit_test(an_assert_aborts),
        cmocka_unit_test(counters_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
