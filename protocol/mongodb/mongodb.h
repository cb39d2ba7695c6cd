/* mongodb.h: what the files of this folder share: the record's fields, the header, and the reader of a
 * message's body, which knows nothing of connections. MongoDB Wire Protocol; numbers are little-endian.
 */
#ifndef PD_PROTOCOL_MONGODB_MONGODB_H
#define PD_PROTOCOL_MONGODB_MONGODB_H
#include "protocol/protocol.h"

enum pd_mongodb_opcode {
    PD_MONGODB_REPLY = 1,
    PD_MONGODB_UPDATE = 2001,
    PD_MONGODB_INSERT = 2002,
    PD_MONGODB_QUERY = 2004,
    PD_MONGODB_GET_MORE = 2005,
    PD_MONGODB_DELETE = 2006,
    PD_MONGODB_KILL_CURSORS = 2007,
    PD_MONGODB_COMMAND = 2010,
    PD_MONGODB_COMMAND_REPLY = 2011,
    PD_MONGODB_COMPRESSED = 2012,
    PD_MONGODB_MSG = 2013
};

enum {
    PD_MONGODB_HEADER = 16,
    PD_MONGODB_LENGTH_MIN = 24, /* no message is shorter: OP_KILL_CURSORS without cursors */
    PD_MONGODB_LENGTH_MAX = 48000000,
    PD_MONGODB_PACKED_HEAD = 9, /* of OP_COMPRESSED, behind the header */
    PD_MONGODB_DOCUMENT_MIN = 5
};

enum { /* flag bits of OP_MSG */
       PD_MONGODB_CHECKSUM = 1,
       PD_MONGODB_MORE_TO_COME = 2,
       PD_MONGODB_EXHAUST_ALLOWED = 1 << 16,
       PD_MONGODB_REQUIRED = 0xffff /* a bit of these that nobody knows is an error */
};

enum { /* bytes kept */
       PD_MONGODB_COMMAND_MAX = 64,
       PD_MONGODB_DATABASE_MAX = 64,
       PD_MONGODB_COLLECTION_MAX = 255,
       PD_MONGODB_NAMESPACE_MAX = PD_MONGODB_DATABASE_MAX + 1 + PD_MONGODB_COLLECTION_MAX,
       PD_MONGODB_ERROR_NAME_MAX = 64,
       PD_MONGODB_ERROR_MAX = 256,
       PD_MONGODB_FAILURE_MAX = 160
};

struct pd_mongodb_command { /* one that is known by name */
    const char *name;
    uint8_t len;
    bool collection;  /* its own value is a collection's name */
    const char *list; /* the array of its documents or statements, or NULL */
};

struct pd_mongodb { /* the protocol's part of a record */
    struct pd_text command, database, collection, opcode;
    struct pd_int id, documents[2], ok;
    struct pd_text error_code, error_name, error_message;
    struct pd_text failure; /* of a failed response: the line's `error`; no field of its own */
    const struct pd_mongodb_command *known;
    bool commands;     /* it asks for a command, so that its reply has `ok` */
    bool exhaust;      /* OP_QUERY: replies follow each other until the cursor ends */
    bool write_errors; /* there are some */
    bool not_ok;
};

struct pd_mongodb_options {
    uint64_t max_decompress;
};

/* fields.c */
extern const struct pd_schema pd_mongodb_schema;
extern const struct pd_option pd_mongodb_option_table[];
/* The command of that name, or NULL. */
const struct pd_mongodb_command *pd_mongodb_command_of(struct pd_slice name);
/* An opcode's name; NULL: there is none such. */
const char *pd_mongodb_opcode_name(uint32_t opcode);
/* The code as text. */
void pd_mongodb_set_code(struct pd_rec *, int64_t code);
/* "db.collection", read into `collection`, becomes database and collection. */
void pd_mongodb_split_namespace(struct pd_mongodb *);
/* The response has been read: was it a failure, and what does the line say? */
void pd_mongodb_settle_reply(struct pd_rec *);

/* header.c */
struct pd_mongodb_header {
    uint32_t length, id, to, opcode;
};

/* p has PD_MONGODB_HEADER bytes. */
struct pd_mongodb_header pd_mongodb_read_header(const uint8_t *p);
/* Why no message that way begins so, or NULL. */
const char *pd_mongodb_header_fault(const struct pd_mongodb_header *, unsigned dir);
/* As struct pd_proto has it. */
int pd_mongodb_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);

/* --- the reader, reader.c and element.c --- */

enum { PD_MONGODB_DEPTH = 4, PD_MONGODB_CARRY = 64 };

enum pd_mongodb_stage { /* what the reader looks at next */
                        PD_MONGODB_S_DONE,
                        PD_MONGODB_S_PART,     /* nothing: the next part of the layout is to be begun */
                        PD_MONGODB_S_LEAD,     /* numbers of a fixed length */
                        PD_MONGODB_S_NAME,     /* a text up to NUL that is kept */
                        PD_MONGODB_S_NUL,      /* so many NULs */
                        PD_MONGODB_S_TEXT,     /* a string's bytes that are kept */
                        PD_MONGODB_S_KIND,     /* OP_MSG: a section's kind */
                        PD_MONGODB_S_SIZE,     /* OP_MSG: the size of a sequence of documents */
                        PD_MONGODB_S_IDENT,    /* OP_MSG: the sequence's name */
                        PD_MONGODB_S_COUNT,    /* documents one after the other, counted */
                        PD_MONGODB_S_TOKEN,    /* OP_MSG: the server's own kind of section */
                        PD_MONGODB_S_DOCUMENT, /* a document's length */
                        PD_MONGODB_S_ELEMENT,  /* in a document */
                        PD_MONGODB_S_VALUE     /* of an element whose name is too long to be one of ours */
};

