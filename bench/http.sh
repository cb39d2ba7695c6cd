# http.sh: captures and loads of HTTP/1.
#   http_small   200 bytes a response, keep-alive     http_close   the same, a connection each
#   http_10k     bodies of 10 kB                      http_100k    bodies of 100 kB
packages=(nginx-light wrk nghttp2-client)
tools=(nginx wrk h2load)
captures=(http_small http_close http_10k http_100k)
goals=(2.5 2.5 1.0 1.0)
loads=(http_h2load http_wrk http_close)

http_body() {
    head -c "$2" /dev/urandom | base64 -w 0 | head -c "$2" >"$work/www/$1"
}

# http_serve LOG: where nginx writes a line for each request.
http_serve() {
    mkdir "$work/www"
    http_body small 200
    http_body 10k 10000
    http_body 100k 100000
    cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log stderr;
events { worker_connections 512; }
http { access_log $1; keepalive_requests 100000; default_type text/plain;
 client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
 server { listen 127.0.0.1:80 backlog=512; root $work/www; } }
N
    nginx -c "$work/nginx.conf" 2>"$work/nginx.log" &
    nginx=$!
    pids+=($nginx)
    wait_port 80
}

http_record() {
    http_serve off
    record "$1" "$2" 'tcp port 80' wrk -t1 -c50 -d 600 "${@:4}" "http://127.0.0.1/$3"
}

capture_http_small() { http_record http_small 1500000 small; }
capture_http_close() { http_record http_close 1500000 small -H 'Connection: close'; }
capture_http_10k() { http_record http_10k 400000 10k; }
capture_http_100k() { http_record http_100k 300000 100k; }

# http_load CLIENT...: what nginx logged is expected; it logs requests whose client went away too.
http_load() {
    http_serve "$work/access combined buffer=1m"
    watch http
    "$@" >"$work/client.log" 2>&1
    kill -QUIT $nginx
    wait $nginx
    expect "$(wc -l <"$work/access")"
}

load_http_h2load() { http_load h2load --h1 -n 200000 -c 50 http://127.0.0.1/small; }
load_http_wrk() { http_load wrk -t1 -c50 -d 5 http://127.0.0.1/10k; }
load_http_close() { http_load wrk -t1 -c20 -d 5 -H 'Connection: close' http://127.0.0.1/small; }
