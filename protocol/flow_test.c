/* flow_test.c: what becomes of segments that come twice, late, never, or from nobody known. */
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const uint64_t ms = 1000000;

static void times_are_of_first_and_last_bytes(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    uint64_t begin = t->now;
    toy_say(t, PD_C2S, "Lq"); /* 1 ms */
    toy_say(t, PD_C2S, "1\n");
    toy_say(t, PD_S2C, "La");
    toy_say(t, PD_S2C, "1\n");
    assert_int_equal(t->count, 1);
    assert_int_equal(t->seen[0].first_req, begin + 1 * ms);
    assert_int_equal(t->seen[0].last_req, begin + 2 * ms);
    assert_int_equal(t->seen[0].first_rsp, begin + 3 * ms);
    assert_int_equal(t->seen[0].last_rsp, begin + 4 * ms);
    assert_int_equal(t->seen[0].ordinal, 4);
    toy_free(t);
}

static void retransmissions_are_trimmed(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    uint32_t seq = t->seq[0];
    toy_say(t, PD_C2S, "Lq1\nLq");
    toy_packet(t, PD_C2S, PD_ACK, seq, t->seq[1], "Lq1\n", 4, 4);
    toy_packet(t, PD_C2S, PD_ACK, seq + 4, t->seq[1], "Lq2\n", 4, 4); /* overlaps, brings new bytes */
    t->seq[0] += 2;
    toy_packet(t, PD_C2S, PD_ACK, t->seq[0] - 1, t->seq[1], "\n", 1, 1); /* keep-alive */
    toy_say(t, PD_S2C, "La1\nLa2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(toy_flow(t, PD_F_RETRANSMITTED), 2);
    assert_int_equal(toy_flow(t, PD_F_KEEPALIVES), 1);
    toy_free(t);
}

static void late_bytes_do_not_fill_a_gap(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    uint32_t seq = t->seq[0];
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_packet(t, PD_C2S, PD_ACK, seq, t->seq[1], "Lq1\n", 4, 4);
    toy_say(t, PD_S2C, "La1\nLa2\n");
    toy_finish(t);
    assert_int_equal(t->count, 0);
    assert_int_equal(toy_counter(t, PD_C_QUARANTINED), 1);
    assert_int_equal(toy_flow(t, PD_F_LATE_BYTES), 4);
    assert_int_equal(toy_flow(t, PD_F_RETRANSMITTED), 0);
    toy_free(t);
}

static void unanswered_at_the_end(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_say(t, PD_S2C, "La1\nLa");
    toy_fin(t, PD_C2S);
    toy_fin(t, PD_S2C);
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_check(t, 1, PD_INCOMPLETE, "q2\n", "");
    toy_free(t);
    t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_packet(t, PD_S2C, PD_RST, t->seq[1], 0, NULL, 0, 0);
    toy_check(t, 0, PD_UNANSWERED, "q1\n", "");
    assert_int_equal(toy_flow(t, PD_F_RESETS), 1);
    toy_free(t);
}

static void unanswered_at_the_timeout_then_late(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_wait(t, t->setup.timeout + 200 * ms);
    pd_worker_time(t->worker, t->now, t->ordinal);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_UNANSWERED, "q1\n", "");
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 1, PD_OK, "q1\n", "a1\n");
    assert_true(t->seen[1].late);
    assert_int_equal(toy_counter(t, PD_C_UNANSWERED), 1);
    assert_int_equal(toy_counter(t, PD_C_LATE), 1);
    assert_int_equal(toy_counter(t, PD_C_OK), 0);
    toy_free(t);
}

static void time_that_runs_back_a_little_stands_still(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    t->now -= 500 * ms;
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 1);
    assert_int_equal(t->seen[0].first_rsp, t->seen[0].last_req);
    assert_int_equal(toy_flow(t, PD_F_TIME_BACKWARDS), 1);
    toy_free(t);
}

static void an_older_capture_begins_anew(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    t->now -= 3600 * 1000 * ms;
    t->seq[0] += 100000;
    toy_syn(t);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_UNANSWERED, "q1\n", "");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(t->seen[1].first_rsp - t->seen[1].last_req, 1 * ms);
    toy_free(t);
}

static void datagram_timeout_then_late_then_forgotten(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_key);
    toy_datagram(t, PD_C2S, "K\001q1\n", 5, 5);
    toy_wait(t, t->setup.timeout + 200 * ms);
    pd_worker_time(t->worker, t->now, t->ordinal);
    toy_check(t, 0, PD_UNANSWERED, "q1\n", "");
    toy_datagram(t, PD_S2C, "K\001a1\n", 5, 5);
    toy_check(t, 1, PD_OK, "q1\n", "a1\n");
    assert_true(t->seen[1].late);
    toy_datagram(t, PD_C2S, "K\002q2\n", 5, 5);
    toy_wait(t, 7 * t->setup.timeout);
    pd_worker_time(t->worker, t->now, t->ordinal);
    toy_datagram(t, PD_S2C, "K\002a2\n", 5, 5);
    assert_int_equal(t->count, 3);
    assert_int_equal(toy_counter(t, PD_C_ORPHAN), 1);
    toy_free(t);
}

