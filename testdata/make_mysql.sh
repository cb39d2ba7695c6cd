#!/bin/bash
# Makes the captures in testdata/pcaps/mysql: a real server and clients in two network namespaces joined by a veth pair.
# Needs root; of Debian: mariadb-server mariadb-client sysbench nodejs tcpdump wireshark-common iproute2; in a folder
# CLIENTS: venv (pip: pymysql mysql-connector-python), node_modules (npm: mysql2 mariadb).
# usage: testdata/make_mysql.sh CLIENTS [FOLDER]
. "$(dirname "$0")/common.sh"
clients=$(realpath "$1")
begin mysql "${2:-}"

host=10.81.0.2
filter='tcp port 3306'

sql() { in_client timeout 10 mariadb -h $host -u app -ps3cret --skip-auto-rehash --skip-ssl "$@" >/dev/null 2>&1 || true; }
python() { in_client timeout 10 "$clients/venv/bin/python" "$here/mysql/$1" "${@:2}" || true; }
node() { in_client env NODE_PATH="$clients/node_modules" timeout 10 node "$here/mysql/client.js" "$1" $host || true; }

serve() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=mysql -keyout "$tmp/key.pem" -out "$tmp/cert.pem" 2>/dev/null
    chmod 644 "$tmp/key.pem"
    mariadb-install-db --no-defaults --user=mysql --datadir="$tmp/data" --auth-root-authentication-method=normal >/dev/null
    start mariadbd mariadbd --no-defaults --user=mysql --datadir="$tmp/data" --socket="$tmp/data/sock" --bind-address='*' \
        --port=3306 --log-bin="$tmp/data/bin" --server-id=1 --local-infile=1 --ssl-cert="$tmp/cert.pem" --ssl-key="$tmp/key.pem" \
        --skip-name-resolve --innodb-buffer-pool-size=32M --max-allowed-packet=64M
    await mariadb -S "$tmp/data/sock" -e 'SELECT 1'
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

versions() {
    printf 'MariaDB %s, testdata/mysql/client.py, client.js and capi.py.\n' "$(mariadbd --version | sed 's/.*Ver \([^ ]*\).*/\1/')"
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

network 10.81.0 fd81
serve
in_client sysbench oltp_read_write --mysql-host=$host --mysql-user=app --mysql-password=s3cret --mysql-db=shop --tables=2 \
    --table-size=100 prepare >/dev/null
record session 'The command line client: login, queries, USE, an insertion; a second connection without a database.'
record prepared "Prepared statements of MySQL's connector: binary results, parameters and no columns, columns and no parameters, 20 kB of data, an error, closing."
record multi 'Several statements in one text, a procedure with two results, USE among others, an error in the second of two.'
record infile 'LOAD DATA LOCAL INFILE: a file, and one that is not there.'
record commands 'Commands other than QUERY: PING, INIT_DB (also one that fails), FIELD_LIST, STATISTICS, SET_OPTION, PROCESS_KILL, REFRESH, RESET_CONNECTION, TIME, CHANGE_USER.'
record large 'A statement of 120 kB, a row of 70 kB, 3,000 small rows.'
record errors 'Errors; statements with passwords in them; logins that fail.'
record old 'A login as before 4.1.'
record dump 'A replica that asks for the binary log.'
interface=lo record attributes 'tcp port 3307' 'Query attributes and a caching_sha2_password login, played by a hand-written server and client.'
record pipelined "MariaDB's connector for node sends the next command before the answer came."
record bulk 'STMT_BULK_EXECUTE: three rows in one command.'
record cursors 'mysql2: prepared statements that are used again, PING, CHANGE_USER.'
record fetch 'A cursor with STMT_FETCH; STMT_PREPARE and STMT_EXECUTE (of statement -1) sent together.'
record ipv6 'The command line client over IPv6.'
record tls 'A client that asks for TLS: nothing is read behind that.'
record compressed 'The compressed protocol.'
record unanswered 'A client that is killed while it waits.'
record load 'sysbench oltp_read_write with four connections and prepared statements; the first 900 packets.'
first load 900
editcap -F nsecpcap "$out/prepared.pcap" "$out/midstream.pcap" 1-12
describe midstream 'prepared without its first twelve packets (editcap): joined behind the login.'
editcap -F nsecpcap "$out/session.pcap" "$out/lost.pcap" 13 20
describe lost 'session without its thirteenth and its twentieth packet (editcap).'
editcap -F nsecpcap "$out/large.pcap" "$out/lost_rows.pcap" 60 61
describe lost_rows 'large without two packets in the middle (editcap).'
