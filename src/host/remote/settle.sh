#!/bin/sh
# Brings a run to its end: finishes what was decided, and reverts where nothing was. Can be run as often as
# one likes. Called by systemd when the runner's unit ends in whatever way, by the next run, by an operator,
# and with `boot` by the boot unit when the host was started before the run had ended:
#   sh /var/lib/clusterproxy/settle RUN [revert]
# A run that waits until nobody is there is ended by `withdraw`, `replace` and `expire`, the first two with
# who wishes it.
set -u
run=${1:-}
wish=${2:-}
whose_wish=${3:-}
given_lock=no
[ -z "${CLUSTERPROXY_LOCKED:-}" ] || given_lock=yes
case $run in '' | *[!0-9A-Za-z-]*) echo 'usage: settle RUN [revert]' >&2 && exit 1 ;; esac
here=$(cd "${0%/*}" && pwd) || exit 1
# shellcheck source=src/host/remote/library.sh
. "$here/library.sh"
# shellcheck source=src/host/remote/lib.sh
. "$here/lib.sh"
# shellcheck source=src/host/remote/folders.sh
. "$here/folders.sh"
# shellcheck source=src/host/remote/transaction.sh
. "$here/transaction.sh"
# shellcheck source=src/host/remote/changes.sh
. "$here/changes.sh"
# shellcheck source=src/host/remote/people.sh
. "$here/people.sh"
# shellcheck source=src/host/remote/handlers.sh
. "$here/handlers.sh"
# shellcheck source=src/host/remote/reboot.sh
. "$here/reboot.sh"
beside=yes
# shellcheck source=src/host/remote/boot-unit.sh
. "$here/boot-unit.sh"
# shellcheck source=src/host/remote/queue-units.sh
. "$here/queue-units.sh"
# shellcheck source=src/host/remote/queued.sh
. "$here/queued.sh"
# shellcheck source=src/host/remote/put-back.sh
. "$here/put-back.sh"
# shellcheck source=src/host/remote/bring-back.sh
. "$here/bring-back.sh"
# shellcheck source=src/host/remote/end-run.sh
. "$here/end-run.sh"

revert() {
  conflicts=0
  failures=0
  put_all_back
  files_back=yes
  [ $failures -eq 0 ] || files_back=no
  drop_staged
  if [ "$wish" = boot ]; then
    # systemd has read its units already. No handlers: services start with these files in a moment.
    timed 60 systemctl daemon-reload || :
    # Jobs of this very start are under way: what waits for them would wait for ever.
    put_units_back --no-block
  elif [ "$(system_state)" != stopping ]; then
    if unit_files_involved && timed 60 systemctl daemon-reload; then reloaded=yes; fi
    put_units_back --
    if [ -e "$dir/boot" ] && [ "$(cat "$dir/boot")" != "$(boot_id)" ]; then
      # Every service took up the new files when the host was started, also those whose handler had not begun.
      find_records handler
      column 2 "$records"
      redo_handlers "$column"
    elif [ -s "$dir/started" ]; then
      begun=
      each note_begun "$(cat "$dir/started")"
      [ -z "$begun" ] || redo_handlers "$begun"
    fi
  fi
  if [ $failures -gt 0 ]; then
    end_as stuck
  elif [ $conflicts -gt 0 ]; then
    end_as conflict
  else
    intended=reverted
    { read -r intended <"$dir/end" || intended=reverted; } 2>/dev/null
    case $intended in refused | deferred) ;; *) intended=reverted ;; esac
    end_as "$intended"
  fi
}

