# Keeps one server alive exactly as long as the process that holds the other end of standard input.
# usage: sh -c THIS watchdog DIR STOP_SIGNAL COMMAND [ARGUMENT…]
# Each line "start" starts the command and answers with its process id. End of input stops it and removes DIR.
dir=$1 stop_signal=$2
shift 2
pid=
# Only the end of input ends it. A hang-up comes from the kernel when the owner dies while the server is paused.
trap '' HUP INT TERM

stop() {
    [ -n "$pid" ] || return 0
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
    kill -s "$stop_signal" "$pid"
    # A server that a test has paused would not notice the signal.
    kill -s CONT "$pid" $children
    polls=0
    while kill -s 0 "$pid"; do
        polls=$((polls + 1))
        if [ "$polls" -gt 300 ]; then
            kill -s KILL "$pid" $children
            break
        fi
        sleep 0.02
    done
    wait "$pid"
}

while read -r line; do
    [ "$line" = start ] || continue
    [ -z "$pid" ] || wait "$pid"
    "$@" >>"$dir/server.log" 2>&1 &
    pid=$!
    # The reader may be gone already; the end of input must still be reached.
    trap '' PIPE
    echo "$pid"
    trap - PIPE
done

stop
rm -rf -- "$dir"
