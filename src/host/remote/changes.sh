# shellcheck shell=sh
# What runner.sh and settle.sh have in common for each change: the folder that it is worked on in, and what is
# there now. Sourced after transaction.sh.
# shellcheck disable=SC2154 # run and dir are set by the program
# shellcheck disable=SC2034 # some variables are for the programs only

# each_change FUNCTION [backwards]: calls it for each change, with $number, $path, and what the path was and
# is to be, as `look` tells it, in $before and $after
each_change() {
  change_function=$1
  find_records change
  [ $# -eq 1 ] || reversed "$records"
  each with_change "$records"
}
with_change() {
  number=$2
  path=$ROOT$3
  before_kind=$4
  before_mode=$6
  before_user=$7
  before_group=$8
  before=$4$US$5$US$6$US$7$US$8$US$9
  after_kind=${10}
  after_sum=${11}
  after_mode=${12}
  after_user=${13}
  after_group=${14}
  after_target=${15}
  after=${10}$US${11}$US${12}$US${13}$US${14}$US${15}
  shown=$3
  folder=
  name=
  whose=
  turns=
  {
    IFS= read -r folder && IFS= read -r name && IFS= read -r whose && IFS= read -r turns
  } 2>/dev/null <"$dir/beside/$number" || :
  work_beside
}

# A change is worked on from inside a folder of its own beside the path, which only root can enter. Somebody
# else may own the folder around it, move it away and put anything in its place: then we still stand in ours,
# whose `..` nobody can turn (moving a folder into another one takes the right to write in it), and every name
# is one step: a rename never follows a link. beside/N has the folder around it as the kernel names it, the
# way from there to the path, whose it is (`roots`, or `theirs` where somebody else may give names), and the
# folders with links that it was found by.
work_beside() {
  inside=$folder/.cp-$run-$number
  fresh=./.cp-$run-$number
  original=$fresh.orig
  seen=$fresh.seen
  if [ "$beside" = no ]; then
    "$change_function"
    return
  fi
  go_inside || {
    cd /
    lost "$change_function"
    return
  }
  path=../$name
  if "$change_function"; then cd /; else
    cd /
    return 1
  fi
}
# Whether those folders are there yet; the program says so.
beside=no

# What was there at the name when the folder was made is told by where we are then, by its owner, and by its
# mode.
go_inside() {
  cd -P -- "$inside" 2>/dev/null || return
  # shellcheck disable=SC3067 # not in POSIX, but in dash, bash and busybox
  [ "$PWD" = "$inside" ] && [ -O . ] || return
  # Where root alone gives names, nobody else has put another of root's folders there.
  [ "$whose" = roots ] || case $(stat -c %a .) in *00) ;; *) return 1 ;; esac
}

# look_together path|fresh|original|saved: looks at that regular file of every change, by two processes for
# all of them; seen_together tells. Only where root alone gives names: elsewhere each is looked at from inside
# of its folder, as is whatever else doesn't go as it should here.
look_together() {
  together=$NL
  where=$1
  numbers=
  places=
  _beside=$beside
  beside=no
  each_change gather
  beside=$_beside
  [ -n "$places" ] || return 0
  IFS=$NL
  # shellcheck disable=SC2086
  set -- $places
  IFS=$default_ifs
  _owners=$(stat -c "%a$US%U$US%G" -- "$@" 2>/dev/null) && _sums=$(sha256sum -- "$@" 2>/dev/null) || return 0
  # shellcheck disable=SC2086
  set -- $numbers
  IFS=$NL
  for _sum in $_sums; do
    # One whose name has a backslash begins with another.
    _sum=${_sum#\\}
    case ${_owners%%"$NL"*} in
      *UNKNOWN*) ;;
      *) together=$together$1${US}file$US${_sum%% *}$US${_owners%%"$NL"*}$US$NL ;;
    esac
    _owners=${_owners#*"$NL"}
    shift
  done
  IFS=$default_ifs
}
gather() {
  [ "$whose" = roots ] || return 0
  case $where in
    path) _place=$folder/$name ;;
    fresh) _place=$inside/${fresh#./} ;;
    original) _place=$inside/${original#./} ;;
    saved) _place=$dir/before/$number ;;
  esac
  if [ -f "$_place" ] && [ ! -L "$_place" ]; then
    numbers=$numbers$number$NL
    places=$places$_place$NL
  fi
}
# seen_together: what was at that place of this change into $looked; false where look_together can't tell
seen_together() {
  case $together in
    *"$NL$number$US"*)
      looked=${together#*"$NL$number$US"}
      looked=${looked%%"$NL"*}
      ;;
    *) return 1 ;;
  esac
}

