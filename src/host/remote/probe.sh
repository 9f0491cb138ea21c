# shellcheck shell=sh
# Looks at a host: everything that the steps, guards and warnings need, in one go, with as few processes as
# possible. Writes nothing on the host. Runs after lib.sh and folders.sh, with $nonce and the records of
# $request set.
#
# Output: sections that begin with a line `NONCE name`. The nonce is drawn for each probe, so nothing that was
# on the host before can look like a section. File contents are framed by their lengths. The last line is
# `NONCE end`.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

IFS=$NL
maximum_size=1048576
maximum_total=33554432
maximum_matches=2000

# No QUOTING_STYLE but this one tells a link's name from its target whatever they hold.
export QUOTING_STYLE=c
format="%f$US%a$US%s$US%U$US%G$US%n$US%N$US%Z$US%u$US%g"

section() {
  printf '%s %s\n' "$nonce" "$1"
}

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
  count=$3
  shift 3
  while [ $# -le "$count" ]; do set -- "$@" ''; done
  ask "$@"
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

closed=
paths=
packages=
units=
names=
queries=
section globs
cluster=
for record in $request; do
  value=${record#*"$US"}
  case ${record%%"$US"*} in
    cluster) cluster=$value ;;
    path) paths=$paths$NL$ROOT$value ;;
    glob)
      closed_below "$ROOT" "${value#/}"
      set +f
      IFS=
      set -- $ROOT$value
      IFS=$NL
      set -f
      if [ -e "$1" ] || [ -L "$1" ]; then
        [ $# -le $maximum_matches ] || printf '%s\n' "too-many$US$value$US$#"
        count=0
        for match; do
          case $match in *[[:cntrl:]]*) continue ;; esac
          count=$((count + 1))
          [ $count -le $maximum_matches ] || break
          paths=$paths$NL$match
          printf '%s\n' "match$US$value$US$match"
        done
      fi
      ;;
    package) packages=$packages$NL$value ;;
    unit) units=$units$NL$value ;;
    name) names=$names$NL$value ;;
    program) take_program "${value%%"$US"*}" "${value#*"$US"}" ;;
    query)
      queries=$queries$NL$record
      closed_to_query "$record"
      ;;
  esac
done

own_state "$cluster"
managed_units=
if [ -n "$cluster" ] && [ -r "$ours/managed-paths" ]; then
  while read -r path; do
    case $path in
      /*) paths=$paths$NL$ROOT$path ;;
      unit:*)
        units=$units$NL${path#unit:}
        managed_units=$managed_units$NL${path#unit:}
        ;;
    esac
  done <"$ours/managed-paths"
fi

section facts
printf '%s\n' "root$US$ROOT" "top$US$top" "foreign$US$foreign"
line=
{ read -r line <"$ROOT/etc/machine-id" || :; } 2>/dev/null
printf '%s\n' "machine-id$US$line"
line=
{ read -r line </proc/sys/kernel/random/boot_id || :; } 2>/dev/null
printf '%s\n' "boot-id$US$line"
# sd_booted(3): systemd is what runs this host
if [ -d "$ROOT/run/systemd/system" ]; then printf '%s\n' "systemd${US}yes"; else printf '%s\n' "systemd${US}no"; fi
for file in "$ROOT/etc/os-release" "$ROOT/usr/lib/os-release"; do
  [ -r "$file" ] || continue
  while IFS= read -r line; do
    case $line in ID=* | PRETTY_NAME=*) printf '%s\n' "os$US$line" ;; esac
  done <"$file"
  break
done
for unit in $managed_units; do printf '%s\n' "managed-unit$US$unit"; done
for manager in apt-get dnf yum; do
  if command -v "$manager" >/dev/null 2>&1; then
    printf '%s\n' "package-manager$US$manager"
    break
  fi
done
# What is remembered of this cluster, and of others that manage something here
mine=no
[ ! -d "$ours" ] || mine=yes
for record in $(states); do
  name=${record%%"$US"*}
  state=${record#*"$US"}
  kind=other
  if [ "$name" = "$cluster" ]; then
    kind=own
    mine=yes
  elif [ ! -s "$state/managed-paths" ]; then
    continue
  fi
  {
    IFS=' ' read -r role sharing
    while read -r unit; do printf '%s\n' "state-unit$US$name$US$unit"; done
  } 2>/dev/null <"$state/role" || role='' sharing=''
  printf '%s\n' "$kind-state$US$name$US$state$US$role$US$sharing"
  paths=$paths$NL$state/ledger.json
done
closed_below "$ROOT" var/lib/clusterproxy/ledger.json
closed_below "$ROOT" 'var/lib/clusterproxy/clusters/*/ledger.json'
closed_below "$ROOT" 'var/lib/clusterproxy/runs/*/state'
for path in $closed; do printf '%s\n' "closed$US$path"; done
path=$base
[ -e "$path" ] || path=$ROOT/var/lib
if [ ! -w "$path" ]; then printf '%s\n' "look-only${US}yes"; fi
set +f
for run in "$base"/runs/*; do
  [ -d "$run" ] || continue
  state=incoming
  outcome=
  holder=
  read -r state <"$run/state" || :
  cluster_of "$run"
  [ "$whose" != "$cluster" ] || mine=yes
  case $state in
    committed | reverted | refused | deferred | abandoned) ;;
    *)
      read -r outcome <"$run/outcome" || :
      while read -r line; do
        case $line in holder"$US"*) holder=${line#*"$US"} && break ;; esac
      done <"$run/manifest"
      # Whether somebody works on it.
      units=$units${NL}clusterproxy-${run##*/}.service
      ;;
  esac
  printf '%s\n' "run$US${run##*/}$US$state$US$outcome$US$holder$US$whose"
