#!/bin/sh
# Make .venv and install what is needed into it.
#
#   scripts/bootstrap.sh base   what a running installation needs
#   scripts/bootstrap.sh dev    that, and what building and testing needs
#
# Needs nothing but a Python of 3.11 or newer (PYTHON=… names one). Where Debian or Ubuntu have left venv out of it,
# the missing package is installed as root or through sudo; where that cannot be done, the line to run is printed.
# Every package is checked against the hashes in requirements/.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$@" >&2; }
fail() { say "$@"; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# The system's own Python comes first: distributions build it with profile-guided optimization, and it is a fifth to a
# quarter faster than the same version compiled as it comes (docs/decisions/0090). One without venv is the last choice.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11 or newer. Name another, or none: make finds one."
        command -v "$PYTHON"
        return
    fi
    for able in makes_venvs true; do
        for candidate in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
            if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate" && "$able" "$candidate"; then
                command -v "$candidate"
                return
            fi
        done
    done
    found=$(python3 -c 'import platform; print("Python " + platform.python_version())' 2>/dev/null || echo "no python3")
    say "Weatherhead needs Python 3.11 or newer; this machine has $found."
    say "  Debian 12, Ubuntu 24.04 or newer:  sudo apt-get install python3 python3-venv"
    say "  macOS:                             brew install python@3.13"
    fail "Then run make again, or name a Python yourself: make PYTHON=/path/to/python3.13 …"
}

# Debian and Ubuntu ship python3 without venv; the package that has it is named after the version.
install_venv_module() {
    package=$("$1" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
    line="apt-get update && apt-get install -y --no-install-recommends $package"
    command -v apt-get >/dev/null 2>&1 || fail "$1 lacks the modules venv and ensurepip. Install them, then run make again."
    if [ "$(id -u)" -eq 0 ]; then
        say "Installing $package, which this Python needs to make a virtual environment."
        as_root="sh -c"
    elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        say "Installing $package with sudo, which this Python needs to make a virtual environment."
        as_root="sudo sh -c"
    else
        fail "This Python cannot make a virtual environment. As root, run:" "" "  $line" "" "Then run make again."
    fi
    DEBIAN_FRONTEND=noninteractive $as_root "$line" >&2 || fail "That did not work. As root, run:" "" "  $line"
}

make_venv() {
    python=$(find_python)
    makes_venvs "$python" || install_venv_module "$python"
    say "Making .venv with $("$python" --version)."
    "$python" -m venv --clear .venv
}

kind=${1:-base}
case $kind in
    base | dev) ;;
    *) fail "Usage: scripts/bootstrap.sh base|dev" ;;
esac
# Once developed in, always developed in: `make demo` must not take the test tools away again.
if [ -e .venv/.installed-dev ]; then kind=dev; fi

# A virtual environment breaks when the Python it was made with goes away.
if ! new_enough .venv/bin/python; then make_venv; fi

python=.venv/bin/python
rm -f .venv/.installed-base .venv/.installed-dev
if ! "$python" -c 'import uv' >/dev/null 2>&1; then
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt
fi

# uv does not read pip's configuration: hand on the mirror that this machine uses, if any.
if [ -z "${UV_DEFAULT_INDEX:-}" ]; then
    mirror=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$mirror" ]; then export UV_DEFAULT_INDEX="$mirror"; fi
fi

uv_pip() { "$python" -m uv pip "$@" --quiet --python "$python"; }
sync() { uv_pip sync --require-hashes requirements/tools.txt "requirements/$kind.txt" "$@"; }

say "Installing requirements/$kind.txt."
# uv brings its own certificate authorities, so that a bare system works; behind a proxy of one's own, the system knows.
sync || { say "Once more, trusting this system's certificates."; sync --system-certs; }
uv_pip install --no-deps --no-build-isolation --editable .
touch .venv/.installed-base
if [ "$kind" = dev ]; then touch .venv/.installed-dev; fi
