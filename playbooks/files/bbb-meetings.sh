#!/bin/sh
# bbb-meetings.sh API FILE...: asks this node which meetings it holds. One line a meeting: participants,
# U+001F, name. Status 0: none, 1: at least one, 2: not known, with a line that says why. The secret is looked
# for in the FILEs: those below /etc, which an operator writes, win over those of a package; among equals the
# first. It doesn't leave this host, nor stand in a list of processes or in what is printed.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # value and hash are set by setting and hash_program, which are sent before it

api=$1
shift
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
