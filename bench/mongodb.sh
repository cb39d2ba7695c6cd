# mongodb.sh: captures and loads of MongoDB: finds by _id and inserts of small documents, and of 100 kB. FerretDB and the
# Go driver are built by testdata/make_mongodb.sh --parts, which needs the Go module proxy, PyPI and npm.
packages=(golang-go nodejs npm python3-venv)
tools=(go npm node)
captures=(mongodb_small mongodb_large)
goals=(2.5 1.0)
loads=(mongodb_small mongodb_large)

parts=${PACKETD_MONGODB:-${HOME:-/root}/.cache/packetd-mongodb}

# There is no network in here but lo: what is not there already cannot be had.
mongodb_serve() {
    if [ ! -x "$parts/load" ] || [ ! -x "$parts/ferretdb" ]; then
        echo "FerretDB is missing: run testdata/make_mongodb.sh --parts" >&2
        exit 1
    fi
    "$parts/ferretdb" 127.0.0.1:27017 'file:./?mode=memory' 2>"$work/ferretdb.log" &
    pids+=($!)
    wait_port 27017
}

capture_mongodb_small() {
    mongodb_serve
    record mongodb_small 400000 'tcp port 27017' "$parts/load" 127.0.0.1:27017 small 1000000000 8
}

capture_mongodb_large() {
    mongodb_serve
    record mongodb_large 200000 'tcp port 27017' "$parts/load" 127.0.0.1:27017 large 1000000000 4
}

# mongodb_load KIND COMMANDS CLIENTS: the driver's own count is expected.
mongodb_load() {
    mongodb_serve
    watch mongodb
    "$parts/load" 127.0.0.1:27017 "$@" >"$work/sent" 2>"$work/client.log"
    expect "$(cat "$work/sent")" '(.request.command | IN("find", "insert")) and .status == "ok"'
}

load_mongodb_small() { mongodb_load small 100000 8; }
load_mongodb_large() { mongodb_load large 2000 4; }
