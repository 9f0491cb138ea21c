#!/bin/sh
# Makes the release twice, from clones of the last commit in two folders, with another umask, time zone and
# locale, and compares all bytes: sh scripts/reproducible.sh
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

make_in() {
  git clone --quiet . "$work/$1"
  # A copy of the libraries, so that none is fetched anew.
  cp -R node_modules "$work/$1/node_modules"
  (cd "$work/$1" && node scripts/build.mjs && node scripts/release.mjs "$work/$1-made" > /dev/null)
}

(umask 022 && TZ=UTC LC_ALL=C make_in one)
(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 make_in another-folder)
diff -r "$work/one-made" "$work/another-folder-made"
echo 'reproducible: the same bytes'
cat "$work/one-made/SHA256SUMS"
