#!/bin/sh
# address-away.sh cordon|enable|state NAME: has keepalived on this host give the address of the cluster NAME
# to another one, and keep away from it, or lets it have the address again.
#
# The program of a role's `hand_over`: docs/your-own-playbook.md says what it has to print. It goes by what
# keepalived goes by, the file that clusterproxy wrote for it, whose script is the one that it runs here:
# proxy-answers.sh, which finds the host unfit as long as there is a file in /run/clusterproxy-away. Another
# host takes the address then, if keepalived runs there and finds that host fit. After a start of the host
# there is no such file, as nobody is interrupted any more.
set -u

verb=$1
name=$2
file=${ROOT:-}/etc/keepalived/clusterproxy/$name.conf
flags=${ROOT:-}/run/clusterproxy-away
flag=$flags/$name

# setting KEYWORD: the words of the first line with it, or of the line below that if it opens a block
setting() {
  awk -v keyword="$1" '
    found { print; exit }
    $1 == keyword && $NF != "{" { sub(/^[ \t]*[^ \t]+[ \t]+/, ""); gsub(/"/, ""); print; exit }
    $1 == keyword { found = 1 }' "$file" 2>/dev/null
}

come_back() {
  rm -f -- "$flag" || return
  rmdir -- "$flags" 2>/dev/null || :
}

say_state() {
  printf 'state\037%s\nhealth\037%s\nothers\037%d\n' "$1" "$2" "$3"
}

script=$(setting script)
virtual=$(setting virtual_ipaddress)
virtual=${virtual%%/*}
virtual=${virtual##*[[:space:]]}
if [ -z "$script" ] || [ -z "$virtual" ] || ! systemctl is-active --quiet keepalived.service; then
  [ "$verb" != enable ] || come_back
  [ "$verb" != state ] || say_state unknown offline 0
  [ "$verb" != cordon ] || echo "keepalived does not run here, or not for $name"
  [ "$verb" != cordon ]
  exit
fi

# PROGRAM NAME PATH OWN [OTHER]...
# shellcheck disable=SC2086 # splitting is what it is for
set -- $script
program=$1
hostname=$2
path=$3
own=$4
shift 4

answers() {
  "$program" --ask "$hostname" "$path" "$1"
}

has_it() {
  ip -o address show | grep -qF " $virtual/"
}

# others_answer: how many of them do, into $others
others_answer() {
  others=0
  for other; do
    if answers "$other"; then others=$((others + 1)); fi
  done
}

# runs_for SECONDS: keepalived has run so long, and has asked often enough to know whether the host is fit
runs_for() {
  _since=$(date -d "$(systemctl show --property=ActiveEnterTimestamp --value keepalived.service)" +%s) &&
    [ $(($(date +%s) - _since)) -ge "$1" ]
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

# Where a command has the network lead the address elsewhere, that takes its time.
patience=5
if [ -x "${ROOT:-}/usr/local/sbin/clusterproxy-$name-claim" ]; then patience=90; fi

# Whoever was connected by the address opens a new connection to whoever has it now. What is left here would
# count as somebody who is there, until it is found dead after minutes.
end_connections() {
  case $virtual in
    *:*) ss --kill state connected src "[$virtual]" ;;
    *) ss --kill state connected src "$virtual" ;;
  esac
} >/dev/null 2>&1

# keepalived takes a host for fit again that was three times in a row, asked every second.
is_fit_again() {
  for _ in 1 2 3 4; do
    answers "$own" || return 0
    sleep 1
  done
}

case $verb in
  cordon)
    mkdir -p -- "$flags" && chmod 0755 "$flags" && : >"$flag" || exit 1
    if ! within 20 is_gone; then
      come_back
      echo "keepalived still has $virtual here, although it is told to give it away"
      exit 1
    fi
    if ! within $patience answers "$virtual"; then
      come_back
      echo "$virtual is not here any more, and does not answer from here: no other host has taken it"
      exit 1
    fi
    end_connections || :
    ;;
  enable)
    come_back || exit 1
    is_fit_again
    ;;
  state)
    others_answer "$@"
    if [ -e "$flag" ]; then
      say_state cordoned offline "$others"
    elif runs_for 5 && answers "$own"; then
      say_state enabled online "$others"
    else
      say_state enabled offline "$others"
    fi
    ;;
  *)
    echo 'usage: address-away.sh cordon|enable|state NAME'
    exit 2
    ;;
esac
