#!/bin/sh
# Written by clusterproxy: edits get lost.
# claim: if this host has {{ cluster.virtual_address }} by keepalived's word, runs the command that has the
# network lead it here; state: what that came to, and who has it by the network's own word.
#
# systemd runs `claim` once keepalived gives the host the address, and again half a minute after each end,
# one at a time: what was lost, refused, or taken by somebody else meanwhile is put right then. A host that
# doesn't have the address claims nothing, and no longer than it has it.
set -u

claim='{{ cluster.virtual_address_claim }}'
owner='{{ cluster.virtual_address_owner }}'
service='clusterproxy-{{ cluster.name }}-claim.service'
# When it last succeeded here: by that verify knows a host to which the address was never moved. And that it
# has failed since, as systemd forgets that whenever it tries again. Both go with the rest of what is
# remembered there once the host leaves.
state=${ROOT:-}/var/lib/clusterproxy
claimed="$state/claimed/{{ cluster.name }}"
failed="$state/claim-failed/{{ cluster.name }}"

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

# note FILE: only where clusterproxy remembers anything on this host
note() {
  [ ! -d "$state" ] || { mkdir -p -- "${1%/*}" && true >"$1"; }
}

# Whoever claims it for a host that has lost it would take it from the one that has it now.
run_while_it_is_here() {
  # shellcheck disable=SC2086 # splitting is what it is for
  timeout -k 5 90 $claim </dev/null &
  _running=$!
  while kill -0 $_running 2>/dev/null; do
    if ! has_it; then
      kill $_running 2>/dev/null
      wait $_running
      echo "{{ cluster.virtual_address }} is not here any more: what claimed it was ended"
      exit 0
    fi
    sleep 0.2
  done
  wait $_running
}

# Its first line, and how it ended; what it says beside that may tell more than others should know.
ask_owner() {
  # shellcheck disable=SC2086 # splitting is what it is for
  said=$({
    timeout -k 1 8 $owner </dev/null 2>/dev/null
    printf '\n%s\n' $?
  } | head -c 4096)
  status=$(printf '%s\n' "$said" | tail -n 1)
  case $status in '' | *[!0-9]*) status=long ;; esac
  said=$(printf '%s\n' "$said" | head -n 1 | tr -cd '[:print:]' | cut -c 1-200)
  if [ "$status" = 0 ]; then printf 'owner %s\n' "$said"; else printf 'owner-failed %s\n' "$status"; fi
}

case ${1:-} in
  claim)
    if ! has_it_soon; then
      rm -f -- "$failed"
      exit 0
    fi
    run_while_it_is_here
    status=$?
    if [ $status -ne 0 ]; then
      note "$failed"
      echo "$claim ended with status $status: {{ cluster.virtual_address }} may lead elsewhere" >&2
      exit $status
    fi
    rm -f -- "$failed"
    note "$claimed"
    ;;
  state)
    ask_owner
    ! has_it || { [ ! -e "$failed" ] && ! systemctl is-failed --quiet "$service"; } || echo claim-failed
    [ -e "$claimed" ] || echo never-claimed
    exit 0
    ;;
  *)
    echo 'usage: claim|state' >&2
    exit 2
    ;;
esac
