#!/bin/sh
# Stands on a host before the program whose name it has. Right after the call that the test chose, of those
# that are about a certain folder, another account does its worst there, and behind the next one takes it
# back, where the test has put that there.
# shellcheck disable=SC2254 # patterns are what is meant
name=${0##*/}
place=/lab-moments
real=/usr/bin/$name
about=
[ ! -s $place/about ] || read -r about <$place/about
as_account() { /usr/bin/setpriv --reuid app --regid app --clear-groups env PATH=/usr/bin sh "$1" 2>>$place/words; }
case $PWD/\ $* in
  *$about*)
    if [ -n "$about" ]; then
      read -r nth <$place/nth
      # Calls of a pipe come at once.
      exec 8>>$place/lock
      /usr/bin/flock 8
      read -r count <$place/count
      count=$((count + 1))
      echo $count >$place/count
      exec 8>&-
      if [ $count = $((nth + 2)) ] && [ -s $place/undo ]; then as_account $place/undo; fi
      if [ $count = "$nth" ]; then
        "$real" "$@"
        status=$?
        as_account $place/attack >/dev/null </dev/null
        exit $status
      fi
    fi
    ;;
esac
exec "$real" "$@"
