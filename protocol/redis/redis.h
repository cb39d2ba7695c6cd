/* redis.h: what the files of this folder share: the record's fields, the state of a connection, the table of
 * commands. RESP2 and RESP3: https://redis.io/docs/latest/develop/reference/protocol-spec/ ("the
 * specification" below); what servers do beyond it was seen with Redis 7.0. */
#ifndef PD_PROTOCOL_REDIS_REDIS_H
#define PD_PROTOCOL_REDIS_REDIS_H
#include "protocol/protocol.h"

enum {
    PD_REDIS_NAME_MAX = 24,            /* bytes of a command's name, padded with zeros */
    PD_REDIS_COMMAND_MAX = 64,         /* bytes kept of a command with its subcommand */
    PD_REDIS_KEY_MAX = 256,            /* of a key or channel */
    PD_REDIS_ARGS_MAX = PD_MASKED_MAX, /* of all arguments as text */
    PD_REDIS_ERROR_MAX = 256,          /* of an error's text */
    PD_REDIS_WORD_MAX = PD_CARRY - 2,  /* of a command's name, of a push's first word */
    PD_REDIS_LOOK_MAX = 1024,          /* bytes of one argument that are looked at */
    PD_REDIS_LINE_MAX = 65500          /* of an inline command; the server's own limit is a little more */
};

/* What a reply must know of its request. */
enum pd_redis_kind {
    PD_REDIS_OTHER,
    PD_REDIS_ANYTIME, /* allowed to a RESP2 client that has subscribed */
    PD_REDIS_SELECT,
    PD_REDIS_HELLO,
    PD_REDIS_MONITOR,
    PD_REDIS_RESET,
    PD_REDIS_EXEC,
    PD_REDIS_MULTI,
    PD_REDIS_DISCARD,
    PD_REDIS_CLIENT,
    PD_REDIS_REPLCONF,
    PD_REDIS_PSYNC,
    PD_REDIS_SYNC,
    PD_REDIS_SUBSCRIBE, /* these six in the order of enum pd_redis_word */
    PD_REDIS_PSUBSCRIBE,
    PD_REDIS_SSUBSCRIBE,
    PD_REDIS_UNSUBSCRIBE,
    PD_REDIS_PUNSUBSCRIBE,
    PD_REDIS_SUNSUBSCRIBE,
    PD_REDIS_UNSUBSCRIBE_ALL, /* without arguments: one reply for each that is subscribed, at least one */
    PD_REDIS_PUNSUBSCRIBE_ALL,
    PD_REDIS_SUNSUBSCRIBE_ALL,
    PD_REDIS_UNKNOWN = 255
};

/* The first word of an array or push that the server sends to a subscriber. */
enum pd_redis_word {
    PD_REDIS_W_NONE,
    PD_REDIS_W_SUBSCRIBE,
    PD_REDIS_W_PSUBSCRIBE,
    PD_REDIS_W_SSUBSCRIBE,
    PD_REDIS_W_UNSUBSCRIBE,
    PD_REDIS_W_PUNSUBSCRIBE,
    PD_REDIS_W_SUNSUBSCRIBE,
    PD_REDIS_W_MESSAGE, /* from here on nobody asked for it */
    PD_REDIS_W_SMESSAGE,
    PD_REDIS_W_PMESSAGE,
    PD_REDIS_W_OTHER
};

/* --- commands.c --- */

enum { /* pd_redis_command.key, beyond the arguments 1 to 3 */
       PD_REDIS_KEY_FIXED = 15,
       PD_REDIS_KEY_AFTER_COUNT, /* the third, when the second is not 0: EVAL */
       PD_REDIS_KEY_STREAMS,     /* behind STREAMS */
       PD_REDIS_KEY_MIGRATE      /* the third, or behind KEYS when that is empty */
};

enum pd_redis_secrets { /* where passwords stand */
                        PD_REDIS_SECRETS_NONE,
                        PD_REDIS_SECRETS_AUTH,   /* all arguments */
                        PD_REDIS_SECRETS_HELLO,  /* two behind AUTH */
                        PD_REDIS_SECRETS_ACL,    /* ACL SETUSER: all behind the user */
                        PD_REDIS_SECRETS_CONFIG, /* CONFIG SET, SENTINEL SET: values of parameters with a
                                                    secret's name */
                        PD_REDIS_SECRETS_MIGRATE /* one behind AUTH, two behind AUTH2 */
};

enum pd_redis_shows {                       /* which arguments are no values */
                      PD_REDIS_SHOW_KEY,    /* the first key */
                      PD_REDIS_SHOW_ALL,    /* keys, names, patterns, numbers: nothing that was stored */
                      PD_REDIS_SHOW_PAIRS,  /* every other one, from the first: MSET */
                      PD_REDIS_SHOW_FIELDS, /* the first, then every other one: HSET */
                      PD_REDIS_SHOW_PUSH,   /* up to the channel */
                      PD_REDIS_SHOW_MONITOR /* a line of MONITOR: up to the command */
};

