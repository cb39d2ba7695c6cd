/* command.c: a command begins, its arguments pass, it ends: what each changes, and what of it is kept. */
#include "protocol/redis/request.h"

static const struct pd_redis_command *command_of(const struct pd_redis_conn *s)
{
    return &pd_redis_commands[s->command];
}

static void set_command(struct pd_rec *r, const struct pd_redis_command *known, struct pd_slice name)
{
    struct pd_redis *f = pd_fields(r);
    char upper[PD_REDIS_NAME_MAX];

    if (known->name[0])
        pd_text_static(&f->command, known->name);
    else if (name.len && pd_redis_upper(name, upper))
        pd_text_set(r, &f->command, (struct pd_slice){(const uint8_t *)upper, name.len},
                    PD_REDIS_COMMAND_MAX);
    else if (name.len)
        pd_text_set(r, &f->command, name, PD_REDIS_COMMAND_MAX);
}

/* How many replies are owed, RESP3's confirmations among them; *kind may become the one without arguments. */
static uint32_t owed(uint8_t *kind, uint32_t argc)
{
    if (*kind < PD_REDIS_SUBSCRIBE || *kind == PD_REDIS_UNKNOWN)
        return 1;
    if (argc > 1)
        return argc - 1;
    if (*kind >= PD_REDIS_UNSUBSCRIBE)
        *kind = (uint8_t)(*kind + PD_REDIS_UNSUBSCRIBE_ALL - PD_REDIS_UNSUBSCRIBE);
    return 1;
}

/* What the command's name alone changes. */
static void note_name(struct pd_redis_conn *s, uint8_t kind)
{
    s->guesses = 0;
    s->silent = s->mode != PD_REDIS_ON;
    if (s->mode == PD_REDIS_SKIP)
        s->mode = PD_REDIS_ON;
    if (kind == PD_REDIS_RESET) { /* it is answered whatever CLIENT REPLY said */
        s->mode = PD_REDIS_ON;
        s->mode_known = true;
        s->silent = false;
    }
    if (kind == PD_REDIS_MULTI)
        s->multi = true;
    else if (kind == PD_REDIS_EXEC || kind == PD_REDIS_DISCARD || kind == PD_REDIS_RESET)
        s->multi = false;
    if (kind < PD_REDIS_SUBSCRIBE && kind != PD_REDIS_ANYTIME && kind != PD_REDIS_RESET)
        s->others = true;
}

/* Is it the command that this connection sent last? */
static bool is_again(const struct pd_redis_conn *s, struct pd_slice name)
{
    const char *last = command_of(s)->name;

    return name.len && name.len < PD_REDIS_NAME_MAX && memcmp(last, name.p, name.len) == 0 && !last[name.len];
}

static uint16_t find(const struct pd_redis_conn *s, struct pd_slice name)
{
    return is_again(s, name) ? s->command : pd_redis_find(name);
}

static void begin(struct pd_conn *c, struct pd_half *h, uint16_t known, struct pd_slice name, uint32_t argc)
{
    struct pd_redis_conn *s = pd_state(c);
    uint8_t kind = pd_redis_commands[known].kind;
    uint32_t replies = owed(&kind, argc);
    bool alone = pd_expected(c) < 0;
    struct pd_rec *r = pd_request_owed(c, h, kind, replies);

    s->command = known;
    s->args = argc ? argc - 1 : 0;
    s->arg = 1;
    s->reply = s->holed_c = false;
    note_name(s, kind);
    if (pd_rec_is_void(r)) { /* a SELECT among those that nobody keeps would not be noticed */
        s->db = -1;
        s->era++;
        if (kind == PD_REDIS_PSYNC || kind == PD_REDIS_SYNC)
            pd_opaque(c, "replication");
        return;
    }
    struct pd_redis *f = pd_fields(r);
    f->known = known;
    f->select = -1;
    f->era = s->era;
    f->next_key = pd_redis_commands[known].key <= PD_REDIS_KEY_FIXED ? pd_redis_commands[known].key : 0;
    set_command(r, &pd_redis_commands[known], name);
    if (argc)
        pd_int_set(&f->argument_count, argc - 1);
    if (alone)
        pd_redis_set_database(s, r);
}

/* argc with the name; 0: it is not known. May end the connection's state. */
void pd_redis_request_begin(struct pd_conn *c, struct pd_half *h, struct pd_slice name, uint32_t argc)
{
    begin(c, h, find(pd_state(c), name), name, argc);
}

void pd_redis_request_end(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);

    if (s->holed_c)
        h->holed = true;
    if (s->silent)
        pd_oneway_end(c, h);
    else
        pd_request_end(c, h);
    if (s->holed_c)
        h->holed = false;
}

