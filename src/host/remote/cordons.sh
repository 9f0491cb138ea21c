# shellcheck shell=sh
# A cordon: whoever sends people to a node has been told to send no more, by a program of the playbook that
# runs on this host. Sourced by cordon.sh, and by give-back.sh, which is kept beside each.
#
# $base/cordons/CLUSTER/NODE holds: record (run, holder, since, deadline, and the program's arguments,
# counted), program (its text), checks (a URL and a text a line: what the node answers when it is well),
# give-back (see there), seen (when its run asked for it last), stays (why the node isn't given back), person
# (somebody has to look at it first).
# shellcheck disable=SC2034,SC2154 # some variables are for the programs, others are set by lib.sh

# use_cordon CLUSTER NODE: where it is kept into $cordon, its units into $timer and $service
use_cordon() {
  cordon=$base/cordons/$1/$2
  cordon_name=$1/$2
  # No name has a colon: with a hyphen, those of two clusters could be the same.
  service=clusterproxy-cordon-$1:$2.service
  timer=clusterproxy-cordon-$1:$2.timer
}

# read_cordon: what is known of it; false where there is none
read_cordon() {
  cordon_run=
  { IFS=$US read -r cordon_run cordon_holder cordon_since cordon_deadline cordon_arguments <"$cordon/record" || :; } 2>/dev/null
  [ -n "$cordon_run" ]
}

# set_cordon RUN HOLDER SINCE DEADLINE ARGUMENTS: durable before anything follows
set_cordon() {
  printf '%s\n' "$1$US$2$US$3$US$4$US$5" >"$cordon/.record" && sync -- "$cordon/.record" &&
    mv -T -f -- "$cordon/.record" "$cordon/record" && sync -- "$cordon"
}

# The program, which gets a verb and its own arguments. What it says in $heard, and for a message in $said;
# its status as ours.
# drive cordon|enable|state
drive() {
  _verb=$1
  _saved=$IFS
  IFS=$US
  # shellcheck disable=SC2086 # splitting is what it is for
  set -- $cordon_arguments
  IFS=$_saved
  _count=$1
  shift
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  heard=$(hear "$_verb" "$@" | tr -d '\000-\010\013-\036\177')
  _status=${heard##*"$NL"}
  heard=${heard%"$NL"*}
  said=$(printf '%s\n' "$heard" | one_line)
  case $_status in 124 | 137) said="it took too long$(printf '\036')$said" ;; esac
  return "$_status"
}
# What it prints, but no more than anybody needs, however much that is; its status in a last line. What it
# leaves running in a session of its own may keep its output open for ever: see ask in lib.sh.
hear() {
  {
    _status=$({
      {
        # shellcheck disable=SC2016 # it is that shell which is to expand it
        timeout -k 2 120 sh -c \
          'text=$(cat) && [ -n "$text" ] || { echo "the program is not there"; exit 125; }; exec </dev/null; eval "$text"' \
          drain "$@" <"$cordon/program" 2>&1 3>&- 4>&- 9>&- &
        end_of $!
        echo $? >&4
      } | timeout -k 1 125 cat 3>&- 4>&- 9>&- | { head -c 65536 >&3 && cat >/dev/null; } 4>&- 9>&-
    } 4>&1)
  } 3>&1
  printf '\n%s\n' "${_status:-125}"
}

# look_up: what the program says of the node: $cordon_state (`enabled`, `cordoned`, or another word for a
# state that a cordon doesn't make), $cordon_health (`online`, `offline`, or nothing), $cordon_others, how
# many others would get people, and $cordon_joins, `refused` where nobody gets back to a session that is
# there. 1 where it can't tell, and 3 where it doesn't know the node; $said says why.
look_up() {
  cordon_state=
  cordon_health=
  cordon_others=
  cordon_joins=
  drive state || return
  while IFS=$US read -r _name _value _; do
    case $_name in
      state) cordon_state=$_value ;;
      health) cordon_health=$_value ;;
      others) cordon_others=$_value ;;
      joins) cordon_joins=$_value ;;
    esac
  done <<END
