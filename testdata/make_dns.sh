#!/bin/bash
# Makes the captures in testdata/pcaps/dns: real servers and clients in two network namespaces joined by a veth pair.
# Needs root, and of Debian: knot knot-dnsutils unbound bind9-dnsutils dnsperf avahi-daemon tcpdump wireshark-common
# iproute2. usage: testdata/make_dns.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin dns "${1:-}"

zones() {
    local soa='@ 300 SOA ns admin.example.com. 1 7200 3600 1209600 60
@ 300 NS ns
ns 300 A 10.53.0.2'
    cat >"$tmp/types.example" <<EOF
$soa
@ 300 MX 10 mail.example.net.
@ 300 TXT "v=spf1 -all" "a second string" "quote \" backslash \\\\ and \195\188"
@ 300 CAA 0 issue "ca.example.net"
@ 300 HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 ech=AEX+DQ==
a 300 A 192.0.2.1
a 300 A 192.0.2.2
aaaa 300 AAAA 2001:db8::1
aaaa 300 AAAA ::ffff:192.0.2.1
cname 300 CNAME chain
chain 60 CNAME a
dname 300 DNAME example.net.
ptr 300 PTR host.example.net.
_sip._udp 300 SRV 10 60 5060 sip.example.net.
naptr 300 NAPTR 100 10 "U" "E2U+sip" "!^.*\$!sip:info@example.net!" .
ds 300 NS ns.example.net.
ds 300 DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
_443._tcp.a 300 TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
ssh 300 SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
_dns 300 SVCB 1 dns.example.net. alpn=dot port=853 key667="hello"
hinfo 300 HINFO "INTEL" "LINUX"
rp 300 RP admin.example.net. info.example.net.
loc 300 LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
uri 300 URI 10 1 "ftp://ftp.example.net/public"
unknown 300 TYPE65400 \\# 4 DEADBEEF
odd\\.dot\\032blank\\001 300 A 192.0.2.3
UPPER.Case 300 A 192.0.2.4
long 300 TXT "$(printf 'x%.0s' {1..200})" "$(printf 'y%.0s' {1..200})" "$(printf 'z%.0s' {1..200})"
EOF
    for i in $(seq 9); do echo "huge 300 TXT \"$i$(printf 'x%.0s' {1..200})\""; done >>"$tmp/types.example"
    for i in $(seq 40); do echo "many 300 A 192.0.2.$i"; done >>"$tmp/types.example"
    printf '%s\nwww 300 A 192.0.2.1\nwww 300 AAAA 2001:db8::1\n' "$soa" >"$tmp/signed.example"
    cp "$tmp/signed.example" "$tmp/signed3.example"
    printf '%s\nwww 300 A 192.0.2.1\n' "$soa" >"$tmp/dyn.example"
    printf '%s\n' "$soa" >"$tmp/big.example"
    for i in $(seq 900); do echo "host$i 300 A 10.9.$((i / 250)).$((i % 250))"; done >>"$tmp/big.example"
}

servers() {
    mkdir -p "$tmp/run" "$tmp/db"
    cat >"$tmp/knot.conf" <<EOF
server:
    rundir: "$tmp/run"
    listen: ["10.53.0.2@53", "fd53::2@53"]
    version: "a name server"
    identity: "here"
    udp-max-payload: 4096
log:
  - target: "$tmp/knot.log"
    any: info
database:
    storage: "$tmp/db"
acl:
  - id: all
    action: [transfer, update, notify]
policy:
  - id: plain
    algorithm: ecdsap256sha256
  - id: hashed
    algorithm: ecdsap256sha256
    nsec3: on
    nsec3-iterations: 0
    nsec3-salt-length: 4
template:
  - id: default
    storage: "$tmp"
    file: "%s"
    acl: all
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
  - domain: types.example
  - domain: big.example
  - domain: dyn.example
  - domain: broken.example
  - domain: signed.example
    dnssec-signing: on
    dnssec-policy: plain
  - domain: signed3.example
    dnssec-signing: on
    dnssec-policy: hashed
EOF
    start knot knotd -c "$tmp/knot.conf"
    knot=${pids[-1]}
    sleep 2
    local ds
    ds=$(keymgr -c "$tmp/knot.conf" signed.example ds | head -1)
    cat >"$tmp/unbound.conf" <<EOF
server:
  interface: 10.53.0.3
  access-control: 10.53.0.0/24 allow
  username: ""
  chroot: ""
  directory: "$tmp"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  trust-anchor: "$ds"
  local-zone: "refused.example." refuse
forward-zone:
  name: "signed.example."
  forward-addr: 10.53.0.2
EOF
    start unbound unbound -d -c "$tmp/unbound.conf"
    start silent python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.53.0.4", 53))
time.sleep(600)'
    sleep 1
}

