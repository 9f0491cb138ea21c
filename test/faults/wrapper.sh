#!/bin/sh
# Stands on a host under test before the program whose name it has. Where the call is the one that the test
# chose, it stops until the test has done its worst; the program itself never knows. On a disk of its own, so
# that a full or read-only one doesn't matter.
# shellcheck disable=SC2254 # patterns are what is meant
name=${0##*/}
place=/lab-faults
real=/usr/bin/$name
[ -x "$real" ] || real=/usr/sbin/$name

# What goes wrong with a service goes wrong with the new files only.
case $name:${1:-}:${2:-} in
  systemctl:restart:lab-web* | systemctl:reload:nginx*)
    if [ -s $place/handler ] && grep -qsF "$(cat $place/wrong)" /etc/lab/web.conf; then
      case $(cat $place/handler) in
        hang) exec sleep 1000 ;;
        fail)
          echo "Job for $2 failed." >&2
          exit 1
          ;;
      esac
    fi
    ;;
esac

moment=
if [ -e $place/armed ]; then
  line="$name $*"
  while read -r when pattern; do
    case $line in
      $pattern)
        moment=$when
        break
        ;;
    esac
  done <$place/armed
fi
# Or the one that is so many calls into a run, counted from the one that makes the run's folder; those that
# only ask aren't counted.
if [ -e $place/nth ]; then
  case "$name $*" in
    *' show '* | *is-system-running* | *list-units*) ;;
    *)
      case "$name $*" in mkdir*/runs/.incoming-*) true >$place/counting ;; esac
      if [ -e $place/counting ]; then
        echo "$name $*" >>$place/calls
        [ "$(wc -l <$place/calls)" != "$(cat $place/nth 2>/dev/null)" ] || moment=before
      fi
      ;;
  esac
fi
stop() {
  /usr/bin/mkdir $place/reached 2>/dev/null || return 0
  while [ -e $place/reached ]; do sleep 0.02; done
}
case $moment in
  before) stop ;;
  after)
    "$real" "$@"
    status=$?
    stop
    exit $status
    ;;
esac
exec "$real" "$@"
