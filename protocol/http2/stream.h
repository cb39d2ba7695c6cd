/* stream.h: messages of streams: what http2.c finds in frames becomes parts of requests and responses. The
 * record is the stream's whole memory; what belongs to no record is decoded and dropped. */
#ifndef PD_PROTOCOL_HTTP2_STREAM_H
#define PD_PROTOCOL_HTTP2_STREAM_H
#include "protocol/http2/hpack.h"
#include "protocol/http2/http2.h"

enum pd_http2_kind { /* whose header block is passing */
                     PD_HTTP2_NOBODYS,
                     PD_HTTP2_REQUEST,
                     PD_HTTP2_RESPONSE,
                     PD_HTTP2_TRAILERS,
                     PD_HTTP2_PROMISE
};

struct pd_http2_dir { /* of one direction of a connection */
    struct pd_hpack hpack;
    struct pd_http2_frame frame; /* the one that passes */
    uint32_t block;              /* stream of the header block that passes, or 0 */
    uint32_t last;               /* the highest stream that began here */
    uint32_t left;               /* of a frame's payload, padding left out: bytes to come */
    uint8_t kind;                /* of the block, enum pd_http2_kind */
    uint8_t pad;
    bool end_stream; /* the block ends the stream's direction */
    bool unread;     /* the rest of the block cannot be read */
    bool known;      /* DATA, RST_STREAM: there is a record */
    bool asked;      /* of a block that is nobody's: it has the beginning of a response */
    bool goes_on;    /* the next frame is there, whole, and is of the same stream */
    bool doubted;    /* the client's: bytes were not seen, and nothing that was found since is answered yet */
};

struct pd_http2_conn {
    struct pd_http2_dir dir[2];
};

/* A header block begins: the current token is, or begins, its frame. HEADERS on `stream`, or PUSH_PROMISE.
 * The same where the frame before said that it goes on. */
void pd_http2_block_begin(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
void pd_http2_block_go_on(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
void pd_http2_promise_begin(struct pd_conn *, struct pd_half *, struct pd_http2_dir *, uint32_t promised);
/* Bytes of the block; the last ones. */
void pd_http2_block_read(struct pd_conn *, struct pd_half *, struct pd_http2_dir *, struct pd_slice,
                         bool last);
void pd_http2_block_end(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);

/* A DATA frame begins; its body's bytes, p is NULL for those nobody sees; it ends. */
void pd_http2_data_begin(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
void pd_http2_data_go_on(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
void pd_http2_data(struct pd_conn *, struct pd_half *, struct pd_slice);
void pd_http2_data_end(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
/* How many of the next bytes nobody wants to see; 0: *want bytes are to be seen. */
uint32_t pd_http2_data_ahead(struct pd_conn *, struct pd_half *, uint32_t *want);
/* Bytes of the body were lost. True when that does no harm. */
bool pd_http2_data_lost(struct pd_conn *, struct pd_half *);

/* RST_STREAM begins, and ends with this code; -1: the code was lost. */
void pd_http2_reset_begin(struct pd_conn *, struct pd_half *, struct pd_http2_dir *);
void pd_http2_reset_end(struct pd_conn *, struct pd_half *, struct pd_http2_dir *, int64_t code);
/* Nothing above that stream will be answered. RFC 9113, section 6.8. */
void pd_http2_goaway(struct pd_conn *, struct pd_half *, uint32_t last);
#endif
