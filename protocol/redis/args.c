/* args.c: arguments as one line of text, which reads like what one would type into redis-cli. An argument is
 * quoted where it must be: when it is empty or holds blanks, quotes, backslashes, control characters or bytes
 * that are no UTF-8. */
#include "protocol/redis/redis.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes of the UTF-8 sequence at s, at least 2; 0: it is none; -1: it is cut off. RFC 3629, section 4. */
static int sequence(struct pd_slice s)
{
    uint8_t lead = s.p[0];
    int n = lead >= 0xc2 && lead <= 0xdf   ? 2
            : (lead & 0xf0) == 0xe0        ? 3
            : lead >= 0xf0 && lead <= 0xf4 ? 4
                                           : 0;

    for (int i = 1; i < n; i++) {
        if ((uint32_t)i >= s.len)
            return -1;
        uint8_t low = 0x80, high = 0xbf;
        if (i == 1 && lead == 0xe0)
            low = 0xa0;
        if (i == 1 && lead == 0xed)
            high = 0x9f;
        if (i == 1 && lead == 0xf0)
            low = 0x90;
        if (i == 1 && lead == 0xf4)
            high = 0x8f;
        if (s.p[i] < low || s.p[i] > high)
            return 0;
    }
    return n;
}

/* A byte of printable ASCII that needs no escaping, within quotes or without. */
static bool is_plain(uint8_t c, bool quoted)
{
    return c >= (quoted ? ' ' : ' ' + 1) && c < 0x7f && c != '"' && c != '\\' && (quoted || c != '\'');
}

#ifdef __SSE2__
/* A bit for each of sixteen bytes that is not plain; those from 0x80 on are negative, less than any that is.
 */
static inline unsigned odd_ones(__m128i v, bool quoted)
{
    __m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(quoted ? ' ' : ' ' + 1)),
                               _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));

    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    if (!quoted)
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\'')));
    return (unsigned)_mm_movemask_epi8(odd);
}
#endif

/* How many bytes at the slice's beginning are plain. They are copied, and perhaps some behind them, to `to`,
 * when that is not NULL, where as many fit as the slice has. */
static inline uint32_t plain_run(struct pd_slice s, bool quoted, char *to)
{
    uint32_t i = 0;

#ifdef __SSE2__
    enum { WIDE = 16, HALF = 8 };
    while (s.len >= WIDE && i < s.len) {
        /* The last ones come again together with some before them, which are known to be plain. */
        uint32_t at = i + WIDE <= s.len ? i : s.len - WIDE;
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + at));
        unsigned odd = odd_ones(v, quoted);
        if (to)
            _mm_storeu_si128((__m128i *)(void *)(to + at), v);
        if (odd)
            return at + (uint32_t)__builtin_ctz(odd);
        i = at + WIDE;
    }
#endif
    for (; i < s.len && is_plain(s.p[i], quoted); i++)
        if (to)
            to[i] = (char)s.p[i];
    return i;
}

static struct pd_slice behind(struct pd_slice s, uint32_t n)
{
    return (struct pd_slice){s.p + n, s.len - n};
}

/* May it stand without quotes? Its first i bytes may. */
static bool is_bare(struct pd_slice s, uint32_t i)
{
    while (i < s.len) {
        int n = s.p[i] < 0x80 ? 0 : sequence(behind(s, i));
        if (n <= 0)
            return false;
        i += (uint32_t)n;
        i += plain_run(behind(s, i), false, NULL);
    }
    return s.len > 0;
}

/* One character within quotes; its length, at most 4; *used: bytes it stands for. */
static uint32_t escape(struct pd_slice s, char out[4], uint32_t *used)
{
    static const char hex[] = "0123456789abcdef", from[] = "\n\r\t\a\b\"\\", to[] = "nrtab\"\\";
    uint8_t c = s.p[0];
    const char *special = c ? strchr(from, c) : NULL;
    int n = c >= 0x80 ? sequence(s) : c >= ' ' && c < 0x7f;

    *used = n > 0 ? (uint32_t)n : 1;
    if (special) {
        out[0] = '\\';
        out[1] = to[special - from];
        return 2;
    }
    if (n > 0) {
        memcpy(out, s.p, (size_t)n);
        return (uint32_t)n;
    }
    memcpy(out, "\\x", 2);
    out[2] = hex[c >> 4];
    out[3] = hex[c & 15];
    return 4;
}

/* Writes the argument in quotes, as much as there is room for; *all: nothing was left away. Its first `plain`
 * bytes need no escaping. Few do, so that who calls stays small. */
__attribute__((noinline)) static uint32_t quote(struct pd_slice s, uint32_t plain, char *out, uint32_t room,
                                                bool *all)
{
    uint32_t n = 0, used;
    char unit[4];

    *all = false;
    if (room == 0)
        return 0;
    out[n++] = '"';
    for (; s.len; s = behind(s, used)) {
        used = plain + plain_run(behind(s, plain), true, NULL);
        plain = 0;
        if (used > room - n)
            used = room - n;
        memcpy(out + n, s.p, used);
        n += used;
        if (used)
            continue;
        uint32_t len = escape(s, unit, &used);
        if (len > room - n)
            return n;
        memcpy(out + n, unit, len);
        n += len;
    }
    if (n == room)
        return n;
    out[n++] = '"';
    *all = true;
    return n;
}

