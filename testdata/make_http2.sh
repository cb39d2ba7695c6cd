#!/bin/bash
# Makes the captures in testdata/pcaps/http2: real servers and clients in two network namespaces joined by a veth pair.
# Needs root, and of Debian: nginx-light nghttp2 nodejs curl tcpdump wireshark-common iproute2.
# usage: testdata/make_http2.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin http2 "${1:-}"

at=10.82.0.2 # nghttpd 8081, nginx 8082, node 8083, nghttpx 8084

get() { in_client env -u http_proxy -u all_proxy curl -s --http2-prior-knowledge --max-time 5 "$@" >/dev/null || true; }
node_client() { in_client node "$here/http2/client.js" "$1" "${2:-$at}" "${3:-8083}" || true; }

servers() {
    mkdir "$tmp/www"
    printf 'hello\n' >"$tmp/www/index.html"
    printf 'a {}\n' >"$tmp/www/style.css"
    printf '{"ok":true}\n' >"$tmp/www/a.json"
    head -c 90000 /dev/zero | tr '\0' 'x' >"$tmp/www/large.bin"
    sed "s|@TMP@|$tmp|g" "$here/http2/nginx.conf" >"$tmp/nginx.conf"
    start nginx nginx -c "$tmp/nginx.conf" -g 'daemon off;'
    start nghttpd nghttpd --no-tls -d "$tmp/www" --push=/index.html=/style.css --push=/index.html=/a.json --trailer='x-check: 1' 8081
    start node node "$here/http2/server.js" :: 8083
    start nghttpx nghttpx --conf=/dev/null -f '*,8084;no-tls' -b '127.0.0.1,8081;;proto=h2' --errorlog-file=/dev/null
    for port in 8081 8082 8083 8084; do await listens $at $port; done
    sleep 1
}

versions() {
    printf 'nginx %s on port 8082, nghttpd and nghttpx %s on 8081 and 8084, node %s with testdata/http2/server.js on 8083, curl %s.\n' \
        "$(nginx -v 2>&1 | sed 's|.*/||')" "$(nghttpd --version | sed 's|.*/||')" "$(node --version)" \
        "$(curl --version | sed -n '1s/curl \([^ ]*\).*/\1/p')"
}

prior() {
    get "http://$at:8082/a.json?user=joe&token=s3cret"
    get -I "http://$at:8082/large.bin"
    in_client nghttp -n "http://$at:8082/" "http://$at:8082/empty" "http://$at:8082/none" "http://$at:8082/fail" || true
    get -H 'X-Api-Key: s3cret' -d 'a=1&b=2' "http://$at:8083/echo"
}
upgrade() {
    in_client curl -s --http2 -o /dev/null "http://$at:8084/a.json" "http://$at:8084/style.css" || true
    in_client nghttp -nu "http://$at:8084/a.json" "http://$at:8084/none" || true
}
nghttp() {
    in_client nghttp -na "http://$at:8081/index.html" || true
    in_client nghttp -n -p 255 -w 14 --no-push "http://$at:8081/large.bin" "http://$at:8081/a.json" || true
    in_client nghttp -n --padding=200 --trailer 'x-t: 1' -d "$tmp/www/a.json" "http://$at:8081/a.json" || true
    in_client nghttp -n --header-table-size=0 --continuation "http://$at:8081/a.json" "http://$at:8081/style.css" || true
    in_client nghttp -n --header-table-size=100000 --encoder-header-table-size=100000 "http://$at:8081/a.json" "http://$at:8081/style.css" || true
}
push() { in_client nghttp -n "http://$at:8081/index.html" || true; node_client push; }
large_body() {
    get "http://$at:8082/large.bin"
    get --data-binary "@$tmp/www/large.bin" "http://$at:8083/echo"
    get --data-binary "@$tmp/www/large.bin" "http://$at:8082/small"
}
interim() { node_client interim; }
trailers() { node_client trailers; }
padding() { node_client padding; }
errors() { node_client errors; }
cancelled() { node_client cancelled; }
goaway() { node_client goaway; }
tunnel() { node_client tunnel; }
headers() { node_client headers; }
tables() { node_client tables; }
large_tables() { node_client large_tables; }
interleaved() { node_client interleaved; }
ipv6() { get "http://[fd82::2]:8082/" "http://[fd82::2]:8082/none"; node_client trailers fd82::2; }
load() { in_client h2load -n 300 -c 4 -m 5 "http://$at:8082/a.json" >/dev/null || true; }

network 10.82.0 fd82
servers
record prior 'tcp port 8082 or port 8083' 'Prior knowledge with curl: GET, HEAD, POST, 204, 404, 500; secrets in query and headers.'
record upgrade 'tcp port 8084' 'h2c upgrade from HTTP/1.1 with curl and nghttp: the request becomes stream 1.'
record nghttp 'tcp port 8081' 'nghttp against nghttpd: priorities, idle streams, padding, CONTINUATION, trailers, header tables of 0 and 100,000.'
record push 'tcp port 8081 or port 8083' 'Server push by nghttpd and node.'
record large_body 'tcp port 8082 or port 8083' 'Bodies of 90 kB down and up, one refused.'
printf '\nnot: complete a body goes on whose stream the server has ended\n' >>"$out/large_body.md"
record interim 'tcp port 8083' '100 Continue and 103 Early Hints.'
record trailers 'tcp port 8083' 'Trailers both ways.'
record padding 'tcp port 8083' 'Padded frames both ways, a secret header, a cookie.'
record errors 'tcp port 8083' '404, 503, RST_STREAM in a body and instead of a response, HEAD.'
record cancelled 'tcp port 8083' 'RST_STREAM by the client: before and after the response began; one that crosses the response.'
record goaway 'tcp port 8083' 'GOAWAY with an error while another stream waits.'
record tunnel 'tcp port 8083' 'CONNECT and extended CONNECT.'
record headers 'tcp port 8083' 'Header blocks of 30 kB, with CONTINUATION.'
record tables 'tcp port 8083' 'A header table of 0 for what the server sends.'
record large_tables 'tcp port 8083' 'Header tables of 65,536 bytes, full of fields that are used again.'
record interleaved 'tcp port 8083' 'Six streams at once, their DATA frames taking turns.'
record ipv6 'tcp port 8082 or port 8083' 'The same over IPv6.'
record load 'tcp port 8082' 'h2load: four connections, five streams at once; the first 500 packets.'
first load 500
editcap -F nsecpcap "$out/large_tables.pcap" "$out/midstream.pcap" 1-30
describe midstream 'large_tables without its first 30 packets (editcap): header tables that were filled before.'
editcap -F nsecpcap "$out/large_tables.pcap" "$out/lost.pcap" 20 45
describe lost 'large_tables without its 20th and its 45th packet (editcap).'
editcap -F nsecpcap "$out/interleaved.pcap" "$out/lost_data.pcap" 20 30
describe lost_data 'interleaved without its 20th and its 30th packet (editcap).'
