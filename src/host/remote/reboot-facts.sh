# shellcheck shell=sh
# What is to be known of a host before it is restarted, and after: sent as a query, behind library.sh. Lines:
#   required US PACKAGES   the distribution asks for a restart, because of these
#   kernel US NOW US NEW   a newer kernel than the one that runs is in /boot
#   service US NAME        a service or socket that is active, and stays there by itself
# shellcheck disable=SC2154 # ROOT and US are set by library.sh

# Debian's update-notifier and others leave it; /var/run is /run.
if [ -e "$ROOT/run/reboot-required" ]; then
  packages=$(sort -u "$ROOT/run/reboot-required.pkgs" 2>/dev/null | head -n 20 | tr '\n' ' ')
  printf '%s\n' "required$US${packages% }"
fi

# Those that a distribution keeps beside the usual ones are never the newest.
running=$(uname -r)
newest=$(
  for file in "$ROOT"/boot/vmlinuz-[0-9]*; do
    case $file in *.old | *.bak | *-rescue-* | *'*'*) continue ;; esac
    printf '%s\n' "${file##*/vmlinuz-}"
  done | sort -V | tail -n 1
)
if [ -n "$newest" ] && [ "$newest" != "$running" ] &&
  [ "$(printf '%s\n' "$newest" "$running" | sort -V | tail -n 1)" = "$newest" ]; then
  printf '%s\n' "kernel$US$running$US$newest"
fi

# Sessions, connections and what was started for once don't come back, and needn't.
systemctl list-units --type=service,socket --state=active --plain --no-legend --no-pager 2>/dev/null |
  awk -v US="$US" '
    $4 == "exited" { next }
    $1 ~ /^(user|session|run|clusterproxy|sshd?)[@-]/ || $1 ~ /^user-runtime-dir@/ { next }
    { print "service" US $1 }'
exit 0
