/* amqp.h: what the files of this folder share: the record, a connection's state, its channels.
 *
 * Everything is keyed (PD_BY_KEY). Answers to methods carry no id: a channel's are counted, since a server
 * works through a channel in order. Publishes in confirm mode are counted too, deliveries carry their tag. */
#ifndef PD_AMQP_H
#define PD_AMQP_H
#include "protocol/amqp/methods.h"
#include "protocol/learnt.h"
#include "protocol/protocol.h"

struct pd_amqp { /* the protocol's part of a record */
    struct pd_text class_name, method, exchange, routing_key, queue_name, consumer_tag;
    struct pd_int channel, delivery_tag, body_bytes[2];
    struct pd_text reply_class, reply, error_code, error_message;
    struct pd_text error; /* what the line says */
    uint16_t losses[2];   /* of the connection, when this was asked */
    uint8_t class_id, id; /* of the method that asks */
    uint8_t flags;        /* its octet of flags */
};

extern const struct pd_schema pd_amqp_schema;

void pd_amqp_fill_request(struct pd_rec *, uint16_t channel, const struct pd_amqp_method *,
                          const struct pd_amqp_args *);
void pd_amqp_fill_reply(struct pd_rec *, const struct pd_amqp_method *);
/* A reply code and its text, unless the code says that all is well. */
void pd_amqp_fill_error(struct pd_rec *, uint16_t code, struct pd_slice text);

/* --- channels --- */

enum pd_amqp_confirm {
    PD_AMQP_UNSURE, /* joined: publishes are answered or not */
    PD_AMQP_OFF,
    PD_AMQP_ON,
    PD_AMQP_UNCOUNTED /* they are answered, but nobody knows by which number */
};

enum pd_amqp_phase { PD_AMQP_NO_CONTENT, PD_AMQP_HEADER, PD_AMQP_BODY };

enum pd_amqp_ending { /* of a message with content */
                      PD_AMQP_IS_REQUEST,
                      PD_AMQP_IS_ONEWAY,
                      PD_AMQP_IS_RESPONSE,
                      PD_AMQP_IS_UNSURE /* whether it is answered is not known: incomplete */
};

struct pd_amqp_content { /* passing in one direction of a channel */
    uint64_t key, left;  /* of its record; body bytes still to come */
    uint8_t phase, ending;
};

struct pd_amqp_channel {
    struct pd_amqp_content content[2];
    uint64_t published;   /* number of the latest publish */
    uint64_t unconfirmed; /* no publish below is outstanding */
    uint64_t returned;    /* of the publishes up to this one, nobody knows which came back */
    uint64_t unsettled;   /* no delivery below is outstanding; 0: there was none */
    uint64_t guessed;     /* the same of those of which nobody knows whether they are answered */
    uint32_t used;        /* the connection's clock */
    uint32_t
        since[2]; /* second of the first publish, delivery of which nobody knows whether it is answered */
    uint16_t id, asked,
        answered; /* the client's requests: number of the next one, no earlier is outstanding */
    uint16_t got; /* messages that Get brought and that are still to be acknowledged */
    /* Methods without an answer that the server may still refuse: which (0: none, PD_AMQP_SEVERAL), and the
     * numbers of the requests that follow the first and the last of them. */
    uint16_t told, told_first, told_last;
    uint8_t confirm;
    bool open : 1;     /* this entry is in use */
    bool whole : 1;    /* its opening was seen, and nothing lost since */
    bool guesses : 1;  /* deliveries were kept of which nobody knows whether they are answered */
    bool silent : 1;   /* nobody seems to answer those */
    bool mixed_up : 1; /* answers may have been lost while several were due */
    bool recovers : 1; /* deliveries up to the answer to Recover go back, whatever the client says of them */
};

/* What a connection knows. */
struct pd_amqp_conn {
    struct pd_amqp_channel *channels;
    struct pd_learnt consumers; /* by channel and tag: does it acknowledge? */
    uint32_t clock;
    uint16_t losses[2];  /* how often a direction lost its place, or found it */
    uint16_t passing[2]; /* the channel that act means, or of the content that is the current record */
    uint16_t channel[2]; /* of the frame that comes in pieces */
    uint16_t last;       /* the entry that was looked for last */
    uint8_t act[2];      /* what to do at the end of the frame now passing */
    uint8_t room;        /* log2 of channels there is room for */
    uint8_t bits;        /* PD_AMQP_CURRENT + direction, PD_AMQP_HEADER_COMES + direction */
    bool answers : 1;    /* the server's current record is a response */
    bool pipelined : 1;  /* several of the same method were outstanding on a channel */
    bool version_8 : 1;  /* 0-8 has other numbers for closing */
};
_Static_assert(sizeof(struct pd_amqp_conn) <= 48, "the state fits into the connection");

