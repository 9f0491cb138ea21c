# shellcheck shell=sh
# Has services take up the files as they are again. Each handler runs once, and its guards are asked before
# anything that works is interrupted. Sourced by settle.sh, after handlers.sh.
# shellcheck disable=SC2154 # run, dir and wish are set by the program, what is asked by handlers.sh
# shellcheck disable=SC2034 # some variables are for handlers.sh

# redo_handler HANDLER: once more, as a service may need a moment between two restarts
redo_handler() {
  find_records handler "$1"
  field 3 "$records"
  redo_limit=${field:-60}
  now
  redo_until=$((now + redo_limit))
  redone=$redone$1$NL
  clock
  log reverting handler "$1" "$clock"
  shown="handler $1"
  lenient=no
  each_record be_lenient check "$1"
  if redo_actions "$1" || { sleep 2 && redo_actions "$1"; }; then
    unready="$unready$1$US$redo_until$NL"
    # Only where it took up all of what was.
    if [ "$files_back" = yes ] && ! grep -Fxqs -e "$1" "$dir/redone"; then printf '%s\n' "$1" >>"$dir/redone"; fi
    no_longer_owed "$1"
  elif [ $lenient = yes ]; then
    log warning "$shown: \`$acted\` failed for a unit that was not running before this run either: $said"
  else
    stuck "\`$acted\` failed: $said"
  fi
  return 0
} 2>/dev/null
be_lenient() {
  [ "$3" != active ] || was_active "$5" || lenient=yes
}
redo_actions() {
  now
  actions_until=$((now + redo_limit))
  each_record redo_action action "$1"
}
redo_action() {
  case $3 in
    reload | restart) bring_back "$3" "$5" ;;
    *) run_action "$@" ;;
  esac
}

# bring_back reload|restart UNIT: to run with the files as they were, or not to run, as before
bring_back() {
  acted="systemctl show $2"
  show ActiveState "$2"
  _now=$shown_value
  if ! was_active "$2"; then
    lenient=yes
    show Type "$2"
    case $1:$shown_value:$_now in
      reload:*:active | reload:*:reloading) ;;
      # What it does is done once, each time.
      restart:oneshot:*) ;;
      reload:* | restart:*:inactive | restart:*:failed) return 0 ;;
      *)
        acting systemctl stop "$2"
        return
        ;;
    esac
  fi
  # One that broke down again and again isn't started any more, unless that is forgotten.
  [ "$_now" != failed ] || timed 30 systemctl reset-failed "$2" || :
  case $1:$_now in
    reload:active | reload:reloading) acting systemctl reload "$2" ;;
    *) acting systemctl restart "$2" ;;
  esac
}

bring_back_if_down() {
  case $3 in reload | restart) ;; *) return 0 ;; esac
  unit_is_up "$5" || bring_back restart "$5"
}

wait_for_active() {
  shown=$1
  now
  _until=$((now + 60))
  until unit_is_up "$1"; do
    if [ "$unit_state" = failed ] || is_past $_until; then
      stuck "it was active before and is now ${unit_state:-unknown}: $(last_words "$1")"
      return 0
    fi
    sleep 0.5
  done
  baseline=$baseline$1$US$unit_restarts$NL
}

# What crashes soon after its start is active for a moment, again and again.
still_up() {
  shown=$1
  if unit_is_up "$1" && [ "$unit_restarts" = "${2:-}" ]; then return 0; fi
  stuck "it was active before and does not stay up: $(last_words "$1")"
}
longest_settle() {
  if [ "$4" -gt "$settle" ]; then settle=$4; fi
}

# put_units_back OPTION: those that were set, the last one first
put_units_back() {
  [ -s "$dir/units" ] || return 0
  _option_of_turn=$1
  find_records unit-state
  reversed "$records"
  each put_unit_back "$records"
}
put_unit_back() {
  grep -Fxq -e "$2" "$dir/units" || return 0
  log reverting unit "$3"
  shown=$3
  _runs=$7
  if [ "$5" != active ] && [ "$7" = active ] && [ "$wish" != boot ] && ! ask_guards_of unit-guard "$2"; then
    warn "$3 was started by this run and was left running, because $words; stop it when nobody is connected: systemctl stop $3"
    _runs=$5
  fi
  turn_unit "$3" "$6" "$_runs" "$4" "$5" "$_option_of_turn" || stuck "\`$turned\` failed: $said"
  return 0
}

# warn WORDS: an operator who runs this by hand sees no log
warn() {
  log warning "$1"
  [ "$wish" != revert ] || printf '%s\n' "$1" >&2
}

# redo_handlers HANDLERS: first what interrupts nobody, or is broken already; then what works, each only while
# its guards say that nobody is there.
redo_handlers() {
  redone=$NL
  # What guards are told: a service that doesn't answer may be one that this run has restarted.
  CLUSTERPROXY_BEGUN=$(printf '%s' "$1" | tr '\n' ' ')
  export CLUSTERPROXY_BEGUN
  unready=
  left=
  each redo_unless_in_use "$1"
  each redo_in_use "$1"
  if [ -n "$left" ]; then
    warn "the files are back as they were, but services that people use still run with the files of this run ($left_words); these handlers were not run: $left; the next apply runs them when nobody is connected"
  fi
  [ -s "$dir/active" ] || return 0
  baseline=
  each wait_for_active "$(cat "$dir/active")"
  settle=0
  each_record longest_settle handler
  sleep "$settle"
  each still_up "$baseline"
}
redo_unless_in_use() {
  _before=no
  if grep -Fxqs -e "$1" "$dir/redone"; then _before=yes; fi
  if [ $_before = yes ] || any_record guard "$1"; then
    condition_of "$1"
    # By an earlier attempt to put everything back.
    if [ $_before = yes ] && [ "$condition" = works ]; then
      redone=$redone$1$NL
      return 0
    fi
    now
    actions_until=$((now + 60))
    case $condition in
      works) return 0 ;;
      partly)
        shown="handler $1"
        each_record bring_back_if_down action "$1" || stuck "\`$acted\` failed: $said"
        return 0
        ;;
    esac
  fi
  redo_handler "$1"
}
redo_in_use() {
  case $redone in *"$NL$1$NL"*) return 0 ;; esac
  # Whoever is asked may have been started again just now.
  each wait_until_ready "$unready"
  unready=
  reload_units "$1" 60 || :
  if ask_guards "$1"; then
    redo_handler "$1"
    return
  fi
  left="$left${left:+, }$1"
  left_words=$words
  write_owed "$(printf '%s\n' "$(cat "$ours/owed" 2>/dev/null)" "$1" | sed '/^$/d' | sort -u)" ||
    warn "there is no disk space to record that $1 is owed: run it by hand when nobody is connected"
  return 0
}
wait_until_ready() {
  until each_record answers check "$1" || is_past "$2"; do sleep 0.5; done
}
no_longer_owed() {
  grep -Fxqs -e "$1" "$ours/owed" || return 0
  write_owed "$(grep -Fxv -e "$1" "$ours/owed")" || :
}

# A handler is noted as started before its guards are asked, and in the log as it begins: one that was ended
# in between has left its services alone.
note_begun() {
  if grep -Fq -e "handler$US$1${US}started" "$dir/log"; then begun=$begun$1$NL; fi
}
