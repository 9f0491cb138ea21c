# shellcheck shell=sh
# Puts files back as they were before the run, each of them once, and takes the temporary names away. Sourced
# by settle.sh, after transaction.sh.
# shellcheck disable=SC2154 # run, dir and what `with_change` sets are set by the program
# shellcheck disable=SC2034 # some variables are for the program

# Nothing was swapped yet, or it's done: only temporary names have to go.
drop_beside() {
  if [ "$before_kind" = directory ] && [ -d "$original" ] && ! rmdir -- "$original" 2>/dev/null; then
    # Somebody has put something in it in the very moment in which it was taken away.
    mv -T -f -- "$original" "$path" && log warning "$shown contains files that clusterproxy did not create, so it was left in place"
  fi 2>/dev/null
  said=$({ remove_names "$fresh" "$original" "$seen" && leave_inside; } 2>&1) ||
    log warning "a temporary file beside $shown could not be removed: $said"
}
leave_inside() {
  cd .. && rmdir -- "$fresh"
}

# remove_names PATH...: those of ours that are there; files by one process
remove_names() {
  for _ours; do
    shift
    if [ -d "$_ours" ] && [ ! -L "$_ours" ]; then
      rmdir -- "$_ours" || return
    elif [ -e "$_ours" ] || [ -L "$_ours" ]; then
      set -- "$@" "$_ours"
    fi
  done
  [ $# -eq 0 ] || rm -f -- "$@"
}

# remove_name PATH: of ours, whatever it is; its words on stdout
remove_name() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -f -- "$1"; fi 2>&1
}

conflict() {
  conflicts=$((conflicts + 1))
  log conflict "$shown" "$1"
}
stuck() {
  failures=$((failures + 1))
  log stuck "$shown" "$1"
}

# A handler may rewrite the file itself: then what is there now is not somebody else's work.
may_be_rewritten() {
  grep -s "^rewrites$US" "$manifest" | cut -d "$US" -f 3- | grep -Fxq -e "$shown"
}

# The folder that a change is worked on in isn't there, or another is in its place.
lost() {
  [ -n "$name" ] || return 0
  case $1 in
    drop_beside)
      if [ -e "$inside" ] || [ -L "$inside" ]; then log warning "a temporary file beside $shown was replaced by somebody else, so it was left in place"; fi
      ;;
    *) conflict "its folder was replaced in the meantime; its original is in ${dir#"$ROOT"}/before/$number" ;;
  esac
}

# Done once, all of it: from then on no file is away from what it was. The temporary names go in any case: a
# power cut may have come between the two.
put_all_back() {
  if [ -e "$dir/away" ]; then
    each_change put_back backwards
    [ "$failures" -eq 0 ] || return 0
    rm -f -- "$dir/away"
    sync -- "$dir"
  fi
  each_change drop_beside
}

put_back() {
  remove "$fresh"
  look_there
  case $before_kind in
    file | symlink) put_back_original ;;
    absent) take_away ;;
    directory) put_back_directory ;;
  esac
  return 0
}

remove() {
  said=$(remove_name "$1") || stuck "$said"
}

put_back_original() {
  if [ ! -e "$original" ] && [ ! -L "$original" ]; then
    # Put back already, by somebody who was ended before the others were.
    [ "$looked" = "$before" ] || conflict "it has changed, and its hard link is gone; its original is in ${dir#"$ROOT"}/before/$number"
    return
  fi
  if [ "$(inode "$path")" = "$(inode "$original")" ]; then
    remove "$original"
    return
  fi
  if [ "$looked" != "$after" ]; then
    if may_be_rewritten; then
      log warning "$shown was rewritten by a handler in the meantime; it is back as it was"
    else
      conflict "it is no longer as this run left it; its original is in ${dir#"$ROOT"}/before/$number"
      remove "$original"
      return
    fi
  fi
  # By a second name what is there stays within reach, should somebody write to it in this very moment.
  ln -P -- "$path" "$fresh" 2>/dev/null || :
  _seen=$looked
  if said=$(mv -T -f -- "$original" "$path" 2>&1); then sync -- "${path%/*}/" .; else stuck "$said"; fi
  [ -e "$fresh" ] || [ -L "$fresh" ] || return 0
  look "$fresh"
  if [ "$looked" = "$_seen" ]; then
    remove "$fresh"
  elif said=$(mv -T -f -- "$fresh" "$path" 2>&1); then
    conflict "somebody wrote to it while it was being put back; its original is in ${dir#"$ROOT"}/before/$number"
    sync -- "${path%/*}/" .
  else
    stuck "$said"
  fi
}

take_away() {
  case $looked in
    absent*) return ;;
    directory*)
      if [ "$after_kind" = directory ]; then
        rmdir -- "$path" 2>/dev/null || log warning "$shown contains files that clusterproxy did not create, so it was left in place"
        return
      fi
      ;;
  esac
  if [ "$looked" != "$after" ] && ! may_be_rewritten; then
    conflict 'it did not exist before, and is no longer as this run left it'
    return
  fi
  # By a rename first, so that what somebody writes to it in this very moment isn't lost.
  _seen=$looked
  if ! mv -T -f -- "$path" "$fresh" 2>/dev/null; then
    remove "$path"
    sync -- "${path%/*}/" .
    return
  fi
  look "$fresh"
  if [ "$looked" = "$_seen" ]; then
    remove "$fresh"
  elif said=$(mv -T -f -- "$fresh" "$path" 2>&1); then
    conflict 'somebody wrote to it while it was being removed'
  else
    stuck "$said"
  fi
  sync -- "${path%/*}/" .
}

put_back_directory() {
  if [ -d "$original" ]; then
    case $looked in
      absent*)
        said=$(mv -T -f -- "$original" "$path" 2>&1) || stuck "$said"
        sync -- "${path%/*}/" .
        return
        ;;
    esac
    # Somebody has made it again meanwhile.
    remove "$original"
  fi
  [ "$looked" != "$before" ] || return 0
  if [ "$looked" != "$after" ]; then
    conflict 'its mode or owner is no longer as this run left it'
    return
  fi
  _status=0
  own_folder "$after" "$before_user" "$before_group" "$before_mode" || _status=$?
  case $_status in
    0) ;;
    2) conflict 'it was replaced in the meantime' ;;
    *) stuck "$said" ;;
  esac
}
