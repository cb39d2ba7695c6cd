# http2.sh: captures and loads of HTTP/2 in the clear.
#   h2_small   200 bytes a response, 20 connections with 10 streams at once     h2_10k   bodies of 10 kB
packages=(nginx-light nghttp2-client)
tools=(nginx h2load)
captures=(h2_small h2_10k)
goals=(2.5 1.0)
loads=(h2_h2load)

# h2_serve LOG: where nginx writes a line for each request.
h2_serve() {
    local size
    mkdir "$work/www"
    for size in 200 10000; do head -c $size /dev/urandom | base64 -w 0 | head -c $size >"$work/www/$size"; done
    cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log stderr;
events { worker_connections 512; }
http { access_log $1; keepalive_requests 100000000; default_type text/plain;
 client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
 server { listen 127.0.0.1:8082 http2 backlog=512; root $work/www; } }
N
    nginx -c "$work/nginx.conf" 2>"$work/nginx.log" &
    nginx=$!
    pids+=($nginx)
    wait_port 8082
}

h2_record() {
    h2_serve off
    record "$1" "$2" 'tcp port 8082' h2load -n 100000000 -c 20 -m 10 "http://127.0.0.1:8082/$3"
}

capture_h2_small() { h2_record h2_small 600000 200; }
capture_h2_10k() { h2_record h2_10k 400000 10000; }

# What nginx logged is expected.
load_h2_h2load() {
    h2_serve "$work/access combined buffer=1m"
    watch http2
    h2load -n 200000 -c 20 -m 10 http://127.0.0.1:8082/200 >"$work/client.log" 2>&1
    kill -QUIT $nginx
    wait $nginx
    expect "$(wc -l <"$work/access")"
}
