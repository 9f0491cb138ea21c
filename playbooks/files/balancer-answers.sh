#!/bin/sh
# balancer-answers.sh URL OWN [OTHER]...: whether this balancer should have the cluster's address. keepalived
# asks every second; exit status 0 is yes.
#
# A client's question, for the URL with the cluster's name, to the balancer's OWN address: never through DNS,
# which leads to whoever has the cluster's address. HAProxy answers it itself, without a node, so that any
# answer shows that it is at work: a node that is down, or overloaded, is so for all balancers, and is not
# mended by another one. A balancer that gives no answer, or is told to keep away from the address
# (address-away.sh), gives it away, but only to one of the OTHERs that answers: where none does, moving it
# would help nobody. What can't be asked is no balancer's fault.
#
# balancer-answers.sh --ask URL ADDRESS: only whether a balancer answers there.
set -u
only=no
if [ "$1" = --ask ]; then
  only=yes
  shift
fi
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
url=$1
shift

# Seconds, so that one question to this balancer and one to another are answered within keepalived's limit.
limit=2

# answers ADDRESS: at the URL's port. HAProxy compares the path in a request of HTTP/1.1 alone.
answers() {
  case $1 in *:*) set -- "[$1]" ;; esac
  status=$(curl -q --silent --insecure --globoff --http1.1 --noproxy '*' --max-time "$limit" \
    --user-agent clusterproxy --connect-to "::$1:" --output /dev/null --write-out '%{http_code}' \
    "$url" </dev/null)
  case $status in [1-5][0-9][0-9]) return 0 ;; *) return 1 ;; esac
}

# Whichever cluster has this host keep away: its other addresses would be interrupted as well.
is_away() {
  for flag in /run/clusterproxy-away/*; do
    if [ -e "$flag" ]; then return 0; fi
  done
  return 1
}

if [ $only = yes ]; then
  answers "$1"
  exit
fi
command -v curl >/dev/null 2>&1 || exit 0
if ! is_away && answers "$1"; then exit 0; fi
shift
for other; do
  if answers "$other"; then exit 1; fi
done
exit 0