$heard
END
  case $cordon_others in *[!0-9]*) cordon_others= ;; esac
  if [ "$cordon_state" = unknown ]; then
    cordon_state=
    said='the balancer does not know it'
    return 3
  fi
  if [ -n "$cordon_state" ]; then
    said=
    return 0
  fi
  said="it does not say in which state the node is$(printf '\036')$said"
  return 1
}

# answers_rightly: whether the node answers as one that is well; $said says what it doesn't
answers_rightly() {
  while IFS=$US read -r _url _text; do
    [ -n "$_url" ] || continue
    _body=$(http_get 10 "$_url" 2>/dev/null | head -c 1048576 | tr -d '\000')
    case $_body in
      '') said="$_url does not answer" && return 1 ;;
      *"$_text"*) ;;
      *) said="the answer from $_url does not contain $_text" && return 1 ;;
    esac
  done <"$cordon/checks"
}

# give_back: `released`, `kept` (its state isn't one that a cordon makes: somebody else's), `unknown` (it was
# removed there), `stays` (it is not well) or `failed` in $verdict; $said says why
give_back() {
  verdict=failed
  if look_up; then :; else
    [ $? -eq 3 ] || return 0
    verdict=unknown
    forget_cordon
    return 0
  fi
  case $cordon_state in
    enabled) ;;
    cordoned)
      if ! answers_rightly; then
        verdict=stays
        return 0
      fi
      drive enable || return 0
      look_up || {
        [ $? -eq 3 ] || return 0
        # It was removed there meanwhile, such as by the run itself.
        verdict=unknown
        forget_cordon
        return 0
      }
      if [ "$cordon_state" != enabled ]; then
        said="it was told to, but the node is still $cordon_state"
        return 0
      fi
      ;;
    *)
      verdict=kept
      said="somebody else has made it $cordon_state"
      forget_cordon
      return 0
      ;;
  esac
  verdict=released
  _record=$(cat "$cordon/record")
  until_online
  # Another run may have taken it out meanwhile.
  if [ "$(cat "$cordon/record" 2>/dev/null)" = "$_record" ]; then forget_cordon; fi
}

# until_online: a balancer may look at the node before it sends people there; others need not wait for that
wait_for_online=0
until_online() {
  [ "$wait_for_online" -gt 0 ] || return 0
  flock -u 9
  now
  _until=$((now + wait_for_online))
  while [ "$cordon_health" = offline ] && ! is_past $_until; do
    sleep 2
    look_up || break
  done
  flock -w 300 9 || :
}

# note_stays WORDS: for everybody who looks at this host
note_stays() {
  printf '%s\n' "$1" >"$cordon/stays" || :
} 2>/dev/null

forget_cordon() {
  stop_timer
  rm -rf -- "$cordon"
  rmdir -- "${cordon%/*}" 2>/dev/null || :
}

## The timer that gives a node back whose run nobody follows any longer

# start_timer SECONDS: false with its words in $said. A host that isn't run by systemd has none.
start_timer() {
  [ -d "$ROOT/run/systemd/system" ] || return 0
  _at=$(date -u -d "@$(($(date +%s) + $1))" '+%Y-%m-%d %H:%M:%S UTC') || return
  said=$({
    mkdir -p -- "$units_folder" && cat >"$units_folder/$service" <<END &&
[Unit]
Description=Give a node back that clusterproxy had taken out

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/clusterproxy/cordons/$cordon_name/give-back $cordon_name
TimeoutStartSec=600
END
      cat >"$units_folder/$timer" <<END &&
[Unit]
Description=Give a node back that clusterproxy had taken out

[Timer]
OnCalendar=$_at
OnUnitInactiveSec=300
Persistent=true
AccuracySec=1

[Install]
WantedBy=timers.target
END
      systemctl daemon-reload && systemctl enable "$timer" && systemctl restart "$timer"
  } 2>&1 9>&-)
}

stop_timer() {
  [ -e "$units_folder/$timer" ] || return 0
  systemctl disable "$timer" >/dev/null 2>&1 9>&- || :
  systemctl stop "$timer" >/dev/null 2>&1 9>&- || :
  rm -f -- "$units_folder/$timer" "$units_folder/$service"
  systemctl daemon-reload >/dev/null 2>&1 9>&- || :
}
units_folder=$ROOT/etc/systemd/system
