# shellcheck shell=sh
# What guards say of the people on this host. Their names are private: they leave this file only where
# whoever asks wants them, and no log ever has them. Runs after lib.sh.
# shellcheck disable=SC2154 # US is library.sh's
# shellcheck disable=SC2034 # some variables are for the programs only

# ask_people NAMES KIND ARGUMENT...: asks a guard, with its status; NAMES: yes or no. Its lines come out as
#   PARTICIPANTS US NAME US AGE US WORDS             a session; its age in seconds
#   ignored US PARTICIPANTS US NAME US AGE US WORDS  one that doesn't count
#   note US WORDS                                    something about the host
# with empty fields for what isn't known or not to be told. Words without US are free, and may name people as
# well: they are sessions of which nothing is known, unless others are. Words that say why something isn't
# known are told as they are.
ask_people() {
  _with_names=$1
  shift
  _status_of_guard=0
  _heard=$(ask "$@") || _status_of_guard=$?
  case $_status_of_guard in
    0 | 1) printf '%s\n' "$_heard" | told_of_people "$_status_of_guard" "$_with_names" ;;
    *) printf '%s\n' "$_heard" | sed "/$US/d" ;;
  esac
  return "$_status_of_guard"
}
told_of_people() {
  awk -F "$US" -v US="$US" -v status="$1" -v names="$2" -v now="$(date +%s)" '
    function is_number(text, most) { return text != "" && text !~ /[^0-9]/ && length(text) <= most }
    function session(at, age) {
      age = is_number($(at + 2), 11) ? now - $(at + 2) : ""
      if (age != "" && age < 0) age = 0
      return (is_number($at, 6) ? $at + 0 : "?") US (names == "yes" ? $(at + 1) : "") US age US $(at + 3)
    }
    { sub(/\r$/, "") }
    /^[ \t]*$/ { next }
    $1 == "note" && NF > 1 { print "note" US $2; next }
    $1 == "ignored" && NF > 1 { print "ignored" US session(2); next }
    status != 1 { next }
    NF > 1 { print session(1); known = 1; next }
    { free[++count] = names == "yes" ? $0 : "" }
    END { if (!known) for (i = 1; i <= count; i++) print "?" US free[i] US US }'
}

# people_in_words KIND: of what ask_people printed, on stdin. `sum`: how many sessions, people, since when;
# `sessions`: a line for each, unless the sum says it all; `ignored`, `notes`: a line for each.
# src/model/people.ts has the same words for plans.
people_in_words() {
  awk -F "$US" -v kind="$1" '
    function age(seconds, unit, rest) {
      if (seconds < 60) return seconds " s"
      if (seconds < 3600) return int(seconds / 60) " min"
      unit = seconds < 86400 ? 3600 : 86400
      rest = int(seconds % unit / (unit == 3600 ? 60 : 3600))
      return int(seconds / unit) (unit == 3600 ? " h" : " d") (rest ? " " rest (unit == 3600 ? " min" : " h") : "")
    }
    function people(number) {
      return number == 0 ? "nobody at present" : number == 1 ? "1 person" : number " people"
    }
    function line(at, text) {
      if ($at == "?" && $(at + 3) != "") return $(at + 3) ($(at + 2) == "" ? "" : ", for " age($(at + 2)))
      text = $at == "?" ? "an unknown number of people" : people($at)
      if ($(at + 2) != "") text = text ", started " age($(at + 2)) " ago"
      return text ($(at + 3) == "" ? "" : " (" $(at + 3) ")")
    }
    $1 == "note" { if (kind == "notes") print $2; next }
    $1 == "ignored" { if (kind == "ignored") print line(2); next }
    NF < 4 { next }
    {
      if ($1 != "?" || $3 != "" || $4 != "") known = known "- " line(1) "\n"
      if ($4 != "") worded = 1
      sessions++
      if ($1 == "?") unknown++
      else sum += $1
      if ($3 != "" && $3 + 0 >= oldest + 0) { oldest = $3; dated = 1 }
    }
    END {
      if (kind == "sessions" && (sessions > 1 || worded)) printf "%s", known
      if (kind != "sum" || !sessions) exit
      text = sessions
      if (unknown < sessions && (sum || !unknown)) text = text ", with " (unknown ? "at least " : "") people(sum + 0)
      if (dated) text = text "; " (sessions > 1 ? "the oldest" : "it") " started " age(oldest) " ago"
      print text
    }'
}
