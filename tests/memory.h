/* memory.h: counts who asks for memory, to prove that nobody does on the packet path. */
#ifndef PD_TESTS_MEMORY_H
#define PD_TESTS_MEMORY_H
#include <stddef.h>

/* Calls of malloc, calloc, realloc, aligned_alloc and mmap in this program so far, the C library's own left
 * out. */
size_t memory_calls(void);
#endif
