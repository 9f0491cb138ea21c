# shellcheck shell=sh
# Has a node taken out by whoever sends people there, or given back: see cordons.sh. The request's records:
# verb (cordon, ask, state, release, stays), cluster, node, run, machine id, holder, seconds until it is
# given back if nobody follows the run any longer, lengths of the program and of give-back, which follow,
# `over` if the run has the node's lease, so that no other is at work on it; `args`; `check`. Output:
# `NONCE VERDICT<US>STATE<US>HEALTH<US>OTHERS<US>WORDS<US>RUN<US>HOLDER<US>SINCE`.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap, others by cordons.sh

IFS=$US
# shellcheck disable=SC2086 # splitting is what it is for
set -- ${request%%"$NL"*}
IFS=$default_ifs
verb=$1
cluster=$2
node=$3
run=$4
machine=$5
holder=$6
seconds=$7
lengths=$8
over=${9:-}
said=
cordon_run=
cordon_holder=
cordon_since=
cordon_state=
cordon_health=
cordon_others=

private_folder() {
  [ -d "$1" ] || mkdir -m 0700 -- "$1"
}

answer() {
  printf '%s %s\n' "$nonce" "$1$US$cordon_state$US$cordon_health$US$cordon_others$US$(printf '%s' "$said" | one_line)$US$cordon_run$US$cordon_holder$US$cordon_since"
  exit 0
}

same_machine "$machine" || answer another-machine
use_cordon "$cluster" "$node"
said="$base can't be written to"
[ "$foreign" = no ] || answer failed
private_folder "$base" || answer failed
private_folder "$base/cordons" || answer failed
# Not truncated: others may hold it.
true >>"$base/cordons/lock" || answer failed
exec 9<"$base/cordons/lock" || answer failed
said='another run is talking to the balancer'
flock -w 240 9 || answer failed
said=

# take_program: what was sent into the folder of the cordon
take_program() {
  said="$cordon can't be written to"
  private_folder "${cordon%/*}" && private_folder "$cordon" || return
  _program=${lengths%% *}
  dd bs="$_program" count=1 iflag=fullblock 2>/dev/null >"$cordon/program" || return
  dd bs="${lengths#* }" count=1 iflag=fullblock 2>/dev/null >"$cordon/give-back" || return
  printf '%s\n' "$request" | sed -n "s/^check$US//p" >"$cordon/checks" || return
  cordon_arguments=$(printf '%s\n' "$request" | sed -n "s/^args$US//p")
  said=
}

# is_followed: whether somebody who took it out has asked for it within the last minutes
is_followed() {
  _seen=$(stat -c %Y -- "$cordon/seen" 2>/dev/null) || return
  [ $(($(date +%s) - _seen)) -lt 180 ]
}
note_seen() {
  true >"$cordon/seen"
} 2>/dev/null

drop_unused() {
  [ -e "$cordon/record" ] || rm -rf -- "$cordon"
  rmdir -- "${cordon%/*}" 2>/dev/null || :
}

take_out() {
  was_ours=no
  if read_cordon; then
    if [ "$cordon_run" != "$run" ] && [ "$over" != over ] && [ ! -e "$cordon/stays" ] && is_followed; then answer others; fi
    was_ours=yes
  fi
  take_program || answer failed
  if look_up; then :; else
    _looked=$?
    drop_unused
    [ $_looked -eq 3 ] || answer failed
    answer unknown
  fi
  if [ "$cordon_state" != enabled ] && [ $was_ours = no ]; then
    drop_unused
    answer kept
  fi
  if [ "$cordon_state" = enabled ] && [ "$cordon_others" = 0 ]; then
    drop_unused
    answer last
  fi
  _now=$(date +%s)
  said="$cordon can't be written to"
  # Known before it is done: whoever comes later gives it back.
  set_cordon "$run" "$holder" "$_now" $((_now + seconds)) "$cordon_arguments" || answer failed
  note_seen
  # What somebody has to look at is that until a run has put it in order.
  [ -e "$cordon/person" ] || rm -f -- "$cordon/stays"
  if ! start_timer "$seconds"; then
    forget_cordon
    answer failed
  fi
  if [ "$cordon_state" = enabled ]; then
    if ! drive cordon; then
      _words=$said
      give_back
      said=$_words
      answer failed
    fi
    if ! look_up || [ "$cordon_state" = enabled ]; then
      _words="it was told to send no more people there, but goes on${said:+ ($said)}"
      give_back
      said=$_words
      answer failed
    fi
  fi
  said=
  answer cordoned
}

# ask: what the balancer says of the node, and in $said what the program says to $holder, `how-to-add` or
# `how-to-remove`: how somebody does that there. It is only asked where there is something to be done.
ask() {
  read_cordon || take_program || answer failed
  look_up
  case $? in
    0) _verdict=seen && _how=how-to-remove ;;
    3) _verdict=unknown && _how=how-to-add ;;
    *)
      drop_unused
      answer failed
      ;;
  esac
  said=
  if [ "$holder" = "$_how" ]; then drive "$_how" || said=; fi
  drop_unused
  answer $_verdict
}

case $verb in
  cordon) take_out ;;
  ask) ask ;;
  state)
    read_cordon || answer none
    [ "$cordon_run" != "$run" ] || note_seen
    look_up || answer failed
    if [ "$cordon_run" = "$run" ] && [ "$cordon_state" = cordoned ] && [ "$cordon_joins" = refused ]; then
      # Whoever is in a session there has to get back to it.
      { drive cordon && look_up; } || answer failed
    fi
    answer cordoned
    ;;
  release)
    read_cordon || answer none
    if [ -n "$run" ] && [ "$cordon_run" != "$run" ]; then answer others; fi
    # shellcheck disable=SC2034 # for give_back
    wait_for_online=$seconds
    give_back
    case $verdict in released) said= ;; stays | failed) note_stays "$said" ;; esac
    answer "$verdict"
    ;;
  stays)
    read_cordon || answer none
    [ -z "$run" ] || [ "$cordon_run" = "$run" ] || answer others
    note_stays "$holder"
    true >"$cordon/person" || :
    # An operator has to look: nothing gives it back by itself.
    stop_timer
    answer stays
    ;;
esac
