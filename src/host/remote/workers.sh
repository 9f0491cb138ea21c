# shellcheck shell=sh
# Processes that the first one of a unit has started. Sourced by runner.sh.
# shellcheck disable=SC2154 # ROOT and shown_value are set by the others

# the first process of a unit; nothing where it isn't running
master_of() {
  show MainPID "$1"
  [ "${shown_value:-0}" = 0 ] || printf '%s\n' "$shown_value"
}

# those that it has started, a line each
children_of() {
  _master=$(master_of "$1")
  [ -n "$_master" ] || return 0
  set +f
  grep -ls "^PPid:[[:space:]]*$_master\$" "$ROOT"/proc/[0-9]*/status |
    sed 's,.*/proc/\([0-9]*\)/status$,\1,'
  set -f
}

# pid:start time and a blank: together they are no other process's, also once the number is used again
with_start() {
  read -r _stat <"$ROOT/proc/$1/stat" || return 0
  _process=$1
  # Field 22, counted behind the name, which may hold blanks: proc(5).
  # shellcheck disable=SC2086
  set -- ${_stat##*) }
  printf '%s:%s ' "$_process" "${20:-0}"
}
