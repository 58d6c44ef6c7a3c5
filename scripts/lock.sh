#!/bin/sh
# Lock requirements/*.in to requirements/*.txt: every package with its hashes, for every system and Python of 3.11 on.
set -eu
cd "$(dirname "$0")/.."
for name in tools base dev; do
    .venv/bin/python -m uv pip compile --quiet "requirements/$name.in" --output-file "requirements/$name.txt" \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"
    printf 'requirements/%s.txt\n' "$name"
done
