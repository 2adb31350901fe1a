# Where the scripts find and put things. Sourced by the others; a variable set by the user wins.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/firn
duckdb_version=1.5.6
duckdb_folder=$cache/duckdb-$duckdb_version
tools=$cache/tools

# Outside the clone: a fresh clone finds the dependencies already compiled.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# What the user already has comes first; rustup's folder is not in the path of every shell.
export PATH=$PATH:$tools/bin:$HOME/.cargo/bin

say() { printf '%s\n' "$*"; }

# fail MESSAGE [HINT…]: ends the script. The hints say what to do next.
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf 'hint: %s\n' "$@" >&2
    exit 1
}

# Prints the folder of PostgreSQL's server programs: version 15, for which the tests are written, or the newest one.
# Prints nothing where there is none.
server_programs() {
    local folder newest=
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V) /usr/lib/postgresql/15/bin; do
        if [ -x "$folder/initdb" ]; then newest=$folder; fi
    done
    printf '%s' "$newest"
}
