# shellcheck shell=sh
# What runner.sh and settle.sh have in common about handlers: their actions, their checks, and the guards that
# are asked before they may begin. Sourced after transaction.sh and people.sh.
# shellcheck disable=SC2154 # run, dir and base are set by the program
# shellcheck disable=SC2034 # some variables are for the programs only

## Actions

# Whether systemd knows all units as they are now.
reloaded=no

# reload_units HANDLER SECONDS: takes a host with many units a while and interrupts nobody, so it's done
# before guards are asked
reload_units() {
  [ "$reloaded" = no ] && any_record action "$1${US}daemon-reload" || return 0
  acted='systemctl daemon-reload'
  timed "$2" systemctl daemon-reload || return
  reloaded=yes
}

# run_actions HANDLER SECONDS: false when one fails; $acted is then what was done and $said its words. They
# don't inherit the lock, and what they leave running doesn't hold up this program: their output goes to a
# file.
run_actions() {
  now
  actions_until=$((now + $2))
  each_record run_action action "$1"
}
run_action() {
  _kind=$3
  _count=$4
  shift 4
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  case $_kind in
    daemon-reload)
      # Once is enough: it takes a host with many units a while.
      [ "$reloaded" = no ] || return 0
      set -- systemctl daemon-reload
      ;;
    reload) set -- systemctl reload "$1" ;;
    restart) set -- systemctl restart "$1" ;;
  esac
  acting "$@" || return
  case $_kind in
    daemon-reload) reloaded=yes ;;
    # It may have written units.
    command) reloaded=no ;;
  esac
}
# acting COMMAND...: within what is left of the time
acting() {
  acted=$*
  now
  _left=$((actions_until - now))
  [ $_left -gt 0 ] || _left=1
  timed $_left "$@"
}

## Checks

# Units that were found active, and how often systemd had restarted each
checked=

# check RECORD'S FIELDS: true when it holds; else $unmet says what doesn't, and $hopeless whether waiting
# could help
check() {
  _kind=$3
  _count=$4
  shift 4
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  evidence=
  case $_kind in
    active)
      if unit_is_up "$1"; then
        checked=$checked$1$US$unit_restarts$NL
        return 0
      fi
      [ "$unit_state" != failed ] || hopeless=yes
      return 1
      ;;
    port)
      _port=$(printf '%04X' "$1")
      unmet="nothing listens on port $1"
      # 0A: LISTEN, see proc_net_tcp in the kernel's documentation
      grep -Eqs "^ *[0-9]+: [0-9A-F]+:$_port [0-9A-F]+:0000 0A " "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"
      ;;
    http) check_http "$@" ;;
    browse) still_answers "$@" ;;
    nginx-workers) nginx_took_over ;;
    haproxy-workers) haproxy_took_over ;;
    *)
      unmet="the check $_kind is unknown"
      hopeless=yes
      return 1
      ;;
  esac
}

# check_http URL HEADERS-COUNT HEADER... TEXT...
check_http() {
  _url=$1
  _headers=$2
  shift 2
  _body=$(with_first "$_headers" get_url "$@" 2>/dev/null 9>&- | head -c 1048576 | tr -d '\000\134')
  shift "$_headers"
  unmet="$_url did not answer"
  [ -n "$_body" ] || return 1
  for _text; do
    case $_body in *"$_text"*) continue ;; esac
    unmet="the answer from $_url does not contain $_text"
    evidence=$(printf '%s\n' "$_body" | head -c 1000 | one_line)
    return 1
  done
}
get_url() {
  http_get 5 "$_url" "$@"
}

# with_first COUNT FUNCTION ARGUMENT...: calls it with so many of the arguments, and leaves out the rest
with_first() {
  _first=$1
  _function=$2
  shift 2
  _rest=$(($# - _first))
  # The first of them go behind the others, one by one.
  while [ "$_first" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    _first=$((_first - 1))
  done
  shift "$_rest"
  "$_function" "$@"
}

# answers RECORD'S FIELDS: whether what a check asks runs and answers at all, with the old values or the new
# ones
answers() {
  case $3 in
    nginx-workers | haproxy-workers) does_its_work "${3%-workers}.service" ;;
    http)
      _headers=$6
      shift 4
      # The texts behind the headers are the planned values.
      with_first $((_headers + 2)) check_http "$@"
      ;;
    active) does_its_work "$5" ;;
    # of other hosts, or of what is in front of the service
    browse) ;;
    *) check "$@" ;;
  esac
}

# A unit that reloads itself still does its work.
unit_is_up() {
  unit_is_active "$1" || [ "$unit_state" = reloading ]
}

# does_its_work UNIT: one that breaks down again and again is active from time to time
does_its_work() {
  unit_is_up "$1" && ! grep -Fxqs -e "$1" "$dir/broken"
}

