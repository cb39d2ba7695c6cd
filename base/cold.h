/* cold.h: for functions that run seldom: errors, losses, the beginning and end of connections, exhausted
 * limits. The compiler makes them small, puts them away from the packet path, and takes branches that lead
 * to them for unlikely ones: so what is usual lies together. In front of a declaration it reaches every
 * caller. Never inlined, or they would be back in the way. */
#ifndef PD_BASE_COLD_H
#define PD_BASE_COLD_H

#define PD_COLD __attribute__((cold, noinline))

#endif
