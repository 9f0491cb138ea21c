# shellcheck shell=sh
# What a command, or a script, writes: a part of what trace-authors.sh has awk(1) do.
# shellcheck disable=SC2016,SC2034 # it is awk which is to expand it; for trace-authors.sh
awk_words='
function base(text) { sub(/.*\//, "", text); return text }
function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }

# Whether a word is the path.
function is_path(word, i, pwd) {
  sub(/^\.\//, "", word)
  return word == paths[i] || (word != "" && substr(word, 1, 1) != "/" && pwd "/" word == paths[i])
}
# Which of the operands is the path; 0 where none is.
function among(i, pwd,   n) {
  for (n = 1; n <= operands; n++) if (is_path(operand[n], i, pwd)) return n
  return 0
}
# Whether operands are put to the path, or under their names into a folder that has it.
function target(folder, sources, i, pwd,   n) {
  if (is_path(folder, i, pwd)) return 1
  sub(/\/$/, "", folder)
  for (n = 1; n <= sources; n++) if (folder "/" base(operand[n]) == paths[i]) return 1
  return 0
}
# A line of shell in which what is quoted is one word without any meaning to the shell: its blanks and signs
# are \001. Nothing where a quote has no end.
function masked(text,   n, character, quote, result) {
  if (text !~ /["\047\\]/) return text
  for (n = 1; n <= length(text); n++) {
    character = substr(text, n, 1)
    if (quote == "" && (character == "\047" || character == "\"")) { quote = character; continue }
    if (character == quote) { quote = ""; continue }
    if (character == "\\" && quote != "\047") { character = substr(text, ++n, 1); if (character ~ /[ \t;|&<>#]/) character = "\001" }
    else if (quote != "" && character ~ /[ \t;|&<>#]/) character = "\001"
    result = result character
  }
  return quote == "" ? result : ""
}
# Whether a command is one that writes the path: a reader (cat, less, diff, cp FROM) is none. Of what is gone,
# whether it is one that takes it away. What sudo logs has lost its quotes, so a `>` in it is only one of the
# shell behind `sh -c`: and not in patterns, as `sudo -s grep` has it in its log like that.
function writes(text, i, pwd, by_shell,   pieces, piece, total, n, to, k, word) {
  if (!by_shell && match(text, /^([^ ]*\/)?(sh|bash|dash) -[a-z]*c +/)) {
    text = substr(text, RSTART + RLENGTH)
    if (text ~ /^([^ ]*\/)?([ef]?grep|z?grep|rg|ag|g?awk|mawk) /) return 0
    by_shell = 1
  }
  if (by_shell) {
    text = masked(text)
    sub(/[ \t]#.*/, "", text)
    gsub(/[0-9]*>&[0-9-]/, " ", text)
    total = split(text, pieces, /[;|&]+/)
  } else {
    total = 1
    pieces[1] = text
  }
  for (n = 1; n <= total; n++) {
    piece = pieces[n]
    sub(/^[ \t]+/, "", piece)
    if (by_shell) {
      if (piece ~ /^((if|elif|while|until|!)[ \t]+)*(\[\[?[ \t]|\(\()/) continue
      while (match(piece, />+[ \t]*[^ \t>]+/)) {
        word = substr(piece, RSTART, RLENGTH)
        sub(/^>+[ \t]*/, "", word)
        piece = substr(piece, 1, RSTART - 1) " " substr(piece, RSTART + RLENGTH)
        if (!gone[i] && is_path(word, i, pwd)) return 1
      }
      gsub(/<+[ \t]*[^ \t]+/, " ", piece)
    }
    to = split(piece, words, /[ \t]+/)
    while (to > 1 && words[to] == "") to--
    k = 1
    while (k < to && (words[k] == "" || (base(words[k]) in before_command) || words[k] ~ /^[A-Za-z_][A-Za-z0-9_]*=/)) k++
    word = base(words[k])
    if (substr(paths[i], 1, 5) == "unit:") {
      if (word == "systemctl" && switches(k + 1, to, i)) return 1
    } else if ((word in writer) && k < to && acts(word, k + 1, to, i, pwd)) return 1
  }
  return 0
}
# Options of one command into flags, what is not an option into operand[]. Words behind options that take one
# are neither.
function parted(first, from, to,   n, word, takes, ended) {
  flags = " "
  operands = 0
  takes = first in taking ? taking[first] : "^$"
  for (n = from; n <= to; n++) {
    word = words[n]
    if (word == "") continue
    if (ended || word !~ /^-./) { operand[++operands] = word; last_word = n; continue }
    if (word == "--") { ended = 1; continue }
    flags = flags word " "
    if (word ~ takes) n++
  }
}
function acts(first, from, to, i, pwd,   n, at, folder) {
  if (first == "dd") {
    for (n = from; n <= to; n++) if (substr(words[n], 1, 3) == "of=" && is_path(substr(words[n], 4), i, pwd)) return !gone[i]
    return 0
  }
  parted(first, from, to)
  if (flags ~ / --(help|version|dry-run|test|view|read-?only|readonly|list-only|no-clobber|interactive|update)[ =]/ || flags ~ / -(ro|rdonly|readonly|batch) /) return 0
  at = among(i, pwd)
  if (first == "mv" && gone[i]) return at > 0 && flags !~ / -[a-zA-Z]*[inu]/ && (at < operands || flags ~ / (-t|--target-directory)/)
  if (gone[i] && first !~ /^(rm|unlink|shred|dpkg-divert)$/) return 0
  if (first ~ /^(cp|mv|install|rsync|ln)$/) {
    if (first == "ln" ? flags ~ / -[a-zA-Z]*i/ : first == "install" ? flags ~ / (-[a-zA-Z]*d|--directory)/ : flags ~ / -[a-zA-Z]*[inu]/) return 0
    if (first != "rsync" && match(flags, / --target-directory=[^ ]+/)) return target(substr(flags, RSTART + 20, RLENGTH - 20), operands, i, pwd)
    if (first != "rsync" && flags ~ / (-[a-zA-Z]*t|--target-directory) /) {
      for (n = from; n < to; n++) if (words[n] ~ /^(-[a-zA-Z]*t|--target-directory)$/) folder = words[n + 1]
      return target(folder, operands, i, pwd)
    }
    # `--exclude PATH` at the end is no target.
    if (operands < 2 || (last_word > from && words[last_word - 1] ~ /^-./ && words[last_word - 1] != "--")) return 0
    return target(operand[operands], operands - 1, i, pwd)
  }
  if (!at) return 0
  if (first ~ /^(vi|vim|vim\.basic|vim\.tiny|nvim|ex)$/) return flags !~ / -[a-zA-Z]*[RmM]/
  if (first ~ /^(nano|pico)$/) return flags !~ / -[a-zA-Z]*v/
  if (first == "emacs") return flags !~ / --?(batch|script)/
  if (first == "sed") return flags ~ / (-[nErsz]*i|--in-place)/
  if (first == "perl") return flags ~ / -[a-z0-9]*i/
  if (first == "yq") {
    for (n = 1; n < at; n++) if (operand[n] ~ /^\.?\//) return 0
    return flags ~ / (-[a-zA-Z]*i|--inplace|--in-place) /
  }
  if (first == "xmlstarlet") return flags ~ / (-L|--inplace) / && at == operands
  if (first == "crudini") return flags ~ / --(set|del|merge) / && flags !~ / --output/ && at == 1
  if (first == "patch") return at == 1 && flags !~ / (-[a-zA-Z]*o|--output)/
  if (first == "dpkg-divert") return flags ~ / --rename / && flags !~ / --(list|listpackage|truename) /
  if (first == "rm") return flags !~ / -[a-zA-Z]*i/
  if (first == "shred" && gone[i]) return flags ~ / (-[a-zA-Z]*u|--remove)/
  return 1
}
function switches(from, to, i,   n, verb, unit) {
  unit = substr(paths[i], 6)
  for (n = from; n <= to; n++) if (words[n] ~ /^(--(user|global|runtime|root|image|dry-run|host|machine)(=.*)?|-[HM].*)$/) return 0
  for (n = from; n <= to; n++) {
    if (words[n] ~ (gone[i] ? "^(disable|mask|unmask|reenable|preset|revert)$" : "^(enable|disable|mask|unmask|reenable|preset|link|revert)$")) verb = 1
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
  for (n = 1; n <= total; n++) if (writes(lines_of[n], i, "", 1)) return base(program)
  return ""
}
# Lines that name what has changed, variables in place, into script[]; what it calls into called[].
function read_script(program,   file, line, rest, count, name, i) {
  script[program] = called[program] = ""
  if (program !~ /^\/(usr|bin|sbin|etc|root)\/[A-Za-z0-9_.\/+-]+$/ || program ~ /\/\.\.\// || ++scripts > 60) return
  file = root program
  # Reading a folder ends mawk.
  if (system("test -f " quoted(file)) != 0) return
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
