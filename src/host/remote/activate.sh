# shellcheck shell=sh
# The second part of a run: swap the files, run the handlers and look whether services took the files up.
# Sourced by runner.sh.
# shellcheck disable=SC2154 # run and dir are set by the program
# shellcheck disable=SC2034 # some variables are for handlers.sh

## Changing

# By renames only; the originals stay within reach under their other names.
swap() {
  is_original || unchanged
  _failed=
  case $after_kind in
    file | symlink)
      _failed=$(mv -T -f -- "$fresh" "$path" 2>&1) || fail swap-failed "$shown could not be put in place" 'look at the output of the host' "$_failed"
      # A new file has the context of the folder it was made in; the policy may want another for its name.
      # By its name, hence only where that leads there for sure.
      if [ "$before_kind$whose" = absentroots ] && [ -e /sys/fs/selinux/enforce ]; then
        restorecon -F -- "$folder/$name" 2>/dev/null || :
      fi
      ;;
    directory)
      if [ "$before_kind" = absent ]; then
        _failed=$(mv -T -f -- "$fresh" "$path" 2>&1) || fail swap-failed "$shown could not be made" 'look at the output of the host' "$_failed"
      else
        own_folder "$before" "$after_user" "$after_group" "$after_mode" ||
          fail swap-failed "the owner of $shown could not be set" 'look at the output of the host' "$said"
      fi
      ;;
    absent)
      if [ "$before_kind" = directory ]; then
        # What is in it isn't ours, or it would be gone by now.
        if is_empty "$path"; then
          _failed=$(mv -T -f -- "$path" "$original" 2>&1) || fail swap-failed "$shown could not be removed" 'look at the output of the host' "$_failed"
        else
          log warning "$shown contains files that clusterproxy did not create, so it was left in place"
        fi
      else
        _failed=$(rm -f -- "$path" 2>&1) || fail swap-failed "$shown could not be removed" 'look at the output of the host' "$_failed"
      fi
      ;;
  esac
  # A folder, and what lies in it, may not reach the disk in another order.
  case $whose:$before_kind$after_kind in
    theirs:* | *directory*) sync -- "${path%/*}/" . ;;
    *)
      case $name in */*) sync_later "$folder/${name%/*}" ;; *) sync_later "${folder:-/}" ;; esac
      sync_later "$inside"
      ;;
  esac
}
# The very file that was looked at and saved has the name still: what it holds is looked at afterwards.
is_original() {
  # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
  [ "$before_kind$whose" = fileroots ] && [ ! -L "$path" ] && [ "$path" -ef "$original" ]
}
# Whoever had it open may have written to it in this very moment; then it's theirs, and comes back by the
# revert.
check_original() {
  [ "$before_kind" = file ] || return 0
  seen_together || look "$original"
  [ "$looked" = "$before" ] || fail changed-meanwhile "$shown was changed by somebody else while clusterproxy was replacing it" \
    'somebody or something else changed it: review the plan again' "$(differing_words)"
}
swap_all() {
  together=$NL
  each_change swap
  sync_all
  look_together original
  each_change check_original
}

## Units

# set_unit unit-state NUMBER UNIT ENABLED ACTIVE ENABLED ACTIVE: from what it was to what it is to be. Who
# would be interrupted puts the host off: no handler has begun yet, and what was stopped until now was idle
# and is started again.
set_unit() {
  if [ "$5" = active ] && [ "$7" != active ]; then
    if ! in_time || ! ask_guards_of unit-guard "$2"; then put_off; fi
    has_begun=yes
  fi
  # Noted before it begins, so that a revert gives back what it was.
  { printf '%s\n' "$2" >>"$dir/units" && sync -- "$dir/units"; } ||
    fail no-space 'the change to a unit could not be recorded' 'free some disk space on the host' ''
  log unit "$3" "$6" "$7"
  if turn_unit "$3" "$4" "$5" "$6" "$7"; then
    [ "$7" = active ] || return 0
    show NRestarts "$3"
    baseline=$baseline$3$US$shown_value$NL
    [ "$settle" -ge 3 ] || settle=3
    return 0
  fi
  fail unit-failed "\`$turned\` failed" 'look at its output; everything is back as it was' "$said$(printf '\036')$(last_words "$3")"
}

## Handlers

run_handler() {
  handler=$2
  timeout=$3
  handler_settle=$4
  # Noted before it starts: a revert runs those that may have begun.
  { printf '%s\n' "$handler" >>"$dir/started" && sync -- "$dir/started"; } ||
    fail no-space 'the start of a handler could not be recorded' 'free some disk space on the host' ''
  ! any_record check "$handler${US}nginx-workers" || nginx_before
  ! any_record check "$handler${US}haproxy-workers" || haproxy_before
  reload_units "$handler" "$timeout" || fail handler-failed "handler $handler: \`$acted\` failed" \
    'look at its output; everything is back as it was' "$said"
  if any_record interrupts "$handler" && ! in_time; then
    forget_start
    put_off
  fi
  # All that takes time is done: nothing may come between the question and the start.
  if any_record guard "$handler"; then may_begin || return 0; fi
  ! any_record interrupts "$handler" || has_begun=yes
  clock
  log handler "$handler" started "$clock"
  [ "$handler_settle" -le "$settle" ] || settle=$handler_settle
  now
  _until=$((now + timeout))
  if ! run_actions "$handler" "$timeout"; then
    each_record add_last_words action "$handler"
    fail handler-failed "handler $handler: \`$acted\` failed" 'look at its output; everything is back as it was' "$said"
  fi
  unmet=
  hopeless=no
  answered_again=$NL
  until checked= && each_record check check "$handler"; do
    if [ $hopeless = yes ] || is_past $_until; then
      said=
      note_broken
      each_record add_last_words action "$handler"
      fail check-failed "handler $handler ran, but $unmet" 'look at the output of the service; everything is back as it was' "${evidence:-}${said:+$(printf '\036')$said}"
    fi
    sleep 0.2
  done
  baseline=$baseline$checked
  log handler "$handler" finished
}

# may_begin: whether the handler may interrupt whoever is there. Before the first that interrupts anybody, the
# host is put off; once services were interrupted, one whose own service is down is run, since that interrupts
# nobody any more, and the others are left owed: from the first of them on, as they go from what serves a page
# to what sends people there.
may_begin() {
  if [ "$interrupted" = no ]; then
    if ! ask_guards "$handler"; then
      forget_start
      put_off
    fi
    interrupted=yes
    return 0
  fi
  if [ -z "$owed_words" ]; then
    ask_guards "$handler" && return 0
    owed_words=$words
    owed_answer=$answer
  fi
  condition_of "$handler"
  [ "$condition" != down ] || return 0
  now
  actions_until=$((now + timeout))
  if [ "$condition" = partly ] && ! each_record start_if_down action "$handler"; then
    fail handler-failed "handler $handler: \`$acted\` failed" 'look at its output; everything is back as it was' "$said"
  fi
  forget_start
  { printf '%s\n' "$handler" >>"$dir/owed" && sync -- "$dir/owed"; } ||
    fail no-space 'the restarts that are owed could not be recorded' 'free some disk space on the host' ''
  log owed "$handler" "$owed_words" "$owed_answer"
  return 1
}

# start_if_down RECORD'S FIELDS: of an action that reloads or restarts a unit; what runs is left alone
start_if_down() {
  case $3 in reload | restart) ;; *) return 0 ;; esac
  unit_is_up "$5" || acting systemctl restart "$5"
}

# It has not begun after all. Where there is no space to say so, a revert asks before it runs it.
forget_start() {
  grep -Fxv -e "$handler" "$dir/started" >"$dir/.started" || [ $? -eq 1 ] || return 0
  mv -T -f -- "$dir/.started" "$dir/started"
} 2>/dev/null

add_last_words() {
  case $3 in restart | reload) said=$said$(printf '\036')$(last_words "$5") ;; esac
}

# For a revert, which starts it again without asking anybody.
note_broken() {
  printf '%s\n' "${unmet%% *}" >>"$dir/broken"
} 2>/dev/null

# stays_up: every unit that a handler checks or that was active before is, and none was started again by
# systemd
stays_up() {
  column 1 "$baseline"
  # shellcheck disable=SC2086 # a name of a unit is one word
  look_at_units $column $were_active
  each stayed "$baseline" && each was_seen_active "$were_active"
}
# As in unit_is_up: something else may have it reload at this very moment.
was_seen_active() {
  seen_of "$1"
  [ "$unit_state" = active ] || [ "$unit_state" = reloading ]
}
stayed() {
  was_seen_active "$1" || return
  unmet="$1 does not stay up: systemd had to restart it"
  [ "$unit_restarts" = "${2:-}" ]
}
