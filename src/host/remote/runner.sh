#!/bin/sh
# Carries out one run on this host: prepare, swap, validate, run the handlers, check, decide. Runs as a
# transient unit, detached from ssh; whatever ends it, settle.sh comes after it and finishes or reverts.
set -u
run=$1
# shellcheck source=src/host/remote/library.sh
. "${0%/*}/library.sh"
# shellcheck source=src/host/remote/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=src/host/remote/folders.sh
. "${0%/*}/folders.sh"
# shellcheck source=src/host/remote/transaction.sh
. "${0%/*}/transaction.sh"
# shellcheck source=src/host/remote/changes.sh
. "${0%/*}/changes.sh"
# shellcheck source=src/host/remote/browse.sh
. "${0%/*}/browse.sh"
# shellcheck source=src/host/remote/queue-units.sh
. "${0%/*}/queue-units.sh"
# shellcheck source=src/host/remote/queued.sh
. "${0%/*}/queued.sh"
# shellcheck source=src/host/remote/people.sh
. "${0%/*}/people.sh"
# shellcheck source=src/host/remote/handlers.sh
. "${0%/*}/handlers.sh"
# shellcheck source=src/host/remote/begin.sh
. "${0%/*}/begin.sh"
# shellcheck source=src/host/remote/boot-unit.sh
. "${0%/*}/boot-unit.sh"
# shellcheck source=src/host/remote/others.sh
. "${0%/*}/others.sh"
# shellcheck source=src/host/remote/claims.sh
. "${0%/*}/claims.sh"
# shellcheck source=src/host/remote/agreements.sh
. "${0%/*}/agreements.sh"
# shellcheck source=src/host/remote/places.sh
. "${0%/*}/places.sh"
# shellcheck source=src/host/remote/prepare.sh
. "${0%/*}/prepare.sh"
# shellcheck source=src/host/remote/challenges.sh
. "${0%/*}/challenges.sh"
# shellcheck source=src/host/remote/act.sh
. "${0%/*}/act.sh"
# shellcheck source=src/host/remote/packages.sh
. "${0%/*}/packages.sh"
# shellcheck source=src/host/remote/upgrade.sh
. "${0%/*}/upgrade.sh"
# shellcheck source=src/host/remote/archives.sh
. "${0%/*}/archives.sh"
# shellcheck source=src/host/remote/reboot.sh
. "${0%/*}/reboot.sh"
# shellcheck source=src/host/remote/activate.sh
. "${0%/*}/activate.sh"
# shellcheck source=src/host/remote/still-answers.sh
. "${0%/*}/still-answers.sh"
# shellcheck source=src/host/remote/workers.sh
. "${0%/*}/workers.sh"
# shellcheck source=src/host/remote/nginx-workers.sh
. "${0%/*}/nginx-workers.sh"
# shellcheck source=src/host/remote/haproxy-workers.sh
. "${0%/*}/haproxy-workers.sh"
# shellcheck source=src/host/remote/validate.sh
. "${0%/*}/validate.sh"

# finish STATE CODE MESSAGE NEXT [DETAIL]: nothing will be committed; settle.sh does the rest. Of a run that
# can wait, what others are at work on is no reason to end.
finish() {
  _end=$1
  case $2 in locked | leased | held | package-manager-busy) ! is_queue || _end=deferred ;; esac
  printf '%s\n' "$_end" >"$dir/end"
  shift
  log problem "$1" "$2" "$3" "${4:-}"
  exit 1
}
refuse() { finish refused "$@"; }
fail() { finish reverted "$@"; }

## The lock

# others_facts: who holds the lock, for a message
others_facts() {
  IFS= read -r facts <"$base/holder" || facts=
} 2>/dev/null

# A run that may wait does so for its turn, not for each of the things that are in its way.
value_of lock-wait
now
wait_until=$((now + ${field:-0}))

# A few seconds go by in any case: a run whose end was told to its controller may still be tidying up.
take_lock() {
  exec 9<"$base/lock"
  if ! flock -w 5 9; then
    _told=
    until flock -w 1 9; do
      others_facts
      ! is_past "$wait_until" || refuse locked "another run is in progress on this host${facts:+: $facts}" \
        'wait until it has ended, or set --lock-wait to the time to wait; clusterproxy status shows it'
      [ "$_told" = "$facts" ] || log waiting-for-lock "$facts"
      _told=$facts
    done
  fi
  name_holder
  # Whoever held it may have taken this run for one that nobody works on.
  current_state
  case $state in incoming | queued) ;; *) exit 1 ;; esac
}

# The look at the host, in which the controller saw no hold, may be minutes old.
refuse_held() {
  if ! claim_of "$cluster" hold; then
    tidy_claim "$cluster" hold
    return 0
  fi
  field 3 "$claim"
  _who=$field
  field 4 "$claim"
  _who="$_who from $field"
  field 5 "$claim"
  refuse held "the cluster $cluster is held by $_who, $(span_words "$claim"): $field" \
    'wait until the hold ends, or release it with: clusterproxy hold --release'
}

