/* inline.h: for small functions that every packet or message goes through, from more than one place: the
 * compiler would rather call them, or make one copy for all, small, because one caller is rare. */
#ifndef PD_BASE_INLINE_H
#define PD_BASE_INLINE_H

#define PD_INLINE __attribute__((always_inline)) static inline

#endif
