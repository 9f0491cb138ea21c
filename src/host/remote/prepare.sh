# shellcheck shell=sh
# The first part of a run: everything that can fail does so here, before anything changes. Sourced by
# runner.sh.
# shellcheck disable=SC2154 # run and dir are set by the program

# The folder that a change is worked on in. What an access list of the folder around it lets others do is
# taken back before anything is in it.
make_inside() {
  shown="the folder beside $shown"
  said=$(
    {
      cd -P -- "${folder:-/}" && [ "$PWD" = "${folder:-/}" ] && mkdir -m 0700 -- "$fresh" && go_to_made &&
        { [ "$whose" = roots ] || chmod 0700 .; } && go_inside && is_empty . && { [ "$whose" = roots ] || sync -- . ..; }
    } 2>&1
  ) || cannot_prepare "${said:-it was replaced}"
  [ "$whose" != roots ] || sync_later "${folder:-/}" "$inside"
}
go_to_made() {
  cd -P -- "$fresh" && [ "$PWD" = "$inside" ] && [ -O . ]
}

save_original() {
  case $before_kind in
    file | symlink)
      # The original gets its second name first: what has it can't be exchanged any more while it is looked at
      # and saved.
      if ! said=$(ln -P -- "$path" "$original" 2>&1); then
        look_there
        [ "$looked" = "$before" ] || changed_meanwhile
        cannot_prepare "$said"
      fi
      [ -L "$original" ] || [ -f "$original" ] || changed_meanwhile
      is_of_this_place || refuse folder-not-roots "$shown belongs to $_owner, lies in a folder of another account, and has a second name (hard link) elsewhere" \
        'check whose file it is, and remove that name: rm' ''
      said=$(cp --preserve=all --no-dereference -- "$original" "$dir/before/$number" 2>&1) || cannot_prepare "$said"
      [ "$before_kind" != file ] || saved=$saved$dir/before/$number$NL
      ;;
    *)
      look_there
      [ "$looked" = "$before" ] || changed_meanwhile
      ;;
  esac
}
# The saved copies are what was planned from.
check_saved() {
  case $before_kind in file | symlink) ;; *) return 0 ;; esac
  seen_together || look "$dir/before/$number"
  [ "$looked" = "$before" ] || changed_meanwhile
}
save_originals() {
  saved=
  each_change save_original
  look_together saved
  each_change check_saved
  # Whoever can read the file itself has no business with what it once was.
  IFS=$NL
  # shellcheck disable=SC2086
  set -- $saved
  IFS=$default_ifs
  [ $# -eq 0 ] || chmod 0600 -- "$@"
}
# Where others may give names, they may have given one to a file that isn't theirs.
is_of_this_place() {
  if [ "$whose" != theirs ] || [ "$before_kind" != file ]; then return 0; fi
  _links=$(stat -c '%h %u %U' -- "$original" && stat -c %u ..) || return
  # shellcheck disable=SC2086
  set -- $_links
  _owner=$3
  case $1:$2 in 2:*) return 0 ;; *:0 | *:"$my_user") return 1 ;; esac
  [ "$2" = "$4" ]
}
unchanged() {
  seen_together || look_there
  [ "$looked" = "$before" ] || changed_meanwhile
}
# Before there is a folder to work in; where others may give names, it has to wait for that.
still_as_planned() {
  ! any_record folder-of "$number" || return 0
  look "$path"
  [ "$looked" = "$before" ] || changed_meanwhile
}
# The folder that a change is worked on in is gone, or another is in its place.
lost() {
  # shellcheck disable=SC2012 # for a person to read
  refuse changed-meanwhile "the folder of $shown was replaced while the run was in progress" \
    'find out what does that, then review the plan again' "$(ls -ld -- "${folder:-/}" "$inside" 2>&1 | one_line)"
}
changed_meanwhile() {
  refuse changed-meanwhile "$shown is no longer as it was when the plan was made" \
    'somebody or something else changed it: review the plan again' "$(differing_words)"
}
without_sums() {
  printf '%s\n' "$1" | sed "s/${US}[0-9a-f]\{64\}${US}/$US$US/g" | tr "$US" ' '
}
# Without the sums, by which a short secret in the file could be found.
differing_words() {
  {
    field 2 "$before"
    _planned=$field
    field 2 "${looked:-}"
    [ "$_planned" = "$field" ] || printf 'the content differs\n'
    _planned=$(without_sums "$before")
    _now=$(without_sums "${looked:-nothing}")
    [ "$_planned" = "$_now" ] || printf 'planned from: %s\nnow: %s\n' "$_planned" "$_now"
  } | one_line
}
cannot_prepare() {
  shown=${shown:-the run}
  if disk_trouble "$shown" "$1"; then refuse "$code" "$words" "$advice" "$1"; fi
  case $1 in
    *'invalid user'* | *'invalid group'*)
      refuse unknown-owner "$after_user:$after_group, the planned owner of $shown, does not exist on the host" \
        'check the spelling, or first install the package that creates the account' "$1"
      ;;
  esac
  refuse prepare-failed "$shown could not be prepared" 'look at the output of the host; nothing was changed' "$(printf '%s\n' "$1" | one_line)"
}

