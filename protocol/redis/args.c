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

/* How many bytes at the slice's beginning are printable ASCII that needs no escaping, within quotes or
 * without. */
static uint32_t plain_run(struct pd_slice s, bool quoted)
{
    uint8_t least = quoted ? ' ' : ' ' + 1, quote = quoted ? '"' : '\'';
    uint32_t i = 0;

#ifdef __SSE2__
    for (; i + 16 <= s.len; i += 16) { /* bytes from 0x80 on are negative, and so less than the least */
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
        __m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8((char)least)),
                                   _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
        odd = _mm_or_si128(
            odd, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)quote)));
        int mask = _mm_movemask_epi8(odd);
        if (mask)
            return i + (uint32_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (i < s.len && s.p[i] >= least && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\' &&
           s.p[i] != quote)
        i++;
    return i;
}

static struct pd_slice behind(struct pd_slice s, uint32_t n)
{
    return (struct pd_slice){s.p + n, s.len - n};
}

/* May it stand without quotes? */
static bool bare(struct pd_slice s)
{
    uint32_t i = plain_run(s, false);

    while (i < s.len) {
        int n = s.p[i] < 0x80 ? 0 : sequence(behind(s, i));
        if (n <= 0)
            return false;
        i += (uint32_t)n;
        i += plain_run(behind(s, i), false);
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

/* Writes the argument, as much as there is room for; *all: nothing was left away. */
static uint32_t quote(struct pd_slice s, char *out, uint32_t room, bool *all)
{
    uint32_t n = 0, used;
    char unit[4];

    *all = false;
    if (room == 0)
        return 0;
    out[n++] = '"';
    for (; s.len; s = behind(s, used)) {
        used = plain_run(s, true);
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

void pd_redis_args_add(struct pd_rec *r, struct pd_slice in, uint64_t full)
{
    struct pd_text *args = &((struct pd_redis *)pd_fields(r))->args;
    char out[PD_REDIS_ARGS_MAX];
    uint32_t n = 0, room = PD_REDIS_ARGS_MAX - args->len;
    bool all = args->len == args->full;

    if (all && room) {
        if (in.len < full)
            in = whole_sequences(in);
        if (args->s)
            out[n++] = ' ';
        if (bare(in) && in.len == full && in.len <= room - n) {
            memcpy(out + n, in.p, in.len);
            n += in.len;
        } else if (in.len < full) {
            bool fits;
            n += quote(in, out + n, room - n, &fits);
            n -= fits; /* the closing quote would say that this was all */
            all = false;
        } else {
            n += quote(in, out + n, room - n, &all);
        }
        pd_text_add(r, args, (struct pd_slice){(const uint8_t *)out, n}, PD_REDIS_ARGS_MAX);
    } else {
        all = false;
    }
    if (!all && args->full < UINT32_MAX)
        args->full++;
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
