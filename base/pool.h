/* pool.h: objects of one size, taken and given back in O(1), never more than the limit. The whole limit is
 * reserved as address space when the pool is made; a page costs memory when it is first used. */
#ifndef PD_BASE_POOL_H
#define PD_BASE_POOL_H
#include <stddef.h>
#include <stdint.h>

struct pd_pool {
    unsigned char *base;
    void *free;     /* list through the first word of free objects */
    size_t size;    /* of an object, a multiple of 16 */
    uint32_t limit; /* objects */
    uint32_t fresh; /* objects that were never handed out start here */
    uint32_t in_use;
    uint32_t most; /* the largest in_use so far */
};

/* Reserves room for limit objects of size bytes. 0, or -ENOMEM. Under AddressSanitizer each object is
 * malloc'ed apart, so that an overrun is seen. */
int pd_pool_init(struct pd_pool *pool, size_t size, uint32_t limit);

/* An object with undefined content, 16-byte aligned, or NULL when the limit is reached. */
void *pd_pool_get(struct pd_pool *pool);

/* Gives back what pd_pool_get() returned; NULL is ignored. */
void pd_pool_put(struct pd_pool *pool, void *object);

/* Frees the mapping; objects still out become invalid. */
void pd_pool_free(struct pd_pool *pool);
#endif
