# shellcheck shell=sh
# What the stand-ins share. They make a folder behave like a host for the programs in src/host/remote:
# $CLUSTERPROXY_ROOT is its root, and what systemd would keep in memory is in small files below run/stand-in.
# shellcheck disable=SC2034 # used by those that source it
root=${CLUSTERPROXY_ROOT:?}
memory=$root/run/stand-in
[ -d "$memory/units" ] || mkdir -p "$memory/units"

# remember FILE TEXT: in one step, as several programs read and write at once
remember() {
  printf '%s\n' "$2" >"$memory/$1.$$" && mv -f "$memory/$1.$$" "$memory/$1"
}

# recall FILE DEFAULT: the text of one line, without a program: stand-ins do little else
recall() {
  if { read -r recalled || :; } 2>/dev/null <"$memory/$1"; then
    printf '%s\n' "$recalled"
  else
    printf '%s\n' "${2:-}"
  fi
}

journal() {
  printf '%s\n' "$*" >>"$memory/journal"
}
