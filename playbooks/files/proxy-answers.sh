#!/bin/sh
# proxy-answers.sh NAME PATH OWN [OTHER]...: whether this proxy should have the cluster's address. keepalived
# asks every second; exit status 0 is yes.
#
# A browser's question, by the cluster's NAME over TLS, to the proxy's OWN address: never through DNS,
# which leads to whoever has the cluster's address. PATH is one that a proxy answers without a node. Any
# answer below 500 will do: what is wrong with a certificate or a node is the same on all proxies, and is
# not mended by another one. A proxy that gives no answer, or is told to keep away from the address
# (address-away.sh), gives it away, but only to one of the OTHERs that answers: where none does, moving it
# would help nobody. What can't be asked is no proxy's fault.
#
# proxy-answers.sh --ask NAME PATH ADDRESS: only whether a proxy answers there.
set -u
only=no
if [ "$1" = --ask ]; then
  only=yes
  shift
fi
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
name=$1
path=$2
shift 2

# Seconds, so that one question to this proxy and one to another are answered within keepalived's own limit.
limit=2

# answers ADDRESS
answers() {
  case $1 in *:*) set -- "[$1]" ;; esac
  status=$(curl -q --silent --insecure --globoff --noproxy '*' --max-time "$limit" --user-agent clusterproxy \
    --connect-to "$name:443:$1:443" --output /dev/null --write-out '%{http_code}' "https://$name$path" </dev/null)
  case $status in [1-4][0-9][0-9]) return 0 ;; *) return 1 ;; esac
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
