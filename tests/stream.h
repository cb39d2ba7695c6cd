/* stream.h: which packets of a capture make up TCP streams that may be cut anew: those with their SYN,
 * nothing lost, nothing sent again. */
#ifndef PD_TESTS_STREAM_H
#define PD_TESTS_STREAM_H
#include "tests/capture.h"

#define STREAM_NONE UINT32_MAX

struct streams {
    uint32_t *of;   /* of each packet: its stream, or STREAM_NONE when it must stay as it is */
    uint8_t *dir;   /* of each packet: 0 from who sent the SYN */
    uint32_t count; /* streams that may be cut */
};

void streams_find(struct streams *, const struct capture *);
void streams_free(struct streams *);
#endif
