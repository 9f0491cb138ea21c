#!/bin/sh
# getent(1) for a folder: knows only the names in its etc/hosts.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

[ "${1:-}" = ahosts ] || exit 1
found=2
[ -r "$root/etc/hosts" ] || exit $found
while read -r address names; do
  names=${names%%#*}
  case $address in '#'*) continue ;; esac
  # shellcheck disable=SC2086 # one word per name
  for name in $names; do
    [ "$name" = "$2" ] || continue
    printf '%s STREAM %s\n%s DGRAM\n' "$address" "$name" "$address"
    found=0
  done
done <"$root/etc/hosts"
exit $found
