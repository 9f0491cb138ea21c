#!/bin/sh
# Brings a run to its end: finishes what was decided, and reverts where nothing was. Can be run as often as one likes.
# Called by systemd when the runner's unit ends in whatever way, by the next run, and by an operator:
#   sh /var/lib/clusterproxy/settle RUN [revert]
# (A boot unit, called after a power cut before the services start, would be the fourth.)
set -u
run=${1:-}
wish=${2:-}
case $run in '' | *[!0-9A-Za-z-]*) echo 'usage: settle RUN [revert]' >&2 && exit 1 ;; esac
here=$(cd "${0%/*}" && pwd) || exit 1
# shellcheck source=src/host/remote/lib.sh
. "$here/lib.sh"
# shellcheck source=src/host/remote/transaction.sh
. "$here/transaction.sh"

# Nothing was swapped yet: only temporary names have to go.
drop_beside() {
  [ -z "$folder" ] || rm -f -- "$fresh" "$original"
}

conflict() {
  conflicts=$((conflicts + 1))
  log conflict "$shown" "$1"
}
stuck() {
  failures=$((failures + 1))
  log stuck "$shown" "$1"
}

# A handler may rewrite the file itself: then what is there now is not somebody else's work.
may_be_rewritten() {
  grep -s "^rewrites$US" "$manifest" | cut -d "$US" -f 3- | grep -Fxq -e "$shown"
}

put_back() {
  [ -n "$folder" ] || return 0
  rm -f -- "$fresh"
  look "$path"
  case $before_kind in
    file | symlink) put_back_original ;;
    absent) take_away ;;
    directory) put_back_directory ;;
  esac
  return 0
}

put_back_original() {
  # No link: put back already.
  [ -e "$original" ] || [ -L "$original" ] || return 0
  if [ "$(inode "$path")" = "$(inode "$original")" ]; then
    rm -f -- "$original"
    return
  fi
  if [ "$looked" != "$after" ]; then
    if may_be_rewritten; then
      log warning "$shown was rewritten in the meantime by a handler; it is back as it was"
    else
      conflict "it no longer is what this run made of it; what it was is in ${dir#"$ROOT"}/before/$number"
      rm -f -- "$original"
      return
    fi
  fi
  said=$(mv -T -f -- "$original" "$path" 2>&1) || stuck "$said"
  sync -- "${path%/*}/"
}

take_away() {
  case $looked in
    absent*) return ;;
    directory*)
      if [ "$after_kind" = directory ]; then
        rmdir -- "$path" 2>/dev/null || log warning "$shown holds files of others and was left there"
        return
      fi
      ;;
  esac
  if [ "$looked" != "$after" ] && ! may_be_rewritten; then
    conflict 'it was not there before, and no longer is what this run made of it'
    return
  fi
  said=$(rm -f -- "$path" 2>&1) || stuck "$said"
  sync -- "${path%/*}/"
}

put_back_directory() {
  [ "$looked" != "$before" ] || return 0
  if [ "$looked" != "$after" ]; then
    conflict 'its mode or owner no longer are what this run made of them'
    return
  fi
  [ -d "$path" ] || mkdir -- "$path" || stuck 'it could not be made again'
  said=$(chown -- "$before_user:$before_group" "$path" 2>&1 && chmod -- "00$before_mode" "$path" 2>&1) || stuck "$said"
}

unit_files_involved() {
  records change | cut -d "$US" -f 3 | grep -Eq '^(/etc|/run|/usr/lib|/lib|/usr/local/lib)/systemd/'
}

redo_handler() {
  log reverting handler "$1"
  _timeout=$(records handler "$1" | cut -d "$US" -f 3)
  shown="handler $1"
  # Once more, as a service may need a moment between two restarts.
  run_actions "$1" "${_timeout:-60}" || { sleep 2 && run_actions "$1" "${_timeout:-60}"; } ||
    stuck "\`$acted\` failed: $said"
  return 0
}

wait_for_active() {
  shown=$1
  _until=$(($(now) + 60))
  until unit_is_active "$1"; do
    if [ "$unit_state" = failed ] || [ "$(now)" -ge $_until ]; then
      stuck "it was active before and now is ${unit_state:-unknown}: $(last_words "$1")"
      return 0
    fi
    sleep 0.5
  done
  baseline=$baseline$1$US$(systemctl show -p NRestarts "$1" 2>/dev/null)$NL
}

# What crashes soon after its start is active for a moment, again and again.
still_up() {
  shown=$1
  if unit_is_active "$1" && [ "$(systemctl show -p NRestarts "$1" 2>/dev/null)" = "${2:-}" ]; then return 0; fi
  stuck "it was active before and does not stay up now: $(last_words "$1")"
}
longest_settle() {
  if [ "$4" -gt "$settle" ]; then settle=$4; fi
}