# record NAME FILTER 'what it is' [TCPDUMP-OPTION...]: captures while the function NAME runs.
record() {
    tcpdump_options=("${@:4}")
    capture "$1" "$2" tried "$1"
    describe "$1" "$3"
}

tried() { "$1" >/dev/null 2>&1 || true; }

describe() {
    {
        printf '# %s\n\n%s\n\n' "$1" "$2"
        printf "Made by testdata/make_dns.sh, function \`%s\`: Knot DNS %s (10.53.0.2), Unbound %s (10.53.0.3), dig %s.\n" "$1" \
            "$(knotd --version | sed 's/.*version //')" "$(unbound -V | sed -n '1s/Version //p')" \
            "$(dig -v 2>&1 | sed 's/DiG \([^ -]*\).*/\1/')"
    } >"$out/$1.md"
}

ask() { in_client dig +tries=1 +time=2 "$@"; }

udp_types() {
    local z=types.example
    ask @10.53.0.2 +noedns +norec a.$z A aaaa.$z AAAA $z NS cname.$z A $z SOA ptr.$z PTR $z MX $z TXT _sip._udp.$z SRV \
        naptr.$z NAPTR ds.$z DS $z CAA _443._tcp.a.$z TLSA ssh.$z SSHFP _dns.$z SVCB $z HTTPS x.dname.$z A hinfo.$z HINFO \
        rp.$z RP loc.$z LOC uri.$z URI unknown.$z TYPE65400 "odd\\.dot\\032blank\\001.$z" A upper.case.$z A
    ask @10.53.0.2 +noedns +norec version.bind CH TXT
    ask @10.53.0.2 +noedns +norec . NS
}

edns_dnssec() {
    ask @10.53.0.2 +dnssec +bufsize=1400 www.signed.example A none.signed.example A none.signed3.example A signed.example DNSKEY
    ask @10.53.0.2 +dnssec +bufsize=1400 signed3.example NSEC3PARAM
    ask @10.53.0.2 +edns=1 +noednsneg www.signed.example A
    ask @10.53.0.2 +nsid +subnet=192.0.2.0/24 +bufsize=512 www.signed.example AAAA
    ask @10.53.0.3 +adflag www.signed.example A
    ask @10.53.0.3 +dnssec www.signed.example AAAA
}

codes() {
    ask @10.53.0.2 none.types.example A
    ask @10.53.0.2 elsewhere.example.org A
    ask @10.53.0.2 www.broken.example A
    ask @10.53.0.2 +opcode=status types.example A
    ask @10.53.0.3 www.refused.example A
    # A header that promises a question which is not there, and one with two questions.
    in_client python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
q = b"\x01a\x05types\x07example\x00\x00\x01\x00\x01"
for n, m in (1, b"\x77\x01\0\0\0\x01\0\0\0\0\0\0" + q[:-2]), (2, b"\x77\x02\0\0\0\x02\0\0\0\0\0\0" + q + q):
    s.sendto(m, ("10.53.0.3", 53))
    try: s.recv(512)
    except OSError: pass'
}

unanswered() {
    ask @10.53.0.4 www.silent.example A
    ask @10.53.0.2 a.types.example A
    ask @10.53.0.2 -p 5355 a.types.example A
}

retransmitted() {
    kill -STOP "$knot"
    (sleep 1.5; kill -CONT "$knot") &
    in_client getent ahostsv4 a.types.example
    wait $!
    sleep 1
}

tcp() {
    ask +tcp @10.53.0.2 a.types.example A
    ask +tcp +keepopen @10.53.0.2 a.types.example A many.types.example A none.types.example A types.example TXT
    in_client kdig +tcp +keepopen @10.53.0.2 a.types.example A cname.types.example A
}

