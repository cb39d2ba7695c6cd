/* check.h: a broken promise inside packetd. PD_ASSERT stays on in release builds: a wrong number printed is
 * worse than a process that stops and says where. Input from the wire never reaches an assert. */
#ifndef PD_BASE_CHECK_H
#define PD_BASE_CHECK_H
#include "base/cold.h"

/* Prints the place and the condition on stderr and aborts. */
PD_COLD _Noreturn void pd_assert_failed(const char *file, int line, const char *condition);

#define PD_ASSERT(condition)                                                                                 \
    (__builtin_expect(!(condition), 0) ? pd_assert_failed(__FILE__, __LINE__, #condition) : (void)0)
#endif
