#!/bin/sh
# bbb-meetings.sh API HANDLERS PORTS MEDIA EMPTY_FOR FILE... [-- ID...]: asks this node which meetings it
# holds. One line a meeting: participants, name, and when it started, with U+001F between them. Status 0:
# none, 1: at least one, 2: not known, with a line that says why. The secret is looked for in the FILEs: those
# below /etc, which an operator writes, win over those of a package; among equals the first. It doesn't leave
# this host, nor stand in a list of processes or in what is printed.
#
# Two witnesses are asked, since the API forgets: after a restart of bbb-web it lists no meeting, though a
# class goes on (bigbluebutton#13155). So nobody is there if the API lists none, no client is connected to the
# PORTS, one of which each client holds open as long as it is in a meeting, nor to the MEDIA ports, and
# FreeSWITCH has no call. Where a run that is being put back has begun one of the HANDLERS, which restart the
# API, and the API is silent, the second witness decides.
#
# What the operator wants ignored doesn't count, and is told: a meeting that nobody has ever joined, and that
# was created longer ago than EMPTY_FOR (30m; 0: none is), and those with one of the IDs. When a meeting that
# people have left became empty the API doesn't tell, so it counts: somebody may come back.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # value and hash are set by setting and hash_program, which are sent before it

api=$1
handlers=$2
ports=$3
media=$4
empty_for=$5
shift 5
ids=$NL
count=$#
while [ "$count" -gt 0 ]; do
  count=$((count - 1))
  if [ "$1" = -- ]; then
    shift
    while [ "$count" -gt 0 ]; do
      ids=$ids$1$NL
      count=$((count - 1))
      shift
    done
    break
  fi
  set -- "$@" "$1"
  shift
done
# People in meetings that are ignored, and how many such meetings there are
allowed=0
meetings=0

# second_witness: 0 where nobody is connected, 1 and lines where somebody is, 2 and a line where it isn't
# known. Nobody can tell whose connection one is, so people in meetings that are ignored account for as many
# clients as there are of them, and for their calls; each has a client, so their media aren't counted.
second_witness() {
  [ "$allowed" -gt 0 ] || ports="$ports $media"
  # shellcheck disable=SC2086 # several ports
  if ! clients $ports; then
    echo 'the kernel does not say who is connected'
    return 2
  fi
  calls=0
  systemctl is-active --quiet freeswitch.service >/dev/null 2>&1
  # 3: it isn't, 4: there is no such unit (systemctl(1))
  case $? in
    0) ! command -v fs_clibbb >/dev/null 2>&1 || count_calls || return ;;
    3 | 4) ;;
    *)
      echo 'systemd does not say whether FreeSWITCH runs'
      return 2
      ;;
  esac
  clients=$((clients > allowed ? clients - allowed : 0))
  # A meeting may have a call of its own, for those who only listen.
  [ "$allowed" -eq 0 ] || calls=$((calls > allowed + meetings ? calls - allowed - meetings : 0))
  [ $((clients + calls)) -gt 0 ] || return 0
  [ "$clients" -eq 0 ] || unlisted "$clients" 'not listed by the API, but clients are connected'
  [ "$calls" -eq 0 ] || unlisted "$calls" 'not listed by the API, but FreeSWITCH has calls'
  return 1
}

# unlisted PEOPLE WORDS: a session without a name
unlisted() {
  printf '%s\n' "$1$US$US$US$2"
}

# count_calls: those of FreeSWITCH into $calls; 2 and a line where it gives no answer. A fs_clibbb that has no
# count is not heard: before 2.3 it takes no command.
count_calls() {
  calls=$({ timeout -k 1 3 fs_clibbb -x 'show calls count' </dev/null 2>/dev/null || echo "ended with $?"; } |
    head -c 65536 | awk '
      { sub(/\r$/, "") }
      /^[0-9]+ total\.*$/ { total += $1 }
      /^ended with (124|137)$/ { late = 1 }
      END { print (late ? "late" : total > 999999 ? 999999 : total + 0) }')
  case $calls in '' | late)
    echo 'FreeSWITCH does not say how many calls it has'
    return 2
    ;;
  esac
}

# unheard WORDS: the API doesn't tell
unheard() {
  # shellcheck disable=SC2086 # several handlers
  if begun $handlers; then
    second_witness
    exit
  fi
  printf '%s\n' "$1"
  exit 2
}

if ! setting securitySalt "$@"; then
  echo 'no securitySalt was found'
  exit 2
fi
secret=$value
# BigBlueButton 2.4 has no such key and takes sha1 and sha256 (ParamsProcessorUtil.java).
setting supportedChecksumAlgorithms "$@" || value=sha256
if ! hash_program "$value"; then
  echo 'none of supportedChecksumAlgorithms is known'
  exit 2
