#!/bin/bash
# Makes the captures in testdata/pcaps/postgresql: a real server and clients in two network namespaces joined by a veth
# pair. Needs root, and of Debian: postgresql postgresql-contrib python3-venv openssl tcpdump wireshark-common iproute2;
# of PyPI psycopg[binary] and pg8000, in a Python whose path is in $PYTHON.
# usage: PYTHON=... testdata/make_postgresql.sh [FOLDER]
. "$(dirname "$0")/common.sh"
begin postgresql "${1:-}"

bin=$(echo /usr/lib/postgresql/*/bin)
python=${PYTHON:-python3}
address=10.81.0.2
port=5432
filter="tcp port $port"
stop=INT # it ends without waiting for its clients
export PGSSLMODE=disable PGGSSENCMODE=disable

as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups env -C "$tmp" "$@"; }
sql() {
    in_client env PGPASSWORD="${PASSWORD-secret}" PGSSLMODE="${SSL-disable}" PSQLRC=/dev/null \
        "$bin/psql" -X -q -h $address -p $port -U "${ROLE-trusted}" -d shop "$@" >/dev/null 2>&1 || true
}
local_sql() { as_postgres "$bin/psql" -X -q -h "$tmp/data" -p $port "$@" >/dev/null; }
raw() { in_client python3 "$here/postgresql/client.py" "$1" "${2-$address}" $port; }
driver() { in_client "$python" "$here/postgresql/driver.py" "$1" $address $port; }

serve() {
    mkdir "$tmp/data"
    chown postgres "$tmp/data"
    as_postgres "$bin/initdb" -D "$tmp/data" -A trust -E UTF8 --locale=C --wal-segsize=1 >/dev/null
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=db -keyout "$tmp/data/server.key" -out "$tmp/data/server.crt" 2>/dev/null
    chown postgres "$tmp/data/server.key" "$tmp/data/server.crt"
    chmod 600 "$tmp/data/server.key"
    echo 'ssl = on' >>"$tmp/data/postgresql.conf"
    cat >"$tmp/data/pg_hba.conf" <<'EOF'
local all all trust
host all,replication trusted all trust
host all clear all password
host all hashed all md5
host all salted all scram-sha-256
EOF
    start postgres setpriv --reuid postgres --regid postgres --clear-groups env -C "$tmp" "$bin/postgres" -D "$tmp/data" \
        -k "$tmp/data" -c listen_addresses='*' -c port=$port -c wal_level=logical -c fsync=off
    await as_postgres "$bin/pg_isready" -q -h "$tmp/data" -p $port
    local_sql -d postgres <<'EOF'
CREATE ROLE trusted LOGIN SUPERUSER;
CREATE ROLE clear LOGIN PASSWORD 'secret';
SET password_encryption = 'md5';
CREATE ROLE hashed LOGIN PASSWORD 'secret';
SET password_encryption = 'scram-sha-256';
CREATE ROLE salted LOGIN PASSWORD 'secret';
CREATE DATABASE shop;
\c shop
CREATE TABLE items (id serial PRIMARY KEY, name text, price int);
CREATE TABLE lines (item int REFERENCES items DEFERRABLE INITIALLY DEFERRED);
INSERT INTO items (name, price) SELECT 'item ' || n, n FROM generate_series(1, 20) n;
EOF
}

versions() {
    local of
    read -ra of < <("$python" -c 'import psycopg; from importlib.metadata import version as v; print(psycopg.__version__, psycopg.pq.version(), v("pg8000"))')
    printf '%s; psycopg %s with libpq %s, pg8000 %s; testdata/postgresql/client.py and driver.py.\n' "$("$bin/postgres" --version)" "${of[@]}"
}

session() {
    sql <<'EOF'
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'one'), (2, 'two');
SELECT * FROM t;
SELECT * FROM t WHERE a = 3;
BEGIN\; UPDATE t SET b = 'x'\; COMMIT;
INSERT INTO t VALUES (3, 'c') RETURNING a;
SELECT a INTO u FROM t;
SELECT nothing FROM t;
DO $$ BEGIN RAISE NOTICE 'mind %', 'the gap'; END $$;
LISTEN news;
NOTIFY news, 'hello';
SET application_name = 'shop';
;
ALTER ROLE clear PASSWORD 'secret';
EXPLAIN SELECT * FROM t;
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t;
FETCH 2 FROM c;
MOVE 1 FROM c;
CLOSE c;
\copy t FROM PROGRAM 'seq 10 20 | sed "s/$/\tcopied/"'
\copy t TO /dev/null
TRUNCATE t;
DROP TABLE t, u;
EOF
}

logins() {
    sql -c 'SELECT 1'
    ROLE=clear sql -c 'SELECT 2'
    ROLE=hashed sql -c 'SELECT 3'
    ROLE=salted sql -c 'SELECT 4'
    ROLE=salted PASSWORD=wrong sql -c 'SELECT 5'
    ROLE=salted PASSWORD='' sql -w -c 'SELECT 6'
    ROLE=nobody sql -c 'SELECT 7'
    driver newer
}

tls() {
    SSL=require sql -c 'SELECT 1'
    SSL=prefer sql -c 'SELECT 2'
}

no_tls() { in_client env PGSSLMODE=prefer "$bin/psql" -X -q -h fd81::2 -p $port -U trusted -d shop -c 'SELECT 1' >/dev/null; }

portals() { raw portals; }
prepared() { raw prepared; }
pipeline() { raw pipeline; }
copies() { raw copies; }
calls() { raw call; }

ends() {
    raw cancel
    raw unanswered
    raw farewell
}

psycopg_pipeline() { driver psycopg_pipeline; }
psycopg_cursors() { driver psycopg_cursors; }
pg8000_session() { driver pg8000_session; }
ipv6() { raw pipeline fd81::2; }

large() {
    sql -c "SELECT n, repeat(chr(65 + n % 26), n * 10) FROM generate_series(1, 150) n" \
        -c "SELECT repeat('long ', 20000)" -c "SELECT '$(printf 'y%.0s' $(seq 20000))'"
}

load() {
    for mode in simple extended prepared; do
        in_client "$bin/pgbench" -n -h $address -p $port -U trusted -M $mode -c 3 -t 8 shop >/dev/null 2>&1
    done
}

replication() {
    in_client timeout -s INT 2 "$bin/pg_receivewal" -h $address -p $port -U trusted -D "$tmp/wal" >/dev/null 2>&1 || true
    logical --create-slot
    in_client timeout -s INT 3 "$bin/pg_recvlogical" -h $address -p $port -U trusted -d shop --slot s --start -f /dev/null >/dev/null 2>&1 &
    sleep 1
    local_sql -d shop -c "UPDATE items SET price = 0"
    wait $! || true
    logical --drop-slot
}
logical() { in_client "$bin/pg_recvlogical" -h $address -p $port -U trusted -d shop --slot s "$1" >/dev/null; }

mkdir "$tmp/wal"
network 10.81.0 fd81
serve
in_client "$bin/pgbench" -q -i -h $address -p $port -U trusted shop >/dev/null 2>&1
record session 'psql: tables, rows, errors, several statements at once, notices, notifications, cursors, COPY both ways, a password.'
record logins 'Authentication of all kinds that need no other server: none, cleartext, md5, SCRAM, a wrong and a missing password, an unknown role; and a client of protocol 3.2.'
record tls 'SSLRequest that is granted: nothing is readable behind it.'
record portals 'Portals that are executed a few rows at a time, with Flush and with Sync, named and unnamed.'
record prepared 'Named and unnamed statements, prepared with and without Flush, errors, DEALLOCATE and PREPARE by SQL, one in pieces.'
record pipeline 'Several Executes before one Sync, errors among them, Flush, a commit that fails at Sync, several Queries at once.'
record copies 'COPY in and out by both protocols, one that fails and one that the client gives up.'
record calls 'Function calls by the oldest interface.'
record ends 'A query that is cancelled, one whose client goes away, sessions that the server ends.'
record psycopg_pipeline 'psycopg: pipeline mode, with an error, and executemany, which is a pipeline.'
record psycopg_cursors 'psycopg: statements that it prepares after a while, a server-side cursor, COPY, large values, a notification.'
record pg8000_session 'pg8000: unnamed and prepared statements.'
record ipv6 'The same as pipeline over IPv6.'
record large 'Rows and values that are larger than segments, a long query.'
local_sql -d postgres -c CHECKPOINT -c 'SELECT pg_switch_wal()'
record replication 'pg_receivewal and pg_recvlogical: streams that are counted only.'
record load 'pgbench in its three modes with three connections.'
local_sql -d postgres -c 'ALTER SYSTEM SET ssl = off' -c 'SELECT pg_reload_conf()'
record no_tls 'SSLRequest that is refused, over IPv6.'
editcap -F nsecpcap "$out/load.pcap" "$out/midstream.pcap" 1-60
describe midstream 'load without its first 60 packets (editcap).'
editcap -F nsecpcap "$out/load.pcap" "$out/lost.pcap" 41 42 90 133 200 201 202 251 300
describe lost 'load without some of its packets (editcap).

not: join joined behind a loss, a roundtrip is read that the loss hides
not: lossy with the packet before a loss missing too, trust comes back earlier'
