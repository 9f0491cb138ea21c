#!/bin/sh
# Brings a run to its end: finishes what was decided, and reverts where nothing was. Can be run as often as
# one likes. Called by systemd when the runner's unit ends in whatever way, by the next run, by an operator,
# and with `boot` by the boot unit when the host was started before the run had ended:
#   sh /var/lib/clusterproxy/settle RUN [revert]
set -u
run=${1:-}
wish=${2:-}
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
# shellcheck source=src/host/remote/handlers.sh
. "$here/handlers.sh"
beside=yes
# shellcheck source=src/host/remote/boot-unit.sh
. "$here/boot-unit.sh"

# Nothing was swapped yet, or it's done: only temporary names have to go.
drop_beside() {
  if [ "$before_kind" = directory ] && [ -d "$original" ] && ! rmdir -- "$original" 2>/dev/null; then
    # Somebody has put something in it in the very moment in which it was taken away.
    mv -T -f -- "$original" "$path" && log warning "$shown holds files of others and was left there"
  fi 2>/dev/null
  said=$(remove_name "$fresh" && remove_name "$original" && remove_name "$seen" && leave_inside 2>&1) ||
    log warning "a temporary name beside $shown could not be removed: $said"
}
leave_inside() {
  cd .. && rmdir -- "$fresh"
}

# remove_name PATH: of ours, whatever it is; its words on stdout
remove_name() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -f -- "$1"; fi 2>&1
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

# The folder that a change is worked on in isn't there, or another is in its place.
lost() {
  [ -n "$name" ] || return 0
  case $1 in
    drop_beside)
      if [ -e "$inside" ] || [ -L "$inside" ]; then log warning "a temporary name beside $shown is no longer ours, and stays"; fi
      ;;
    *) conflict "its folder was replaced meanwhile; what it was is in ${dir#"$ROOT"}/before/$number" ;;
  esac
}

# Done once, all of it: from then on no file is away from what it was.
put_all_back() {
  [ -e "$dir/away" ] || return 0
  each_change put_back tac
  [ $failures -eq 0 ] || return 0
  rm -f -- "$dir/away"
  sync -- "$dir"
  each_change drop_beside
}

put_back() {
  remove "$fresh"
  look_there
  case $before_kind in
    file | symlink) put_back_original ;;
    absent) take_away ;;
    directory) put_back_directory ;;
  esac
  return 0
}

remove() {
  said=$(remove_name "$1") || stuck "$said"
}

put_back_original() {
  if [ ! -e "$original" ] && [ ! -L "$original" ]; then
    # Put back already, by somebody who was ended before the others were.
    [ "$looked" = "$before" ] || conflict "it isn't what it was, and its second name is gone; what it was is in ${dir#"$ROOT"}/before/$number"
    return
  fi
  if [ "$(inode "$path")" = "$(inode "$original")" ]; then
    remove "$original"
    return
  fi
  if [ "$looked" != "$after" ]; then
    if may_be_rewritten; then
      log warning "$shown was rewritten in the meantime by a handler; it is back as it was"
    else
      conflict "it no longer is what this run made of it; what it was is in ${dir#"$ROOT"}/before/$number"
      remove "$original"
      return
    fi
  fi
  # By a second name what is there stays within reach, should somebody write to it in this very moment.
  ln -P -- "$path" "$fresh" 2>/dev/null || :
  _seen=$looked
  if said=$(mv -T -f -- "$original" "$path" 2>&1); then sync -- "${path%/*}/" .; else stuck "$said"; fi
  [ -e "$fresh" ] || [ -L "$fresh" ] || return 0
  look "$fresh"
  if [ "$looked" = "$_seen" ]; then
    remove "$fresh"
  elif said=$(mv -T -f -- "$fresh" "$path" 2>&1); then
    conflict "somebody wrote to it while it was put back; what it was is in ${dir#"$ROOT"}/before/$number"
    sync -- "${path%/*}/" .
  else
    stuck "$said"
  fi
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
  # By a rename first, so that what somebody writes to it in this very moment isn't lost.
  _seen=$looked
  if ! mv -T -f -- "$path" "$fresh" 2>/dev/null; then
    remove "$path"
    sync -- "${path%/*}/" .
    return
  fi
  look "$fresh"
  if [ "$looked" = "$_seen" ]; then
    remove "$fresh"
  elif said=$(mv -T -f -- "$fresh" "$path" 2>&1); then
    conflict 'somebody wrote to it while it was taken away'
  else
    stuck "$said"
  fi
  sync -- "${path%/*}/" .
}

