# shellcheck shell=sh
# The part of the probe that tells what the host's logs know of who has changed managed paths. Runs before
# probe.sh, behind probe-authors.sh. Lines of logs, and what people typed, are only compared here: told is
# who, when and which path.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2034 # some variables are for the other parts
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

# Seconds for all logs together: a look at a host may not fail because of them.
logs_limit=9

# Each change, what the clock of the host showed then, an hour before and an hour after (clocks that are set
# by an hour make a time of a log ambiguous), and what the host's logs know of it.
trace_authors() {
  section changed
  printf '%s\n' "$changed$unseen"
  times=
  for record in $changed; do
    time=${record#*"$US"}
    time=${time%%"$US"*}
    times="$times@$((time - 3600))$NL@$((time - 120))$NL@$((time - 60))$NL@$time$NL@$((time + 60))$NL@$((time + 3600))$NL"
  done
  # Where date(1) can't, as that of busybox, nothing is known.
  found=$(
    date -f - "+%s$US%z$US%b %e %H:%M$US%Y-%m-%dT%H:%M$US%Y-%m-%d %H:%M:%S" 2>/dev/null <<END && find_logs
${times%"$NL"}
END
  ) || return 0
  section clock
  printf '%s\n' "${found%%"$NL$NL"*}"
  section traces
  HOST=$(uname -n)
  # sudo is told by its program: any account can write its name into the journal, and its uid there is that of
  # whoever called it.
  SUDO=$(command -v sudo) && SUDO=$(readlink -f "$SUDO")
  export CHANGED="$changed" FOUND="$found" ROOT HOST SUDO
  # The class rather than idle: a busy disk would keep that from ever ending.
  slowly=
  if ionice -c 2 -n 7 true 2>/dev/null; then slowly="ionice${NL}-c${NL}2${NL}-n${NL}7"; fi
  exec timeout -k 1 $logs_limit nice -n 19 $slowly awk "$awk_words$awk_packages$awk_lines$awk_begin"
}

# What is written down by syslog, dpkg and the kernel's audit, also what was rotated away: size, time and name
# of each, after an empty line. Where no syslog writes, systemd keeps it.
find_logs() {
  echo
  if [ -z "$ROOT" ] && [ ! -e /var/log/auth.log ] && [ ! -e /var/log/secure ]; then echo 0 journal; fi
  if [ ! -e "$ROOT/var/lib/dpkg/status" ] && command -v rpm >/dev/null; then echo 0 rpm; fi
  set +f
  set --
  for name in dpkg.log audit/audit.log auth.log secure syslog messages cron cron.log; do
    for file in "$ROOT/var/log/$name" "$ROOT/var/log/$name".[0-9]* "$ROOT/var/log/$name"-[0-9]*; do
      case ${file#"$ROOT"} in *[!A-Za-z0-9./_-]*) continue ;; esac
      [ -f "$file" ] || continue
      if [ -r "$file" ]; then set -- "$@" "$file"; else echo 0 closed; fi
    done
  done
  [ $# -eq 0 ] || stat -L -c "%Y %n" -- "$@"
}

# Told are records, a line each: `read` at the end of what they come from; `package`, `person`, `script`,
# `cron`, `manager`, `audit`, and `shell` for root's shells, in which nothing is logged. Times as the logs
# have them. Of a session: since when, the time before which it surely had not ended, and the last at which it
# may have; `-` where the log doesn't say.
# shellcheck disable=SC2016 # it is awk which is to expand it
awk_begin='
# Of all logs only the lines that may count: first of those that are not compressed, of which most is to be
# expected, and of both first what the package managers wrote. No log is a pipe or a device.
function read_logs(compressed,   command, n) {
  command = ""
  for (n = 1; n <= logs; n++)
    if ((file_of[n] ~ /\.gz$/) == compressed) command = command " " quoted(file_of[n])
  if (command == "") return
  # No line of a log is `failed`: it has none of the words that are looked for.
  command = (compressed ? "{ { zcat --" command " || echo failed >&3; } | grep -a -F" wanted_lines " 3>&-" : "{ grep -h -a -F -D skip" wanted_lines " --" command) "; [ $? -le 1 ] || echo failed; } 3>&1 2>/dev/null"
  while ((command | getline) > 0) {
    if ($0 == "failed") { partly = 1; continue }
    if (++lines_read > 1000000) { partly = 1; break }
    if (/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] /) { package_line(); continue }
    if (compressed || !older_packages) end_of_packages()
    if (substr($0, 1, 5) == "type=") audit_line()
    else log_line()
  }
  close(command)
}
# Should the time not be enough for the rest, that much is known.
function end_of_packages() {
  if (packages_read++) return
  print "read" us "packages"
  fflush()
}
function wanted(text) { wanted_lines = wanted_lines " -e " quoted(text) }

BEGIN {
  us = sprintf("%c", 31)
  root = ENVIRON["ROOT"]
  host = ENVIRON["HOST"]
  host_label = host
  sub(/\..*/, "", host_label)
  count = split(ENVIRON["CHANGED"], lines, "\n")
  for (n = 1; n <= count; n++) if (split(lines[n], part, us) == 3) {
    paths[++all] = part[1]
    when[all] = part[2]
    gone[all] = part[3] == "gone"
    base_of[all] = base(part[1])
    if (sub(/^unit:/, "", base_of[all])) sub(/\.service$/, "", base_of[all])
    if (all == 1 || part[2] + 0 < earliest + 0) earliest = part[2]
    if (part[2] + 0 > latest + 0) latest = part[2]
  }
  # What dpkg(1) writes
  count = split("conffile install upgrade configure remove purge", lines, " ")
  for (n = 1; n <= count; n++) wanted(" " lines[n] " ")
  wanted(" status installed ")
  wanted(" status not-installed ")
  wanted(" status config-files ")
  wanted(" sudo")
  wanted("for user root")
  count = split(ENVIRON["FOUND"], lines, "\n")
  for (n = 1; n <= count && lines[n] != ""; n++) if (split(lines[n], part, us) == 5) {
    local[part[1]] = part[5]
    # Of each six, the minute of the change, the two before it, and the one after it.
    if (n % 6 == 4) for (m = part[1] - 1; m <= part[1] + 1; m++) wanted("msg=audit(" m ".")
    if (n % 6 == 1 || n % 6 == 0 || part[3] in minute) continue
    minute[part[3]] = minute[part[4]] = 1
    wanted(part[3])
    wanted(part[4])
  }
  # The oldest first; what was written before anything changed holds nothing of it.
  for (n++; n <= count; n++) {
    if (split(lines[n], part, " ") != 2) continue
    if (part[2] == "journal") { journal = 1; continue }
    if (part[2] == "rpm") { rpm = 1; continue }
    if (part[2] == "closed") { partly = 1; continue }
    # A shell that was opened before the log was rotated may be open still: the one before is read as well.
    if (part[1] + 2 < earliest + 0) {
      if (part[2] ~ /\/(auth\.log|secure)[^\/]*$/ && part[2] !~ /\.(gz|xz|bz2|zst)$/ && part[1] + 0 > former_time + 0 && part[1] + 604800 > earliest + 0) { former_time = part[1]; former = part[2] }
      continue
    }
    if (part[2] ~ /\.(xz|bz2|zst)$/) { partly = 1; continue }
    if (part[2] ~ /\/dpkg\.log[^\/]*\.gz$/) older_packages = 1
    rank = part[2] ~ /\/dpkg\.log[^\/]*$/ ? 1 : part[2] ~ /\/audit\.log[^\/]*$/ ? 2 : 3
    for (m = ++logs; m > 1 && (rank_of[m - 1] > rank || (rank_of[m - 1] == rank && time_of[m - 1] + 0 > part[1] + 0)); m--) {
      time_of[m] = time_of[m - 1]
      rank_of[m] = rank_of[m - 1]
      file_of[m] = file_of[m - 1]
    }
    rank_of[m] = rank
    time_of[m] = part[1]
    file_of[m] = part[2]
  }
  if (former != "") {
    for (m = ++logs; m > 1; m--) { time_of[m] = time_of[m - 1]; rank_of[m] = rank_of[m - 1]; file_of[m] = file_of[m - 1] }
    while (m < logs && rank_of[m + 1] < 3) { time_of[m] = time_of[m + 1]; rank_of[m] = rank_of[m + 1]; file_of[m] = file_of[m + 1]; m++ }
    time_of[m] = former_time
    rank_of[m] = 3
    file_of[m] = former
  }
  count = split("vi vim vim.basic vim.tiny nvim nano pico emacs ed ex joe mcedit micro jed ne kak hx helix sudoedit tee rm unlink chmod chown chgrp touch truncate patch crudini dpkg-divert setfacl chattr shred mv cp install rsync ln dd sed perl yq xmlstarlet", lines, " ")
  for (n = 1; n <= count; n++) writer[lines[n]] = 1
  count = split("sudo then else do if while until ! { ( exec command nice env", lines, " ")
  for (n = 1; n <= count; n++) before_command[lines[n]] = 1
  # Options behind which a word is no file that is written
  taking["touch"] = "^(-[a-zA-Z]*[rdt]|--reference|--date|--time)$"
  taking["truncate"] = "^(-[a-zA-Z]*[rs]|--reference|--size)$"
  taking["chmod"] = taking["chown"] = taking["chgrp"] = "^--(reference|from)$"
  taking["setfacl"] = "^(-[a-zA-Z]*[mMxX]|--(set|modify|remove|set-file|modify-file|remove-file|restore))$"
  taking["vi"] = taking["vim"] = taking["vim.basic"] = taking["vim.tiny"] = taking["nvim"] = "^(-[uUSsicTwWt]|--cmd|--startuptime)$"
  taking["sed"] = "^(-[nErsz]*[efl]|--(expression|file|line-length))$"
  taking["perl"] = "^-[a-z0-9]*[eEI]$"
  taking["patch"] = "^(-[a-zA-Z]*[idpDBrVYzFg]|--(input|directory|strip|prefix|reject-file))$"
  taking["dpkg-divert"] = "^--(divert|package|admindir|instdir|root)$"
  taking["yq"] = "^--from-file$"
  taking["xmlstarlet"] = "^-[vuixdastnNmr]$"
  taking["emacs"] = "^(-[lLqu]|--(load|directory|user|eval|execute|funcall))$"
  count = split("copy template file lineinfile blockinfile replace ini_file assemble", lines, " ")
  for (n = 1; n <= count; n++) ansible_tags = ansible_tags " -t ansible-" lines[n] " -t ansible-ansible.legacy." lines[n] " -t ansible-ansible.builtin." lines[n]
  if (rpm) rpm_packages()
  read_logs(0)
  if (journal) read_journal()
  for (process in open_of) delete open_of[process]
  namelesses = nameless_left = 0
  read_logs(1)
  for (process in root_of) note("shell", 0, "root", root_of[process])
  if (told > 400) partly = 1
  for (n = told > 400 ? told - 399 : 1; n <= told; n++)
    print told_kind[n] us told_path[n] us since[told_session[n]] us told_name[n] us ended[told_session[n]] us perhaps[told_session[n]]
  if (!partly) print "read" us "all"
}
'
