/* postgresql.h: what the files of this folder share. PostgreSQL's frontend/backend protocol 3.0 and 3.2
 * (PostgreSQL documentation, chapter "Frontend/Backend Protocol").
 *
 * A record is what one Execute needs: the Parse, Bind, Describe and Close before it, and a Sync or Flush
 * right behind it; or a whole Query; or the start of a session. Its messages are its parts. The server
 * answers part after part, so that what a statement or a portal is called is known exactly when it is. */
#ifndef PD_PROTOCOL_POSTGRESQL_POSTGRESQL_H
#define PD_PROTOCOL_POSTGRESQL_POSTGRESQL_H
#include "protocol/learnt.h"
#include "protocol/protocol.h"

enum {
    PD_PG_HEAD = 5,             /* bytes of a message's type and length */
    PD_PG_STATEMENT_MAX = 1024, /* bytes kept of each */
    PD_PG_MESSAGE_MAX = 1024,
    PD_PG_NAME_MAX = 63, /* of a user, a database: NAMEDATALEN - 1 */
    PD_PG_TAG_MAX = 64,
    PD_PG_PARTS_MAX = 64, /* of a record; what is more goes to another */
    PD_PG_PREFIX = 4096   /* of a message that comes in pieces, what is looked at */
};

enum pd_pg_kind { /* of what is expected */
                  PD_PG_NONE,
                  PD_PG_NEGOTIATE, /* SSLRequest, GSSENCRequest */
                  PD_PG_STARTUP,
                  PD_PG_QUERY,
                  PD_PG_CALL,
                  PD_PG_GROUP,
                  PD_PG_REST,   /* of a group for which there was no room: up to ReadyForQuery */
                  PD_PG_UNKNOWN /* the server says what nobody is known to have asked */
};

enum pd_pg_part_kind { PD_PG_PARSE, PD_PG_BIND, PD_PG_CLOSE, PD_PG_DESCRIBE, PD_PG_EXECUTE, PD_PG_SYNC };

/* Does its answer change what a name means? */
static inline bool pd_pg_teaches(uint8_t kind)
{
    return kind == PD_PG_PARSE || kind == PD_PG_BIND || kind == PD_PG_CLOSE;
}

/* A message of a group. What is behind `key` is there only where it is needed. */
struct pd_pg_part {
    struct pd_pg_part *next;
    uint8_t kind;
    bool portal;  /* CLOSE: what is closed */
    uint64_t key; /* PARSE: of the statement; BIND, EXECUTE: of the portal; CLOSE: of either */
    union {
        uint64_t statement;  /* BIND */
        struct pd_text text; /* PARSE */
    };
};

struct pd_pg { /* the protocol's part of a record */
    struct pd_text command, statement, summary, mode, database, user;
    struct pd_text tag, severity, error_code, error_message;
    struct pd_text error; /* code and message */
    struct pd_int rows, affected_rows;
    struct pd_pg_part *first, *last, *next; /* next: the first that is not answered */
    uint64_t counted;                       /* DataRow messages since the last command tag */
    uint64_t said;                          /* the key of what `statement` is the text of, when `spoken` */
    uint64_t bound;                         /* the portal of the last Bind, when `binds` */
    uint8_t parts;
    bool spoken, binds;
    bool parses, executes; /* has a Parse, an Execute */
    bool closed;           /* no part comes any more, but for a Sync */
    bool synced;           /* its last part is a Sync */
    bool over;             /* an error ended its response before its request's end was seen */
    bool described;        /* a RowDescription came */
    bool tagged;           /* the command is that of a tag */
    bool copied;           /* COPY TO: what the tag counts were rows returned */
    bool renames;          /* its SQL may give names another meaning, or take it */
    bool clean;            /* no secret stands in it */
    bool taught;           /* and is counted in `teaching` */
    bool suspended;        /* an Execute ended before its portal's last row */
};

/* What was said when the session began; lent. */
struct pd_pg_session {
    uint8_t user_len, database_len;
    char user[PD_PG_NAME_MAX], database[PD_PG_NAME_MAX]; /* without an end */
};

