# shellcheck shell=sh
# What the stand-ins share. They make a folder behave like a host for the programs in src/host/remote: $CLUSTERPROXY_ROOT is its
# root, and what systemd would keep in memory is in small files below run/stand-in.
# shellcheck disable=SC2034 # used by those that source it
root=${CLUSTERPROXY_ROOT:?}
memory=$root/run/stand-in
mkdir -p "$memory/units"

# remember FILE TEXT: in one step, as several programs read and write at once
remember() {
  printf '%s\n' "$2" >"$memory/$1.$$" && mv -f "$memory/$1.$$" "$memory/$1"
}

recall() {
  cat "$memory/$1" 2>/dev/null || printf '%s\n' "${2:-}"
}

journal() {
  printf '%s\n' "$*" >>"$memory/journal"
}
