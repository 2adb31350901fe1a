#!/usr/bin/env bash
# Installs what is missing on Debian or Ubuntu and prints what it does. Running it again changes nothing.
# usage: deps.sh [build|demo|test|all]
#   build  what `cargo build` needs: system libraries, Node packages, the DuckDB library, .cargo/config.toml
#   demo   build, and a PostgreSQL server
#   test   demo, and the tools of the tests
#   all    the same as test (the default)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/paths.sh"
cd "$root"

group=${1:-all}
case $group in build | demo | test | all) ;; *)
    printf 'error: unknown group %s\nhint: usage: scripts/deps.sh [build|demo|test|all]\n' "$group" >&2
    exit 2
    ;;
esac
wants() { case $group in all | test) true ;; demo) [ "$1" != test ] ;; build) [ "$1" = build ] ;; esac; }

minimum_rust=1.95
minimum_node=20
nextest_version=0.9.143
tauri_driver_version=2.1.0

build_packages=(build-essential ca-certificates file libayatana-appindicator3-dev libgtk-3-dev librsvg2-dev libssl-dev
    libwebkit2gtk-4.1-dev libxdo-dev mold openssl patchelf pkg-config)
test_packages=(dbus dbus-x11 fonts-dejavu-core gnome-keyring libsecret-tools pgbouncer webkit2gtk-driver xauth xvfb)

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "system packages are missing, and installing them needs root" \
            "install sudo, or run as root: $root/scripts/deps.sh $group"
    fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true; }

# Installs packages. Services that come with them (PostgreSQL's, pgbouncer's) are neither started now nor at boot:
# Firn starts private servers of its own.
install_packages() {
    say "installing system packages: $*"
    local policy=/usr/sbin/policy-rc.d created=/etc/postgresql-common/createcluster.d/firn.conf
    if ! is_installed postgresql-common && [ ! -e "$created" ]; then
        as_root mkdir -p "$(dirname "$created")"
        printf 'create_main_cluster = false\n' | as_root tee "$created" >/dev/null
    fi
    local blocks_services=false disables_bouncer=false
    if [ ! -e "$policy" ]; then
        blocks_services=true
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    is_installed pgbouncer || disables_bouncer=true
    local status=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@" || status=$?
    if $blocks_services; then
        as_root rm -f "$policy"
        trap - EXIT
    fi
    [ $status = 0 ] || fail "apt-get could not install: $*" "its messages are above; run \`make deps\` again afterwards"
    if $disables_bouncer && is_installed pgbouncer; then
        as_root update-rc.d pgbouncer disable >/dev/null
    fi
}

system_packages() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
        fail "this script knows Debian and Ubuntu only, and there is no apt-get here" \
            "install by hand what stands for: ${build_packages[*]} ${test_packages[*]} postgresql"
    local wanted=("${build_packages[@]}") missing=() package
    if wants test; then wanted+=("${test_packages[@]}"); fi
    for package in "${wanted[@]}"; do is_installed "$package" || missing+=("$package"); done
    # Any browser of the kind will do for the tests of the page.
    if wants test && ! browser_is_there; then missing+=(chromium); fi
    local needs_server=false needs_node=false
    if wants demo && ! server_is_there; then needs_server=true; fi
    if ! node_is_there; then needs_node=true; fi
    if [ ${#missing[@]} -gt 0 ] || $needs_server || $needs_node; then
        say "reading the package lists"
        as_root apt-get update -q -o DPkg::Lock::Timeout=300 ||
            say "warning: apt-get update failed; going on with the lists that are there"
    fi
    local more
    if $needs_server; then
        more=$(server_packages)
        # shellcheck disable=SC2206 # one word a package
        missing+=($more)
    fi
    if $needs_node; then
        more=$(node_packages)
        # Said before the long part, not after it.
        [ -n "$more" ] || node_help
        # shellcheck disable=SC2206
        missing+=($more)
    fi
    if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; else say "system packages: nothing missing"; fi
    node_is_there || node_help
    if wants demo && ! server_is_there; then fail "PostgreSQL was installed, and its programs are not in /usr/lib/postgresql"; fi
}

server_is_there() {
    local programs version
    programs=$(server_programs)
    [ -n "$programs" ] || return 1
    version=$(basename "$(dirname "$programs")")
    ! wants test || is_installed "postgresql-$version-postgis-3"
}
# A distribution without PostgreSQL 15 gives its own version.
server_packages() {
    local version=15
    if [ -z "$(candidate postgresql-15)" ]; then
        version=$(LC_ALL=C apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
        [ -n "$version" ] || fail "no PostgreSQL server in the package lists" "see https://wiki.postgresql.org/wiki/Apt"
    fi
    echo "postgresql-$version"
    if wants test; then echo "postgresql-$version-postgis-3"; fi
}

browser_is_there() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

node_is_there() {
    command -v npm >/dev/null || return 1
    local version
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge $minimum_node ]
}
node_packages() {
    local version
    version=$(candidate nodejs)
    version=${version#*:}
    # Without a new enough one in the lists nothing is installed, and node_help says what to do.
    if [ -z "$version" ] || [ "${version%%.*}" -lt $minimum_node ]; then return; fi
    echo nodejs
    # NodeSource's package brings npm along.
    if [[ $version != *nodesource* ]]; then echo npm; fi
}
node_help() {
    fail "Node $minimum_node or newer with npm is needed, and this distribution has none ($(node --version 2>/dev/null || echo none) found)" \
        "https://github.com/nodesource/distributions has packages for Debian and Ubuntu, https://github.com/nvm-sh/nvm one for a single user"
}

rust() {
    local version
    version=$(rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p') || version=
    if [ -z "$version" ] || ! command -v cargo >/dev/null; then
        fail "a Rust toolchain ($minimum_rust or newer) is needed, and there is none" \
            "https://rustup.rs: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    fi
    [ "$(printf '%s\n' "$minimum_rust" "$version" | sort -V | head -n 1)" = "$minimum_rust" ] ||
        fail "Rust $minimum_rust or newer is needed, and rustc says $version" "rustup update stable"
    say "Rust: $version"
}

# The library comes from DuckDB's own npm package: no C++ is compiled here.
duckdb() {
    if [ -e "$duckdb_folder/libduckdb.so" ]; then
        say "DuckDB $duckdb_version: $duckdb_folder/libduckdb.so"
    else
        fetch_duckdb
    fi
}

# A shell of its own: whichever way it ends, its folder goes.
fetch_duckdb() (
    machine=$(uname -m)
    case $machine in
    x86_64)
        package=@duckdb/node-bindings-linux-x64@$duckdb_version-r.1
        integrity=IXcrZJE6kEqM0Z4wwdVnGBHX/frOS33VPNAwDXQ/Q+Fs84b058Qe94chrCCIcNJlG8Y3UHIUU4eBeCQxW5mN1Q==
        ;;
    aarch64)
        package=@duckdb/node-bindings-linux-arm64@$duckdb_version-r.1
        integrity=
        ;;
    *) fail "there is no prebuilt DuckDB $duckdb_version for $machine" ;;
    esac
    say "fetching DuckDB $duckdb_version: $package"
    mkdir -p "$cache"
    # Beside its final place, so that moving it there is a renaming.
    work=$(mktemp -d -p "$cache")
    trap 'rm -rf "$work"' EXIT
    archive=$(cd "$work" && npm pack --silent "$package") ||
        fail "npm could not fetch $package" "is the npm registry reachable? \`npm ping\` tells"
    got=$(openssl dgst -sha512 -binary "$work/$archive" | base64 -w 0)
    if [ -z "$integrity" ]; then
        say "warning: no checksum of $package is known here; npm compared it with the registry's own"
    elif [ "$got" != "$integrity" ]; then
        fail "$package is not the archive that is expected: sha512-$got instead of sha512-$integrity" \
            "check the npm registry in use: npm config get registry"
    fi
    tar -xzf "$work/$archive" -C "$work"
    # Renamed at the end: an interrupted run leaves no half library under the final name.
    mkdir -p "$duckdb_folder"
    mv -f "$work/package/LICENSE" "$duckdb_folder/" 2>/dev/null || true
    mv -f "$work/package/libduckdb.so" "$duckdb_folder/"
)

