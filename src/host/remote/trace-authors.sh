# shellcheck shell=sh
# The part of the probe that tells what the host's logs know of who has changed managed paths. Runs before
# probe.sh, behind probe-authors.sh. Lines of logs, and what people typed, are only compared here: told is who,
# when and which path.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2034 # some variables are for the other parts
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

# Seconds: for all logs together, and for whoever waits for what was found.
logs_limit=9
traces_limit=11

# Each change, what the clock of the host showed then, an hour before and an hour after (clocks that are set
# by an hour make a time of a log ambiguous), and what the host's logs know of it.
trace_authors() {
  section changed
  printf '%s\n' "$changed"
  times=
  for record in $changed; do
    time=${record##*"$US"}
    times="$times@$((time - 3600))$NL@$((time - 120))$NL@$((time - 60))$NL@$time$NL@$((time + 3600))$NL"
  done
  # Where date(1) can't, as that of busybox, nothing is known.
  clock=$(date -f - "+%s$US%z$US%b %e %H:%M$US%Y-%m-%dT%H:%M$US%Y-%m-%d %H:%M:%S" 2>/dev/null) <<END || return 0
${times%"$NL"}
END
  section clock
  printf '%s\n' "$clock"
  section traces
  find_logs
  CHANGED=$changed CLOCK=$clock LOGS=$logs ROOT=$ROOT timeout -k 1 $logs_limit awk "$awk_words$awk_packages$awk_lines$awk_begin"
}

# What is written down by syslog, dpkg and the kernel's audit, also what was rotated away: size, time and name
# of each into $logs. Where no syslog writes, systemd keeps it.
find_logs() {
  set +f
  set --
  for name in auth.log secure syslog messages cron cron.log dpkg.log audit/audit.log; do
    for file in "$ROOT/var/log/$name" "$ROOT/var/log/$name".[0-9]* "$ROOT/var/log/$name"-[0-9]*; do
      case ${file#"$ROOT"} in *[!A-Za-z0-9./_-]*) continue ;; esac
      if [ -f "$file" ] && [ -r "$file" ]; then set -- "$@" "$file"; fi
    done
  done
  set -f
  logs=
  [ $# -eq 0 ] || logs=$(stat -L -c "%s %Y %n" -- "$@")
  if [ -z "$ROOT" ] && [ ! -e /var/log/auth.log ] && [ ! -e /var/log/secure ]; then logs="$logs${NL}0 0 journal"; fi
  if [ ! -e "$ROOT/var/lib/dpkg/status" ] && command -v rpm >/dev/null; then logs="$logs${NL}0 0 rpm"; fi
}

# Told are records, a line each: `read` at the end of what they come from; `package`, `person`, `script`,
# `cron`, `manager`, `audit`, and `shell` for root's shells, in which nothing is logged. Times as the logs have
# them. Of a session: since when, the time at which it surely hadn't ended before, and the last at which it may
# have; `-` where the log doesn't say.
# shellcheck disable=SC2016 # it is awk which is to expand it
awk_begin='
# Opens what a log holds: its end where it is large, and then only lines that may count.
function source(n, filtered,   filter) {
  filter = filtered ? " | grep -a -F -e \" sudo\" -e \"for user root\"" near_options : ""
  if (file_of[n] ~ /\.gz$/) return "zcat -- " quoted(file_of[n]) " 2>/dev/null" filter " | tail -c 33554432"
  if (file_of[n] ~ /\.(xz|bz2|zst)$/) return ""
  return size_of[n] > 1048576 ? "tail -c 67108864 -- " quoted(file_of[n]) filter : file_of[n]
}
function is_command(text) { return substr(text, 1, 1) != "/" }

BEGIN {
  us = sprintf("%c", 31)
  root = ENVIRON["ROOT"]
  count = split(ENVIRON["CHANGED"], lines, "\n")
  for (n = 1; n <= count; n++) if (split(lines[n], part, us) == 2) {
    paths[++all] = part[1]
    when[all] = part[2]
    base_of[all] = base(part[1])
    if (sub(/^unit:/, "", base_of[all])) sub(/\.service$/, "", base_of[all])
    if (all == 1 || part[2] + 0 < earliest + 0) earliest = part[2]
    if (part[2] + 0 > latest + 0) latest = part[2]
  }
  count = split(ENVIRON["CLOCK"], lines, "\n")
  for (n = 1; n <= count; n++) if (split(lines[n], part, us) == 5) {
    local[part[1]] = part[5]
    # Of each five, the minute of the change and the two before it.
    if (n % 5 == 1 || n % 5 == 0 || part[3] in minute) continue
    minute[part[3]] = minute[part[4]] = 1
    near_options = near_options " -e " quoted(part[3]) " -e " quoted(part[4])
  }
  count = split("vi vim vim.basic vim.tiny nvim nano pico emacs ed ex joe mcedit micro jed ne kak hx helix sudoedit tee rm unlink chmod chown chgrp touch truncate patch crudini dpkg-divert setfacl chattr shred mv cp install rsync ln dd sed perl yq xmlstarlet", lines, " ")
  for (n = 1; n <= count; n++) writer[lines[n]] = 1
  count = split("sudo then else do if while until ! { ( exec command nice env", lines, " ")
  for (n = 1; n <= count; n++) before_command[lines[n]] = 1
  count = split("copy template file lineinfile blockinfile replace ini_file assemble", lines, " ")
  for (n = 1; n <= count; n++) ansible_tags = ansible_tags " -t ansible-" lines[n] " -t ansible-ansible.legacy." lines[n] " -t ansible-ansible.builtin." lines[n]
  # The oldest first; what was written before anything changed holds nothing of it.
  count = split(ENVIRON["LOGS"], lines, "\n")
  for (n = 1; n <= count; n++) {
    if (split(lines[n], part, " ") != 3) continue
    if (part[3] == "journal") { journal = 1; continue }
    if (part[3] == "rpm") { rpm = 1; continue }
    if (part[2] + 2 < earliest + 0) continue
    for (m = ++logs; m > 1 && time_of[m - 1] + 0 > part[2] + 0; m--) {
      time_of[m] = time_of[m - 1]
      size_of[m] = size_of[m - 1]
      file_of[m] = file_of[m - 1]
    }
    size_of[m] = part[1]
    time_of[m] = part[2]
    file_of[m] = part[3]
  }
  package_logs()
  if (rpm) rpm_packages()
  print "read" us "packages"
  fflush()
  audit_log()
  system_logs()
  for (process in root_of) note("shell", 0, "root", root_of[process])
  for (n = told > 400 ? told - 399 : 1; n <= told; n++)
    print told_kind[n] us told_path[n] us since[told_session[n]] us told_name[n] us ended[told_session[n]] us perhaps[told_session[n]]
  print "read" us "all"
}
'
