# postgresql.sh: captures and loads of PostgreSQL.
#   pg_simple     one row by its key, pgbench -S      pg_extended, pg_prepared   the same by these protocols
#   pg_rows       a million short rows a query        pg_copy       the same by COPY, both ways
packages=(postgresql util-linux)
pg_bin=$(echo /usr/lib/postgresql/*/bin)
PATH=$PATH:$pg_bin
tools=(postgres initdb pgbench psql setpriv taskset)
captures=(pg_simple pg_extended pg_prepared pg_rows pg_copy)
goals=(2.5 2.5 2.5 1.0 1.0)
loads=(pg_simple pg_extended pg_prepared pg_select pg_rows)

pg_as() { setpriv --reuid postgres --regid postgres --clear-groups env -C "$work" "$@"; }
pg_sql() { pg_as psql -X -q -t -A -h "$work/pg" -U postgres -d postgres "$@"; }
pg_bench() { pgbench -n -h 127.0.0.1 -U postgres "$@" postgres; }

pg_serve() {
    mkdir "$work/pg"
    chown postgres "$work/pg"
    pg_as initdb -D "$work/pg/data" -U postgres -A trust -E UTF8 --locale=C >"$work/initdb.log" 2>&1
    pg_as postgres -D "$work/pg/data" -k "$work/pg" -c fsync=off -c synchronous_commit=off -c shared_buffers=256MB \
        -c max_wal_size=4GB -c autovacuum=off 2>"$work/postgres.log" &
    pids+=($!)
    wait_port 5432
    until pg_sql -c 'SELECT 1' >"$work/ready.log" 2>&1; do sleep 0.2; done
    pgbench -i -q -s 2 -h "$work/pg" -U postgres postgres >"$work/init.log" 2>&1
    pg_sql -c 'CREATE TABLE numbers AS SELECT n, n * 7 AS m FROM generate_series(1, 1000000) n' -c 'VACUUM ANALYZE numbers'
}

pg_record() {
    pg_serve
    record "pg_$1" 1000000 'tcp port 5432' pgbench -n -h 127.0.0.1 -U postgres -S -M "$1" -c 8 -T 600 postgres
}
capture_pg_simple() { pg_record simple; }
capture_pg_extended() { pg_record extended; }
capture_pg_prepared() { pg_record prepared; }

capture_pg_rows() {
    pg_serve
    echo 'SELECT * FROM numbers;' >"$work/rows.sql"
    record pg_rows 200000 'tcp port 5432' pgbench -n -h 127.0.0.1 -U postgres -f "$work/rows.sql" -T 600 postgres
}

capture_pg_copy() {
    pg_serve
    pg_sql -c 'CREATE TABLE copied (n int, m int)'
    record pg_copy 200000 'tcp port 5432' bash -c "while psql -X -q -h 127.0.0.1 -U postgres -c 'COPY numbers TO STDOUT' |
        psql -X -q -h 127.0.0.1 -U postgres -c 'TRUNCATE copied' -c 'COPY copied FROM STDIN'; do :; done"
}

# pg_load STATEMENTS OPTION...: each of so many statements of a transaction makes a line. pgbench's own queries at its
# start are told by their lower case. pg_stat_statements would not count BEGIN and END that are prepared.
pg_load() {
    local statements=$1 transactions
    shift
    pg_serve
    watch postgresql
    pg_bench "$@" >"$work/client.log" 2>&1 || return
    transactions=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/client.log")
    expect $((statements * transactions)) '.status == "ok" and (.request.command | . != "STARTUP" and . != "PREPARE") and
        (.request.statement | startswith("select") | not)'
}
load_pg_simple() { pg_load 7 -M simple -c 8 -t 2000; }
load_pg_extended() { pg_load 7 -M extended -c 8 -t 2000; }
load_pg_prepared() { pg_load 7 -M prepared -c 8 -t 2000; }
load_pg_select() { pg_load 1 -S -M prepared -c 8 -t 20000; }

load_pg_rows() {
    taskset -pc 0 $$ >"$work/taskset.log" # or segments overtake each other on their way between processors
    pg_serve
    watch postgresql
    echo 'SELECT * FROM numbers;' >"$work/rows.sql"
    pg_bench -f "$work/rows.sql" -t 10 >"$work/client.log" 2>&1 || return
    expect 10 '.response.rows == 1000000'
}
