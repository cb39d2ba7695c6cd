#!/bin/bash
# Makes the captures in testdata/pcaps/mongodb: FerretDB, alone and behind testdata/mongodb/relay.py, and drivers in three
# languages, in two network namespaces joined by a veth pair. MongoDB itself is not in Debian, nor is FerretDB: it, PyMongo
# and the drivers come from the Go module proxy, PyPI and npm; where they cannot be had nothing is made. They are kept in
# $PACKETD_MONGODB, by default ~/.cache/packetd-mongodb.
# Needs root, and of Debian: golang-go nodejs npm python3-venv tcpdump wireshark-common iproute2.
# usage: testdata/make_mongodb.sh [FOLDER], or --parts: only builds what is not there yet
. "$(dirname "$0")/common.sh"
only_parts=
[ "${1:-}" != --parts ] || { only_parts=1; shift; }
begin mongodb "${1:-}"

parts=${PACKETD_MONGODB:-${HOME:-/root}/.cache/packetd-mongodb}
ferret=10.83.0.2:27017
relay=10.83.0.3:27017
filter='tcp port 27017'

# The counterparts, built once. Says why when one cannot be had.
counterparts() {
    mkdir -p "$parts/go" "$parts/node"
    if [ ! -x "$parts/ferretdb" ] || [ ! -x "$parts/client" ] || [ ! -x "$parts/load" ]; then
        cp "$here/mongodb/"*.go "$parts/go/"
        (cd "$parts/go" && { [ -e go.mod ] || go mod init counterparts; } &&
            go get github.com/FerretDB/FerretDB@v1.24.2 go.mongodb.org/mongo-driver/v2@v2.10.0 && go mod tidy &&
            go build -tags ferretdb_sqlite -o "$parts/ferretdb" ferretdb.go && go build -o "$parts/client" client.go &&
            go build -o "$parts/load" load.go) || return 1
    fi
    [ -x "$parts/venv/bin/python" ] || python3 -m venv "$parts/venv" || return 1
    "$parts/venv/bin/python" -c 'import pymongo, snappy, backports.zstd, crc32c' 2>/dev/null ||
        "$parts/venv/bin/pip" install -q pymongo python-snappy backports.zstd crc32c || return 1
    [ -d "$parts/node/node_modules/mongodb" ] || (cd "$parts/node" && npm install --no-audit --no-fund mongodb@7) || return 1
}
counterparts >"$tmp/counterparts.log" 2>&1 || {
    tail -3 "$tmp/counterparts.log" >&2
    echo 'make_mongodb: skipped: FerretDB or a driver cannot be had here (Go module proxy, PyPI, npm)' >&2
    exit 0
}
[ -z "$only_parts" ] || exit 0

pymongo() { in_client timeout 60 "$parts/venv/bin/python" "$here/mongodb/client.py" "$@"; }

servers() {
    mkdir "$tmp/data" "$tmp/data6"
    start ferretdb "$parts/ferretdb" $ferret "file:$tmp/data/"
    start ferretdb6 "$parts/ferretdb" '[fd83::2]:27017' "file:$tmp/data6/"
    start relay "$parts/venv/bin/python" "$here/mongodb/relay.py" $relay $ferret
    for at in ${ferret%:*} ${relay%:*} fd83::2; do await listens "$at" 27017; done
}

versions() {
    printf 'FerretDB 1.24.2 with its SQLite backend (%s); the relay before it is testdata/mongodb/relay.py (%s), which adds\n' $ferret $relay
    printf 'OP_COMPRESSED, exhaust, checksums and the older messages with the libraries of PyMongo; %s, testdata/mongodb/client.py;\n' \
        "$("$parts/venv/bin/python" -c 'import pymongo; print("PyMongo", pymongo.version)')"
    printf 'Go driver 2.10.0, Node driver %s.\n' "$(node -p "require('$parts/node/node_modules/mongodb/package.json').version")"
}

session() { pymongo session $ferret; }
failures() { pymongo failures $ferret; }
unacknowledged() { pymongo unacknowledged $relay; } # FerretDB alone answers where nobody waits
large() { pymongo large $ferret; }
login() { pymongo login $ferret; }
pipelined() { pymongo pipelined $ferret; }
unanswered() { pymongo unanswered $ferret; }
ipv6() { pymongo failures '[fd83::2]:27017'; }
load() { pymongo load $ferret; }
compressed() { pymongo compressed $relay; }
beyond_bound() { pymongo beyond_bound $relay; }
exhaust() { pymongo exhaust $relay; }
monitor() { pymongo monitor $relay; }
older() { pymongo older $relay; }
sections() { pymongo sections $relay; }
go_driver() {
    in_client "$parts/client" $relay
    in_client "$parts/client" $relay zstd
}
node_driver() { in_client env NODE_PATH="$parts/node/node_modules" node "$here/mongodb/client.js" $relay; }

network 10.83.0 fd83 ${relay%:*}
servers
record session 'A usual session: inserts, finds with cursors, updates, aggregates, indexes, lists.'
record failures 'Failures: duplicate keys (write errors), several of them, unknown operator and command, a cursor that is not there.'
record unacknowledged 'Writes with w=0: moreToCome is set, nobody answers.'
record large 'Documents of 100 kB, many documents a batch, a document 90 levels deep.'
record login 'Authentication that fails: saslStart with PLAIN, whose payload is the password, and SCRAM with speculative authentication.'
record pipelined 'Six requests in one segment, then one in pieces of nine bytes.'
record unanswered 'A request of which the client sends only the first 30 bytes.'
record ipv6 'failures over IPv6.'
record compressed 'OP_COMPRESSED with Snappy, zlib and zstd, small and large, one unacknowledged.'
record beyond_bound 'OP_COMPRESSED that unpacks to 1.2 MB, beyond maxDecompress: the request is told, the response incomplete.'
record exhaust 'An exhaust cursor: one getMore, several replies.'
record monitor 'Two monitors that wait for changes: one streams (exhaust), one asks again each time.'
record older 'The messages of before OP_MSG: OP_QUERY, OP_REPLY, OP_GET_MORE, OP_INSERT, OP_UPDATE, OP_DELETE, OP_KILL_CURSORS, exhaust.'
record sections 'OP_MSG with sequences of documents before and behind the command, and with a checksum.'
record go_driver 'The Go driver, plain and with zstd.'
record node_driver 'The Node driver with zlib, three commands at once.'
record load 'Four clients, inserts and finds; the first 500 packets.'
first load 500
editcap -F nsecpcap "$out/session.pcap" "$out/midstream.pcap" 1-24
describe midstream 'session without its first 24 packets (editcap).'
editcap -F nsecpcap "$out/large.pcap" "$out/lost.pcap" 25 60 90
describe lost 'large without packets 25, 60 and 90 (editcap).'
editcap -F nsecpcap "$out/compressed.pcap" "$out/lost_compressed.pcap" 12 30 31
describe lost_compressed 'compressed without packets 12, 30 and 31 (editcap).'
