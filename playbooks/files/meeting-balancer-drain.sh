#!/bin/sh
# meeting-balancer-drain.sh cordon|enable|state|how-to-add|how-to-remove KIND HOST COMMAND ADDRESS SECRET: has
# the balancer of meetings create no new ones on a node, or create some again; those that are there go on, and
# people can join them. HOST is the name in the node's address, as the balancer has it. COMMAND is what the
# balancer is told by, with its arguments separated by spaces; empty for the usual one of its KIND. ADDRESS is
# the node's API, and SECRET the command that prints its secret there: how a node is added and removed is only
# told, for people.
#
# - scalelite: `docker exec scalelite-api bin/rake`. Only `cordon` and `enable` are used: `servers:disable`
#   asks on its input and ends meetings, and `servers:panic` ends them at once. Its poller makes `disabled` of
#   `cordoned` as soon as a node is empty; that is still the same cordon. But on a disabled one nobody can
#   join a meeting again that everybody has left for a moment, or that has people in breakout rooms alone; and
#   a meeting that it remembers from there is created there again (scalelite#1260). So it says that joins are
#   refused, and is told `cordon` again. `rake servers` prints every secret:
#   none leaves the pipe to awk. (lib/tasks/servers.rake of Scalelite 1.8.5)
# - b3scale: `b3scalectl` (cmd/b3scalectl/backends.go of b3scale 1.2)
# - bbblb: `bbblb`, whose `server disable` waits for nobody and ends nothing (bbblb/cli/server.py)
# - command: a program of the operator's, which is called as COMMAND cordon|enable|state HOST, and prints what
#   this one does
#
# A program of a guard's drain: docs/your-own-playbook.md says what it has to print.
set -uf

verb=$1
kind=$2
host=$3
command=$4
US=$(printf '\037.')
US=${US%.}

address=${5:-}
secret=${6:-}

missing() {
  case $verb in
    state)
      printf 'state\037unknown\n'
      exit 0
      ;;
    how-to-add) return 0 ;;
  esac
  echo "the balancer doesn't know $host"
  exit 1
}

# shellcheck disable=SC2086 # a command and its arguments
call() {
  $command "$@"
}

# id, host, state, `online` or `offline`, tag: one server a line
scalelite_servers() {
  call servers | awk -v US="$US" '
    function tell() { if (id != "") print id US host US state US online US tag }
    { sub(/\r$/, "") }
    $1 == "id:" { tell(); id = $2; host = state = online = tag = "" }
    $1 == "url:" { host = $2; sub(/^[a-z]+:\/\//, "", host); sub(/[\/:].*/, "", host) }
    $1 == "tag:" { tag = $2 }
    NF == 1 && $1 ~ /^(enabled|cordoned|disabled)$/ { state = $1 }
    NF == 1 && $1 ~ /^(online|offline)$/ { online = $1 }
    END { tell() }'
}

with_scalelite() {
  [ -n "$command" ] || command='docker exec scalelite-api bin/rake'
  servers=$(scalelite_servers)
  # A new one has none yet.
  if [ -z "$servers" ] && [ "$verb" != how-to-add ]; then
    echo 'Scalelite lists no servers'
    exit 1
  fi
  mine=$(printf '%s\n' "$servers" | awk -F "$US" -v host="$host" '$2 == host')
  [ -n "$mine" ] || missing
  case $verb in
    state)
      printf '%s\n' "$servers" | awk -F "$US" -v host="$host" '
        $2 == host { state = $3; health = $4; tag = $5 }
        { hosts[NR] = $2; states[NR] = $3; healths[NR] = $4; tags[NR] = $5 }
        END {
          for (i = 1; i <= NR; i++) {
            if (hosts[i] != host && states[i] == "enabled" && healths[i] == "online" && tags[i] == tag) others++
          }
          printf "state\037%s\nhealth\037%s\nothers\037%d\n", (state == "enabled" ? "enabled" : "cordoned"), health, others
          if (state == "disabled") print "joins\037refused"
        }'
      ;;
    how-to-add)
      echo "$command \"servers:add[$address,SECRET]\" with the secret that $secret prints on $host, then $command \"servers:enable[ID]\" with the id that it prints"
      ;;
    how-to-remove)
      printf '%s\n' "$mine" | while IFS=$US read -r id _; do echo "$command \"servers:remove[$id]\""; done
      ;;
    *)
      printf '%s\n' "$mine" | while IFS=$US read -r id _; do call "servers:${verb}[${id}]" || exit 1; done
      ;;
  esac
}

