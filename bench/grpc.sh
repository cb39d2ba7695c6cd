# grpc.sh: captures and loads of gRPC: grpc-go on both sides, testdata/grpc/go.
#   grpc_unary   messages of 9 bytes, 4 connections with 25 calls at once each
packages=(golang)
tools=(go)
captures=(grpc_unary)
goals=(2.5)
loads=(grpc_calls grpc_streams)

# The functions below run without a network: the Go modules must be there.
grpc_serve() {
    (cd "$here/../testdata/grpc/go" && GOPROXY=off go build -o "$work/calls" .) >&2 ||
        { echo "testdata/make_grpc.sh fetches the modules" >&2; exit 1; }
    "$work/calls" serve 127.0.0.1:50051 >"$work/server.log" 2>&1 &
    pids+=($!)
    wait_port 50051
}

capture_grpc_unary() { grpc_serve; record grpc_unary 600000 'tcp port 50051' "$work/calls" unary 127.0.0.1:50051 100000000; }

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
