#!/bin/sh
# bbb-meetings.sh API FILE...: asks this node which meetings it holds. One line a meeting: participants,
# U+001F, name. Status 0: none, 1: at least one, 2: not known, with a line that says why. The secret is looked
# for in the FILEs: those below /etc, which an operator writes, win over those of a package; among equals the
# first. It doesn't leave this host, nor stand in a list of processes or in what is printed.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # ROOT is set by what is sent before it, value by properties_value

api=$1
shift
secret=
algorithms=
for pass in operator package; do
  for file; do
    case $file in /etc/*) whose=operator ;; *) whose=package ;; esac
    if [ $whose != $pass ] || [ ! -f "$ROOT$file" ] || [ ! -r "$ROOT$file" ]; then continue; fi
    if [ -z "$secret" ] && properties_value securitySalt "$ROOT$file"; then secret=$value; fi
    if [ -z "$algorithms" ] && properties_value supportedChecksumAlgorithms "$ROOT$file"; then algorithms=$value; fi
  done
done
if [ -z "$secret" ]; then
  echo 'no securitySalt was found'
  exit 2
fi
# BigBlueButton 2.4 has no such key and takes sha1 and sha256 (ParamsProcessorUtil.java).
set -f
# shellcheck disable=SC2086 # blanks split
set -- ${algorithms:-sha256}
algorithms=,
for part; do algorithms=$algorithms$part; done
case $algorithms, in
  *,[Ss][Hh][Aa]256,*) hash=sha256sum ;;
  *,[Ss][Hh][Aa]512,*) hash=sha512sum ;;
  *,[Ss][Hh][Aa]384,*) hash=sha384sum ;;
  *,[Ss][Hh][Aa]1,*) hash=sha1sum ;;
  *)
    echo 'none of supportedChecksumAlgorithms is known'
    exit 2
    ;;
esac
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
  *)
    echo 'the API gave no answer that can be understood'
    exit 2
    ;;
esac
case $answer in
  *'<meeting>'*)
    printf '%s\n' "$answer" | sed 's/<meeting>/\n&/g' | sed -n '
      /^<meeting>/!d
      s/^.*<participantCount>\([0-9]*\)<\/participantCount>.*$/\1\x1f&/
      t name
      s/^/?\x1f/
      : name
      s/\x1f.*<meetingName>\(.*\)<\/meetingName>.*$/\x1f\1/
      s/\x1f<meeting>.*$/\x1f/
      s/<!\[CDATA\[//g
      s/]]>//g
      s/&lt;/</g
      s/&gt;/>/g
      s/&quot;/"/g
      s/&apos;/'\''/g
      s/&#39;/'\''/g
      s/&amp;/\&/g
      p' | head -n 200
    exit 1
    ;;
  *'<messageKey>noMeetings</messageKey>'* | *'<meetings/>'* | *'<meetings></meetings>'* | *'<meetings />'*) exit 0 ;;
esac
echo 'the API gave no list of meetings'
exit 2
