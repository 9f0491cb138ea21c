# shellcheck shell=sh
# A run in the state `queued`: it is here whole, holds no lock and has begun nothing. queue.sh asks now and
# then, and starts its runner once nobody has been there for long enough and it may begin. What puts it off
# after that leads back to `queued`; everything else ends it. Sourced by runner.sh, settle.sh and queue.sh,
# after transaction.sh and queue-units.sh.
#
# Records of the manifest: `queue`: seconds without people, seconds between two questions, until when and
# since when (since the epoch), limits of the unit in seconds; `queue-slot`: from, to (since the epoch): when
# it may begin.
# shellcheck disable=SC2154 # run, dir, base, wish and others are set by the programs
# shellcheck disable=SC2034 # some variables are for the programs only

# is_queue: whether this run may wait; what is told of that
is_queue() {
  find_records queue
  [ -n "$records" ] || return 1
  field 2 "$records"
  idle_for=$field
  field 3 "$records"
  ask_every=$field
  field 4 "$records"
  queued_until=$field
  field 6 "$records"
  limit=$field
  field 7 "$records"
  stop_limit=$field
}

# in_slot: whether it may begin at this moment
in_slot() {
  _clock=$(date +%s)
  ! each_record is_no_slot queue-slot
}
is_no_slot() {
  [ "$_clock" -lt "$2" ] || [ "$_clock" -ge "$3" ]
}

# requeue: back to waiting, with nothing changed on the host; false where it doesn't wait any longer. People
# have come since, so nobody knows any more since when none are there.
requeue() {
  is_queue && [ "$(date +%s)" -lt "$queued_until" ] || return 1
  printf 'queued\n' >"$dir/states/queued" && sync -- "$dir/states/queued" || return 1
  rm -f -- "$dir/asked"
  remove_boot_unit
  [ -e "$queue_units/clusterproxy-queued-$run.timer" ] || start_queue "$run" "$ask_every" || return 1
  enter queued
} 2>/dev/null

# Which of the host's runs it is: it begins, or ends without having begun.
note_sequence() {
  _last=0
  set +f
  for _run in "$base"/runs/*/; do
    sequence_of "${_run%/}"
    [ "${sequence:-0}" -le "$_last" ] || _last=$sequence
  done
  set -f
  # One more digit, and sequence_of would take this run for one without a number.
  [ "$_last" -lt 99999999999999 ] || _last=99999999999998
  printf '%s\n' $((_last + 1)) >"$dir/sequence"
} 2>/dev/null

# end_queued CODE MESSAGE NEXT: nothing was changed, and nothing will be
end_queued() {
  note_sequence
  log problem "$1" "$2" "$3" ''
  printf 'abandoned\n' >"$dir/end"
  end_as abandoned
  prune
}

# settle_queued: what becomes of it, by what was wished for and by whom
settle_queued() {
  # Of an attempt that was cut short before it had changed anything.
  each_change drop_beside
  drop_staged
  case $wish in
    boot) remove_boot_unit ;;
    revert | withdraw)
      end_queued withdrawn "it was withdrawn${whose_wish:+ by $whose_wish} before it began; nothing was changed" \
        'run clusterproxy apply again if it is still wanted'
      ;;
    replace) end_queued replaced "the run ${whose_wish:-that came later} took its place before it began; nothing was changed" '' ;;
    expire)
      end_queued expired "the time until which it could wait is over, and it never began; nothing was changed" \
        'queue it again with a later --until or a shorter --idle-for, or send no more people there: --when-busy drain'
      ;;
    *)
      # By a run of a version that knows no queue: it settles whatever isn't over, before it begins.
      if [ "$given_lock" = yes ]; then
        wish=replace
        settle_queued
        return
      fi
      intended=
      { read -r intended <"$dir/end" || intended=; } 2>/dev/null
      case $intended in
        refused | deferred)
          end_as "$intended"
          prune
          ;;
        *) remove_boot_unit ;;
      esac
      ;;
  esac
}

# replace_queued different|all: those of this cluster that wait here, as this run has the lock. `different`:
# only if what they would do is something else. A restart of the host replaces none, as it changes no file; an
# upgrade none before it begins.
replace_queued() {
  find_records act
  case $1:$US$records in
    *"${US}reboot$US"* | different:*"${US}script$US"* | different:*"${US}upgrade-packages$US"*) return 0 ;;
  esac
  set +f
  for _queued in "$base"/runs/*/; do
    set -f
    _queued=${_queued%/}
    [ "$_queued" != "$dir" ] || continue
    state_of "$_queued"
    [ "$state" = queued ] || continue
    cluster_of "$_queued"
    [ "$whose" = "$cluster" ] || continue
    if [ "$1" = different ] && [ "$(plan_of "$_queued")" = "$(plan_of "$dir")" ]; then continue; fi
    CLUSTERPROXY_LOCKED=1 sh "$_queued/settle.sh" "${_queued##*/}" replace "$run" >/dev/null 2>&1 9>&- || :
    log warning "the run ${_queued##*/}, which waited here until nobody would be there, was replaced by this one"
  done
  set -f
}
# plan_of FOLDER: what a run does, without who and when
plan_of() {
  grep -v -E "^(holder|force|lock-wait|keep|lease|confirm|begin-before|interrupts|queue|queue-slot)$US" "$1/manifest"
}
