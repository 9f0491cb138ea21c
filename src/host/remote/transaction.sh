# shellcheck shell=sh
# What runner.sh and settle.sh have in common: a run's folder, its states and its log. Sourced after lib.sh,
# with $run set.
#
# A run's folder: manifest, record.json, the new ledger.json, managed-paths and role; contents/N (what change
# N is to become; until the run has ended), hide (a script of sed's, where it brings secrets), programs/N
# (what guards ask, of the playbook), before/N (what it was), beside/N (where it is worked on: see
# `work_beside`), states/ and outcomes/ (a small file for each, made while there was still space), away (files
# aren't as they were, or may not be), state (one of states/, renamed into place), end (what becomes of a run
# that isn't committed), outcome (a second name of one in outcomes/: commit, revert or keep), expired and
# declined (why a run that waited is put back), started (ids of handlers), units (numbers of those that were
# set), active (units that were), owed (handlers that were left undone because somebody was there), answering
# (what answered to a browser before the swap), broken (units that a check found so), redone (ids of handlers
# that a revert ran), received and boot (which start of the host it came and began in), boot-folders (made for
# the boot unit), log.
# shellcheck disable=SC2154 # run is set by the program
# shellcheck disable=SC2034 # some variables are for the programs only

dir=$base/runs/$run
manifest=$dir/manifest

# log FIELD...: a record at the end of the log, which the controller follows. A full disk must not stop a
# revert.
log() {
  _line=$1
  shift
  for _field; do _line=$_line$US$_field; done
  printf '%s\n' "$_line" >>"$dir/log" || :
} 2>/dev/null

current_state() {
  state=incoming
  read -r state <"$dir/state" || :
} 2>/dev/null

# enter STATE: by renaming a file that is there already, so that a full disk can't stop it; durable before
# anything follows
enter() {
  mv -T -f -- "$dir/states/$1" "$dir/state" && sync -- "$dir" && log state "$1" "$(date +%s)"
}

# decide commit|revert|keep: false where somebody else has decided. link(2) gives a name to one of all who ask
# for it, and needs no space for it.
decide() {
  ln -PT -- "$dir/outcomes/$1" "$dir/outcome" 2>/dev/null && sync -- "$dir"
}

decided() {
  outcome=
  read -r outcome <"$dir/outcome" || :
} 2>/dev/null

# show PROPERTY UNIT: the value alone in $shown_value. systemd may be slow, but must not hold up a revert for
# ever.
show() {
  shown_value=$(timeout -k 5 60 systemctl show -p "$1" "$2" 2>/dev/null 9>&-) || :
  shown_value=${shown_value#*=}
}

# look_at_units UNIT...: the state of each, and how often systemd has restarted it, by one process, for
# seen_of
look_at_units() {
  units_seen=$NL
  [ $# -gt 0 ] || return 0
  _blocks=$(timeout -k 5 60 systemctl show -p Names -p ActiveState -p NRestarts -- "$@" 2>/dev/null 9>&-)$NL || :
  while [ -n "${_blocks%"$NL"}" ]; do
    _names=
    _state=
    _restarts=
    IFS=$NL
    for _property in ${_blocks%%"$NL$NL"*}; do
      case $_property in
        Names=*) _names=${_property#*=} ;;
        ActiveState=*) _state=${_property#*=} ;;
        NRestarts=*) _restarts=${_property#*=} ;;
      esac
    done
    IFS=$default_ifs
    units_seen="$units_seen $_names $US$_state$US$_restarts$NL"
    case $_blocks in *"$NL$NL"*) _blocks=${_blocks#*"$NL$NL"} ;; *) _blocks= ;; esac
  done
}

# seen_of UNIT: what look_at_units has found of it into $unit_state and $unit_restarts; $unmet says how it is,
# should it not be active
seen_of() {
  unit_state=
  unit_restarts=
  for _name in "$1" "$1.service"; do
    case $units_seen in
      *" $_name "*)
        _seen=${units_seen#*" $_name "}
        _seen=${_seen%%"$NL"*}
        _seen=${_seen#*"$US"}
        unit_state=${_seen%"$US"*}
        unit_restarts=${_seen#*"$US"}
        break
        ;;
    esac
  done
  unmet="$1 is ${unit_state:-unknown}"
}

# at_work RUN: its unit is there, or the last part of it, settle.sh
at_work() {
  show ActiveState "clusterproxy-$1.service"
  case $shown_value in active | activating | deactivating | reloading) return 0 ;; *) return 1 ;; esac
}

# initializing, starting, running, degraded, maintenance or stopping; see systemctl(1)
system_state() {
  timeout -k 5 30 systemctl is-system-running 2>/dev/null 9>&- || :
}

# Who holds the lock: in words, and the run's id, for others to read.
name_holder() {
  value_of holder
  printf '%s, on this host since %s (UTC)\n%s\n' "$field" "$(date -u '+%Y-%m-%d %H:%M:%S')" "$run" >"$base/.holder.$run" &&
    sync -- "$base/.holder.$run" && mv -T -f -- "$base/.holder.$run" "$base/holder" && return
  # Only for others to read: no reason to stop.
  rm -f -- "$base/.holder.$run"
  return 0
} 2>/dev/null

# each FUNCTION RECORDS: calls it with the fields of each record; stops at the first that fails. Only
# positional parameters are a function's own, hence no variable lives across the call.
each() {
  while [ -n "$2" ]; do
    case $2 in
      *"$NL"*) set -- "$1" "${2#*"$NL"}" "${2%%"$NL"*}" ;;
      *) set -- "$1" '' "$2" ;;
    esac
    with_fields "$1" "$3" || return
  done
}
with_fields() {
  _function=$1
  IFS=$US
  # shellcheck disable=SC2086 # splitting is what it is for
  set -- $2
  IFS=$default_ifs
  "$_function" "$@"
}