enum {
    PD_AMQP_CURRENT,         /* this direction's current record is content */
    PD_AMQP_HEADER_COMES = 2 /* the frame that comes in pieces is a content header, else a method */
};

static inline bool pd_amqp_is(const struct pd_amqp_conn *a, unsigned bit)
{
    return a->bits >> bit & 1;
}

static inline void pd_amqp_set(struct pd_amqp_conn *a, unsigned bit, bool on)
{
    a->bits = (uint8_t)((a->bits & ~(1u << bit)) | (unsigned)on << bit);
}

/* pd_amqp_channel() where it is not the one of the last time. */
struct pd_amqp_channel *pd_amqp_channel_look(struct pd_conn *, uint16_t id);

static inline struct pd_amqp_conn *pd_amqp_of(struct pd_conn *c)
{
    return pd_state(c);
}

/* The channel's entry, made when there is none; NULL when there is no memory. Stays where it is until the
 * next call. */
static inline struct pd_amqp_channel *pd_amqp_channel(struct pd_conn *c, uint16_t id)
{
    const struct pd_amqp_conn *a = pd_amqp_of(c);
    struct pd_amqp_channel *last = a->channels ? a->channels + a->last : NULL;

    return last && last->open && last->id == id ? last : pd_amqp_channel_look(c, id);
}

enum { PD_AMQP_SEVERAL = UINT16_MAX };
/* May what is refused be a method without an answer, sent before request n of the channel? */
static inline bool pd_amqp_told(const struct pd_amqp_channel *ch, unsigned code, uint16_t n)
{
    return ch->told && (ch->told == code || ch->told == PD_AMQP_SEVERAL) &&
           (int16_t)(n - ch->told_first) >= 0;
}

/* All that are open, one after the other: NULL first, NULL at the end. */
struct pd_amqp_channel *pd_amqp_channel_next(struct pd_conn *, const struct pd_amqp_channel *);
/* Ends what is outstanding on the channel, as unanswered or incomplete, and forgets all about it. */
void pd_amqp_channel_end(struct pd_conn *, struct pd_amqp_channel *, bool broken);
/* The same of the channel of that number, if there is one. */
void pd_amqp_channel_close(struct pd_conn *, uint16_t id);
void pd_amqp_channels_free(struct pd_conn *);

/* --- keys --- */

enum pd_amqp_kind {
    PD_AMQP_K_METHOD = 1, /* of the client: its number in the channel; of the server: the method's code */
    PD_AMQP_K_PUBLISH,    /* number since confirm mode began */
    PD_AMQP_K_DELIVER,    /* delivery tag */
    PD_AMQP_K_GUESS,      /* the same, of a consumer that may not acknowledge */
    PD_AMQP_K_ONEWAY      /* content that nobody answers */
};
#define PD_AMQP_TAGS ((UINT64_C(1) << 45) - 1) /* tags in a key; no channel ever counts that far */

static inline uint64_t pd_amqp_key(enum pd_amqp_kind kind, uint16_t channel, uint64_t n)
{
    return (uint64_t)kind << 61 | (uint64_t)channel << 45 | (n & PD_AMQP_TAGS);
}

/* All that is outstanding under a kind's keys goes out now. */
void pd_amqp_give_up(struct pd_conn *, enum pd_dir asker, enum pd_amqp_kind, uint16_t channel, bool broken);

/* --- frames --- */

enum pd_amqp_frame_type {
    PD_AMQP_F_METHOD = 1,
    PD_AMQP_F_HEADER = 2,
    PD_AMQP_F_BODY = 3,
    PD_AMQP_F_HEARTBEAT = 8
};
enum {
    PD_AMQP_VERSION = 8,   /* bytes of the protocol header */
    PD_AMQP_HEAD = 7,      /* type, channel, size; section 2.3.5 of the specification */
    PD_AMQP_FRAME_MIN = 8, /* with the end */
    PD_AMQP_END = 0xce,
    PD_AMQP_METHOD_HEAD = 4,      /* class and method */
    PD_AMQP_METHOD_MAX = 1 << 20, /* its payload, with field tables */
    PD_AMQP_HEADER_MIN = 14,      /* class, weight, body size, property flags */
    PD_AMQP_BODY_MAX = 256 << 20  /* frame sizes that are agreed on are far smaller */
};

struct pd_amqp_frame {
    uint8_t type;
    uint16_t channel;
    uint32_t size; /* of the payload */
};