# Somebody has said, on this host, that nothing more of this run is to be begun.
refuse_aborted() {
  stored_abort "$cluster" "$base_run" || return 0
  log aborted "$abort"
  field 2 "$abort"
  _who=$field
  field 3 "$abort"
  refuse aborted "the run was aborted by $_who from $field" \
    "to go on with what it has left: clusterproxy resume --aborted $base_run" ''
}

# Another run has reserved this host, and isn't at work here at this moment. One that had reserved it itself,
# and has it no more, must not begin: somebody else may have been here.
await_lease() {
  _noted=
  until lease_allows; do
    facts="$_who, run $_run, $(span_words "$claim")"
    ! is_past "$wait_until" || refuse leased "this host is reserved by another run: $facts" \
      "wait until it has ended, or set --lock-wait to the time to wait; if it is dead: clusterproxy unlock $_run"
    [ "$_noted" = "$facts" ] || log waiting-for-lock "$facts"
    _noted=$facts
    exec 8<&-
    flock -u 9
    sleep 1
    take_lock
  done
  exec 8<&-
}
lease_allows() {
  lock_claims found || refuse prepare-failed 'the lease of this host could not be looked at' 'look at /var/lib/clusterproxy on the host' ''
  find_records lease
  each take_lease_fields "$records"
  if claim_of "$cluster" lease; then
    is_lease_of "$base_run" "$claim" || {
      field 5 "$claim"
      _run=$field
      field 3 "$claim"
      _who=$field
      field 4 "$claim"
      _who="$_who from $field"
      return 1
    }
  elif [ "$mode" = reserved ]; then
    # One that has expired is still ours where nobody has come since.
    if ! stored_claim "$cluster" lease || ! is_lease_of "$base_run" "$claim"; then
      refuse lease-lost 'this run no longer has this host reserved: its lease ended or was broken, and somebody else may have been here' \
        'look at clusterproxy history, then run the command again' ''
    fi
  fi
  if [ -z "$mode" ]; then
    tidy_claim "$cluster" lease
    return 0
  fi
  # Only for others to see.
  write_lease "$base_run" || log warning "the lease of this host could not be written: $said"
}
take_lease_fields() {
  base_run=$2
  mode=$3
  seconds=$4
  who=$5
  from=$6
  command=$7
  process=${8:-}
}

## Guards

put_off() {
  _next='run the command again when they have ended, let it wait for that with --when-busy wait, or interrupt them with --force'
  case $code in
    guard-unknown) _next='find out why, then run the command again; --force changes it anyway' ;;
    outside-window | past-deadline) _next=$late_next ;;
  esac
  finish deferred "$code" "$words" "$_next" "$answer"
}

## The controller's word, where it was asked for

await_word() {
  value_of confirm
  _seconds=$field
  [ -n "$_seconds" ] || return 0
  enter waiting || fail no-space 'the state of the run could not be written' 'check the disks of the host' ''
  log waiting "$_seconds"
  now
  _until=$((now + _seconds))
  _round=0
  until [ -e "$dir/outcome" ]; do
    _round=$((_round + 1))
    if [ $((_round % 5)) -eq 0 ] && ! stays_up; then
      note_broken
      decide revert && fail check-failed "while the run waited for its confirmation, $unmet" \
        'look at the output of the service; everything is back as it was' "$(last_words "${unmet%% *}")"
      log warning "$unmet, when the confirmation arrived"
    fi
    if is_past $_until; then
      # settle.sh asks the guards whether it can be put back.
      true >"$dir/expired"
      exit 1
    fi
    sleep 0.2
  done
  exit 0
}

## The whole

look_for_rewrites() {
  # One that was left where it is has been told already.
  [ "$before_kind$after_kind" != directoryabsent ] || return 0
  seen_together || look_there
  [ "$looked" = "$after" ] || log warning "$shown was rewritten by a service when it was restarted or reloaded"
}

were_active=
base_run=$run
mode=
log state running "$(date +%s)"
take_lock
refuse_held
await_lease
refuse_aborted
note_sequence
prepare
do_actions
# They may have taken a while; but nobody is interrupted once more where nothing follows them.
! any_record act || { ! any_record guard && ! any_record unit-guard; } || ask_guards || put_off
interrupted=no
owed_words=
validated=$NL
refused_before=$NL
swapped=no
settle=0
baseline=
each_record validate validate
validated=$NL
swapped=yes
note_what_answers
look_together path
each_change unchanged
# The boot unit, which brings the files back after a power cut, is durable since before anything was written.
enter open || refuse prepare-failed 'the state of the run could not be written' 'check the disks of the host; nothing was changed' ''
swap_all
log swapped
if unit_files_involved; then
  timed 60 systemctl daemon-reload || fail handler-failed 'systemctl daemon-reload failed' 'look at its output; everything is back as it was' "$said"
  reloaded=yes
fi
each_record validate validate
each_record set_unit unit-state
each_record run_handler handler
[ -s "$dir/started" ] || [ -s "$dir/units" ] || settle=0
log settling-time "$settle"
now
_until=$((now + settle))
while :; do
  if ! stays_up; then
    note_broken
    fail check-failed "after all handlers ran, $unmet" \
      'look at the output of the service; everything is back as it was' "$(last_words "${unmet%% *}")"
  fi
  ! is_past "$_until" || break
  sleep 1
done
look_together path
each_change look_for_rewrites
await_word
decide commit
