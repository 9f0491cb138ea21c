#!/bin/sh
# bbb-symptoms.sh PRODUCT SHORT HOSTNAME: what doctor wants to know of a BigBlueButton node that no single
# file tells. Lines KEY VALUE; a key that isn't printed has no value, and a value `? WHY` could not be found
# out. No secret is printed.
#
# A program of symptoms: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # ROOT and NL are set by what is sent before it

product=$1
short=$2
hostname=$3

# https://https://, as some guides have it, in what browsers or services take for an origin
set -- "$ROOT/etc/default/$short-web" "$ROOT/etc/$product/$short-web.properties" \
  "$ROOT/etc/$product/$short-html5.yml" "$ROOT/etc/$product/$short-graphql-server.env" \
  "$ROOT/etc/$product/etherpad.json" "$ROOT/etc/systemd/system/$short-web.service.d"/*.conf
files=$(grep -l -s -E '^[^#]*https?://https?://' "$@" | tr '\n' ' ')
if [ -n "$files" ]; then
  [ -z "$ROOT" ] || files=$(printf '%s' "$files" | sed "s,$ROOT/,/,g")
  printf 'doubled %s\n' "${files% }"
fi

# The recordings' disk, where it is one of its own: KiB in all, and free
if [ -d "$ROOT/var/$product" ]; then
  df -k --output=target,size,avail -- "$ROOT/" "$ROOT/var" "$ROOT/var/$product" 2>/dev/null | {
    read -r _
    read -r root _
    read -r var _
    read -r mount size free
    if [ "$mount" != "$root" ] && [ "$mount" != "$var" ] && [ "${size:-0}" -gt 0 ] &&
      [ $((free * 100 / size)) -lt 5 ] && [ "$free" -lt 20971520 ]; then
      printf 'recordings_full %s MiB of %s MiB are free on %s\n' $((free / 1024)) $((size / 1024)) "$mount"
    fi
  }
fi

# The host's public address, where it is behind NAT: its name has one, and none of its own is it.
own=$(ip -o -4 addr show scope global 2>/dev/null) || own=
address=$(getent ahostsv4 "$hostname" 2>/dev/null) || address=
address=${address%% *}
case $address in
  '' | 127.* | 10.* | 192.168.* | 169.254.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].*) ;;
  *)
    case $own in
      '' | *" $address/"*) ;;
      *) printf 'nat %s\n' "$address" ;;
    esac
    ;;
esac
