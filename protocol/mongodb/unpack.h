/* unpack.h: OP_COMPRESSED: what a worker keeps for it, made before the first packet. Nothing here asks for
 * memory later: one buffer for what comes out, a few for bodies that come in pieces, a context a library. */
#ifndef PD_PROTOCOL_MONGODB_UNPACK_H
#define PD_PROTOCOL_MONGODB_UNPACK_H
#include "protocol/mongodb/mongodb.h"

enum { PD_MONGODB_BUFFERS = 4 }; /* compressed bodies of more than 65,535 bytes that come at once */

struct pd_mongodb_gathered {
    uint32_t ticket; /* who has it; 0: nobody */
    uint32_t len, size;
};

struct pd_mongodb_libs; /* zlib's and zstd's contexts */

struct pd_mongodb_worker {
    uint32_t max; /* bytes that a body may have, packed or unpacked */
    uint32_t tickets;
    uint8_t *out, *in; /* in: PD_MONGODB_BUFFERS one after the other */
    struct pd_mongodb_libs *libs;
    struct pd_mongodb_gathered gathered[PD_MONGODB_BUFFERS];
};

/* As struct pd_proto has them. */
int pd_mongodb_worker_start(void *worker, const void *options, uint64_t *memory);
void pd_mongodb_worker_end(void *worker);

struct pd_mongodb_packed {
    uint32_t opcode, size; /* of what is inside: its kind, its body's length */
    uint8_t compressor;
    bool whole; /* data is all there is; else its beginning */
    struct pd_slice data;
};

/* Reads the numbers before the data; whole is the caller's. False when they break the rules. */
bool pd_mongodb_packed(struct pd_slice body, unsigned dir, struct pd_mongodb_packed *);

/* *out is the body that was packed: all of it when its length is packed->size, else as much of its beginning
 * as the bound and the compressor let be read, perhaps nothing. Valid until the next call. False when the
 * data cannot be what they should be. */
bool pd_mongodb_unpack(struct pd_mongodb_worker *, const struct pd_mongodb_packed *, struct pd_slice *out);

/* A body in pieces: a ticket for a buffer of *n bytes, less where the bound is less. When all are in use the
 * oldest goes to the new one. */
uint32_t pd_mongodb_gather_begin(struct pd_mongodb_worker *, uint32_t *n);
/* Adds the piece; *all is what there is. False when the buffer is another's by now. */
bool pd_mongodb_gather(struct pd_mongodb_worker *, uint32_t ticket, struct pd_slice piece,
                       struct pd_slice *all);
void pd_mongodb_gather_end(struct pd_mongodb_worker *, uint32_t ticket);

/* snappy.c: the beginning of what the block holds, at most cap bytes: *n of them. False when it is none, or
 * when it ends before it is complete and `whole` says that there is no more. */
bool pd_mongodb_snappy(struct pd_slice in, bool whole, uint8_t *out, uint32_t cap, uint32_t *n);
#endif
