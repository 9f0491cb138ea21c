#!/bin/sh
# bbb-hold-meeting.sh API ADDRESS FILE...: holds a meeting on this node for as long as its input lasts. It is
# created and ended by the API as this host reaches it; people join by ADDRESS, that of the API from outside.
# The secret is looked for in the FILEs as bbb-meetings.sh does. It doesn't leave this host, nor stand in a
# list of processes or in what is printed.
#
# A program that holds a meeting: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # value, hash and US are set by what is sent before it

api=$1
address=$2
shift 2

say() {
  kind=$1
  shift
  printf '%s' "$kind"
  printf "$US%s" "$@"
  printf '\n'
}

if ! setting securitySalt "$@"; then
  say unknown 'no securitySalt was found'
  exit 2
fi
secret=$value
# BigBlueButton 2.4 has no such key and takes sha1 and sha256 (ParamsProcessorUtil.java).
setting supportedChecksumAlgorithms "$@" || value=sha256
if ! hash_program "$value"; then
  say unknown 'none of supportedChecksumAlgorithms is known'
  exit 2
fi

# sign CALL QUERY: what is asked, with its checksum, into $signed
sign() {
  sum=$(printf '%s%s%s' "$1" "$2" "$secret" | "$hash")
  signed=$1\?$2\&checksum=${sum%% *}
}

# 32 hexadecimal digits
random() {
  od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# call SIGNED: the API's answer into $answer
call() {
  answer=$(http_get 8 "$api/$1" 2>/dev/null | head -c 65536 | tr -d '\000-\037\177')
}

# reason: why the API refused, into $why
reason() {
  case $answer in
    *'<messageKey>'*)
      why=${answer#*<messageKey>}
      why=${why%%</messageKey>*}
      ;;
    '') why='no answer' ;;
    *) why= ;;
  esac
  # Its keys are words such as checksumError. Whatever else is said there isn't told: nobody knows what it is.
  case $why in 'no answer') ;; *[!A-Za-z]* | '') why='an answer that can not be understood' ;; esac
}

meeting=clusterproxy-$(random)
# Only these let people in who have no role in their address, before 2.4; later releases ignore them.
moderators=$(random)
viewers=$(random)
if [ ${#moderators} -ne 32 ] || [ ${#viewers} -ne 32 ]; then
  say unknown 'this host has no random numbers'
  exit 2
fi

sign end "meetingID=$meeting&password=$moderators"
end=$signed
sign join "fullName=clusterproxy+1&meetingID=$meeting&password=$moderators&role=MODERATOR&redirect=true"
moderator=$signed
sign join "fullName=clusterproxy+2&meetingID=$meeting&password=$viewers&role=VIEWER&redirect=true"
viewer=$signed
# Somebody with a browser, whose client joins the audio by itself, without a test of the microphone.
sign join "fullName=clusterproxy+3&meetingID=$meeting&password=$viewers&role=VIEWER&redirect=true\
&userdata-bbb_auto_join_audio=true&userdata-bbb_listen_only_mode=false&userdata-bbb_skip_check_audio=true"
browser=$signed
# If all else fails it ends by itself: after a minute, if nobody joins, if all have left (in minutes, each).
sign create "name=clusterproxy+verify&meetingID=$meeting&attendeePW=$viewers&moderatorPW=$moderators\
&record=false&autoStartRecording=false&allowStartStopRecording=false&guestPolicy=ALWAYS_ACCEPT&duration=1\
&meetingExpireIfNoUserJoinedInMinutes=1&meetingExpireWhenLastUserLeftInMinutes=1"
create=$signed
secret=

call "$create"
case $answer in
  *'<returncode>SUCCESS</returncode>'*)
    say join moderator "$address/$moderator"
    say join viewer "$address/$viewer"
    say browser "$address/$browser"
    say held
    # Whoever asked has seen enough, or is gone.
    cat >/dev/null
    ;;
  *)
    reason
    say failed "the API did not create it: $why"
    ;;
esac

# Even if the API only seemed not to create it.
for _ in 1 2 3; do
  call "$end"
  reason
  case $answer in *'<returncode>SUCCESS</returncode>'*) why=ended ;; esac
  case $why in
    ended | notFound | invalidMeetingIdentifier)
      say ended
      exit 0
      ;;
  esac
  sleep 1
done
say left "the API did not end it: $why"
