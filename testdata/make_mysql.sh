#!/bin/bash
# Makes the captures in testdata/pcaps/mysql: a real server and clients in two network namespaces joined by a veth pair.
# Needs root; of Debian: mariadb-server mariadb-client sysbench nodejs tcpdump wireshark-common iproute2; in a folder
# CLIENTS: venv (pip: pymysql mysql-connector-python), node_modules (npm: mysql2 mariadb).
# usage: testdata/make_mysql.sh CLIENTS [FOLDER]
set -eu

clients=$(realpath "$1")
out=$(realpath "${2:-$(dirname "$0")/pcaps/mysql}")
here=$(realpath "$(dirname "$0")")
client=pd-mysql-c
server=pd-mysql-s
host=10.81.0.2
tmp=$(mktemp -d)
chmod 755 "$tmp"
pids=()

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    ip netns del $client 2>/dev/null || true
    ip netns del $server 2>/dev/null || true
    rm -rf "$tmp"
}
trap cleanup EXIT

in_client() { ip netns exec $client "$@"; }
sql() { in_client timeout 10 mariadb -h $host -u app -ps3cret --skip-auto-rehash --skip-ssl "$@" >/dev/null 2>&1 || true; }
python() { in_client timeout 10 "$clients/venv/bin/python" "$here/mysql/$1" "${@:2}" || true; }
node() { in_client env NODE_PATH="$clients/node_modules" timeout 10 node "$here/mysql/client.js" "$1" $host || true; }

network() {
    ip netns add $client
    ip netns add $server
    ip -n $client link add c0 type veth peer name s0 netns $server
    for side in "$client c0 1" "$server s0 2"; do
        set -- $side
        ip -n "$1" link set lo up
        ip -n "$1" link set "$2" gso_max_segs 1 # segments as they look on a cable
        ip -n "$1" addr add "10.81.0.$3/24" dev "$2"
        ip -n "$1" addr add "fd81::$3/64" dev "$2" nodad
        ip -n "$1" link set "$2" up
    done
}

serve() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=mysql -keyout "$tmp/key.pem" -out "$tmp/cert.pem" 2>/dev/null
    chmod 644 "$tmp/key.pem"
    mariadb-install-db --no-defaults --user=mysql --datadir="$tmp/data" --auth-root-authentication-method=normal >/dev/null
    ip netns exec $server mariadbd --no-defaults --user=mysql --datadir="$tmp/data" --socket="$tmp/data/sock" --bind-address='*' \
        --port=3306 --log-bin="$tmp/data/bin" --server-id=1 --local-infile=1 --ssl-cert="$tmp/cert.pem" --ssl-key="$tmp/key.pem" \
        --skip-name-resolve --innodb-buffer-pool-size=32M --max-allowed-packet=64M 2>"$tmp/log" &
    pids+=($!)
    for _ in $(seq 100); do
        mariadb -S "$tmp/data/sock" -e 'SELECT 1' >/dev/null 2>&1 && break
        sleep 0.2
    done
    mariadb -S "$tmp/data/sock" <<'S'
CREATE DATABASE shop; USE shop;
CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100));
INSERT INTO users (name) VALUES ('ann'), ('bob'), ('cleo');
CREATE TABLE blobs (id INT PRIMARY KEY AUTO_INCREMENT, data LONGBLOB);
DELIMITER //
CREATE PROCEDURE twice() BEGIN SELECT 1 AS a; SELECT id, name FROM users; END //
DELIMITER ;
CREATE USER app@'%' IDENTIFIED BY 's3cret', app2@'%' IDENTIFIED BY 'other';
GRANT ALL ON *.* TO app@'%'; GRANT ALL ON *.* TO app2@'%';
S
}

# record NAME FILTER 'what it is': runs the function NAME while tcpdump records.
record() {
    local name=$1 filter=$2
    ip netns exec $client tcpdump -q -i "${4:-c0}" -B 16384 --nano --immediate-mode -Z root -U -w "$out/$name.pcap" "$filter" 2>/dev/null &
    local tcpdump=$!
    sleep 0.5
    "$name"
    sleep 0.5
    kill $tcpdump
    wait $tcpdump || true
    describe "$name" "$3" "$filter"
}

# describe NAME 'what it is' [FILTER]: writes NAME.md.
describe() {
    {
        printf '# %s\n\n%s\n\n' "$1" "$2"
        printf 'Made by testdata/make_mysql.sh'
        if [ -n "${3:-}" ]; then
            printf ' with `tcpdump '"'%s'"'` and:\n\n```\n' "$3"
            declare -f "$1" | sed '1,2d;$d;s/^    //'
            printf '```\n'
        else
            printf '.\n'
        fi
        printf '\nMariaDB %s, testdata/mysql/client.py, client.js and capi.py.\n' "$(mariadbd --version | sed 's/.*Ver \([^ ]*\).*/\1/')"
    } >"$out/$1.md"
}

