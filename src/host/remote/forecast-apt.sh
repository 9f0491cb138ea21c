# shellcheck shell=sh
# What the host's own apt knows of an upgrade, and how it fetches a package of it without installing anything.
# It is part of forecast.sh, which is sent behind it. The package lists are read as they are: nothing updates
# them, no lock is held, and what apt makes of them is kept in the forecast's own folder, as is what it
# fetches.
# shellcheck disable=SC2154 # host, work and request are set by forecast.sh and the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

# Seconds for a question, and for one package.
patience_with_apt=180
patience_with_fetching=1800
fetching=
# KiB/s: people's calls use the same network.
fetching_speed=4096

# Bytes: what apt makes of the lists of some releases.
room_for_apt=67108864

prepare_apt() {
  enough_space "$room_for_apt" 'what apt makes of its lists'
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  apt_options="-q$NL-o${NL}Debug::NoLocking=1$NL-o${NL}Dir::Cache::srcpkgcache=$NL-o${NL}Dir::Cache::pkgcache=$work/pkgcache.bin"
  [ -z "$host" ] || apt_options="$apt_options$NL-o${NL}Dir=$host$NL-o${NL}Dir::State::status=$host/var/lib/dpkg/status"
  niceness="nice${NL}-n${NL}19"
  if command -v ionice >/dev/null 2>&1; then niceness="ionice${NL}-c${NL}3$NL$niceness"; fi
  # Where it is up to date, apt needn't read the lists again, which takes seconds.
  cp -p -- "$host/var/cache/apt/pkgcache.bin" "$work/pkgcache.bin" 2>/dev/null || rm -f -- "$work/pkgcache.bin"
}

# ask_apt PROGRAM ARGUMENT...
ask_apt() {
  _program=$1
  shift
  timeout -k 5 "$patience_with_apt" $niceness "$_program" $apt_options "$@" </dev/null
}

# When the lists were brought up to date, and what time it is, in seconds since the epoch. The files' own
# times are the repositories', and a list of a repository on the host itself may be a link. The stamp is there
# where apt is told to write it, as Ubuntu's is.
tell_lists() {
  if [ -z "$(find "$host/var/lib/apt/lists" -maxdepth 1 ! -type d -name '*_Packages*' 2>/dev/null | head -n 1)" ]; then
    tell lists none "$(date +%s)"
    return
  fi
  _changed=$(stat -c %Y -- "$host/var/lib/apt/lists" "$host/var/lib/apt/periodic/update-success-stamp" 2>/dev/null |
    sort -n | tail -n 1)
  tell lists "$_changed" "$(date +%s)"
}

# Which versions of packages that are installed apt knows. Lines of the answer:
#   lists SECONDS|none NOW, installed NAME VERSION, candidate NAME VERSION, version NAME VERSION
offers() {
  printf '%s survey\n' "$nonce"
  if ! has_dpkg; then
    tell dpkg no
    return
  fi
  tell dpkg yes
  if ! command -v apt-get >/dev/null 2>&1 || ! command -v apt-cache >/dev/null 2>&1; then
    tell apt no
    return
  fi
  tell apt yes
  make_folder
  prepare_apt
  tell_lists
  set --
  for record in $request; do
    case $record in product"$US"*) set -- "$@" "${record#*"$US"}" ;; esac
  done
  known_to_dpkg "$@" | sed -n "/^installed$US/p" | sort -u >"$work/installed"
  [ -s "$work/installed" ] || return 0
  cat "$work/installed"
  # shellcheck disable=SC2046 # names hold no blanks
  set -- $(cut -d "$US" -f 2 "$work/installed" | sort -u)
  ask_apt apt-cache policy "$@" >"$work/policy" 2>"$work/words" || apt_failed policy
  awk -v US="$US" '
    /^[^ ]/ { name = $1; sub(/:$/, "", name) }
    $1 == "Candidate:" && $2 != "(none)" { print "candidate" US name US $2 }' "$work/policy"
  ask_apt apt-cache madison "$@" >"$work/madison" 2>"$work/words" || apt_failed madison
  awk -F '|' -v US="$US" '
    $3 !~ / Sources *$/ { gsub(/ /, "", $1); gsub(/ /, "", $2); print "version" US $1 US $2 }' "$work/madison" | sort -u
}

