/* capture.h: a capture file in memory, for tests that replay it many times: cut, thinned, from the middle. */
#ifndef PD_TESTS_CAPTURE_H
#define PD_TESTS_CAPTURE_H
#include "sniffer/packet.h"

struct capture {
    char path[512];           /* of the file */
    char stem[512];           /* without .pcap and what follows */
    struct pd_packet *packet; /* payloads are memory of their exact size, owned */
    size_t count, cap;
    uint64_t *key; /* of each packet: equal for the same packet sent again */
    size_t *first; /* of each packet: the first that is the same packet or carries some of its bytes */
};

/* Reads the whole file; time that runs backwards stands still, as in a worker. False, with one line on
 * stderr, when that fails. */
bool capture_load(struct capture *, const char *path);
void capture_free(struct capture *);

/* NAME.md may hold lines "not: TEST REASON": true, and one line on stdout, when it does for this test. */
bool capture_excluded(const struct capture *, const char *test);

/* The paths of the captures in a folder, sorted; *count of them. The caller frees each and the list. */
char **capture_list(const char *folder, size_t *count);
#endif
