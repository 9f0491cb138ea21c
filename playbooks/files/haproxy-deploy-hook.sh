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
nl='
'

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

# What haproxy.service has HAProxy read, one a line; see src/steps/haproxy/unit-files.ts.
files_of_unit() {
  pid=$(systemctl show --property=MainPID --value haproxy.service);
  if [ "$pid" -gt 0 ] 2> /dev/null; then tr '\0' '\n' < "/proc/$pid/cmdline"; else {
  systemctl show --property=Environment --value haproxy.service | xargs -r -n 1;
  systemctl show --property=EnvironmentFiles --value haproxy.service | sed 's/ (ignore_errors=.*//' |
  while read -r file; do [ ! -r "$file" ] || sed -n 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*=\)/\1/p' "$file" |
  sed "s/=[\"']\(.*\)[\"'][[:space:]]*\$/=\1/"; done; echo;
  systemctl show --property=ExecStart --value haproxy.service |
  sed -n 's/.*argv\[\]=\(.*\) ; ignore_errors=.*/\1/p' | tr ' ' '\n'; } |
  awk '!words && $0 == "" { words = 1; next }
  !words { at = index($0, "="); value[substr($0, 1, at - 1)] = substr($0, at + 1); next }
  /^\$[A-Za-z_][A-Za-z0-9_]*$/ { n = split(value[substr($0, 2)], part, " "); for (i = 1; i <= n; i++) print part[i]; next }
  { while (match($0, /\$[{][A-Za-z_][A-Za-z0-9_]*}/)) $0 = substr($0, 1, RSTART - 1) value[substr($0, RSTART + 2, RLENGTH - 3)] substr($0, RSTART + RLENGTH);
  print }'; fi |
  awk 'taken { print; taken = 0; next } rest { print; next } $0 == "--" { rest = 1 } $0 == "-f" { taken = 1 }'
}

# As HAProxy will see it: a key of another certificate, say, would keep it from starting again. The other
# files of the unit stand where they stood, since one may need what another says.
sed "s|$pem|$new|g" "$config" > "$trial"
files=$(files_of_unit)
case $nl$files$nl in *"$nl$config$nl"*) ;; *) files=$config ;; esac
if ! said=$(printf '%s\n' "$files" | sed "s|^$config\$|$trial|; s/^/-f\n/" | tr '\n' '\0' |
  xargs -0 haproxy -c 2>&1); then
  printf '%s\n' "HAProxy can't use the renewed certificate, and goes on with the old one: $said" >&2
  exit 1
fi
sync "$new" 2> /dev/null || sync
mv -f "$new" "$pem"
take
