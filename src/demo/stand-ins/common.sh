# shellcheck shell=sh
# Shared code of the stand-ins, which make a folder behave like a host for the programs in src/host/remote:
# $CLUSTERPROXY_ROOT is its root, and what systemd would keep in memory is in small files below run/stand-in.
# shellcheck disable=SC2034 # used by those that source it
root=${CLUSTERPROXY_ROOT:?}
memory=$root/run/stand-in
[ -d "$memory/units" ] || mkdir -p "$memory/units"

# remember FILE TEXT: atomic, as several programs read and write at the same time
remember() {
  printf '%s\n' "$2" >"$memory/$1.$$" && mv -f "$memory/$1.$$" "$memory/$1"
}

# recall FILE DEFAULT: $recalled is the line in the file; starts no process, as stand-ins do little else
recall() {
  recalled=
  { read -r recalled || :; } 2>/dev/null <"$memory/$1" || recalled=${2:-}
}

journal() {
  printf '%s\n' "$*" >>"$memory/journal"
}
