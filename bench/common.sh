# common.sh: what bench/make and bench/live have in common, and what a description of a protocol may use.
#
# A description, bench/PROTO.sh, sets arrays and defines functions:
#   packages   Debian packages that it needs, for the message when one is missing
#   tools      programs that must be there
#   captures   names of captures; capture_NAME makes it with record
#   goals      for each capture how many times as long as tcpdump packetd may take
#   loads      names of loads; load_NAME serves, calls watch, sends requests, calls expect
# Each function runs as root in a bash of its own with fresh namespaces for the network and for processes, with lo
# up. Whatever it started ends with it. Given to it: $work, a fresh folder; $here, the folder bench; $packetd; pids,
# for what it wants to end earlier by itself.
export PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
cache=$here/cache
packetd=${PACKETD:-$here/../build/packetd}

# each COMMAND...: runs it once for each description, with its arrays and $proto set.
each() {
    local file
    for file in "$here"/*.sh; do
        [ "$file" = "$here/common.sh" ] && continue
        proto=$(basename "$file" .sh)
        packages=() tools=() captures=() goals=() loads=()
        # shellcheck source=/dev/null
        . "$file"
        "$@"
    done
}

# chosen NAME WANTED...: is it wanted, by its name or its protocol's? All are when none was named.
chosen() {
    local name=$1 word
    shift
    [ $# = 0 ] && return 0
    for word in "$@"; do [ "$word" != "$name" ] && [ "$word" != "$proto" ] || return 0; done
    return 1
}

# Says what is missing for this description, and fails when something is.
has_tools() {
    local missing=() tool
    for tool in tcpdump ip unshare "${tools[@]}"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    [ ${#missing[@]} = 0 ] && return
    echo "missing ${missing[*]}: apt-get install tcpdump iproute2 ${packages[*]}"
    return 1
}

# isolated SECONDS SCRIPT ARGUMENT...: runs it in namespaces of its own, that long at most.
isolated() {
    timeout --foreground -k 5 "$1" unshare --net --pid --fork --mount-proc --kill-child -- "${@:2}"
}

# For the script that isolated() started: a folder, the loopback interface.
begin() {
    pids=()
    work=$(mktemp -d) || exit 1
    chmod 755 "$work"
    trap end EXIT
    trap 'exit 1' INT TERM
    ip link set lo mtu "${1:-65536}" gso_max_segs "${2:-65535}" up || exit 1
}

end() {
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
    rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; } # servers may still write there
}

# wait_port PORT: until something listens there on TCP.
wait_port() {
    local i
    for ((i = 0; i < 300; i++)); do
        (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    echo "nothing listens on port $1" >&2
    tail -n 5 "$work"/*.log >&2
    exit 1
}

# record NAME PACKETS FILTER CLIENT...: what the filter lets through until so many packets came, or until the client
# has ended; then the client is killed.
record() {
    local name=$1 packets=$2 filter=$3 client capture i
    shift 3
    tcpdump -i lo -n -s 0 -B 524288 -c "$packets" -w "$work/$name.pcap" "$filter" 2>"$work/tcpdump.log" &
    capture=$!
    for ((i = 0; i < 300; i++)); do # or connections would be older than the capture
        grep -qs 'listening on' "$work/tcpdump.log" && break
        sleep 0.1
    done
    "$@" >"$work/client.log" 2>&1 &
    client=$!
    wait -n $capture $client
    kill -0 $capture 2>/dev/null && { sleep 1; kill -INT $capture; }
    wait $capture
    kill $client 2>/dev/null
    if [ "$(stat -c %s "$work/$name.pcap")" -lt 10000 ]; then
        echo "$name: next to nothing was captured" >&2
        tail -n 20 "$work"/*.log >&2
        exit 1
    fi
    mv "$work/$name.pcap" "$cache/$name.pcap" || exit 1
    echo "$name: $(stat -c %s "$cache/$name.pcap") bytes, $(grep 'dropped by kernel' "$work/tcpdump.log")"
}

# watch PROTO [OPTION...]: packetd listens on lo from now on.
watch() {
    local i
    "$packetd" log -i lo --format json --proto "$@" >"$work/lines" 2>"$work/summary" &
    watcher=$!
    for ((i = 0; i < 100; i++)); do
        grep -q '^packetd: listening' "$work/summary" && return
        sleep 0.1
    done
    cat "$work/summary" >&2
    exit 1
}

# number PATTERN: of the summary, the number that the pattern's group is, without the blanks between its digits.
number() {
    sed -nE "s/$1.*/\\1/p" "$work/summary" | tail -n 1 | tr -d ' ,'
}

# expect N [FILTER]: ends packetd once it prints no more, and compares: N lines that jq's filter selects. Kernel drops
# fail too, even where nothing is missing.
expect() {
    local size=-1 before=-2 count drops verdict=ok
    while [ "$size" != "$before" ]; do
        before=$size
        sleep 1
        size=$(stat -c %s "$work/lines")
    done
    kill -INT "$watcher"
    wait "$watcher"
    if [ $# -gt 1 ]; then
        count=$(jq -c "select($2) | 1" "$work/lines" | wc -l)
    else
        count=$(wc -l <"$work/lines")
    fi
    drops=$(number '.*; ([0-9 ,]+) dropped by the kernel')
    [ "$count" = "$1" ] && [ "$drops" = 0 ] || verdict=FAILED
    printf '%-20s %10s %10s %7s %7s %9s  %s\n' "$load" "$1" "$count" "$drops" "$(number '.*kernel; ([0-9 ,]+) gaps')" \
        "$(number '.*completeness ([0-9.]+) %')" "$verdict"
    [ $verdict = ok ] && return
    cat "$work/summary"
    exit 1
}