tcp_pipelined() {
    in_client python3 -c '
import socket, struct, time
names = "a aaaa many none cname a odd".split()
def query(i, name):
    q = b"".join(bytes([len(l)]) + l.encode() for l in (name, "types", "example")) + b"\0" + struct.pack("!HH", (1, 28)[name == "aaaa"], 1)
    return struct.pack("!HHHHHHH", 12 + len(q), 0x4000 + i, 0x100, 1, 0, 0, 0) + q
s = socket.create_connection(("10.53.0.2", 53))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def wait(n):
    for i in range(n):
        (left,) = struct.unpack("!H", s.recv(2, socket.MSG_WAITALL))
        s.recv(left, socket.MSG_WAITALL)
s.sendall(b"".join(query(i, n) for i, n in enumerate(names)))
wait(len(names))
for piece in (1, 2, 5, 20):
    q = query(16 + piece, "a")
    for at in range(0, len(q), piece):
        s.sendall(q[at:at + piece])
        time.sleep(0.002)
    wait(1)'
    printf 'a.types.example A\naaaa.types.example AAAA\ntypes.example MX\nnone.types.example A\nmany.types.example A\n' >"$tmp/queries"
    in_client dnsperf -s 10.53.0.2 -m tcp -d "$tmp/queries" -n 2 -c 1 -q 20
}

udp_load() {
    in_client dnsperf -s 10.53.0.2 -d "$tmp/queries" -n 4 -c 3 -q 20 -e
}

truncated() {
    ask @10.53.0.2 +bufsize=512 long.types.example TXT
    ask @10.53.0.2 +noedns many.types.example A
}

transfer() {
    ask @10.53.0.2 types.example AXFR
    ask @10.53.0.2 big.example AXFR
    ask @10.53.0.2 elsewhere.example AXFR
}

update() {
    local s
    for s in 'add new.dyn.example 60 A 192.0.2.9' 'delete www.dyn.example A' 'add new.dyn.example 60 TXT hello'; do
        printf 'server 10.53.0.2\nzone dyn.example\nupdate %s\nsend\n' "$s" | in_client nsupdate
        sleep 0.3
    done
    printf 'server 10.53.0.2\nzone dyn.example\nprereq nxdomain new.dyn.example\nupdate add x.dyn.example 60 A 192.0.2.1\nsend\n' |
        in_client nsupdate
    printf 'server 10.53.0.2\nzone other.example\nupdate add x.other.example 60 A 192.0.2.1\nsend\n' | in_client nsupdate
    in_client dig @10.53.0.2 +tcp +norec dyn.example IXFR=1
    in_client dig @10.53.0.2 +norec dyn.example IXFR=99
    ask @10.53.0.2 +opcode=notify +norec +aa dyn.example SOA
}

ipv6() {
    ask @fd53::2 a.types.example A
    ask @fd53::2 +tcp aaaa.types.example AAAA
}

vlan() {
    ask @10.53.0.2 a.types.example A
    ask @10.53.0.2 +tcp aaaa.types.example AAAA
}

# Puts an 802.1Q tag with id 53 into every frame of an Ethernet capture.
tag() {
    python3 - "$1" <<'EOF'
import struct, sys
data = open(sys.argv[1], "rb").read()
out, at = data[:24], 24
while at < len(data):
    sec, frac, cap, wire = struct.unpack("<4I", data[at:at + 16])
    frame = data[at + 16:at + 16 + cap]
    out += struct.pack("<4I", sec, frac, cap + 4, wire + 4) + frame[:12] + b"\x81\x00\x00\x35" + frame[12:]
    at += 16 + cap
open(sys.argv[1], "wb").write(out)
EOF
}

cut_short() {
    ask @10.53.0.2 a.types.example A
    ask @10.53.0.2 many.types.example A
    ask @10.53.0.2 _443._tcp.a.types.example TLSA
    ask @10.53.0.2 +tcp many.types.example A
    ask @10.53.0.2 +tcp a.types.example A
}

fragmented() {
    ask @10.53.0.2 +bufsize=4096 +ignore huge.types.example TXT
    ask @10.53.0.2 +bufsize=4096 +ignore +notcp +dnssec signed.example ANY
    ask @10.53.0.2 a.types.example A
}