enum pd_pg_open { /* what of the client is going on */
                  PD_PG_O_NOTHING,
                  PD_PG_O_GROUP, /* a record of parts without Execute so far */
                  PD_PG_O_DONE,  /* a record whose Execute has passed: a Sync or Flush may follow */
                  PD_PG_O_DATA,  /* CopyData, or answers to the server's questions */
                  PD_PG_O_UNKEPT /* a group that is not paired because bytes before it were lost */
};

struct pd_pg_conn { /* a connection's state */
    struct pd_learnt statements, portals;
    struct pd_pg_session *session;
    uint32_t teaching;  /* parts outstanding whose answers change what is learnt */
    uint8_t open;       /* enum pd_pg_open */
    uint8_t serving;    /* enum pd_pg_kind of the response now passing */
    bool typed : 1;     /* the client's start-up has passed: its messages have types */
    bool no_room : 1;   /* parts of this group were not kept */
    bool muddled : 1;   /* what is confirmed until all is answered is not known for certain */
    bool copying : 1;   /* the server takes CopyData: it passes over Sync */
    bool streaming : 1; /* both sides send CopyData, which answers nothing */
    bool skipping : 1;  /* an error: the server passes over what comes before the next Sync */
    bool tail : 1;      /* the server's boundary was lost, the rest of a response may follow */
};
_Static_assert(sizeof(struct pd_pg_conn) <= 48, "the state fits into the connection");

static inline struct pd_pg_conn *pd_pg_state(struct pd_conn *c)
{
    return pd_state(c);
}

/* So many bytes of the slice are whole messages of that type, which are added to n. */
static inline uint32_t pd_pg_more(struct pd_slice in, uint8_t type, uint64_t *n)
{
    uint32_t used = 0;

    while (in.len - used >= PD_PG_HEAD && in.p[used] == type) {
        uint32_t len = pd_be32(in.p + used + 1);
        if (len < 4 || len >= in.len - used)
            break;
        used += len + 1;
        ++*n;
    }
    return used;
}

/* Cuts a string off the body's front, without its NUL. False when its end is not at hand; the string then is
 * all there is. Inlined, for most strings are empty. */
static inline bool pd_pg_string(struct pd_slice *in, struct pd_slice *string)
{
    const uint8_t *end = !in->len ? NULL : !in->p[0] ? in->p : memchr(in->p, 0, in->len);
    uint32_t n = end ? (uint32_t)(end - in->p) : in->len;

    *string = (struct pd_slice){in->p, n};
    n += end ? 1 : 0;
    in->p += n;
    in->len -= n;
    return end;
}

enum { PD_PG_UNNAMED = 0 }; /* the key of the empty name */

/* A name's key; two names are the same when their keys are. */
uint64_t pd_pg_key_of(struct pd_slice name); /* not empty */
static inline uint64_t pd_pg_key(struct pd_slice name)
{
    return name.len ? pd_pg_key_of(name) : PD_PG_UNNAMED;
}

/* client.c, server.c: begin is called where the message's first byte is the current token's; body with what
 * is at hand of it and its full length, when there is anything in it to read; end when all of it has passed.
 */
void pd_pg_client_begin(struct pd_conn *, struct pd_half *, uint8_t type);
void pd_pg_client_body(struct pd_conn *, struct pd_half *, uint8_t type, struct pd_slice, uint32_t full);
void pd_pg_client_end(struct pd_conn *, struct pd_half *, uint8_t type);
/* A Parse, Bind, Describe, Close or Execute that is at hand whole, with what comes behind it: all three in
 * one, and for those that follow up to an Execute, and perhaps a Sync too. Returns the bytes that were used.
 */
