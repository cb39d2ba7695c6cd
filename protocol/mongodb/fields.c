/* fields.c: the record's fields and the options, as tables; commands and opcodes by name. */
#include "protocol/mongodb/mongodb.h"
#include <inttypes.h>
#include <stdio.h>

/* --- names --- */

#define COMMAND(name, collection, list)                                                                      \
    {                                                                                                        \
        name, sizeof(name) - 1, collection, list                                                             \
    }

/* The most usual first. Of a command that is not here the name is kept as it was sent, and no collection. */
static const struct pd_mongodb_command commands[] = {
    COMMAND("find", true, NULL),
    COMMAND("insert", true, "documents"),
    COMMAND("update", true, "updates"),
    COMMAND("getMore", false, NULL), /* its collection is an element of its own */
    COMMAND("delete", true, "deletes"),
    COMMAND("aggregate", true, NULL),
    COMMAND("hello", false, NULL),
    COMMAND("ping", false, NULL),
    COMMAND("findAndModify", true, NULL),
    COMMAND("count", true, NULL),
    COMMAND("isMaster", false, NULL),
    COMMAND("ismaster", false, NULL),
    COMMAND("distinct", true, NULL),
    COMMAND("bulkWrite", false, "ops"),
    COMMAND("endSessions", false, NULL),
    COMMAND("killCursors", true, NULL),
    COMMAND("commitTransaction", false, NULL),
    COMMAND("abortTransaction", false, NULL),
    COMMAND("saslStart", false, NULL),
    COMMAND("saslContinue", false, NULL),
    COMMAND("explain", false, NULL),
    COMMAND("create", true, NULL),
    COMMAND("drop", true, NULL),
    COMMAND("createIndexes", true, NULL),
    COMMAND("listIndexes", true, NULL),
    COMMAND("dropIndexes", true, NULL),
    COMMAND("deleteIndexes", true, NULL),
    COMMAND("collMod", true, NULL),
    COMMAND("collStats", true, NULL),
    COMMAND("collstats", true, NULL),
    COMMAND("validate", true, NULL),
    COMMAND("compact", true, NULL),
    COMMAND("reIndex", true, NULL),
    COMMAND("convertToCapped", true, NULL),
    COMMAND("cloneCollectionAsCapped", true, NULL),
    COMMAND("findandmodify", true, NULL),
    COMMAND("mapReduce", true, NULL),
    COMMAND("mapreduce", true, NULL),
    COMMAND("geoNear", true, NULL),
    COMMAND("geoSearch", true, NULL),
    COMMAND("parallelCollectionScan", true, NULL),
    COMMAND("planCacheClear", true, NULL),
    COMMAND("planCacheClearFilters", true, NULL),
    COMMAND("planCacheListFilters", true, NULL),
    COMMAND("planCacheSetFilter", true, NULL),
    COMMAND("createSearchIndexes", true, NULL),
    COMMAND("updateSearchIndex", true, NULL),
    COMMAND("dropSearchIndex", true, NULL),
};

const struct pd_mongodb_command *pd_mongodb_command_of(struct pd_slice name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct pd_mongodb_command *k = &commands[i];
        if (k->len == name.len && memcmp(k->name, name.p, name.len) == 0)
            return k;
    }
    return NULL;
}

const char *pd_mongodb_opcode_name(uint32_t opcode)
{
    switch (opcode) {
    case PD_MONGODB_MSG:
        return "OP_MSG";
    case PD_MONGODB_COMPRESSED:
        return "OP_COMPRESSED";
    case PD_MONGODB_QUERY:
        return "OP_QUERY";
    case PD_MONGODB_REPLY:
        return "OP_REPLY";
    case PD_MONGODB_GET_MORE:
        return "OP_GET_MORE";
    case PD_MONGODB_INSERT:
        return "OP_INSERT";
    case PD_MONGODB_UPDATE:
        return "OP_UPDATE";
    case PD_MONGODB_DELETE:
        return "OP_DELETE";
    case PD_MONGODB_KILL_CURSORS:
        return "OP_KILL_CURSORS";
    case PD_MONGODB_COMMAND:
        return "OP_COMMAND";
    case PD_MONGODB_COMMAND_REPLY:
        return "OP_COMMANDREPLY";
    default:
        return NULL;
    }
}

/* --- the record --- */

