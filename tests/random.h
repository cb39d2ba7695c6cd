/* random.h: pseudo-random numbers that are the same everywhere. */
#ifndef PD_TESTS_RANDOM_H
#define PD_TESTS_RANDOM_H
#include <stdint.h>

/* The next number of the sequence that *state stands in. */
uint64_t random_next(uint64_t *state);
#endif
