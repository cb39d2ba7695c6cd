/* community.h: Community ID v1, the name that other tools give to the same connection. */
#ifndef PD_EXPORTER_COMMUNITY_H
#define PD_EXPORTER_COMMUNITY_H
#include "base/addr.h"

enum { PD_COMMUNITY_TEXT = 31 };

/* Prints "1:" and the base64 of a SHA-1 over the ends, with seed 0, and a final NUL. The same for both
 * directions. */
void pd_community_id(char out[PD_COMMUNITY_TEXT], const struct pd_end *a, const struct pd_end *b,
                     uint8_t transport);
#endif
