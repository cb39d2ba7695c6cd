# dns.sh: captures and loads of DNS: UDP queries from 20 clients, answers of several types, some NXDOMAIN.
packages=(unbound dnsperf)
tools=(unbound unbound-control dnsperf)
captures=(dns)
goals=(2.5)
loads=(dns_udp dns_tcp)

dns_serve() {
    local i
    {
        printf 'server:\n interface: 127.0.0.1@53\n do-daemonize: no\n chroot: ""\n username: ""\n directory: "%s"\n' "$work"
        printf ' pidfile: "%s/unbound.pid"\n use-syslog: no\n incoming-num-tcp: 100\n local-zone: "bench.test." static\n' "$work"
        for i in $(seq 500); do
            printf ' local-data: "h%d.bench.test. 300 IN A 192.0.2.%d"\n' "$i" $((i % 250 + 1))
            printf ' local-data: "h%d.bench.test. 300 IN AAAA 2001:db8::%d"\n' "$i" "$i"
            printf " local-data: 'h%d.bench.test. IN TXT \"text %d\"'\n" "$i" "$i"
        done
        printf 'remote-control:\n control-enable: yes\n control-use-cert: no\n control-interface: %s/control\n' "$work"
    } >"$work/unbound.conf"
    for i in $(seq 600); do printf 'h%d.bench.test A\nh%d.bench.test AAAA\nh%d.bench.test TXT\n' "$i" "$i" "$i"; done >"$work/queries"
    unbound -c "$work/unbound.conf" 2>"$work/unbound.log" &
    pids+=($!)
    wait_port 53
}

capture_dns() {
    dns_serve
    record dns 1500000 'udp port 53' dnsperf -s 127.0.0.1 -d "$work/queries" -l 600 -c 20
}

# dns_load OPTION...: what the server counted is expected.
dns_load() {
    dns_serve
    watch dns
    dnsperf -s 127.0.0.1 -d "$work/queries" -n 100 -c 20 "$@" >"$work/client.log" 2>&1
    expect "$(unbound-control -c "$work/unbound.conf" stats_noreset | sed -n 's/^total.num.queries=//p')"
}

load_dns_udp() { dns_load; }
load_dns_tcp() { dns_load -m tcp; }
