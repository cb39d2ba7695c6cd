/* mysql.h: what the files of this folder share: a roundtrip's fields, a connection's state, packets.
 *
 * A packet is a length of three bytes, a number that counts the packets of one exchange, and its payload. A
 * command begins at number 0, its answer goes on counting. Only a packet's beginning is ever read: at most
 * PD_MYSQL_LOOK bytes of its payload. The rest is jumped over. */
#ifndef PD_PROTOCOL_MYSQL_MYSQL_H
#define PD_PROTOCOL_MYSQL_MYSQL_H
#include "protocol/learnt.h"
#include "protocol/protocol.h"

enum {
    PD_MYSQL_HEAD = 4,         /* length and number */
    PD_MYSQL_LOOK = 2044,      /* bytes of a payload that are read; with the head a size that is lent */
    PD_MYSQL_FULL = 0xffffff,  /* a payload that goes on in the next packet */
    PD_MYSQL_STATEMENT = 1024, /* bounds of texts */
    PD_MYSQL_NAME = 256,
    PD_MYSQL_MESSAGE = 512
};

enum pd_mysql_capability {
    PD_MYSQL_CAP_MYSQL = 1 << 0, /* absent: MariaDB, whose own capabilities follow */
    PD_MYSQL_CAP_CONNECT_DB = 1 << 3,
    PD_MYSQL_CAP_COMPRESS = 1 << 5,
    PD_MYSQL_CAP_41 = 1 << 9,
    PD_MYSQL_CAP_SSL = 1 << 11,
    PD_MYSQL_CAP_TRANSACTIONS = 1 << 13,
    PD_MYSQL_CAP_SECURE = 1 << 15,
    PD_MYSQL_CAP_PLUGIN = 1 << 19,
    PD_MYSQL_CAP_LENENC_AUTH = 1 << 21,
    PD_MYSQL_CAP_NO_EOF = 1 << 24,
    PD_MYSQL_CAP_OPTIONAL_META = 1 << 25,
    PD_MYSQL_CAP_ZSTD = 1 << 26,
    PD_MYSQL_CAP_ATTRIBUTES = 1 << 27
};
enum { PD_MARIADB_CAP_CACHE_META = 1 << 4 }; /* of the extended ones */

enum pd_mysql_server_status { PD_MYSQL_MORE_RESULTS = 8, PD_MYSQL_CURSOR = 0x40, PD_MYSQL_TRACKED = 0x4000 };

/* What an answer must know of its request. */
enum pd_mysql_kind {
    PD_MYSQL_SIMPLE, /* OK, or EOF */
    PD_MYSQL_TEXT,   /* one text */
    PD_MYSQL_RESULT, /* OK or rows, perhaps several times */
    PD_MYSQL_MOVES,  /* the same, and the current database may be another one then */
    PD_MYSQL_INIT_DB,
    PD_MYSQL_PREPARE,
    PD_MYSQL_FIELDS, /* definitions of columns */
    PD_MYSQL_FETCH,  /* rows */
    PD_MYSQL_LOGIN,
    PD_MYSQL_CHANGE_USER,
    PD_MYSQL_RESET,
    PD_MYSQL_ONEWAY,      /* has none */
    PD_MYSQL_STREAM,      /* another protocol follows */
    PD_MYSQL_PIPED = 0x80 /* set in addition: others were outstanding */
};

/* Where the server is in an answer. */
enum pd_mysql_phase {
    PD_MYSQL_IDLE,    /* before the first packet */
    PD_MYSQL_NEXT,    /* before the first packet of a further result */
    PD_MYSQL_COLUMNS, /* definitions of columns */
    PD_MYSQL_ROWS,    /* rows, or the EOF behind the definitions */
    PD_MYSQL_LIST,    /* definitions until EOF */
    PD_MYSQL_PARAMS,  /* of a prepared statement: definitions of parameters */
    PD_MYSQL_OUTPUT,  /* of its columns */
    PD_MYSQL_TAIL,    /* an EOF may follow, or nothing: which, is not known */
    PD_MYSQL_WAITS    /* for the client: its file, or proof of who it is */
};

enum pd_mysql_eofs { PD_MYSQL_EOFS_UNKNOWN, PD_MYSQL_EOFS, PD_MYSQL_NO_EOFS }; /* behind definitions */

enum pd_mysql_passing { PD_MYSQL_NOTHING, PD_MYSQL_ASKS, PD_MYSQL_TELLS, PD_MYSQL_DATA, PD_MYSQL_GREETS };

struct pd_mysql { /* of a record */
    struct pd_text command, statement, summary, database, user;
    struct pd_int statement_id;
    struct pd_text result;
    struct pd_int rows, columns, affected_rows, last_insert_id, warnings;
    struct pd_text error_code, sql_state, error_message, failure;
    bool clean; /* no secret stands in the statement */
};

struct pd_mysql_side { /* of one direction */
    uint8_t *carry;    /* lent: the beginning of a packet that a segment's end cut, or NULL */
    uint64_t began;    /* stream offset of the packet now passing */
    uint16_t have, room;
    uint8_t seq;      /* the next packet's number */
    uint8_t passing;  /* enum pd_mysql_passing, of the message in hand */
    bool full : 1;    /* the packet now passing goes on in the next one */
    bool going : 1;   /* the next packet is that one */
    bool data : 1;    /* client: in a file */
    bool ends : 1;    /* server: the answer ends with the packet now passing; client: the protocol does */
    bool skipped : 1; /* server: nothing is read until the client asks again */
};

