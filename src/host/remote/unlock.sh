# shellcheck shell=sh
# Breaks the lock of one run and of no other: stops its unit, whose end settles it. Its lease goes as well.
# Output: `NONCE VERDICT STATE HOLDER WARNINGS` with fields, of the run's log what it warned of; the verdict
# is free, broken, another, held (still) or another-machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

field 2 "$request"
run=$field
field 3 "$request"
limit=$field
unit=clusterproxy-$run.service

answer() {
  case $1 in
    free | broken)
      break_lease
      withdraw_queued
      ;;
  esac
  state=none
  [ ! -d "$base/runs/$run" ] || state_of "$base/runs/$run"
  _warned=$(sed -n "s/^warning$US//p" "$base/runs/$run/log" 2>/dev/null | head -n 20 | tr '\n' '\036')
  printf '%s\n' "$nonce $1$US$state$US$holder$US$_warned"
  exit 0
}
break_lease() {
  lock_claims found || return 0
  if stored_claim "$cluster" lease && is_lease_of "$base_run" "$claim"; then drop_claim "$cluster" lease; fi
  exec 8<&-
}
# One that waits until nobody is there holds nothing, and begins never.
withdraw_queued() {
  [ -d "$base/runs/$run" ] || return 0
  state_of "$base/runs/$run"
  [ "$state" != queued ] || sh "$base/runs/$run/settle.sh" "$run" withdraw >/dev/null 2>&1
}
holder=
field 5 "$request"
cluster=$field
field 6 "$request"
base_run=$field
field 4 "$request"
same_machine "$field" || answer another-machine

# With a time limit of its own: a lock that is free is taken for a moment only, and never from a run that
# begins.
held() {
  { [ -e "$base/lock" ] && ! flock -n "$base/lock" true; } 2>/dev/null
}
at_work() {
  case $(timeout 30 systemctl show -p ActiveState "$unit" 2>/dev/null) in
    *=active | *=activating | *=deactivating | *=reloading) return 0 ;;
    *) return 1 ;;
  esac
}

holding=
{
  IFS= read -r holder
  IFS= read -r holding
} 2>/dev/null <"$base/holder"
if ! at_work; then
  # One that waits for the lock holds none; who holds it is told.
  if held && [ "$holding" != "$run" ]; then answer another; fi
  held && answer held
  answer free
fi
if held && [ "$holding" != "$run" ]; then answer another; fi
timeout "$limit" systemctl stop "$unit" >/dev/null 2>&1 </dev/null
if at_work; then answer held; fi
answer broken
