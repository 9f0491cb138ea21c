# shellcheck shell=sh
# What lines of the system's log know of what has changed: a part of what trace-authors.sh has awk(1) do.
#
# Kinds of lines, told by what stands before any text that somebody typed:
#   2026-11-24 03:12:01 status installed NAME:ARCH VERSION                          dpkg(1), --log
#   Nov 24 03:12:01 HOST sudo[PID]:   WHO : TTY=... ; PWD=... ; USER=... ; COMMAND=...   sudoers(5)
#   Nov 24 03:12:01 HOST CRON[PID]: (WHO) CMD (...)                                  cron(8)
#   Nov 24 03:12:01 HOST puppet-agent[PID]: (/Stage[main]/.../File[PATH]/content) ...
#   Nov 24 03:12:01 HOST ansible-copy[PID]: Invoked with ... dest=PATH ...
#   Nov 24 03:12:01 HOST login[PID]: pam_unix(login:session): session opened for user root(uid=0) by ...
# and with 2026-11-24T03:12:01.123+01:00 in place of Nov 24 03:12:01.
#   type=SYSCALL msg=audit(SECONDS.MS:SERIAL): ... auid=UID ...                      auditd(8)
# shellcheck disable=SC2016,SC2034 # it is awk which is to expand it; for trace-authors.sh
awk_lines='
function read_journal(   command, count, size) {
  command = "{ journalctl -q --no-pager -o short-iso -n 50000 -t sudo -t su -t login -t sshd -t sshd-session -t CRON -t crond -t cron -t puppet-agent" ansible_tags \
    " --since @" (earliest - 14400) " --until @" (latest + 3600) " _UID=0" (ENVIRON["SUDO"] == "" ? "" : " + " quoted("_EXE=" ENVIRON["SUDO"])) " 2>/dev/null || echo failed; } | tail -c 33554432"
  while ((command | getline) > 0) {
    if ($0 == "failed") { partly = 1; continue }
    count++
    size += length($0) + 1
    log_line()
  }
  if (count >= 50000 || size > 33000000) partly = 1
  close(command)
}
function log_line(   time, near, rest, tag, process) {
  # Most lines are neither.
  if (index($0, " sudo") == 0 && index($0, "for user root") == 0 && !(substr($0, 1, 12) in minute) && !(substr($0, 1, 16) in minute)) return
  if (match($0, /^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] /)) time = substr($0, 1, 15)
  else if (match($0, /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:.]+(Z|[+-][0-9][0-9]:?[0-9][0-9]) /)) time = substr($0, 1, RLENGTH - 1)
  else return
  near = (substr(time, 1, substr(time, 5, 1) == "-" ? 16 : 12) in minute)
  rest = substr($0, RLENGTH + 1)
  # Of other machines, as a host that collects their logs has them, nothing counts.
  tag = rest
  sub(/ .*/, "", tag)
  if (tag != host && tag != host_label) return
  sub(/^[^ ]+ /, "", rest)
  tag = rest
  if (!sub(/: .*/, "", tag) || tag !~ /^[A-Za-z0-9_.-]+(\[[0-9]+\])?$/) return
  rest = substr(rest, length(tag) + 3)
  process = tag
  if (sub(/^[^[]*\[/, "", process)) sub(/\]$/, "", process); else process = "-"
  sub(/\[.*/, "", tag)
  if (tag == "sudo") sudo_line(time, near, rest, process)
  else if (tag ~ /^(su|login|sshd|sshd-session)$/) login_line(time, near, rest, tag ":" process)
  else if (!near) return
  else if (tag == "CRON" || tag == "crond" || tag == "cron") cron_line(time, rest)
  else if (tag == "puppet-agent") puppet_line(time, rest)
  else if (tag ~ /^ansible-/ || tag ~ /^python/) {
    if (tag ~ /^python/) { tag = rest; sub(/ .*/, "", tag); sub(/^[^ ]+ /, "", rest) }
    ansible_line(time, rest, tag)
  }
}
function note(kind, i, name, session) {
  told++
  told_kind[told] = kind
  told_path[told] = i == 0 ? "-" : paths[i]
  told_name[told] = name
  told_session[told] = session
}
# Sessions that the log gives no number can only be told apart while there is but one.
function opened(process, time, who) {
  session++
  since[session] = time
  ended[session] = perhaps[session] = "-"
  if (process != "-") open_of[process] = session
  else { nameless[++namelesses] = session; nameless_left++ }
  person[session] = who
  return session
}
function closed(process, time,   n) {
  if (process != "-") {
    if (process in open_of) { ended[open_of[process]] = perhaps[open_of[process]] = time; delete open_of[process] }
    return
  }
  for (n = 1; n <= namelesses; n++) {
    if (ended[nameless[n]] == "-") ended[nameless[n]] = time
    perhaps[nameless[n]] = time
  }
  if (nameless_left > 0) nameless_left--
  if (nameless_left == 0) namelesses = 0
}
function sudo_line(time, near, rest, process,   who, pwd, command, i, word, own, name, is_shell) {
  if (rest ~ /^pam_unix\(sudo[^)]*\): session closed for user /) { closed(process, time); return }
  sub(/^ +/, "", rest)
  if (!match(rest, /^[A-Za-z_][A-Za-z0-9_.@-]* : /)) return
  who = substr(rest, 1, RLENGTH - 3)
  rest = substr(rest, RLENGTH + 1)
  # `command not allowed`, `3 incorrect password attempts`: nothing was done
  if (rest !~ /^(TTY=[^ ]* ; )?PWD=/ || !match(rest, / ; COMMAND=/)) return
  command = substr(rest, RSTART + RLENGTH)
  pwd = rest
  sub(/^(TTY=[^ ]* ; )?PWD=/, "", pwd)
  sub(/ ; USER=.*/, "", pwd)
  own = opened(process, time, who)
  word = command
  sub(/ .*/, "", word)
  is_shell = command ~ /^[^ ]*\/((sh|bash|dash|zsh|ksh|fish)( -[^ ]*)*|(su|mc|screen|tmux)( .*)?)$/
  if (is_shell) note("shell", 0, who, own)
  for (i = 1; i <= all; i++) {
    if (index(command, base_of[i]) && writes(command, i, pwd, 0)) note("person", i, who, own)
    else if (near && !is_shell && !(base(word) in writer)) {
      if (base(word) ~ /^(sh|bash|dash)$/) { word = command; sub(/^[^ ]+ +/, "", word); sub(/ .*/, "", word) }
      name = scripted(word, i)
      if (name != "") note("script", i, name, own)
    }
  }
}
# Whoever logs in as root is in none of the logs of commands.
function login_line(time, near, rest, process,   i) {
  if (rest ~ /^pam_unix\([a-z:-]+\): session opened for user root[ (]/) root_of[process] = opened(process, time, "root")
  else if (rest ~ /^pam_unix\([a-z:-]+\): session closed for user root/ && process in root_of) {
    closed(process, time)
    # One that began and ended in a minute in which nothing changed does not count: some log in every minute.
    if (near || substr(since[root_of[process]], 1, 12) != substr(time, 1, 12)) note("shell", 0, "root", root_of[process])
    delete root_of[process]
  }
}
function cron_line(time, rest,   who, command, i, word, n, total, is_written) {
  if (!match(rest, /^\([A-Za-z_][A-Za-z0-9_.-]*\) CMD \(/)) return
  who = rest
  sub(/^\(/, "", who)
  sub(/\).*/, "", who)
  command = substr(rest, RLENGTH + 1)
  sub(/\)$/, "", command)
  sub(/^ +/, "", command)
  for (i = 1; i <= all; i++) {
    is_written = writes(command, i, "", 1)
    total = is_written ? 0 : split(command, word, /[ ;|&()<>]+/)
    for (n = 1; n <= total && n <= 20 && !is_written; n++)
      if (substr(word[n], 1, 1) == "/" && (n == 1 || word[n - 1] ~ /(^|\/)(sh|bash|dash|nice|flock)$/ || word[n - 1] == "")) is_written = scripted(word[n], i) != ""
    if (is_written) print "cron" us paths[i] us time us who
  }
}
function puppet_line(time, rest,   i) {
  if (substr(rest, 1, 8) != "(/Stage[") return
  for (i = 1; i <= all; i++)
    if (index(rest, "/File[" paths[i] "]/") && index(rest, "/File[" paths[i] "]/") < index(rest, ") ") && (!gone[i] || index(rest, "/File[" paths[i] "]/ensure) "))) print "manager" us paths[i] us time us "Puppet"
}
function ansible_line(time, rest, tag,   i) {
  if (tag !~ /^ansible-(ansible\.(legacy|builtin)\.)?(copy|template|file|lineinfile|blockinfile|replace|ini_file|assemble)$/ || rest !~ /^Invoked with /) return
  for (i = 1; i <= all; i++) if ((!gone[i] || (tag ~ /file$/ && tag !~ /infile$/ && index(rest, " state=absent"))) && (index(rest " ", " dest=" paths[i] " ") || index(rest " ", " path=" paths[i] " "))) print "manager" us paths[i] us time us "Ansible"
}
'
