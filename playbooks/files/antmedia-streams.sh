#!/bin/sh
# antmedia-streams.sh PORT ASK HANDLERS PORTS: whether somebody publishes to this node, or plays from it.
# Status 0: nobody is there, 1: somebody is, 2: it isn't known.
#
# Two witnesses are asked: unless ASK is `false`, the REST API of each application, at PORT, which counts who
# plays from this node, and says which streams it takes in (by SRT or from cameras as well); and the kernel,
# which knows who is connected to the PORTS. Where a run that is being put back has begun one of the HANDLERS,
# which restart the server, and the API is not there, the second one decides.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # clients is set by clients, which is sent before it

systemctl is-active --quiet antmedia.service
# 3: it isn't, 4: there is no such unit (systemctl(1))
case $? in
  0) ;;
  3 | 4) exit 0 ;;
  *)
    echo 'systemd does not say whether the server runs'
    exit 2
    ;;
esac

# broadcasts APPLICATION PATH: without what could end a line within it
broadcasts() {
  http_get 5 "http://127.0.0.1:$port/$1/rest/v2/broadcasts/$2" 2>/dev/null | tr -d '\r\n'
  echo
}

# count_streams APPLICATION: those that come to this node into $streams; false where that isn't told. All
# nodes list the streams of all: the field that says to which one each of them comes is spelled like that. The
# live ones come first; no page has more than 50.
count_streams() {
  streams=0
  offset=0
  while :; do
    found=$(broadcasts "$1" "list/$offset/50?sort_by=status&order_by=asc" | awk -v addresses="$addresses" '
      BEGIN {
        count = split(addresses, address, " ")
        for (i = 1; i <= count; i++) own["\"originAdress\":\"" address[i] "\""] = 1
      }
      /^\[/ {
        count = split($0, stream, "\"streamId\":")
        for (i = 2; i <= count; i++) {
          if (stream[i] !~ /"status":"broadcasting"/) continue
          live++
          if (!match(stream[i], /"originAdress":"[^"]+"/) || substr(stream[i], RSTART, RLENGTH) in own) here++
        }
        print here + 0, live + 0
      }')
    [ -n "$found" ] || return
    streams=$((streams + ${found% *}))
    [ "${found#* }" -ge 50 ] || return 0
    offset=$((offset + 50))
  done
}

# look: a line for each stream, and one for who plays from this node. The application that didn't answer into
# $unknown.
look() {
  unknown='none was found'
  addresses="127.0.0.1 $(hostname -I 2>/dev/null)"
  for file in "$ROOT"/usr/local/antmedia/webapps/*/WEB-INF/red5-web.properties; do
    # The web panel has no streams, and the path /.
    properties_value webapp.contextPath "$file" || continue
    application=${value#/}
    case $application in '' | *[!A-Za-z0-9_.-]*) continue ;; esac
    [ "$unknown" != 'none was found' ] || unknown=
    watching=$(broadcasts "$application" total-broadcast-statistics | awk '
      /"total[A-Za-z]+WatchersCount":/ {
        known = 1
        # -1 where the server has no such way of playing
        while (match($0, /WatchersCount":-?[0-9]+/)) {
          number = substr($0, RSTART + 15, RLENGTH - 15) + 0
          if (number > 0) sum += number
          $0 = substr($0, RSTART + RLENGTH)
        }
      }
      END { if (known) print sum + 0 }')
    if [ -z "$watching" ] || ! count_streams "$application"; then
      unknown=$application
      return
    fi
    [ "$watching" -eq 0 ] || printf '%s\n' "$watching$US$US${US}playing from it"
    while [ "$streams" -gt 0 ]; do
      printf '%s\n' "1$US$US${US}published to it"
      streams=$((streams - 1))
    done
  done
}

port=$1
if [ "$2" != false ]; then
  said=$(look && printf 'unknown %s' "$unknown")
  unknown=${said##*unknown }
  said=${said%unknown *}
  if [ -n "$said" ]; then
    printf '%s' "$said"
    exit 1
  fi
  # shellcheck disable=SC2086 # several handlers
  if [ -n "$unknown" ] && ! begun $3; then
    echo "the REST API of an application does not say who is there: $unknown"
    exit 2
  fi
fi
# shellcheck disable=SC2086 # several ports
if ! clients $4; then
  echo 'the kernel does not say who is connected'
  exit 2
fi
[ "$clients" -gt 0 ] || exit 0
printf '%s\n' "$clients$US$US${US}not counted by the REST API, but connected"
exit 1