put_back_directory() {
  if [ -d "$original" ]; then
    case $looked in
      absent*)
        said=$(mv -T -f -- "$original" "$path" 2>&1) || stuck "$said"
        sync -- "${path%/*}/" .
        return
        ;;
    esac
    # Somebody has made it again meanwhile.
    remove "$original"
  fi
  [ "$looked" != "$before" ] || return 0
  if [ "$looked" != "$after" ]; then
    conflict 'its mode or owner no longer are what this run made of them'
    return
  fi
  _status=0
  own_folder "$after" "$before_user" "$before_group" "$before_mode" || _status=$?
  case $_status in
    0) ;;
    2) conflict 'it was exchanged meanwhile' ;;
    *) stuck "$said" ;;
  esac
}

# redo_handler HANDLER: once more, as a service may need a moment between two restarts
redo_handler() {
  _timeout=$(records handler "$1" | cut -d "$US" -f 3)
  redo_limit=${_timeout:-60}
  redo_until=$(($(now) + redo_limit))
  redone=$redone$1$NL
  log reverting handler "$1" "$(clock)"
  shown="handler $1"
  lenient=no
  each be_lenient "$(records check "$1")"
  if redo_actions "$1" || { sleep 2 && redo_actions "$1"; }; then
    unready="$unready$1$US$redo_until$NL"
    # Only where it took up all of what was.
    if [ "$files_back" = yes ] && ! grep -Fxqs -e "$1" "$dir/redone"; then printf '%s\n' "$1" >>"$dir/redone"; fi
    no_longer_owed "$1"
  elif [ $lenient = yes ]; then
    log warning "$shown: \`$acted\` failed, of a unit that did not run before this run either: $said"
  else
    stuck "\`$acted\` failed: $said"
  fi
  return 0
} 2>/dev/null
be_lenient() {
  [ "$3" != active ] || was_active "$5" || lenient=yes
}
redo_actions() {
  actions_until=$(($(now) + redo_limit))
  each redo_action "$(records action "$1")"
}
redo_action() {
  case $3 in
    reload | restart) bring_back "$3" "$5" ;;
    *) run_action "$@" ;;
  esac
}

# bring_back reload|restart UNIT: to run with the files as they were, or not to run, as before
bring_back() {
  acted="systemctl show $2"
  show ActiveState "$2"
  _now=$shown_value
  if ! was_active "$2"; then
    lenient=yes
    show Type "$2"
    case $1:$shown_value:$_now in
      reload:*:active) ;;
      # What it does is done once, each time.
      restart:oneshot:*) ;;
      reload:* | restart:*:inactive | restart:*:failed) return 0 ;;
      *)
        acting systemctl stop "$2"
        return
        ;;
    esac
  fi
  # One that broke down again and again isn't started any more, unless that is forgotten.
  [ "$_now" != failed ] || timed 30 systemctl reset-failed "$2" || :
  case $1:$_now in
    reload:active | reload:reloading) acting systemctl reload "$2" ;;
    *) acting systemctl restart "$2" ;;
  esac
}

bring_back_if_down() {
  case $3 in reload | restart) ;; *) return 0 ;; esac
  unit_is_up "$5" || bring_back restart "$5"
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

# put_units_back OPTION: those that were set, the last one first
put_units_back() {
  [ -s "$dir/units" ] || return 0
  _option_of_turn=$1
  each put_unit_back "$(records unit-state | tac)"
}
put_unit_back() {
  grep -Fxq -e "$2" "$dir/units" || return 0
  log reverting unit "$3"
  shown=$3
  _runs=$7
  if [ "$5" != active ] && [ "$7" = active ] && [ "$wish" != boot ] && ! ask_guards_of unit-guard "$2"; then
    warn "$3 was started by this run and is left running, as $words; stop it when nobody is there: systemctl stop $3"
    _runs=$5
  fi
  turn_unit "$3" "$6" "$_runs" "$4" "$5" "$_option_of_turn" || stuck "\`$turned\` failed: $said"
  return 0
}

