/* frame_fixture.c: decoding with checks that hold for every frame. */
#include "sniffer/frame_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_ends(const struct pd_packet *out, bool v6)
{
    static const uint8_t v4_src[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7};
    static const uint8_t v4_dst[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9};
    static const uint8_t v6_src[16] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    static const uint8_t v6_dst[16] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};

    assert_memory_equal(out->src.addr.b, v6 ? v6_src : v4_src, 16);
    assert_memory_equal(out->dst.addr.b, v6 ? v6_dst : v4_dst, 16);
    assert_int_equal(out->src.port, 4096);
    assert_int_equal(out->dst.port, 80);
}

bool frame_decode(int linktype, const uint8_t *p, size_t cap, size_t wire, struct pd_packet *out,
                  struct pd_sniff_stats *stats)
{
    uint8_t *copy = malloc(cap ? cap : 1);

    assert_non_null(copy);
    memcpy(copy, p, cap);
    memset(out, 0x5a, sizeof *out);
    memset(stats, 0, sizeof *stats);
    bool good = pd_decode(linktype, cap ? copy : copy + 1, (uint32_t)cap, (uint32_t)wire, out, stats);
    if (out->payload.len) /* it dies with the copy */
        out->payload.p = p + (out->payload.p - copy);
    free(copy);
    return good;
}

uint64_t frame_reasons(const struct pd_sniff_stats *stats)
{
    uint64_t n = 0;

    for (int i = 0; i < PD_S_COUNT; i++)
        n += stats->n[i];
    return n;
}

/* Cut by a snap length, a frame gives the same packet with less payload or none at all. Cut on the wire,
 * where nothing was longer, it is never a packet of more bytes than are there without saying so. */
static void assert_cuts(int linktype, const uint8_t *p, size_t len, const struct pd_packet *whole)
{
    for (size_t cap = 0; cap < len; cap++) {
        struct pd_packet out;
        struct pd_sniff_stats stats;
        if (frame_decode(linktype, p, cap, len, &out, &stats)) {
            assert_int_equal(frame_reasons(&stats), 0);
            assert_true(out.payload.len <= out.wire_len);
            if (out.link.tunnel == whole->link.tunnel) {
                assert_int_equal(out.wire_len, whole->wire_len);
                assert_int_equal(out.hash, whole->hash);
            }
        } else {
            assert_int_equal(out.transport, 0);
            assert_int_equal(frame_reasons(&stats), 0); /* the cut is the caller's to count */
        }
        if (frame_decode(linktype, p, cap, cap, &out, &stats))
            assert_true(out.payload.len <= out.wire_len);
        else
            assert_int_equal(frame_reasons(&stats), 1);
    }
}

struct pd_packet frame_good(int linktype, const uint8_t *p, size_t len, uint8_t transport)
{
    struct pd_packet out;
    struct pd_sniff_stats stats;

    assert_true(frame_decode(linktype, p, len, len, &out, &stats));
    assert_int_equal(frame_reasons(&stats), 0);
    assert_int_equal(out.transport, transport);
    assert_cuts(linktype, p, len, &out);
    return out;
}

struct pd_packet frame_good_tcp(int linktype, const uint8_t *p, size_t len, bool v6)
{
    struct pd_packet out = frame_good(linktype, p, len, PD_TCP);

    assert_ends(&out, v6);
    assert_int_equal(out.seq, 0x01020304);
    assert_int_equal(out.ack, 0x05060708);
    assert_int_equal(out.tcp_flags, PD_PSH | PD_ACK);
    assert_int_equal(out.wire_len, 3);
    assert_int_equal(out.payload.len, 3);
    assert_memory_equal(out.payload.p, "GET", 3);
    return out;
}

void frame_bad(int linktype, const uint8_t *p, size_t len, enum pd_sniff_counter why)
{
    struct pd_packet out;
    struct pd_sniff_stats stats;

    assert_false(frame_decode(linktype, p, len, len, &out, &stats));
    assert_int_equal(out.transport, 0);
    assert_int_equal(out.payload.len, 0);
    assert_int_equal(out.wire_len, 0);
    assert_int_equal(frame_reasons(&stats), 1);
    assert_int_equal(stats.n[why], 1);
}
