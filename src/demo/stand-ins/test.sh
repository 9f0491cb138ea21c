#!/bin/sh
# test(1) for a folder: `test -r PATH` and `test -e PATH` for the host's own files.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

case ${1:-} in
  -r) [ -r "$root${2:?}" ] ;;
  -e) [ -e "$root${2:?}" ] ;;
  *) exit 2 ;;
esac
