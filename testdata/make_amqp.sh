#!/bin/bash
# make_amqp.sh [FOLDER]: records testdata/pcaps/amqp from a RabbitMQ server and two clients, between two network namespaces. As root.
# Needs rabbitmq-server, iproute2, tcpdump, wireshark-common (editcap), pika (PyPI) and amqplib (npm): PYTHON is an
# interpreter that has the one, NODE_PATH a folder that has the other.
. "$(dirname "$0")/common.sh"
begin amqp "${1:-}"

host=10.80.1.2
: "${PYTHON:=python3}" "${NODE_PATH:=/usr/share/nodejs}"

# All that a node keeps is below $tmp.
node=(env HOME="$tmp" RABBITMQ_NODENAME=packetd@localhost RABBITMQ_MNESIA_BASE="$tmp/mnesia"
    RABBITMQ_LOG_BASE="$tmp/log" RABBITMQ_ENABLED_PLUGINS_FILE="$tmp/plugins" RABBITMQ_CONFIG_FILE="$tmp/rabbitmq"
    RABBITMQ_CONF_ENV_FILE="$tmp/env" ERL_EPMD_ADDRESS=127.0.0.1)

serve() {
    printf 'loopback_users = none\nlisteners.tcp.1 = :::5672\n' >"$tmp/rabbitmq.conf"
    printf '[].\n' >"$tmp/plugins"
    : >"$tmp/env"
    start rabbitmq "${node[@]}" /usr/lib/rabbitmq/bin/rabbitmq-server
    await listens $host 5672
}

control() { ip netns exec "$server" "${node[@]}" /usr/lib/rabbitmq/bin/rabbitmqctl -q "$@"; }
python() { in_client "$PYTHON" "$here/amqp/client.py" "$1" "${2:-$host}"; }
javascript() { in_client node "$here/amqp/client.js" "$1" $host; }

# record NAME 'what it is' COMMAND...: captures while the command runs.
record() {
    capture "$1" 'tcp port 5672' "${@:3}"
    describe "$1" "$2" "${*:3}"
}

# describe NAME 'what it is' [COMMAND]: writes NAME.md.
describe() {
    {
        printf '# %s\n\n%s\n\n' "$1" "$2"
        # shellcheck disable=SC2016 # these quotes are part of the text
        printf 'Made by testdata/make_amqp.sh%s.\n' "${3:+ with '$3' (testdata/amqp)}"
        printf '\nRabbitMQ %s, pika %s, amqplib %s.\n' "$(dpkg-query -W -f "\${Version}" rabbitmq-server)" \
            "$("$PYTHON" -c 'import pika; print(pika.__version__)')" "$(sed -n 's/^  "version": "\(.*\)",/\1/p' "$NODE_PATH/amqplib/package.json")"
    } >"$out/$1.md"
}

# The server says that memory is short, and later that it is not.
blocked() {
    python blocked &
    local pid=$!
    sleep 1
    control set_vm_memory_high_watermark 0.0000001
    sleep 1
    control set_vm_memory_high_watermark 0.4
    wait $pid
}

network 10.80.1 fd81
serve
record session 'What a client does all day: declares, binds, publishes, consumes with and without acknowledgements, cancels, purges, deletes.' python session
record confirms 'Confirm mode, one publish at a time, on one channel beside another without it; a full queue that refuses.' python confirms
record outstanding 'Two hundred publishes before the first confirmation, confirmed several at once; deliveries acknowledged twenty at a time.' javascript outstanding
record acks 'Ack, Nack and Reject, one and several, tag 0, Recover; the server cancels the consumers at the end.' python acks
record consumers 'Two consumers of one channel, of which one acknowledges.' javascript consumers
record get 'Get with and without acknowledgement, and from an empty queue.' python get
record returns 'Mandatory messages that come back, without and with confirm mode.' python returns
record errors 'Channels and connections that the server closes: no such vhost, wrong password, no such queue, other type, no such exchange, unknown tag, unknown type.' python errors
record large 'Messages of 10 to 150 kB in frames of 128 and 4 kB, with large headers.' python large
record tx 'A transaction committed, one rolled back.' python tx
record heartbeats 'Heartbeats of both sides.' python heartbeats
record blocked 'Connection.Blocked and Unblocked; a new secret.' blocked
record pipelined 'Methods sent before the first answer, no-wait forms, a channel opened twice.' python pipelined
record pieces 'Frames cut anywhere, those of two channels and heartbeats taking turns.' python pieces
record interleaved 'Messages of four channels whose frames take turns.' javascript interleaved
record versions 'Protocol headers of 0-9 and 0-8, of AMQP 1.0 and of 0-10, which the server refuses.' python versions
record ipv6 'A publish, a delivery, over IPv6.' python ipv6 fd81::2
record load 'Three connections that publish with confirms and consume with acknowledgements.' python load
editcap -F nsecpcap -r "$out/acks.pcap" "$out/midstream.pcap" 30-10000
describe midstream 'acks from its thirtieth packet on (editcap).'
editcap -F nsecpcap "$out/outstanding.pcap" "$out/lost.pcap" 20 60 90-92
describe lost 'outstanding without five of its packets (editcap).'
