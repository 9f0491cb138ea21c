# shellcheck shell=sh
# What the programs that run on a host have in common. Sent before each of them, behind library.sh; never
# stored but in a run's folder.
#
# Data come as records, one a line, with fields separated by U+001F: not white space to IFS, so empty fields
# survive.
# shellcheck disable=SC2034 # some of these are used by the programs only
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's

default_ifs=" $(printf '\t')$NL"
IFS=$default_ifs
standard_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A folder that is treated as a host's root brings stand-ins for the host's programs.
if [ -n "$ROOT" ]; then PATH=$PATH:$standard_path; else PATH=$standard_path:$PATH; fi
LC_ALL=C
export PATH LC_ALL
unset LANGUAGE CDPATH ENV BASH_ENV POSIXLY_CORRECT TMPDIR CLUSTERPROXY_BEGUN
umask 022
set -uf
cd /

base=$ROOT/var/lib/clusterproxy
# A link there, or the folder of another account, could lead anywhere: none of it is read or written.
foreign=no
# shellcheck disable=SC3067 # not in POSIX, but in dash, bash and busybox
if [ -L "$base" ] || { [ -e "$base" ] && [ -O "$ROOT/" ] && [ ! -O "$base" ]; }; then
  foreign=yes
  base=/proc/self/none
fi

# What is remembered of a cluster is in $base/clusters/NAME. Version 0.1 knew one cluster alone, and kept that
# in $base itself: the name of such a cluster into $old, until it was moved.
old_state() {
  old=
  { IFS= read -r old <"$base/cluster" || :; } 2>/dev/null
  [ -n "$old" ] && [ ! -e "$base/clusters/$old/ledger.json" ] || old=
}

# own_state CLUSTER: the folder with what is remembered of it into $ours, whether it is there or not
own_state() {
  ours=$base/clusters/$1
  old_state
  [ -z "$old" ] || [ "$old" != "$1" ] || ours=$base
}

# states: name and folder of each cluster that manages something here, or has
states() {
  old_state
  [ -z "$old" ] || printf '%s\n' "$old$US$base"
  set +f
  for _state in "$base"/clusters/*/; do
    _state=${_state%/}
    [ ! -e "$_state/ledger.json" ] || printf '%s\n' "${_state##*/}$US$_state"
  done
  set -f
}

# cluster_of FOLDER: whose a run is into $whose
cluster_of() {
  whose=
  while read -r _line; do
    case $_line in cluster"$US"*) whose=${_line#*"$US"} && break ;; esac
  done <"$1/manifest"
} 2>/dev/null

# state_of FOLDER: that of a run into $state. Without one it is `incoming`; with one that nobody knows it is
# treated as `open`: whoever settles it puts back what isn't as it was. `remains` is what is left of a run
# whose removal was interrupted: nothing in it can be settled, and no file of the host is away.
state_of() {
  state=
  { read -r state <"$1/state" || :; } 2>/dev/null
  case $state in
    queued | running | prepared | acting | open | waiting | committed | reverted | kept | refused | deferred | abandoned | conflict | stuck) return 0 ;;
  esac
  if [ ! -s "$1/manifest" ] || [ ! -s "$1/settle.sh" ]; then
    state=remains
    [ ! -e "$1/away" ] || [ -s "$1/outcome" ] || state=stuck
  elif [ -e "$1/state" ]; then
    state=open
  else
    state=incoming
  fi
}

# sequence_of FOLDER: which of the runs on this host it is, by number, into $sequence; empty where it never
# began, or version 0.1 carried it out. A run's id tells what time its controller had.
sequence_of() {
  sequence=
  { read -r sequence <"$1/sequence" || :; } 2>/dev/null
  # One that begins with 0 is octal to the shell.
  case $sequence in *[!0-9]* | 0* | ???????????????*) sequence= ;; esac
}

