# mysql.sh: captures and loads of MySQL, with MariaDB's server.
#   mysql_point   point selects as text, 16 connections      mysql_prepared   the same, prepared
#   mysql_rows    results of a million small rows            mysql_wide       rows of 100 kB
packages=(mariadb-server mariadb-client sysbench)
tools=(mariadbd mariadb-install-db mariadb sysbench mariadb-slap)
captures=(mysql_point mysql_prepared mysql_rows mysql_wide)
goals=(2.5 2.5 1.0 1.0)
loads=(mysql_text mysql_prepared mysql_slap)

mysql_admin() { mariadb -S "$work/data/sock" -u root "$@"; }
mysql_sysbench() {
    sysbench "$1" --mysql-host=127.0.0.1 --mysql-user=app --mysql-password=s3cret --mysql-db=bench --tables=1 \
        --table-size=10000 --time=600 "${@:2}"
}

mysql_serve() {
    local i
    mariadb-install-db --no-defaults --user=mysql --datadir="$work/data" --auth-root-authentication-method=normal \
        >/dev/null 2>"$work/install.log"
    mariadbd --no-defaults --user=mysql --datadir="$work/data" --socket="$work/data/sock" --port=3306 --bind-address=127.0.0.1 \
        --skip-name-resolve --skip-log-bin --skip-ssl --innodb-flush-log-at-trx-commit=0 2>"$work/mysql.log" &
    pids+=($!)
    for ((i = 0; i < 300; i++)); do
        mysql_admin -e 'SELECT 1' >/dev/null 2>&1 && break
        sleep 0.1
    done
    mysql_admin -e "CREATE DATABASE bench; CREATE USER app@'127.0.0.1' IDENTIFIED BY 's3cret';
        GRANT ALL ON *.* TO app@'127.0.0.1'"
    mysql_sysbench oltp_point_select prepare >/dev/null
}

mysql_point() { mysql_sysbench oltp_point_select --threads=16 --db-ps-mode="$1" run; }
mysql_query() { while mariadb -h 127.0.0.1 -u app -ps3cret -N --quick -e "$1" bench >/dev/null; do :; done; }

capture_mysql_point() { mysql_serve; record mysql_point 1000000 'tcp port 3306' mysql_point disable; }
capture_mysql_prepared() { mysql_serve; record mysql_prepared 1000000 'tcp port 3306' mysql_point auto; }
capture_mysql_rows() { mysql_serve; record mysql_rows 300000 'tcp port 3306' mysql_query 'SELECT seq, seq * 2 FROM seq_1_to_1000000'; }
capture_mysql_wide() { mysql_serve; record mysql_wide 300000 'tcp port 3306' mysql_query "SELECT REPEAT('x', 100000) FROM seq_1_to_1000"; }

# What the server has counted: commands (Questions has QUIT in it), preparations, statements closed, logins. Asking counts too, by the same
# each time, through a socket that nobody listens to.
mysql_counted() {
    mysql_admin -N -e 'SHOW GLOBAL STATUS' |
        awk '$1 == "Questions" || $1 == "Com_stmt_prepare" || $1 == "Com_stmt_close" || $1 == "Connections" { n += $2 } END { print n }'
}

# mysql_load CLIENT...: each of those is expected once.
mysql_load() {
    local before between after
    mysql_serve
    watch mysql
    before=$(mysql_counted)
    between=$(mysql_counted)
    "$@" >"$work/client.log" 2>&1
    after=$(mysql_counted)
    expect $((after - between - (between - before)))
}

load_mysql_text() { mysql_load mysql_sysbench oltp_read_write --threads=8 --db-ps-mode=disable --time=0 --events=10000 run; }
load_mysql_prepared() { mysql_load mysql_sysbench oltp_read_write --threads=8 --time=0 --events=10000 run; }
load_mysql_slap() {
    mysql_load mariadb-slap -h 127.0.0.1 -u app -ps3cret --create-schema=bench --no-drop --concurrency=50 --iterations=1 \
        --number-of-queries=200000 --query='SELECT c FROM sbtest1 WHERE id = 77; UPDATE sbtest1 SET k = k + 1 WHERE id = 1000' --delimiter=';'
}
