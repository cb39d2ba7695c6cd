/* pool.c: fresh objects come off the front of a reserved mapping, so that untouched ones cost nothing; used
 * ones come back through a list in their first word, last in, first out, so that they are warm. */
#include "base/pool.h"
#include "base/check.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define APART 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define APART 1
#endif
#endif

enum { ALIGN = 16 };

#ifdef APART

/* Before each object; pool->free points to the newest of those that are out. */
struct apart {
    _Alignas(ALIGN) struct apart *next;
    struct apart *prev;
};

static int reserve(struct pd_pool *pool)
{
    (void)pool;
    return 0;
}

static void *take(struct pd_pool *pool)
{
    struct apart *a = malloc(sizeof *a + pool->size);

    if (!a)
        return NULL;
    *a = (struct apart){.next = pool->free};
    if (a->next)
        a->next->prev = a;
    pool->free = a;
    return a + 1;
}

static void give(struct pd_pool *pool, void *object)
{
    struct apart *a = (struct apart *)object - 1;

    if (a->next)
        a->next->prev = a->prev;
    if (a->prev)
        a->prev->next = a->next;
    else
        pool->free = a->next;
    free(a);
}

static void release(struct pd_pool *pool)
{
    while (pool->free)
        give(pool, (struct apart *)pool->free + 1);
}

#else

static int reserve(struct pd_pool *pool)
{
    size_t bytes;

    if (pool->limit == 0)
        return 0;
    if (__builtin_mul_overflow(pool->size, (size_t)pool->limit, &bytes))
        return -ENOMEM;
    void *base =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return -ENOMEM;
    pool->base = base;
#ifdef MADV_NOHUGEPAGE
    /* One object must not cost 2 MiB. Where the kernel knows no huge pages there is nothing to refuse. */
    (void)madvise(base, bytes, MADV_NOHUGEPAGE);
#endif
    return 0;
}

static void *take(struct pd_pool *pool)
{
    void *object = pool->free;

    if (object)
        pool->free = *(void **)object;
    else
        object = pool->base + pool->size * pool->fresh++;
    return object;
}

static void give(struct pd_pool *pool, void *object)
{
    *(void **)object = pool->free;
    pool->free = object;
}

static void release(struct pd_pool *pool)
{
    if (pool->base)
        munmap(pool->base, pool->size * pool->limit);
}

#endif

int pd_pool_init(struct pd_pool *pool, size_t size, uint32_t limit)
{
    PD_ASSERT(size > 0 && size <= SIZE_MAX - ALIGN);
    *pool = (struct pd_pool){.size = (size + ALIGN - 1) / ALIGN * ALIGN, .limit = limit};
    return reserve(pool);
}

void *pd_pool_get(struct pd_pool *pool)
{
    if (pool->in_use >= pool->limit)
        return NULL;
    void *object = take(pool);
    if (object && ++pool->in_use > pool->most)
        pool->most = pool->in_use;
    return object;
}

void pd_pool_put(struct pd_pool *pool, void *object)
{
    if (!object)
        return;
    PD_ASSERT(pool->in_use > 0);
    pool->in_use--;
    give(pool, object);
}

void pd_pool_free(struct pd_pool *pool)
{
    release(pool);
    *pool = (struct pd_pool){0};
}
