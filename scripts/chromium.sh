#!/bin/sh
# Print the path of a Chromium or Chrome; install Debian's or Ubuntu's where there is none.
#
# WEATHERHEAD_CHROMIUM names one by hand. Nothing is ever downloaded but the distribution's own package.
set -eu

say() { printf '%s\n' "$@" >&2; }
fail() { say "$@"; exit 1; }

find_chromium() {
    for name in ${WEATHERHEAD_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
        # Ubuntu's chromium-browser may be a stub that only asks for a snap: believe the one that tells its version.
        if command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1; then
            command -v "$name"
            return 0
        fi
    done
    for path in \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if [ -x "$path" ]; then
            printf '%s\n' "$path"
            return 0
        fi
    done
    return 1
}

if find_chromium; then exit 0; fi

line="apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core"
if ! command -v apt-get >/dev/null 2>&1; then
    fail "The browser tests need Chromium or Chrome. Install one (macOS: brew install --cask google-chrome)," \
        "or name it: WEATHERHEAD_CHROMIUM=/path/to/chrome make test"
elif [ "$(id -u)" -eq 0 ]; then
    say "Installing Chromium for the browser tests."
    DEBIAN_FRONTEND=noninteractive sh -c "$line" >&2 || true
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    say "Installing Chromium for the browser tests, with sudo."
    sudo DEBIAN_FRONTEND=noninteractive sh -c "$line" >&2 || true
fi
find_chromium || fail "The browser tests need Chromium. As root, run:" "" "  $line" "" \
    "or name a Chromium or Chrome: WEATHERHEAD_CHROMIUM=/path/to/chrome make test"