# remembers_others CLUSTER: whether there is anything of another cluster, if only records of runs, or of nodes
# that are out
remembers_others() {
  old_state
  [ -z "$old" ] || [ "$old" = "$1" ] || return 0
  set +f
  for _folder in "$base"/clusters/*/ "$base"/cordons/*/; do
    _folder=${_folder%/}
    if [ -d "$_folder" ] && [ "${_folder##*/}" != "$1" ]; then set -f && return 0; fi
  done
  for _folder in "$base"/runs/*/; do
    [ -d "$_folder" ] || continue
    cluster_of "${_folder%/}"
    if [ -n "$whose" ] && [ "$whose" != "$1" ]; then set -f && return 0; fi
  done
  set -f
  return 1
}

# The seconds since the host was started into $now: not disturbed by a clock that is set
now() {
  read -r now _ </proc/uptime
  now=${now%%.*}
}

# is_past SECONDS: whether that much time has gone by since the host was started
is_past() {
  now
  [ "$now" -ge "$1" ]
}

# field N RECORD: the Nth field (from 1) into $field
field() {
  _number=$1
  _saved=$IFS
  IFS=$US
  # shellcheck disable=SC2086 # splitting is what it is for
  set -- $2
  IFS=$_saved
  if [ "$_number" -le $# ]; then eval "field=\${$_number}"; else field=; fi
}

# same_machine ID: this is the machine that was looked at; an address may have moved since. True where no id
# was given.
same_machine() {
  [ -n "$1" ] || return 0
  _id=
  { read -r _id <"$ROOT/etc/machine-id" || :; } 2>/dev/null
  [ "$_id" = "$1" ]
}

# Reads from stdin, writes what can be shown on one line of the log: no control characters, at most 8000
# bytes, line ends as U+001E. Hidden first, then cut: half a secret would not be found.
one_line() {
  first_part | tr -d '\000-\010\013-\037\177' | head -c 8000 | tr '\n\t' '\036 '
}

# disk_trouble WHAT WORDS: whether a program's words say that it could not write WHAT because a file system is
# full or read-only; then $code, $words and $advice tell it
disk_trouble() {
  case $2 in
    *'No space left'* | *'quota exceeded'*)
      code=no-space
      words="there is no disk space for $1"
      advice='free some disk space on the host; nothing was changed'
      ;;
    *'Read-only file system'*)
      code=read-only
      words="$1 is on a read-only file system"
      advice='find out why (a disk that fails is mounted read-only: look at dmesg), then run the command again'
      ;;
    *) return 1 ;;
  esac
}

# Programs quote the files that they complain of. What a run brings that is a secret stands in its `hide`, a
# script of sed's.
first_part() {
  if [ -s "${dir:-/dev/null}/hide" ]; then head -c 65536 | sed -f "$dir/hide"; else head -c 65536; fi
}

# search PATTERN PATH: whether a file at the path, which may be a glob, has a line that the extended regular
# expression matches. Status 0: yes, 1: no, 2: there is no such file. The file stays here: it may be megabytes
# of a program.
search() {
  _pattern=$1
  _saved=$IFS
  IFS=
  set +f
  # shellcheck disable=SC2086 # without IFS only a glob splits
  set -- $ROOT$2
  set -f
  IFS=$_saved
  timeout -k 1 10 grep -q -s -D skip -E -e "$_pattern" -- "$@" </dev/null
}

# seconds_of DATE: `Nov 27 19:56:14 2026 GMT` since the epoch; false where date(1) doesn't read that
seconds_of() {
  [ -n "$1" ] && date -u -d "$1" +%s 2>/dev/null
}

# certificate PATH DAYS NAME...: whether the file is a certificate for all the names that is valid for so many
# days to come; but for no more than half of its lifetime, or a quarter of one of less than four weeks.
# Status 0: yes, 1: no, with a line that says why, 2: it can't be told.
certificate() {
  _file=$ROOT$1
  _days=$2
  shift 2
  if [ ! -r "$_file" ]; then
    echo 'it does not exist'
    return 1
  fi
  if ! command -v openssl >/dev/null 2>&1; then
    echo 'the host has no openssl to read it with'
    return 2
  fi
  _least=$((_days * 86400))
  _within="$_days days"
  _dates=$(timeout -k 1 10 openssl x509 -in "$_file" -noout -dates </dev/null 2>/dev/null)
  _from=${_dates#*notBefore=}
  if _from=$(seconds_of "${_from%%"$NL"*}") && _to=$(seconds_of "${_dates#*notAfter=}"); then
    _most=$(((_to - _from) / 2))
    _share=half
    if [ $((_to - _from)) -lt 2419200 ]; then _most=$((_most / 2)) _share='a quarter'; fi
    if [ "$_least" -gt "$_most" ] && [ "$_most" -ge 0 ]; then _least=$_most _within="$_share of its lifetime"; fi
  fi
  if ! timeout -k 1 10 openssl x509 -in "$_file" -noout -checkend "$_least" </dev/null >/dev/null 2>&1; then
    echo "it expires within $_within, or is not a certificate"
    return 1
  fi
  _names=$(timeout -k 1 10 openssl x509 -in "$_file" -noout -ext subjectAltName </dev/null 2>/dev/null | tr -d ' ' | tr ',' '\n')
  for _name; do
    printf '%s\n' "$_names" | grep -Fixq -e "DNS:$_name" && continue
    echo "it is not valid for $_name"
    return 1
  done
}

# ask_program NUMBER ARGUMENT...: what a program of the playbook says, with library.sh before it, in a shell
# of its own: its time limit holds for all that it starts. Its status; 124 or 137 where it took too long, 125
# where its text is not there.
ask_program() {
  _number=$1
  shift
  # Not as an argument, which may only be so long.
  # shellcheck disable=SC2016 # it is that shell which is to expand it
  program_text "$_number" | timeout -k 1 10 sh -c \
    'text=$(cat) && [ -n "$text" ] || { echo "the program is not there"; exit 125; }; exec </dev/null; eval "$text"' \
    guard "$@" 2>&1 &
  end_of $!
  _asked=$?
  case $_asked in 124 | 137) echo 'it took too long' ;; esac
  return $_asked
}

# end_of PROCESS: the status of a timeout(1) that was started in the background, and an end to whatever it has
# left running: it and all that it starts are a group of their own
end_of() {
  wait "$1"
  _ended=$?
  kill -s KILL -- "-$1" 2>/dev/null
  return $_ended
}

# ask KIND ARGUMENT...: answers a query; its output on stdout, and its status. What a query leaves running in
# a session of its own may keep its output open for ever, or print without end: its words are read no longer
# than it may take, and only so many are.
# Descriptors: 3 is the output, 4 brings the status, and no query has either of them.
ask() {
  {
    _status_of_query=$({
      { answer_query "$@" 3>&- 4>&- && echo 0 >&4 || echo $? >&4; } |
        timeout -k 1 15 cat 3>&- 4>&- | { head -c 65536 >&3 && cat >/dev/null; } 4>&-
    } 4>&1)
  } 3>&1
  return "${_status_of_query:-125}"
}
answer_query() {
  _kind=$1
  shift
  case $_kind in
    program) ask_program "$@" ;;
    http) http_get 8 "$@" 2>/dev/null ;;
    search) search "$@" ;;
    certificate) certificate "$@" ;;
    failed-challenges) failed_challenges "$@" ;;
    command)
      timeout -k 1 10 "$@" </dev/null 2>&1 &
      end_of $!
      ;;
    *)
      echo "the query $_kind is unknown"
      return 125
      ;;
  esac
}
