#!/bin/sh
# curl(1) for a folder: reads its URL from a configuration on stdin and answers as the node's own
# BigBlueButton API would, with the configuration that bbb-web read when it last started.
# Meetings: run/stand-in/meetings, one per line: participants, space, name.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

# A download into a file does not concern the API: the real program does it.
case " $* " in
  # Folders have no web server that a browser could ask.
  *' --resolve '*) exit 0 ;;
  *' --output '*)
    programs=$(dirname "$0")
    PATH=${PATH#"$programs":}
    exec curl "$@"
    ;;
esac
settings=$(cat)
url=$(printf '%s\n' "$settings" | sed -n 's/^url = "\(.*\)"$/\1/p')
loaded=$memory/bbb-web.loaded

# value KEY: of the running bbb-web; ${bigbluebutton.web.serverURL} is filled in
value() {
  found=
  for file in "$loaded" "$root/usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties" \
    "$root/usr/share/avx-web/WEB-INF/classes/averox.properties"; do
    found=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$file" 2>/dev/null | tail -n 1)
    [ -z "$found" ] || break
  done
  # shellcheck disable=SC2016 # literally
  case $found in
    *'${bigbluebutton.web.serverURL}'*)
      rest=$found
      server=$(value bigbluebutton.web.serverURL)
      found=$server${rest#*\}}
      ;;
  esac
  printf '%s' "$found"
}

failed() {
  echo "<response><returncode>FAILED</returncode><messageKey>$1</messageKey><message>$2</message></response>"
  exit 0
}

escaped() {
  printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
}

case $url in
  */api/getMeetings'?'checksum=*)
    recall units/bbb-web.service inactive
    [ "$recalled" = active ] || exit 7
    [ ! -e "$memory/api-silent" ] || exit 28
    secret=$(value securitySalt)
    sum=${url##*checksum=}
    case ${#sum} in 40) program=sha1sum ;; 64) program=sha256sum ;; 96) program=sha384sum ;; *) program=sha512sum ;; esac
    expected=$(printf 'getMeetings%s' "$secret" | $program)
    [ "${expected%% *}" = "$sum" ] || failed checksumError 'Checksums do not match'
    if [ -s "$memory/meetings" ]; then
      echo '<response><returncode>SUCCESS</returncode><meetings>'
      while read -r participants name; do
        printf '<meeting><meetingName>%s</meetingName><meetingID>id-%s</meetingID><attendeePW>ap</attendeePW><moderatorPW>mp</moderatorPW><running>true</running><participantCount>%s</participantCount><isBreakout>false</isBreakout></meeting>\n' \
          "$(escaped "$name")" "$participants" "$participants"
      done <"$memory/meetings"
      echo '</meetings></response>'
    else
      echo '<response><returncode>SUCCESS</returncode><meetings></meetings><messageKey>noMeetings</messageKey><message>no meetings were found on this server</message></response>'
    fi
    ;;
  */bigbluebutton/api | */bigbluebutton/api/ | */averox/api | */averox/api/)
    recall units/bbb-web.service inactive
    [ "$recalled" = active ] || exit 7
    case $settings in
      *application/json*)
        printf '{"response":{"returncode":"SUCCESS","version":"2.0","apiVersion":"2.0","bbbVersion":"","graphqlWebsocketUrl":"%s","graphqlApiUrl":"%s","html5ClientUrl":"%s"}}\n' \
          "$(value graphqlWebsocketUrl)" "$(value graphqlApiUrl)" "$(value defaultHTML5ClientUrl)" | sed 's,/,\\/,g'
        ;;
      *)
        echo '<response><returncode>SUCCESS</returncode><version>2.0</version><apiVersion>2.0</apiVersion>'
        for key in graphqlWebsocketUrl graphqlApiUrl; do
          url=$(value $key)
          [ -z "$url" ] || echo "<$key>$url</$key>"
        done
        echo '</response>'
        ;;
    esac
    ;;
  *) exit 7 ;;
esac
