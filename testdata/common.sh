# shellcheck shell=bash
# common.sh: what the scripts make_PROTO.sh share: servers and clients in two network namespaces joined by a veth pair,
# recorded on the clients' side. All of it ends with the script. As root; needs iproute2, tcpdump, wireshark-common.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pids=()            # what the script started, and ends first
stop=TERM          # by this signal
tcpdump_options=() # of the captures that follow

# begin PROTO [FOLDER]: captures go to $out, which is FOLDER or the repository's own; $tmp is a folder for the rest.
begin() {
    proto=$1
    out=$(realpath -m "${2:-$here/pcaps/$1}")
    client=pd-$1-c
    server=pd-$1-s
    tmp=$(mktemp -d)
    chmod 755 "$tmp" # some servers are another user
    trap end EXIT
    mkdir -p "$out"
}

end() {
    local space pid
    for pid in "${pids[@]}"; do kill "-$stop" "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for space in "$client" "$server"; do
        for pid in $(ip netns pids "$space" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
        ip netns del "$space" 2>/dev/null || true
    done
    rm -rf "$tmp"
}

# network NET NET6 [ADDRESS...]: clients are NET.1 and NET6::1, servers NET.2, NET6::2 and the addresses.
network() {
    local address
    ip netns add "$client"
    ip netns add "$server"
    ip -n "$client" link add c0 type veth peer name s0 netns "$server"
    plug "$client" c0 "$1.1" "$2::1"
    plug "$server" s0 "$1.2" "$2::2"
    for address in "${@:3}"; do ip -n "$server" addr add "$address/24" dev s0; done
}

# plug NAMESPACE INTERFACE ADDRESS ADDRESS6
plug() {
    ip -n "$1" link set lo up
    ip -n "$1" link set "$2" gso_max_segs 1 # segments as they look on a cable
    ip -n "$1" addr add "$3/24" dev "$2"
    ip -n "$1" addr add "$4/64" dev "$2" nodad
    ip -n "$1" link set "$2" up
}

in_client() { ip netns exec "$client" "$@"; }

# start LOG COMMAND...: a server.
start() {
    ip netns exec "$server" "${@:2}" >"$tmp/$1.log" 2>&1 &
    pids+=($!)
}

# await COMMAND...: until it succeeds.
await() {
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "make_$proto.sh: a minute is over, and still fails: $*" >&2
    tail -n 5 "$tmp"/*.log >&2
    exit 1
}

# listens ADDRESS PORT: does somebody, as a client sees it?
listens() { in_client bash -c ": <'/dev/tcp/$1/$2'"; }

# capture NAME FILTER COMMAND...: what passes the filter while the command runs, on $interface or the clients' own.
capture() {
    local tcpdump
    : >"$tmp/tcpdump.log"
    ip netns exec "$client" tcpdump -q -i "${interface:-c0}" -B 16384 --nano --immediate-mode -Z root -U "${tcpdump_options[@]}" \
        -w "$out/$1.pcap" "$2" 2>"$tmp/tcpdump.log" &
    tcpdump=$!
    await grep -q listening "$tmp/tcpdump.log"
    "${@:3}"
    sleep 0.5
    kill $tcpdump
    wait $tcpdump || true
}

# record NAME [FILTER] 'what it is': what passes the filter, else $filter, while the function NAME runs.
record() {
    local through=${filter:-}
    [ $# = 2 ] || through=$2
    capture "$1" "$through" "$1"
    describe "$1" "${*: -1}" "$through"
}

# describe NAME 'what it is' [FILTER]: writes NAME.md. The script's function versions says what made it.
describe() {
    {
        printf '# %s\n\n%s\n\nMade by testdata/make_%s.sh' "$1" "$2" "$proto"
        if [ -n "${3:-}" ]; then
            printf " with \`tcpdump '%s'\` and:\n\n\`\`\`\n" "$3"
            declare -f "$1" | sed '1,2d;$d;s/^    //'
            printf '```\n'
        else
            printf '.\n'
        fi
        printf '\n'
        versions
    } >"$out/$1.md"
}

# first NAME N: the first N packets of a capture are enough.
first() {
    editcap -F nsecpcap -r "$out/$1.pcap" "$tmp/$1.pcap" "1-$2" && mv "$tmp/$1.pcap" "$out/$1.pcap"
}
