# amqp.sh: captures and loads of AMQP: messages published with confirms and consumed with acknowledgements, one each.
packages=(rabbitmq-server python3 jq)
tools=(/usr/lib/rabbitmq/bin/rabbitmq-server python3 jq)
captures=(amqp_small amqp_10k amqp_200k)
goals=(2.5 1.0 1.0)
loads=(amqp_confirms)

amqp_serve() {
    printf 'listeners.tcp.1 = 127.0.0.1:5672\n' >"$work/rabbitmq.conf"
    printf '[].\n' >"$work/plugins"
    : >"$work/environment"
    HOME=$work RABBITMQ_NODENAME=bench@localhost RABBITMQ_MNESIA_BASE=$work/mnesia RABBITMQ_LOG_BASE=$work \
        RABBITMQ_ENABLED_PLUGINS_FILE=$work/plugins RABBITMQ_CONFIG_FILE=$work/rabbitmq \
        RABBITMQ_CONF_ENV_FILE=$work/environment ERL_EPMD_ADDRESS=127.0.0.1 \
        /usr/lib/rabbitmq/bin/rabbitmq-server >"$work/server.log" 2>&1 &
    pids+=($!)
    wait_port 5672
}

# amqp_capture NAME PACKETS SIZE
amqp_capture() {
    amqp_serve
    record "$1" "$2" 'tcp port 5672' python3 "$here/amqp/client.py" "$3" 100000000
}

capture_amqp_small() { amqp_capture amqp_small 1000000 100; }
capture_amqp_10k() { amqp_capture amqp_10k 400000 10000; }
capture_amqp_200k() { amqp_capture amqp_200k 400000 200000; }

# Each message is a publish that is confirmed and a delivery that is acknowledged, as the clients counted.
load_amqp_confirms() {
    amqp_serve
    watch amqp
    python3 "$here/amqp/client.py" 100 50000 >"$work/counted"
    expect "$(jq '.published + .delivered' "$work/counted")" \
        '.status == "ok" and (.response.method == "Ack") and (.request.method == "Publish" or .request.method == "Deliver")'
}
