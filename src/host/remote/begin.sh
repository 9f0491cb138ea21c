# shellcheck shell=sh
# Until when a run may begin to interrupt people: before a window closes, or a deadline comes, there must be
# time for all of it and for its revert. Sourced by runner.sh only, after queued.sh: a revert waits for
# nothing.
# shellcheck disable=SC2034 # for put_off
# shellcheck disable=SC2154 # records and field are set by find_records and field

# Whether something has begun that interrupts people. From then on the run goes on to its end.
has_begun=no

# in_time: false when it is too late to begin; $code, $words, $late_next and $answer say it
in_time() {
  [ "$has_begun" = no ] || return 0
  if is_queue; then
    ! in_slot || return 0
    code=outside-window
    words='the time in which this host may begin by itself is over'
    late_next=
    answer=
    return 1
  fi
  find_records begin-before
  _late=$records
  [ -n "$_late" ] || return 0
  field 2 "$_late"
  [ "$(date +%s)" -ge "$field" ] || return 0
  field 3 "$_late"
  code=$field
  field 4 "$_late"
  words=$field
  field 5 "$_late"
  late_next=$field
  answer=
  return 1
}