session() {
    printf 'SELECT id, name FROM users;\nUSE mysql;\nSHOW TABLES LIKE "user";\nUSE shop\nINSERT INTO users (name) VALUES ("dora");\nDELETE FROM users WHERE id > 3;\nSELECT 1 WHERE 0;\n' | sql shop
    sql -e 'SELECT @@version_comment'
}
prepared() { python client.py prepared $host; }
multi() { python client.py multi $host; }
infile() { python client.py infile $host; }
commands() { python client.py commands $host; }
large() { python client.py large $host; }
errors() { python client.py errors $host; }
old() { python client.py old $host; }
dump() { python client.py dump $host; }
attributes() { python client.py attributes 127.0.0.1; }
pipelined() { node pipelined; }
bulk() { node bulk; }
cursors() { node cursors; }
fetch() { python capi.py $host; }
ipv6() { in_client mariadb -h fd81::2 -u app -ps3cret --skip-ssl shop -e 'SELECT name FROM users LIMIT 2; SELECT nope' >/dev/null 2>&1 || true; }
tls() { sql --ssl -e 'SELECT 1'; }
compressed() { sql --compress shop -e 'SELECT * FROM users; SELECT REPEAT("x", 5000)'; }
unanswered() { in_client timeout -s KILL 1 mariadb -h $host -u app -ps3cret --skip-ssl -e 'SELECT SLEEP(30)' >/dev/null 2>&1 || true; }
load() {
    in_client sysbench oltp_read_write --mysql-host=$host --mysql-user=app --mysql-password=s3cret --mysql-db=shop --tables=2 \
        --table-size=100 --threads=4 --events=24 --time=10 run >/dev/null
}

mkdir -p "$out"
network
serve
in_client sysbench oltp_read_write --mysql-host=$host --mysql-user=app --mysql-password=s3cret --mysql-db=shop --tables=2 \
    --table-size=100 prepare >/dev/null
record session 'tcp port 3306' 'The command line client: login, queries, USE, an insertion; a second connection without a database.'
record prepared 'tcp port 3306' "Prepared statements of MySQL's connector: binary results, parameters and no columns, columns and no parameters, 20 kB of data, an error, closing."
record multi 'tcp port 3306' 'Several statements in one text, a procedure with two results, USE among others, an error in the second of two.'
record infile 'tcp port 3306' 'LOAD DATA LOCAL INFILE: a file, and one that is not there.'
record commands 'tcp port 3306' 'Commands other than QUERY: PING, INIT_DB (also one that fails), FIELD_LIST, STATISTICS, SET_OPTION, PROCESS_KILL, REFRESH, RESET_CONNECTION, TIME, CHANGE_USER.'
record large 'tcp port 3306' 'A statement of 120 kB, a row of 70 kB, 3,000 small rows.'
record errors 'tcp port 3306' 'Errors; statements with passwords in them; logins that fail.'
record old 'tcp port 3306' 'A login as before 4.1.'
record dump 'tcp port 3306' 'A replica that asks for the binary log.'
record attributes 'tcp port 3307' 'Query attributes and a caching_sha2_password login, played by a hand-written server and client.' lo
record pipelined 'tcp port 3306' "MariaDB's connector for node sends the next command before the answer came."
record bulk 'tcp port 3306' 'STMT_BULK_EXECUTE: three rows in one command.'
record cursors 'tcp port 3306' 'mysql2: prepared statements that are used again, PING, CHANGE_USER.'
record fetch 'tcp port 3306' 'A cursor with STMT_FETCH; STMT_PREPARE and STMT_EXECUTE (of statement -1) sent together.'
record ipv6 'tcp port 3306' 'The command line client over IPv6.'
record tls 'tcp port 3306' 'A client that asks for TLS: nothing is read behind that.'
record compressed 'tcp port 3306' 'The compressed protocol.'
record unanswered 'tcp port 3306' 'A client that is killed while it waits.'
record load 'tcp port 3306' 'sysbench oltp_read_write with four connections and prepared statements; the first 900 packets.'
editcap -F nsecpcap -r "$out/load.pcap" "$tmp/load.pcap" 1-900 && mv "$tmp/load.pcap" "$out/load.pcap"
editcap -F nsecpcap "$out/prepared.pcap" "$out/midstream.pcap" 1-12
describe midstream 'prepared without its first twelve packets (editcap): joined behind the login.'
editcap -F nsecpcap "$out/session.pcap" "$out/lost.pcap" 13 20
describe lost 'session without its thirteenth and its twentieth packet (editcap).'
editcap -F nsecpcap "$out/large.pcap" "$out/lost_rows.pcap" 60 61
describe lost_rows 'large without two packets in the middle (editcap).'
