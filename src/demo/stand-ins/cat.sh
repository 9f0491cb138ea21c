#!/bin/sh
# cat(1) for a folder: what a check of a playbook reads below /etc is the host's own. Everything else, such as
# the paths of clusterproxy's own programs, which have the root before them, is read as it is.
case ${1:-} in
  /etc/*) set -- "${CLUSTERPROXY_ROOT:?}$1" ;;
esac
PATH=${PATH#*:} exec cat "$@"
