#!/bin/sh
# address-away.sh cordon|enable|state NAME: has keepalived on this host give the address of the cluster NAME
# to another one, and keep away from it, or lets it have the address again.
#
# The program of a role's `hand_over`: docs/your-own-playbook.md says what it has to print. It goes by what
# keepalived goes by, the file that clusterproxy wrote for it, whose script is the one that it runs here:
# proxy-answers.sh or balancer-answers.sh, which finds the host unfit as long as there is a file in
# /run/clusterproxy-away. Another host takes the address then, if keepalived runs there and finds that host
# fit. After a start of the host there is no such file, as nobody is interrupted any more.
set -u

verb=$1
name=$2
folder=${ROOT:-}/etc/keepalived/clusterproxy
flags=${ROOT:-}/run/clusterproxy-away
flag=$flags/$name
claim=${ROOT:-}/usr/local/sbin/clusterproxy-$name-claim

# setting KEYWORD: the words of the first line with it, or of the line below that if it opens a block
setting() {
  awk -v keyword="$1" '
    found { print; exit }
    $1 == keyword && $NF != "{" { sub(/^[ \t]*[^ \t]+[ \t]+/, ""); gsub(/"/, ""); print; exit }
    $1 == keyword { found = 1 }' "$file" 2>/dev/null
}

# use FILE: what keepalived goes by for a cluster: its address in $virtual, and its script, which is $program,
# the words of its $question, the address of this host, and those of the $others
use() {
  file=$1
  own=$(setting unicast_src_ip)
  virtual=$(setting virtual_ipaddress)
  virtual=${virtual%%/*}
  virtual=${virtual##*[[:space:]]}
  # shellcheck disable=SC2046 # splitting is what it is for
  set -- $(setting script)
  program=${1:-}
  question=
  while [ $# -gt 1 ] && [ "$2" != "$own" ]; do
    question="$question $2"
    shift
  done
  [ $# -gt 1 ] && [ -n "$virtual" ] || return
  shift 2
  others=$*
}

# One of an earlier version of clusterproxy doesn't look for the file.
is_moved_by_us() {
  use "$folder/$name.conf" && grep -qsF clusterproxy-away "$program" &&
    systemctl is-active --quiet keepalived.service
}

come_back() {
  rm -f -- "$flag" || return
  rmdir -- "$flags" 2>/dev/null || :
}

# is_away_for_others: whether another cluster has this host keep away from all addresses
is_away_for_others() {
  for other in "$flags"/*; do
    if [ -e "$other" ] && [ "$other" != "$flag" ]; then return 0; fi
  done
  return 1
}

say_state() {
  printf 'state\037%s\nhealth\037%s\nothers\037%d\n' "$1" "$2" "$3"
}

answers() {
  # shellcheck disable=SC2086 # splitting is what it is for
  "$program" --ask $question "$1"
}

has_it() {
  ip -o address show | grep -qF " $virtual/"
}

# count_others: how many of them answer, into $count
count_others() {
  count=0
  for other in $others; do
    if answers "$other"; then count=$((count + 1)); fi
  done
}

# runs_for SECONDS: keepalived has run so long, and has asked often enough to know whether the host is fit. By
# the time since the host started, as the clock may be set meanwhile.
runs_for() {
  _since=$(systemctl show --property=ActiveEnterTimestampMonotonic --value keepalived.service)
  read -r _now _ <"${ROOT:-}/proc/uptime"
  [ $((${_now%%.*} - ${_since:-0} / 1000000)) -ge "$1" ]
} 2>/dev/null

# within SECONDS COMMAND...: repeats it until it succeeds, or the time is up
within() {
  _until=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt $_until ] || return 1
    sleep 0.2
  done
}

is_gone() {
  ! has_it
}

# Its own script says that it stays here, as nobody else would answer.
is_gone_or_stays() {
  # shellcheck disable=SC2086 # splitting is what it is for
  ! has_it || "$program" $question "$own" $others
}

# owner: who has the address by the network's word, where a command moves it; else nothing
owner() {
  [ ! -x "$claim" ] || "$claim" state | sed -n 's/^owner //p'
}

# Where a command has the network lead the address elsewhere, only the network knows when that is done: until
# then whoever asks, asks this host, and some networks lead nobody to such an address from inside.
is_elsewhere() {
  owner=$(owner)
  if [ -n "$owner" ]; then [ "$owner" != "$was" ]; else answers "$virtual"; fi
}

# Whoever was connected by the address opens a new connection to whoever has it now. What is left here would
# count as somebody who is there, until it is found dead after minutes.
end_connections() {
  case $virtual in
    *:*) ss --kill state connected src "[$virtual]" ;;
    *) ss --kill state connected src "$virtual" ;;
  esac
} >/dev/null 2>&1

# The addresses of other clusters on this host move as well.
leave_others() {
  for conf in "$folder"/*.conf; do
    if [ "$conf" = "$folder/$name.conf" ] || ! use "$conf" || [ ! -x "$program" ]; then continue; fi
    if within 8 is_gone_or_stays && is_gone; then end_connections || :; fi
  done
}

# stay WORDS: why the address stays here, which is as before then
stay() {
  come_back
  echo "$1"
  exit 1
}

give_away() {
  was=
  patience=5
  if [ -x "$claim" ]; then patience=70; fi
  if has_it; then was=$(owner); fi
  mkdir -p -- "$flags" && chmod 0755 "$flags" && : >"$flag" || exit 1
  within 20 is_gone || stay "keepalived still has $virtual here, although it is told to give it away"
  if ! within $patience is_elsewhere; then
    _why='does not answer from here'
    if [ -n "$owner" ]; then _why="belongs to $owner by the network's word"; fi
    stay "$virtual is not here any more, and $_why: no other host has taken it"
  fi
  end_connections || :
  leave_others
}

# keepalived takes a host for fit again that was three times in a row, asked every second.
is_fit_again() {
  for _ in 1 2 3 4; do
    answers "$own" || return 0
    sleep 1
  done
}

case $verb in
  cordon)
    is_moved_by_us || { echo "keepalived does not run here, or not for $name" && exit 1; }
    give_away
    ;;
  enable)
    come_back || exit 1
    ! is_moved_by_us || is_fit_again
    ;;
  state)
    # Whatever has become of keepalived: the file has to go before it runs again, or another cluster's does.
    if [ -e "$flag" ]; then
      say_state cordoned offline 0
    elif ! is_moved_by_us; then
      say_state unknown offline 0
    else
      count_others
      if ! is_away_for_others && runs_for 5 && answers "$own"; then _health=online; else _health=offline; fi
      say_state enabled $_health "$count"
    fi
    ;;
  *)
    echo 'usage: address-away.sh cordon|enable|state NAME'
    exit 2
    ;;
esac