struct pd_redis_command {
    char name[PD_REDIS_NAME_MAX]; /* upper case */
    int16_t arity;                /* arguments with the name; negative: at least so many; 0: not known */
    uint8_t key;                  /* the first key's place, 0: there is none, or one of the above */
    uint8_t kind, secrets, shows;
    bool container; /* has subcommands */
};

enum { PD_REDIS_NO_COMMAND, PD_REDIS_PUSH, PD_REDIS_MONITORED, PD_REDIS_FIRST_COMMAND };
/* Entry 0 is a command that is not known, the next two are what servers send unasked. */
extern const struct pd_redis_command pd_redis_commands[];
/* The index of a name in any case; PD_REDIS_NO_COMMAND when it is not known. */
uint16_t pd_redis_find(struct pd_slice name);
/* The name in upper case, padded with zeros. False: longer than any command's. */
bool pd_redis_upper(struct pd_slice name, char out[PD_REDIS_NAME_MAX]);
/* The word that begins a push. */
enum pd_redis_word pd_redis_word(struct pd_slice);

/* --- the record --- */

struct pd_redis {
    struct pd_text command, key, args, database, type, error, error_code;
    struct pd_int argument_count, elements;
    uint64_t secret;   /* bit i: argument i is a secret; bit 63: so is every one from the 63rd on */
    int32_t select;    /* the database that SELECT asks for, or -1 */
    uint16_t era;      /* the connection's, when it was asked */
    uint16_t known;    /* index in pd_redis_commands */
    uint16_t key_at;   /* which argument the key is, 0: none */
    uint16_t next_key; /* which argument may be the key, found while reading; 0: none */
    bool pairs;        /* names and values follow: CONFIG SET */
};

extern const struct pd_schema pd_redis_schema;

/* --- args.c: arguments as text --- */

/* Appends an argument to the record's `args`, quoted like redis-cli does where it must be. in is what is
 * looked at of it, full its length. */
void pd_redis_args_add(struct pd_rec *, struct pd_slice in, uint64_t full);
/* Sets it to n arguments that are looked at as a whole. */
void pd_redis_args_set(struct pd_rec *, const struct pd_slice *, uint32_t n);
/* Cuts the next argument off such a text: as it stands there. False at the end. */
bool pd_redis_args_next(struct pd_slice *text, struct pd_slice *arg);
/* Cuts the next argument off an inline command, unquoted: up to cap bytes of it go to out, *full is its
 * length. 1; 0: there is none; -1: unbalanced quotes. */
int pd_redis_split(struct pd_slice *line, char *out, uint32_t cap, uint32_t *len, uint32_t *full);

/* --- head.c: the first line of a value --- */

static inline bool pd_redis_is_break(const uint8_t *p)
{
    return p[0] == '\r' && p[1] == '\n';
}

struct pd_redis_head {
    uint8_t type;         /* its first byte */
    bool null;            /* `$-1`, `*-1` */
    bool streamed;        /* `$?`, `*?`: the length comes in pieces */
    uint32_t size;        /* of the line, with its end */
    int64_t n;            /* length, number of elements, integer */
    struct pd_slice text; /* behind the type, without the line's end */
};

enum pd_redis_met { PD_REDIS_BAD = -1, PD_REDIS_MORE, PD_REDIS_MET };
/* Reads the line at the slice's beginning. MORE: its end is not there yet, and nothing speaks against it. */
enum pd_redis_met pd_redis_head(struct pd_slice, struct pd_redis_head *);
/* The same for a length or number of up to four digits, `$16`, without sign: a place behind the line's end,
 * or NULL when it is something else, or is not whole. */
static inline const uint8_t *pd_redis_short_head(uint8_t type, const uint8_t *p, const uint8_t *end,
                                                 uint32_t *n)
{
    enum { DIGITS = 4, LEAST = 4 };
    const uint8_t *last = p + DIGITS;

    if (end - p < LEAST || p[0] != type || p[1] < '0' || p[1] > '9')
        return NULL;
    uint32_t sum = p[1] - (uint32_t)'0';
    for (p += 2; p <= last && p < end && *p >= '0' && *p <= '9'; p++)
        sum = sum * 10 + (*p - (uint32_t)'0');
    *n = sum;
    return end - p >= 2 && pd_redis_is_break(p) ? p + 2 : NULL;
}

/* How many values belong to it: children of an aggregate, else 0. */
uint64_t pd_redis_children(const struct pd_redis_head *);
/* Does a text of n bytes follow? */
bool pd_redis_is_bulk(const struct pd_redis_head *);
bool pd_redis_is_aggregate(const struct pd_redis_head *);
/* Its name in the field `type`. */
const char *pd_redis_type_name(const struct pd_redis_head *);

