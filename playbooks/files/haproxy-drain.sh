#!/bin/sh
# haproxy-drain.sh cordon|enable|state SERVER SOCKETS BACKEND...: has HAProxy on this host send nobody new to
# a server, in all of the BACKENDs that have it, or send people there again. Open connections stay open.
# SOCKETS: where its stats socket may be, separated by spaces; the first that is there is asked.
#
# A program of a guard's drain: docs/your-own-playbook.md says what it has to print. The bits are those of
# srv_admin_state in HAProxy's management guide, "show servers state": 8 is a drain, 1 and 4 are maintenance.
# As srv_op_state, 2 is a server that runs, and 1 one that is back, and gets people little by little
# (slowstart).
set -u

verb=$1
server=$2
sockets=$3
shift 3
backends=" $* "

socket=
for one in $sockets; do
  if [ -S "${ROOT:-}$one" ]; then
    socket=${ROOT:-}$one
    break
  fi
done
if [ -z "$socket" ]; then
  echo "HAProxy has no stats socket at $sockets"
  exit 1
fi

ask() {
  if command -v socat >/dev/null 2>&1; then
    socat -t 5 stdio "unix-connect:$socket"
  elif command -v curl >/dev/null 2>&1; then
    curl -q --silent --max-time 5 --unix-socket "$socket" telnet://haproxy
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
for part in iter(lambda: s.recv(65536), b""):
    sys.stdout.buffer.write(part)' "$socket"
  else
    echo 'none of socat, curl and python3 is installed' >&2
    return 1
  fi
}

# backend, server, what it does, what it was told: one server a line
servers() {
  echo 'show servers state' | ask | awk -v wanted="$backends" '
    /^#/ { for (i = 2; i <= NF; i++) column[$i] = i - 1; next }
    NF > 6 && index(wanted, " " $column["be_name"] " ") {
      print $column["be_name"], $column["srv_name"], $column["srv_op_state"], $column["srv_admin_state"]
    }'
}

all=$(servers)
mine=$(printf '%s\n' "$all" | awk -v server="$server" '$2 == server')
if [ -z "$mine" ] && [ -n "$all" ] && [ "$verb" = state ]; then
  printf 'state\037unknown\n'
  exit 0
fi
if [ -z "$mine" ]; then
  echo "HAProxy has no server $server in$backends"
  exit 1
fi

# tell STATE
tell() {
  printf '%s\n' "$mine" | while read -r backend name _; do
    said=$(echo "set server $backend/$name state $1" | ask) || exit 1
    # An empty line says that it was done.
    case $said in *[![:space:]]*) printf '%s\n' "$backend/$name: $said" && exit 1 ;; esac
  done
}

case $verb in
  cordon) tell drain ;;
  enable) tell ready ;;
  state)
    printf '%s\n' "$all" | awk -v server="$server" '
      function is(bits, bit) { return int(bits / bit) % 2 }
      $2 == server {
        count++
        if (is($4, 8)) drained++
        if (is($4, 1) || is($4, 4)) down++
        if ($3 == 1 || $3 == 2) running++
        seen[$1] = 1
      }
      $2 != server && ($3 == 1 || $3 == 2) && !is($4, 8) && !is($4, 1) && !is($4, 4) { others[$1]++ }
      END {
        least = -1
        for (backend in seen) if (least < 0 || others[backend] + 0 < least) least = others[backend] + 0
        printf "state\037%s\n", (down ? "maintenance" : drained == count ? "cordoned" : "enabled")
        printf "health\037%s\n", (running == count ? "online" : "offline")
        printf "others\037%d\n", least
      }'
    ;;
  *)
    echo "usage: haproxy-drain.sh cordon|enable|state SERVER SOCKETS BACKEND..."
    exit 2
    ;;
esac
