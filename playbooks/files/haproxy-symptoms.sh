#!/bin/sh
# haproxy-symptoms.sh SOCKET...: what doctor wants to know of a running HAProxy, asked at the first of these
# sockets that there is. Lines KEY VALUE; a value `? WHY` could not be found out.
#
# A program of symptoms: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # ROOT is set by what is sent before it

socket=
for one; do
  if [ -S "$ROOT$one" ]; then
    socket=$ROOT$one
    break
  fi
done
[ -n "$socket" ] || exit 0

if command -v socat >/dev/null 2>&1; then
  stat=$(echo 'show stat' | socat -t 3 stdio "unix-connect:$socket" 2>/dev/null)
elif command -v curl >/dev/null 2>&1; then
  stat=$(echo 'show stat' | curl -q --silent --max-time 3 --unix-socket "$socket" telnet://haproxy 2>/dev/null)
else
  stat=
fi
case $stat in
  '# pxname,'*) ;;
  *)
    echo 'silent ? HAProxy does not answer at its socket'
    exit 0
    ;;
esac
# HAProxy's management guide, 9.1: columns go by their names, and a `*` tells that a check is under way.
printf '%s\n' "$stat" | awk -F , '
  NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) column[$i] = i; next }
  $column["svname"] ~ /^(FRONTEND|BACKEND)$/ || $column["status"] ~ /^MAINT/ { next }
  {
    state = $column["agent_status"]
    sub(/^\* /, "", state)
    why = state == "L4CON" ? "refuses the connection" : state ~ /^(L4TOUT|L7TOUT)$/ ? "does not answer" : state == "L7RSP" ? "answers nothing, or what no agent says" : ""
    if (why == "" || seen[$column["svname"]]++) next
    words = words (words == "" ? "" : "; ") $column["svname"] " " why " (" state ")"
  }
  END { if (words != "") print "silent " words }'
