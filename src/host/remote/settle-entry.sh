#!/bin/sh
# For an operator without the controller: brings a run on this host to its end, as the program that came with
# it does.
#   sh /var/lib/clusterproxy/settle RUN [revert]
case ${1:-} in
  '' | *[!0-9A-Za-z-]*)
    echo "usage: sh $0 RUN [revert]; the runs are in ${0%/*}/runs" >&2
    exit 1
    ;;
esac
exec sh "${0%/*}/runs/$1/settle.sh" "$@"