write_beside() {
  case $after_kind in
    file)
      said=$(write_file 2>&1) || cannot_prepare "$said"
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
      fi
      ;;
  esac
  if [ -L "$fresh" ] || [ ! -e "$fresh" ]; then set -- .; else set -- "$fresh" .; fi
  if [ "$whose" != roots ]; then
    sync -- "$@"
    return
  fi
  for _made; do sync_later "$inside/${_made#./}"; done
}
write_file() {
  # A copy of the original first: extended attributes, access lists and the SELinux context stay as they were.
  if [ "$before_kind" = file ]; then cp --preserve=all -- "$original" "$fresh"; else (umask 077 && : >"$fresh"); fi &&
    cat -- "$dir/contents/$number" >"$fresh" || return
  case $before_kind:$before_user:$before_group:$before_mode in
    "file:$after_user:$after_group:$after_mode") ;;
    *) chown -- "$after_user:$after_group" "$fresh" && chmod -- "0$after_mode" "$fresh" ;;
  esac
}
check_beside() {
  [ "$after_kind" = file ] || return 0
  seen_together || look "$fresh"
  [ "$looked" = "$after" ] || cannot_prepare "$(differing_words)"
}

# note_active_units: which of the units that the run has to do with are active. One whose state the run sets
# is looked after with that.
note_active_units() {
  find_records unit-state
  column 3 "$records"
  set_here=$NL$column$NL
  noted=$NL
  each_record note_unit unit
  each_record note_unit_of action
  each_record note_unit_of check
  # shellcheck disable=SC2086 # a name of a unit is one word
  look_at_units $noted
  each note_if_active "${noted#"$NL"}"
}
note_unit() {
  case $set_here in *"$NL${2%.service}.service$NL"* | *"$NL$2$NL"*) return 0 ;; esac
  case $noted in *"$NL${2%.service}$NL"*) ;; *) noted=$noted${2%.service}$NL ;; esac
}
note_unit_of() {
  case $1:$3 in action:reload | action:restart | check:active) note_unit unit "$5" ;; esac
}
note_if_active() {
  was_seen_active "$1" || return 0
  were_active=$were_active$1$NL
  printf '%s\n' "$1" >>"$dir/active"
}

# shellcheck disable=SC2317 # reached, below
make_own_files() {
  mkdir -p -- "$dir/before" "$dir/beside" && true >"$dir/away" && true >"$dir/started" && true >"$dir/active" && true >"$dir/units" && true >"$dir/output" &&
    boot_id >"$dir/boot" && [ -s "$dir/boot" ]
}

# refuse_other CLUSTER FOLDER: a host may serve several clusters only where it has a role in all of them that
# says so. Of version 0.1 the role isn't known.
refuse_other() {
  [ "$1" != "$cluster" ] && [ -s "$2/managed-paths" ] || return 0
  _sharing=
  { read -r _ _sharing <"$2/role" || :; } 2>/dev/null
  find_records role
  field 3 "$records"
  if [ "$field" = shared ] && [ "$_sharing" != alone ]; then return 0; fi
  refuse another-cluster "this host belongs to the cluster $1, not to $cluster" \
    "retire it from that cluster first (\`clusterproxy retire\`), or correct cluster.name in the inventory"
}

