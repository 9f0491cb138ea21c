# shellcheck shell=sh
# Asks the programs that read the files whether they accept them, before and after they are swapped.
# Sourced by runner.sh.
# shellcheck disable=SC2154 # what else it uses is set by the program
# shellcheck disable=SC2034 # some variables are for the others

# validate validate HANDLER COUNT PROGRAM ARGUMENT...: before the files are swapped, what refuses those that
# are there goes into $refused_before, which doesn't stop the run: it may be what mends them.
validate() {
  _name=$2
  _record=$(printf "$US%s" "$@")
  case $validated in *"$NL${_record#"$US"*"$US"*"$US"}$NL"*) return 0 ;; esac
  validated=$validated${_record#"$US"*"$US"*"$US"}$NL
  _count=$3
  shift 3
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  if [ "$swapped" = no ]; then
    timed 60 "$@" || refused_before=$refused_before$*$NL
    return 0
  fi
  log validate "$*"
  if ! timed 60 "$@"; then
    case $refused_before in
      *"$NL$*$NL"*)
        fail validation-failed "\`$*\` rejects the files of this host, as it did before this run" \
          'fix what it complains about on the host, then run the command again; everything is back as it was' "$said"
        ;;
    esac
    fail validation-failed "\`$*\` rejected the new files" \
      "fix what it complains about (handler $_name); everything is back as it was" "$said"
  fi
  # Of two server blocks with one name nginx ignores one, and calls that a success.
  conflicts=$(printf '%s\n' "$said" | tr '\036' '\n' |
    sed -n "s/.*conflicting server name \"\([^\"]*\)\" on \([^ ]*\), ignored.*/\1$US\2/p" | sort -u)
  [ -z "$conflicts" ] || each_change note_conflicts
}

# A file that is new with this run may be what is ignored; one that was there before has been planned with.
note_conflicts() {
  [ "$after_kind" = file ] || return 0
  for _conflict in $conflicts; do
    grep -Fiqe "${_conflict%%"$US"*}" -- "$path" || continue
    _words="nginx ignores one of several server blocks for ${_conflict%%"$US"*} on ${_conflict#*"$US"}; $shown has one"
    [ "$before_kind" != absent ] ||
      fail validation-failed "$_words" 'leave that name to one server block; everything is back as it was' "$said"
    log warning "$_words"
  done
}
