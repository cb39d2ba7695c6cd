/* lines.c: lines told by their form alone: start lines, where a connection is joined or found again, and the
 * lines between chunks.
 *
 * A start line is known by its whole form, not by a list of methods, so that extensions are seen; where it
 * does not end in sight, only the usual methods are believed. Chunk lines are strict: what is none means that
 * the body's end is not known, and a wrong end is worse than none. */
#include "protocol/http/http.h"

enum {
    CUT_LINE_MIN = 16, /* shorter slices may grow */
    GROWN = 64,        /* an undetected direction keeps no more */
    SIZE_DIGITS = 16
};

/* One bit a character, 32 a word: RFC 9110, section 5.6.2. */
bool pd_http_is_token(uint8_t c)
{
    static const uint32_t set[4] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

    return c < 128 && (set[c >> 5] >> (c & 31) & 1);
}

bool pd_http_begins_method(struct pd_slice first)
{
    uint32_t n = 0;

    while (n < first.len && pd_http_is_token(first.p[n]))
        n++;
    return n && (n == first.len || first.p[n] == ' ');
}

static bool begins_with(struct pd_slice s, struct pd_slice prefix)
{
    return s.len >= prefix.len && memcmp(s.p, prefix.p, prefix.len) == 0;
}

static struct pd_slice cut_front(struct pd_slice s, uint32_t n)
{
    return (struct pd_slice){s.p + n, s.len - n};
}

/* Is the slice, which may end anywhere, the beginning of a header line or of the head's end? */
static bool header_begins(struct pd_slice s)
{
    uint32_t i = 0;

    if (s.len == 0 || s.p[0] == '\n' || (s.p[0] == '\r' && (s.len == 1 || s.p[1] == '\n')))
        return true;
    while (i < s.len && pd_http_is_token(s.p[i]))
        i++;
    if (i == s.len)
        return true;
    while (i < s.len && s.p[i] == ' ')
        i++;
    return i && (i == s.len || s.p[i] == ':');
}

static int answer(bool yes, bool sure, uint8_t *confidence)
{
    *confidence = sure ? PD_CERTAIN : PD_MAYBE;
    return yes ? 0 : PD_NO;
}

/* HTTP/1.x SP 3DIGIT (SP or end of line), RFC 9112, section 4. */
static int sync_response(struct pd_slice s, uint8_t *confidence)
{
    static const char form[] = "HTTP/1.x ddd";

    for (uint32_t i = 0; i < sizeof form - 1; i++) {
        if (i == s.len)
            return PD_MORE;
        uint8_t c = s.p[i];
        bool fits = form[i] == 'x'   ? c == '0' || c == '1'
                    : form[i] == 'd' ? c >= '0' && c <= '9'
                                     : c == (uint8_t)form[i];
        if (!fits)
            return PD_NO;
    }
    struct pd_slice rest = cut_front(s, sizeof form - 1);
    if (s.p[9] == '0' || (rest.len && rest.p[0] != ' ' && rest.p[0] != '\r' && rest.p[0] != '\n'))
        return PD_NO;
    const uint8_t *end = rest.len ? memchr(rest.p, '\n', rest.len) : NULL;
    if (!end)
        return answer(true, rest.len > 0, confidence);
    return answer(header_begins(cut_front(rest, (uint32_t)(end - rest.p) + 1)), true, confidence);
}

static bool usual_method(struct pd_slice method)
{
    static const struct pd_slice usual[] = {{(const uint8_t *)"GET", 3},    {(const uint8_t *)"POST", 4},
                                            {(const uint8_t *)"PUT", 3},    {(const uint8_t *)"HEAD", 4},
                                            {(const uint8_t *)"PATCH", 5},  {(const uint8_t *)"DELETE", 6},
                                            {(const uint8_t *)"OPTIONS", 7}};

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (pd_slice_eq(method, usual[i]))
            return true;
    return false;
}

/* A request line whose end is not in the slice; target is the visible part behind the method. A connection's
 * very first bytes are believed earlier where the port says so too. */
