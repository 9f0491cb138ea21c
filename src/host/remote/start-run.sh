# shellcheck shell=sh
# How a run is begun that is on this host, whole: by receive.sh, or later by queue.sh. Runs after lib.sh.
# shellcheck disable=SC2154 # base is lib.sh's
# shellcheck disable=SC2034 # problem is for the programs

# make_states FOLDER: all that has to be written later by a host whose disk is full: a rename, or a second
# name, needs no space
make_states() {
  mkdir -p -- "$1/states" "$1/outcomes" || return
  for _state in queued running prepared acting open waiting committed reverted kept refused deferred abandoned conflict stuck; do
    printf '%s\n' "$_state" >"$1/states/$_state" || return
  done
  for _state in commit revert keep; do
    printf '%s\n' "$_state" >"$1/outcomes/$_state" || return
  done
}

# start_runner RUN LIMIT STOP-LIMIT: in seconds. Not bound to this session: the host goes on by itself when
# the connection breaks off. settle.sh follows however the runner ends. False with systemd's words in
# $problem.
start_runner() {
  problem=$(systemd-run --quiet --collect --unit="clusterproxy-$1" --description="clusterproxy run $1" \
    -p "RuntimeMaxSec=$2" -p "TimeoutStopSec=$3" -p UMask=0022 -p IgnoreSIGPIPE=no \
    -p "ExecStopPost=/bin/sh $base/runs/$1/settle.sh $1" \
    -- /bin/sh "$base/runs/$1/runner.sh" "$1" 2>&1 </dev/null)
}
