# shellcheck shell=sh
# The first part of a run: everything that can fail does so here, before anything changes. Sourced by runner.sh.
# shellcheck disable=SC2154 # run and dir are set by the program

## What must not go on meanwhile

# /proc/locks tells the inode and the process of each lock; the process must have that very file open, since another file system
# can have the same inode number. False, with $busy in words, where one is at work.
package_managers_idle() {
  for _file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock /var/lib/apt/lists/lock \
    /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
    [ -e "$ROOT$_file" ] || continue
    _inode=$(stat -c %i -- "$ROOT$_file")
    _pids=$(sed -n "s/^[0-9]*: [A-Z]* *[A-Z]* *[A-Z]* *\(-\{0,1\}[0-9]*\) [0-9a-f]*:[0-9a-f]*:$_inode .*/\1/p" /proc/locks 2>/dev/null)
    for _pid in $_pids; do
      set +f
      for _open in "/proc/$_pid/fd/"*; do
        set -f
        # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
        [ "$_open" -ef "$ROOT$_file" ] || continue
        read -r _name <"/proc/$_pid/comm" || _name='a process'
        busy="$_name (process $_pid) holds $_file"
        return 1
      done
      set -f
    done
  done
}

# A run that installs packages waits for its turn, as package managers do; others don't, as what they change may be changed by it.
await_package_managers() {
  _patience=0
  if records act | cut -d "$US" -f 4 | grep -q -- '-packages$'; then _patience=600; fi
  _until=$(($(now) + _patience))
  _told=
  until package_managers_idle; do
    [ "$(now)" -lt $_until ] || refuse package-manager-busy "$busy" \
      'wait until the package manager is done, then run the command again'
    [ "$_told" = "$busy" ] || log waiting-for-packages "$busy"
    _told=$busy
    sleep 1
  done
}

# is_dead FOLDER: of a run that has not got far. One that has written its `boot` has had the lock, which is ours now.
is_dead() {
  ! at_work "${1##*/}" || return 1
  [ ! -e "$1/boot" ] || return 0
  read -r _received <"$1/received" || _received=
  read -r _id </proc/sys/kernel/random/boot_id
  [ "$_received" != "$_id" ] || [ -n "$(find "$1/received" -mmin +1)" ]
}

# Other runs that were left open are brought to their end first; none of them is alive, since we hold the lock.
settle_others() {
  set +f
  set -- "$base"/runs/*/
  set -f
  for _other; do
    _other=${_other%/}
    [ "$_other" != "$dir" ] || continue
    [ -d "$_other" ] || continue
    _state=incoming
    read -r _state <"$_other/state" || _state=incoming
    case $_state in
      incoming)
        # One that waits for the lock, or is about to be started for that, is none of ours.
        if is_dead "$_other"; then CLUSTERPROXY_LOCKED=1 sh "$_other/settle.sh" "${_other##*/}" 9>&-; fi
        ;;
      prepared | acting | open | waiting | stuck)
        log settling "${_other##*/}" "$_state"
        CLUSTERPROXY_LOCKED=1 sh "$_other/settle.sh" "${_other##*/}" 9>&- || :
        read -r _state <"$_other/state" || _state=unknown
        case $_state in
          stuck | open | prepared | acting | waiting | unknown)
            refuse unsettled-run "the run ${_other##*/} could not be brought to its end on this host (it is $_state)" \
              "look at ${_other#"$ROOT"}/log, mend the cause, then: sh /var/lib/clusterproxy/settle ${_other##*/} revert" \
              "$(grep "^stuck$US" "$_other/log" | tail -n 5 | tr "$US" ' ' | one_line)"
            ;;
        esac
        ;;
    esac
  done
} 2>/dev/null

## Preparing

