# shellcheck shell=sh
# The part of the probe that asks: names of hosts, and queries, all at once. Runs before probe.sh.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

# names_from NAME...: each with its addresses. All are asked at once: the pipe holds an answer until those
# after it are printed. Positional parameters are the only variables that a function has for itself.
names_from() {
  if [ $# -gt 0 ]; then timeout -k 1 5 getent ahosts "$1" 2>/dev/null | name_after_the_rest "$@"; fi
}
name_after_the_rest() {
  names_from_the_rest "$@"
  section "name $1"
  cat
}
names_from_the_rest() {
  shift
  names_from "$@"
}

# queries_from RECORD...: likewise. An answer that is too long loses its middle, never its status.
queries_from() {
  if [ $# -gt 0 ]; then answer_to "$1" | answer_after_the_rest "$@"; fi
}
answer_to() {
  IFS=$US
  set -- $1
  IFS=$NL
  record_kind=$1
  count=$3
  shift 3
  while [ $# -le "$count" ]; do set -- "$@" ''; done
  if [ "$record_kind" = guard ]; then ask_people "$people_by_name" "$@"; else ask "$@"; fi
  printf '\n%s status %s\n' "$nonce" $?
}
answer_after_the_rest() {
  queries_from_the_rest "$@"
  field 2 "$1"
  section "answer $field"
  # dd and not head: busybox' head takes more than it prints
  dd bs=65536 count=1 iflag=fullblock 2>/dev/null
  tail -c 60
}
queries_from_the_rest() {
  shift
  queries_from "$@"
}

# browse RECORD...: what is asked as a browser would ask, all hosts behind this one at once; each answer is a
# section. Of the questions for one host, the next is asked only where something works: it would get the same
# answer. Which one counts isn't known here, and what answers another one may be anybody.
browse() {
  field 6 "$1"
  _own=$field
  field 7 "$1"
  find_own_address "$field" "$_own"
  browse_for "$@"
}
browse_for() {
  if [ $# -gt 0 ]; then
    field 5 "$1"
    browse_one "$field" "$@" | browse_the_rest "$field" "$@"
  fi
}
browse_the_rest() {
  _host=$1
  shift
  while [ $# -gt 0 ] && field 5 "$1" && [ "$field" = "$_host" ]; do shift; done
  browse_for "$@"
  cat
}
browse_one() {
  _host=$1
  shift
  for _record; do
    field 5 "$_record"
    [ "$field" = "$_host" ] || break
    field 2 "$_record"
    section "answer $field"
    _answer=$(browse_record "$_record")
    printf '%s\n%s status %s\n' "$_answer" "$nonce" $?
    case $_answer in 'HTTP/'???' 5'*) break ;; 'HTTP/'*) ;; *) break ;; esac
  done
}
browse_record() {
  IFS=$US
  set -- $1
  IFS=$NL
  shift 6
  ask_as_browser any "$@"
}

# closed_below FOLDER REST: tells what on the way from a folder to a path below it is closed to us. What isn't
# seen there may be there all the same. Components of the path may be patterns; of the last one it is the file
# itself that counts.
closed_below() {
  while :; do
    if [ -d "$1/" ] && [ ! -x "$1/" ]; then
      closed=$closed$NL${1:-/}
      return
    fi
    case $2 in */*) ;; *) break ;; esac
    case ${2%%/*} in *[*?[]*) break ;; esac
    set -- "$1/${2%%/*}" "${2#*/}"
  done
  case ${2%%/*} in
    *[*?[]*)
      if [ -d "$1/" ] && [ ! -r "$1/" ]; then
        closed=$closed$NL$1
        return
      fi
      case $2 in */*) ;; *) return ;; esac
      set +f
      IFS=
      set -- "${2#*/}" "$1"/${2%%/*}
      IFS=$NL
      set -f
      for _match; do
        case $_match in /*) if [ -d "$_match" ]; then closed_below "$_match" "$1"; fi ;; esac
      done
      ;;
    *) if [ -f "$1/$2" ] && [ ! -r "$1/$2" ]; then closed=$closed$NL$1/$2; fi ;;
  esac
}

# take_program NUMBER LENGTH: a text of the playbook's; they follow on stdin, in the order of their records
take_program() {
  eval "program_$1=\$(dd bs=$2 count=1 iflag=fullblock 2>/dev/null)"
}
# program_text NUMBER: see ask_program in lib.sh
program_text() {
  eval "printf '%s\n' \"\$program_$1\""
}

# The files that a query may read: see lib.sh.
closed_to_query() {
  IFS=$US
  set -- $1
  IFS=$NL
  _kind=$4
  shift 4
  case $_kind in
    search) [ $# -eq 0 ] || shift ;;
    certificate | command | program) ;;
    *) return 0 ;;
  esac
  for _path; do
    case $_path in /*) closed_below "$ROOT" "${_path#/}" ;; esac
  done
}
