#!/bin/sh
# Written by clusterproxy: edits get lost. certbot runs it for each certificate that it has renewed, with the
# certificate's folder in RENEWED_LINEAGE. It makes HAProxy's PEM file anew, once HAProxy says that it can use
# it, and has the running process take it, in which no session ends. Where that can't be asked, HAProxy is
# reloaded: sessions go on then as well. `take`: the running process alone is to take the file as it is.
set -eu
umask 077
LC_ALL=C
export LC_ALL

name='{{ cluster.hostname }}'
pem='/etc/haproxy/certs/{{ cluster.hostname }}.pem'
config=/etc/haproxy/haproxy.cfg
socket='{{ recipe.admin_socket }}'

# HAProxy's words to one command.
ask() {
  curl -q --silent --max-time 10 --unix-socket "$socket" telnet://haproxy
}
take() {
  if printf 'set ssl cert %s <<\n%s\n\n' "$pem" "$(cat "$pem")" | ask | grep -q '^Transaction ' &&
    printf 'commit ssl cert %s\n' "$pem" | ask | grep -q '^Success'; then
    return 0
  fi
  systemctl reload haproxy.service
}
if [ "${1-}" = take ]; then
  take
  exit
fi

lineage=${RENEWED_LINEAGE:?}
[ "${lineage##*/}" = "$name" ] || exit 0

new=${pem%/*}/.${pem##*/}.new
trial=${config%/*}/.${config##*/}.new
trap 'rm -f "$new" "$trial"' EXIT

# Nothing but what stands between BEGIN and END, as clusterproxy itself would write it.
sed -n '/-----BEGIN /,/-----END /p' "$lineage/fullchain.pem" "$lineage/privkey.pem" | tr -d '\r' > "$new"

# As HAProxy will see it: a key of another certificate, say, would keep it from starting again.
sed "s|$pem|$new|g" "$config" > "$trial"
if ! said=$(haproxy -c -f "$trial" 2>&1); then
  printf '%s\n' "HAProxy can't use the renewed certificate, and goes on with the old one: $said" >&2
  exit 1
fi
sync "$new" 2> /dev/null || sync
mv -f "$new" "$pem"
take
