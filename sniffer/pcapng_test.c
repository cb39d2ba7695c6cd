/* pcapng_test.c: sections, interfaces, blocks and times of pcapng files. */
#include "sniffer/file_fixture.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RAW_IP = 101, SLL = 113, WIFI = 105 };
enum { TSRESOL = 9, TSOFFSET = 14 };

static void section(struct maker *m)
{
    make_u32(m, 0x0a0d0d0a);
    make_u32(m, 28);         /* total length */
    make_u32(m, 0x1a2b3c4d); /* byte order */
    make_u16(m, 1);          /* version */
    make_u16(m, 0);
    make_u32(m, UINT32_MAX); /* section length: unknown */
    make_u32(m, UINT32_MAX);
    make_u32(m, 28);
}

static void interface(struct maker *m, uint16_t linktype, uint32_t snaplen)
{
    make_u32(m, 1);
    make_u32(m, 20);
    make_u16(m, linktype);
    make_u16(m, 0);
    make_u32(m, snaplen);
    make_u32(m, 20);
}

/* With a time resolution and an offset, a name in front of them, and an end. */
static void timed_interface(struct maker *m, uint8_t tsresol, int64_t offset)
{
    uint64_t value = (uint64_t)offset;

    make_u32(m, 1);
    make_u32(m, 20 + 8 + 8 + 12 + 4);
    make_u16(m, RAW_IP);
    make_u16(m, 0);
    make_u32(m, 0);
    make_u16(m, 2); /* if_name */
    make_u16(m, 4);
    pd_buf_lit(&m->buf, "eth0");
    make_u16(m, TSRESOL);
    make_u16(m, 1);
    pd_buf_char(&m->buf, (char)tsresol);
    make_zeros(m, 3);
    make_u16(m, TSOFFSET);
    make_u16(m, 8);
    make_u32(m, (uint32_t)(m->big ? value >> 32 : value));
    make_u32(m, (uint32_t)(m->big ? value : value >> 32));
    make_u32(m, 0); /* opt_endofopt */
    make_u32(m, 20 + 8 + 8 + 12 + 4);
}

/* n: bytes behind the packet's head. `options` bytes of them follow the packet. */
static void enhanced(struct maker *m, uint32_t iface, uint64_t time, uint32_t number, uint32_t n,
                     uint32_t options)
{
    uint32_t captured = PACKET_HEAD + n, padded = (captured + 3) & ~3u, total = 32 + padded + options;

    make_u32(m, 6);
    make_u32(m, total);
    make_u32(m, iface);
    make_u32(m, (uint32_t)(time >> 32));
    make_u32(m, (uint32_t)time);
    make_u32(m, captured);
    make_u32(m, captured + 10);
    make_packet(m, number, 53, n);
    make_zeros(m, padded - captured + options);
    make_u32(m, total);
}

static void obsolete(struct maker *m, uint16_t iface, uint64_t time, uint32_t number)
{
    make_u32(m, 2);
    make_u32(m, 32 + PACKET_HEAD);
    make_u16(m, iface);
    make_u16(m, 7); /* drops */
    make_u32(m, (uint32_t)(time >> 32));
    make_u32(m, (uint32_t)time);
    make_u32(m, PACKET_HEAD);
    make_u32(m, PACKET_HEAD);
    make_packet(m, number, 53, 0);
    make_u32(m, 32 + PACKET_HEAD);
}

static void simple(struct maker *m, uint32_t number, uint32_t wire)
{
    make_u32(m, 3);
    make_u32(m, 16 + PACKET_HEAD);
    make_u32(m, wire);
    make_packet(m, number, 53, 0);
    make_u32(m, 16 + PACKET_HEAD);
}

static void unknown_block(struct maker *m, uint32_t size)
{
    make_u32(m, 0x80000bad);
    make_u32(m, 12 + size);
    make_zeros(m, size);
    make_u32(m, 12 + size);
}

static struct result *read_all(struct maker *m)
{
    struct result *r = read_bytes(m->buf.p, m->buf.len, NULL);

    pd_buf_free(&m->buf);
    return r;
}

