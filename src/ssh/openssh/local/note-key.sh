#!/bin/sh
# KnownHostsCommand of ssh(1) for a host whose keys are only read: writes the key that it shows to the file $1
# and prints no known key, so that ssh goes no further. $2: the type of the key (%t), $3: the key (%K); NONE
# before there is one.
if [ "$2" != NONE ]; then
  printf '%s %s\n' "$2" "$3" >> "$1"
fi
