# nginx with two workers answers a hundred requests, and ends.
port=$1
mkdir -p html temporary
echo 'the page' > html/index.html
cat > nginx.conf <<CONFIGURATION
worker_processes 2;
daemon off;
pid $PWD/pid;
error_log $PWD/errors;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path $PWD/temporary;
  proxy_temp_path $PWD/temporary;
  fastcgi_temp_path $PWD/temporary;
  uwsgi_temp_path $PWD/temporary;
  scgi_temp_path $PWD/temporary;
  server { listen 127.0.0.1:$port; root $PWD/html; }
}
CONFIGURATION
nginx -e "$PWD/errors" -c "$PWD/nginx.conf" -p "$PWD" &
# A server that has ended will not answer.
until (exec 5<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 $! 2>/dev/null || { echo "nginx has ended"; exit 1; }
  sleep 0.05
done
for _ in $(seq 100); do
  exec 5<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET / HTTP/1.0\r\n\r\n' >&5
  tail -n 1 <&5
  exec 5>&-
done | sort | uniq -c
kill -QUIT "$(cat pid)"
wait
echo "the server ended with $?"
