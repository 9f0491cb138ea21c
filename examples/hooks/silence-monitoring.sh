#!/bin/sh
# For before-run and after-run: while a run goes on, the file CLUSTER in a folder says so, by default
# /run/clusterproxy-at-work. A monitoring program looks for it before it wakes anybody.
set -eu
folder=${1:-/run/clusterproxy-at-work}

case $CLUSTERPROXY_HOOK in
  before-run)
    mkdir -p "$folder"
    printf '%s\n' "$CLUSTERPROXY_RUN" >"$folder/$CLUSTERPROXY_CLUSTER"
    ;;
  after-run) rm -f "$folder/$CLUSTERPROXY_CLUSTER" ;;
esac