redo_handlers() {
  each redo_handler "$1"
  [ -s "$dir/active" ] || return 0
  baseline=
  each wait_for_active "$(cat "$dir/active")"
  settle=3
  each longest_settle "$(records handler)"
  sleep "$settle"
  each still_up "$baseline"
}

# The host was started anew since: every service took up the new files, also those whose handler had not begun, and people may be
# using them by now. So here the guards have a say.
redo_after_boot() {
  _handlers=$(records handler | cut -d "$US" -f 2)
  [ -n "$_handlers" ] || return 0
  if ask_guards; then
    redo_handlers "$(records handler | cut -d "$US" -f 2)"
  else
    log warning "services were started with the files of this run and still use them ($words); the files are back as they were, restart the services when nobody is there"
  fi
}

revert() {
  conflicts=0
  failures=0
  each_change put_back tac
  drop_staged
  # When the host is shutting down, services start next time with the files as they are now.
  if [ "$(systemctl is-system-running 2>/dev/null)" != stopping ]; then
    if unit_files_involved; then timed 60 systemctl daemon-reload || :; fi
    if [ -e "$dir/boot" ] && [ "$(cat "$dir/boot")" != "$(boot_id)" ]; then
      redo_after_boot
    elif [ -s "$dir/started" ]; then
      redo_handlers "$(cat "$dir/started")"
    fi
  fi
  if [ $failures -gt 0 ]; then
    enter stuck
  elif [ $conflicts -gt 0 ]; then
    enter conflict
  else
    intended=reverted
    { read -r intended <"$dir/end" || intended=reverted; } 2>/dev/null
    case $intended in refused | deferred) ;; *) intended=reverted ;; esac
    enter "$intended"
  fi
}

staged='ledger.json managed-paths cluster'

commit() {
  for name in $staged; do
    # What isn't there any more was put in place by an earlier attempt.
    [ ! -e "$base/.$name.$run" ] || mv -T -f -- "$base/.$name.$run" "$base/$name" || exit 1
  done
  sync -- "$base"
  each_change drop_beside
  enter committed
}

drop_staged() {
  for name in $staged; do rm -f -- "$base/.$name.$run"; done
}

# The last twenty runs are kept, and those that aren't settled.
prune() {
  set +f
  set -- "$base"/runs/*/
  set -f
  while [ $# -gt 20 ]; do
    read -r state <"$1/state" || state=incoming
    case $state in
      committed | reverted | refused | deferred | abandoned | conflict) [ "$1" = "$dir/" ] || rm -rf -- "$1" ;;
    esac
    shift
  done 2>/dev/null
  find "$base/runs" -maxdepth 1 -name '.incoming-*' -mmin +60 -exec rm -rf -- {} + 2>/dev/null || :
}

[ -d "$dir" ] || { echo "there is no run $run" >&2 && exit 1; }
current_state
# A run that ended itself before anything was swapped has only temporary names of its own left: it must not wait for the one that
# it made way for.
case $state in
  incoming | prepared) if [ -s "$dir/end" ]; then CLUSTERPROXY_LOCKED=1; fi ;;
esac
if [ -z "${CLUSTERPROXY_LOCKED:-}" ]; then
  exec 9<>"$base/lock"
  # Whoever else holds the lock is a run that settles this one itself before it begins.
  flock -w 60 9 || { echo 'another run holds the lock' >&2 && exit 75; }
  current_state
fi

case $state in
  committed | reverted | refused | deferred | abandoned)
    [ "$wish" != revert ] || echo "$run is $state already; undo a run that was committed with: clusterproxy rollback --run $run" >&2
    exit 0
    ;;
  conflict) [ "$wish" = revert ] || exit 0 ;;
  incoming | prepared)
    each_change drop_beside
    drop_staged
    intended=abandoned
    { read -r intended <"$dir/end" || intended=abandoned; } 2>/dev/null
    enter "$intended"
    prune
    exit 0
    ;;
esac

# Exactly one caller decides. A state `waiting`, for the controller's word after checks from outside, would be decided here too.
if [ ! -L "$dir/outcome" ]; then
  if ln -sT revert "$dir/outcome" 2>/dev/null && [ ! -e "$dir/end" ]; then
    _cause=${SERVICE_RESULT:-}
    [ "$wish" != revert ] || _cause='asked for by an operator'
    log problem interrupted "the work on the host was ended before it was done${_cause:+ ($_cause)}" \
      'look at the journal of the host for what ended it, then run the command again' ''
  fi
  sync -- "$dir"
fi
case $(readlink -- "$dir/outcome") in
  commit) commit ;;
  *) revert ;;
esac
prune
