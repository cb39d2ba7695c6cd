# grpc.sh: captures and loads of gRPC: grpc-go on both sides, testdata/grpc/go.
#   grpc_small   messages of 9 bytes, 20 connections with one call at once each
#   grpc_unary   the same, 4 connections with 25 at once each: several calls a packet
#   grpc_10k     messages of 10 kB, 4 connections with 5 calls at once each
packages=(golang)
tools=(go)
captures=(grpc_small grpc_unary grpc_10k)
goals=(2.5 2.5 1.0)
loads=(grpc_calls grpc_streams)

# The functions below run without a network: the Go modules must be there.
grpc_serve() {
    (cd "$here/../testdata/grpc/go" && GOPROXY=off go build -o "$work/calls" .) >&2 ||
        { echo "testdata/make_grpc.sh fetches the modules" >&2; exit 1; }
    "$work/calls" serve 127.0.0.1:50051 >"$work/server.log" 2>&1 &
    pids+=($!)
    wait_port 50051
}

# grpc_capture NAME PACKETS CONNECTIONS AT_ONCE BYTES: on one processor, or a sender that moves to another one in the middle
# of a message overtakes itself on loopback.
grpc_capture() {
    taskset -pc 0 $$ >"$work/taskset.log"
    grpc_serve
    record "$1" "$2" 'tcp port 50051' "$work/calls" unary 127.0.0.1:50051 100000000 "${@:3}"
}

capture_grpc_small() { grpc_capture grpc_small 600000 20 1 9; }
capture_grpc_unary() { grpc_capture grpc_unary 600000 4 25 9; }
capture_grpc_10k() { grpc_capture grpc_10k 300000 4 5 10000; }

# The client says how many calls succeeded.
grpc_load() {
    local calls
    grpc_serve
    watch grpc
    calls=$("$work/calls" "$1" 127.0.0.1:50051 "$2")
    expect "$calls" '.status == "ok"'
}

load_grpc_calls() { grpc_load unary 100000; }
load_grpc_streams() { grpc_load streams 1000; }
