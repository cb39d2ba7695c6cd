#!/bin/bash
# Makes the captures in testdata/pcaps/http: real servers and clients in two network namespaces joined by a veth pair.
# Needs root, and of Debian: nginx-light nodejs python3 curl wrk tcpdump wireshark-common iproute2.
# usage: testdata/make_http.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin http "${1:-}"

nginx=10.80.0.2 # port 80
python=10.80.0.3 # port 80
node=10.80.0.4 # port 8080

get() { in_client env -u http_proxy -u all_proxy curl -s --max-time 5 "$@" >/dev/null || true; }

servers() {
    mkdir "$tmp/www"
    printf 'hello\n' >"$tmp/www/index.html"
    printf '{"ok":true}\n' >"$tmp/www/a.json"
    seq 1 3000 >"$tmp/www/numbers.txt"
    head -c 90000 /dev/zero | tr '\0' 'x' >"$tmp/www/large.bin"
    sed "s|@TMP@|$tmp|g" "$here/http/nginx.conf" >"$tmp/nginx.conf"
    start nginx nginx -c "$tmp/nginx.conf" -g 'daemon off;'
    start python /usr/bin/python3 "$here/http/server.py" $python 80
    start node node --max-http-header-size=131072 "$here/http/server.js" $node 8080
    for at in $nginx:80 $python:80 $node:8080; do
        await in_client curl -s "http://$at/"
    done
}

versions() {
    printf 'nginx %s and node %s with testdata/http/server.js, Python %s with testdata/http/server.py and client.py, curl %s.\n' \
        "$(nginx -v 2>&1 | sed 's|.*/||')" "$(node --version)" "$(/usr/bin/python3 --version | sed 's/.* //')" \
        "$(curl --version | sed -n '1s/curl \([^ ]*\).*/\1/p')"
}

# client CASE ADDRESS PORT: what curl does not do.
client() { in_client /usr/bin/python3 "$here/http/client.py" "$@"; }

keepalive() {
    get "http://$nginx/" "http://$nginx/a.json?user=joe&token=s3cret" --next -s -I "http://$nginx/numbers.txt"
    get -H 'X-Api-Key: s3cret' -u joe:s3cret -d 'a=1&b=2' "http://$nginx/echo" --next -s \
        -H 'If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT' "http://$nginx/" --next -s "http://$nginx/empty"
}

errors() {
    get "http://$nginx/none" "http://$nginx/fail" "http://$nginx/dead" --next -s -X DELETE "http://$nginx/" \
        --next -s --data-binary "@$tmp/www/large.bin" -H Expect: "http://$nginx/small"
    client bad $nginx 80
}

pipelined() { client pipelined $nginx 80; }

chunked() {
    get "http://$node:8080/chunks" "http://$node:8080/trailers"
    get -H 'Transfer-Encoding: chunked' -H Expect: -d "@$tmp/www/numbers.txt" "http://$node:8080/echo"
    client chunked $node 8080
}

gzip() { get --compressed "http://$nginx/numbers.txt" "http://$nginx/numbers.txt"; }

interim() {
    get -H 'Expect: 100-continue' -d "@$tmp/www/numbers.txt" "http://$node:8080/echo"
    get "http://$node:8080/hints"
    client slow_continue $node 8080
}

ipv6() { get "http://[fd80::2]/" "http://[fd80::2]/a.json" "http://[fd80::2]/none"; }

old() {
    get --http1.0 "http://$python/closing" # its end is the connection's
    get --http1.0 "http://$python/closing?reset"
    client keepalive10 $nginx 80
    get "http://$python/hello" "http://$python/hello"
}

big_headers() {
    # shellcheck disable=SC2046 # sixty headers
    get -H "X-Long: $(printf 'v%.0s' $(seq 30000))" $(printf -- '-H X-%d:1 ' $(seq 60)) "http://$node:8080/headers"
}

large_body() {
    get "http://$nginx/large.bin"
    get -H Expect: --data-binary "@$tmp/www/large.bin" "http://$nginx/echo"
}

tunnel() {
    client tunnel $node 8080
    get -p -x "http://$node:8080" "http://10.80.0.9/"
    get -x "http://$node:8080" "http://$nginx/a.json?q=1" # absolute-form
}

upgrade() {
    client websocket $node 8080
    client upgrade $node 8080
    client upgrade_declined $nginx 80
}

unanswered() {
    get --max-time 1 "http://$node:8080/never"
    get "http://$node:8080/reset"
    get "http://$node:8080/half"
}

methods() {
    for m in PROPFIND VERSION-CONTROL M-SEARCH FOO OPTIONS; do get -X $m "http://$nginx/"; done
    get -X OPTIONS --request-target '*' "http://$node:8080/"
    client undici $node 8080
}

load() { in_client wrk -t1 -c4 -d1s "http://$nginx/" >/dev/null; }

network 10.80.0 fd80 $python $node
servers
record keepalive 'tcp port 80' 'Two connections with several requests each: GET, HEAD, POST, 304, 204; secrets in query and headers.'
record errors 'tcp port 80' 'Failures: 404, 500, 502 (nothing listens behind), 405, 413, and 400 for a request with two lengths.'
record pipelined 'tcp port 80' 'Requests sent before their responses came, HEAD among them; the last ones in pieces.'
record chunked 'tcp port 8080' 'Chunked bodies both ways, with extensions and trailers, chunks cut across segments.'
record gzip 'tcp port 80' 'A compressed response: nginx chunks what it compresses on the way.'
record interim 'tcp port 8080' '100 Continue (asked for, and slow), 103 Early Hints before the response.'
record ipv6 'tcp port 80' 'The same over IPv6.'
record old 'tcp port 80' 'HTTP/1.0: bodies that end with the connection, one that a reset cuts off, keep-alive.'
record big_headers 'tcp port 8080' 'Request and response headers of 30 kB over many segments, more of them than are kept.'
record large_body 'tcp port 80' 'Bodies of 90 kB down and up.'
record tunnel 'tcp port 8080' 'A proxy: CONNECT granted and refused, absolute-form.'
record upgrade 'tcp port 8080 or port 80' 'Upgrade to websocket and to something unknown, and one that the server ignores.'
record unanswered 'tcp port 8080' 'A client that gives up, a connection reset, a body that stops half way because the server closes.'
record methods 'tcp port 80 or port 8080' 'Methods that llhttp does not know, OPTIONS *, a client that writes header names in lower case.'
record load 'tcp port 80' 'wrk with four connections; the first 600 packets.'
first load 600
/usr/bin/python3 "$here/http/tag.py" "$out/ipv6.pcap" "$out/vlan.pcap" 42
describe vlan 'ipv6 with an 802.1Q tag, VLAN 42, put into each frame (testdata/http/tag.py).'
editcap -F nsecpcap "$out/keepalive.pcap" "$out/midstream.pcap" 1-5
describe midstream 'keepalive without its first five packets (editcap): the first connection is joined after its first request.'
editcap -F nsecpcap "$out/pipelined.pcap" "$out/lost.pcap" 8
describe lost 'pipelined without its eighth packet (editcap).'
editcap -F nsecpcap "$out/chunked.pcap" "$out/lost_chunks.pcap" 7 20
describe lost_chunks 'chunked without its seventh and its twentieth packet (editcap).'