# warn WORDS: an operator who runs this by hand sees no log
warn() {
  log warning "$1"
  [ "$wish" != revert ] || printf '%s\n' "$1" >&2
}

# redo_handlers HANDLERS: first what interrupts nobody, or is broken already; then what works, each only while
# its guards say that nobody is there.
redo_handlers() {
  redone=$NL
  unready=
  left=
  each redo_unless_in_use "$1"
  each redo_in_use "$1"
  if [ -n "$left" ]; then
    warn "the files are back as they were, but people are served with those of this run ($left_words), so this was left undone: $left; the next apply does it when nobody is there"
  fi
  [ -s "$dir/active" ] || return 0
  baseline=
  each wait_for_active "$(cat "$dir/active")"
  settle=0
  each longest_settle "$(records handler)"
  sleep "$settle"
  each still_up "$baseline"
}
redo_unless_in_use() {
  _before=no
  if grep -Fxqs -e "$1" "$dir/redone"; then _before=yes; fi
  if [ $_before = yes ] || [ -n "$(records guard "$1")" ]; then
    condition_of "$1"
    # By an earlier attempt to put everything back.
    if [ $_before = yes ] && [ $condition = works ]; then
      redone=$redone$1$NL
      return 0
    fi
    actions_until=$(($(now) + 60))
    case $condition in
      works) return 0 ;;
      partly)
        shown="handler $1"
        each bring_back_if_down "$(records action "$1")" || stuck "\`$acted\` failed: $said"
        return 0
        ;;
    esac
  fi
  redo_handler "$1"
}
redo_in_use() {
  case $redone in *"$NL$1$NL"*) return 0 ;; esac
  # Whoever is asked may have been started again just now.
  each wait_until_ready "$unready"
  unready=
  reload_units "$1" 60 || :
  if ask_guards "$1"; then
    redo_handler "$1"
    return
  fi
  left="$left${left:+, }$1"
  left_words=$words
  write_owed "$(printf '%s\n' "$(cat "$ours/owed" 2>/dev/null)" "$1" | sed '/^$/d' | sort -u)" ||
    warn "there is no space to note that $1 is owed: run it by hand when nobody is there"
  return 0
}
wait_until_ready() {
  until each answers "$(records check "$1")" || [ "$(now)" -ge "$2" ]; do sleep 0.5; done
}
no_longer_owed() {
  grep -Fxqs -e "$1" "$ours/owed" || return 0
  write_owed "$(grep -Fxv -e "$1" "$ours/owed")" || :
}

# A handler is noted as started before its guards are asked, and in the log as it begins: one that was ended
# in between has left its services alone.
note_begun() {
  if grep -Fq -e "handler$US$1${US}started" "$dir/log"; then begun=$begun$1$NL; fi
}

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
      redo_handlers "$(records handler | cut -d "$US" -f 2)"
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

staged='ledger.json managed-paths role'

# commit STATE
commit() {
  for name in $staged; do
    # What isn't there any more was put in place by an earlier attempt.
    [ ! -e "$ours/.$name.$run" ] || mv -T -f -- "$ours/.$name.$run" "$ours/$name" || exit 1
  done
  sync -- "$ours"
  each_change drop_beside
  settle_owed
  end_as "$1"
}

# What was owed was done by the handlers that ran; what this run has left undone is owed from now on.
settle_owed() {
  [ -s "$dir/owed" ] || { [ -s "$ours/owed" ] && [ -s "$dir/started" ]; } || return 0
  write_owed "$({ owed_without "$dir/started" && cat -- "$dir/owed"; } 2>/dev/null | sort -u)" ||
    warn "there is no space to note what is owed: $(tr '\n' ' ' <"$dir/owed")"
}