void pd_mongodb_set_code(struct pd_rec *r, int64_t code)
{
    struct pd_mongodb *f = pd_fields(r);
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, code);

    pd_text_set(r, &f->error_code, (struct pd_slice){(const uint8_t *)text, (uint32_t)n}, sizeof text);
}

void pd_mongodb_split_namespace(struct pd_mongodb *f)
{
    struct pd_text *t = &f->collection;
    const char *dot = t->len ? memchr(t->s, '.', t->len) : NULL;

    f->database = *t;
    *t = (struct pd_text){0};
    if (!dot)
        return;
    uint16_t n = (uint16_t)(dot - f->database.s);
    *t = (struct pd_text){.s = dot + 1,
                          .full = f->database.full - n - 1,
                          .len = (uint16_t)(f->database.len - n - 1),
                          .holed = f->database.holed};
    f->database = (struct pd_text){.s = f->database.s, .full = n, .len = n};
}

/* "11000 E11000 duplicate key error", or what there is of it. */
static void describe(struct pd_rec *r, struct pd_mongodb *f)
{
    const struct pd_text *why = f->error_message.len ? &f->error_message : &f->error_name;

    if (f->error_code.s)
        pd_text_add(r, &f->failure, pd_text_bytes(&f->error_code), PD_MONGODB_FAILURE_MAX);
    if (f->error_code.s && why->len)
        pd_text_add(r, &f->failure, PD_SLICE(" "), PD_MONGODB_FAILURE_MAX);
    if (why->len)
        pd_text_add(r, &f->failure, pd_text_bytes(why), PD_MONGODB_FAILURE_MAX);
    if (!f->failure.len)
        pd_text_static(&f->failure, "failed");
}

void pd_mongodb_settle_reply(struct pd_rec *r)
{
    struct pd_mongodb *f = pd_fields(r);

    if (f->not_ok || f->write_errors)
        describe(r, f);
    else /* of a success these say something else */
        f->error_code = f->error_name = f->error_message = (struct pd_text){0};
}

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_mongodb *f = pd_fields_const(r);

    *error = f->failure;
    return f->not_ok || f->write_errors;
}

#define OFF(member) offsetof(struct pd_mongodb, member)

static const struct pd_field field_table[] = {
    {"command", "db.operation.name",
     "the command; of an older message what it does: `find`, `getMore`, `insert`", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(command), NULL},
    {"database", "db.namespace", "the database", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(database), NULL},
    {"collection", "db.collection.name", "the collection, of commands that name one", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(collection), NULL},
    {"opcode", NULL, "the message's kind, of a compressed one the kind inside: `OP_MSG`", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_LOG, OFF(opcode), NULL},
    {"id", NULL, "the message's requestID", PD_REQUEST, PD_INT, PD_LOG, OFF(id), NULL},
    {"documents", NULL, "documents to insert, or statements that update or delete", PD_REQUEST, PD_INT,
     PD_LOG, OFF(documents[PD_REQUEST]), NULL},
    {"documents", "db.response.returned_rows", "documents in the batch that came", PD_RESPONSE, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(documents[PD_RESPONSE]), NULL},
    {"ok", NULL, "1: the command was carried out", PD_RESPONSE, PD_INT, PD_LOG, OFF(ok), NULL},
    {"error_code", "db.response.status_code", "the error's number", PD_RESPONSE, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(error_code), NULL},
    {"error_name", NULL, "its name, where the server gives one", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG,
     OFF(error_name), NULL},
    {"error_message", NULL, "the server's words, of several write errors the first", PD_RESPONSE, PD_TEXT,
     PD_LOG, OFF(error_message), NULL},
    {0},
};

const struct pd_schema pd_mongodb_schema = {
    .proto = "mongodb",
    .help = "MongoDB: OP_MSG, OP_COMPRESSED and the older messages",
    .fields = field_table,
    .rec_size = sizeof(struct pd_mongodb),
    .arena_max = 2048,
    .failed = failed,
};

enum { DECOMPRESS_MOST = 16 << 20 };

const struct pd_option pd_mongodb_option_table[] = {
    {"maxDecompress", PD_OPT_SIZE, offsetof(struct pd_mongodb_options, max_decompress), "1MiB", 0,
     DECOMPRESS_MOST,
     "bytes that a compressed message may have, before and after it is unpacked, to be read whole"},
    {0},
};
