/* script.h: the little language of fuzz inputs. Any bytes are a script: what two connections and some
 * datagrams say, in which segments, what is lost, when. One byte an act: direction, connection, kind, how far
 * the acknowledgement lags; then its operand. Captures are turned into scripts to start from. */
#ifndef PD_TESTS_SCRIPT_H
#define PD_TESTS_SCRIPT_H
#include "tests/capture.h"

enum script_kind {
    SCRIPT_DATA,      /* one byte n: n + 1 bytes follow */
    SCRIPT_DATA_LONG, /* two bytes n: n bytes follow */
    SCRIPT_GAP,       /* two bytes n: n + 1 bytes were not captured */
    SCRIPT_WAIT,      /* one byte: 2^(n % 37) ns pass */
    SCRIPT_FLAGS,     /* one byte: enum script_flag */
    SCRIPT_DATAGRAM,  /* two bytes n: n bytes follow */
    SCRIPT_SHORT,     /* two bytes n, m: n bytes follow, n + m were sent */
    SCRIPT_AGAIN      /* one byte n: n + 1 bytes follow, which begin n + 1 before the next */
};
enum script_flag { SCRIPT_SYN, SCRIPT_FIN, SCRIPT_RST, SCRIPT_ACK, SCRIPT_FLAG_COUNT };
enum { SCRIPT_CONNS = 2, SCRIPT_BYTES = 16384 };

struct script_act {
    struct pd_slice bytes;
    uint64_t n; /* bytes lost, ns, a flag, bytes sent */
    uint8_t kind, dir, conn, lag;
};

/* Cuts the next act off; false at the end. */
bool script_next(struct pd_slice *script, struct script_act *);

/* A script of at most SCRIPT_BYTES of what packets from `begin` on say; returns its length. */
size_t script_from(const struct capture *, size_t begin, uint8_t out[SCRIPT_BYTES]);
#endif
