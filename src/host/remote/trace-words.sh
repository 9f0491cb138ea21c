# shellcheck shell=sh
# What a command, or a script, writes: a part of what trace-authors.sh has awk(1) do.
# shellcheck disable=SC2016,SC2034 # it is awk which is to expand it; for trace-authors.sh
awk_words='
function base(text) { sub(/.*\//, "", text); return text }
function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }

# Whether one of the words from the given one on is the path.
function among(from, to, i, pwd,   n, word) {
  for (n = from; n <= to; n++) {
    word = words[n]
    sub(/^\.\//, "", word)
    if (word == paths[i] || (word != "" && substr(word, 1, 1) != "/" && pwd "/" word == paths[i])) return n
  }
  return 0
}
# Whether the last word is the path, or a folder that an earlier word of the same name is put into.
function target(from, to, i, pwd,   n, folder) {
  if (among(to, to, i, pwd)) return 1
  folder = words[to]
  sub(/\/$/, "", folder)
  for (n = from; n < to; n++) if (words[n] !~ /^-/ && folder "/" base(words[n]) == paths[i]) return 1
  return 0
}
# Whether a command is one that writes the path: a reader (cat, less, diff, cp FROM) is none.
function writes(text, i, pwd,   pieces, piece, total, n, to, k, first, word) {
  gsub(/["\047\\]/, "", text)
  gsub(/[0-9]*>&[0-9-]/, " ", text)
  total = split(text, pieces, /[;|&]+/)
  for (n = 1; n <= total; n++) {
    piece = pieces[n]
    sub(/^[ \t]+/, "", piece)
    sub(/^[^ ]*(sh|bash|dash) -[a-z]*c +/, "", piece)
    while (match(piece, />+[ \t]*[^ \t>]+/)) {
      word = substr(piece, RSTART, RLENGTH)
      sub(/^>+[ \t]*/, "", word)
      piece = substr(piece, 1, RSTART - 1) " " substr(piece, RSTART + RLENGTH)
      if (word == paths[i] || pwd "/" word == paths[i]) return 1
    }
    gsub(/<+[ \t]*[^ \t]+/, " ", piece)
    to = split(piece, words, /[ \t=]+/)
    while (to > 1 && words[to] == "") to--
    k = 1
    while (k < to && (words[k] == "" || (words[k] in before_command))) k++
    first = base(words[k])
    if (substr(paths[i], 1, 5) == "unit:") {
      if (first == "systemctl" && switches(k + 1, to, substr(paths[i], 6))) return 1
      continue
    }
    if (!(first in writer) || k == to) continue
    if (first == "mv" || first == "rm") { if (among(k + 1, to, i, pwd) || target(k + 1, to, i, pwd)) return 1; continue }
    if (first == "cp" || first == "install" || first == "rsync" || first == "ln") { if (target(k + 1, to, i, pwd)) return 1; continue }
    if (!among(k + 1, to, i, pwd)) continue
    if (first == "sed" && piece !~ /[ \t](-[nErsz]*i|--in-place)/) continue
    if (first == "perl" && piece !~ /[ \t]-[a-z0-9]*i/) continue
    if (first == "dd" && piece !~ /[ \t]of=/) continue
    if (first == "yq" && piece !~ /[ \t](-[a-zA-Z]*i|--inplace|--in-place|w[ \t]+-i|write[ \t]+-i|w[ \t]+--inplace)/) continue
    if (first == "xmlstarlet" && piece !~ /[ \t](-L|--inplace)/) continue
    if (first == "crudini" && piece !~ /[ \t]--(set|del|merge)/) continue
    return 1
  }
  return 0
}
function switches(from, to, unit,   n, verb) {
  for (n = from; n <= to; n++) {
    if (words[n] ~ /^(enable|disable|mask|unmask|reenable|preset|link|revert)$/) verb = 1
    else if (verb && (words[n] == unit || words[n] ".service" == unit)) return 1
  }
  return 0
}

# The names of variables in a line by what a script has set them to.
function expanded(text,   count, name) {
  for (count = 0; count < 20 && match(text, /\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*)/); count++) {
    name = substr(text, RSTART + 1, RLENGTH - 1)
    gsub(/[{}]/, "", name)
    text = substr(text, 1, RSTART - 1) ((name in value) ? value[name] : "\001") substr(text, RSTART + RLENGTH)
  }
  return text
}
# The name of a script that writes the path: this one, or one that it calls; nothing if none does. Only where
# root alone puts programs: anybody can write a name into a log, and opening a device has effects.
function scripted(program, i,   found, calls, total, n) {
  if ((program, i) in known_script) return known_script[program, i]
  found = script_writes(program, i)
  if (found == "") {
    total = split(called[program], calls, "\n")
    for (n = 1; n <= total && n <= 20 && found == ""; n++) found = script_writes(calls[n], i)
  }
  return known_script[program, i] = found
}
function script_writes(program, i,   lines_of, total, n) {
  if (!(program in script)) read_script(program)
  total = split(script[program], lines_of, "\n")
  for (n = 1; n <= total; n++) if (writes(lines_of[n], i, "")) return base(program)
  return ""
}
# Lines that name what has changed, variables in place, into script[]; what it calls into called[].
function read_script(program,   file, line, rest, count, name, i) {
  script[program] = called[program] = ""
  if (program !~ /^\/(usr|bin|sbin|etc|root)\/[A-Za-z0-9_.\/+-]+$/ || program ~ /\/\.\.\// || ++scripts > 60) return
  file = root program
  if ((getline line < file) <= 0 || substr(line, 1, 2) != "#!") { close(file); return }
  for (name in value) delete value[name]
  while ((getline line < file) > 0 && ++count < 10000) {
    if (line ~ /^[ \t]*#/) continue
    while (line ~ /\\$/ && (getline rest < file) > 0 && ++count < 10000) { sub(/\\$/, " ", line); line = line rest }
    line = expanded(line)
    if (match(line, /^[ \t]*((export|local|readonly)[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=[^ \t;&|()`]*[ \t]*$/)) {
      sub(/^[ \t]*((export|local|readonly)[ \t]+)?/, "", line)
      name = line
      sub(/=.*/, "", name)
      sub(/^[^=]*=/, "", line)
      gsub(/["\047 \t]/, "", line)
      value[name] = line
      continue
    }
    for (i = 1; i <= all; i++) if (index(line, base_of[i])) { script[program] = script[program] line "\n"; break }
    while (match(line, /\/[A-Za-z0-9_.\/+-]+\.sh/)) {
      name = substr(line, RSTART, RLENGTH)
      if (index("\n" called[program] "\n", "\n" name "\n") == 0) called[program] = called[program] (called[program] == "" ? "" : "\n") name
      line = substr(line, RSTART + RLENGTH)
    }
  }
  close(file)
}
'