struct pd_mysql_conn {
    struct pd_mysql_side side[2];
    struct pd_learnt learnt;
    uint64_t rows;
    uint32_t left;         /* definitions to come */
    uint32_t output;       /* prepared: those of columns */
    uint32_t capabilities; /* that both sides have, when known */
    uint32_t extended;     /* MariaDB's */
    uint32_t offered, offered_extended;
    uint8_t kind, phase;
    uint8_t eofs;     /* enum pd_mysql_eofs */
    bool known : 1;   /* the login was seen: capabilities hold */
    bool greeted : 1; /* offered holds */
    bool tracked : 1; /* the answer said what the current database is */
    bool broken : 1;  /* the client's part of the answer was not seen whole */
    bool behind : 1;  /* PD_MYSQL_ROWS: nothing came behind the definitions yet */
};

/* Keys of what the connection taught; below are numbers of statements. */
#define PD_MYSQL_KEY_DATABASE ((uint64_t)1 << 32)
#define PD_MYSQL_KEY_LATEST ((uint64_t)2 << 32)    /* what was prepared last */
#define PD_MYSQL_KEY_SUMMARIES ((uint64_t)4 << 32) /* plus the number */

static inline uint32_t pd_mysql_le24(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint16_t pd_mysql_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline struct pd_mysql_side *pd_mysql_side_of(struct pd_conn *c, unsigned dir)
{
    return &((struct pd_mysql_conn *)pd_state(c))->side[dir];
}

enum { PD_MYSQL_S_WALK, PD_MYSQL_S_SKIPPED, PD_MYSQL_S_NEVER };

/* packet.c: from bytes to packets. */
uint32_t pd_mysql_walk(struct pd_conn *, struct pd_half *, struct pd_slice);
void pd_mysql_packet_skipped(struct pd_conn *, struct pd_half *);
void pd_mysql_drop_carry(struct pd_conn *, struct pd_mysql_side *);

/* A packet of that side. head: its head and as much of its payload as was asked for; len: its payload's. */
struct pd_mysql_packet {
    struct pd_slice body;
    uint32_t len;
    uint8_t seq;
};

/* command.c: what the client says. */
void pd_mysql_from_client(struct pd_conn *, struct pd_half *, const struct pd_mysql_packet *);
void pd_mysql_client_ends(struct pd_conn *, struct pd_half *);
/* Does this payload look like that of a command? Looks at the first bytes only. *sure: hardly anything else
 * looks like that. */
bool pd_mysql_is_command(struct pd_slice body, uint32_t len, bool *sure);
/* The statement in a query's or a preparation's payload, behind its attributes; false: it is not to be found.
 */
bool pd_mysql_statement(struct pd_slice *body, bool attributes);

/* answer.c: what the server says; result.c: its results. */
void pd_mysql_from_server(struct pd_conn *, struct pd_half *, const struct pd_mysql_packet *);
void pd_mysql_server_ends(struct pd_conn *, struct pd_half *);
/* An answer whose end was left open: the client asks again, or the server answers again. */
void pd_mysql_close_tail(struct pd_conn *, struct pd_half *server);
void pd_mysql_result(struct pd_conn *, struct pd_half *, struct pd_rec *, const struct pd_mysql_packet *);
void pd_mysql_definition(struct pd_conn *, struct pd_half *, struct pd_rec *, const struct pd_mysql_packet *);
void pd_mysql_row(struct pd_conn *, struct pd_half *, struct pd_rec *, const struct pd_mysql_packet *);
void pd_mysql_prepared(struct pd_conn *, struct pd_half *, struct pd_rec *, const struct pd_mysql_packet *);
void pd_mysql_described(struct pd_conn *, struct pd_half *, const struct pd_mysql_packet *);
/* OK or EOF, in any form: more results or the answer's end follow. */
void pd_mysql_ok(struct pd_conn *, struct pd_half *, struct pd_rec *, const struct pd_mysql_packet *);
/* ERR ends the answer, unless it is a report of progress: false. */
bool pd_mysql_error(struct pd_mysql_conn *, struct pd_rec *, const struct pd_mysql_packet *);
bool pd_mysql_is_eof(const struct pd_mysql_packet *);

/* login.c */
bool pd_mysql_greeting(struct pd_mysql_conn *, struct pd_slice body);
enum pd_mysql_login { PD_MYSQL_NO_LOGIN, PD_MYSQL_A_LOGIN, PD_MYSQL_SSL_REQUEST };
enum pd_mysql_login pd_mysql_login_kind(struct pd_slice body, uint32_t len);
void pd_mysql_login(struct pd_mysql_conn *, struct pd_rec *, struct pd_slice body);
void pd_mysql_change_user(struct pd_mysql_conn *, struct pd_rec *, struct pd_slice body);

/* A length-encoded number; false: cut, or none. */
bool pd_mysql_lenenc(struct pd_slice *, uint64_t *);
/* A length-encoded string's bytes, as far as they are there. */
bool pd_mysql_string(struct pd_slice *, struct pd_slice *);

/* sync.c */
int pd_mysql_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);

/* mysql.c: forgets what the connection taught. */
void pd_mysql_forget(struct pd_conn *);
/* The current database from now on; NULL or empty: not known. */
void pd_mysql_move(struct pd_conn *, struct pd_slice name);

extern const struct pd_schema pd_mysql_schema;
#endif
