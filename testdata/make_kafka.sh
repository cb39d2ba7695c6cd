#!/bin/bash
# Makes the captures in testdata/pcaps/kafka: real brokers (Maven Central) and clients in two network namespaces
# joined by a veth pair. Skips with a message when the brokers cannot be had.
# Needs root, and of Debian: openjdk-17-jdk-headless maven python3-venv npm kcat tcpdump wireshark-common iproute2.
# usage: testdata/make_kafka.sh [FOLDER [NAME...]]
. "$(dirname "$0")/common.sh"
begin kafka "${1:-}"

shift $(($# ? 1 : 0))
wanted=" $* "
address=10.90.0.2
new=4.1.0
old=3.9.1 # the last that takes versions of before 2017
. "$here/kafka/broker.sh"

skip() {
    echo "skipped: $*" >&2
    exit 0
}
{ jars=$(kafka_jars $new) && jars_old=$(kafka_jars $old); } || skip 'Apache Kafka cannot be had from Maven Central'
{ python3 -m venv "$tmp/venv" && "$tmp/venv/bin/pip" -q install kafka-python lz4 python-snappy zstandard; } ||
    skip 'kafka-python cannot be had from PyPI'
(cd "$tmp" && npm install --silent --no-fund --no-audit kafkajs >/dev/null) ||
    skip 'kafkajs cannot be had from npm'
mkdir "$tmp/classes"
javac -nowarn -cp "$jars/*" -d "$tmp/classes" "$here/kafka/Client.java" 2>/dev/null

# start_broker JARS: the broker that listens from now on.
start_broker() {
    [ ${#pids[@]} = 0 ] || { kill "${pids[@]}"; wait "${pids[@]}" || true; }
    pids=()
    rm -rf "$tmp/data"
    sed "s|@ADDRESS@|$address|g; s|@ADDRESS6@|fd90::2|; s|@DATA@|$tmp/data|" "$here/kafka/server.properties" >"$tmp/server.properties"
    kafka_format "$1" "$tmp/server.properties" >/dev/null
    # shellcheck disable=SC2016 # the shell within knows them
    start broker bash -c '. "$1"; kafka_run "$2" "$3"' - "$here/kafka/broker.sh" "$1" "$tmp/server.properties"
    await in_client kcat -L -b $address:9092 -m 1
}

# record NAME FILTER 'what it is': captures while the function NAME runs, if it is wanted.
record() {
    [ "$wanted" = "  " ] || [[ $wanted = *" $1 "* ]] || return 0
    capture "$1" "$2" noted "$1"
    describe "$1" "$3"
}

# noted NAME: says when the function fails, and goes on.
noted() { "$1" >"$tmp/$1.log" 2>&1 || { echo "$1:"; tail -n 3 "$tmp/$1.log"; } >&2; }

# describe NAME 'what it is'
describe() {
    {
        printf '# %s\n\n%s\n\n' "$1" "$2"
        printf 'Made by testdata/make_kafka.sh: Apache Kafka %s (10.90.0.2), its Java client, librdkafka (%s), kafka-python, kafkajs.\n' \
            "$version" "$(kcat -V | sed -n 's/.*librdkafka \([0-9.]*\).*/\1/p' | head -n 1)"
    } >"$out/$1.md"
}

java_client() { in_client timeout 90 java -cp "$jars/*:$tmp/classes" Client "$1" $address:9092; }
for name in admin produce transaction group_classic group_consumer errors large many_partitions load; do
    eval "$name() { java_client $name; }"
done

kcat_topics() { in_client java -cp "$jars/*" org.apache.kafka.tools.TopicCommand --bootstrap-server $address:9092 --create --if-not-exists --topic "$1" --partitions "${2:-1}" >/dev/null 2>&1; }

librdkafka() {
    in_client kcat -L -b $address:9092 -X client.id=lister
    for codec in none gzip snappy lz4 zstd; do
        seq 1 9 | in_client kcat -P -b $address:9092 -t words -z $codec -X linger.ms=20 -X acks="${acks:-1}"
        acks=$((1 - ${acks:-1}))
    done
    seq 1 9 | in_client kcat -P -b $address:9092 -t words -X enable.idempotence=true
    in_client kcat -C -b $address:9092 -t words -o beginning -e -q
    in_client timeout 20 kcat -b $address:9092 -G kcat-readers -o beginning -X auto.offset.reset=earliest -e -q words
    echo x | in_client kcat -P -b $address:9092 -t nowhere -X message.timeout.ms=700
}

ipv6() {
    seq 1 5 | in_client kcat -P -b '[fd90::2]:9095' -t words
    in_client kcat -C -b '[fd90::2]:9095' -t words -o -3 -e -q
}

login() { in_client kcat -b $address:9094 -X security.protocol=SASL_PLAINTEXT -X "sasl.mechanism=$1" -X "sasl.username=$2" -X "sasl.password=$3" "${@:4}"; }

sasl() {
    seq 1 3 | login PLAIN alice alice-secret -P -t words
    login SCRAM-SHA-256 bob bob-secret -C -t words -o -2 -e -q
    login PLAIN alice wrong -L -m 1 || true
    login SCRAM-SHA-512 bob bob-secret -L -m 1 || true
}

sasl_raw() { in_client "$tmp/venv/bin/python" "$here/kafka/client.py" sasl_raw $address:9094; }
python() { in_client "$tmp/venv/bin/python" "$here/kafka/client.py" python $address:9092; }
old() { in_client "$tmp/venv/bin/python" "$here/kafka/client.py" old $address:9092; }
node() { (cd "$tmp" && in_client env NODE_PATH="$tmp/node_modules" node "$here/kafka/client.js" $address:9092); }

network 10.90.0 fd90
version=$new
start_broker "$jars"
kcat_topics words
any='tcp port 9092'
record admin "$any" 'The Java client as administrator: topics, settings, offsets, groups; several of its calls fail.'
record produce "$any" 'Producers with acks of all, 1 and 0 and each compression, and an idempotent one.'
record transaction "$any" 'A transactional producer: commit, offsets within a transaction, abort; a consumer that reads committed records.'
record group_classic "$any" 'Two consumers of a classic group: joining, rebalancing, commits, leaving.'
record group_consumer "$any" 'The same with the group protocol of KIP-848; topic ids in heartbeats, fetches and commits.'
record errors "$any" 'Errors: unknown topic, record too large, too many replicas, offset out of range, commit for a topic that is not there.'
record large "$any" 'Batches of 200 kB, produced and fetched.'
record many_partitions "$any" 'Topics with 150 and 100 partitions: Metadata and Fetch of many segments.'
record load "$any" 'Three producers and a group at once.'
record librdkafka "$any" 'kcat: metadata, each compression with acks 0 and 1, an idempotent producer, a reader, a group, an unknown topic.'
record python "$any" 'kafka-python, as a client of brokers of version 2.5.'
record node "$any" 'kafkajs: topics, an idempotent producer, a group, metadata of an unknown topic.'
record ipv6 'ip6 and tcp port 9095' 'kcat over IPv6, on a port that no protocol is known by.'
record sasl 'tcp port 9094' 'kcat with SASL PLAIN and SCRAM (which the broker refuses) on a port that no protocol is known by, a wrong password, a mechanism that is not there.'
version=$old
start_broker "$jars_old"
kcat_topics old
kcat_topics words
record sasl_raw 'tcp port 9094' 'kafka-python with SaslHandshake 0: SASL tokens without header, then Kafka again.'
record old "$any" 'kafka-python as a client of brokers of 0.9, 0.10 and 0.11: message sets of formats 0 and 1, gzip, old groups.'
[ "$wanted" = "  " ] || exit 0
version=$new
editcap -F pcap "$out/load.pcap" "$out/lost.pcap" 120 200 219 227 303 && describe lost 'load without five packets with requests and responses (editcap).'
editcap -F pcap -r "$out/group_consumer.pcap" "$out/joined.pcap" 120-2000 && describe joined 'group_consumer from its packet 120 on (editcap): connections that are older than the capture.'
chmod 644 "$out"/*
ls -l "$out"
