# shellcheck shell=sh
# The checks that ask as a browser would: what answered before the files were swapped must answer afterwards,
# and what didn't reverts nothing. Sourced by runner.sh.
# shellcheck disable=SC2154 # dir, US, NL and default_ifs are set by the others
# shellcheck disable=SC2034 # some variables are for handlers.sh

# note_what_answers: asks them all at once before anything is swapped
note_what_answers() {
  note_asked=$NL
  each_record note_if_it_answers check
  wait
}
note_if_it_answers() {
  [ "$3" = browse ] || return 0
  case $note_asked in *"$NL$7$NL"*) return 0 ;; esac
  if [ "$note_asked" = "$NL" ]; then find_own_address "$7" ''; fi
  note_asked=$note_asked$7$NL
  {
    shift 4
    if answers_rightly "$@"; then printf '%s\n' "$3" >>"$dir/answering"; fi
  } 9>&- &
}

# still_answers HOST any|verified URL HEADERS-COUNT HEADER... TEXT...
still_answers() {
  grep -Fxqs -e "$3" "$dir/answering" || return 0
  case $answered_again in *"$NL$3$NL"*) return 0 ;; esac
  answers_rightly "$@" || return
  answered_again=$answered_again$3$NL
}

answers_rightly() {
  _whose=$1
  _trusted=$2
  _asked=$3
  _headers=$4
  shift 4
  _page=$(with_first "$_headers" ask_url "$@" 9>&- | tr -d '\000\134')
  shift "$_headers"
  unmet="$_whose no longer answers on $_asked, as it did before"
  evidence=$(printf '%s\n' "$_page" | head -c 1000 | one_line)
  case ${_page%%"$NL"*} in 'HTTP/'*' 200'*) ;; *) return 1 ;; esac
  for _text; do
    case $_page in *"$_text"*) ;; *) return 1 ;; esac
  done
}
ask_url() {
  ask_as_browser "$_trusted" "$_asked" "$@"
}
