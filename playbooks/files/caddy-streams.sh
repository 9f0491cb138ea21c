#!/bin/sh
# caddy-streams.sh [ADMIN [CADDYFILE]]: what Caddy passes on now and would cut off when it reloads: WebSockets,
# and downloads that take long. ADMIN: the address of its admin API, such as http://localhost:2019; if left out
# or empty, the one that CADDYFILE names (/etc/caddy/Caddyfile), as `caddy reload` finds it. Status 0: nobody
# would be cut off, 1: somebody would, 2: it isn't known.
#
# Until 2.6, Caddy closes all streams that it passes on when it reads its files anew. From 2.7 on,
# `stream_close_delay` keeps those of the handlers that have it: what counts is what the configuration has that
# runs, not which program is installed, as that may be newer than what runs.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.

admin=${1:-}
caddyfile=${2:-/etc/caddy/Caddyfile}
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

unknown() {
  printf '%s\n' "$1"
  exit 2
}

# The JSON of a configuration begins with what is said of the admin API (caddy.Config); a Caddyfile that Caddy
# doesn't understand says nothing of it.
said_of_admin() {
  caddy adapt --config "$caddyfile" --adapter caddyfile 2>/dev/null | head -c 65536 |
    sed -n 's/^{"admin":{"disabled":true.*/off/p; s/^{"admin":{"listen":"\([^"]*\)".*/\1/p'
}

socket=
if [ -z "$admin" ]; then
  listen=$(said_of_admin)
  case $listen in
    off) unknown "$caddyfile has \"admin off\": without its admin API, Caddy can't be reloaded" ;;
    *[{}\\]*) unknown "where the admin API of Caddy is isn't known: $caddyfile has $listen for it" ;;
    unix/*)
      socket=${listen#unix/}
      # Permission bits may stand behind it.
      socket=${socket%%|*}
      command -v curl >/dev/null 2>&1 ||
        unknown "the admin API of Caddy is at the socket $socket, which only curl can ask: install curl"
      ;;
    tcp/* | [!/]*:* | :* | '') listen=${listen#tcp/} ;;
    */*) unknown "the admin API of Caddy can't be asked at $listen, only at a port or a unix socket" ;;
  esac
  case ${listen##*]} in
    *:*) ;;
    *) listen=${listen:-localhost}:2019 ;;
  esac
  case $listen in
    :*) listen=localhost$listen ;;
    0.0.0.0:*) listen=127.0.0.1:${listen##*:} ;;
    '[::]':*) listen="[::1]:${listen##*:}" ;;
  esac
  admin=http://$listen
fi

# ask MAXIMUM_TIME PATH: by a socket with an empty Host, as Caddy wants it there.
ask() {
  if [ -z "$socket" ]; then
    http_get "$1" "$admin$2"
  else
    curl -q --silent --fail --noproxy '*' --max-time "$1" --header 'Host;' --unix-socket "$socket" \
      "http://localhost$2"
  fi
}

running=$(ask 2 /config/ 2>/dev/null | head -c 4194304)
[ -n "$running" ] || unknown "the admin API of Caddy gives no answer at ${socket:-$admin}"

# The addresses to which handlers without `stream_close_delay` pass something on, one a line; `*` if not all of
# them are known before a request comes. A quote ends each record: what is in quotes and what is not take turns.
cut_off=$(printf '%s\n' "$running" | awk '
  BEGIN { RS = "\"" }
  function named(name) {
    key[depth] = name
    if (name == "stream_close_delay") keeps[depth] = ($0 !~ /^[ \t]*:[ \t]*0[^0-9.]/)
    if (name == "dynamic_upstreams") servers[depth] = servers[depth] "*\n"
  }
  function valued(value) {
    if (key[depth] == "handler" && value == "reverse_proxy") passes[depth] = 1
    if (key[depth] == "dial" && under[depth] == "upstreams")
      servers[depth - 2] = servers[depth - 2] (value ~ /[{]/ ? "*" : value) "\n"
  }
  quoted {
    text = text $0
    if (match(text, /\\+$/) && RLENGTH % 2) {
      text = text "\""
      next
    }
    quoted = 0
    has_text = 1
    next
  }
  {
    if (has_text) {
      if ($0 ~ /^[ \t\r\n]*:/) named(text)
      else valued(text)
    }
    for (i = 1; i <= length($0); i++) {
      sign = substr($0, i, 1)
      if (sign == "{" || sign == "[") {
        depth++
        under[depth] = key[depth - 1]
        key[depth] = sign == "[" ? under[depth] : ""
        passes[depth] = keeps[depth] = 0
        servers[depth] = ""
      } else if (sign == "}" || sign == "]") {
        if (passes[depth] && !keeps[depth]) printf "%s", servers[depth]
        if (--depth < 0) exit
      }
    }
    quoted = 1
    has_text = 0
    text = ""
  }
  END { exit depth == 0 ? 0 : 2 }') ||
  unknown 'the admin API of Caddy does not say which configuration runs'
running=
[ -n "$cut_off" ] || exit 0

# ADDRESS NUMBER for each of those servers that something is passed on to now. A server that several rules have
# stands there once: Caddy counts by address.
passed_on() {
  ask 1 /reverse_proxy/upstreams 2>/dev/null | head -c 1048576 | cut_off=$cut_off awk '
    BEGIN {
      count = split(ENVIRON["cut_off"], addresses, "\n")
      for (i = 1; i <= count; i++) counts[addresses[i]] = 1
    }
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
        if (number > 0 && (address in counts || "*" in counts)) print address, number
      }
    }'
}

# A request that is over a moment later is none that a reload cuts off: of all moments, the one with the
# fewest counts.
seen=
for moment in 1 2 3 4; do
  [ $moment -eq 1 ] || sleep 1
  now=$(passed_on) || unknown 'the admin API of Caddy does not say what is passed on'
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