static void every_block(void **state)
{
    struct maker m;

    (void)state;
    for (int big = 0; big < 2; big++) {
        make_begin(&m, big);
        section(&m);
        unknown_block(&m, 8);
        interface(&m, SLL, 0);
        interface(&m, RAW_IP, 0);
        enhanced(&m, 1, 5000001, 1, 3, 12);
        unknown_block(&m, 1 << 20); /* larger than any batch */
        obsolete(&m, 1, 6000001, 2);
        simple(&m, 3, PACKET_HEAD); /* of interface 0, which is another link type: malformed */
        enhanced(&m, 1, 7000001, 4, 0, 300000);
        enhanced(&m, 1, 8000001, 5, 0, 0);
        struct result *r = read_all(&m);
        assert_int_equal(r->status, 0);
        assert_string_equal(r->err, "");
        assert_int_equal(r->count, 5);
        for (uint32_t i = 0; i < 5; i++) {
            assert_int_equal(r->seen[i].ordinal, i + 1);
            assert_int_equal(r->seen[i].iface, i != 2);
            assert_int_equal(r->seen[i].transport, i == 2 ? 0 : PD_UDP);
            assert_int_equal(r->seen[i].number, i == 2 ? 0 : i + 1);
        }
        assert_int_equal(r->seen[0].ts, 5000001000);
        assert_int_equal(r->seen[0].len, 7);
        assert_int_equal(r->seen[0].wire_len, 17);
        assert_int_equal(r->seen[1].ts, 6000001000);
        assert_int_equal(r->seen[2].ts, 6000001000); /* it has none of its own */
        free(r);
    }
}

static void simple_packets(void **state)
{
    struct maker m;

    (void)state;
    make_begin(&m, true);
    section(&m);
    interface(&m, RAW_IP, PACKET_HEAD - 2);
    simple(&m, 1, PACKET_HEAD);
    simple(&m, 2, 1000);
    struct result *r = read_all(&m);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->seen[0].len, 2); /* the interface's snap length */
    assert_int_equal(r->seen[0].wire_len, 4);
    assert_int_equal(r->seen[1].len, 2);
    assert_int_equal(r->seen[1].wire_len, 972);
    free(r);
}

static void time_is(uint8_t tsresol, int64_t offset, uint64_t t, uint64_t ns)
{
    struct maker m;

    for (int big = 0; big < 2; big++) {
        make_begin(&m, big);
        section(&m);
        timed_interface(&m, tsresol, offset);
        enhanced(&m, 0, t, 1, 0, 0);
        struct result *r = read_all(&m);
        assert_int_equal(r->count, 1);
        assert_int_equal(r->seen[0].ts, ns);
        free(r);
    }
}

static void times(void **state)
{
    (void)state;
    time_is(6, 0, 1700000000123456, 1700000000123456000);
    time_is(9, 0, 1700000000123456789, 1700000000123456789);
    time_is(3, 0, 1700000000123, 1700000000123000000);
    time_is(0, 0, 1700000000, 1700000000000000000);
    time_is(12, 0, 5123456789012, 5123456789);
    time_is(18, 0, 5123456789012345678, 5123456789);
    time_is(19, 0, UINT64_MAX, 0); /* finer than any clock: nothing is left but the offset */
    time_is(0x8a, 0, 1024 * 7 + 512, 7500000000);
    time_is(0xa0, 0, (UINT64_C(9) << 32) + (UINT64_C(1) << 30), 9250000000);
    time_is(0xbf, 0, UINT64_C(3) << 62, 1500000000);
    time_is(0xff, 0, 77, 0);
    time_is(6, 3600, 1000000, 3601000000000);
    time_is(6, -2, 5000000, 3000000000);
}

static void sections_of_both_orders(void **state)
{
    struct maker m;

    (void)state;
    make_begin(&m, false);
    section(&m);
    interface(&m, WIFI, 0);
    interface(&m, RAW_IP, 0);
    enhanced(&m, 1, 1000000, 1, 0, 0);
    m.big = true;
    section(&m);
    interface(&m, RAW_IP, 0); /* numbers start again */
    enhanced(&m, 0, 2000000, 2, 0, 0);
    struct result *r = read_all(&m);
    assert_int_equal(r->count, 2);
    assert_string_equal(r->err, "");
    assert_int_equal(r->seen[1].number, 2);
    assert_int_equal(r->seen[1].iface, 0);
    assert_int_equal(r->seen[1].ts, 2000000000);
    free(r);
}

static void unknown_link_types(void **state)
{
    struct maker m;

    (void)state;
    make_begin(&m, false);
    section(&m);
    interface(&m, WIFI, 0);
    interface(&m, RAW_IP, 0);
    enhanced(&m, 0, 1, 1, 0, 0);
    enhanced(&m, 9, 1, 2, 0, 0); /* no such interface */
    enhanced(&m, 1, 1, 3, 0, 0);
    struct result *r = read_all(&m);
    assert_int_equal(r->count, 3);
    assert_int_equal(r->stats.n[PD_S_LINKTYPE], 2);
    assert_int_equal(r->stats.n[PD_S_PACKETS], 3);
    assert_int_equal(r->seen[2].number, 3);
    free(r);
    make_begin(&m, false);
    section(&m);
    interface(&m, WIFI, 0);
    enhanced(&m, 0, 1, 1, 0, 0);
    r = read_all(&m);
    assert_int_equal(r->status, -EINVAL);
    assert_int_equal(r->count, 0);
    assert_non_null(strstr(r->err, "link type IEEE802_11 (105) is not known"));
    free(r);
    make_begin(&m, false);
    section(&m);
    enhanced(&m, 0, 1, 1, 0, 0);
    r = read_all(&m);
    assert_int_equal(r->status, -EINVAL);
    assert_non_null(strstr(r->err, "without an interface"));
    free(r);
}

