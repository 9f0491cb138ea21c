#!/bin/sh
# Written by clusterproxy: edits get lost.
# claim: if this host has {{ cluster.virtual_address }} by keepalived's word, runs the command that has the
# network lead it here; state: what that came to, and who has it by the network's own word.
#
# systemd runs `claim` once keepalived gives the host the address, and again half a minute after each end,
# one at a time: what was lost, refused, or taken by somebody else meanwhile is put right then. A host that
# doesn't have the address claims nothing.
set -u

claim='{{ cluster.virtual_address_claim }}'
owner='{{ cluster.virtual_address_owner }}'
service='clusterproxy-{{ cluster.name }}-claim.service'
# When it last succeeded here: by that verify knows a host to which the address was never moved.
# It goes with the rest of what is remembered there once the host leaves.
state=/var/lib/clusterproxy
claimed="$state/claimed/{{ cluster.name }}"

has_it() {
  ip -o address show | grep -qF ' {{ cluster.virtual_address }}/'
}

# keepalived says that the host is the one before the address is on its interface.
has_it_soon() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if has_it; then return 0; fi
    sleep 0.2
  done
  return 1
}

case ${1:-} in
  claim)
    has_it_soon || exit 0
    # shellcheck disable=SC2086 # splitting is what it is for
    timeout -k 5 90 $claim </dev/null
    status=$?
    if [ $status -ne 0 ]; then
      echo "$claim ended with status $status: {{ cluster.virtual_address }} may lead elsewhere" >&2
      exit $status
    fi
    [ ! -d "$state" ] || { mkdir -p -- "${claimed%/*}" && true >"$claimed"; }
    ;;
  state)
    # shellcheck disable=SC2086 # splitting is what it is for
    said=$(timeout -k 1 8 $owner </dev/null 2>&1)
    status=$?
    said=$(printf '%s\n' "$said" | head -n 1)
    if [ $status -eq 0 ]; then printf 'owner %s\n' "$said"; else printf 'owner-failed %s %s\n' $status "$said"; fi
    ! has_it || ! systemctl is-failed --quiet "$service" || echo claim-failed
    [ -e "$claimed" ] || echo never-claimed
    exit 0
    ;;
  *)
    echo 'usage: claim|state' >&2
    exit 2
    ;;
esac
