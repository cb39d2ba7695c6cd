/* hpack_static.c: the table that never changes. RFC 7541, appendix A. */
#include "protocol/http2/hpack_memo.h"
#include "roundtrip/record.h"

#define NAMED(kind, name, value)                                                                             \
    {                                                                                                        \
        name value, sizeof(name) - 1, sizeof(value) - 1, PD_HTTP2_##kind                                     \
    }
#define ENTRY(name, value) NAMED(OTHER, name, value)

static const struct {
    const char *text;
    uint8_t name, value, meaning;
} fields[PD_HPACK_STATIC] = {
    NAMED(AUTHORITY, ":authority", ""),
    NAMED(METHOD, ":method", "GET"),
    NAMED(METHOD, ":method", "POST"),
    NAMED(PATH, ":path", "/"),
    NAMED(PATH, ":path", "/index.html"),
    NAMED(SCHEME, ":scheme", "http"),
    NAMED(SCHEME, ":scheme", "https"),
    NAMED(STATUS, ":status", "200"),
    NAMED(STATUS, ":status", "204"),
    NAMED(STATUS, ":status", "206"),
    NAMED(STATUS, ":status", "304"),
    NAMED(STATUS, ":status", "400"),
    NAMED(STATUS, ":status", "404"),
    NAMED(STATUS, ":status", "500"),
    ENTRY("accept-charset", ""),
    ENTRY("accept-encoding", "gzip, deflate"),
    ENTRY("accept-language", ""),
    ENTRY("accept-ranges", ""),
    ENTRY("accept", ""),
    ENTRY("access-control-allow-origin", ""),
    ENTRY("age", ""),
    ENTRY("allow", ""),
    ENTRY("authorization", ""),
    ENTRY("cache-control", ""),
    ENTRY("content-disposition", ""),
    NAMED(CONTENT_ENCODING, "content-encoding", ""),
    ENTRY("content-language", ""),
    ENTRY("content-length", ""),
    ENTRY("content-location", ""),
    ENTRY("content-range", ""),
    NAMED(CONTENT_TYPE, "content-type", ""),
    ENTRY("cookie", ""),
    ENTRY("date", ""),
    ENTRY("etag", ""),
    ENTRY("expect", ""),
    ENTRY("expires", ""),
    ENTRY("from", ""),
    NAMED(HOST, "host", ""),
    ENTRY("if-match", ""),
    ENTRY("if-modified-since", ""),
    ENTRY("if-none-match", ""),
    ENTRY("if-range", ""),
    ENTRY("if-unmodified-since", ""),
    ENTRY("last-modified", ""),
    ENTRY("link", ""),
    ENTRY("location", ""),
    ENTRY("max-forwards", ""),
    ENTRY("proxy-authenticate", ""),
    ENTRY("proxy-authorization", ""),
    ENTRY("range", ""),
    ENTRY("referer", ""),
    ENTRY("refresh", ""),
    ENTRY("retry-after", ""),
    ENTRY("server", ""),
    ENTRY("set-cookie", ""),
    ENTRY("strict-transport-security", ""),
    ENTRY("transfer-encoding", ""),
    ENTRY("user-agent", ""),
    ENTRY("vary", ""),
    ENTRY("via", ""),
    ENTRY("www-authenticate", ""),
};

void pd_hpack_static_init(struct pd_hpack_field fixed[PD_HPACK_STATIC])
{
    for (unsigned i = 0; i < PD_HPACK_STATIC; i++) {
        fixed[i] = (struct pd_hpack_field){.text = (const uint8_t *)fields[i].text,
                                           .name = fields[i].name,
                                           .value = fields[i].value,
                                           .meaning = fields[i].meaning,
                                           .lasting = true};
    }
}
