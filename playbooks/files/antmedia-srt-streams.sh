#!/bin/sh
# antmedia-srt-streams.sh PORT: whether SRT streams go through this balancer. SRT goes by UDP: nginx's sockets
# to that port of the nodes are what tells of them. Status 0: none, 1: some, 2: ss(8) is not there.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.

streams=$(ss -Hun state established "( dport = :$1 )") || {
  echo 'ss could not tell'
  exit 2
}
[ -z "$streams" ]
