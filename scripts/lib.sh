# Shared by the scripts in this folder: where things are, and how to speak.
# Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Tools are kept outside the tree, so that all clones share them and ~/.cargo/bin stays the user's.
tools=${TOKENKEEPER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/tokenkeeper}

# The CLI must be of exactly the crate's version, so the lock file is the one place that names it.
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$top/Cargo.lock")
geckodriver_version=0.37.1

bindgen_bin=$tools/wasm-bindgen-$bindgen_version/bin
geckodriver_bin=$tools/geckodriver-$geckodriver_version/bin
rust_web=$tools/rust-web # the second way to a wasm32 standard library, see setup.d/wasm32

say() { printf '%s\n' "· $*" >&2; }
die() {
    printf '%s\n' "✗ $*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Does this rustc have a standard library for the browser?
has_wasm32() {
    local lib
    lib=$("$1" --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) &&
        compgen -G "$lib/libstd-*.rlib" >/dev/null
}

# The user's own Rust builds for wasm32 where it can; TOKENKEEPER_NO_RUSTUP=1 pretends that it can't.
own_wasm32() { [[ -z ${TOKENKEEPER_NO_RUSTUP:-} ]] && has_wasm32 rustc; }

# The package's module is built with its own standard library, for size and without a word for a panic.
# Stable Rust does that when told that it may. Can the Rust that builds for wasm32 do it?
std_flags="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none"
can_build_std() {
    local rustc="$top/scripts/with-tools rustc"
    [[ -e $($rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/Cargo.lock ]] &&
        RUSTC_BOOTSTRAP=1 $rustc $std_flags --print cfg --target wasm32-unknown-unknown >/dev/null 2>&1
}

# The first of the names that is a program; $CHROMIUM and $CHROMEDRIVER come before all.
find_program() {
    local name
    for name; do
        [[ -n $name ]] && command -v "$name" && return
    done
    return 1
}
find_chromium() { find_program "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; }
find_chromedriver() { find_program "${CHROMEDRIVER:-}" chromedriver chromium.chromedriver; }

# Debian packages, asked for only when a command of theirs is missing.
apt_install() {
    local why=$1
    shift
    have apt-get || die "$why Please install by hand: $*"
    local root=()
    if [[ $(id -u) != 0 ]]; then
        have sudo && sudo -n true 2>/dev/null || die "$why As root: apt-get install $*"
        root=(sudo -n)
    fi
    local get=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    local log
    log=$(mktemp)
    if ! "${get[@]}" install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null; then
        "${get[@]}" update >>"$log" 2>&1 </dev/null || true
        "${get[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null || {
            tail -n 15 "$log" >&2
            die "$why apt-get could not install: $*"
        }
    fi
    rm -f "$log"
}

# npm_tools FOLDER TIME: what the lock file of a folder of this tree names, into its node_modules/.
npm_tools() {
    local folder=$1 time=$2 log
    # The stamp tells for which lock file the folder was filled.
    local stamp=$top/$folder/node_modules/.for-lock
    cmp -s "$top/$folder/package-lock.json" "$stamp" && return
    log=$(mktemp)
    say "installing the tools of $folder/package.json into node_modules (usually $time)"
    (cd "$top/$folder" && npm ci --ignore-scripts --no-progress) >"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" >&2
        die "npm could not install the tools of $folder/package.json."
    }
    rm -f "$log"
    cp "$top/$folder/package-lock.json" "$stamp"
}

# cargo_tool CRATE VERSION PROGRAM TIME: a program from crates.io, into the cache.
cargo_tool() {
    local crate=$1 version=$2 program=$3 time=$4
    local root=$tools/${program%-cli}-$version log
    [[ -x $root/bin/$program ]] && return
    mkdir -p "$tools"
    log=$(mktemp)
    say "installing $crate $version into $root (usually $time)"
    # Without --locked where a locked dependency is not to be had.
    (
        unset CARGO_TARGET_DIR CARGO_BUILD_TARGET RUSTFLAGS
        cd "$tools"
        cargo install "$crate" --version "$version" --root "$root" --locked ||
            cargo install "$crate" --version "$version" --root "$root"
    ) >"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" >&2
        die "cargo could not install $crate $version."
    }
    rm -f "$log"
}
