/* hash.h: the one hash for tables, XXH3. Not for secrets; tables that hold what the wire says are bounded, so
 * a flood of collisions costs time up to that bound only. */
#ifndef PD_BASE_HASH_H
#define PD_BASE_HASH_H
#define XXH_INLINE_ALL
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

static inline uint64_t pd_hash(const void *p, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, len, seed);
}
#endif
