# shellcheck shell=sh
# The action that restarts the host. Nothing of its run is left running then: settle.sh brings the run to its
# end when the host was started again, before any service is. Sourced by runner.sh, after act.sh, and by
# settle.sh.
#
# In the run's folder, rebooting: which start of the host it was, and the name of the action.
# shellcheck disable=SC2154 # run, dir, wish, and what belongs to an action are set by the programs
# shellcheck disable=SC2034 # act_failed is for act.sh

# false where the host is still there when the time is up
reboot_host() {
  if ! { printf '%s\n%s\n' "$(boot_id)" "$act_name" >"$dir/rebooting" && sync -- "$dir/rebooting" "$dir"; }; then
    act_failed='there is no disk space to note it'
    return 1
  fi
  if doing systemctl reboot; then
    # Whoever ends this program in the meantime is the shutdown.
    until is_past "$act_until"; do sleep 1; done
    act_failed="the host has not shut down within $act_limit seconds"
  fi
  rm -f -- "$dir/rebooting"
  return 1
}

# is_rebooting: it was about to, and nothing else became of the run
is_rebooting() {
  [ -s "$dir/rebooting" ] && [ ! -s "$dir/end" ]
}

# settle_reboot: ends this program where that is the end of the run, or its end is still to come; else the
# run counts as ended early
settle_reboot() {
  { IFS= read -r _start && IFS= read -r _action; } <"$dir/rebooting" || return 0
  if [ "$_start" != "$(boot_id)" ]; then
    log act "$_action" finished
    decide commit || :
    commit committed
    prune
    exit 0
  fi
  # Services are being ended; the boot unit goes on before they start again.
  if [ "$wish" != revert ] && [ "$(system_state)" = stopping ]; then exit 0; fi
  log problem not-rebooted 'the run was ended before the host was restarted' \
    'look in the journal of the host for what stopped it, then run the command again' ''
}
