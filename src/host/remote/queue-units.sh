# shellcheck shell=sh
# The timer that asks, for a run that waits on this host until nobody is there, whether it may begin: see
# queue.sh. It is enabled, so that it is there again after a restart of the host, and goes with the end of the
# run. Runs after lib.sh.
# shellcheck disable=SC2154 # ROOT and base are library.sh's and lib.sh's
# shellcheck disable=SC2034 # said is for the programs

queue_units=$ROOT/etc/systemd/system

# start_queue RUN SECONDS: how often is asked. False with its words in $said.
start_queue() {
  enable_queue "$@" && said=$(systemctl restart "clusterproxy-queued-$1.timer" 2>&1 8>&- 9>&-)
}

# enable_queue RUN SECONDS: the same, but the timer begins with the next start of the host. A power cut may
# have kept others from going with their runs.
enable_queue() {
  set +f
  for _unit in "$queue_units"/clusterproxy-queued-*.timer; do
    set -f
    _run=${_unit##*/clusterproxy-queued-}
    _run=${_run%.timer}
    if [ -e "$_unit" ] && [ "$_run" != "$1" ] && [ ! -d "$base/runs/$_run" ]; then stop_queue "$_run"; fi
  done
  set -f
  said=$({
    mkdir -p -- "$queue_units" && cat >"$queue_units/clusterproxy-queued-$1.service" <<END &&
[Unit]
Description=Ask whether the clusterproxy run $1 may begin

[Service]
Type=oneshot
# Never failed: a host must not be degraded because somebody is there.
ExecStart=-/bin/sh /var/lib/clusterproxy/runs/$1/queue.sh $1
TimeoutStartSec=600
END
      cat >"$queue_units/clusterproxy-queued-$1.timer" <<END &&
[Unit]
Description=Ask whether the clusterproxy run $1 may begin

[Timer]
OnActiveSec=$2
OnUnitInactiveSec=$2
AccuracySec=100ms

[Install]
WantedBy=timers.target
END
      systemctl daemon-reload && systemctl enable "clusterproxy-queued-$1.timer" &&
      sync -- "$queue_units" && { [ ! -d "$queue_units/timers.target.wants" ] || sync -- "$queue_units/timers.target.wants"; }
  } 2>&1 8>&- 9>&-)
}

# stop_queue RUN
stop_queue() {
  _timer=clusterproxy-queued-$1.timer
  [ -e "$queue_units/$_timer" ] || return 0
  {
    timeout -k 5 60 systemctl disable "$_timer" || :
    timeout -k 5 60 systemctl stop "$_timer" || :
    rm -f -- "$queue_units/timers.target.wants/$_timer" "$queue_units/$_timer" "$queue_units/clusterproxy-queued-$1.service"
    sync -- "$queue_units"
    timeout -k 5 60 systemctl daemon-reload || :
  } >/dev/null 2>&1 8>&- 9>&-
}