static void a_port_is_reused_by_a_new_connection(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    t->seq[0] += 1000000;
    t->seq[1] += 77777;
    toy_syn(t);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_UNANSWERED, "q1\n", "");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void stragglers_do_not_open_a_closed_connection(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_fin(t, PD_C2S);
    toy_fin(t, PD_S2C);
    toy_packet(t, PD_S2C, PD_ACK, t->seq[1] - 5, t->seq[0], "La1\n", 4, 4);
    toy_finish(t);
    assert_int_equal(t->count, 1);
    assert_int_equal(toy_flow(t, PD_F_CONNECTIONS), 1);
    toy_free(t);
}

static void unknown_protocols_are_counted_by_port(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    t->port = 443;
    toy_syn(t);
    for (int i = 0; i < 20; i++)
        toy_say(t, PD_C2S, "zzzzzzzz");
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 1);
    assert_int_equal(pd_worker_tally(t->worker)->unknown[443 % PD_UNKNOWN_PORTS].packets, 20);
    toy_free(t);
}

static void first_bytes_in_tiny_segments_wait_for_a_decision(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_key);
    t->port = 999;
    t->piece = 1;
    toy_syn(t);
    toy_say(t, PD_C2S, "Bq-tiny-tiny-tiny-tiny-tiny\n"); /* plausible only: waits */
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 0);
    assert_int_equal(toy_counter(t, PD_C_CONNECTIONS), 1);
    toy_free(t);
}

static void short_unknown_connections_are_counted_too(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    t->port = 22;
    toy_syn(t);
    toy_say(t, PD_S2C, "zz-banner");
    toy_fin(t, PD_S2C);
    toy_fin(t, PD_C2S);
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 1);
    assert_int_equal(pd_worker_tally(t->worker)->unknown[22].packets, 1);
    toy_free(t);
}

static void a_join_into_a_long_body_waits_for_its_end(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    for (int i = 0; i < 100; i++)
        toy_say(t, PD_S2C, "zzzzzzzz");
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void a_segment_of_absurd_length_is_taken_as_captured(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_packet(t, PD_C2S, PD_ACK, t->seq[0], t->seq[1], "Lq1\n", 4, 4000000000u);
    t->seq[0] += 4;
    toy_say(t, PD_S2C, "La1\n");
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void tls_is_named(void **state)
{
    static const uint8_t hello[] = {
        22,   3,  1,    0,  81,    /* record: handshake, 81 bytes */
        1,    0,  0,    77, 3,  3, /* ClientHello, 77 bytes, TLS 1.2 */
        0,    1,  2,    3,  4,  5,  6,  7,   8,   9,   10,  11,  12,  13,  14, 15,
        16,   17, 18,   19, 20, 21, 22, 23,  24,  25,  26,  27,  28,  29,  30, 31, /* random */
        0,                                                                         /* session id */
        0,    2,  0x13, 1,                                                         /* cipher suites */
        1,    0,                                                                   /* compression */
        0,    34,                                                                  /* extensions */
        0,    0,  0,    10, 0,  8,  0,  0,   5,   'a', '.', 'o', 'r', 'g',         /* server_name */
        0,    16, 0,    5,  0,  3,  2,  'h', '2',                                  /* ALPN */
        0,    43, 0,    3,  2,  3,  4,                                             /* supported_versions */
        0xff, 1,  0,    0,
    };

    (void)state;
    struct toy *t = toy_new(&toy_order);
    t->port = 443;
    toy_syn(t);
    toy_send(t, PD_C2S, hello, sizeof hello);
    const struct pd_unknown_port *u = &pd_worker_tally(t->worker)->unknown[443 % PD_UNKNOWN_PORTS];
    assert_true(u->tls);
    assert_string_equal(u->sni, "a.org");
    assert_string_equal(u->alpn, "h2");
    assert_int_equal(u->version, 0x0304);
    assert_int_equal(toy_flow(t, PD_F_TLS), 1);
    toy_free(t);
}

static void a_segment_on_a_second_interface_is_a_duplicate(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    t->again_on_iface = 3;
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 1);
    assert_int_equal(toy_flow(t, PD_F_DUPLICATES), 2);
    assert_int_equal(toy_flow(t, PD_F_RETRANSMITTED), 0);
    toy_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_of_first_and_last_bytes),
        cmocka_unit_test(retransmissions_are_trimmed),
        cmocka_unit_test(late_bytes_do_not_fill_a_gap),
        cmocka_unit_test(unanswered_at_the_end),
        cmocka_unit_test(unanswered_at_the_timeout_then_late),
        cmocka_unit_test(time_that_runs_back_a_little_stands_still),
        cmocka_unit_test(an_older_capture_begins_anew),
        cmocka_unit_test(datagram_timeout_then_late_then_forgotten),
        cmocka_unit_test(a_port_is_reused_by_a_new_connection),
        cmocka_unit_test(stragglers_do_not_open_a_closed_connection),
        cmocka_unit_test(unknown_protocols_are_counted_by_port),
        cmocka_unit_test(first_bytes_in_tiny_segments_wait_for_a_decision),
        cmocka_unit_test(short_unknown_connections_are_counted_too),
        cmocka_unit_test(a_join_into_a_long_body_waits_for_its_end),
        cmocka_unit_test(a_segment_of_absurd_length_is_taken_as_captured),
        cmocka_unit_test(tls_is_named),
        cmocka_unit_test(a_segment_on_a_second_interface_is_a_duplicate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
