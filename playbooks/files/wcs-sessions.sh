#!/bin/sh
# wcs-sessions.sh URL HANDLERS PORTS: whether clients are connected to this node, or streams run. Status 0:
# nobody is there, 1: somebody is, 2: it isn't known.
#
# Two witnesses are asked: the server's statistics page at URL, and the kernel, which knows who is connected
# to the PORTS. Where a run that is being put back has begun one of the HANDLERS, which restart the server,
# and the page is not there, the second one decides.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # clients is set by clients, which is sent before it

systemctl is-active --quiet webcallserver.service
# 3: it isn't, 4: there is no such unit (systemctl(1))
case $? in
  0) ;;
  3 | 4) exit 0 ;;
  *)
    echo 'systemd does not say whether the server runs'
    exit 2
    ;;
esac
# Every kind of stream ends in _in or _out (streams_rtsp_push_out, streams_websocket_out), except HLS. Other
# keys that begin with streams_ are rates and lists.
http_get 5 "$1" 2>/dev/null | awk -F= '
  { sub(/\r$/, "") }
  /^connections=/ { known = 1 }
  /^(connections(_[a-z]+)?|streams_[a-z0-9_]+_(in|out)|streams_hls)=/ && $2 > 0 { busy = 1 }
  END { exit busy ? 1 : known ? 0 : 2 }'
status=$?
if [ $status -eq 2 ]; then
  # shellcheck disable=SC2086 # several handlers
  if begun $2; then status=0; else echo 'the statistics page does not say how many are connected'; fi
fi
[ $status -eq 0 ] || exit $status
# shellcheck disable=SC2086 # several ports
if ! clients $3; then
  echo 'the kernel does not say who is connected'
  exit 2
fi
[ "$clients" -gt 0 ] || exit 0
printf '%s\n' "$clients$US$US${US}not counted by the statistics page, but connected"
exit 1