# What an upgrade to these versions brings besides, and what it takes away. Lines of the answer:
#   come NAME OLD NEW, go NAME, file NAME VERSION SIZE SHA256
simulate() {
  printf '%s survey\n' "$nonce"
  make_folder
  prepare_apt
  set --
  for record in $request; do
    case $record in want"$US"*) ;; *) continue ;; esac
    field 2 "$record"
    _wanted=$field
    field 3 "$record"
    set -- "$@" "$_wanted=$field"
  done
  ask_apt apt-get -s -o APT::Get::AutomaticRemove=false install "$@" >"$work/told" 2>"$work/words" || {
    # What can't be is said on one stream, and that it can't on the other.
    sed -n '/unmet dependencies/,$p' "$work/told" >>"$work/words"
    refuse upgrade-not-possible "apt can't upgrade to that version" \
      'look at what apt says: a package source may be missing, or packages that keep each other back' "$(one_line <"$work/words")"
  }
  # Inst NAME [OLD] (NEW ORIGIN [ARCHITECTURE]); without OLD where it isn't there yet
  awk -v US="$US" '
    $1 == "Inst" {
      old = $3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : ""
      new = old == "" ? $3 : $4
      sub(/^\(/, "", new); sub(/\)$/, "", new)
      print "come" US $2 US old US new
    }
    $1 == "Remv" { print "go" US $2 }' "$work/told" | tee "$work/becomes"
  # shellcheck disable=SC2046 # nor do versions
  set -- $(awk -F "$US" '$1 == "come" { print $2 "=" $4 }' "$work/becomes")
  [ $# -gt 0 ] || return 0
  ask_apt apt-cache show "$@" >"$work/shown" 2>"$work/words" || apt_failed show
  # A paragraph without a size is that of what is installed.
  awk -v US="$US" '
    BEGIN { RS = ""; FS = "\n" }
    {
      split("", value)
      for (i = 1; i <= NF; i++)
        if (match($i, /^(Package|Version|Size|SHA256|Architecture): /)) value[substr($i, 1, RLENGTH - 2)] = substr($i, RLENGTH + 1)
      if (value["Size"] != "")
        print "file" US value["Package"] US value["Version"] US value["Size"] US value["SHA256"] US value["Architecture"]
    }' "$work/shown"
}

# apt_failed QUESTION
apt_failed() {
  refuse upgrade-not-possible "the host's apt-cache $1 doesn't answer as it should" \
    'run it on the host, and mend what it complains of' "$(one_line <"$work/words")"
}

# fetch_package NAME VERSION: into $work/deb
fetch_package() {
  prepare_apt
  mkdir -m 0700 "$work/fetched"
  # It is root who writes into a folder of root's own. What no signed list vouches for is refused.
  _options="-o${NL}APT::Sandbox::User=root$NL-o${NL}APT::Get::AllowUnauthenticated=false$NL-o${NL}Acquire::Retries=1"
  for _method in http https; do
    _options="$_options$NL-o${NL}Acquire::$_method::Timeout=30$NL-o${NL}Acquire::$_method::Dl-Limit=$fetching_speed"
  done
  (
    cd "$work/fetched" &&
      exec timeout -k 10 "$patience_with_fetching" $niceness apt-get $apt_options $_options download "$1=$2"
  ) >"$work/words" 2>&1 </dev/null &
  fetching=$!
  # That nobody listens any more is noticed when something is said. An empty line says nothing.
  while kill -0 "$fetching" 2>/dev/null; do
    printf '\n' || exit 129
    sleep 0.2
  done
  wait "$fetching"
  _status=$?
  fetching=
  set +f
  set -- "$work"/fetched/*.deb
  set -f
  if [ $_status -ne 0 ] || [ $# -ne 1 ] || [ ! -f "$1" ] || [ -L "$1" ]; then
    fetch_failed "$_status" "$(one_line <"$work/words")"
  fi
  mv -- "$1" "$work/deb"
  rm -rf -- "$work/fetched" "$work/pkgcache.bin"
}

# fetch_failed STATUS WORDS: in apt's words, as they are in the C locale
fetch_failed() {
  if disk_trouble "$file in /var/tmp" "$2"; then refuse "$code" "$words" "$advice" "$2"; fi
  case $1 in
    124 | 137)
      refuse repository-unreachable "$file could not be fetched within $((patience_with_fetching / 60)) minutes" \
        'look at how fast the host reaches the repository, or use --packages' "$2"
      ;;
  esac
  case $2 in
    *'Hash Sum mismatch'* | *'authenticated'* | *'Insufficient information available'* | *'Insufficient checksum'*)
      refuse package-not-trusted "apt does not trust what it would fetch as $file" \
        "run apt-get update on the host and look at what it says of signatures; don't install the package before you know why" "$2"
      ;;
    *'404 '* | *'410 '* | *'unexpected size'* | *'more data than expected'* | *'File not found'* | *'No such file'* | *'was not found'* | *"Can't find a source"*)
      refuse package-lists-outdated "the repository no longer has $file as the host's package lists name it" \
        'run apt-get update on the host, then the forecast again' "$2"
      ;;
    *'Could not resolve'* | *'failure resolving'* | *'Could not connect'* | *'onnection failed'* | *'timed out'* | *'Unable to connect'* | *'Cannot initiate'* | *'onnection refused'* | *'No route to host'* | *'unreachable'*)
      refuse repository-unreachable "the host can't reach the repository that has $file" \
        'check its network, DNS and proxy with apt-get update, or use --packages' "$2"
      ;;
  esac
  refuse fetch-failed "apt can't fetch $file" 'look at what apt says; or use --packages' "$2"
}
