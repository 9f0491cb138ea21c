#!/bin/sh
# systemd-run(1) for a folder: runs a command detached from the caller, ends it after RuntimeMaxSec, and runs
# ExecStopPost however it ended, even by SIGKILL.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

if [ "${1:-}" = supervise ]; then
  unit=$2
  limit=$3
  post=$4
  shift 4
  # Tests run the programs under shells other than /bin/sh.
  if [ -n "${STAND_IN_SHELL:-}" ] && [ "$1" = /bin/sh ]; then
    shift
    # shellcheck disable=SC2086 # may be two words
    set -- $STAND_IN_SHELL "$@"
    post=$(printf '%s' "$post" | sed "s,^/bin/sh,$STAND_IN_SHELL,")
  fi
  # In its own session, so that all its processes can be ended at once, as systemd does with a control group.
  setsid "$@" &
  main=$!
  remember "pid-$unit.service" "$main"
  # shellcheck disable=SC2016 # expanded by that shell
  setsid sh -c 'sleep "$1"; kill -KILL "-$2"' watchdog "$limit" "$main" 2>/dev/null &
  watchdog=$!
  wait "$main"
  status=$?
  kill -KILL "-$main" 2>/dev/null
  # With a very short command, the watchdog may not have its own group yet.
  kill -KILL "-$watchdog" 2>/dev/null || kill -KILL "$watchdog" 2>/dev/null
  remember "units/$unit.service" deactivating
  if [ $status -gt 128 ]; then SERVICE_RESULT=signal; elif [ $status -ne 0 ]; then SERVICE_RESULT=exit-code; else SERVICE_RESULT=success; fi
  export SERVICE_RESULT
  [ -z "$post" ] || sh -c "$post"
  rm -f "$memory/units/$unit.service" "$memory/pid-$unit.service"
  exit
fi

unit=run-$$
limit=infinity
post=
while [ $# -gt 0 ]; do
  case $1 in
    --unit=*) unit=${1#*=} ;;
    -p)
      case $2 in
        RuntimeMaxSec=*) limit=${2#*=} ;;
        ExecStopPost=*) post=${2#*=} ;;
      esac
      shift
      ;;
    --)
      shift
      break
      ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
if [ -e "$memory/units/$unit.service" ]; then
  echo "Failed to start transient service unit: Unit $unit.service was already loaded." >&2
  exit 1
fi
if [ -e "$memory/fail-systemd-run" ]; then
  echo 'Failed to start transient service unit: Connection timed out' >&2
  exit 1
fi
remember "units/$unit.service" active
setsid sh "$0" supervise "$unit" "$limit" "$post" "$@" </dev/null >/dev/null 2>&1 &
