# shellcheck shell=sh
# What a program beside a playbook may use on a host (docs/your-own-playbook.md, "A guard of your own"): sent
# before each of them, and before lib.sh.
# shellcheck disable=SC2034 # some of these are used by the programs only

# Before every absolute path: empty on a host, the folder that stands in for its root in tests.
ROOT=${CLUSTERPROXY_ROOT:-}
# Between the number of participants and the name of a session.
US=$(printf '\037.')
US=${US%.}
NL='
'

# properties_value KEY FILE: the last value of a key in a Java properties file into $value; false where it has
# none
properties_value() {
  value=$(sed -n "s/^[[:space:]]*$1[[:space:]]*[=:][[:space:]]*//p" "$2" 2>/dev/null) || value=
  value=${value##*"$NL"}
  case $value in *[[:cntrl:]]) value=${value%"$(printf '\r')"} ;; esac
  case $value in *\\*) value=$(printf '%s\n' "$value" | sed 's/\\\(.\)/\1/g') ;; esac
  [ -n "$value" ]
}

# setting KEY FILE...: the value of a key in Java properties files into $value; false where none of them has
# it. Those below /etc, which an operator writes, win over those of a package; among equals the first.
setting() {
  _key=$1
  shift
  for _pass in operator package; do
    for _file; do
      case $_file in /etc/*) _whose=operator ;; *) _whose=package ;; esac
      if [ $_whose != $_pass ] || [ ! -f "$ROOT$_file" ] || [ ! -r "$ROOT$_file" ]; then continue; fi
      if properties_value "$_key" "$ROOT$_file"; then return 0; fi
    done
  done
  return 1
}

# hash_program NAMES: of hash algorithms that are separated by commas, the program for one of them into $hash;
# false where none is known
hash_program() {
  _names=,$(printf '%s' "$1" | tr -d ' \t' | tr '[:upper:]' '[:lower:]'),
  for _name in sha256 sha512 sha384 sha1; do
    case $_names in *,$_name,*) hash=${_name}sum && return 0 ;; esac
  done
  hash=
  return 1
}

# http_get MAXIMUM_TIME URL HEADER...: the body on stdout; 0 for an answer below 400. The URL is never an
# argument of a process, since anybody on the host can read those.
http_get() {
  _time=$1
  _url=$2
  shift 2
  case $_url in *[\"\\]* | *"$NL"*) return 3 ;; esac
  if command -v curl >/dev/null 2>&1; then
    {
      printf 'url = "%s"\n' "$_url"
      for _header; do
        printf 'header = "%s"\n' "$(printf '%s' "$_header" | sed 's/[\\"]/\\&/g')"
      done
    } | curl -q --silent --fail --globoff --noproxy '*' --max-time "$_time" --config -
  elif command -v wget >/dev/null 2>&1; then
    _set=$#
    while [ "$_set" -gt 0 ]; do
      set -- "$@" "--header=$1"
      shift
      _set=$((_set - 1))
    done
    printf '%s\n' "$_url" | wget --no-config --no-proxy --quiet --tries=1 --timeout="$_time" --max-redirect=0 -O - "$@" -i -
  else
    return 127
  fi
}

# begun HANDLER...: while a run is put back, whether it had begun one of these handlers: a service that they
# restart may be silent because of that
begun() {
  for _handler; do
    case " ${CLUSTERPROXY_BEGUN:-} " in *" $_handler "*) return 0 ;; esac
  done
  return 1
}

# clients PORT[-PORT]...: how many connections to these ports of this host stay open into $clients: those that
# are there now and a second later, so that a question which is just being answered isn't one. False where the
# kernel can't be asked. The form is that of proc_net_tcp in the kernel's documentation; 01: ESTABLISHED.
clients() {
  _ports=$*
  clients=0
  _open=$(open_connections) || return
  [ -n "$_open" ] || return 0
  sleep 1
  # One that can't be asked again, or counted, isn't gone.
  _still=$(open_connections) || return
  clients=$(printf '%s\n' "$_open" "$_still" | awk 'seen[$0]++ == 1 { count++ } END { print count + 0 }')
}
open_connections() {
  [ -r "$ROOT/proc/net/tcp" ] || return
  set -- "$ROOT/proc/net/tcp"
  [ ! -r "$ROOT/proc/net/tcp6" ] || set -- "$@" "$ROOT/proc/net/tcp6"
  # Letters before the numbers: a port such as 1E03 must not be compared as a number.
  awk -v ports="$_ports" '
    BEGIN {
      count = split(ports, range, " ")
      for (i = 1; i <= count; i++) {
        ends = split(range[i], end, "-")
        low[i] = sprintf("p%04X", end[1])
        high[i] = sprintf("p%04X", end[ends])
      }
    }
    $4 == "01" {
      port = $2
      sub(/.*:/, "p", port)
      for (i = 1; i <= count; i++) if (port >= low[i] && port <= high[i]) { print $2, $3; break }
    }' "$@"
}
