/* data_test.c: names and record data, each a byte array with its text. Each array lies in memory of exactly
 * its size, so that AddressSanitizer sees every read beyond it, and is also read cut short at every length.
 */
#include "protocol/dns/dns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A header, then the name example.com at offset 12, com at 20. */
#define BEFORE                                                                                               \
    "\0\0\0\0\0\0\0\0\0\0\0\0\x07"                                                                           \
    "example\x03"                                                                                            \
    "com\0"
enum { BEFORE_LEN = sizeof BEFORE - 1 };

#define BYTES(literal) ("" literal), (sizeof(literal) - 1)

static uint8_t *message(const void *rest, size_t len)
{
    uint8_t *p = malloc(BEFORE_LEN + len);

    assert_non_null(p);
    memcpy(p, BEFORE, BEFORE_LEN);
    memcpy(p + BEFORE_LEN, rest, len);
    return p;
}

/* --- names --- */

static const char *name_text(const void *bytes, size_t len, char out[PD_DNS_NAME_TEXT + 1], uint32_t *used)
{
    uint8_t *p = message(bytes, len);
    struct pd_dns_cursor c = {.p = p, .len = (uint32_t)(BEFORE_LEN + len), .at = BEFORE_LEN}, skip = c;
    struct pd_dns_text t = {.s = out, .cap = PD_DNS_NAME_TEXT};
    struct pd_dns_name name;
    const char *text = c.bad;

    if (pd_dns_read_name(&c, &name)) {
        assert_true(pd_dns_skip_name(&skip));
        assert_int_equal(skip.at, c.at);
        pd_dns_print_name(&t, &name);
        out[t.len] = '\0';
        text = out;
    } else {
        text = c.cut ? "cut" : c.bad;
    }
    *used = c.at - BEFORE_LEN;
    free(p);
    return text;
}

static void check_name(const char *text, const void *bytes, size_t len)
{
    char out[PD_DNS_NAME_TEXT + 1];
    uint32_t used;

    assert_string_equal(name_text(bytes, len, out, &used), text);
    assert_int_equal(used, len);
    for (size_t n = 0; n < len; n++)
        assert_string_equal(name_text(bytes, n, out, &used), "cut");
}

static void check_bad_name(const char *why, const void *bytes, size_t len)
{
    char out[PD_DNS_NAME_TEXT + 1];
    uint32_t used;

    assert_string_equal(name_text(bytes, len, out, &used), why);
}

static void test_names(void **state)
{
    (void)state;
    check_name(".", BYTES("\0"));
    check_name("a.b", BYTES("\1a\1b\0"));
    check_name("WwW.Example", BYTES("\3WwW\7"
                                    "Example\0"));
    check_name("example.com", BYTES("\xc0\x0c"));
    check_name("www.example.com", BYTES("\3www\xc0\x0c"));
    check_name("a.com", BYTES("\1a\xc0\x14"));
    check_name("a\\.b.c\\\\d", BYTES("\3a.b\3c\\d\0"));
    check_name("\\000\\255 \\127", BYTES("\4\0\xff \x7f\0"));
}

static void test_bad_names(void **state)
{
    const char *back = "pointer that does not go back to a name";

    (void)state;
    check_bad_name(back, BYTES("\xc0\x19"));    /* to itself, offset 25 */
    check_bad_name(back, BYTES("\1a\xc0\x19")); /* to its own first label */
    check_bad_name(back, BYTES("\xc0\x1b\0"));  /* forward */
    check_bad_name(back, BYTES("\xc0\x00"));    /* into the header */
    check_bad_name("label of an unknown kind", BYTES("\x41"
                                                     "a\0"));
    check_bad_name("label of an unknown kind", BYTES("\x80"
                                                     "a\0"));
}

