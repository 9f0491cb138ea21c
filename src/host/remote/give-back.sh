# shellcheck shell=sh
# Gives a node back to whoever sends people there, once the deadline of its cordon is over and nobody has done
# so: the run that took it out is over by then, whatever became of its controller. Only where the node answers
# rightly; the timer tries again otherwise.
#   sh /var/lib/clusterproxy/cordons/CLUSTER/NODE/give-back CLUSTER/NODE [now]
# With `now`, an operator doesn't wait for the deadline.
# shellcheck disable=SC2154 # some variables are set by cordons.sh

case ${1:-} in */*) ;; *) echo 'usage: give-back CLUSTER/NODE' >&2 && exit 1 ;; esac
use_cordon "${1%%/*}" "${1#*/}"
exec 9<"$base/cordons/lock" || exit 1
flock -w 300 9 || exit 75
read_cordon || exit 0
if [ "${2:-}" != now ]; then
  [ "$(date +%s)" -ge "$cordon_deadline" ] && [ ! -e "$cordon/person" ] || exit 0
fi
give_back
[ "${2:-}" != now ] || printf '%s\n' "${1#*/} $verdict${said:+: $said}"
case $verdict in released | kept | unknown) exit 0 ;; esac
note_stays "$said"
exit 1