# What version 0.1 kept goes to where it is looked for now, by second names first, so that it is whole in the
# one place or in the other. What stays in its place is for that version: it takes it for the work of a newer
# one, and leaves the host alone.
move_old_state() {
  mkdir -p -- "$base/clusters" || return
  old_state
  if [ -n "$old" ]; then
    _moving=$base/clusters/.$old
    rm -rf -- "$_moving" && mkdir -- "$_moving" || return
    for _name in ledger.json managed-paths owed; do
      [ ! -e "$base/$_name" ] || ln -P -- "$base/$_name" "$_moving/$_name" || return
    done
    # What keeps others away from the cluster may be there already.
    for _name in hold lease; do
      [ ! -e "$base/clusters/$old/$_name" ] || ln -P -- "$base/clusters/$old/$_name" "$_moving/$_name" || return
    done
    [ ! -d "$base/clusters/$old/agreements" ] || cp -a -- "$base/clusters/$old/agreements" "$_moving/" || return
    rm -rf -- "$base/clusters/$old"
    sync -- "$_moving" && mv -T -- "$_moving" "$base/clusters/$old" && sync -- "$base/clusters" || return
  fi
  if [ -e "$base/cluster" ] || [ ! -e "$base/ledger.json" ]; then
    printf '{"schemaVersion": 2, "see": "clusters/NAME/ledger.json"}\n' >"$base/.older.$run" || return
    sync -- "$base/.older.$run" && mv -T -f -- "$base/.older.$run" "$base/ledger.json" || return
    rm -f -- "$base/managed-paths" "$base/owed" "$base/cluster"
  fi
}

# Whoever undoes a run knows the units of its handlers alone (a line `+` says so): those that are needed
# besides stay written down.
keep_needed_units() {
  grep -Fxq -e + "$dir/role" || return 0
  {
    head -n 1 -- "$dir/role"
    { sed '1d; /^+$/d' "$dir/role" && { [ ! -e "$ours/role" ] || sed 1d "$ours/role"; }; } | sort -u
  } >"$dir/.role" && mv -T -f -- "$dir/.role" "$dir/role"
}

prepare() {
  value_of machine
  id=
  { read -r id <"$ROOT/etc/machine-id" || :; } 2>/dev/null
  [ "$id" = "$field" ] || refuse another-machine 'this is not the machine that the plan was made for' \
    'another machine answers at its address now: check the inventory, then plan again' "machine-id: $id, planned for: $field"
  await_package_managers
  settle_others
  each refuse_other "$(states)"
  # Before the guards are asked: what they ask may have been restarted by that.
  [ "$settled" = no ] || each_change still_as_planned
  replace_queued different
  if ! in_time || ! ask_guards; then put_off; fi
  replace_queued all
  shown='the folder of the run'
  said=$(make_own_files 2>&1) || cannot_prepare "$said"
  shown='the unit that settles the run at boot'
  install_boot_unit || cannot_prepare "$said"
  note_active_units
  each_change place_beside
  judge_folders
  # shellcheck disable=SC2034 # for `note_removed`
  removed=$NL
  each_change note_removed
  each_change leave_removed
  enough_space
  # So that whoever tidies up after a power cut knows where.
  set +f
  sync -- "$dir/beside" "$dir/beside"/* 2>/dev/null
  set -f
  each_change make_inside
  # shellcheck disable=SC2034 # for `work_beside`
  beside=yes
  save_originals
  each_change write_beside
  look_together fresh
  each_change check_beside
  sync_later "$dir" "$dir/before"
  sync_all
  # So that committing is done by renames as well.
  shown='the record of what is managed'
  said=$({ move_old_state && mkdir -p -- "$ours" && sync -- "$ours" "$base/clusters" "$base"; } 2>&1) ||
    cannot_prepare "$said"
  said=$(keep_needed_units 2>&1) || cannot_prepare "$said"
  for _name in ledger.json managed-paths role; do
    said=$(cp -- "$dir/$_name" "$ours/.$_name.$run" 2>&1 && sync -- "$ours/.$_name.$run" 2>&1) || cannot_prepare "$said"
  done
  enter prepared || refuse prepare-failed 'the state of the run could not be written' 'check the disks of the host' ''
}
