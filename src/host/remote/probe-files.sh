# shellcheck shell=sh
# The part of the probe that tells what is at each path, and what regular files hold. Runs before probe.sh.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

maximum_size=1048576
maximum_total=33554432

# No QUOTING_STYLE but this one tells a link's name from its target whatever they hold.
export QUOTING_STYLE=c
format="%f$US%a$US%s$US%U$US%G$US%n$US%N$US%Z$US%u$US%g$US%h"

tell_files() {
  tell_ways
  tell_states
  tell_mounts
  judge_ways
  tell_contents
}

# Where a path leads, and by which folders, for whom it may concern; a link by itself, as it goes on from
# there.
tell_ways() {
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
}

# What is at each path; of links also what they lead to.
tell_states() {
  section stat
  find_marks
  # This process' own folder in /proc tells who we are (its owner) and what time it is (it was just made).
  # shellcheck disable=SC2046
  set -- $(stat -c "$format" -- $marks /proc/self/. $paths $folders 2>&1)
  marks_seen=
  stats=
  # Complaints come at any place.
  while [ $# -gt 0 ]; do
    case $1 in
      *"$US/proc/self/.$US"*) break ;;
      *"$US"*) marks_seen=$marks_seen$NL$1 ;;
      *) stats=$stats$NL$1 ;;
    esac
    shift
  done
  stats="$*$stats"
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
}

# Which of them are mount points of their own, as files are that were bound into a container: nothing can be
# renamed over those. Told is that of each mount that shows a part of a file system only; see proc(5),
# /proc/pid/mountinfo.
tell_mounts() {
  section mounts
  while IFS=' ' read -r _ _ _ _part _mount _; do
    [ "$_part" != / ] || continue
    case $paths$NL in *"$NL$_mount$NL"*) printf '%s\n' "$_mount" ;; esac
  done 2>/dev/null </proc/self/mountinfo
}

# What leads by a link that others could change isn't read, and what lies in their folders not by its name.
judge_ways() {
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
}

# Regular files that are neither too large, nor closed to us, nor to be reached by a name that others give.
tell_contents() {
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
  for record in $guarded; do read_inside "${record%%"$US"*}" "${record#*"$US"}"; done
}

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
