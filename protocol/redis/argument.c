/* argument.c: what an argument says by itself: a key, a subcommand, a database, and whether the next ones are
 * secrets. */
#include "protocol/redis/request.h"

enum { SECRETS_MAX = 63 };

static void mark_secret(struct pd_redis *f, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        f->secret |= UINT64_C(1) << (i < SECRETS_MAX ? i : SECRETS_MAX);
}

static bool secret_name(struct pd_slice name)
{
    static const char *const words[] = {"pass", "auth", "secret"};

    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        uint32_t n = (uint32_t)strlen(words[w]);
        for (uint32_t i = 0; i + n <= name.len; i++)
            if (pd_slice_eq_lower((struct pd_slice){name.p + i, n},
                                  (struct pd_slice){(const uint8_t *)words[w], n}))
                return true;
    }
    return false;
}

/* Argument i says where passwords follow. */
static void note_secrets(struct pd_redis *f, enum pd_redis_secrets kind, unsigned i, struct pd_slice in)
{
    bool set =
        i == 1 && (pd_slice_eq_lower(in, PD_SLICE("set")) || pd_slice_eq_lower(in, PD_SLICE("config")));

    switch (kind) {
    case PD_REDIS_SECRETS_NONE:
        break;
    case PD_REDIS_SECRETS_AUTH:
        mark_secret(f, i, 1);
        break;
    case PD_REDIS_SECRETS_HELLO:
        if (pd_slice_eq_lower(in, PD_SLICE("auth")))
            mark_secret(f, i + 1, 2);
        break;
    case PD_REDIS_SECRETS_ACL:
        if (i == 1 && pd_slice_eq_lower(in, PD_SLICE("setuser")))
            mark_secret(f, 3, SECRETS_MAX - 2);
        break;
    case PD_REDIS_SECRETS_CONFIG:
        if (set)
            f->pairs = true;
        else if (f->pairs && secret_name(in))
            mark_secret(f, i + 1, 1);
        break;
    case PD_REDIS_SECRETS_MIGRATE:
        if (i > 5 && pd_slice_eq_lower(in, PD_SLICE("auth")))
            mark_secret(f, i + 1, 1);
        else if (i > 5 && pd_slice_eq_lower(in, PD_SLICE("auth2")))
            mark_secret(f, i + 1, 2);
        break;
    }
}

/* Is argument i the key, or does it say where the key stands? */
static void note_key(struct pd_rec *r, uint8_t place, unsigned i, struct pd_slice in)
{
    struct pd_redis *f = pd_fields(r);

    if (f->key_at)
        return;
    if (i == f->next_key && !(place == PD_REDIS_KEY_MIGRATE && !in.len)) {
        pd_text_set(r, &f->key, in, PD_REDIS_KEY_MAX);
        f->key_at = (uint16_t)i;
        return;
    }
    if (place == PD_REDIS_KEY_AFTER_COUNT && i == 2)
        f->next_key = in.len && in.p[0] != '0' ? 3 : 0;
    else if (place == PD_REDIS_KEY_STREAMS && pd_slice_eq_lower(in, PD_SLICE("streams")))
        f->next_key = (uint16_t)(i + 1);
    else if (place == PD_REDIS_KEY_MIGRATE && i == 2)
        f->next_key = 3;
    else if (place == PD_REDIS_KEY_MIGRATE && i > 5 && pd_slice_eq_lower(in, PD_SLICE("keys")))
        f->next_key = (uint16_t)(i + 1);
}

/* CONFIG GET and the like: the subcommand belongs to the command's name. */
static void add_subcommand(struct pd_rec *r, const struct pd_redis_command *known, struct pd_slice in)
{
    struct pd_redis *f = pd_fields(r);
    char upper[PD_REDIS_NAME_MAX], both[2 * PD_REDIS_NAME_MAX + 1];
    size_t n = strlen(known->name);

    if (!in.len || !pd_redis_upper(in, upper))
        return;
    for (uint32_t i = 0; i < in.len; i++)
        if (upper[i] != '-' && (upper[i] < 'A' || upper[i] > 'Z'))
            return;
    memcpy(both, known->name, n);
    both[n++] = ' ';
    memcpy(both + n, upper, in.len);
    pd_text_set(r, &f->command, (struct pd_slice){(const uint8_t *)both, (uint32_t)n + in.len},
                PD_REDIS_COMMAND_MAX);
}

/* The database's number, or -1. */
static int32_t database(struct pd_slice in)
{
    int32_t n = 0;

    for (uint32_t i = 0; i < in.len; i++) {
        if (in.p[i] < '0' || in.p[i] > '9' || i > 8)
            return -1;
        n = n * 10 + (in.p[i] - '0');
    }
    return in.len ? n : -1;
}

void pd_redis_note(struct pd_rec *r, const struct pd_redis_command *known, unsigned i, struct pd_slice in,
                   uint64_t full)
{
    struct pd_redis *f = pd_fields(r);

    if (i == 1 && known->container && in.len == full)
        add_subcommand(r, known, in);
    if (i == 1 && known->kind == PD_REDIS_SELECT && in.len == full)
        f->select = database(in);
    if (known->key)
        note_key(r, known->key, i, in);
    if (known->secrets)
        note_secrets(f, (enum pd_redis_secrets)known->secrets, i, in);
    pd_redis_args_add(r, in, full);
}