done 2>/dev/null
set -f
if [ -d "$base" ] && { [ $mine = yes ] || ! remembers_others "$cluster"; }; then printf '%s\n' "remembers${US}yes"; fi
{
  while read -r line; do printf '%s\n' "owed$US$line"; done <"$ours/owed"
  read -r line _ </proc/uptime && printf '%s\n' "uptime$US$line"
} 2>/dev/null
# Of nginx its workers tell what it took up, not its first process, which a reload leaves: proc_pid_task(5),
# proc_pid_stat(5).
case $units$NL in
  *"${NL}nginx$NL"* | *"${NL}nginx.service$NL"*)
    master=
    children=
    {
      read -r master <"$ROOT/run/nginx.pid"
      read -r children <"$ROOT/proc/$master/task/$master/children"
      IFS=' '
      for child in $children; do
        read -r line <"$ROOT/proc/$child/cmdline"
        case $line in
          *'shutting down'*) ;;
          'nginx: worker process'*)
            read -r line <"$ROOT/proc/$child/stat"
            # Field 22, counted behind the name.
            set -- ${line##*) }
            printf '%s\n' "nginx-worker$US${20:-0}"
            ;;
        esac
      done
      IFS=$NL
    } 2>/dev/null
    ;;
esac

# Where a path leads, and by which folders, for whom it may concern; a link by itself, as it goes on from
# there.
links=
folders=
ways=
seen=$NL
for path in $paths; do
  folder=${path%/*}
  if [ -L "$path" ]; then
    links=$links$NL$path
    folder=$path
  fi
  case $seen in *"$NL$folder$NL"*) continue ;; esac
  seen=$seen$folder$NL
  # Where it fails, those that it came by are what counts.
  walk "$folder" || :
  note_way "$walked"
  ways=$ways$NL$folder$US$walked$US$missing$turns
done
section ways
printf '%s\n' "$ways"
# This process' own folder in /proc tells who we are (its owner) and what time it is (it was just made).
section stat
stats=$(stat -c "$format" -- /proc/self/. $paths $folders 2>&1)
printf '%s\n' "$stats"
followed=
if [ -n "$links" ]; then
  section followed
  followed=$(stat -L -c "$format" -- $links 2>&1)
  printf '%s\n' "$followed"
  section destinations
  readlink -m -z -- $links
  echo
fi

my_user=
for record in $stats; do
  case $record in *"/.$US"*) ;; *) continue ;; esac
  IFS=$US
  set -- $record
  IFS=$NL
  case ${6:-} in */.) ;; *) continue ;; esac
  if [ -n "$my_user" ]; then note_exposed "$2" "$9" "${10}" "$6"; else
    my_user=$9
    # shellcheck disable=SC2034 # for `writers`
    my_group=${10}
  fi
