# A server on a free port of its own, a benchmark that drives it, and its shutdown.
port=$1
redis-server --port "$port" --save '' --daemonize no --logfile log --loglevel warning &
# A server that has ended will not answer.
until redis-cli -p "$port" ping >/dev/null 2>&1; do
  kill -0 $! 2>/dev/null || { echo "redis-server has ended"; exit 1; }
  sleep 0.05
done
redis-benchmark -p "$port" -n 200 -c 5 -q -t set,get,incr,lpush | tr '\r' '\n' | grep -c 'requests per second'
redis-cli -p "$port" get key:__rand_int__
redis-cli -p "$port" shutdown nosave
wait
echo "the server ended with $?"