# end_as STATE: the state, a line in the system's log, nothing of ours left
end_as() {
  drop_brought "$1"
  enter "$1"
  rm -f -- "$base/.settle.$run" "$ours/.owed.$run" "$base/.holder.$run" "$base/.older.$run"
  audit "$1"
  [ "$1" = stuck ] || remove_boot_unit
}

# What the run brought is in place or not wanted any more, and may hold secrets: from now on they stand in the
# target files and in what those were before, and nowhere else. With the sums of a file a short secret in it
# could be found.
drop_brought() {
  rm -rf -- "$dir/contents" "$dir/sums"
  case $1 in stuck | conflict) return 0 ;; esac
  rm -f -- "$dir/output" "$dir/hide"
  _numbers=$(records secret | cut -d "$US" -f 2)
  [ -n "$_numbers" ] || return 0
  _script=
  for _number in $_numbers; do
    _script="$_script/^change$US$_number$US/s/${US}[0-9a-f]\{64\}${US}/$US$US/g$NL"
  done
  sed "$_script" "$manifest" >"$dir/.manifest" && sync -- "$dir/.manifest" && mv -T -f -- "$dir/.manifest" "$manifest"
  return 0
}

audit() {
  case $1 in stuck | conflict) _priority=err ;; kept | reverted) _priority=warning ;; *) _priority=notice ;; esac
  value_of holder
  timeout 5 logger -t clusterproxy -p "daemon.$_priority" -- "$1: $field, cluster $cluster" 9>&- || :
} 2>/dev/null

drop_staged() {
  for name in $staged; do rm -f -- "$ours/.$name.$run"; done
}

# The last ones of this cluster are kept, and those that aren't settled; runs of others are theirs. What was
# there before our first touch is in ledger.json, not here.
prune() {
  value_of keep
  keep=${field:-20}
  _all=
  set +f
  for _folder in "$base"/runs/*/; do
    cluster_of "${_folder%/}"
    [ -n "$whose" ] && [ "$whose" != "$cluster" ] || _all=$_all$_folder$NL
  done
  set -f
  IFS=$NL
  # shellcheck disable=SC2086
  set -- $_all
  IFS=$default_ifs
  while [ $# -gt "$keep" ]; do
    read -r state <"$1/state" || state=incoming
    case $state in
      committed | reverted | kept | refused | deferred | abandoned | conflict) [ "$1" = "$dir/" ] || rm -rf -- "$1" ;;
    esac
    shift
  done 2>/dev/null
  # What a power cut left of a run that never began, or of a holder's name.
  find "$base" -maxdepth 1 \( -name '.settle.*' -o -name '.holder.*' \) -mmin +60 -exec rm -f -- {} + 2>/dev/null || :
  find "$base/runs" -maxdepth 1 -name '.incoming-*' -mmin +60 -exec rm -rf -- {} + 2>/dev/null || :
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
      log problem kept "nobody confirmed the run, and it could not be put back ($words): the new files stay in use" \
        'look whether all is well; undo the run with clusterproxy rollback when nobody is there' "$answer"
    fi
    return
  fi
  decide revert
}

tell_cause() {
  if [ -s "$dir/end" ] || grep -q "^problem$US" "$dir/log"; then return; fi
  if [ -e "$dir/declined" ]; then
    log problem declined 'the controller did not confirm the run; everything is back as it was' \
      'look at what the checks from outside said, then run the command again' ''
  elif [ -e "$dir/expired" ]; then
    log problem not-confirmed 'the run was not confirmed in time; everything is back as it was' \
      'look whether this host can be reached from where the command ran, then run the command again' ''
  else
    _cause=${SERVICE_RESULT:-}
    case $wish in
      revert) _cause='asked for by an operator' ;;
      boot) _cause='the host was started anew' ;;
    esac
    log problem interrupted "the work on the host was ended before it was done${_cause:+ ($_cause)}" \
      'look at the journal of the host for what ended it, then run the command again' ''
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
      echo "$run is at work; it is stopped and put back" >&2
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
  incoming | prepared | acting)
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