/* Pointers to pointers, each one step back: as many as allowed, and one more. */
static void test_pointer_chain(void **state)
{
    uint8_t chain[2 * (PD_DNS_JUMPS + 2)];
    char out[PD_DNS_NAME_TEXT + 1];

    (void)state;
    for (unsigned jumps = PD_DNS_JUMPS; jumps <= PD_DNS_JUMPS + 1; jumps++) {
        for (unsigned i = 0; i < jumps; i++) {
            unsigned target = i ? BEFORE_LEN + 2 * (i - 1) : PD_DNS_HEADER;
            chain[2 * i] = (uint8_t)(0xc0 | target >> 8);
            chain[2 * i + 1] = (uint8_t)target;
        }
        uint8_t *p = message(chain, 2 * jumps);
        struct pd_dns_cursor c = {.p = p, .len = BEFORE_LEN + 2 * jumps, .at = BEFORE_LEN + 2 * (jumps - 1)};
        struct pd_dns_text t = {.s = out, .cap = PD_DNS_NAME_TEXT};
        struct pd_dns_name name;
        if (jumps == PD_DNS_JUMPS) {
            assert_true(pd_dns_read_name(&c, &name));
            pd_dns_print_name(&t, &name);
            assert_memory_equal(out, "example.com", t.len);
        } else {
            assert_false(pd_dns_read_name(&c, &name));
            assert_string_equal(c.bad, "name with too many pointers");
        }
        free(p);
    }
}

/* 255 bytes is the longest name there is, and its text the longest text. */
static void test_longest_name(void **state)
{
    uint8_t name[257];
    char out[PD_DNS_NAME_TEXT + 1];
    uint32_t used;

    (void)state;
    memset(name, 1, sizeof name);
    for (unsigned at = 0; at < 256; at += 64)
        name[at] = 63;
    name[192] = 61; /* 3 * 64 + 62 + 1 = 255 */
    name[254] = 0;
    assert_int_equal(strlen(name_text(name, 255, out, &used)), 4 * (3 * 63 + 61) + 3);
    name[192] = 62;
    name[255] = 0;
    check_bad_name("name longer than 255 bytes", name, 256);
}

/* One label of a byte, one of n letters with any byte at any place, and one more, with room for all or not.
 */
static void check_byte(unsigned n, unsigned place, uint8_t byte)
{
    uint8_t bytes[PD_DNS_NAME_WIRE];
    struct pd_dns_name name;
    char whole[PD_DNS_NAME_TEXT], out[PD_DNS_NAME_TEXT];
    const char *label = (const char *)bytes + 3;
    int len;

    memset(bytes, 'x', n + 5);
    bytes[0] = bytes[n + 3] = 1;
    bytes[2] = (uint8_t)n;
    bytes[3 + place] = byte;
    bytes[n + 5] = 0;
    uint8_t *p = message(bytes, n + 6);
    struct pd_dns_cursor c = {.p = p, .len = BEFORE_LEN + n + 6, .at = BEFORE_LEN};
    assert_true(pd_dns_read_name(&c, &name));
    if (byte < ' ' || byte > '~')
        len = snprintf(whole, sizeof whole, "x.%.*s\\%03u%.*s.x", (int)place, label, byte,
                       (int)(n - place - 1), label + place + 1);
    else
        len =
            snprintf(whole, sizeof whole, "x.%.*s%s%c%.*s.x", (int)place, label,
                     byte == '.' || byte == '\\' ? "\\" : "", byte, (int)(n - place - 1), label + place + 1);
    assert_int_equal(name.plain, (size_t)len == n + 4u);
    for (uint32_t cap = (uint32_t)len + 1; cap + 2 > (uint32_t)len; cap--) {
        struct pd_dns_text t = {.s = out, .cap = cap};
        pd_dns_print_name(&t, &name);
        assert_int_equal(t.full, len);
        assert_int_equal(t.len, cap < (uint32_t)len ? cap : (uint32_t)len);
        assert_memory_equal(out, whole, t.len);
    }
    free(p);
}

static void test_any_byte_in_a_label(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 20; n++)
        for (unsigned place = 0; place < n; place++)
            for (unsigned byte = 0; byte <= UINT8_MAX; byte++)
                check_byte(n, place, (uint8_t)byte);
}

/* A header is sane when the tables know its numbers, and Z is not set. */
static void test_sane_headers(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= UINT16_MAX; flags++) {
        struct pd_dns_header h = {.flags = (uint16_t)flags};
        bool named = pd_dns_opcode_name(pd_dns_opcode(h.flags)) && pd_dns_rcode_name(flags & 0xf);
        assert_int_equal(pd_dns_sane(&h), named && !(flags & PD_DNS_Z));
    }
}

/* --- record data --- */

