# redis.sh: captures and loads of Redis.
#   redis_small   SET and GET of 100 bytes, 50 connections     redis_pipeline   the same with 3 bytes, 16 at once
#   redis_large   GET of 100 kB
packages=(redis-server redis-tools)
tools=(redis-server redis-cli redis-benchmark)
captures=(redis_small redis_pipeline redis_large)
goals=(2.5 2.5 1.0)
loads=(redis_p1 redis_p16)

redis_serve() {
    redis-server --port 6379 --save '' --dir "$work" >"$work/redis.log" 2>&1 &
    pids+=($!)
    wait_port 6379
}

capture_redis_small() {
    redis_serve
    record redis_small 1000000 'tcp port 6379' redis-benchmark -n 100000000 -c 50 -d 100 -t set,get
}

capture_redis_pipeline() {
    redis_serve
    record redis_pipeline 300000 'tcp port 6379' redis-benchmark -n 100000000 -c 50 -P 16 -d 3 -r 100000 -t set,get
}

capture_redis_large() {
    redis_serve
    head -c 100000 /dev/urandom | redis-cli -x SET large >/dev/null
    record redis_large 300000 'tcp port 6379' redis-benchmark -n 100000000 -c 10 GET large
}

# redis_load OPTION...: what the server counted is expected, and the command that asks it for that.
redis_load() {
    redis_serve
    watch redis
    redis-benchmark -q -t set,get -n 250000 -c 50 "$@" >"$work/client.log" 2>&1
    expect "$(redis-cli INFO commandstats | tr -d '\r' | awk -F'[=,]' '/^cmdstat_/ { n += $2 } END { print n + 1 }')"
}

load_redis_p1() { redis_load; }
load_redis_p16() { redis_load -P 16; }
