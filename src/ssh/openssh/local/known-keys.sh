#!/bin/sh
# KnownHostsCommand of ssh(1) for a host whose key is pinned by fingerprint: prints the key that the host
# shows as a line of known_hosts if its fingerprint is among the pinned ones. $1: the host's look-up name
# (%H), $2: the type of its key (%t), $3: the key (%K), $4: its fingerprint (%f); the rest: the pinned
# fingerprints.
name=$1 type=$2 key=$3 shown=$4
shift 4
for pinned; do
  if [ "$shown" = "$pinned" ]; then
    printf '%s %s %s\n' "$name" "$type" "$key"
    exit 0
  fi
done