# host, address, admin state, node state, tags: one backend a line
b3scale_backends() {
  call show backends | awk -v US="$US" '
    function tell() { if (url != "") print host US url US admin US node US tags }
    { sub(/\r$/, "") }
    $1 == "Host:" { tell(); url = $2; host = url; sub(/^[a-z]+:\/\//, "", host); sub(/[\/:].*/, "", host); admin = node = tags = "" }
    $1 == "Settings:" { if (match($0, /"tags":\[[^]]*\]/)) tags = substr($0, RSTART, RLENGTH) }
    { for (i = 1; i < NF; i++) { if ($i == "AdminState:") admin = $(i + 1); if ($i == "NodeState:") node = $(i + 1) } }
    END { tell() }'
}

with_b3scale() {
  [ -n "$command" ] || command=b3scalectl
  backends=$(b3scale_backends)
  if [ -z "$backends" ]; then
    echo 'b3scale lists no backends'
    exit 1
  fi
  url=$(printf '%s\n' "$backends" | awk -F "$US" -v host="$host" '$1 == host { print $2; exit }')
  [ -n "$url" ] || missing
  case $verb in
    state)
      printf '%s\n' "$backends" | awk -F "$US" -v host="$host" '
        $1 == host { admin = $3; node = $4; tags = $5 }
        { hosts[NR] = $1; admins[NR] = $3; nodes[NR] = $4; all[NR] = $5 }
        END {
          for (i = 1; i <= NR; i++) {
            if (hosts[i] != host && admins[i] == "ready" && nodes[i] == "ready" && all[i] == tags) others++
          }
          state = admin == "ready" ? "enabled" : admin == "stopped" ? "cordoned" : admin
          printf "state\037%s\nhealth\037%s\nothers\037%d\n", state, (node == "ready" ? "online" : "offline"), others
        }'
      ;;
    cordon) call disable backend "$url" || [ $? -eq 64 ] ;;
    # 64: nothing was to be changed
    enable) call enable backend "$url" || [ $? -eq 64 ] ;;
  esac
}

with_bbblb() {
  [ -n "$command" ] || command=bbblb
  servers=$(call server stats --table-format raw)
  if [ -z "$servers" ]; then
    echo 'bbblb lists no servers'
    exit 1
  fi
  printf '%s\n' "$servers" | cut -f 1 | grep -Fxq -e "$host" || missing
  case $verb in
    state)
      printf '%s\n' "$servers" | awk -F '\t' -v host="$host" '
        { sub(/\r$/, "") }
        $1 == host { state = $2; health = $3 }
        $1 != host && $2 == "True" && $3 == "available" { others++ }
        END {
          printf "state\037%s\nhealth\037%s\nothers\037%d\n", (state == "True" ? "enabled" : "cordoned"), (health == "available" ? "online" : "offline"), others
        }'
      ;;
    how-to-add) echo "$command server create $host --secret SECRET with the secret that $secret prints there" ;;
    cordon) call server disable "$host" ;;
    enable) call server enable "$host" ;;
  esac
}

case $verb in
  cordon | enable | state | how-to-add | how-to-remove) ;;
  *)
    echo 'usage: meeting-balancer-drain.sh cordon|enable|state|how-to-add|how-to-remove KIND HOST COMMAND ADDRESS SECRET'
    exit 2
    ;;
esac
case $kind in
  # Not by the names alone: commands have them as well.
  scalelite | b3scale | bbblb) "with_$kind" ;;
  command)
    if [ -z "$command" ]; then
      echo 'meeting_balancer_command says nothing to call'
      exit 1
    fi
    # It knows three words.
    case $verb in how-to-*) exit 1 ;; esac
    call "$verb" "$host"
    ;;
  *)
    echo "a balancer of the kind $kind is not known"
    exit 2
    ;;
esac