/* A sequence that is cut off because no more is looked at is left away. */
static struct pd_slice whole_sequences(struct pd_slice s)
{
    for (uint32_t back = 1; back <= 3 && back <= s.len; back++) {
        uint8_t c = s.p[s.len - back];
        if (c >= 0xc0 && sequence((struct pd_slice){s.p + s.len - back, back}) < 0)
            return (struct pd_slice){s.p, s.len - back};
        if ((c & 0xc0) != 0x80)
            break;
    }
    return s;
}

/* Writes one argument, behind a blank when it is not the first; *all: nothing was left away. */
static uint32_t put(struct pd_slice in, uint64_t full, bool first, char *out, uint32_t room, bool *all)
{
    uint32_t n = 0;

    *all = false;
    if (room == 0)
        return 0;
    if (in.len < full)
        in = whole_sequences(in);
    if (!first)
        out[n++] = ' ';
    bool fits = in.len == full && in.len <= room - n;
    uint32_t plain = fits ? plain_run(in, false, out + n) : 0;
    if (fits && (plain == in.len ? plain > 0 : is_bare(in, plain))) {
        if (plain < in.len)
            memcpy(out + n, in.p, in.len);
        *all = true;
        return n + in.len;
    }
    n += quote(in, plain, out + n, room - n, all);
    if (in.len < full) {
        n -= *all; /* the closing quote would say that this was all */
        *all = false;
    }
    return n;
}

void pd_redis_args_add(struct pd_rec *r, struct pd_slice in, uint64_t full)
{
    struct pd_text *args = &((struct pd_redis *)pd_fields(r))->args;
    char out[PD_REDIS_ARGS_MAX];
    uint32_t room = PD_REDIS_ARGS_MAX - args->len;
    bool all = false;

    if (args->len == args->full && room) {
        uint32_t n = put(in, full, !args->s, out, room, &all);
        pd_text_add(r, args, (struct pd_slice){(const uint8_t *)out, n}, PD_REDIS_ARGS_MAX);
    }
    if (!all && args->full < UINT32_MAX)
        args->full++;
}

void pd_redis_args_set(struct pd_rec *r, const struct pd_slice *in, uint32_t count)
{
    struct pd_text *args = &((struct pd_redis *)pd_fields(r))->args;
    char out[PD_REDIS_ARGS_MAX];
    uint32_t n = 0, missing = 0;
    bool all;

    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        n += put(in[i], in[i].len, i == 0, out + n, missing ? 0 : PD_REDIS_ARGS_MAX - n, &all);
        missing += !all;
    }
    pd_text_set(r, args, (struct pd_slice){(const uint8_t *)out, n}, PD_REDIS_ARGS_MAX);
    args->full += missing;
}

bool pd_redis_args_next(struct pd_slice *text, struct pd_slice *arg)
{
    uint32_t i = 0;

    while (text->len && text->p[0] == ' ')
        text->p++, text->len--;
    if (!text->len)
        return false;
    bool quoted = text->p[0] == '"';
    for (i = quoted; i < text->len && text->p[i] != (quoted ? '"' : ' '); i++)
        if (quoted && text->p[i] == '\\')
            i++;
    if (quoted)
        i++;
    if (i > text->len)
        i = text->len;
    *arg = (struct pd_slice){text->p, i};
    text->p += i;
    text->len -= i;
    return true;
}

/* --- inline commands --- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character behind a backslash within double quotes at s; *used: bytes with the backslash. */
static uint8_t unescape(struct pd_slice s, uint32_t *used)
{
    *used = 2;
    if (s.p[1] == 'x' && s.len > 3 && hex(s.p[2]) >= 0 && hex(s.p[3]) >= 0) {
        *used = 4;
        return (uint8_t)(hex(s.p[2]) << 4 | hex(s.p[3]));
    }
    switch (s.p[1]) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return s.p[1];
    }
}

/* As the server cuts them: quotes may begin within a word, and must end one. */
int pd_redis_split(struct pd_slice *line, char *out, uint32_t cap, uint32_t *len, uint32_t *full)
{
    struct pd_slice s = *line;
    uint8_t in = 0; /* the quote that is open */
    uint32_t used;

    *len = *full = 0;
    while (s.len && is_blank(s.p[0]))
        s.p++, s.len--;
    *line = s;
    if (!s.len || !s.p[0])
        return 0;
    for (;; s.p += used, s.len -= used) {
        uint8_t c = s.len ? s.p[0] : 0;
        used = 1;
        if (!c)
            break;
        if (!in && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            break;
        if (!in && (c == '"' || c == '\'')) {
            in = c;
            continue;
        }
        if (in && c == in) {
            if (s.len > 1 && s.p[1] && !is_blank(s.p[1]))
                return -1;
            in = 0;
            s.p++, s.len--;
            break;
        }
        if (c == '\\' && in == '"' && s.len > 1 && s.p[1])
            c = unescape(s, &used);
        else if (c == '\\' && in && s.len > 1 && s.p[1] == '\'')
            c = '\'', used = 2;
        if (*len < cap)
            out[(*len)++] = (char)c;
        ++*full;
    }
    *line = s;
    return in ? -1 : 1;
}
