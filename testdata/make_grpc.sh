#!/bin/bash
# Makes the captures in testdata/pcaps/grpc: real servers and clients in two network namespaces joined by a veth pair.
# Needs root, of Debian: golang python3-venv nodejs npm nginx-light tcpdump wireshark-common iproute2, and grpcio from PyPI,
# grpc-js from npm, grpc-go from the Go proxy.
# usage: testdata/make_grpc.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin grpc "${1:-}"

at=10.83.0.2 # Python 50051, Go 50052, nginx 50053

python() { in_client "$tmp/venv/bin/python" "$here/grpc/client.py" "$1" "${2:-$at:50051}" || true; }
go_calls() { in_client "$tmp/calls" calls $at:50052 || true; }
node_calls() { in_client env NODE_PATH="$tmp/node_modules" node "$here/grpc/client.js" "$at:50051" || true; }

programs() {
    python3 -m venv "$tmp/venv"
    "$tmp/venv/bin/pip" -q install grpcio
    (cd "$here/grpc/go" && go build -o "$tmp/calls" .)
    (cd "$tmp" && npm install --silent --no-audit --no-fund @grpc/grpc-js >/dev/null)
    grpcio=$("$tmp/venv/bin/python" -c 'import grpc; print(grpc.__version__)')
    grpcjs=$(node -p "require('$tmp/node_modules/@grpc/grpc-js/package.json').version")
}

servers() {
    start python "$tmp/venv/bin/python" "$here/grpc/server.py" "[::]:50051"
    start go "$tmp/calls" serve "[::]:50052"
    sed "s|@TMP@|$tmp|g; s|@AT@|$at|g" "$here/grpc/nginx.conf" >"$tmp/nginx.conf"
    start nginx nginx -c "$tmp/nginx.conf" -g 'daemon off;'
    for port in 50051 50052 50053; do await listens $at $port; done
    sleep 1
}

versions() {
    printf 'grpcio %s with testdata/grpc/server.py and client.py on port 50051, grpc-go %s with testdata/grpc/go on 50052, grpc-js %s with testdata/grpc/client.js, nginx %s on 50053.\n' \
        "$grpcio" "$(sed -n 's/^require google.golang.org.grpc v//p' "$here/grpc/go/go.mod")" "$grpcjs" "$(nginx -v 2>&1 | sed 's|.*/||')"
}

unary() { python unary; }
streams() { python streams; }
errors() { python errors; }
deadlines() { python deadlines; }
large() { python large; }
compressed() { python compressed; }
proxied() { python proxied "$at:50053"; }
golang() { go_calls; }
mixed() { python unary "$at:50052"; node_calls; }
ipv6() { python unary "[fd83::2]:50051"; }
load() { in_client "$tmp/calls" unary "$at:50052" 480 12 2 >/dev/null || true; }

network 10.83.0 fd83
programs
servers
record unary 'tcp port 50051' 'Unary calls with metadata, a secret among it, a binary trailer, a timeout.'
record streams 'tcp port 50051' 'Streams from the server, from the client, both ways, and one without messages.'
record errors 'tcp port 50051' 'Errors: a message with percent codes, an exception, a method that is not there (trailers only), one after the first message of a stream.'
record deadlines 'tcp port 50051' 'A deadline that passes, a stream that the client cancels.'
record large 'tcp port 50051' 'Messages of 60 kB over many frames and segments.'
record compressed 'tcp port 50051' 'A message compressed with gzip.'
record proxied 'tcp port 50053' 'Calls through nginx, which answers some itself, without a grpc-status: 401, 404.'
record golang 'tcp port 50052' 'grpc-go on both sides: unary, a stream both ways, a server that ends before its client, an unknown method, a deadline.'
record mixed 'tcp port 50051 or port 50052' 'Clients and servers of different languages: Python to Go, node to Python.'
record ipv6 'tcp port 50051' 'Unary calls over IPv6.'
record load 'tcp port 50052' '480 unary calls, twelve connections with two at once each; the first 900 packets.'
first load 900
editcap -F nsecpcap "$out/unary.pcap" "$out/midstream.pcap" 1-14
describe midstream 'unary without its first 14 packets (editcap).'
editcap -F nsecpcap "$out/large.pcap" "$out/lost.pcap" 25 60
describe lost 'large without its 25th and its 60th packet (editcap).'
editcap -F nsecpcap "$out/streams.pcap" "$out/lost_stream.pcap" 20
describe lost_stream 'streams without its 20th packet (editcap).'
