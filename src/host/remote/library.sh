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
