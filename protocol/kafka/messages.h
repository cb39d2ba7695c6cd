/* messages.h: the messages of Kafka as rows. A row is one field of a message in the order of the wire, with
 * the versions that have it and what packetd makes of it. walk.h reads them; a new version is a row. */
#ifndef PD_PROTOCOL_KAFKA_MESSAGES_H
#define PD_PROTOCOL_KAFKA_MESSAGES_H
#include <stdbool.h>
#include <stdint.h>

/* Kinds of fields. Strings, bytes, records and arrays may be null everywhere: their length says so. "Compact"
 * lengths and tagged fields belong to flexible versions. */
enum pd_kafka_kind {
    PD_KAFKA_DONE,    /* what follows is not looked at */
    PD_KAFKA_SKIP,    /* so many bytes: arg */
    PD_KAFKA_INT8,    /* arg: enum pd_kafka_meaning, as for all below */
    PD_KAFKA_INT16,   /* signed */
    PD_KAFKA_UUID,    /* 16 bytes */
    PD_KAFKA_STRING,  /* length, text */
    PD_KAFKA_CLIENT,  /* a string whose length is never compact: the client id of request headers */
    PD_KAFKA_BYTES,   /* length, bytes that nobody looks at; arg 2: the length is that of a string */
    PD_KAFKA_RECORDS, /* length, record batches */
    PD_KAFKA_INTS,    /* an array of int32 */
    PD_KAFKA_ARRAY,   /* an array: the rows up to its END or NEXT, so many times */
    PD_KAFKA_MAYBE,   /* a structure that may be null: a byte that says so, the rows up to its END */
    PD_KAFKA_END,     /* of a structure: tagged fields follow; arg 1: field 0 is an error code */
    PD_KAFKA_NEXT,    /* of a plain value in an array */
    PD_KAFKA_TAGS,    /* tagged fields of a header */
    PD_KAFKA_BODY     /* the header ends: on with the message's own rows */
};

enum pd_kafka_meaning {
    PD_KAFKA_NOTHING,
    PD_KAFKA_TOPIC,      /* a topic's name or id */
    PD_KAFKA_LEARN,      /* the same in a response that has both: id and name belong together */
    PD_KAFKA_PARTITIONS, /* an array of them */
    PD_KAFKA_GROUP,
    PD_KAFKA_TXN, /* transactional id */
    PD_KAFKA_ACKS,
    PD_KAFKA_ERROR,        /* error code */
    PD_KAFKA_KEY,          /* of FindCoordinator: a group or a transactional id, */
    PD_KAFKA_KEY_TYPE,     /* as this says */
    PD_KAFKA_RESOURCE,     /* of the calls on configurations: a topic when */
    PD_KAFKA_RESOURCE_TYPE /* this says so */
};

enum { PD_KAFKA_DEPTH = 5 }; /* arrays, and structures that may be null, in each other */

/* Whether an END or NEXT belongs to rows of that kind. */
static inline bool pd_kafka_opens(uint8_t kind)
{
    return kind == PD_KAFKA_ARRAY || kind == PD_KAFKA_MAYBE;
}

struct pd_kafka_row {
    uint8_t kind, arg; /* enum pd_kafka_kind; see there */
    uint8_t from, to;  /* versions that have it */
};

enum {
    PD_KAFKA_PRODUCE = 0,
    PD_KAFKA_FETCH = 1,
    PD_KAFKA_CONTROLLED_SHUTDOWN = 7,
    PD_KAFKA_SASL_HANDSHAKE = 17,
    PD_KAFKA_API_VERSIONS = 18,
    PD_KAFKA_SHARE_FETCH = 78
};

struct pd_kafka_api {
    const char *name;
    uint8_t flexible;                              /* first version that is; 255: none */
    uint8_t newest;                                /* version that the rows know */
    const struct pd_kafka_row *request, *response; /* NULL: only headers are read */
};

/* The rows of the headers. */
extern const struct pd_kafka_row pd_kafka_request_header[], pd_kafka_response_header[];

/* NULL when there is no such api. */
const struct pd_kafka_api *pd_kafka_api_of(int16_t key);

static inline bool pd_kafka_is_flexible(const struct pd_kafka_api *api, int version)
{
    return version >= api->flexible;
}

/* Whether the rows fit that version: those of ApiVersions' response fit all, as its error code comes first.
 */
static inline bool pd_kafka_is_known(const struct pd_kafka_api *api, int version)
{
    return api && (version <= api->newest || api == pd_kafka_api_of(PD_KAFKA_API_VERSIONS));
}

/* NULL when the code has no name. */
const char *pd_kafka_error_name(int16_t code);
#endif
