#!/bin/sh
# Makes .venv from a lock file and installs the tutor into it. Usage: tools/setup.sh LOCKFILE
# Does nothing when .venv already holds exactly that lock. Needs Python 3.11 or newer; installs python3-venv where
# Debian or Ubuntu left it out and this user may install packages.
set -eu
cd "$(dirname "$0")/.."
lock=$1

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return 0
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

python=$(find_python) || {
    say "tutor needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt install python3 python3-venv"
    exit 3
}

stamp=.venv/.installed
want=$("$python" - "$lock" <<'EOF'
import hashlib, pathlib, sys
text = b"".join(pathlib.Path(p).read_bytes() for p in (sys.argv[1], "pyproject.toml"))
print(sys.argv[1], hashlib.sha256(text + str(pathlib.Path.cwd()).encode()).hexdigest())
EOF
)
# The lock with the development tools holds everything that the smaller one does.
if [ -f "$stamp" ] && grep -qxF "$want" "$stamp"; then exit 0; fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    say "Installing $package, which this Python needs to make a virtual environment…"
    if ! { as_root apt-get update -qq && as_root apt-get install -y -qq "$package"; } >/dev/null 2>&1; then
        say "That needs your password. Type: sudo apt install $package    and then the same make command again."
        exit 3
    fi
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    say "Setting up .venv (once; a minute or so)…"
    rm -rf .venv
    "$python" -m venv .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
printf '%s\n' "$want" >>"$stamp"
