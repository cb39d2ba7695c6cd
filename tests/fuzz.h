/* fuzz.h: the one fuzz harness for all protocols. */
#ifndef PD_TESTS_FUZZ_H
#define PD_TESTS_FUZZ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The protocol whose port the scripts' server listens on; false when there is none of that name. Once, first.
 */
bool fuzz_proto(const char *name);

/* Runs a script; aborts when what it found must not be. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* How often whole and cut were compared so far: both were understood to the last byte. */
size_t fuzz_compared(void);
#endif