uint32_t pd_pg_client_parts(struct pd_conn *, struct pd_half *, struct pd_slice);
void pd_pg_server_begin(struct pd_conn *, struct pd_half *, uint8_t type);
void pd_pg_server_body(struct pd_conn *, struct pd_half *, uint8_t type, struct pd_slice);
/* n messages of that type ended: more than one for rows only. */
void pd_pg_server_end(struct pd_conn *, struct pd_half *, uint8_t type, uint64_t n);
/* Messages that answer parts of the group now served, each the one that the record's next part wants, whole
 * at hand, and not the last of the record: bodies and ends in one. The first has begun. Returns the bytes
 * that were used, 0 when the first is not such a message. */
uint32_t pd_pg_server_parts(struct pd_conn *, struct pd_half *, struct pd_slice);
/* What is outstanding went out, or was never kept: what it would have taught is not known. */
void pd_pg_unpaired(struct pd_conn *);

/* startup.c: what comes before messages have types: a length, a code, then parameters. */
enum { PD_PG_STARTUP_HEAD = 8, PD_PG_STARTUP_MAX = 10000 };
enum pd_pg_startup { PD_PG_S_NO, PD_PG_S_SESSION, PD_PG_S_CANCEL, PD_PG_S_SSL, PD_PG_S_GSS };
enum pd_pg_startup pd_pg_startup_kind(const uint8_t head[PD_PG_STARTUP_HEAD]);
void pd_pg_startup_begin(struct pd_conn *, struct pd_half *, enum pd_pg_startup);
void pd_pg_startup_end(struct pd_conn *, struct pd_half *, enum pd_pg_startup, struct pd_slice parameters);
/* The one byte that answers SSLRequest or GSSENCRequest has passed. */
void pd_pg_negotiated(struct pd_conn *, struct pd_half *, uint8_t answer);

/* learn.c: parts of records, statements and portals. */

/* Does the statement forget, or name, statements by SQL? Until it is answered what names mean is not known.
 */
void pd_pg_note_renaming(struct pd_conn *, struct pd_rec *);
/* What the part does to the record's statement, as far as it is known now. */
void pd_pg_asked(struct pd_conn *, struct pd_rec *, const struct pd_pg_part *);
/* The server confirmed the record's next part, or answered an Execute. */
void pd_pg_confirmed(struct pd_conn *, struct pd_rec *, const struct pd_pg_part *);
/* The part failed. What had no name is gone, whatever was to take its place. */
void pd_pg_failed(struct pd_conn *, const struct pd_pg_part *);
/* The record's other parts will not be answered. */
void pd_pg_abandon(struct pd_conn *, struct pd_rec *);
/* The record is answered: its unnamed portal may be asked for later. */
void pd_pg_keep_portal(struct pd_conn *, const struct pd_rec *);
void pd_pg_forget_unnamed(struct pd_conn *);
void pd_pg_forget_portals(struct pd_conn *);
void pd_pg_forget(struct pd_conn *);

/* fields.c */
extern const struct pd_schema pd_pg_schema;
/* The session's user and database, as far as they are known. */
void pd_pg_set_session(struct pd_conn *, struct pd_rec *);
/* The statement with its summary and its verb. note: see pd_learnt_note(); NULL for what was not learnt. */
void pd_pg_set_statement(struct pd_conn *, struct pd_rec *, struct pd_slice text, uint32_t full,
                         uint64_t *note);
void pd_pg_clear_statement(struct pd_rec *);
/* Does a statement with this verb forget statements by SQL, or give a name another? */
bool pd_pg_renames(struct pd_slice verb);
/* May this text hold such a statement? */
bool pd_pg_text_renames(struct pd_slice text, bool whole);
/* CommandComplete. Returns the tag's verb. */
struct pd_slice pd_pg_set_tag(struct pd_rec *, struct pd_slice tag);
/* Rows that came behind the last tag. */
void pd_pg_set_rows(struct pd_rec *);
/* ErrorResponse. True when the connection ends with it. */
bool pd_pg_set_error(struct pd_rec *, struct pd_slice fields);
void pd_pg_set_skipped(struct pd_rec *);

/* sync.c. As struct pd_proto has it. */
int pd_pg_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);
#endif
