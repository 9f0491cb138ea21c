#!/bin/sh
# logger(1) for a folder: the system's log is run/stand-in/syslog.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in -p) priority=$2 ;; esac
  shift
done
[ $# -eq 0 ] || shift
printf '%s %s\n' "${priority:-user.notice}" "$*" >>"$memory/syslog"
