#!/bin/bash
# Makes the captures in testdata/pcaps/grpc: real servers and clients in two network namespaces joined by a veth pair.
# Needs root, of Debian: golang python3-venv nodejs npm tcpdump wireshark-common iproute2, and grpcio from PyPI, grpc-js
# from npm, grpc-go from the Go proxy.
# usage: testdata/make_grpc.sh [FOLDER]
set -eu

out=$(realpath "${1:-$(dirname "$0")/pcaps/grpc}")
here=$(realpath "$(dirname "$0")")
client=pd-grpc-c
server=pd-grpc-s
at=10.83.0.2 # Python 50051, Go 50052
tmp=$(mktemp -d)
pids=()

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del $client 2>/dev/null || true
    ip netns del $server 2>/dev/null || true
    rm -rf "$tmp"
}
trap cleanup EXIT

in_client() { ip netns exec $client "$@"; }
serve() { ip netns exec $server "$@" >/dev/null 2>&1 & pids+=($!); }
python() { in_client "$tmp/venv/bin/python" "$here/grpc/client.py" "$1" "${2:-$at:50051}" || true; }
go_calls() { in_client "$tmp/calls" calls "${1:-$at:50052}" || true; }
node_calls() { in_client env NODE_PATH="$tmp/node_modules" node "$here/grpc/client.js" "$at:50051" || true; }

network() {
    ip netns add $client
    ip netns add $server
    ip -n $client link add c0 type veth peer name s0 netns $server
    for side in "$client c0 1" "$server s0 2"; do
        set -- $side
        ip -n "$1" link set lo up
        ip -n "$1" link set "$2" gso_max_segs 1 # segments as they look on a cable
        ip -n "$1" addr add "10.83.0.$3/24" dev "$2"
        ip -n "$1" addr add "fd83::$3/64" dev "$2" nodad
        ip -n "$1" link set "$2" up
    done
}

programs() {
    python3 -m venv "$tmp/venv"
    "$tmp/venv/bin/pip" -q install grpcio
    (cd "$here/grpc/go" && go build -o "$tmp/calls" .)
    (cd "$tmp" && npm install --silent --no-audit --no-fund @grpc/grpc-js >/dev/null)
    grpcio=$("$tmp/venv/bin/python" -c 'import grpc; print(grpc.__version__)')
    grpcjs=$(node -p "require('$tmp/node_modules/@grpc/grpc-js/package.json').version")
}

servers() {
    serve "$tmp/venv/bin/python" "$here/grpc/server.py" "[::]:50051"
    serve "$tmp/calls" serve "[::]:50052"
    sleep 2
}

# record NAME FILTER 'what it is': runs the function NAME while tcpdump records.
record() {
    local name=$1 filter=$2
    ip netns exec $client tcpdump -q -i c0 -B 16384 --nano --immediate-mode -Z root -U -w "$out/$name.pcap" "$filter" 2>/dev/null &
    local tcpdump=$!
    sleep 0.3
    "$name"
    sleep 0.3
    kill $tcpdump
    wait $tcpdump || true
    describe "$name" "$3" "$filter"
}

# describe NAME 'what it is' [FILTER]: writes NAME.md.
describe() {
    {
        printf '# %s\n\n%s\n\n' "$1" "$2"
        printf 'Made by testdata/make_grpc.sh'
        if [ -n "${3:-}" ]; then
            printf ' with `tcpdump '"'%s'"'` and:\n\n```\n' "$3"
            declare -f "$1" | sed '1,2d;$d;s/^    //'
            printf '```\n'
        else
            printf '.\n'
        fi
        printf '\ngrpcio %s with testdata/grpc/server.py and client.py on port 50051, grpc-go %s with testdata/grpc/go on 50052, grpc-js %s with testdata/grpc/client.js.\n' \
            "$grpcio" "$(sed -n 's/^require google.golang.org.grpc v//p' "$here/grpc/go/go.mod")" "$grpcjs"
    } >"$out/$1.md"
}

unary() { python unary; }
streams() { python streams; }
errors() { python errors; }
deadlines() { python deadlines; }
large() { python large; }
compressed() { python compressed; }
golang() { go_calls; }
mixed() { python unary "$at:50052"; node_calls; }
ipv6() { python unary "[fd83::2]:50051"; }
load() { in_client "$tmp/calls" unary "$at:50052" 480 12 2 >/dev/null || true; }

mkdir -p "$out"
network
programs
servers
record unary 'tcp port 50051' 'Unary calls with metadata, a secret among it, a binary trailer, a timeout.'
record streams 'tcp port 50051' 'Streams from the server, from the client, both ways, and one without messages.'
record errors 'tcp port 50051' 'Errors: a message with percent codes, an exception, a method that is not there (trailers only), one after the first message of a stream.'
record deadlines 'tcp port 50051' 'A deadline that passes, a stream that the client cancels.'
record large 'tcp port 50051' 'Messages of 60 kB over many frames and segments.'
record compressed 'tcp port 50051' 'A message compressed with gzip.'
record golang 'tcp port 50052' 'grpc-go on both sides: unary, a stream both ways, a server that ends before its client, an unknown method, a deadline.'
record mixed 'tcp port 50051 or port 50052' 'Clients and servers of different languages: Python to Go, node to Python.'
record ipv6 'tcp port 50051' 'Unary calls over IPv6.'
record load 'tcp port 50052' '480 unary calls, twelve connections with two at once each; the first 900 packets.'
editcap -F nsecpcap -r "$out/load.pcap" "$tmp/load.pcap" 1-900 && mv "$tmp/load.pcap" "$out/load.pcap"
editcap -F nsecpcap "$out/unary.pcap" "$out/midstream.pcap" 1-14
describe midstream 'unary without its first 14 packets (editcap).'
editcap -F nsecpcap "$out/large.pcap" "$out/lost.pcap" 25 60
describe lost 'large without its 25th and its 60th packet (editcap).'
editcap -F nsecpcap "$out/streams.pcap" "$out/lost_stream.pcap" 20
describe lost_stream 'streams without its 20th packet (editcap).'
