#!/bin/sh
# Asks once whether a run that waits on this host may begin, and begins it then. Started by its timer:
#   sh /var/lib/clusterproxy/runs/RUN/queue.sh RUN
#
# Into `asked` goes what was found: boot, since when nobody is there and when it was asked (seconds since the
# start of the host), the same two since the epoch, none|busy|unknown, what else keeps it from beginning
# (nothing, held, leased, locked, window, failed), and words.
set -u
run=${1:-}
case $run in '' | *[!0-9A-Za-z-]*) echo 'usage: queue.sh RUN' >&2 && exit 1 ;; esac
here=$(cd "${0%/*}" && pwd) || exit 1
# shellcheck source=src/host/remote/library.sh
. "$here/library.sh"
# shellcheck source=src/host/remote/lib.sh
. "$here/lib.sh"
# shellcheck source=src/host/remote/transaction.sh
. "$here/transaction.sh"
# shellcheck source=src/host/remote/people.sh
. "$here/people.sh"
# shellcheck source=src/host/remote/handlers.sh
. "$here/handlers.sh"
# shellcheck source=src/host/remote/claims.sh
. "$here/claims.sh"
# shellcheck source=src/host/remote/start-run.sh
. "$here/start-run.sh"
# shellcheck source=src/host/remote/queue-units.sh
. "$here/queue-units.sh"
# shellcheck source=src/host/remote/queued.sh
. "$here/queued.sh"

# Guards are asked every few seconds for days: the log has what the run itself asks.
log() { :; }

# read_asked: what the last look has found; with a start of the host in between, or a while in which nobody
# asked, somebody may have been there
read_asked() {
  since=
  { IFS=$US read -r _boot _since _at since_epoch _ <"$dir/asked" || :; } 2>/dev/null
  [ "${_boot:-}" = "$boot" ] || return 0
  case ${_since:-x}${_at:-x} in *[!0-9]*) return 0 ;; esac
  if [ $((now - _at)) -le $((2 * ask_every + 60)) ]; then since=$_since; fi
}

note_asked() {
  printf '%s\n' "$boot$US$since$US$asked_at$US$since_epoch$US$asked_epoch$US$verdict$US$why$US$said_words" >"$dir/.asked" &&
    mv -T -f -- "$dir/.asked" "$dir/asked"
} 2>/dev/null

# held_back: whether something else than people keeps it from beginning; $why says what
held_back() {
  if claim_of "$cluster" hold; then
    why=held
  elif claim_of "$cluster" lease; then
    why=leased
  elif ! in_slot; then
    why=window
  elif ! flock -n "$base/lock" true; then
    why=locked
  else
    why=
    return 1
  fi
}

# begin: as if it had only just come. False where that can't be done now.
begin() {
  # Of an attempt before this one there is still something beside the files.
  if [ -e "$dir/boot" ]; then sh "$dir/settle.sh" "$run" >/dev/null 2>&1; fi
  current_state
  [ "$state" = queued ] || return 0
  problem='the folder of the run can not be written'
  for _name in before beside boot active units started output away outcome end owed answering broken redone expired declined boot-folders sequence; do
    rm -rf -- "${dir:?}/$_name" || return
  done
  make_states "$dir" && cat /proc/sys/kernel/random/boot_id >"$dir/received" || return
  sync -- "$dir" "$dir/states" "$dir/outcomes"
  start_runner "$run" "$limit" "$stop_limit"
} 2>/dev/null

if ! is_queue; then
  stop_queue "$run"
  exit 0
fi
current_state
case $state in
  queued) ;;
  committed | reverted | kept | refused | deferred | abandoned | conflict)
    stop_queue "$run"
    exit 0
    ;;
  *) exit 0 ;;
esac
! at_work "$run" || exit 0
if [ "$(date +%s)" -ge "$queued_until" ]; then exec sh "$dir/settle.sh" "$run" expire; fi

boot=$(boot_id)
now
since_epoch=
read_asked
asked_at=$now
asked_epoch=$(date +%s)
code=
words=
answer=
# shellcheck disable=SC2119 # those of all handlers
if ask_guards; then
  verdict=none
  if [ -z "$since" ]; then
    now
    # Rounded up: it is the time that has certainly gone by that counts.
    since=$((now + 1))
    since_epoch=$(date +%s)
  fi
else
  verdict=busy
  [ "$code" = busy ] || verdict=unknown
  since=
  since_epoch=
fi
said_words=$(printf '%s' "$words" | one_line)
if held_back; then
  note_asked
  exit 0
fi
note_asked
[ "$verdict" = none ] && [ $((asked_at - since)) -ge "$idle_for" ] || exit 0
begin || {
  why=failed
  said_words=$(printf '%s' "$problem" | one_line)
  note_asked
}
