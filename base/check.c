/* check.c: where a broken promise ends. */
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

void pd_assert_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "packetd: %s:%d: this does not hold: %s\n", file, line, condition);
    abort();
}
