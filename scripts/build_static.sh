#!/usr/bin/env bash
# Rebuild the vendored static files of the workbench: USWDS trimmed to one style sheet, htmx, and Public Sans.
# The results are committed, so only a change of version or of build_static.scss needs this script. Needs node ≥ 20 and npm.
#
#   scripts/build_static.sh            write the files
#   scripts/build_static.sh --check    exit 1 if the committed files are not what the sources give
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
committed=$here/../src/weatherhead/interfaces/workbench/static/workbench
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# The lock file carries every package's hash and no registry's address: npm asks the one that it is set up with.
cp "$here/build_static.package.json" "$build/package.json"
cp "$here/build_static.package-lock.json" "$build/package-lock.json"
npm ci --prefix "$build" --ignore-scripts --no-audit --no-fund --silent

modules=$build/node_modules
out=$build/out
mkdir -p "$out/vendor" "$out/fonts"

version() { node -p "require('$modules/$1/package.json').version"; }

"$modules/.bin/sass" --no-source-map --style=compressed --quiet-deps \
  --load-path="$modules/@uswds/uswds/packages" "$here/build_static.scss" "$build/uswds.css"
{
  printf '/*! USWDS %s, trimmed by scripts/build_static.scss. Public domain (CC0 1.0) but for normalize.css (MIT): see uswds-LICENSE.md. */\n' \
    "$(version @uswds/uswds)"
  sed '1s/^\xef\xbb\xbf//' "$build/uswds.css"
} > "$out/vendor/uswds.min.css"
cp "$modules/@uswds/uswds/LICENSE.md" "$out/vendor/uswds-LICENSE.md"

{
  printf '/*! htmx %s, Zero-Clause BSD: see htmx-LICENSE.txt. */\n' "$(version htmx.org)"
  cat "$modules/htmx.org/dist/htmx.min.js"
  printf '\n'
} > "$out/vendor/htmx.min.js"
cp "$modules/htmx.org/LICENSE" "$out/vendor/htmx-LICENSE.txt"

fonts=$modules/@fontsource-variable/public-sans
cp "$fonts/files/public-sans-latin-wght-normal.woff2" "$out/fonts/public-sans-latin.woff2"
cp "$fonts/files/public-sans-latin-ext-wght-normal.woff2" "$out/fonts/public-sans-latin-ext.woff2"
cp "$fonts/files/public-sans-latin-wght-italic.woff2" "$out/fonts/public-sans-latin-italic.woff2"
cp "$fonts/LICENSE" "$out/fonts/public-sans-LICENSE.txt"

if [[ ${1:-} == --check ]]; then
  status=0
  while IFS= read -r file; do
    cmp --silent "$out/$file" "$committed/$file" || { echo "$file differs from what scripts/build_static.sh makes"; status=1; }
  done < <(cd "$out" && find . -type f | sort)
  exit $status
fi

mkdir -p "$committed"
cp -R "$out/." "$committed/"
(cd "$committed" && wc -c vendor/*.css vendor/*.js fonts/*.woff2)