# Where the temporary names go: the nearest folder that is there, so that putting them in place is a rename. Not one that
# this run removes, which has to be empty for that.
note_removed() {
  if [ "$before_kind" = directory ] && [ "$after_kind" = absent ]; then removed=$removed$path$NL; fi
}
place_beside() {
  folder=${path%/*}
  until [ -d "$folder/" ] && stays; do folder=${folder%/*}; done
  printf '%s\n' "$folder" >"$dir/beside/$number"
}

stays() {
  case $removed in *"$NL$folder$NL"*) return 1 ;; esac
}

save_original() {
  case $before_kind in
    file | symlink)
      if [ ! -e "$path" ] && [ ! -L "$path" ]; then changed_meanwhile; fi
      [ -L "$path" ] || [ -f "$path" ] || changed_meanwhile
      said=$(cp --preserve=all --no-dereference -- "$path" "$dir/before/$number" 2>&1) || cannot_prepare "$said"
      look "$dir/before/$number"
      ;;
    *) look "$path" ;;
  esac
  [ "$looked" = "$before" ] || changed_meanwhile
  # Whoever can read the file itself has no business with what it once was.
  [ "$before_kind" != file ] || chmod 0600 -- "$dir/before/$number"
}
unchanged() {
  look "$path"
  [ "$looked" = "$before" ] || changed_meanwhile
}
changed_meanwhile() {
  refuse changed-meanwhile "$shown is no longer what was planned from" \
    'somebody or something else changed it; look at the plan again' "$(differing_words)"
}
# Without the sums, by which a short secret in the file could be found.
differing_words() {
  {
    field 2 "$before"
    _planned=$field
    field 2 "${looked:-}"
    [ "$_planned" = "$field" ] || printf 'the content is another\n'
    printf 'planned from: %s\nnow: %s\n' "$before" "${looked:-nothing}" | sed "s/${US}[0-9a-f]\{64\}${US}/$US$US/g" | tr "$US" ' '
  } | one_line
}
cannot_prepare() {
  shown=${shown:-the run}
  case $1 in
    *'No space left'* | *'quota exceeded'*)
      refuse no-space "there is no space for $shown" 'make room on the host; nothing was changed' "$1"
      ;;
    *'invalid user'* | *'invalid group'*)
      refuse unknown-owner "$after_user:$after_group, who is to own $shown, is not known on the host" \
        'check the spelling, or install the package that brings the user first' "$1"
      ;;
  esac
  refuse prepare-failed "$shown can't be prepared" 'look at what the host said; nothing was changed' "$(printf '%s\n' "$1" | one_line)"
}

write_beside() {
  case $after_kind in
    file)
      # A copy of the original first: extended attributes, access lists and the SELinux context stay as they were.
      if [ "$before_kind" = file ]; then
        said=$(cp --preserve=all -- "$path" "$fresh" 2>&1) || cannot_prepare "$said"
      else
        said=$( (umask 077 && : >"$fresh") 2>&1) || cannot_prepare "$said"
      fi
      # What is written may be a secret that the old mode would show.
      said=$(chmod go-rwx -- "$fresh" 2>&1) || cannot_prepare "$said"
      said=$( (cat -- "$dir/contents/$number" >"$fresh") 2>&1) || cannot_prepare "$said"
      said=$(chown -- "$after_user:$after_group" "$fresh" 2>&1 && chmod -- "0$after_mode" "$fresh" 2>&1) || cannot_prepare "$said"
      look "$fresh"
      [ "$looked" = "$after" ] || cannot_prepare "$(differing_words)"
      sync -- "$fresh"
      ;;
    symlink)
      _target=$after_target
      case $_target in /*) _target=$ROOT$_target ;; esac
      said=$(ln -sT -- "$_target" "$fresh" 2>&1) || cannot_prepare "$said"
      ;;
    directory)
      if [ "$before_kind" = absent ]; then
        said=$(mkdir -m 0700 -- "$fresh" 2>&1 && chown -- "$after_user:$after_group" "$fresh" 2>&1 && chmod -- "00$after_mode" "$fresh" 2>&1) ||
          cannot_prepare "$said"
        sync -- "$fresh"
      fi
      ;;
  esac
  case $before_kind in
    file | symlink)
      said=$(ln -P -- "$path" "$original" 2>&1) || cannot_prepare "$said"
      ;;
  esac
  sync -- "$folder"
}

enough_space() {
  # 16 MiB beyond what is written: filling a file system to the last block hurts whoever else writes there.
  _bytes=$(cat "$dir"/record.json "$dir"/ledger.json | wc -c)
  set +f
  _bytes=$((_bytes + $(cat "$dir"/contents/* /dev/null 2>/dev/null | wc -c)))
  _folders=$(cat "$dir"/beside/* /dev/null 2>/dev/null | sort -u)
  set -f
  IFS=$NL
  # shellcheck disable=SC2086
  set -- "$base" $_folders
  IFS=$default_ifs
  for _folder; do
    _free=$(stat -f -c '%a %S' -- "$_folder" 2>/dev/null) || continue
    if [ $((${_free% *} * ${_free#* })) -lt $((_bytes * 2 + 16777216)) ]; then
      refuse no-space "the file system of ${_folder#"$ROOT"} is full" 'make room on the host; nothing was changed' \
        "$(df -h -- "$_folder" 2>&1 | one_line)"
    fi
  done
}

# One whose state the run sets is looked after with that.
note_active() {
  case $NL$(records unit-state | cut -d "$US" -f 3)$NL in *"$NL${2%.service}.service$NL"* | *"$NL$2$NL"*) return 0 ;; esac
  case $noted in *"$NL${2%.service}$NL"*) return 0 ;; esac
  noted=$noted${2%.service}$NL
  show ActiveState "$2"
  [ "$shown_value" != active ] || printf '%s\n' "$2" >>"$dir/active"
}
note_active_unit_of() {
  case $1:$3 in action:reload | action:restart | check:active) note_active unit "$5" ;; esac
}

# shellcheck disable=SC2317 # reached, below
make_own_files() {
  mkdir -p -- "$dir/before" "$dir/beside" && true >"$dir/started" && true >"$dir/active" && true >"$dir/units" && true >"$dir/output" &&
    boot_id >"$dir/boot" && [ -s "$dir/boot" ]
}

# refuse_other CLUSTER FOLDER: a host may serve several clusters only where it has a role in all of them that
# says so. Of version 0.1 the role isn't known.
refuse_other() {
  [ "$1" != "$cluster" ] && [ -s "$2/managed-paths" ] || return 0
  _sharing=
  { read -r _ _sharing <"$2/role" || :; } 2>/dev/null
  field 3 "$(records role)"
  if [ "$field" = shared ] && [ "$_sharing" != alone ]; then return 0; fi
  refuse another-cluster "this host belongs to the cluster $1, not to $cluster" \
    "take it out there first (\`clusterproxy retire\`), or correct cluster.name in the inventory"
}

# What version 0.1 kept goes to where it is looked for now, by second names first, so that it is whole in the one
# place or in the other. What stays in its place is for that version: it takes it for the work of a newer one, and
# leaves the host alone.
move_old_state() {
  mkdir -p -- "$base/clusters" || return
  old_state
  if [ -n "$old" ]; then
    _moving=$base/clusters/.$old
    rm -rf -- "$_moving" && mkdir -- "$_moving" || return
    for _name in ledger.json managed-paths owed; do
      [ ! -e "$base/$_name" ] || ln -P -- "$base/$_name" "$_moving/$_name" || return
    done
    sync -- "$_moving" && mv -T -- "$_moving" "$base/clusters/$old" && sync -- "$base/clusters" || return
  fi
  if [ -e "$base/cluster" ] || [ ! -e "$base/ledger.json" ]; then
    printf '{"schemaVersion": 2, "see": "clusters/NAME/ledger.json"}\n' >"$base/.older.$run" || return
    sync -- "$base/.older.$run" && mv -T -f -- "$base/.older.$run" "$base/ledger.json" || return
    rm -f -- "$base/managed-paths" "$base/owed" "$base/cluster"
  fi
}

prepare() {
  value_of machine
  id=
  { read -r id <"$ROOT/etc/machine-id" || :; } 2>/dev/null
  [ "$id" = "$field" ] || refuse another-machine 'this is not the machine that was looked at' \
    'somebody else answers at its address now: check the inventory, then look again' "machine-id: $id, planned for: $field"
  each refuse_other "$(states)"
  await_package_managers
  settle_others
  ask_guards || put_off
  shown='the folder of the run'
  said=$(make_own_files 2>&1) || cannot_prepare "$said"
  shown='the unit that settles the run when the host is started'
  install_boot_unit || cannot_prepare "$said"
  noted=$NL
  each note_active "$(records unit)"
  each note_active_unit_of "$(records action)"
  each note_active_unit_of "$(records check)"
  removed=$NL
  each_change note_removed
  each_change place_beside
  enough_space
  # So that whoever tidies up after a power cut knows where.
  set +f
  sync -- "$dir/beside" "$dir/beside"/* 2>/dev/null
  set -f
  each_change save_original
  each_change write_beside
  sync -- "$dir" "$dir/before"
  # So that committing is done by renames as well.
  shown='the record of what is managed'
  said=$({ move_old_state && mkdir -p -- "$ours" && sync -- "$ours" "$base/clusters" "$base"; } 2>&1) ||
    cannot_prepare "$said"
  for _name in ledger.json managed-paths role; do
    said=$(cp -- "$dir/$_name" "$ours/.$_name.$run" 2>&1 && sync -- "$ours/.$_name.$run" 2>&1) || cannot_prepare "$said"
  done
  enter prepared || refuse prepare-failed 'the state of the run could not be written' 'look at the host'"'"'s disks' ''
}
