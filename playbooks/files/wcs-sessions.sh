#!/bin/sh
# wcs-sessions.sh URL: whether clients are connected to this node, or streams run, by its statistics page.
# Status 0: nobody is there, 1: somebody is, 2: the page doesn't say.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.

systemctl is-active --quiet webcallserver.service || exit 0
# Every kind of stream ends in _in or _out (streams_rtsp_push_out, streams_websocket_out), except HLS. Other
# keys that begin with streams_ are rates and lists.
http_get 5 "$1" 2>/dev/null | awk -F= '
  { sub(/\r$/, "") }
  /^connections=/ { known = 1 }
  /^(connections(_[a-z]+)?|streams_[a-z0-9_]+_(in|out)|streams_hls)=/ && $2 > 0 { busy = 1 }
  END { exit busy ? 1 : known ? 0 : 2 }'
status=$?
[ $status -lt 2 ] || echo 'the statistics page does not say how many are connected'
exit $status
