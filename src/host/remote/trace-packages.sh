# shellcheck shell=sh
# What the package managers and the kernel's audit know of what has changed: a part of what trace-authors.sh
# has awk(1) do.
# shellcheck disable=SC2016,SC2034 # it is awk which is to expand it; for trace-authors.sh
awk_packages='
function package_line(   time, i, name) {
  time = $1 " " $2
  if ($3 == "conffile") {
    for (i = 1; i <= all; i++) if ($4 == paths[i] && NF == 5) conffile[i] = time us $5
    return
  }
  if ($3 ~ /^(install|upgrade|configure|remove|purge)$/) {
    name = $4
    if (!(name in begun)) begun[name] = time
    if ($3 == "configure") configured[name] = time
    return
  }
  if ($3 != "status" || ($4 != "installed" && $4 != "not-installed" && $4 != "config-files") || !($5 in begun)) return
  for (i = 1; i <= all; i++)
    if (substr(begun[$5], 1, 16) <= substr(local[when[i]], 1, 16) && substr(local[when[i]], 1, 16) <= substr(time, 1, 16) && owns($5, i))
      print "package" us paths[i] us begun[$5] us $5 us time us $6 us (($5 in configured) ? configured[$5] : "-") us (i in conffile ? conffile[i] : "-" us "-") us sum_of($5, i)
  delete begun[$5]
  delete configured[$5]
}
# Whether the package has the path, and no diversion of somebody else keeps it from the package. Three lines a
# diversion: from, to, by whom (`:` an operator), see dpkg-divert(1).
function owns(package, i,   info, line, found, plain, by) {
  if (package !~ /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$/) return 0
  plain = package
  sub(/:.*/, "", plain)
  info = root "/var/lib/dpkg/info/"
  if ((getline line < (info package ".list")) > 0) { close(info package ".list"); list_of[package] = info package }
  else list_of[package] = info plain
  found = 0
  while (!found && (getline line < (list_of[package] ".list")) > 0) found = line == paths[i]
  close(list_of[package] ".list")
  if (!found) return 0
  info = root "/var/lib/dpkg/diversions"
  while ((getline line < info) > 0) {
    if (line != paths[i]) { getline line < info; getline line < info; continue }
    getline line < info
    if ((getline by < info) > 0 && by != plain) found = 0
    break
  }
  close(info)
  return found
}
# The md5 of the package: of its files, or as dpkg has it of configuration files.
function sum_of(package, i,   file, line, found, own, name, part) {
  file = list_of[package] ".md5sums"
  found = "none"
  while (found == "none" && (getline line < file) > 0) if (substr(line, 35) == substr(paths[i], 2)) found = substr(line, 1, 32)
  close(file)
  if (found != "none") return found
  file = root "/var/lib/dpkg/status"
  name = package
  sub(/:.*/, "", name)
  while (found == "none" && (getline line < file) > 0) {
    if (substr(line, 1, 9) == "Package: ") { if (own) break; own = substr(line, 10) == name }
    else if (own && index(line, " " paths[i] " ") == 1) { split(line, part, " "); found = part[2] }
  }
  close(file)
  return found
}

# What rpm(8) has of the packages that own what has changed, and when it installed them.
function rpm_packages(   i, command, line, part) {
  # No \037: rpm knows no numbers behind a backslash.
  command = "rpm " (root == "" ? "" : "--root=" quoted(root) " ") "-q --qf " quoted("[%{=NAME}" us "%{=VERSION}-%{=RELEASE}" us "%{=INSTALLTIME}" us "%{FILENAMES}" us "%{FILEDIGESTS}\\n]") " -f --"
  for (i = 1; i <= all; i++) if (substr(paths[i], 1, 1) == "/") command = command " " quoted(paths[i])
  command = command " 2>/dev/null"
  while ((command | getline line) > 0) {
    if (split(line, part, us) != 5) continue
    for (i = 1; i <= all; i++)
      if (part[4] == paths[i] && part[3] - 2 <= when[i] && when[i] <= part[3] + 300)
        print "package" us paths[i] us "@" part[3] us part[1] us "@" (part[3] + 300) us part[2] us "-" us "-" us "-" us part[5]
  }
  close(command)
}

# Who wrote a path, by the account that logged in (auid), whatever it became since. Names are quoted, or in
# hex where they have blanks.
function audit_line(   event, seconds, i, line) {
  if (!match($0, /msg=audit\([0-9]+\.[0-9]+:[0-9]+\)/)) return
  event = substr($0, RSTART + 10, RLENGTH - 11)
  if ($1 == "type=SYSCALL") {
    audited = event
    audited_user = ""
    if (/ success=yes / && changing() && match($0, / auid=[0-9]+ /)) audited_user = substr($0, RSTART + 6, RLENGTH - 7)
  } else if (event != audited || audited_user == "" || audited_user == "4294967295") return
  else if ($1 == "type=CWD") audited_folder = field_of("cwd")
  else if ($1 == "type=PATH" && !/ nametype=PARENT/) {
    line = field_of("name")
    if (line != "" && substr(line, 1, 1) != "/") line = audited_folder "/" line
    seconds = substr(event, 1, index(event, ".") - 1)
    for (i = 1; i <= all; i++)
      if (line == paths[i] && seconds + 1 >= when[i] && seconds <= when[i] + 1) print "audit" us paths[i] us "@" seconds us account(audited_user)
  }
}
function field_of(key) {
  return match($0, " " key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4) : ""
}
# Calls that change something: all that are watched but those that open for reading. The numbers of open,
# openat and openat2 on x86_64 and aarch64; O_WRONLY and O_RDWR are the lowest bits of the flags.
function changing(   call, arch, flags) {
  arch = $0; sub(/.* arch=/, "", arch); sub(/ .*/, "", arch)
  call = $0; sub(/.* syscall=/, "", call); sub(/ .*/, "", call)
  flags = $0
  if (arch == "c000003e" && call == 2) sub(/.* a1=/, "", flags)
  else if ((arch == "c000003e" && call == 257) || (arch == "c00000b7" && call == 56)) sub(/.* a2=/, "", flags)
  else return arch == "c000003e" ? call ~ /^(76|77|82|83|84|85|86|87|88|90|91|92|93|94|133|188|189|190|258|260|263|264|265|266|268|280|316)$/ : arch == "c00000b7" && call ~ /^(5|6|7|33|34|35|36|37|38|45|46|52|53|54|55|88|276)$/
  sub(/ .*/, "", flags)
  return flags ~ /[1235679abdef]$/
}
function account(uid,   file, line, part) {
  if (uid in accounts) return accounts[uid]
  accounts[uid] = "-"
  file = root "/etc/passwd"
  while ((getline line < file) > 0) if (split(line, part, ":") > 2 && part[3] == uid) { accounts[uid] = part[1]; break }
  close(file)
  return accounts[uid]
}
'