# condition_of HANDLER: into $condition. `down`: what it starts doesn't run, or doesn't answer, so that it
# interrupts nobody; `partly`: of several units some don't run; `works`: what it starts may be in use.
condition_of() {
  units_up=0
  units_down=0
  each_record count_unit action "$1"
  condition=works
  if [ $units_down -gt 0 ]; then
    condition=down
    [ $units_up -eq 0 ] || condition=partly
  elif ! each_record answers check "$1"; then
    condition=down
  fi
}
count_unit() {
  case $3 in reload | restart) ;; *) return 0 ;; esac
  if does_its_work "$5"; then units_up=$((units_up + 1)); else units_down=$((units_down + 1)); fi
}

# was_active UNIT: when the run began
was_active() {
  _name=${1%.service}
  grep -Fxqs -e "$_name" -e "$_name.service" "$dir/active" && return 0
  ! each_record did_not_run unit-state
}

did_not_run() {
  case $3:$5 in "$_name":active | "$_name".service:active) return 1 ;; esac
}

## Guards

# The host's clock into $clock, with fractions of a second where date(1) knows them: between a question and
# what it allows.
clock() {
  clock=$(date +%s.%N)
  case $clock in *[!0-9.]*) clock=$(date +%s) ;; esac
}

# ask_guards [HANDLER]: those of one handler, or all of the run, each question once; false when somebody is
# there, or it isn't known; $code, $words and $answer say it
ask_guards() {
  value_of force
  [ "$field" != yes ] || return 0
  asked=$NL
  each_record ask_guard guard ${1+"$1"} || return
  [ $# -eq 0 ] || return 0
  each_record ask_guard act-guard && each_record ask_before_stop unit-state
}
# ask_before_stop unit-state NUMBER UNIT ENABLED ACTIVE ENABLED ACTIVE
ask_before_stop() {
  if [ "$5" = active ] && [ "$7" != active ]; then each_record ask_guard unit-guard "$2"; fi
}

# ask_guards_of KIND NUMBER: those of an action or a unit
ask_guards_of() {
  value_of force
  [ "$field" != yes ] || return 0
  asked=$NL
  each_record ask_guard "$1" "$2"
}

# program_text NUMBER: see ask_program in lib.sh
program_text() {
  cat -- "$dir/programs/$1"
}

# ask_guard KIND WHO NAME COUNT QUERY ARGUMENT...: tells the log what was said, and when
ask_guard() {
  guarded=$2
  guard=$3
  _count=$4
  shift 4
  _question=$(printf "$US%s" "$@")
  case $asked in *"$NL$_question$NL"*) return 0 ;; esac
  asked=$asked$_question$NL
  while [ $# -le "$_count" ]; do set -- "$@" ''; done
  log guard "$guard"
  _status=0
  answer=$(ask_people no "$@" 9>&-) || _status=$?
  tell_ignored
  case $_status in
    0)
      clock
      log guard "$guard" "$guarded" none "$clock"
      return 0
      ;;
    1)
      clock
      log guard "$guard" "$guarded" busy "$clock"
      code=busy
      words="the guard $guard says that somebody is connected"
      _sessions=$(printf '%s\n' "$answer" | people_in_words sum)
      answer=$(printf '%s\n' "$answer" | people_in_words sessions)
      find_records guard-words "$guard"
      field 3 "$records"
      if [ -n "$_sessions" ] && [ -n "$field" ]; then words="$field: $_sessions"; fi
      ;;
    *)
      clock
      log guard "$guard" "$guarded" unknown "$clock"
      code='guard-unknown'
      words="the guard $guard could not tell whether somebody is connected (status $_status)"
      ;;
  esac
  answer=$(printf '%s\n' "$answer" | one_line)
  return 1
}

# What a guard left out, or has to say of the host, is part of what is remembered of the run: once each.
told_before=$NL
tell_ignored() {
  [ "$_status" -le 1 ] || return 0
  each tell_once "$(
    printf '%s\n' "$answer" | people_in_words ignored | sed "s/^/ignored among the $guard: /"
    printf '%s\n' "$answer" | people_in_words notes
  )"
}
tell_once() {
  case $told_before in *"$NL$1$NL"*) return 0 ;; esac
  told_before=$told_before$1$NL
  log warning "$(printf '%s' "$1" | one_line)"
}

## What is owed

# write_owed HANDLERS: one a line, in place of what was owed on this host until now; every probe tells it from
# now on
write_owed() {
  if [ -z "$1" ] && [ ! -s "$ours/owed" ]; then return 0; fi
  printf '%s' "${1:+$1$NL}" >"$ours/.owed.$run" && sync -- "$ours/.owed.$run" && mv -T -f -- "$ours/.owed.$run" "$ours/owed" &&
    sync -- "$ours"
} 2>/dev/null

# owed_without FILE: what is owed, but for the handlers in the file
owed_without() {
  [ ! -s "$ours/owed" ] || grep -Fxv -f "$1" -- "$ours/owed" || :
}