/* --- arguments --- */

/* CLIENT REPLY ON, OFF or SKIP. What is outstanding when replies come again, after bytes that were not seen,
 * may be owed none. */
static void note_client(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_redis_conn *s = pd_state(c);

    if (s->arg == 1)
        s->reply = pd_slice_eq_lower(in, PD_SLICE("reply"));
    if (s->arg != 2 || !s->reply || s->args != 1)
        return;
    bool on = pd_slice_eq_lower(in, PD_SLICE("on")), off = pd_slice_eq_lower(in, PD_SLICE("off"));
    if (s->multi || h->holed) {
        s->mode_known = false; /* it takes effect later, if at all */
    } else if (on) {
        if (!s->mode_known && pd_expected_rec(c) != pd_current(c, h->dir))
            pd_bad(c, h, "replies may have been off");
        s->silent = false;
        s->mode = PD_REDIS_ON;
        s->mode_known = true;
    } else if (off || pd_slice_eq_lower(in, PD_SLICE("skip"))) {
        s->silent = true;
        s->mode_known |= off;
        if (off)
            s->mode = PD_REDIS_OFF;
        else if (s->mode == PD_REDIS_ON)
            s->mode = PD_REDIS_SKIP;
    }
}

static void passed(struct pd_redis_conn *s)
{
    s->args--;
    if (s->arg < UINT16_MAX)
        s->arg++;
}

/* An argument of which `in` is looked at. May end the connection's state. */
void pd_redis_request_argument(struct pd_conn *c, struct pd_half *h, struct pd_slice in, uint64_t full)
{
    struct pd_redis_conn *s = pd_state(c);
    const struct pd_redis_command *known = command_of(s);
    unsigned i = s->arg;
    struct pd_rec *r = pd_current(c, h->dir);

    if (known->kind == PD_REDIS_CLIENT) {
        note_client(c, h, in);
        if (h->lost)
            return;
    }
    if (known->kind == PD_REDIS_REPLCONF && i == 1 && pd_slice_eq_lower(in, PD_SLICE("ack"))) {
        pd_opaque(c, "replication"); /* only a replica that receives the stream says so */
        return;
    }
    if (!pd_rec_is_void(r))
        pd_redis_note(r, known, i, in, full);
    passed(s);
}

/* An argument passed that nobody looks at. */
void pd_redis_request_unseen(struct pd_conn *c, struct pd_half *h)
{
    struct pd_rec *r = pd_current(c, h->dir);

    pd_redis_args_add(r, (struct pd_slice){(const uint8_t *)"", 0}, 1);
    passed(pd_state(c));
}

/* --- all at once --- */

/* Do its arguments say nothing but what they are, and perhaps the key? */
static bool is_plain(const struct pd_redis_command *known)
{
    return known->kind == PD_REDIS_OTHER && known->key < PD_REDIS_KEY_FIXED && !known->container &&
           known->secrets == PD_REDIS_SECRETS_NONE;
}

/* The key and the text of the arguments, in which the key, when it is the first and not quoted, stands too.
 */
static void keep_arguments(struct pd_rec *r, unsigned key, const struct pd_slice *argv, uint32_t argc)
{
    struct pd_redis *f = pd_fields(r);

    pd_redis_args_set(r, argv + 1, argc - 1);
    if (!key || key >= argc)
        return;
    struct pd_slice in = argv[key];
    uint16_t n = (uint16_t)(in.len < PD_REDIS_KEY_MAX ? in.len : PD_REDIS_KEY_MAX);
    if (key == 1 && f->args.len >= n && f->args.s[0] != '"')
        f->key = (struct pd_text){.s = f->args.s, .full = in.len, .len = n};
    else
        pd_text_set(r, &f->key, in, PD_REDIS_KEY_MAX);
    f->key_at = (uint16_t)key;
}

bool pd_redis_request_whole(struct pd_conn *c, struct pd_half *h, const struct pd_slice *argv, uint32_t argc,
                            uint32_t size)
{
    struct pd_redis_conn *s = pd_state(c);
    uint16_t known = find(s, argv[0]);

    if (!is_plain(&pd_redis_commands[known]) || argv[0].len > PD_REDIS_WORD_MAX)
        return false;
    begin(c, h, known, argv[0], argc);
    struct pd_rec *r = pd_current(c, h->dir);
    if (!pd_rec_is_void(r))
        keep_arguments(r, pd_redis_commands[known].key, argv, argc);
    s->args = 0;
    s->arg = (uint16_t)argc;
    pd_feed_used(h, size);
    pd_redis_request_end(c, h);
    return true;
}
