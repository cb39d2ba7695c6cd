/* chunk.c: the lines between chunks. Strict: what is no chunk line here means that the body's end is not known,
 * and a wrong end is worse than none. */
#include "protocol/http/http.h"

enum { SIZE_DIGITS = 16 };

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
