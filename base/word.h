/* word.h: eight bytes of text at a time, as they lie in memory: nothing here depends on their order. */
#ifndef PD_BASE_WORD_H
#define PD_BASE_WORD_H
#include <stdint.h>

/* The same byte eight times. */
#define PD_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Letters in lower case. A byte is an upper-case letter when adding carries it past 'A' and not past 'Z'. */
static inline uint64_t pd_lower8(uint64_t v)
{
    uint64_t seven = v & PD_EACH_BYTE(0x7f);
    uint64_t from_a = seven + PD_EACH_BYTE(0x80 - 'A'), past_z = seven + PD_EACH_BYTE(0x80 - 'Z' - 1);

    return v | ((from_a & ~past_z & ~v & PD_EACH_BYTE(0x80)) >> 2);
}
#endif