/* From at least PD_AMQP_HEAD bytes. False: no frame begins like that. */
static inline bool pd_amqp_frame_read(struct pd_slice in, struct pd_amqp_frame *f)
{
    f->type = in.p[0];
    f->channel = pd_be16(in.p + 1);
    f->size = pd_be32(in.p + 3);
    switch (f->type) {
    case PD_AMQP_F_METHOD:
        return f->size >= PD_AMQP_METHOD_HEAD && f->size <= PD_AMQP_METHOD_MAX;
    case PD_AMQP_F_HEADER:
        return f->channel && f->size >= PD_AMQP_HEADER_MIN && f->size <= PD_AMQP_METHOD_MAX;
    case PD_AMQP_F_BODY:
        return f->channel && f->size <= PD_AMQP_BODY_MAX;
    case PD_AMQP_F_HEARTBEAT:
        return !f->channel && !f->size;
    default:
        return false;
    }
}

/* The protocol header, as far as it is there. */
bool pd_amqp_is_header(struct pd_slice);
int pd_amqp_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);

enum pd_amqp_act { /* at the end of a frame */
                   PD_AMQP_PASS,
                   PD_AMQP_END_REQUEST,
                   PD_AMQP_END_ONEWAY,
                   PD_AMQP_END_RESPONSE,
                   PD_AMQP_END_CHANNEL, /* a response, and with it the channel `passing` */
                   PD_AMQP_CONTENT      /* ends or rests, on the channel `passing` */
};

/* speech.c: a method's frame begins: what it asks, answers or tells. in: behind class and method, perhaps
 * only the beginning; total: bytes of the whole frame. NULL, or why it breaks the rules. */
const char *pd_amqp_speech(struct pd_conn *, struct pd_half *, uint16_t channel,
                           const struct pd_amqp_method *, struct pd_slice in, uint32_t total);
/* The key of the oldest outstanding request of the client on that channel with this method, or 0. */
uint64_t pd_amqp_asked(struct pd_conn *, struct pd_amqp_channel *, unsigned class_id, unsigned id);

/* settle.c: Ack, Nack, Reject and Recover answer publishes or deliveries. */
void pd_amqp_settle(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *,
                    const struct pd_amqp_method *, const struct pd_amqp_args *, uint32_t total);
/* Is no publish but the latest outstanding, in confirm mode? */
bool pd_amqp_publishes_alone(struct pd_conn *, struct pd_amqp_channel *);
/* The server recovered: what it delivered before that went back. */
void pd_amqp_recovered(struct pd_conn *, struct pd_amqp_channel *);
/* The channel or the connection is closed because of what is told in args. */
void pd_amqp_refuse(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *,
                    const struct pd_amqp_method *, const struct pd_amqp_args *);

/* This direction ends. */
void pd_amqp_hang_up(struct pd_conn *, struct pd_half *);

/* content.c: messages with content. Each begins a part of a message; pd_amqp_content_end() ends it. */
void pd_amqp_publish(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *,
                     const struct pd_amqp_method *, const struct pd_amqp_args *);
void pd_amqp_deliver(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *,
                     const struct pd_amqp_method *, const struct pd_amqp_args *);
void pd_amqp_returned(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *,
                      const struct pd_amqp_method *, const struct pd_amqp_args *);
/* The response now passing has content. */
void pd_amqp_got(struct pd_conn *, struct pd_half *, struct pd_amqp_channel *, uint64_t key);
/* A content header; a body frame of n bytes. NULL, or why it breaks the rules. */
const char *pd_amqp_content_header(struct pd_conn *, struct pd_half *, uint16_t channel,
                                   struct pd_slice payload);
const char *pd_amqp_content_body(struct pd_conn *, struct pd_half *, uint16_t channel, uint32_t n);
/* All the content of the method that just passed, if it stands right behind that: a header and one body,
 * which are used and end the message. in: what is there behind the method. Returns how many bytes that was,
 * or 0: less is there, or something else; nothing was done. */
uint32_t pd_amqp_content_at_once(struct pd_conn *, struct pd_half *, struct pd_slice in);
void pd_amqp_content_end(struct pd_conn *, struct pd_half *);
/* Another frame comes: what was current rests. */
void pd_amqp_content_pause(struct pd_conn *, struct pd_half *);
static inline void pd_amqp_content_rest(struct pd_conn *c, struct pd_half *h)
{
    if (pd_amqp_is(pd_amqp_of(c), PD_AMQP_CURRENT + h->dir))
        pd_amqp_content_pause(c, h);
}
/* The rest of what is passing on the channel will not be read. */
void pd_amqp_content_drop(struct pd_conn *, struct pd_amqp_channel *, unsigned dir);

/* Does the consumer of that tag acknowledge? Learnt from Consume, or from an answer that names a delivery. */
void pd_amqp_learn_consumer(struct pd_conn *, uint16_t channel, struct pd_slice tag, uint8_t no_ack);
uint64_t pd_amqp_consumer_key(uint16_t channel, struct pd_slice tag);
#endif