static int cut_request(struct pd_slice s, struct pd_slice method, struct pd_slice target,
                       const struct pd_look *look, uint8_t *confidence)
{
    bool first = look->purpose == PD_DETECT;
    bool form = begins_with(target, PD_SLICE("/")) || begins_with(target, PD_SLICE("http"));

    if (s.len < CUT_LINE_MIN)
        return PD_MORE;
    if (first && (look->known || (form && usual_method(method))))
        return answer(true, false, confidence);
    if (s.len < GROWN)
        return PD_MORE;
    return answer(form && usual_method(method), false, confidence);
}

/* method SP target SP HTTP/1.x end of line, RFC 9112, section 3. */
static int sync_request(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    uint32_t m = 0, t;

    while (m < s.len && m <= PD_HTTP_METHOD_MAX && pd_http_is_token(s.p[m]))
        m++;
    if (m == s.len && m <= PD_HTTP_METHOD_MAX)
        return m ? PD_MORE : PD_NO;
    if (m == 0 || m > PD_HTTP_METHOD_MAX || s.p[m] != ' ')
        return PD_NO;
    for (t = m + 1; t < s.len && s.p[t] > ' ' && s.p[t] != 0x7f;)
        t++;
    struct pd_slice method = {s.p, m}, target = {s.p + m + 1, t - m - 1};
    if (t == s.len)
        return cut_request(s, method, target, look, confidence);
    if (t == m + 1 || s.p[t] != ' ')
        return PD_NO;
    struct pd_slice version = cut_front(s, t + 1);
    if (version.len < sizeof "HTTP/1.1\r\n" - 1 && !memchr(version.p, '\n', version.len)) {
        uint32_t n = version.len < 7 ? version.len : 7;
        return memcmp(version.p, "HTTP/1.", n) == 0 ? cut_request(s, method, target, look, confidence)
                                                    : PD_NO;
    }
    if (!begins_with(version, PD_SLICE("HTTP/1.0")) && !begins_with(version, PD_SLICE("HTTP/1.1")))
        return PD_NO;
    version = cut_front(version, 8);
    uint32_t eol = begins_with(version, PD_SLICE("\r\n")) ? 2 : begins_with(version, PD_SLICE("\n")) ? 1 : 0;
    if (!eol)
        return PD_NO;
    return answer(header_begins(cut_front(version, eol)), true, confidence);
}

int pd_http_sync(struct pd_slice s, const struct pd_look *look, uint8_t *confidence)
{
    if (look->dir == PD_S2C)
        return sync_response(s, confidence);
    /* Empty lines before a connection's first request are its client's habit, RFC 9112, section 2.2. */
    while (look->purpose == PD_DETECT && s.len && (s.p[0] == '\r' || s.p[0] == '\n'))
        s = cut_front(s, 1);
    return s.len ? sync_request(s, look, confidence) : PD_MORE;
}

/* --- between chunks --- */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool pd_http_is_empty_line(struct pd_slice line)
{
    return (line.len == 1 && line.p[0] == '\n') || (line.len == 2 && line.p[0] == '\r' && line.p[1] == '\n');
}

bool pd_http_chunk_size(struct pd_slice line, bool cut, uint64_t *size)
{
    uint32_t i = 0;

    *size = 0;
    for (; i < line.len && hex(line.p[i]) >= 0; i++) {
        if (i == SIZE_DIGITS)
            return false;
        *size = *size << 4 | (uint64_t)hex(line.p[i]);
    }
    if (i == 0 || *size > INT64_MAX)
        return false;
    while (i < line.len && is_blank(line.p[i])) /* some servers pad the size */
        i++;
    if (i == line.len)
        return cut;
    return line.p[i] == ';' || pd_http_is_empty_line((struct pd_slice){line.p + i, line.len - i});
}

bool pd_http_is_field_line(struct pd_slice line, bool cut)
{
    uint32_t i = 0;

    while (i < line.len && pd_http_is_token(line.p[i]))
        i++;
    return i > 0 && (i == line.len ? cut : line.p[i] == ':');
}
