# shellcheck shell=sh
# The part of the probe that finds out which managed paths have changed behind our back. What the host's logs
# know of that: trace-authors.sh. Runs before probe.sh. Where nothing has changed it starts no process.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2034 # some variables are for the other parts
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

maximum_changed=50
# Of what changed longer ago, in seconds, no log is read.
maximum_age=604800

# find_marks: what tells when runs were at work, and when units were enabled, into $marks. Looked at together
# with the paths.
find_marks() {
  marks=
  [ "$managed" != "$NL" ] || return 0
  marks=$run_marks
  set +f
  for unit in $managed_units; do
    case $unit in *.*) ;; *) unit=$unit.service ;; esac
    set -- "$ROOT/etc/systemd/system/$unit" "$ROOT"/etc/systemd/system/*.wants/"$unit" "$ROOT"/etc/systemd/system/*.requires/"$unit"
    enabling=
    for path; do if [ -L "$path" ]; then enabling=$enabling$NL$path; fi; done
    if [ -z "$enabling" ]; then
      lost=$lost$unit$NL
      # Ours for the next start come and go in that of sysinit.target.
      for path in "$ROOT"/etc/systemd/system/*.wants/.; do
        case $path in */sysinit.target.wants/.) ;; *) if [ -e "$path" ]; then enabling=$enabling$NL$path; fi ;; esac
      done
    fi
    for path in $enabling; do case $marks$NL in *"$NL$path$NL"*) ;; *) marks=$marks$NL$path ;; esac; done
  done
  set -f
}
lost=$NL

# changed_since: managed paths that have changed while no run was at work, each with when, and `gone` if it
# is, into $changed; into $unseen those that no log is read for, with why: `old` or `many`.
# Seconds of change (ctime): no command turns them back. Of what is gone, that is when its folder changed.
changed_since() {
  changed=
  unseen=
  now=
  count=0
  doubtful=
  gone=$NL
  [ "$managed" != "$NL" ] || return 0
  find_spans
  [ -n "$spans" ] || return 0
  for record in $stats; do
    IFS=$US
    set -- $record
    IFS=$NL
    if [ $# -ge 8 ]; then
      case $managed in *"$NL${6#"$ROOT"}$NL"*) ;; *) continue ;; esac
      in_span "$8" || note_changed "${6#"$ROOT"}" "$8"
    else
      case $record in "stat: cannot "*": No such file or directory") ;; *) continue ;; esac
      path=${record%[\"\']": No such"*}
      path=${path#*[\"\']}
      path=${path#"$ROOT"}
      case $managed in *"$NL$path$NL"*) gone=$gone$path$NL ;; esac
    fi
  done
  [ "$gone" = "$NL" ] || find_gone
  [ -z "$managed_units" ] || find_units
  [ -z "$doubtful" ] || leave_wanted
}

# The times in which runs were at work, each `FROM UNTIL`, into $spans: `boot` is written when one begins to
# prepare, `state` renamed into place when it ends. Where none is remembered, until the ledger was put in
# place.
find_spans() {
  spans=
  since=
  known=$NL
  begun=
  for record in $marks_seen; do
    IFS=$US
    set -- $record
    IFS=$NL
    case $6 in
      */runs/*/boot) begun=${6%boot}$US$8 ;;
      */runs/*/state)
        [ "${begun%%"$US"*}" = "${6%state}" ] || continue
        begun=${begun#*"$US"}
        spans="$spans$NL$begun $8"
        if [ -z "$since" ] || [ "$begun" -lt "$since" ]; then since=$begun; fi
        begun=
        ;;
    esac
  done
  [ -z "$spans" ] || return 0
  for record in $stats; do
    case $record in *"$US$ours/ledger.json$US"*) ;; *) continue ;; esac
    field 8 "$record"
    since=$field
    spans="$NL$field $field"
    break
  done
}

# in_span SECONDS: whether a run was at work then, or it is longer ago than what is remembered of runs
in_span() {
  case $1 in '' | *[!0-9]*) return 0 ;; esac
  case $known in
    *"$NL$1 yes$NL"*) return 0 ;;
    *"$NL$1 no$NL"*) return 1 ;;
  esac
  if [ "$1" -le "$since" ]; then return 0; fi
  for span in $spans; do
    if [ "$1" -ge "${span% *}" ] && [ "$1" -le "${span#* }" ]; then
      known="$known$1 yes$NL"
      return 0
    fi
  done
  known="$known$1 no$NL"
  return 1
}

# note_changed PATH SECONDS [gone]
note_changed() {
  [ -n "$now" ] || now=$(date +%s 2>/dev/null) || now=0
  case $now in '' | *[!0-9]*) now=0 ;; esac
  if [ "$2" -lt $((now - maximum_age)) ]; then
    unseen=$unseen$NL$1$US$2${US}old
  elif [ $((count += 1)) -gt $maximum_changed ]; then
    unseen=$unseen$NL$1$US$2${US}many
  else
    changed=$changed$NL$1$US$2$US${3:-}
  fi
}

find_gone() {
  for record in $stats; do
    IFS=$US
    set -- $record
    IFS=$NL
    [ $# -ge 8 ] || continue
    case $6 in */.) ;; *) continue ;; esac
    folder=${6%/.}
    folder=${folder#"$top"}
    case $gone in *"$NL$folder/"*) ;; *) continue ;; esac
    ! in_span "$8" || continue
    for path in $gone; do
      [ "${path%/*}" != "$folder" ] || doubtful=$doubtful$NL$path$US$8
    done
  done
}

# A unit changes with the links by which it is enabled or masked; one that has none has lost them when a
# target's folder changed: systemctl(1).
find_units() {
  for record in $marks_seen; do
    IFS=$US
    set -- $record
    IFS=$NL
    case $6 in
      "$ROOT"/etc/systemd/system/*.wants/.)
        ! in_span "$8" || continue
        for unit in $lost; do doubtful=$doubtful${NL}unit:$unit$US$8; done
        ;;
      "$ROOT"/etc/systemd/system/*) in_span "$8" || note_changed "unit:${6##*/}" "$8" ;;
    esac
  done
}

# Of what is gone, or not enabled, all that a run wanted so is as it should be.
leave_wanted() {
  patterns=
  for record in $doubtful; do
    path=${record%"$US"*}
    case $path in
      unit:*)
        unit=${path#unit:}
        patterns=$patterns$US$unit$US$NL$US${unit%.service}$US$NL
        ;;
      *) patterns=$patterns$US$path$US$NL ;;
    esac
  done
  set +f
  planned=$(grep -H -F -e "${patterns%"$NL"}" -- "$base"/runs/*/manifest 2>/dev/null)
  set -f
  ends=
  for record in $planned; do
    run=${record%%/manifest:*}
    state_of "$run"
    case $state in committed | kept) ;; *) continue ;; esac
    IFS=$US
    set -- ${record#*/manifest:}
    IFS=$NL
    case $1 in
      change) ends=$ends$NL$3$US${10:-} ;;
      unit-state)
        case $3 in *.*) unit=$3 ;; *) unit=$3.service ;; esac
        ends=$ends${NL}unit:$unit$US$6
        ;;
    esac
  done
  for record in $doubtful; do
    path=${record%"$US"*}
    case $ends$NL in
      *"$NL$path$US"*)
        # The last of those runs counts.
        wanted=${ends##*"$NL$path$US"}
        case ${wanted%%"$NL"*} in absent | disabled | '' | static | indirect) continue ;; esac
        ;;
    esac
    note_changed "$path" "${record##*"$US"}" gone
  done
}