static void filters(void **state)
{
    const struct read_options port = {.filter = "udp port 53"}, vlan = {.filter = "vlan"},
                              junk = {.filter = "prot 5"};
    struct maker m;

    (void)state;
    make_begin(&m, false);
    section(&m);
    interface(&m, RAW_IP, 0);
    interface(&m, SLL, 0);
    enhanced(&m, 0, 1, 1, 0, 0);
    enhanced(&m, 1, 1, 2, 0, 0); /* no cooked frame */
    struct result *r = read_bytes(m.buf.p, m.buf.len, &port);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->seen[0].transport, PD_UDP);
    assert_int_equal(r->stats.n[PD_S_FILTERED], 1);
    free(r);
    r = read_bytes(m.buf.p, m.buf.len, &vlan); /* raw IP has no tags: seen when the interface appears */
    assert_int_equal(r->status, -EINVAL);
    assert_int_equal(r->count, 0);
    assert_non_null(strstr(r->err, "filter 'vlan': "));
    assert_non_null(strstr(r->err, "(link type RAW ("));
    free(r);
    r = read_bytes(m.buf.p, m.buf.len, &junk);
    assert_int_equal(r->status, -EINVAL);
    assert_non_null(strstr(r->err, "filter 'prot 5'"));
    free(r);
    pd_buf_free(&m.buf);
}

static void cut_at_every_length(void **state)
{
    struct maker m;

    (void)state;
    make_begin(&m, true);
    section(&m);
    timed_interface(&m, 6, 0);
    size_t start = m.buf.len;
    enhanced(&m, 0, 1, 1, 0, 8);
    size_t first = m.buf.len;
    enhanced(&m, 0, 1, 2, 0, 0);
    for (size_t n = 0; n <= m.buf.len; n++) {
        struct result *r = read_bytes(m.buf.p, n, NULL);
        bool whole = n == 28 || n == start || n == first || n == m.buf.len;
        assert_int_equal(r->err[0] == '\0', whole);
        assert_int_equal(r->status, n < 12 ? -ENOENT : 0);
        assert_true(r->count <= 2);
        assert_true(n < m.buf.len || r->count == 2);
        assert_true(n < first || r->count >= 1);
        free(r);
    }
    pd_buf_free(&m.buf);
}

/* A byte of a length changed: the rest is refused, what came before stays. */
static void damaged(void **state)
{
    static const uint32_t lengths[] = {0, 8, 11, 13, 36, 0x7ffffffc, UINT32_MAX};
    struct maker m;

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_begin(&m, false);
        section(&m);
        interface(&m, RAW_IP, 0);
        enhanced(&m, 0, 1, 1, 0, 0);
        size_t at = m.buf.len;
        enhanced(&m, 0, 1, 2, 0, 0);
        for (int k = 0; k < 4; k++)
            m.buf.p[at + 4 + (size_t)k] = (char)(lengths[i] >> k * 8);
        struct result *r = read_all(&m);
        assert_int_equal(r->status, 0);
        assert_int_equal(r->count, 1);
        assert_non_null(strstr(r->err, "damaged after packet 1"));
        free(r);
    }
}

static void pipes(void **state)
{
    static const size_t pieces[] = {1, 50, 4096};
    struct maker m;

    (void)state;
    make_begin(&m, true);
    section(&m);
    interface(&m, RAW_IP, 0);
    for (uint32_t i = 0; i < 600; i++)
        enhanced(&m, 0, i, i, i % 50, i % 7 * 4);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct result *r = read_pipe(m.buf.p, m.buf.len, pieces[i]);
        assert_int_equal(r->count, 600);
        assert_string_equal(r->err, "");
        for (uint32_t k = 0; k < 600; k++)
            assert_int_equal(r->seen[k].number, k);
        free(r);
    }
    pd_buf_free(&m.buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block),
        cmocka_unit_test(simple_packets),
        cmocka_unit_test(times),
        cmocka_unit_test(sections_of_both_orders),
        cmocka_unit_test(unknown_link_types),
        cmocka_unit_test(filters),
        cmocka_unit_test(cut_at_every_length),
        cmocka_unit_test(damaged),
        cmocka_unit_test(pipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
