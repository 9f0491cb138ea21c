# shellcheck shell=sh
# Where each change is worked on, whether root alone gives names on the way to it, and whether there is space.
# Sourced by runner.sh, before prepare.sh.
# shellcheck disable=SC2154 # dir and what `with_change` sets are set by the program
# shellcheck disable=SC2034 # some variables are for the program

# Where a change is worked on: in the nearest folder that is there, so that putting things in place is a
# rename. How it is reached is written down as well: the next look at the way may find another one.
place_beside() {
  walk "${path%/*}" || changed_meanwhile
  [ -d "$walked/" ] || changed_meanwhile
  # What is not there yet is made by this run, or was there when it was planned.
  [ -z "$missing" ] || is_made_here "${shown%/*}" || refuse changed-meanwhile \
    "the folder of $shown was removed after the plan was made" \
    'somebody or something else removed it: review the plan again'
  note_way "$walked"
  whose=roots
  ! any_record folder-of "$number" || whose=theirs
  folder=$walked
  name=${missing:+$missing/}${path##*/}
  note_place
}
is_made_here() {
  made_here=$1
  ! each_record is_not_made change
}
is_not_made() {
  case $3:$4 in "$made_here":absent) return 1 ;; esac
}
note_place() {
  printf '%s\n' "$folder" "$name" "$whose" "$turns" >"$dir/beside/$number"
}

# Not in one that this run removes, which has to be empty for that.
note_removed() {
  if [ "$before_kind" = directory ] && [ "$after_kind" = absent ]; then
    walk "$path" || changed_meanwhile
    removed=$removed$walked$NL
  fi
}
leave_removed() {
  stays && return
  # What others may exchange is reached by one name only; their folder stays, and that is told.
  if first_exposed "$folder"; then return 0; fi
  until stays; do
    name=${folder##*/}/$name
    folder=${folder%/*}
  done
  note_place
}
stays() {
  case $removed in *"$NL$folder$NL"*) return 1 ;; esac
}

# Owners and modes of all folders on the ways, in one look.
judge_folders() {
  for _own in "$base" "$unit_folder"; do
    walk "$_own" && note_way "$walked"
  done
  each judge_folder "$(owners_of_folders)"
  [ -n "$exposed" ] || return 0
  for _own in "$base" "$unit_folder"; do
    walk "$_own"
    shown=${_own#"$ROOT"}
    if first_turn || first_exposed "$walked"; then
      not_roots "$shown lies in ${found#"$ROOT"}, which other accounts than root can write to" \
        'make root the only account that can write to that folder: chown root:, chmod go-w'
    fi
  done
  each_change judge_way
}
owners_of_folders() {
  IFS=$NL
  # shellcheck disable=SC2086
  stat -c "%a$US%u$US%g$US%n$US%U$US%G" -- /proc/self/. $folders 2>/dev/null
}
my_user=
writers_of=
# judge_folder MODE USER GROUP FOLDER/. and both by name; of /proc/self, which comes first, they tell who we
# are
judge_folder() {
  case $4 in
    /proc/self/.)
      my_user=$2
      # shellcheck disable=SC2034 # for `writers`
      my_group=$3
      return 0
      ;;
  esac
  writers "$1" "$2" "$3"
  # What an access list grants shows in the group's bits as well; ls(1) marks that there is one.
  case $1 in *[2367]?) case $(ls -ld -- "$4") in ??????????+*) writers="$writers others" ;; esac ;; esac
  [ -n "$writers" ] || return 0
  exposed=$exposed$NL${4%/.}
  writers_of=$writers_of$NL${4%/.}$US$writers$US$5$US$6
}

# Others may give names on the change's way: only where its steps have named them, and only in folders that
# are there.
judge_way() {
  if first_turn; then
    not_roots "the path $shown goes through a link in ${found#"$ROOT"}, which other accounts than root can write to" \
      'use the path without that link'
  fi
  first_exposed "$folder" || return 0
  find_records folder-of "$number"
  IFS=$US
  # shellcheck disable=SC2086
  set -- $records
  IFS=$default_ifs
  [ $# -lt 2 ] || shift 2
  while :; do
    may_be_written "$@" || not_roots "$shown lies in ${found#"$ROOT"}, which other accounts than root can write to" \
      "make root the only account that can write to that folder, or name its account in the step: folder_of"
    if [ -z "$found" ] || ! first_exposed "${found%/*}"; then break; fi
  done
  first_exposed "$folder"
  case $name in
    */*)
      not_roots "the folder of $shown does not exist, and would have to be created in a folder of another account" \
        'create the folder in an earlier stage'
      ;;
  esac
  whose=theirs
  note_place
}
not_roots() {
  # shellcheck disable=SC2012 # for a person to read
  refuse folder-not-roots "$1" "$2" "$(ls -ld -- "$found/" | one_line)"
}

# may_be_written ACCOUNT...: whether all who may give names in $found are among them: USER, with the group of
# that name, USER:GROUP or :GROUP
may_be_written() {
  _facts=${writers_of#*"$NL$found$US"}
  _facts=${_facts%%"$NL"*}
  _user=${_facts#*"$US"}
  _group=${_user#*"$US"}
  _user=${_user%%"$US"*}
  for _who in ${_facts%%"$US"*}; do
    _named=no
    for _account; do
      case $_who:$_account in
        owner:"$_user" | owner:"$_user":* | group:"$_group" | group:*:"$_group") _named=yes ;;
      esac
    done
    [ $_named = yes ] || return
  done
}

enough_space() {
  # 16 MiB beyond what is written: filling a file system to the last block hurts whoever else writes there.
  _bytes=16777216
  set +f
  for _size in $(stat -c %s -- "$dir"/record.json "$dir"/ledger.json "$dir"/contents/* 2>/dev/null); do
    _bytes=$((_bytes + 2 * _size))
  done
  set -f
  where_changes_go=$NL$base$NL
  each_change note_where
  IFS=$NL
  # shellcheck disable=SC2086
  set -- $where_changes_go
  IFS=$default_ifs
  each has_space "$(stat -f -c "%a$US%S$US%n" -- "$@" 2>/dev/null)"
}
note_where() {
  case $where_changes_go in *"$NL${folder:-/}$NL"*) ;; *) where_changes_go=$where_changes_go${folder:-/}$NL ;; esac
}
# has_space BLOCKS SIZE FOLDER
has_space() {
  [ $(($1 * $2)) -lt "$_bytes" ] || return 0
  _folder=${3#"$ROOT"}
  refuse no-space "the file system of ${_folder:-/} is full" 'free some disk space on the host; nothing was changed' \
    "$(df -h -- "$3" 2>&1 | one_line)"
}
