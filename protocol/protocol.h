/* protocol.h: what a folder under protocol/ exports: one const struct pd_proto named pd_proto_<folder>. */
#ifndef PD_PROTOCOL_PROTOCOL_H
#define PD_PROTOCOL_PROTOCOL_H
#include "config/option.h"
#include "protocol/machine.h"

enum pd_purpose {
    PD_DETECT, /* which protocol is this? the slice is the very first of its direction */
    PD_JOIN,   /* the connection is older than the capture */
    PD_RECOVER /* bytes were lost */
};

enum pd_lost { PD_FEED_GAP, PD_FRAME_GAP, PD_BOUNDARY, PD_WAS_BAD };
enum pd_verdict { PD_GO_ON, PD_INCOMPLETE_MESSAGE, PD_LOST };
enum pd_transports { PD_ON_TCP = 1, PD_ON_UDP = 2 };

enum { PD_NO = -1, PD_MORE = -2 };        /* answers of sync() that are no offset */
enum { PD_MAYBE = 50, PD_CERTAIN = 100 }; /* confidence */

struct pd_look {       /* what sync() is asked */
    uint8_t dir;       /* enum pd_dir */
    uint8_t purpose;   /* enum pd_purpose */
    uint8_t transport; /* enum pd_transport */
    uint16_t port;     /* the server's */
    bool known;        /* that port is one of the protocol's */
};

struct pd_proto {
    const struct pd_schema *schema;
    const struct pd_option *options; /* or NULL; they describe a struct of options_size bytes */
    uint16_t options_size;
    const char *upgrade; /* what it is called where another protocol changes to it (pd_upgrade()), or NULL */
    const char *parent;  /* a child claims messages of that protocol; see claim */
    const uint16_t *ports; /* well-known server ports, 0 ends */
    uint8_t transports;    /* enum pd_transports */
    uint8_t match, flags;  /* enum pd_match_kind, enum pd_match_flag */
    uint16_t conn_size;    /* bytes of state a connection, zeroed at the start */
    uint32_t worker_size;  /* the same a worker; a page costs memory when it is first used */

    /* Before the first packet, the only place where a library may ask for memory: fills the worker's state.
     * What it takes beside it comes off *memory, the bytes that are left for this. 0 or -ENOMEM, after which
     * worker_end() is called too. NULL: nothing to do. */
    int (*worker_start)(void *state, const void *options, uint64_t *memory);
    void (*worker_end)(void *state);

    /* Where in this slice does a message plausibly start? An offset, PD_NO, or PD_MORE when a longer slice
     * could tell. Checks the whole header, and the next one where it is in sight. Looks at the slice only. */
    int (*sync)(struct pd_slice, const struct pd_look *, uint8_t *confidence);
    /* Says the first want of a half that stands at a message boundary. Its state of before is void. */
    void (*start)(struct pd_conn *, struct pd_half *);
    /* The want was met; say the next one. Returns how many bytes of a FEED's slice were used, else anything.
     * A FEED whose slice was used up and that was not replaced by another want goes on. */
    uint32_t (*step)(struct pd_conn *, struct pd_half *, struct pd_slice token);
    /* n bytes are missing. FEED_GAP: GO_ON means that zeros may be fed for them. FRAME_GAP: GO_ON means that
     * the message is whole enough; INCOMPLETE_MESSAGE marks its record; both skip to the frame's end.
     * BOUNDARY and WAS_BAD: forget what this direction taught; the answer is ignored. NULL: FEED_GAP is LOST,
     * FRAME_GAP is INCOMPLETE_MESSAGE. */
    enum pd_verdict (*lost)(struct pd_conn *, struct pd_half *, enum pd_lost, uint64_t n);
    /* FIN: this direction ends here, with nothing missing before it. May end a message. NULL: nothing to do.
     */
    void (*fin)(struct pd_conn *, struct pd_half *);
    /* The connection goes: return what was lent. NULL: nothing was. */
    void (*close)(struct pd_conn *);
    /* A child: is a message with this mark (a content type) yours? */
    bool (*claim)(struct pd_slice mark);
    const void *face; /* a child: a struct of its parent's header, what the parent asks of it */
    /* By key: so many requests of a connection are outstanding at most, the oldest makes room. 0:
     * limits.outstanding, and the newest is not kept. */
    uint16_t outstanding;
};

/* Generated from the folders, sorted by name, NULL ends. */
extern const struct pd_proto *const pd_protocols[];

/* --- what a protocol may ask of its connection --- */

/* conn_size bytes, zeroed when the connection began to speak this protocol. */
void *pd_state(struct pd_conn *);
/* worker_size bytes, shared by the protocol's connections in this worker. */
void *pd_worker_state(const struct pd_conn *);
/* The protocol's options struct. */
const void *pd_options(const struct pd_conn *);
struct pd_half *pd_half_of(struct pd_conn *, enum pd_dir);
/* The name of the protocol that is there under this name of an upgrade, or NULL. */
const char *pd_upgrade(const struct pd_conn *, const char *token);
uint8_t pd_conn_transport(const struct pd_conn *);
uint16_t pd_conn_server_port(const struct pd_conn *);
/* True when the connection's first bytes were seen in both directions: nothing was said before that is not
 * known. Says nothing of bytes lost later. */
bool pd_conn_from_start(const struct pd_conn *);
/* True when the datagram in hand was sent to a multicast address. */
bool pd_conn_multicast(const struct pd_conn *);
/* The time of the packet in hand. */
uint64_t pd_conn_now(const struct pd_conn *);
/* Memory from the worker's bounded pools, at most 65,536 bytes, zeroed up to 2,048; NULL (counted) when used
 * up. What is lent goes back with the same size. */
void *pd_lend(struct pd_conn *, uint32_t size);
void pd_give_back(struct pd_conn *, void *, uint32_t size);
/* Something that was learnt had to go for want of room: counted. */
void pd_forgotten(struct pd_conn *);
/* Which child of this connection's protocol claims the mark, and is wanted; -1: none. */
int pd_child(const struct pd_conn *, struct pd_slice mark);
/* Is the connection's protocol itself asked for? Else only its children are: its own requests are
 * PD_REC_SILENT. */
bool pd_wanted(const struct pd_conn *);
/* A request that is under way turns out to be that child's. Both have the same struct for their fields.
 * Returns the child's face. */
const void *pd_become_child(struct pd_conn *, struct pd_rec *, int child);
/* Adds to a counter of the connection's protocol. */
void pd_count(struct pd_conn *, enum pd_proto_counter, uint32_t n);
#endif
