#!/bin/sh
# Stands on a host before the program whose name it has. Before the call that the test chose, of those that
# are about a certain folder, another account does its worst there, and before the one behind it takes it
# back, where the test has put that there.
# shellcheck disable=SC2254 # patterns are what is meant
name=${0##*/}
place=/lab-moments
real=/usr/bin/$name
about=
[ ! -s $place/about ] || read -r about <$place/about
case $PWD/\ $* in
  *$about*)
    if [ -n "$about" ]; then
      # Calls of a pipe come at once.
      exec 8>>$place/lock
      /usr/bin/flock 8
      read -r nth <$place/nth
      read -r count <$place/count
      count=$((count + 1))
      echo $count >$place/count
      as_account() { /usr/bin/setpriv --reuid app --regid app --clear-groups env PATH=/usr/bin sh "$1" 8>&-; }
      if [ $count = "$nth" ]; then as_account $place/attack; fi
      if [ $count = $((nth + 1)) ] && [ -s $place/undo ]; then as_account $place/undo; fi
      exec 8>&-
    fi 2>>$place/words
    ;;
esac
exec "$real" "$@"