# sync_later FILE...: by their absolute names, all at once by sync_all, and each once
unsynced=$NL
sync_later() {
  for _file; do
    case $unsynced in *"$NL$_file$NL"*) ;; *) unsynced=$unsynced$_file$NL ;; esac
  done
}
sync_all() {
  IFS=$NL
  # shellcheck disable=SC2086
  set -- $unsynced
  IFS=$default_ifs
  unsynced=$NL
  [ $# -eq 0 ] || sync -- "$@"
}

# As `look`, at the change's own path. Where others may give names it gets a second one first that they can't
# reach, so that what is looked at can't become a link, or something else, meanwhile.
look_there() {
  if [ "$whose" = roots ]; then
    look "$path"
  elif rm -f -- "$seen" && ln -P -- "$path" "$seen" 2>/dev/null; then
    look "$seen"
    rm -f -- "$seen"
  elif [ -d "$path" ] && [ ! -L "$path" ]; then
    # A folder gets no second name; stat(1) follows no link.
    ownership "$path"
    looked=directory$US$US$owned$US
  elif [ -e "$path" ] || [ -L "$path" ]; then
    looked=special$US$US$US$US$US
  else
    looked=absent$US$US$US$US$US
  fi
}

# own_folder STATE USER GROUP MODE: gives the folder at the change's path that owner and mode, if it still is
# in that state, else the status is 2; its words in $said. From inside: whoever may give names could have put
# a link there.
own_folder() {
  said=$(
    looked=
    if cd -P -- "$path" 2>/dev/null && [ "$PWD" = "$folder/$name" ]; then look .; fi
    if [ "$looked" != "$1" ]; then
      echo 'it has changed in the meantime'
      exit 2
    fi
    { chown -- "$2:$3" . && chmod -- "00$4" .; } 2>&1
  )
}

# look PATH: what is there into $looked: kind, sha256, mode, user, group, target, with empty fields for what
# doesn't apply
look() {
  if [ -L "$1" ]; then
    _target=$(readlink -n -- "$1" && printf .)
    _target=${_target%.}
    [ -z "$ROOT" ] || _target=${_target#"$ROOT"}
    looked=symlink$US$US$US$US$US$_target
  elif [ -f "$1" ]; then
    _sum=$(sha256sum <"$1") || _sum=unreadable
    ownership "$1"
    looked=file$US${_sum%% *}$US$owned$US
  elif [ -d "$1" ]; then
    ownership "$1"
    looked=directory$US$US$owned$US
  elif [ -e "$1" ]; then
    looked=special$US$US$US$US$US
  else
    looked=absent$US$US$US$US$US
  fi
}

# ownership PATH: mode, user and group into $owned. Who has no name on this host is told by number, which
# chown(1) takes as well.
ownership() {
  owned=$(stat -c "%a$US%U$US%G" -- "$1")
  case $owned in
    *"$US"UNKNOWN*)
      _user=%U
      _group=%G
      case $owned in *"$US"UNKNOWN"$US"*) _user=%u ;; esac
      case $owned in *"$US"UNKNOWN) _group=%g ;; esac
      owned=$(stat -c "%a$US$_user$US$_group" -- "$1")
      ;;
  esac
}
