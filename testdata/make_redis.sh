#!/bin/bash
# Makes the captures in testdata/pcaps/redis: redis-server and clients in two network namespaces joined by a veth pair.
# Needs root, and of Debian: redis-server redis-tools python3 tcpdump wireshark-common iproute2.
# usage: testdata/make_redis.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin redis "${1:-}"

address=10.81.0.2
filter='tcp port 6379 or tcp port 7000'

# ask CASE [PORT]: a case of testdata/redis/client.py.
ask() { in_client /usr/bin/python3 "$here/redis/client.py" "$1" $address "${2:-6379}"; }
cli() { in_client redis-cli -h $address "$@" >/dev/null || true; }

# serve PORT OPTION...
serve() {
    mkdir "$tmp/$1"
    start "$1" redis-server --port "$1" --bind 0.0.0.0 :: --protected-mode no --save '' --dir "$tmp/$1" \
        --enable-debug-command yes --repl-diskless-sync-delay 0 "${@:2}"
    await in_client redis-cli -h $address -p "$1" PING
}

versions() {
    printf 'Redis %s, Python %s with testdata/redis/client.py.\n' \
        "$(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/')" "$(/usr/bin/python3 --version | sed 's/.* //')"
}

# shellcheck disable=SC2086 # words are several
session() {
    cli <<<$'SET greeting "hello world"\nGET greeting\nINCR greeting\nHSET h a 1 b 2\nHGETALL h\nCONFIG GET maxmemory\nNOSUCH\nEXPIRE greeting 100\nTTL greeting\nGET none\nKEYS *'
    for words in 'HGETALL h' 'CLIENT ID' 'CONFIG GET maxmemory' 'GET none'; do cli -3 $words; done
}
pipelined() { ask pipelined; }
pieces() { ask pieces; }
inline() { ask inline; }
pubsub() { ask pubsub; }
resp3() { ask resp3; }
replies() { ask replies; }
secrets() { ask secrets; }
monitor() { ask monitor; }
blocking() { ask blocking; }
large() { ask large; }
replica() { ask replica; }
cluster() { ask cluster 7000; }
# shellcheck disable=SC2086
ipv6() {
    for words in PING 'SET six 6' 'GET six' GET; do in_client redis-cli -h fd81::2 $words >/dev/null || true; done
}
load() { in_client redis-benchmark -h $address -n 400 -c 4 -d 20 -t set,get,lpush,mset -q >/dev/null; }
load_pipelined() {
    for _ in 1 2 3 4; do in_client redis-benchmark -h $address -n 64 -c 4 -P 16 -d 3 -r 1000 -t set,get -q >/dev/null; done
}

network 10.81.0 fd81
serve 6379
serve 7000 --cluster-enabled yes
record session 'redis-cli with RESP2 and then with RESP3: strings, hashes, errors, nulls.'
record pipelined 'Pipelines of 300 commands; a transaction in a pipeline.'
record pieces 'Commands sent byte by byte, and cut within values, names and lengths; a value that looks like a command.'
record inline 'Inline commands: quotes, escapes, blank lines, a line in pieces, quotes that are not closed; HTTP sent to Redis.'
record pubsub 'RESP2 subscriptions: several channels at once, patterns, shard channels, messages, UNSUBSCRIBE without arguments, refused commands; a list that reads like a message.'
record resp3 'RESP3: client tracking and its invalidations, subscriptions, every type that DEBUG PROTOCOL can send, back to RESP2.'
record replies 'CLIENT REPLY, SELECT, transactions (done, discarded, failed), keys in odd places, arguments that need quotes.'
record secrets 'Passwords in AUTH, HELLO, ACL SETUSER, CONFIG SET and MIGRATE.'
record monitor 'MONITOR while another client works; RESET ends it.'
record blocking 'Commands that block: answered by another client, timed out, never answered.'
record large 'Values of 100 kB, a command of 1,500 arguments and its answer.'
record replica 'A replica: PSYNC, and the stream behind it.'
record cluster 'A node of a cluster that lacks some slots: CLUSTERDOWN, CROSSSLOT and the like.'
record ipv6 'The same over IPv6.'
record load 'redis-benchmark with four connections; the first 700 packets.'
record load_pipelined 'redis-benchmark with four connections and pipelines of 16.'
first load 700
editcap -F nsecpcap "$out/pubsub.pcap" "$out/midstream.pcap" 1-24
describe midstream 'pubsub without its first 24 packets (editcap): a subscriber is joined in mid-stream.'
editcap -F nsecpcap -r "$out/load.pcap" "$tmp/lost.pcap" 1-250
editcap -F nsecpcap "$tmp/lost.pcap" "$out/lost.pcap" 60 61 150 200
describe lost 'The first 250 packets of load without four of them (editcap).'
printf '\nnot: join what begins after a loss is not in doubt, so more is known of it than in the whole capture\n' >>"$out/lost.md"
editcap -F nsecpcap "$out/pipelined.pcap" "$out/lost_pipeline.pcap" 8
describe lost_pipeline 'pipelined without its eighth packet (editcap).'
