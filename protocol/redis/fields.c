/* fields.c: the record's fields as a table, and what of the arguments may be shown. */
#include "protocol/redis/redis.h"

enum { SECRET_BITS = 63 };

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_redis *f = pd_fields_const(r);

    *error = f->error;
    return f->error.s;
}

/* --- what may be shown --- */

struct room {
    char *to;
    uint32_t len, cap;
};

static void put(struct room *out, const void *p, uint32_t n)
{
    if (n > out->cap - out->len)
        n = out->cap - out->len;
    memcpy(out->to + out->len, p, n);
    out->len += n;
}

static bool is_secret(const struct pd_redis *f, unsigned i)
{
    return f->secret >> (i < SECRET_BITS ? i : SECRET_BITS) & 1;
}

/* Is argument i (from 1) a key, a name, a number, but no value? */
static bool is_shown(const struct pd_redis *f, unsigned i)
{
    const struct pd_redis_command *known = &pd_redis_commands[f->known];

    switch ((enum pd_redis_shows)known->shows) {
    case PD_REDIS_SHOW_ALL:
        return true;
    case PD_REDIS_SHOW_PAIRS:
        return i % 2 == 1;
    case PD_REDIS_SHOW_FIELDS:
        return i == 1 || i % 2 == 0;
    case PD_REDIS_SHOW_PUSH:
        return i <= (f->key_at ? f->key_at : 1u);
    case PD_REDIS_SHOW_MONITOR: /* time, database, address, command */
        return i <= 4;
    case PD_REDIS_SHOW_KEY:
        break;
    }
    return i == f->key_at || (i == 1 && known->container);
}

static uint32_t mask_args(const struct pd_redis *f, unsigned what, struct room *out)
{
    struct pd_slice text = {(const uint8_t *)f->args.s, f->args.len}, arg;

    for (unsigned i = 1; pd_redis_args_next(&text, &arg); i++) {
        if (i > 1)
            put(out, " ", 1);
        if ((what & PD_MASK_SECRETS) && is_secret(f, i))
            put(out, PD_REDACTED, sizeof PD_REDACTED - 1);
        else if ((what & PD_MASK_VALUES) && (is_secret(f, i) || !is_shown(f, i)))
            put(out, "?", 1);
        else
            put(out, arg.p, arg.len);
    }
    return out->len;
}

/* A server repeats the arguments of a command that it does not know. */
static uint32_t mask_error(const struct pd_redis *f, struct room *out)
{
    static const char before[] = "with args beginning with: ";
    const char *at = memmem(f->error.s, f->error.len, before, sizeof before - 1);

    if (!at)
        return PD_AS_IS;
    put(out, f->error.s, (uint32_t)(at - f->error.s) + (uint32_t)sizeof before - 1);
    put(out, "?", 1);
    return out->len;
}

static uint32_t mask(const struct pd_rec *r, const struct pd_field *field, unsigned what, char *out,
                     uint32_t cap)
{
    const struct pd_redis *f = pd_fields_const(r);
    struct room room = {.to = out, .cap = cap};

    if (!(what & PD_MASK_VALUES) && !f->secret)
        return PD_AS_IS;
    if (field->side == PD_RESPONSE)
        return what & PD_MASK_VALUES ? mask_error(f, &room) : PD_AS_IS;
    return mask_args(f, what, &room);
}

#define OFF(member) offsetof(struct pd_redis, member)

static const struct pd_field field_table[] = {
    {"command", "db.operation.name",
     "the command in upper case, with its subcommand where it has some (`CONFIG GET`); `PUSH` for what the "
     "server sends unasked",
     PD_REQUEST, PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(command), NULL},
    {"key", NULL, "the first key; of a push its channel", PD_REQUEST, PD_TEXT, PD_LOG, OFF(key), NULL},
    {"args", "db.query.text", "the arguments as one would type them into redis-cli", PD_REQUEST, PD_TEXT,
     PD_ATTRIBUTE | PD_LOG | PD_ASKED | PD_MASKED, OFF(args), NULL},
    {"argument_count", NULL, "how many arguments, without the command's name", PD_REQUEST, PD_INT, PD_LOG,
     OFF(argument_count), NULL},
    {"database", "db.namespace", "the database's number, once a SELECT of it was answered", PD_REQUEST,
     PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(database), NULL},
    {"type", NULL,
     "of the reply: `simple_string`, `error`, `integer`, `bulk_string`, `array`, `null`, `map`, `set`, "
     "`double`, "
     "`boolean`, `big_number`, `verbatim_string`, `push`",
     PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG | PD_CAME, OFF(type), NULL},
    {"error", NULL, "an error reply's text", PD_RESPONSE, PD_TEXT, PD_LOG | PD_MASKED, OFF(error), NULL},
    {"error_code", "db.response.status_code", "its first word: `ERR`, `WRONGTYPE`, `MOVED`", PD_RESPONSE,
     PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_HIDDEN, OFF(error_code), NULL},
    {"elements", NULL, "how many elements an aggregate has; of a map: pairs", PD_RESPONSE, PD_INT,
     PD_LOG | PD_CAME, OFF(elements), NULL},
    {0},
};

const struct pd_schema pd_redis_schema = {
    .proto = "redis",
    .help = "Redis: RESP2, RESP3, inline commands",
    .fields = field_table,
    .rec_size = sizeof(struct pd_redis),
    .arena_max = 8000, /* all bounds together, twice: texts may move */
    .failed = failed,
    .mask = mask,
};