enum pd_mongodb_place { /* which document it is in */
                        PD_MONGODB_P_IGNORED,
                        PD_MONGODB_P_COMMAND,
                        PD_MONGODB_P_EXPLAINED,  /* the command that is to be explained */
                        PD_MONGODB_P_STATEMENTS, /* an array that is counted for the request */
                        PD_MONGODB_P_REPLY,
                        PD_MONGODB_P_CURSOR,
                        PD_MONGODB_P_BATCH, /* an array that is counted for the response */
                        PD_MONGODB_P_ERRORS,
                        PD_MONGODB_P_ERROR
};

/* Reads a message's body in pieces of any size. Documents are walked with a stack of the lengths of those few
 * that hold something of interest; every other value is passed by its length, however deep it nests. */
struct pd_mongodb_reader {
    uint32_t skip;    /* bytes that nobody looks at come next */
    uint32_t left;    /* of the message, without its checksum; with what is in carry */
    uint32_t section; /* of the sequence of documents */
    uint32_t text_left;
    uint32_t count;
    uint32_t flags; /* OP_MSG, OP_QUERY, OP_REPLY */
    uint64_t cursor;
    uint32_t open[PD_MONGODB_DEPTH]; /* bytes left in each document that is open, the innermost last */
    uint8_t place[PD_MONGODB_DEPTH]; /* enum pd_mongodb_place */
    uint16_t opcode;
    uint8_t part; /* of the layout */
    uint8_t stage;
    uint8_t after; /* the stage behind NULs */
    uint8_t depth;
    uint8_t text; /* which field is kept */
    uint8_t type; /* of the element whose value comes */
    uint8_t nuls;
    bool response, first;
    uint8_t carried, carry[PD_MONGODB_CARRY];
};

enum pd_mongodb_read {
    PD_MONGODB_MORE,    /* all was used, and there must be more */
    PD_MONGODB_SKIPPED, /* all was used; reader->skip bytes may be passed unseen */
    PD_MONGODB_DONE,    /* nothing of interest follows */
    PD_MONGODB_BAD
};

/* opcode is one that pd_mongodb_header_fault() lets pass, and not OP_COMPRESSED; length is the body's. */
void pd_mongodb_reader_init(struct pd_mongodb_reader *, uint32_t opcode, unsigned dir, uint32_t length);
/* Reads on. *used: how many bytes were. */
enum pd_mongodb_read pd_mongodb_read(struct pd_mongodb_reader *, struct pd_rec *, struct pd_slice in,
                                     uint32_t *used);
/* Nothing more comes: a text of which only a part was read is no field's value. */
void pd_mongodb_abandon(const struct pd_mongodb_reader *, struct pd_rec *);
/* The caller passes n <= reader->skip bytes unseen. */
static inline void pd_mongodb_passed(struct pd_mongodb_reader *m, uint32_t n)
{
    m->skip -= n;
    m->left -= n;
}

/* Between the reader's files: what a stage answers beside the number of bytes it used. */
enum { PD_MONGODB_NEED = -1, PD_MONGODB_FAULT = -2 };

enum pd_mongodb_text { /* texts that are kept */
                       PD_MONGODB_T_NAMESPACE,
                       PD_MONGODB_T_DATABASE,
                       PD_MONGODB_T_COMMAND,
                       PD_MONGODB_T_COLLECTION,
                       PD_MONGODB_T_ERROR_NAME,
                       PD_MONGODB_T_ERROR_MESSAGE
};

struct pd_text *pd_mongodb_text_of(struct pd_mongodb *, enum pd_mongodb_text, uint16_t *cap);
/* The stages of documents. in is contiguous: all there is, or at least PD_MONGODB_CARRY bytes. */
int pd_mongodb_document(struct pd_mongodb_reader *, struct pd_slice in, enum pd_mongodb_place);
/* As many elements as are at hand. */
int pd_mongodb_elements(struct pd_mongodb_reader *, struct pd_rec *, struct pd_slice in);
int pd_mongodb_value(struct pd_mongodb_reader *, struct pd_rec *, struct pd_slice in);
/* n bytes of the innermost document are used; false when it has not so many before its end. */
bool pd_mongodb_charge(struct pd_mongodb_reader *, uint32_t n);

/* visit.c: what an element means. */
struct pd_mongodb_seen {
    struct pd_slice name;
    const uint8_t *value; /* its first bytes: a number whole, a length */
    uint8_t type;
};
enum pd_mongodb_todo { PD_MONGODB_PASS, PD_MONGODB_KEEP, PD_MONGODB_ENTER };
/* KEEP: the string is the text m->text. ENTER: *place is the document's. */
enum pd_mongodb_todo pd_mongodb_visit(struct pd_mongodb_reader *, struct pd_rec *,
                                      const struct pd_mongodb_seen *, enum pd_mongodb_place *place);
/* The innermost document of that place ended. */
void pd_mongodb_leave(struct pd_mongodb_reader *, struct pd_rec *, enum pd_mongodb_place);
/* Documents or statements of a request, in addition to those seen before. */
void pd_mongodb_add_statements(struct pd_rec *, uint32_t n);

enum pd_mongodb_type { /* BSON types that are told apart */
                       PD_BSON_DOUBLE = 1,
                       PD_BSON_STRING = 2,
                       PD_BSON_DOCUMENT = 3,
                       PD_BSON_ARRAY = 4,
                       PD_BSON_BOOL = 8,
                       PD_BSON_REGEX = 11,
                       PD_BSON_SYMBOL = 14,
                       PD_BSON_INT32 = 16,
                       PD_BSON_INT64 = 18
};

#endif
