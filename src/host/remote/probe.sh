# shellcheck shell=sh
# Looks at a host: everything that the steps, guards and warnings need, in one go, with as few processes as
# possible. Writes nothing on the host. Runs after lib.sh, people.sh and folders.sh, with $nonce and the
# records of $request set.
#
# Output: sections that begin with a line `NONCE name`. The nonce is drawn for each probe, so nothing that was
# on the host before can look like a section. File contents are framed by their lengths. The last line is
# `NONCE end`.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2034 # some variables are for the other parts
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

IFS=$NL

section() {
  printf '%s %s\n' "$nonce" "$1"
}

closed=
paths=
packages=
units=
names=
queries=
browsing=
people_by_name=no
section globs
cluster=
for record in $request; do
  value=${record#*"$US"}
  case ${record%%"$US"*} in
    cluster) cluster=$value ;;
    path) paths=$paths$NL$ROOT$value ;;
    glob) look_for "$value" ;;
    includes) follow_includes "$value" ;;
    package) packages=$packages$NL$value ;;
    unit) units=$units$NL$value ;;
    name) names=$names$NL$value ;;
    program) take_program "${value%%"$US"*}" "${value#*"$US"}" ;;
    people-by-name) people_by_name=$value ;;
    query | guard)
      field 4 "$record"
      if [ "$field" = browse ]; then
        browsing=$browsing$NL$record
      else
        queries=$queries$NL$record
        closed_to_query "$record"
      fi
      ;;
  esac
done

own_state "$cluster"
managed=$NL
managed_units=
if [ -n "$cluster" ] && [ -r "$ours/managed-paths" ]; then
  while read -r path; do
    managed=$managed$path$NL
    case $path in
      /*) paths=$paths$NL$ROOT$path ;;
      unit:*)
        units=$units$NL${path#unit:}
        managed_units=$managed_units$NL${path#unit:}
        ;;
    esac
  done <"$ours/managed-paths"
fi

look() {
  tell_facts
  tell_files
  changed_since
  if [ -z "$changed" ]; then
    look_further
    return
  fi
  # Logs are read while systemd thinks.
  trace_authors </dev/null 2>/dev/null | {
    exec 6<&0 </dev/null
    look_further
    cat <&6
    # Should it have been ended within a line.
    echo
  }
}

look_further() {
  section space
  set --
  for path in / /etc /var/lib; do
    if [ -d "$ROOT$path" ]; then set -- "$@" "$ROOT$path"; fi
  done
  stat -f -c "%a$US%b$US%n" -- "$@" 2>/dev/null

  section units
  # Those asked for, and whichever others failed: the state narrows the pattern only.
  systemctl show --no-pager --state=failed -p Id -p Names -p LoadState -p ActiveState -p SubState -p UnitFileState \
    -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic -- \
    $units '*' 2>/dev/null

  if [ -n "$packages" ]; then
    section packages
    if [ -e "$ROOT/var/lib/dpkg/status" ]; then
      dpkg-query --admindir="$ROOT/var/lib/dpkg" -W \
        -f="\${db:Status-Status}$US\${Package}$US\${Version}\n" -- $packages 2>/dev/null
    elif command -v rpm >/dev/null 2>&1; then
      rpm --root="${ROOT:-/}" -q --qf "installed$US%{NAME}$US%{VERSION}-%{RELEASE}\n" -- $packages 2>/dev/null
    fi
  fi

  names_from $names
  queries_from $queries
}

# Everything else is looked at while servers think.
if [ -n "$browsing" ]; then
  browse $browsing </dev/null | {
    exec 5<&0 </dev/null
    look
    cat <&5
  }
else
  look
fi
section end