# Nothing was decided yet, so this does: what a power cut, a signal, a time limit, an operator or silence has
# left.
settle_undecided() {
  if [ "$wish" != revert ] && [ "$wish" != boot ] && [ "$(system_state)" = stopping ] &&
    [ -L "$unit_folder/sysinit.target.wants/$boot_unit" ]; then
    # Services are being ended; the boot unit puts the files back before they start again.
    exit 0
  fi
  if [ "$state" = waiting ] && [ "$wish" != revert ] && [ "$wish" != boot ] && ! ask_guards; then
    if decide keep && [ ! -s "$dir/end" ]; then
      log problem kept "nobody confirmed the run, and it could not be reverted ($words): the new files stay in use" \
        'check that everything works; to undo the run, use clusterproxy rollback when nobody is connected' "$answer"
    fi
    return
  fi
  decide revert
}

tell_cause() {
  if [ -s "$dir/end" ] || grep -q "^problem$US" "$dir/log"; then return; fi
  if [ -e "$dir/declined" ]; then
    log problem declined 'the controller did not confirm the run; everything is back as it was' \
      'look at the results of the outside checks, then run the command again' ''
  elif [ -e "$dir/expired" ]; then
    log problem not-confirmed 'the run was not confirmed in time; everything is back as it was' \
      'check that this host can be reached from where the command ran, then run the command again' ''
  else
    _cause=${SERVICE_RESULT:-}
    case $wish in
      revert) _cause='requested by an operator' ;;
      boot) _cause='the host was rebooted' ;;
    esac
    log problem interrupted "the run was stopped on the host before it was finished${_cause:+ ($_cause)}" \
      'look in the journal of the host for what stopped it, then run the command again' ''
  fi
}

[ -d "$dir" ] || { echo "there is no run $run" >&2 && exit 1; }
if [ "$wish" = boot ]; then
  # Otherwise somebody started it by hand, or with another unit.
  case $(system_state) in starting | running | degraded | maintenance | stopping) exit 0 ;; esac
fi
current_state
# A run that ended itself before anything was swapped has only temporary names of its own left: it must not
# wait for the one that it made way for. Nor must one that is over, of which nothing but the unit for the next
# start can be left.
case $state in
  committed | kept | reverted | refused | deferred | abandoned) CLUSTERPROXY_LOCKED=1 ;;
  incoming | prepared | acting) if [ -s "$dir/end" ]; then CLUSTERPROXY_LOCKED=1; fi ;;
esac
if [ -z "${CLUSTERPROXY_LOCKED:-}" ]; then
  exec 9<"$base/lock"
  if ! flock -n 9; then
    if [ "$wish" = revert ] && at_work "$run"; then
      echo "$run is in progress; stopping and reverting it" >&2
      [ "$state" != waiting ] || decide revert
      systemctl stop "clusterproxy-$run.service" 9>&-
      # Its end has put it back by now, and told nobody but the log.
      sed -n "s/^warning$US//p" "$dir/log" >&2
    fi
    # Whoever else holds the lock is a run that settles this one itself before it begins.
    flock -w 60 9 || { echo 'another run holds the lock' >&2 && exit 75; }
  fi
  current_state
fi

case $state in
  committed | kept | reverted | refused | deferred | abandoned)
    case $wish:$state in
      revert:committed | revert:kept) echo "$run is $state; undo it with: clusterproxy rollback --run $run" >&2 ;;
    esac
    remove_boot_unit
    exit 0
    ;;
  conflict)
    if [ "$wish" != revert ]; then
      remove_boot_unit
      exit 0
    fi
    ;;
  queued)
    settle_queued
    exit 0
    ;;
  incoming | prepared | acting)
    if is_rebooting; then settle_reboot; fi
    # What actions have done by then stays: packages that are half installed are brought to their end by the
    # next that installs some.
    each_change drop_beside
    drop_staged
    intended=abandoned
    { read -r intended <"$dir/end" || intended=abandoned; } 2>/dev/null
    case $intended in refused | deferred) ;; *) intended=abandoned ;; esac
    end_as "$intended"
    prune
    exit 0
    ;;
esac

decided
if [ -z "$outcome" ]; then
  settle_undecided
  sync -- "$dir"
  decided
fi
case $outcome in
  commit) commit committed ;;
  keep) commit kept ;;
  *)
    tell_cause
    revert
    ;;
esac
prune
