# shellcheck shell=sh
# The part of the probe that finds out who may have changed what a run wrote. Runs before probe.sh. Costs no
# process where nothing has changed since. Lines of logs, and what people typed, are only compared here: told
# is who, when and which path.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC3013 # -nt isn't in POSIX before 2024, but in dash, bash and busybox
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

maximum_log=33554432
maximum_changed=50

# changed_since: managed paths that have changed since the ledger was put in place, each with when, into
# $changed; of what is gone, that is when its folder changed. Seconds of change (ctime) can't be turned back.
changed_since() {
  changed=
  managed=$NL
  [ -n "$cluster" ] && [ -r "$ours/managed-paths" ] && [ -r "$ours/ledger.json" ] || return 0
  while read -r path; do managed=$managed$path$NL; done <"$ours/managed-paths"
  written=
  for record in $stats; do
    case $record in *"$US$ours/ledger.json$US"*) ;; *) continue ;; esac
    field 8 "$record"
    written=$field
    break
  done
  case $written in '' | *[!0-9]*) return 0 ;; esac
  count=0
  for record in $stats; do
    IFS=$US
    set -- $record
    IFS=$NL
    if [ $# -ge 8 ]; then
      [ "$8" -gt "$written" ] || continue
      case $managed in *"$NL${6#"$ROOT"}$NL"*) ;; *) continue ;; esac
      note_changed "${6#"$ROOT"}" "$8"
    else
      case $record in "stat: cannot "*": No such file or directory") ;; *) continue ;; esac
      path=${record%[\"\']": No such"*}
      path=${path#*[\"\']}
      path=${path#"$ROOT"}
      case $managed in *"$NL$path$NL"*) ;; *) continue ;; esac
      [ "$ROOT${path%/*}" -nt "$ours/ledger.json" ] || continue
      note_changed "$path" "$(stat -c %Y -- "$ROOT${path%/*}" 2>/dev/null)"
    fi
  done
  for unit in $managed_units; do
    case $unit in *.*) ;; *) unit=$unit.service ;; esac
    set +f
    for path in "$ROOT"/etc/systemd/system "$ROOT"/etc/systemd/system/*.wants; do
      if [ "$path" -nt "$ours/ledger.json" ]; then
        time=$(stat -c %Y -- "$path" 2>/dev/null)
        if [ "${time:-0}" -gt "$written" ]; then note_changed "unit:$unit" "$time"; fi
      fi
    done
    set -f
  done
}
note_changed() {
  count=$((count + 1))
  case $2 in '' | *[!0-9]*) return ;; esac
  [ $count -gt $maximum_changed ] || changed=$changed$NL$1$US$2
}

# Each change, what the clock of the host showed then, an hour before and an hour after (clocks that are set
# by an hour make a time of a log ambiguous), and what the host's logs know of it.
tell_authors() {
  section changed
  printf '%s\n' "$changed"
  section clock
  clock=$(for record in $changed; do
    time=${record##*"$US"}
    printf '@%s\n' $((time - 3600)) $((time - 120)) $((time - 60)) "$time" $((time + 3600))
  done | date -f - "+%s$US%z$US%b %e %H:%M$US%Y-%m-%dT%H:%M$US%Y-%m-%d %H:%M:%S" 2>/dev/null)
  printf '%s\n' "$clock"
  section traces
  # Of each five, the minute of the change and the two before it.
  minutes=$(printf '%s\n' "$clock" | sed -n 'n;p;n;p;n;p;n' | sort -u | cut -d "$US" -f 3,4 | tr "$US" '\n')
  {
    logs_of syslog messages cron cron.log | grep -a -F -e "$minutes"
    logs_of auth.log secure | grep -a -E ' sudo(\[[0-9]+\])?: '
    journal
    logs_of dpkg.log
  } 2>/dev/null | CHANGED=$changed CLOCK=$clock awk "$read_logs" 2>/dev/null | own_traces
}

# logs_of NAME...: what these logs, and what was rotated away of them, hold since the ledger was put in place
logs_of() {
  for name; do
    set +f
    for file in "$ROOT/var/log/$name" "$ROOT/var/log/$name".[0-9]* "$ROOT/var/log/$name"-[0-9]*; do
      if [ ! -f "$file" ] || [ ! "$file" -nt "$ours/ledger.json" ]; then continue; fi
      case $file in
        *.gz) timeout -k 1 5 zcat -- "$file" | tail -c $maximum_log ;;
        *.xz | *.bz2 | *.zst) ;;
        *) tail -c $maximum_log -- "$file" ;;
      esac
    done
    set -f
  done
}

# Where nothing writes these logs, systemd keeps them.
journal() {
  [ -z "$ROOT" ] && [ ! -e /var/log/auth.log ] && [ ! -e /var/log/secure ] || return 0
  for record in $changed; do
    time=${record##*"$US"}
    timeout -k 1 3 journalctl -q --no-pager -o short-iso -t sudo -t CRON -t crond -t puppet-agent \
      --since "@$((time - 900))" --until "@$((time + 5))"
  done
}

# Of packages and scripts only those that own, or name, what has changed. Records of awk: kind, path, when,
# who, more.
own_traces() {
  told=0
  while IFS= read -r record && [ $told -lt 200 ]; do
    IFS=$US
    set -- $record
    IFS=$NL
    case $1 in
      package) own_package "$2" "$4" || continue ;;
      script | cron-script)
        named_by "$2" "$5" || continue
        set -- "$1" "$2" "$3" "$4" "$script" "${6:-}"
        ;;
    esac
    told=$((told + 1))
    printf '%s' "$1"
    shift
    for value; do printf '%s' "$US$value"; done
    [ -z "${sum:-}" ] || printf '%s' "$US$sum"
    sum=
    printf '\n'
  done
}

# own_package PATH PACKAGE: whether the package owns the path; its checksum of it into $sum
own_package() {
  sum=
  info=$ROOT/var/lib/dpkg/info
  case $2 in *[!a-z0-9+.:-]*) return 1 ;; esac
  _list=$info/$2
  [ -e "$_list.list" ] || _list=$info/${2%:*}
  grep -q -x -F -e "$1" -- "$_list.list" 2>/dev/null || return 1
  # Three lines a diversion: from, to, by whom (`:` an operator), see dpkg-divert(1).
  _by=$(grep -A 2 -x -F -e "$1" -- "$ROOT/var/lib/dpkg/diversions" 2>/dev/null | sed -n 3p)
  case $_by in '' | "${2%:*}") ;; *) return 1 ;; esac
  sum=$(grep -F -e "  ${1#/}" -- "$_list.md5sums" 2>/dev/null | grep -m 1 -E "^[0-9a-f]{32}  ")
  case $sum in *"  ${1#/}") ;; *) sum=$(grep -m 1 -F -e " $1 " -- "$ROOT/var/lib/dpkg/status" 2>/dev/null | cut -d ' ' -f 3) ;; esac
  sum=${sum%% *}
  sum=${sum:-none}
}

# named_by PATH PROGRAM: whether a script, or one that it calls, names the path: which one into $script
named_by() {
  case $2 in *[[:cntrl:]]* | */../*) return 1 ;; /*) ;; *) return 1 ;; esac
  _path=$1
  script=$2
  is_script "$2" || return 1
  # As a word of its own, so that a file beside it with a longer name isn't meant.
  if names_path "$2"; then return 0; fi
  for script in $(grep -a -o -E '/[A-Za-z0-9_./-]+\.sh' -- "$ROOT$2" | sort -u | head -n 20); do
    if is_script "$script" && names_path "$script"; then return 0; fi
  done
  return 1
}
is_script() {
  [ -f "$ROOT$1" ] && [ -r "$ROOT$1" ] || return 1
  [ "$(head -c 2 -- "$ROOT$1" 2>/dev/null | tr -d '\000')" = '#!' ]
}
names_path() {
  timeout 2 head -c 262144 -- "$ROOT$1" | grep -a -v '^[[:space:]]*#' | tr -s "[:space:]\"'=<>;|&(){}" '\n' | grep -q -x -F -e "$_path"
}

# Kinds of lines, told by what stands before any text that somebody typed:
#   2026-11-24 03:12:01 status installed NAME:ARCH VERSION                          dpkg(1), --log
#   Nov 24 03:12:01 HOST sudo[PID]:   WHO : TTY=... ; PWD=... ; USER=... ; COMMAND=...   sudoers(5)
#   Nov 24 03:12:01 HOST CRON[PID]: (WHO) CMD (...)                                  cron(8)
#   Nov 24 03:12:01 HOST puppet-agent[PID]: (/Stage[main]/.../File[PATH]/content) ...
#   Nov 24 03:12:01 HOST ansible-copy[PID]: Invoked with ... dest=PATH ...
# and with 2026-11-24T03:12:01.123+01:00 in place of Nov 24 03:12:01.
# shellcheck disable=SC2016 # it is awk which is to expand it
read_logs='
BEGIN {
  us = sprintf("%c", 31)
  count = split(ENVIRON["CHANGED"], lines, "\n")
  for (n = 1; n <= count; n++) if (split(lines[n], part, us) == 2) { paths[++all] = part[1]; when[all] = part[2] }
  count = split(ENVIRON["CLOCK"], lines, "\n")
  for (n = 1; n <= count; n++) if (split(lines[n], part, us) == 5) {
    local[part[1]] = part[5]
    if (n % 5 > 1) minute[part[3]] = minute[part[4]] = 1
  }
  count = split("vi vim vim.basic vim.tiny nvim nano pico emacs ed ex joe mcedit micro jed ne kak hx helix sudoedit tee rm unlink chmod chown chgrp touch truncate patch crudini dpkg-divert setfacl chattr shred mv cp install rsync ln dd sed perl", lines, " ")
  for (n = 1; n <= count; n++) writer[lines[n]] = 1
}
function base(text) { sub(/.*\//, "", text); return text }
# Whether one of the words from the given one on is the path.
function among(from, to, i, pwd,   n, word) {
  for (n = from; n <= to; n++) {
    word = words[n]
    sub(/^\.\//, "", word)
    if (word == paths[i] || (word != "" && substr(word, 1, 1) != "/" && pwd "/" word == paths[i])) return n
  }
  return 0
}
# Whether a command is one that writes the path: a reader (cat, less, diff, cp FROM) is none.
function writes(text, i, pwd,   pieces, piece, total, n, to, first, target) {
  total = split(text, pieces, /[;|&]+/)
  for (n = 1; n <= total; n++) {
    piece = pieces[n]
    gsub(/["\047\\]/, "", piece)
    sub(/^ +/, "", piece)
    sub(/^[^ ]*(sh|bash|dash) -[a-z]*c +/, "", piece)
    target = piece
    if (sub(/^[^>]*>+ */, "", target)) {
      sub(/ .*/, "", target)
      if (target == paths[i] || pwd "/" target == paths[i]) return 1
      continue
    }
    to = split(piece, words, /[ \t=]+/)
    while (to > 1 && words[to] == "") to--
    first = base(words[1])
    if (substr(paths[i], 1, 5) == "unit:") {
      if (first == "systemctl" && switches(to, substr(paths[i], 6))) return 1
      continue
    }
    if (!(first in writer) || !among(2, to, i, pwd)) continue
    if (first == "sed" && piece !~ / (-[nErsz]*i|--in-place)/) continue
    if (first == "perl" && piece !~ / -[a-z0-9]*i/) continue
    if (first == "dd" && piece !~ / of=/) continue
    if ((first == "cp" || first == "install" || first == "rsync" || first == "ln") && among(2, to, i, pwd) && !among(to, to, i, pwd)) continue
    return 1
  }
  return 0
}
function switches(to, unit,   n, verb) {
  for (n = 2; n <= to; n++) {
    if (words[n] ~ /^(enable|disable|mask|unmask|start|stop|kill|reenable|preset)$/) verb = 1
    else if (verb && (words[n] == unit || words[n] ".service" == unit)) return 1
  }
  return 0
}
function tell(kind, i, time, who, more) { print kind us paths[i] us time us who us more }
/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] / { packages(); next }
{
  if (match($0, /^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] /)) time = substr($0, 1, 15)
  else if (match($0, /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:.]+(Z|[+-][0-9][0-9]:?[0-9][0-9]) /)) time = substr($0, 1, RLENGTH - 1)
  else next
  near = (substr(time, 1, substr(time, 5, 1) == "-" ? 16 : 12) in minute)
  rest = substr($0, RLENGTH + 1)
  sub(/^[^ ]+ /, "", rest)
  tag = rest
  if (!sub(/: .*/, "", tag) || tag !~ /^[A-Za-z0-9_.-]+(\[[0-9]+\])?$/) next
  rest = substr(rest, length(tag) + 3)
  process = tag
  if (sub(/^[^[]*\[/, "", process)) sub(/\]$/, "", process); else process = "-"
  sub(/\[.*/, "", tag)
  if (tag == "sudo") sudo()
  else if ((tag == "CRON" || tag == "crond" || tag == "cron") && near) cron()
  else if (tag == "puppet-agent" && near) puppet()
  else if (near && (tag ~ /^ansible-/ || tag ~ /^python/)) {
    if (tag ~ /^python/) { tag = rest; sub(/ .*/, "", tag); sub(/^[^ ]+ /, "", rest) }
    ansible()
  }
}
function sudo(   who, pwd, command, i, word, opened) {
  if (rest ~ /^pam_unix\(sudo[^)]*\): session closed for user /) {
    if (process in open_of) { split(open_of[process], opened, us); print "closed" us "-" us time us opened[1] us process; delete open_of[process] }
    return
  }
  sub(/^ +/, "", rest)
  if (!match(rest, /^[A-Za-z_][A-Za-z0-9_.@-]* : /)) return
  who = substr(rest, 1, RLENGTH - 3)
  rest = substr(rest, RLENGTH + 1)
  # `command not allowed`, `3 incorrect password attempts`: nothing was done
  if (rest !~ /^(TTY=[^ ]* ; )?PWD=/) return
  if (!match(rest, / ; COMMAND=/)) return
  command = substr(rest, RSTART + RLENGTH)
  pwd = rest
  sub(/^(TTY=[^ ]* ; )?PWD=/, "", pwd)
  sub(/ ; USER=.*/, "", pwd)
  open_of[process] = who
  word = command
  sub(/ .*/, "", word)
  for (i = 1; i <= all; i++) {
    if (writes(command, i, pwd)) tell("person", i, time, who, process)
    else if (near && !(base(word) in writer)) tell("script", i, time, who, word us process)
  }
}
function cron(   who, command, i, word, n, total) {
  if (!match(rest, /^\([A-Za-z_][A-Za-z0-9_.-]*\) CMD \(/)) return
  who = rest
  sub(/^\(/, "", who)
  sub(/\).*/, "", who)
  command = substr(rest, RLENGTH + 1)
  sub(/\)$/, "", command)
  sub(/^ +/, "", command)
  for (i = 1; i <= all; i++) {
    if (writes(command, i, "")) { tell("cron", i, time, who, process); continue }
    total = split(command, word, /[ ;|&()<>]+/)
    for (n = 1; n <= total && n <= 20; n++) if (substr(word[n], 1, 1) == "/") tell("cron-script", i, time, who, word[n] us process)
  }
}
function puppet(   i) {
  if (substr(rest, 1, 8) != "(/Stage[") return
  for (i = 1; i <= all; i++) if (index(rest, "/File[" paths[i] "]/") && index(rest, "/File[" paths[i] "]/") < index(rest, ") ")) tell("manager", i, time, "Puppet", process)
}
function ansible(   i) {
  if (tag !~ /^ansible-(ansible\.(legacy|builtin)\.)?(copy|template|file|lineinfile|blockinfile|replace|ini_file|assemble)$/ || rest !~ /^Invoked with /) return
  for (i = 1; i <= all; i++) if (index(rest " ", " dest=" paths[i] " ") || index(rest " ", " path=" paths[i] " ")) tell("manager", i, time, "Ansible", process)
}
function packages(   time, i, name) {
  time = $1 " " $2
  if ($3 == "conffile") {
    for (i = 1; i <= all; i++) if ($4 == paths[i] && NF == 5) conffile[i] = time us $5
    return
  }
  if ($3 ~ /^(install|upgrade|configure|remove|purge)$/) { name = $4; if (!(name in begun)) begun[name] = time; if ($3 == "configure") configured[name] = time; return }
  if ($3 != "status" || ($4 != "installed" && $4 != "not-installed" && $4 != "config-files") || !($5 in begun)) return
  for (i = 1; i <= all; i++)
    if (substr(begun[$5], 1, 16) <= substr(local[when[i]], 1, 16) && substr(local[when[i]], 1, 16) <= substr(time, 1, 16))
      tell("package", i, begun[$5], $5, time us $6 us (($5 in configured) ? configured[$5] : "-") us (i in conffile ? conffile[i] : "-" us "-"))
  delete begun[$5]
  delete configured[$5]
}
'