fi
sum=$(printf 'getMeetings%s' "$secret" | "$hash")
secret=
# Above any number of meetings that one server holds; a longer answer is cut and then doesn't end as it must.
answer=$(http_get 8 "$api/getMeetings?checksum=${sum%% *}" 2>/dev/null | head -c 4194304 | tr -d '\000-\037\177')
case $answer in
  *'<response>'*'<returncode>SUCCESS</returncode>'*'</response>') ;;
  *'<returncode>FAILED</returncode>'*)
    key=${answer#*<messageKey>}
    printf 'the API refused the question: %.40s\n' "${key%%</messageKey>*}"
    exit 2
    ;;
  *) unheard 'the API gave no answer that can be understood' ;;
esac
case $answer in
  *'<meeting>'*) ;;
  *'<messageKey>noMeetings</messageKey>'* | *'<meetings/>'* | *'<meetings></meetings>'* | *'<meetings />'*)
    second_witness
    exit
    ;;
  *)
    echo 'the API gave no list of meetings'
    exit 2
    ;;
esac
# What people in the meeting have written is never taken for what the API says of it: attendees, metadata and
# breakout rooms come last, and a text may stand in CDATA. Times are in milliseconds.
told=$(printf '%s\n' "$answer" | sed 's/<meeting>/\n&/g' | IDS=$ids awk -v US="$US" -v empty_for="$empty_for" -v now="$(date +%s)" '
  function field(name, from, to) {
    from = index(about, "<" name ">")
    if (!from) return ""
    from += length(name) + 2
    to = index(substr(about, from), "</" name ">")
    return to ? substr(about, from, to - 1) : ""
  }
  function number(name, text) {
    text = field(name)
    return text == "" || text ~ /[^0-9]/ ? "" : text + 0
  }
  function seconds(name, text) {
    text = field(name)
    return text ~ /[^0-9]/ || length(text) < 12 || length(text) > 14 ? "" : substr(text, 1, length(text) - 3)
  }
  function duration(text, sum) {
    while (match(text, /^[0-9]+[smh]/)) {
      sum += substr(text, 1, RLENGTH - 1) * (text ~ /^[0-9]+s/ ? 1 : text ~ /^[0-9]+m/ ? 60 : 3600)
      text = substr(text, RLENGTH + 1)
    }
    return text == "" ? sum + 0 : 0
  }
  function plain(text) {
    gsub(/<!\[CDATA\[/, "", text)
    gsub(/\]\]>/, "", text)
    gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text)
    gsub(/&quot;/, "\"", text)
    gsub(/&(apos|#39);/, "\047", text)
    gsub(/&amp;/, "\\&", text)
    return text
  }
  BEGIN {
    empty_for = duration(empty_for)
    wanted = ENVIRON["IDS"]
  }
  !/^<meeting>/ { next }
  {
    about = $0
    name = field("meetingName")
    from = index(about, "<meetingName>")
    if (from) about = substr(about, from + 13 + length(name))
    if (from = match(about, /<(attendees|metadata|breakoutRooms)>/)) about = substr(about, 1, from - 1)
    people = number("participantCount")
    created = seconds("createTime")
    since = seconds("startTime")
    if (since == "") since = created
    why = ""
    nobody = people "" == "0" && !number("voiceParticipantCount") && !number("listenerCount") && !number("videoCount")
    if (empty_for > 0 && nobody && field("hasUserJoined") == "false" && created != "" && now - created >= empty_for)
      why = "nobody has ever joined it"
    if (is_wanted(field("meetingID")) || is_wanted(field("internalMeetingID"))) why = "ignore_meetings has it"
    print (why == "" ? "" : "ignored" US) (people == "" ? "?" : people) US plain(name) US since (why == "" ? "" : US why)
  }
  function is_wanted(id) { return id != "" && index(wanted, "\n" plain(id) "\n") > 0 }')
printf '%s\n' "$told" | head -n 200
case $NL$told in *"${NL}ignored$US"*) ;; *) exit 1 ;; esac
case $(printf '%s\n' "$told" | grep -v "^ignored$US") in ?*) exit 1 ;; esac
# Only some that are ignored. Of one whose people aren't counted nobody can say whose connections there are.
allowed=$(printf '%s\n' "$told" | awk -F "$US" '$2 != 0 { people += $2 } END { print people + 0 }')
meetings=$(printf '%s\n' "$told" | awk -F "$US" '$2 != 0 { count++ } END { print count + 0 }')
second_witness
