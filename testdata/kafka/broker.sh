# broker.sh: a Kafka broker from Maven Central. Sourced by testdata/make_kafka.sh and bench/kafka.sh.

kafka_folder() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/packetd-kafka/$1"; }

# kafka_has VERSION: is it there?
kafka_has() { [ -e "$(kafka_folder "$1")/complete" ]; }

# kafka_jars VERSION: fetches the broker into a folder below the user's cache, once, and prints that folder. Fails
# when it cannot be had.
kafka_jars() {
    local folder pom
    folder=$(kafka_folder "$1")
    if ! kafka_has "$1"; then
        pom=$(mktemp -d)
        {
            echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            echo '<groupId>test</groupId><artifactId>broker</artifactId><version>1</version><dependencies>'
            for name in kafka_2.13 kafka-tools; do
                echo "<dependency><groupId>org.apache.kafka</groupId><artifactId>$name</artifactId><version>$1</version></dependency>"
            done
            echo '</dependencies></project>'
        } >"$pom/pom.xml"
        mvn -q -B -f "$pom/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder" >&2 && touch "$folder/complete"
        rm -rf "$pom"
        [ -e "$folder/complete" ] || return 1
    fi
    echo "$folder"
}

# kafka_format JARS PROPERTIES: prepares the broker's data folder.
kafka_format() {
    local tool=(java -cp "$1/*" kafka.tools.StorageTool)
    "${tool[@]}" format -t "$("${tool[@]}" random-uuid)" -c "$2" --add-scram 'SCRAM-SHA-256=[name=bob,password=bob-secret]'
}

# kafka_run JARS PROPERTIES [JAVA-OPTION...]: becomes the broker.
kafka_run() {
    local jars=$1 properties=$2
    shift 2
    exec java -Xmx1g "$@" -cp "$jars/*" kafka.Kafka "$properties"
}
