#!/bin/sh
# getent(1) for a folder: knows only the names in its etc/hosts.
. "$(dirname "$(readlink -f "$0")")/common.sh"

[ "${1:-}" = ahosts ] || exit 1
awk -v name="$2" '
  { sub(/#.*/, "") }
  { for (at = 2; at <= NF; at++) if ($at == name) { print $1, "STREAM", name; print $1, "DGRAM", ""; found = 1 } }
  END { exit found ? 0 : 2 }' "$root/etc/hosts" 2>/dev/null
