/* dns_test.h: messages for the tests, one field a piece, and the lines they make. */
#ifndef PD_PROTOCOL_DNS_DNS_TEST_H
#define PD_PROTOCOL_DNS_DNS_TEST_H
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* clang-format off */
#define ID "\x12\x34"
#define QUERY "\x01\x00"             /* RD */
#define RESPONSE "\x81\x80"          /* QR RD RA */
#define COUNTS(qd, an, ns, ar) "\0" qd "\0" an "\0" ns "\0" ar
#define EXAMPLE "\7example\3com\0"
#define QUESTION EXAMPLE "\0\1" "\0\1" /* A IN, at offset 12 */
#define ANSWER \
    "\xc0\x0c"                       /* owner: the question's name */ \
    "\0\1" "\0\1"                    /* A IN */ \
    "\0\0\1\x2c"                     /* ttl 300 */ \
    "\0\4" "\xc0\0\2\1"              /* 192.0.2.1 */
#define OPT(size, code, flags) \
    "\0"                             /* owner: the root */ \
    "\0\x29" size                    /* OPT, size of a datagram */ \
    code "\0" flags                  /* high bits of the code, version, DO */ \
    "\0\0"

#define ASK ID QUERY COUNTS("\1", "\0", "\0", "\0") QUESTION
#define REPLY ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION ANSWER

#define ASKED "\"request\":{\"id\":4660,\"question\":\"example.com\",\"type\":\"A\",\"class\":\"IN\",\"opcode\":\"QUERY\""
#define LISTED "\"answers\":[{\"name\":\"example.com\",\"type\":\"A\",\"ttl\":300,\"data\":\"192.0.2.1\"}]"
#define SAID(code, answers, an, ns, ar, aa, tc, ad) \
    "\"response\":{\"code\":\"" code "\"," answers "\"answer_count\":" an ",\"authority_count\":" ns \
    ",\"additional_count\":" ar ",\"authoritative\":" aa ",\"truncated\":" tc ",\"authenticated\":" ad
#define LINE(status, more, request, response) "{\"proto\":\"dns\",\"status\":\"" status "\"," more request "}," response "}}"
#define SIMPLE(ask, reply) \
    LINE("ok", "", ASKED ",\"bytes\":" ask, \
         SAID("NOERROR", LISTED ",", "1", "0", "0", "false", "false", "false") ",\"bytes\":" reply)
/* clang-format on */

#define OTHER ID QUERY COUNTS("\1", "\0", "\0", "\0") "\1a\0\0\1\0\1"
#define OTHER_REPLY ID RESPONSE COUNTS("\1", "\0", "\0", "\0") "\1a\0\0\1\0\1"

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

/* The end of the input; these lines came, and no others. */
static inline void lines_are(struct drive *d, const char *const *lines)
{
    size_t n = 0;

    drive_finish(d);
    for (; lines[n]; n++) {
        assert_non_null(drive_line(d, n));
        assert_string_equal(drive_line(d, n), lines[n]);
    }
    assert_int_equal(drive_count(d), n);
}

/* One message with its length before it; returns the size of both. */
static inline size_t tcp(struct drive *d, enum pd_dir dir, const void *bytes, size_t len)
{
    uint8_t *p = malloc(2 + len);

    assert_non_null(p);
    p[0] = (uint8_t)(len >> 8);
    p[1] = (uint8_t)len;
    memcpy(p + 2, bytes, len);
    drive_send(d, dir, p, 2 + len);
    free(p);
    return 2 + len;
}
#endif
