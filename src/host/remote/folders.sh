# shellcheck shell=sh
# Who may give names: a path leads where the owners of the folders on its way want it to lead, so root trusts
# a name only where all of them are root's. Sent behind lib.sh to the programs that go by names of the host.
# shellcheck disable=SC2154 # ROOT, US and NL are lib.sh's
# shellcheck disable=SC2034 # some variables are for the programs only

# The root of the host as the kernel names it; nothing for /.
top=
[ -z "$ROOT" ] || top=$(cd -P -- "$ROOT/" && pwd -P)

# walk PATH: goes the way that the kernel would go. Where it leads comes into $walked, without links, as far
# as it is there; what of it is not there into $missing; into $turns the folders in which a link was followed,
# or `..`, each after a U+001F. False where links go round in circles or have names that can't be told. Starts
# no process but for links.
walk() {
  walked=$top
  missing=
  turns=
  _rest=${1#"$ROOT"}
  _followed=0
  while [ -n "$_rest" ]; do
    _name=${_rest%%/*}
    case $_rest in */*) _rest=${_rest#*/} ;; *) _rest= ;; esac
    case $_name in
      '' | .) continue ;;
      ..)
        turns=$turns$US$walked
        [ "$walked" = "$top" ] || walked=${walked%/*}
        continue
        ;;
    esac
    if [ -L "$walked/$_name" ]; then
      _followed=$((_followed + 1))
      [ $_followed -le 40 ] || return
      turns=$turns$US$walked
      _target=$(readlink -n -- "$walked/$_name" && printf .) || return
      _target=${_target%.}
      case $_target in
        *[[:cntrl:]]*) return 1 ;;
        "$ROOT"/*)
          walked=$top
          _target=${_target#"$ROOT"}
          ;;
        /*) walked= ;;
      esac
      _rest=$_target${_rest:+/$_rest}
    elif [ -e "$walked/$_name" ]; then
      walked=$walked/$_name
    else
      missing=$_name${_rest:+/$_rest}
      return 0
    fi
  done
}

# note_folders FOLDER: it and all above it into $folders, each once and with `/.` at its end, which tells it
# from what it holds
folders=
note_folders() {
  _folder=$1
  while :; do
    # Above a folder that is treated as a host's root, the host has no say.
    case $_folder in "$top" | "$top"/*) ;; *) return 0 ;; esac
    case $folders$NL in *"$NL$_folder/.$NL"*) return 0 ;; esac
    folders=$folders$NL$_folder/.
    [ "$_folder" != "$top" ] || return 0
    _folder=${_folder%/*}
  done
}

# note_way FOLDER: it, and every other folder on the way that was walked
note_way() {
  note_folders "$1"
  _turns=$turns
  while [ -n "$_turns" ]; do
    _turns=${_turns#"$US"}
    note_folders "${_turns%%"$US"*}"
    case $_turns in *"$US"*) _turns=$US${_turns#*"$US"} ;; *) _turns= ;; esac
  done
}

# Into $writers: who besides root, and us, may give names in a folder of this mode and these numbers of owner
# and group. An owner may also change the mode. What an access list grants shows in the group's bits: acl(5).
writers() {
  writers=
  case $2 in 0 | "$my_user") ;; *) writers=owner ;; esac
  case $1 in *[2367]?) case $3 in 0 | "$my_group") ;; *) writers="$writers group" ;; esac ;; esac
  case $1 in *[2367]) writers="$writers others" ;; esac
}

# note_exposed MODE USER GROUP FOLDER/.: into $exposed, where somebody else may give names in it
exposed=
note_exposed() {
  writers "$1" "$2" "$3"
  [ -z "$writers" ] || exposed=$exposed$NL${4%/.}
}

# first_exposed FOLDER: the nearest folder on its way up in which others may give names, itself included, into
# $found; false where there is none
first_exposed() {
  found=$1
  while :; do
    case $exposed$NL in *"$NL$found$NL"*) return 0 ;; esac
    case $found in "$top"/*) found=${found%/*} ;; *) return 1 ;; esac
  done
}

# first_turn: the first folder in which others may give names and a link was followed, on the way that was
# walked, into $found
first_turn() {
  _turns=$turns
  while [ -n "$_turns" ]; do
    _turns=${_turns#"$US"}
    if first_exposed "${_turns%%"$US"*}"; then return 0; fi
    case $_turns in *"$US"*) _turns=$US${_turns#*"$US"} ;; *) _turns= ;; esac
  done
  return 1
}
