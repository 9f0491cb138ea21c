# shellcheck shell=sh
# The part of the probe that tells what kind of host this is, and what is remembered there. Runs before
# probe.sh.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

tell_facts() {
  section facts
  printf '%s\n' "root$US$ROOT" "top$US$top" "foreign$US$foreign"
  line=
  { read -r line <"$ROOT/etc/machine-id" || :; } 2>/dev/null
  printf '%s\n' "machine-id$US$line"
  line=
  { read -r line </proc/sys/kernel/random/boot_id || :; } 2>/dev/null
  printf '%s\n' "boot-id$US$line"
  # sd_booted(3): systemd is what runs this host
  if [ -d "$ROOT/run/systemd/system" ]; then printf '%s\n' "systemd${US}yes"; else printf '%s\n' "systemd${US}no"; fi
  # The first line of systemctl(1): systemd 252 (252.39-1~deb12u1)
  line=$(systemctl --version 2>/dev/null) && printf '%s\n' "systemd-version$US${line%%"$NL"*}"
  for file in "$ROOT/etc/os-release" "$ROOT/usr/lib/os-release"; do
    [ -r "$file" ] || continue
    while IFS= read -r line; do
      case $line in ID=* | PRETTY_NAME=*) printf '%s\n' "os$US$line" ;; esac
    done <"$file"
    break
  done
  for unit in $managed_units; do printf '%s\n' "managed-unit$US$unit"; done
  for manager in apt-get dnf yum; do
    if command -v "$manager" >/dev/null 2>&1; then
      printf '%s\n' "package-manager$US$manager"
      break
    fi
  done
  # What is remembered of this cluster, and of others that manage something here
  mine=no
  for name in ledger.json managed-paths role owed; do [ ! -e "$ours/$name" ] || mine=yes; done
  for record in $(states); do
    name=${record%%"$US"*}
    state=${record#*"$US"}
    kind=other
    if [ "$name" = "$cluster" ]; then
      kind=own
      mine=yes
    elif [ ! -s "$state/managed-paths" ]; then
      continue
    fi
    {
      IFS=' ' read -r role sharing
      while read -r unit; do printf '%s\n' "state-unit$US$name$US$unit"; done
    } 2>/dev/null <"$state/role" || role='' sharing=''
    printf '%s\n' "$kind-state$US$name$US$state$US$role$US$sharing"
    paths=$paths$NL$state/ledger.json
  done
  closed_below "$ROOT" var/lib/clusterproxy/ledger.json
  closed_below "$ROOT" 'var/lib/clusterproxy/clusters/*/ledger.json'
  closed_below "$ROOT" 'var/lib/clusterproxy/runs/*/state'
  for path in $closed; do printf '%s\n' "closed$US$path"; done
  path=$base
  [ -e "$path" ] || path=$ROOT/var/lib
  if [ ! -w "$path" ]; then printf '%s\n' "look-only${US}yes"; fi
  tell_runs
  tell_cordons
  [ ! -d "$base/clusters/$cluster/agreements" ] || mine=yes
  # Not what only holds the cluster.
  for name in runs ledger.json cordons; do
    if [ -e "$base/$name" ] && ! remembers_others "$cluster"; then mine=yes; fi
  done
  if [ $mine = yes ]; then
    printf '%s\n' "remembers${US}yes"
  fi
  for name in hold lease; do
    if claim_of "$cluster" $name; then printf '%s\n' "$name$US$claim"; fi
  done
  {
    while read -r line; do printf '%s\n' "owed$US$line"; done <"$ours/owed"
    read -r line _ </proc/uptime && printf '%s\n' "uptime$US$line"
  } 2>/dev/null
  tell_nginx_workers
}

tell_runs() {
  run_marks=
  set +f
  for run in "$base"/runs/*; do
    [ -d "$run" ] || continue
    if [ -e "$run/boot" ] && [ -e "$run/state" ]; then run_marks=$run_marks$NL$run/boot$NL$run/state; fi
    state_of "$run"
    [ "$state" != remains ] || continue
    outcome=
    holder=
    cluster_of "$run"
    [ "$whose" != "$cluster" ] || mine=yes
    case $state in
      committed | reverted | refused | deferred | abandoned) ;;
      *)
        read -r outcome <"$run/outcome" || :
        while read -r line; do
          case $line in holder"$US"*) holder=${line#*"$US"} && break ;; esac
        done <"$run/manifest"
        # Whether somebody works on it.
        units=$units${NL}clusterproxy-${run##*/}.service
        if [ "$state" = queued ]; then
          queue_facts "$run"
          printf '%s\n' "queued$US${run##*/}$US$whose$US$holder$US$queue_facts"
        fi
        ;;
    esac
    sequence_of "$run"
    printf '%s\n' "run$US${run##*/}$US$state$US$outcome$US$holder$US$whose$US$sequence"
  done 2>/dev/null
  set -f
}

# Nodes that this host has had taken out: see cordons.sh.
tell_cordons() {
  [ -d "$base/cordons" ] || return 0
  set +f
  for folder in "$base"/cordons/*/*/; do
    folder=${folder%/}
    line=
    { read -r line <"$folder/record" || :; } 2>/dev/null
    [ -n "$line" ] || continue
    stays=
    { read -r stays <"$folder/stays" || :; } 2>/dev/null
    name=${folder##*/}
    folder=${folder%/*}
    printf '%s\n' "cordon$US${folder##*/}$US$name$US$stays$US$line"
  done
  set -f
}

# Of nginx its workers tell what it took up, not its first process, which a reload leaves: proc_pid_task(5),
# proc_pid_stat(5).
tell_nginx_workers() {
  case $units$NL in
    *"${NL}nginx$NL"* | *"${NL}nginx.service$NL"*)
      master=
      children=
      {
        read -r master <"$ROOT/run/nginx.pid"
        read -r children <"$ROOT/proc/$master/task/$master/children"
        IFS=' '
        for child in $children; do
          read -r line <"$ROOT/proc/$child/cmdline"
          case $line in
            *'shutting down'*) ;;
            'nginx: worker process'*)
              read -r line <"$ROOT/proc/$child/stat"
              # Field 22, counted behind the name.
              set -- ${line##*) }
              printf '%s\n' "nginx-worker$US${20:-0}"
              ;;
          esac
        done
        IFS=$NL
      } 2>/dev/null
      ;;
  esac
}