done
# What leads by a link that others could change isn't read, and what lies in their folders not by its name.
barred=
theirs=
if [ -n "$exposed" ]; then
  for record in $ways; do
    path=${record%%"$US"*}
    record=${record#*"$US"}
    walked=${record%%"$US"*}
    record=${record#*"$US"}
    turns=
    case $record in *"$US"*) turns=$US${record#*"$US"} ;; esac
    if first_turn; then
      barred=$barred$NL$path$US
    elif first_exposed "$walked"; then
      theirs=$theirs$NL$path$US$walked$US
    fi
  done
fi

section files
files=
guarded=
total=0
seen=$NL
for record in $stats $followed; do
  IFS=$US
  set -- $record
  IFS=$NL
  [ $# -ge 7 ] || continue
  # 8xxx in hexadecimal: a regular file
  case $1 in 8???) ;; *) continue ;; esac
  case $seen in *"$NL$6$NL"*) continue ;; esac
  seen=$seen$6$NL
  case $6 in
    /proc/* | /sys/* | "$ROOT"/proc/* | "$ROOT"/sys/*)
      printf '%s\n' "kernel$US$6"
      continue
      ;;
  esac
  folder=
  if [ -n "$exposed" ]; then
    way=${6%/*}
    case $links$NL in *"$NL$6$NL"*) way=$6 ;; esac
    case $barred in
      *"$NL$way$US"*)
        printf '%s\n' "barred$US$6"
        continue
        ;;
    esac
    case $theirs in
      *"$NL$way$US"*)
        folder=${theirs#*"$NL$way$US"}
        folder=${folder%%"$US"*}
        [ "$way" = "$6" ] || folder=$folder/${6##*/}
        ;;
    esac
  fi
  if [ "$3" -gt $maximum_size ]; then
    printf '%s\n' "large$US$6"
  elif [ ! -r "$6" ]; then
    printf '%s\n' "denied$US$6"
  elif [ $((total + $3)) -gt $maximum_total ]; then
    printf '%s\n' "full$US$6"
  elif [ -n "$folder" ]; then
    total=$((total + $3))
    guarded=$guarded$NL$6$US$folder
  else
    total=$((total + $3))
    printf '%s\n' "content$US$6$US$3"
    # An empty file is read as well: one that has grown since is noticed.
    files=$files$NL$6
  fi
done
section contents
if [ -n "$files" ]; then cat -- $files 2>/dev/null; fi
printf '\n'

# read_inside PATH PLACE: a file in a folder of another account, from inside of the folder that was looked at;
# no link is followed, and no pipe waited for. Told before and behind is what it is, so that another one that
# had the name meanwhile is noticed.
read_inside() {
  name=${2##*/}
  section "guarded $1"
  (
    cd -P -- "${2%/*}/" || exit
    [ "$PWD" = "${2%/*}" ] || exit
    identity="%f$US%s$US%h$US%u$US%d$US%i$US%z"
    stat -c "$identity" -- . "./$name"
    section guarded-content
    dd if="./$name" bs=$maximum_size count=1 iflag=nofollow,nonblock,fullblock
    printf '\n'
    section guarded-again
    stat -c "$identity" -- . "./$name"
  ) 2>/dev/null
}
for record in $guarded; do read_inside "${record%%"$US"*}" "${record#*"$US"}"; done

section space
set --
for path in / /etc /var/lib; do
  if [ -d "$ROOT$path" ]; then set -- "$@" "$ROOT$path"; fi
done
stat -f -c "%a$US%b$US%n" -- "$@" 2>/dev/null

section units
# Those asked for, and whichever others failed: the state narrows the pattern only.
systemctl show --no-pager --state=failed -p Id -p Names -p LoadState -p ActiveState -p SubState -p UnitFileState \
  -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic -- \
  $units '*' 2>/dev/null

if [ -n "$packages" ]; then
  section packages
  if [ -e "$ROOT/var/lib/dpkg/status" ]; then
    dpkg-query --admindir="$ROOT/var/lib/dpkg" -W \
      -f="\${db:Status-Status}$US\${Package}$US\${Version}\n" -- $packages 2>/dev/null
  elif command -v rpm >/dev/null 2>&1; then
    rpm --root="${ROOT:-/}" -q --qf "installed$US%{NAME}$US%{VERSION}-%{RELEASE}\n" -- $packages 2>/dev/null
  fi
fi

names_from $names
queries_from $queries
section end