avahi() {
    local ns=$1 name=$2 dir=$tmp/$2
    mkdir -p "$dir/services"
    printf '[server]\nhost-name=%s\nallow-interfaces=%s\nenable-dbus=no\nuse-ipv6=no\n[publish]\npublish-workstation=yes\npublish-hinfo=yes\n' \
        "$name" "$3" >"$dir/avahi.conf"
    cat >"$dir/services/http.service" <<EOF
<service-group><name replace-wildcards="yes">Web on %h (K&#252;che)</name>
<service><type>_http._tcp</type><port>8080</port><txt-record>path=/</txt-record></service></service-group>
EOF
    ip netns exec "$ns" unshare -m sh -c "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && mount --bind '$dir/services' /etc/avahi/services &&
        exec avahi-daemon -f '$dir/avahi.conf' --no-drop-root --no-chroot --no-rlimits" >/dev/null 2>&1 &
    pids+=($!)
}

mdns() {
    avahi "$server" kitchen s0
    sleep 2.5
    avahi "$client" hall c0
    sleep 2.5
    in_client dig +tries=1 +time=1 -p 5353 @224.0.0.251 kitchen.local A
    in_client dig +tries=1 +time=1 -p 5353 @10.53.0.4 kitchen.local A
}

network 10.53.0 fd53 10.53.0.3 10.53.0.4
mkdir -p "/etc/netns/$client"
trap 'end; rm -rf "/etc/netns/$client"' EXIT
printf 'nameserver 10.53.0.2\noptions timeout:1 attempts:3\n' >"/etc/netns/$client/resolv.conf"
for side in "$server s0" "$client c0"; do
    read -r space device <<<"$side"
    ip -n "$space" link set "$device" gso_max_segs 65535
    ip -n "$space" route add 224.0.0.0/4 dev "$device"
done
zones
servers
dns='port 53'
record udp_types "$dns" 'One query over UDP for each record type that a zone file knows, without EDNS; a chain of CNAMEs, a DNAME, an unknown
type, a name with a dot, a blank and a control character in a label, a question in another case than the zone, class CH.'
record edns_dnssec "$dns" 'EDNS: DO with signatures, NSEC, NSEC3, DNSKEY; version 1, which is answered by BADVERS; options; AD from a resolver that
checks signatures.'
record codes "$dns" 'Response codes: NXDOMAIN, REFUSED, SERVFAIL, NOTIMP; FORMERR for a question that ends too early, and for two questions.'
record unanswered "port 53 or port 5355" 'A server that never answers, one that does, and a port that nobody listens on (LLMNR'"'"'s).'
record tcp "$dns" 'TCP: one query a connection, and several one after the other.'
record tcp_pipelined "$dns" 'TCP: seven queries in one segment; queries in pieces of 1, 2, 5 and 20 bytes; dnsperf.'
record udp_load "$dns" 'Three sockets, each with several queries outstanding.'
record truncated "$dns" 'Responses that do not fit: TC, and the same question again over TCP.'
record transfer "$dns" 'Zone transfers: one message, several messages, refused.'
record update "$dns" 'UPDATE that works, that fails on its prerequisite, and for a zone that is not there; the differences over TCP (IXFR), the same
when there are none; NOTIFY.'
record ipv6 "$dns" 'UDP and TCP over IPv6.'
record vlan "$dns" 'UDP and TCP in VLAN 53; the tags were put in afterwards.'
tag "$out/vlan.pcap"
record cut_short "$dns" 'A snap length of 100 bytes: the first bytes of a message are known, the rest is a gap.' -s 100
ip -n "$server" link set s0 mtu 1280
ip -n "$client" link set c0 mtu 1280
record fragmented "udp and (port 53 or ip[6:2] & 0x1fff != 0)" 'A datagram in several IP fragments, of which the first is used.'
record retransmitted "$dns" 'A client that asks again after a second, with the same id from the same port; then both are answered.'
cat >>"$out/retransmitted.md" <<'EOF'

not: lossy without its first packet the same roundtrip begins at the second, with other times
not: join without its first packet the same roundtrip begins at the second, with other times
EOF
record mdns "port 5353" 'mDNS: two Avahi daemons announce a host and a service each and ask for the other'"'"'s; two legacy queries by dig, to the group
and to the host alone.'
editcap "$out/tcp_pipelined.pcap" "$out/tcp_lost.pcap" 6 && describe tcp_lost 'tcp_pipelined without its sixth packet (editcap).'
chmod 644 "$out"/*
ls -l "$out"