manifest_text=$(cat -- "$manifest" 2>/dev/null)

# find_records KIND [HANDLER]: those of the manifest, one a line, into $records. Starts no process: a run asks
# hundreds of times.
find_records() {
  _begin=$1$US${2:+$2$US}
  records=
  IFS=$NL
  for _record in $manifest_text; do
    case $_record in "$_begin"*) records=${records:+$records$NL}$_record ;; esac
  done
  IFS=$default_ifs
}

# any_record KIND [HANDLER]: whether there is one
any_record() {
  find_records "$@"
  [ -n "$records" ]
}

# each_record FUNCTION KIND [HANDLER]: as each
each_record() {
  _function=$1
  shift
  find_records "$@"
  each "$_function" "$records"
}

# value_of KIND: the first field of the manifest's record of that kind, in $field
value_of() {
  find_records "$1"
  field 2 "$records"
}

# column N RECORDS: the Nth field of each, one a line, into $column
column() {
  _column=$1
  column=
  each add_to_column "$2"
}
add_to_column() {
  [ $# -ge "$_column" ] || return 0
  shift $((_column - 1))
  column=${column:+$column$NL}$1
}

# reversed RECORDS: the last one first, into $records
reversed() {
  records=
  IFS=$NL
  for _record in $1; do records=$_record${records:+$NL$records}; done
  IFS=$default_ifs
}

# Whose run it is, and where what is remembered of that cluster lies: ledger.json, managed-paths, role (that
# of the host in it, and whether other clusters may be there: `shared` or `alone`; then the units that it
# needs) and owed.
value_of cluster
cluster=$field
ours=$base/clusters/$cluster

is_empty() {
  set +f
  for _inside in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$_inside" ] || [ -L "$_inside" ]; then set -f && return 1; fi
  done
  set -f
}

inode() {
  stat -c %d:%i -- "$1" 2>/dev/null
}

# timed SECONDS COMMAND...: its status; its words in $said
timed() {
  _output=$dir/output
  # Not `:`, with which a shell ends where it can't write.
  [ -w "$_output" ] && true >"$_output" || _output=/dev/null
  _status=0
  timeout -k 5 "$@" </dev/null >>"$_output" 2>&1 9>&- || _status=$?
  said=
  [ ! -s "$_output" ] || said=$(one_line <"$_output")
  [ $_status -ne 124 ] || said="it was stopped after $1 seconds$(printf '\036')$said"
  return $_status
}

# turn_unit UNIT ENABLED ACTIVE ENABLED ACTIVE [OPTION]: from a state to another, in words of `systemctl
# show`; false when one command fails, which is in $turned, its words in $said
turn_unit() {
  _unit=$1
  _was=$2
  _runs=$3
  _becomes=$4
  _to_run=$5
  _option=${6:---}
  # First of all: what is asked before a stop mustn't grow old.
  if [ "$_runs" != "$_to_run" ] && [ "$_to_run" != active ]; then turn stop "$_option" || return; fi
  if [ "$_was" != "$_becomes" ]; then
    if [ "$_was" = masked ]; then turn unmask || return; fi
    case $_becomes in
      enabled) turn enable || return ;;
      masked) turn mask || return ;;
      # static, indirect and so on are what remains of a unit that isn't enabled
      *) [ "$_was" = masked ] || turn disable || return ;;
    esac
  fi
  if [ "$_runs" != "$_to_run" ] && [ "$_to_run" = active ]; then turn start "$_option"; fi
}
turn() {
  turned="systemctl $1 $_unit"
  timed 120 systemctl "$1" ${2:+"$2"} "$_unit"
}

# unit_is_active UNIT: else $unmet says how it is
unit_is_active() {
  look_at_units "$1"
  seen_of "$1"
  [ "$unit_state" = active ]
}

# last_words UNIT: the end of its journal, for a message
last_words() {
  command -v journalctl >/dev/null 2>&1 || return 0
  timeout 5 journalctl --no-pager -q -o cat -n 15 -u "$1" 2>/dev/null | one_line
}

# Changes whenever the host is started: some containers share their machine's id, but not the start time of
# their first process (field 22, counted behind the name, which may hold blanks: proc(5)).
boot_id() {
  read -r _id </proc/sys/kernel/random/boot_id || _id=
  read -r _first </proc/1/stat || _first=
  # shellcheck disable=SC2086
  set -- ${_first##*) }
  echo "$_id ${20:-}"
}

unit_files_involved() {
  ! each_record is_no_unit_file change
}
is_no_unit_file() {
  case $3 in /etc/systemd/* | /run/systemd/* | /usr/lib/systemd/* | /lib/systemd/* | /usr/local/lib/systemd/*) return 1 ;; esac
}
