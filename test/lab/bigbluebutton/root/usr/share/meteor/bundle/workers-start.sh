#!/bin/sh
# 2.x (User=root): starts the instances. 3.0 alphas (User=meteor): is the one instance itself.
set -eu
if [ "$(id -u)" != 0 ]; then
  exec python3 -B /usr/lib/bbb-standin/html5.py 4100
fi
# shellcheck source=/dev/null
. /usr/share/meteor/bundle/bbb-html5-with-roles.conf
start() {
  i=1
  while [ "$i" -le "$2" ]; do
    systemctl --no-block start "bbb-html5-$1@$i"
    i=$((i + 1))
  done
}
start backend "$NUMBER_OF_BACKEND_NODEJS_PROCESSES"
start frontend "$NUMBER_OF_FRONTEND_NODEJS_PROCESSES"
