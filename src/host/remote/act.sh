# shellcheck shell=sh
# What a run does before it changes any file, and what a revert doesn't undo: packages, archives,
# certificates. Sourced by runner.sh, after prepare.sh. An action that fails ends the run with nothing changed
# but what actions have done by then.
# shellcheck disable=SC2154 # run and dir are set by the program
# shellcheck disable=SC2034 # has_begun is for begin.sh

do_actions() {
  any_record act || return 0
  enter acting || refuse prepare-failed 'the state of the run could not be written' 'check the disks of the host' ''
  each_record do_action act
}

# do_action act NUMBER NAME KIND TIMEOUT COUNT ARGUMENT...
do_action() {
  act=$2
  act_name=$3
  act_kind=$4
  act_limit=$5
  now
  act_until=$((now + act_limit))
  act_output=$dir/output-$act
  _count=$6
  shift 6
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  if any_record act-unless "$act" && each_record is_done act-unless "$act"; then
    log act "$act_name" unneeded
    return 0
  fi
  if ! in_time || ! ask_guards_of act-guard "$act"; then put_off; fi
  if [ "$act_kind" = certbot ]; then refuse_too_many "$@"; fi
  has_begun=yes
  log act "$act_name" started
  act_failed=
  if ! : >"$act_output"; then
    act_failed='there is no disk space for its output'
  elif ! perform "$@"; then
    act_failed=${act_failed:-"its command failed"}
  fi
  said=$(last_part "$act_output")
  [ -z "$act_failed" ] || refuse action-failed "$act_name: $act_failed; no file was changed" \
    'fix what it complains about, then run the command again; whatever its actions did so far remains' "$said"
  log act "$act_name" finished "$said"
} 2>/dev/null

# is_done act-unless NUMBER COUNT KIND ARGUMENT...
is_done() {
  _count=$3
  shift 3
  while [ $# -le "$_count" ]; do set -- "$@" ''; done
  ask "$@" >/dev/null 9>&-
}

perform() {
  case $act_kind in
    install-packages) install_packages "$@" ;;
    remove-packages) remove_packages "$@" ;;
    unpack) unpack "$@" ;;
    certbot) certbot_answers "$@" ;;
    command) doing "$@" ;;
    script) run_script "$@" ;;
    upgrade-packages) upgrade_packages "$@" ;;
    reboot) reboot_host ;;
    *)
      act_failed="the action $act_kind is unknown"
      return 1
      ;;
  esac
}

# doing COMMAND...: within what is left of the action's time; its words go to those of the action. Nothing
# asks: there is no terminal and nothing on stdin.
doing() {
  now
  _left=$((act_until - now))
  [ $_left -gt 0 ] || _left=1
  _status=0
  # A package manager that is ended needs a moment to leave things in order.
  timeout -k 60 "$_left" "$@" </dev/null >>"$act_output" 2>&1 9>&- || _status=$?
  [ $_status -ne 124 ] || act_failed="it was stopped because it took longer than $act_limit seconds"
  return $_status
}

# The end of a file as a field of the log. What matters in it comes last, and errors of apt in a line of their
# own.
last_part() {
  { grep -E '^(E|Error|dpkg: error)[: ]' "$1" | head -n 10 && tail -c 4000 "$1"; } 2>/dev/null | one_line
}

## Certificates

# refuse_too_many PORT NAME ARGUMENT...: whoever runs the command again and again would have the authority
# answer nothing any more, also once what was wrong has been mended.
refuse_too_many() {
  [ -z "$1" ] || _way=" --http-01-port $1 --http-01-address 127.0.0.1"
  shift 2
  _by_hand="certbot $*${_way-}"
  _trial=
  case " $* " in
    *' --server '*) ;;
    *) _trial=', and --dry-run at its end asks an authority for trials, which counts nothing' ;;
  esac
  _names=
  while [ $# -gt 1 ]; do
    [ "$1" != --domain ] || _names="$_names $2"
    shift
  done
  # shellcheck disable=SC2086 # names of hosts
  if _said=$(failed_challenges $_names) || [ -z "$_said" ]; then return 0; fi
  _count=${_said%% *}
  _said=${_said#* }
  refuse asked-too-often \
    "$act_name: nothing was asked, as $_count tries have failed within the last hour, the last one at $(hour_of "${_said% *}"), and a fifth would have the authority refuse all others" \
    "mend what it complained about (/var/log/letsencrypt has its words), then run the command again from $(hour_of "${_said#* }") on; to have it asked at once, run on this host: $_by_hand$_trial" ''
}

# hour_of SECONDS: `10:50 UTC`
hour_of() {
  date -u -d "@$1" '+%H:%M UTC'
}

# certbot_answers PORT NAME ARGUMENT...: on port 80 where nobody listens there yet, else on PORT, where
# whoever has port 80 passes challenges on to; renewals find that somebody there. Without PORT, it doesn't.
certbot_answers() {
  _port=$1
  _name=$2
  shift 2
  if [ -z "$_port" ]; then
    doing certbot "$@"
    return
  fi
  # 0A: LISTEN, see proc_net_tcp in the kernel's documentation
  if grep -Eqs '^ *[0-9]+: [0-9A-F]+:0050 [0-9A-F]+:0000 0A ' "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"; then
    doing certbot "$@" --http-01-port "$_port" --http-01-address 127.0.0.1
    return
  fi
  doing certbot "$@" --http-01-port 80 || return
  _renewal=$ROOT/etc/letsencrypt/renewal/$_name.conf
  [ ! -e "$_renewal" ] || doing sed -i -e '/^http01_port *=/d' -e '/^http01_address *=/d' \
    -e "s/^\\[renewalparams\\]\$/&\\nhttp01_port = $_port\\nhttp01_address = 127.0.0.1/" "$_renewal"
}
