#!/bin/sh
# caddy-streams.sh [ADMIN]: what Caddy passes on now and would cut off when it reloads: WebSockets, and
# downloads that take long. ADMIN: the address of its admin API, http://localhost:2019 if left out. Status 0:
# nobody would be cut off, 1: somebody would, 2: it isn't known.
#
# Until 2.6, Caddy closes all streams that it passes on when it reads its files anew. From 2.7 on,
# `stream_close_delay` keeps them: what counts is whether the configuration that runs has it, not which
# program is installed, as that may be newer than what runs.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.

admin=${1:-http://localhost:2019}
systemctl is-active --quiet caddy.service
# 3: it isn't, 4: there is no such unit (systemctl(1))
case $? in
  0) ;;
  3 | 4) exit 0 ;;
  *)
    echo 'systemd does not say whether Caddy runs'
    exit 2
    ;;
esac
running=$(http_get 2 "$admin/config/" 2>/dev/null | head -c 4194304)
if [ -z "$running" ]; then
  echo "the admin API of Caddy gives no answer at $admin"
  exit 2
fi
case $running in *'"stream_close_delay"'*) exit 0 ;; esac
running=

# ADDRESS NUMBER for each server that something is passed on to now. A server that several rules have stands
# there once: Caddy counts by address.
passed_on() {
  http_get 1 "$admin/reverse_proxy/upstreams" 2>/dev/null | head -c 1048576 | awk '
    { text = text $0 }
    END {
      if (text !~ /^[ \t]*(\[.*\]|null)[ \t]*$/) exit 2
      while (match(text, /\{[^{}]*\}/)) {
        one = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
        if (!match(one, /"address":[ \t]*"[^"]*"/)) exit 2
        address = substr(one, RSTART, RLENGTH)
        sub(/^"address":[ \t]*"/, "", address)
        sub(/"$/, "", address)
        if (!match(one, /"num_requests":[ \t]*[0-9]+/)) exit 2
        number = substr(one, RSTART, RLENGTH)
        sub(/^.*[^0-9]/, "", number)
        if (number > 0) print address, number
      }
    }'
}

# A request that is over a moment later is none that a reload cuts off: of all moments, the one with the
# fewest counts.
seen=
for moment in 1 2 3 4; do
  [ $moment -eq 1 ] || sleep 1
  now=$(passed_on) || {
    echo 'the admin API of Caddy does not say what is passed on'
    exit 2
  }
  seen="$seen$now$NL"
  [ -n "$now" ] || exit 0
done
streams=$(printf '%s' "$seen" | awk '
  NF == 2 {
    times[$1]++
    if (!($1 in fewest) || $2 < fewest[$1]) fewest[$1] = $2
  }
  END { for (address in times) if (times[address] == 4) print fewest[address], address }' | sort -k 2)
[ -n "$streams" ] || exit 0
printf '%s\n' "$streams" | head -n 200 | while read -r number address; do
  printf '%s\n' "$number$US$US${US}passed on to $address"
done
exit 1
