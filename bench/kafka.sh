# kafka.sh: captures and loads of Kafka, with a broker from Maven Central and its Java client.
#   kafka_small   records of 100 bytes, one a request     kafka_large   batches of 200 kB
packages=(openjdk-17-jdk-headless maven jq)
tools=(java mvn jq)
captures=(kafka_small kafka_large)
goals=(2.5 1.0)
loads=(kafka_records)

# The functions below run without a network: the broker's files must be there.
. "$here/../testdata/kafka/broker.sh"
kafka_version=4.1.0
kafka_has $kafka_version || tools+=(kafka-$kafka_version-which-testdata/make_kafka.sh-fetches)

kafka_serve() {
    jars=$(kafka_jars $kafka_version) || exit 1
    sed "s|@ADDRESS@|127.0.0.1|g; s|@ADDRESS6@|::1|; s|@DATA@|$work/data|" "$here/../testdata/kafka/server.properties" >"$work/server.properties"
    kafka_format "$jars" "$work/server.properties" >"$work/format.log" 2>&1 || exit 1
    (kafka_run "$jars" "$work/server.properties") >"$work/broker.log" 2>&1 &
    pids+=($!)
    wait_port 9092
}

# kafka_load THREADS RECORDS BYTES
kafka_load() { java -cp "$jars/*" "$here/kafka/Load.java" 127.0.0.1:9092 "$@"; }

capture_kafka_small() { kafka_serve; record kafka_small 1000000 'tcp port 9092' kafka_load 4 100000000 100; }
capture_kafka_large() { kafka_serve; record kafka_large 150000 'tcp port 9092' kafka_load 2 100000000 200000; }

# Every request that the clients counted, and every record.
load_kafka_records() {
    local sent came requests sum
    kafka_serve
    watch kafka --port kafka=9092
    kafka_load 4 100000 100 2>"$work/client.log" >"$work/counts"
    read -r sent came requests <"$work/counts"
    expect "$requests" '.server.port == 9092'
    sum=$(jq -n '[inputs.request.records // 0] | add' "$work/lines")
    [ "$sum" = "$sent" ] || { echo "records sent: $sent, reported $sum"; exit 1; }
    sum=$(jq -n '[inputs.response.records // 0] | add' "$work/lines")
    [ "$sum" = "$came" ] || { echo "records read: $came, reported $sum"; exit 1; }
}