/* --- the connection --- */

struct pd_redis_line { /* an inline command that came in pieces */
    uint32_t cap, len; /* of the bytes that follow */
    uint8_t bytes[];
};

enum pd_redis_mode { PD_REDIS_ON, PD_REDIS_SKIP, PD_REDIS_OFF }; /* CLIENT REPLY */

struct pd_redis_conn {
    struct pd_redis_line *line; /* lent, or NULL */
    uint32_t args;              /* client: arguments of the command still to come */
    uint32_t values;            /* server: values still owed to the reply */
    int32_t db;                 /* selected, as the server confirmed; -1: not known */
    uint32_t subs[3];           /* subscribed: channels, patterns, shard channels; as the server counts */
    uint16_t streams;           /* server: aggregates that end with `.` */
    uint16_t arg;               /* client: which argument comes */
    uint16_t command;           /* client: index of the command now passing */
    uint16_t era;               /* client: which database is selected was lost so many times */
    uint8_t kind;               /* server: enum pd_redis_kind of the request that is answered */
    uint8_t word;               /* server: enum pd_redis_word of what passes */
    uint8_t item;               /* server: scalars of a push that passed, up to a few */
    uint8_t top;                /* server: type of the reply now passing; 0 between replies */
    unsigned mode : 2;          /* client: enum pd_redis_mode */
    bool mode_known : 1;        /* client: nothing was missed that could have changed it */
    bool silent : 1;            /* client: no reply to the command now passing */
    bool reply : 1;             /* client: CLIENT REPLY */
    bool multi : 1;             /* client: between MULTI and EXEC */
    bool others : 1;            /* client: sends what a RESP2 subscriber may not */
    bool holed_c : 1;           /* client: bytes that are looked at were lost */
    bool holed_s : 1;           /* server: the same */
    bool started_c : 1, started_s : 1;
    bool resp3 : 1;        /* server: has sent what RESP2 has not */
    bool monitoring : 1;   /* server: lines of MONITOR may come */
    bool subs_known : 1;   /* server: subs is exact */
    bool attribute : 1;    /* server: what passes is an attribute before the reply */
    bool oneway : 1;       /* server: what passes answers nothing */
    bool items : 1;        /* server: scalars are looked at */
    bool chunks : 1;       /* server: within a streamed text */
    bool multi_select : 1; /* server: a SELECT was queued */
    bool multi_sub : 1;    /* server: a SUBSCRIBE was queued */
    bool guesses : 1;      /* server: what looks like a message came, and no request since */
    unsigned simple : 3;   /* server: enum simple, what a simple string says */
};
_Static_assert(sizeof(struct pd_redis_conn) <= 48, "the state fits into the connection");

static inline bool pd_redis_stopped(const struct pd_half *h)
{
    return h->lost || h->opaque;
}

/* request.c, reply.c: the two directions; as struct pd_proto has them. */
enum { PD_REDIS_S_REQUEST = 0, PD_REDIS_S_REPLY = 32 }; /* their states begin here */
void pd_redis_request_start(struct pd_conn *, struct pd_half *);
uint32_t pd_redis_request_step(struct pd_conn *, struct pd_half *, struct pd_slice);
void pd_redis_request_lost(struct pd_conn *);
void pd_redis_reply_start(struct pd_conn *, struct pd_half *);
uint32_t pd_redis_reply_step(struct pd_conn *, struct pd_half *, struct pd_slice);
void pd_redis_reply_lost(struct pd_conn *);

/* push.c: what a server says unasked, and what subscriptions are answered with */

/* May an array or push that begins so be one? Then its first word has to be read before it begins. */
bool pd_redis_worded(struct pd_conn *, const struct pd_redis_head *);
/* It begins: as a message of its own, or as a response. False: it is a response like any other, and did not
 * begin yet. */
bool pd_redis_word_begin(struct pd_conn *, struct pd_half *, uint8_t type, uint32_t n, struct pd_slice word);
/* A scalar of it has passed. number: it is an integer, of this value. */
void pd_redis_item(struct pd_conn *, struct pd_half *, struct pd_slice in, uint64_t full,
                   const int64_t *number);
/* A line of MONITOR begins? second: the byte behind its plus sign. */
bool pd_redis_monitor_begin(struct pd_conn *, struct pd_half *, uint8_t second);
/* A response begins: what it answers is in `kind`. */
void pd_redis_response(struct pd_conn *, struct pd_half *);
/* Shows which database a record belongs to, when that is known. */
void pd_redis_set_database(const struct pd_redis_conn *, struct pd_rec *);
/* A line that is sync()'s business: sync.c, as struct pd_proto has it. */
int pd_redis_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);
#endif
