#!/bin/sh
# dpkg-query(1) for a folder, as the probe calls it: -W -f FORMAT -- PACKAGE..., with the fields status, name and version.
# shellcheck source=src/demo/stand-ins/common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
[ $# -eq 0 ] || shift
for package in "$@"; do
  paragraph=$(sed -n "/^Package: $package\$/,/^\$/p" "$root/var/lib/dpkg/status" 2>/dev/null)
  [ -n "$paragraph" ] || continue
  status=$(printf '%s\n' "$paragraph" | sed -n 's/^Status: [^ ]* [^ ]* //p')
  version=$(printf '%s\n' "$paragraph" | sed -n 's/^Version: //p')
  printf '%s\037%s\037%s\n' "$status" "$package" "$version"
done
