/* cell.c: what was captured never reaches a terminal as it is. */
#include "exporter/cell.h"
#include "exporter/text.h"

enum { POINT_MAX = 4 }; /* bytes of a character in UTF-8 */

void pd_cell_put(struct pd_cell *c, const char *s, unsigned bytes)
{
    if (c->full)
        return;
    c->full = c->width == c->most || c->len + bytes + POINT_MAX > PD_CELL_BYTES;
    if (c->full) {
        c->len = c->last;
        s = PD_ELLIPSIS;
        bytes = sizeof PD_ELLIPSIS - 1;
    }
    c->last = c->len;
    memcpy(c->s + c->len, s, bytes);
    c->len += bytes;
    c->width += !c->full;
}

/* Characters of one byte each; as many at once as fit for certain. */
static void run(struct pd_cell *c, const uint8_t *s, size_t n)
{
    size_t room = c->full ? 0 : c->most - c->width;

    if (c->len + n + POINT_MAX <= PD_CELL_BYTES && n > 0 && n <= room) {
        memcpy(c->s + c->len, s, n);
        c->len += (unsigned)n;
        c->width += (unsigned)n;
        c->last = c->len - 1;
        return;
    }
    for (size_t i = 0; i < n; i++)
        pd_cell_put(c, (const char *)s + i, 1);
}

void pd_cell_ascii(struct pd_cell *c, const char *s)
{
    run(c, (const uint8_t *)s, strlen(s));
}

/* True for what a terminal acts upon instead of showing it: controls, line separators, marks, embeddings,
 * overrides and isolates of the bidirectional algorithm (UAX #9), byte order marks. */
static bool hostile(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
           (point >= 0xe0000 && point <= 0xe007f);
}

static void escape(struct pd_cell *c, uint32_t point)
{
    char text[12] = {'\\', point < 0x100 ? 'x' : 'u'};
    unsigned n = 2;

    for (int shift = point < 0x100 ? 4 : point < 0x10000 ? 12 : 20; shift >= 0; shift -= 4)
        text[n++] = "0123456789abcdef"[point >> shift & 0xf];
    pd_cell_ascii(c, text);
}

void pd_cell_text(struct pd_cell *c, struct pd_slice s)
{
    const uint8_t *at = s.p, *end = s.p + s.len;

    while (at < end && !c->full) {
        const uint8_t *from = at;
        while (at < end && *at >= 0x20 && *at < 0x7f)
            at++;
        run(c, from, (size_t)(at - from));
        if (at == end)
            break;
        from = at;
        uint32_t point = pd_utf8_next(&at, end);
        if (point == PD_UTF8_BAD)
            pd_cell_put(c, "\xef\xbf\xbd", 3); /* U+FFFD */
        else if (hostile(point))
            escape(c, point);
        else
            pd_cell_put(c, (const char *)from, (unsigned)(at - from));
    }
}

void pd_cell_i64(struct pd_cell *c, int64_t v)
{
    char digits[21], *at = digits + sizeof digits - 1;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (v < 0)
        pd_cell_put(c, "-", 1);
    pd_cell_ascii(c, at);
}

/* --- sizes and durations --- */

static const char *const size_units[] = {"B", "kB", "MB", "GB", "TB", NULL};
static const char *const time_units[] = {"ns", "\xc2\xb5s", "ms", "s", NULL};

/* Two digits or three: "1.2 kB", "12 kB", "546 kB". */
static void quantity(struct pd_cell *c, uint64_t v, const char *const *unit)
{
    uint64_t one = 1;

    for (; unit[1] && v >= one * 1000 - one / 2; unit++)
        one *= 1000;
    uint64_t tenths = v < one * 10 ? (v * 10 + one / 2) / one : 100;
    if (one > 1 && tenths < 100) {
        pd_cell_i64(c, (int64_t)(tenths / 10));
        pd_cell_put(c, ".", 1);
        pd_cell_i64(c, (int64_t)(tenths % 10));
    } else {
        pd_cell_i64(c, (int64_t)(v / one + (one > 1 && v % one >= one / 2)));
    }
    pd_cell_put(c, " ", 1);
    pd_cell_text(c, (struct pd_slice){(const uint8_t *)*unit, (uint32_t)strlen(*unit)});
}

void pd_cell_size(struct pd_cell *c, uint64_t bytes)
{
    quantity(c, bytes, size_units);
}

void pd_cell_duration(struct pd_cell *c, uint64_t ns)
{
    quantity(c, ns, time_units);
}
