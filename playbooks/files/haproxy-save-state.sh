#!/bin/sh
# haproxy-save-state.sh save CONFIG SOCKET FILE: what HAProxy knows of its servers (drains, weights, who is
# down), into FILE, for the process that a reload is about to start; without it that process would begin with
# all servers up at full weight. haproxy-save-state.sh clear FILE: nothing is known, at a start.
# haproxy-save-state.sh check SOCKET SECONDS: whether the process that answers began within that time. A
# reload that fails leaves the old process at work, and systemd content.
#
# Only servers that CONFIG has with the same name, address and port: HAProxy goes by the name alone, and would
# give a new server the drain, and even the port, of an old one.
set -u
umask 022
LC_ALL=C
export LC_ALL

put() {
  mkdir -p "${1%/*}" && cat > "$1.$$" && mv -f "$1.$$" "$1"
}
ask() {
  if command -v socat > /dev/null; then
    socat -t 5 stdio "unix-connect:$1"
  elif command -v curl > /dev/null; then
    curl -q --silent --max-time 5 --unix-socket "$1" telnet://haproxy
  elif command -v python3 > /dev/null; then
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
for part in iter(lambda: s.recv(65536), b""):
    sys.stdout.buffer.write(part)' "$1"
  else
    echo 'none of socat, curl and python3 is installed: drains are lost in this reload' >&2
    return 1
  fi
}

case ${1-} in
  clear)
    echo 1 | put "$2"
    ;;
  save)
    config=$2 socket=$3 file=$4
    if ! states=$(echo 'show servers state' | ask "$socket") || [ -z "$states" ]; then
      echo "HAProxy didn't answer at $socket: drains are lost in this reload" >&2
      echo 1 | put "$file"
      exit 1
    fi
    printf '%s\n' "$states" | awk '
      FNR == NR {
        if ($1 ~ /^(backend|listen|frontend|defaults|global)$/) section = $2
        if ($1 == "server") { place = tolower($3); gsub(/[][]/, "", place); known[section " " $2 " " place] = 1 }
        next
      }
      /^#/ { for (i = 2; i <= NF; i++) column[$i] = i - 1; print; next }
      NF == 1 { print; next }
      NF > 1 {
        server = $column["be_name"] " " $column["srv_name"] " "
        port = ":" $column["srv_port"]
        if ((server tolower($column["srv_addr"]) port) in known || (server tolower($column["srv_fqdn"]) port) in known) print
      }
    ' "$config" - | put "$file"
    ;;
  check)
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
      uptime=$(echo 'show info' | ask "$2" | awk '$1 == "Uptime_sec:" { print $2 }')
      [ -z "$uptime" ] || [ "$uptime" -gt "$3" ] || exit 0
      sleep 1
    done
    echo "the process of HAProxy that answers at $2 ${uptime:+has run for $uptime s: the reload failed, see journalctl -u haproxy}" >&2
    exit 1
    ;;
  *)
    echo 'usage: haproxy-save-state.sh save CONFIG SOCKET FILE | clear FILE | check SOCKET SECONDS' >&2
    exit 2
    ;;
esac