# Cargo tells the crates of two clones in one target folder apart by the time of their files only: an older clone would
# be given what the newer one has compiled. So whoever comes after another clone makes its own files newer.
target_folder() {
    local owner=$CARGO_TARGET_DIR/.clone
    if [ "$(cat "$owner" 2>/dev/null)" = "$root" ]; then return; fi
    mkdir -p "$CARGO_TARGET_DIR"
    git ls-files -z 2>/dev/null | xargs -0 -r touch -c
    printf '%s' "$root" >"$owner"
}

cargo_configuration() {
    # shellcheck disable=SC2016 # the loader replaces $ORIGIN
    local file=.cargo/config.toml flags='"-C", "link-arg=-Wl,-rpath,$ORIGIN:$ORIGIN/../lib/firn:'$duckdb_folder'"' text
    # An old gcc does not know mold.
    if echo 'int main(void) { return 0; }' | cc -fuse-ld=mold -x c - -o /dev/null 2>/dev/null; then
        flags='"-C", "link-arg=-fuse-ld=mold", '$flags
    fi
    text=$(printf '[env]\nDUCKDB_LIB_DIR = "%s"\n[build]\nrustflags = [%s]\n' "$duckdb_folder" "$flags")
    if [ "$(cat "$file" 2>/dev/null)" = "$text" ]; then
        say "$file: as it should be"
        return
    fi
    say "writing $file"
    mkdir -p .cargo
    printf '%s\n' "$text" >"$file"
}

user_interface() {
    [ -e ui/package-lock.json ] || fail "ui/package-lock.json is missing" "is the clone complete? git status tells"
    local stamp=ui/node_modules/.firn-lock lock changed
    lock=$(sha256sum <ui/package-lock.json)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ]; then
        say "Node packages: as locked"
    else
        say "installing the locked Node packages"
        npm --prefix ui ci --no-audit --no-fund
        mkdir -p ui/node_modules
        printf '%s\n' "$lock" >"$stamp"
    fi
    changed=ui/dist/index.html
    if [ -e "$changed" ]; then
        changed=$(find ui \( -path ui/node_modules -o -path ui/dist \) -prune -o -type f -newer ui/dist/index.html -print -quit)
        if [ -z "$changed" ]; then
            say "ui/dist: up to date"
            return
        fi
    fi
    say "building ui/dist"
    npm --prefix ui run build
}

# Test tools are compiled without optimisation: they wait for the tests most of their time.
cargo_tool() {
    local program=$1 crate=$2 version=$3
    shift 3
    if command -v "$program" >/dev/null; then
        say "$program: $(command -v "$program")"
        return
    fi
    say "compiling $crate $version"
    CARGO_TARGET_DIR=$cache/tools-target CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug --root "$tools" --version "$version" "$@" "$crate"
    rm -rf "$cache/tools-target"
}

rust
system_packages
duckdb
cargo_configuration
target_folder
user_interface
if wants test; then
    cargo_tool cargo-nextest cargo-nextest $nextest_version --no-default-features --features default-no-update
    cargo_tool tauri-driver tauri-driver $tauri_driver_version
fi
say "everything is there ($group)"