static const char *data_text(uint16_t type, uint16_t class, const void *bytes, size_t len, char out[512])
{
    uint8_t *p = message(bytes, len);
    struct pd_dns_cursor c = {.p = p, .len = (uint32_t)(BEFORE_LEN + len)};
    struct pd_dns_record r = {.type = type, .class = class, .data_at = BEFORE_LEN, .data_len = (uint16_t)len};
    struct pd_dns_text t = {.s = out, .cap = 511};

    pd_dns_print_data(&t, &c, &r);
    out[t.len] = '\0';
    free(p);
    return out;
}

static void check(uint16_t type, const char *text, const void *bytes, size_t len)
{
    char out[512], cut[512];

    assert_string_equal(data_text(type, PD_DNS_IN, bytes, len, out), text);
    for (size_t n = 0; n < len; n++)
        assert_string_not_equal(data_text(type, PD_DNS_IN, bytes, n, cut), text);
}

static void test_addresses(void **state)
{
    char out[512];

    (void)state;
    check(1, "192.0.2.255", BYTES("\xc0\x00\x02\xff"));
    check(28, "2001:db8::1", BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"));
    check(28, "::ffff:1.2.3.4", BYTES("\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4"));
    check(28, "::", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    check(1, "\\# 5 0102030405", BYTES("\1\2\3\4\5"));
    assert_string_equal(data_text(1, PD_DNS_CH, BYTES("\0\0\0\1"), out), "\\# 4 00000001");
    check(108, "00-00-5e-00-53-2a", BYTES("\x00\x00\x5e\x00\x53\x2a"));
}

static void test_names_in_data(void **state)
{
    (void)state;
    check(2, "ns.example.com", BYTES("\2ns\xc0\x0c"));
    check(5, "example.com", BYTES("\xc0\x0c"));
    check(12, "www.example.com", BYTES("\3www\xc0\x0c"));
    check(39, "x", BYTES("\1x\0"));
    check(15, "10 mail.example.com", BYTES("\0\x0a\4mail\xc0\x0c"));
    check(15, "0 .", BYTES("\0\0\0"));
    check(6, "ns.example.com admin.example.com 2026112001 7200 3600 1209600 300",
          BYTES("\2ns\xc0\x0c\5"
                "admin\xc0\x0c"
                "\x78\xc4\x04\x01\x00\x00\x1c\x20\x00\x00\x0e\x10\x00\x12\x75\x00"
                "\x00\x00\x01\x2c"));
    check(33, "0 5 5060 sip.example.com", BYTES("\0\0\0\5\x13\xc4\3sip\xc0\x0c"));
    check(17, "a.example.com b.example.com", BYTES("\1a\xc0\x0c\1b\xc0\x0c"));
    /* A loop, and bytes behind the name: shown as they are. */
    check(5, "\\# 2 c019", BYTES("\xc0\x19"));
    check(5, "\\# 3 c00c00", BYTES("\xc0\x0c\0"));
}

static void test_strings(void **state)
{
    (void)state;
    check(16, "\"v=spf1 -all\"", BYTES("\x0bv=spf1 -all"));
    check(16, "\"a\" \"\" \"b\"", BYTES("\1a\0\1b"));
    check(16, "\"say \\\"hi\\\" \\\\ \\009\\195\\188\"", BYTES("\x0esay \"hi\" \\ \x09\xc3\xbc"));
    check(13, "\"INTEL\" \"LINUX\"", BYTES("\5INTEL\5LINUX"));
    check(35, "100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:a@example.com!\" .",
          BYTES("\0\x64\0\x0a\1U\7"
                "E2U+sip\x18!^.*$!sip:a@example.com!\0"));
    check(256, "10 1 \"ftp://example.com/\"", BYTES("\0\x0a\0\1ftp://example.com/"));
    check(257, "0 issue \"ca.example\"", BYTES("\0\5issueca.example"));
    check(257, "128 tbs \"Unknown\"", BYTES("\x80\3tbsUnknown"));
}

static void test_dnssec(void **state)
{
    (void)state;
    check(43, "60485 5 1 2bb183af", BYTES("\xec\x45\5\1\x2b\xb1\x83\xaf"));
    check(48, "257 3 13 AQID", BYTES("\1\1\3\x0d\1\2\3"));
    check(48, "256 3 5 AQIDBA==", BYTES("\1\0\3\5\1\2\3\4"));
    check(46, "A 13 2 3600 20260101000000 20251201123456 4711 example.com //8=",
          BYTES("\0\1\x0d\2\0\0\x0e\x10\x69\x55\xb9\x00\x69\x2d\x8b\x70\x12\x67\xc0\x0c\xff\xff"));
    check(47, "host.example.com A MX RRSIG NSEC TYPE1234",
          BYTES("\4host\xc0\x0c\0\6\x40\1\0\0\0\3\4\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\x20"));
    check(50, "1 1 12 aabbccdd 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG",
          BYTES("\1\1\0\x0c\4\xaa\xbb\xcc\xdd\x14\x17\x4e\xb2\x40\x9f\xe2\x8b\xcb\x48\x87\xa1\x83\x6f\x95\x7f"
                "\x0a\x84"
                "\x25\xe2\x7b\0\6\x40\0\0\0\0\2"));
    check(51, "1 0 5 -", BYTES("\1\0\0\5\0"));
    check(52, "3 1 1 d2ab", BYTES("\3\1\1\xd2\xab"));
    check(44, "4 2 c0ffee", BYTES("\4\2\xc0\xff\xee"));
    check(59, "1 8 2 00ff", BYTES("\0\1\x08\2\0\xff"));
    check(62, "66 3 A NS AAAA", BYTES("\0\0\0\x42\0\3\0\4\x60\0\0\x08"));
    check(63, "2018031900 1 1 62e6", BYTES("\x78\x48\xb9\x1c\1\1\x62\xe6"));
    /* Windows that do not rise, and an empty one. */
    check(47, "\\# 8 0000014000000140", BYTES("\0\0\1\x40\0\0\1\x40"));
    check(47, "\\# 3 000000", BYTES("\0\0\0"));
}

/* The first and last seconds of months, of a leap year and of 2100, which is none. */
static void test_times(void **state)
{
    static const struct {
        const char *text;
        uint32_t at;
    } times[] = {{"19700101000000", 0},           {"19991231235959", 946684799},
                 {"20000229000000", 951782400},   {"20000301000000", 951868800},
                 {"20240229235959", 1709251199},  {"21000228235959", 4107542399},
                 {"21000301000000", 4107542400u}, {"21060207062815", UINT32_MAX}};
    char out[512], text[128];

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint8_t data[20] = {0, 1, 13}; /* type A, algorithm 13, all else 0; the signer is the root */
        for (unsigned k = 0; k < 4; k++)
            data[8 + k] = (uint8_t)(times[i].at >> (24 - 8 * k));
        assert_true(snprintf(text, sizeof text, "A 13 0 0 %s 19700101000000 0 . AA==", times[i].text) > 0);
        assert_string_equal(data_text(46, PD_DNS_IN, data, sizeof data, out), text);
    }
}

static void test_services(void **state)
{
    (void)state;
    check(65, "0 cdn.example.com",
          BYTES("\0\0\3"
                "cdn\xc0\x0c"));
    check(65, "1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8::1",
          BYTES("\0\1\0"
                "\0\1\0\6\2h2\2h3"
                "\0\3\0\2\x20\xfb"
                "\0\4\0\x08\xc0\0\2\1\xc0\0\2\2"
                "\0\5\0\3\1\2\3"
                "\0\6\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"));
    check(64, "1 a mandatory=alpn,key667 alpn=\"f\\\\\\\\oo\\\\,bar,h2\" no-default-alpn key667=\"x y\"",
          BYTES("\0\1\1a\0"
                "\0\0\0\4\0\1\2\x9b"
                "\0\1\0\x0c\x08"
                "f\\oo,bar\2h2"
                "\0\2\0\0"
                "\2\x9b\0\3x y"));
    check(65, "1 . dohpath=\"/dns-query{?dns}\" ohttp", BYTES("\0\1\0\0\7\0\x10/dns-query{?dns}\0\x08\0\0"));
    /* Keys out of order; a port of one byte. */
    check(65,
          "\\# 13 0001000003000200500002"
          "0000",
          BYTES("\0\1\0\0\3\0\2\0\x50\0\2\0\0"));
    check(65, "\\# 8 0001000003000150", BYTES("\0\1\0\0\3\0\1\x50"));
}

static void test_unknown(void **state)
{
    (void)state;
    check(65400, "\\# 4 deadbeef", BYTES("\xde\xad\xbe\xef"));
    check(65400, "\\# 0", BYTES(""));
    check(29,
          "\\# 16 00010203040506070809"
          "0a0b0c0d0e0f",
          BYTES("\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"));
}

/* What does not fit is counted. */
static void test_bounded(void **state)
{
    uint8_t data[1000];
    char out[100];
    struct pd_dns_text t = {.s = out, .cap = sizeof out};
    struct pd_dns_cursor c = {.p = data, .len = sizeof data};
    struct pd_dns_record r = {.type = 65400, .class = PD_DNS_IN, .data_len = sizeof data};

    (void)state;
    memset(data, 0xab, sizeof data);
    pd_dns_print_data(&t, &c, &r);
    assert_int_equal(t.len, 100);
    assert_int_equal(t.full, strlen("\\# 1000 ") + 2000);
}

/* Every type, with any bytes at every length: nothing but a text comes of it. */
static void test_any_bytes(void **state)
{
    char out[512];
    uint8_t data[40];

    (void)state;
    for (unsigned type = 0; type < 300; type++)
        for (unsigned seed = 0; seed < 64; seed++) {
            uint32_t x = type * 64 + seed + 1;
            for (size_t i = 0; i < sizeof data; i++) {
                x = x * 1664525 + 1013904223;
                data[i] = seed % 2 ? (uint8_t)(x >> 24) : (uint8_t)(x >> 29);
            }
            data_text((uint16_t)type, PD_DNS_IN, data, seed % sizeof data, out);
            assert_true(out[0]);
        }
}

/* --- is it DNS? --- */

static enum pd_dns_likeness probe(const void *bytes, size_t len)
{
    uint8_t *p = malloc(len ? len : 1);

    assert_non_null(p);
    memcpy(p, bytes, len);
    enum pd_dns_likeness like = pd_dns_probe((struct pd_slice){p, (uint32_t)len});
    free(p);
    return like;
}

#define QUERY_AFTER_ID "\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"

static void test_probe(void **state)
{
    (void)state;
    assert_int_equal(probe(BYTES("\x12\x34" QUERY_AFTER_ID)), PD_DNS_EXACTLY);
    for (size_t n = 0; n < sizeof QUERY_AFTER_ID + 1; n++)
        assert_int_equal(probe("\x12\x34" QUERY_AFTER_ID, n), n < PD_DNS_HEADER ? PD_DNS_NOT : PD_DNS_LIKELY);
    assert_int_equal(probe(BYTES("\x12\x34" QUERY_AFTER_ID "x")), PD_DNS_LIKELY);
    assert_int_equal(probe(BYTES("\0\0\1\0\0\1\0\0\0\0\0\0\1a\0\xff\x01\0\1")),
                     PD_DNS_LIKELY); /* unknown type */
    assert_int_equal(probe(BYTES("\0\0\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\x09")),
                     PD_DNS_LIKELY); /* unknown class */
    assert_int_equal(probe(BYTES("\0\0\1\3\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")),
                     PD_DNS_LIKELY); /* a query with a code */
    assert_int_equal(probe(BYTES("\0\0\1\x40\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")), PD_DNS_NOT);   /* Z */
    assert_int_equal(probe(BYTES("\0\0\x19\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")), PD_DNS_NOT);   /* opcode 3 */
    assert_int_equal(probe(BYTES("\0\0\x81\x0d\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")), PD_DNS_NOT); /* code 13 */
    assert_int_equal(probe(BYTES("\0\0\1\0\0\1\0\0\0\0\0\0\x41"
                                 "a\0\0\1\0\1")),
                     PD_DNS_NOT); /* label kind */
    assert_int_equal(probe(BYTES("\0\0\1\0\0\1\xff\xff\0\0\0\0\1a\0\0\1\0\1")),
                     PD_DNS_NOT); /* 65,535 answers */
    assert_int_equal(probe(BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), PD_DNS_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_pointer_chain),
        cmocka_unit_test(test_longest_name),
        cmocka_unit_test(test_any_byte_in_a_label),
        cmocka_unit_test(test_sane_headers),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_names_in_data),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_dnssec),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
