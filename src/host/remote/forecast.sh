# shellcheck shell=sh
# Tells what .deb files would bring, without installing them. Runs after lib.sh and forecast-apt.sh. Its
# tasks:
#
# survey: tells what each file is, from its beginning; those follow on stdin.
# offers: tells which versions of installed packages the host's apt knows.
# simulate: tells what an upgrade to some of them would bring besides.
# unpack: unpacks a package, which follows on stdin or is fetched by the host's apt, into a folder of its own,
# tells what dpkg knows of the version that is installed, and goes on as the probe (the parts that are sent
# behind this one) with that folder as the host's root. The folder goes when this program ends, however it
# ends.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off
# shellcheck disable=SC2034 # some variables are for the other parts

host=$ROOT
info=$host/var/lib/dpkg/info
places=$host/var/tmp
work=
# Bytes that stay free: a full file system hurts whoever else writes there.
reserve=134217728

tell() {
  _first=$1
  shift
  for _field; do _first=$_first$US$_field; done
  printf '%s\n' "$_first"
}

# refuse CODE WORDS ADVICE DETAIL
refuse() {
  tell problem "$1" "$2" "$3" "$4"
  printf '%s end\n' "$nonce"
  exit 0
}

# People may be talking on this host: whatever takes long gives way.
gently() {
  if command -v ionice >/dev/null 2>&1; then ionice -c 3 nice -n 19 "$@"; else nice -n 19 "$@"; fi
}

gone() {
  # What fetches is a group of its own. It would write into a folder that is gone.
  [ -z "$fetching" ] || { kill -s KILL -- "-$fetching" && wait "$fetching"; } 2>/dev/null
  fetching=
  [ -z "$work" ] || rm -rf -- "$work"
  work=
}
trap gone EXIT
# A connection that was lost is noticed when something is read or said.
trap 'exit 129' HUP INT TERM PIPE

# What an earlier call has left that was killed, or lost its power: whoever is at work holds the lock.
tidy_up() {
  set +f
  for _left in "$places"/clusterproxy-forecast.*; do
    set -f
    # shellcheck disable=SC3067 # not in POSIX, but in dash, bash and busybox
    if [ ! -d "$_left" ] || [ -L "$_left" ] || [ ! -O "$_left" ]; then continue; fi
    if [ -e "$_left/lock" ]; then
      flock -n "$_left/lock" true || continue
    elif [ -z "$(find "$_left" -maxdepth 0 -mmin +60)" ]; then
      continue
    fi
    rm -rf -- "$_left"
  done
  set -f
}

make_folder() {
  tidy_up
  work=$(mktemp -d "$places/clusterproxy-forecast.XXXXXXXXXX" 2>/dev/null) || work=
  [ -n "$work" ] || refuse unpack-failed 'no folder could be made in /var/tmp to unpack packages in' \
    'check that /var/tmp is there and can be written' "$(mktemp -d "$places/clusterproxy-forecast.XXXXXXXXXX" 2>&1 | one_line)"
  exec 9>"$work/lock"
  flock -n 9
}

# enough_space BYTES WHAT
enough_space() {
  _blocks=$(stat -f -c %a -- "$work")
  _block=$(stat -f -c %S -- "$work")
  _free=$((_blocks * _block))
  [ "$_free" -lt $(($1 + reserve)) ] || return 0
  refuse no-space "/var/tmp has $((_free / 1048576)) MiB free, and $2 takes $(($1 / 1048576)) MiB, with $((reserve / 1048576)) MiB left over" \
    'free some disk space on the host; nothing was changed' "$(df -h -- "$work" 2>&1 | one_line)"
}

# take BYTES FILE: what follows on stdin; the last one may be read beyond, so it is taken as a whole
take() {
  head -c "$1" >"$2" 2>"$work/words" || write_failed
}
write_failed() {
  _words=$(one_line <"$work/words")
  if disk_trouble "the package in /var/tmp" "$_words"; then refuse "$code" "$words" "$advice" "$_words"; fi
  refuse unpack-failed "$file could not be unpacked in /var/tmp" 'look at what the host says' "$_words"
}

known_to_dpkg() {
  [ $# -eq 0 ] || dpkg-query "--admindir=$host/var/lib/dpkg" -W \
    -f="\${db:Status-Status}$US\${Package}$US\${Version}\n" -- "$@" 2>/dev/null
}

has_dpkg() {
  command -v dpkg-deb >/dev/null 2>&1 && [ -e "$host/var/lib/dpkg/status" ]
}

survey() {
  printf '%s survey\n' "$nonce"
  if ! has_dpkg; then
    tell dpkg no
    return
  fi
  tell dpkg yes
  tell architecture "$(dpkg --print-architecture 2>/dev/null)"
  make_folder
  _names=
  for record in $request; do
    case $record in head"$US"*) ;; *) continue ;; esac
    field 2 "$record"
    _index=$field
    field 3 "$record"
    dd "bs=$field" count=1 iflag=fullblock "of=$work/head" 2>/dev/null
    # dpkg-deb reads no further than to the end of the control archive.
    _form="\${Package}$US\${Version}$US\${Architecture}$US\${Provides}$US\${Pre-Depends}, \${Depends}\n"
    if _fields=$(dpkg-deb -W "--showformat=$_form" "$work/head" 2>"$work/words"); then
      _fields=$(printf '%s' "$_fields" | tr '\n\t' '  ')
      tell package "$_index" "$_fields"
      field 5 "$_fields"
      _names="$_names$NL${_fields%%"$US"*}$NL$(printf '%s' "$field" | sed 's/ *[,|] */\n/g' | sed 's/^ *//; s/[ (:].*//')"
    else
      tell unreadable "$_index" "$(one_line <"$work/words")"
    fi
  done
  IFS=$NL
  set -- $_names
  known_to_dpkg "$@" | sort -u | sed -n "s/^installed$US/there$US/p"
}

# as_merged: paths as they are where /lib is /usr/lib, as it is on most hosts by now
as_merged() {
  if [ -L "$host/lib" ]; then sed 's,^/\(bin\|sbin\|lib\|lib32\|lib64\|libx32\)/,/usr/\1/,'; else cat; fi
}

# The files of the installed version, of the paths that were asked for; each as it was asked for. Those of
# them that aren't gone with it, as another package has them too, or a folder holds other things.
tell_old_files() {
  : >"$work/list"
  set +f
  for _list in "$info/$package.list" "$info/$package:"*.list; do
    [ ! -r "$_list" ] || as_merged <"$_list" >>"$work/list"
  done
  set -f
  printf '%s\n' "$asked" | as_merged >"$work/merged"
  printf '%s\n' "$asked" | paste -d "$US" - "$work/merged" >"$work/asked"
  awk -F "$US" 'NR == FNR { old[$0] = 1; next } $1 != "" && ($2 in old) { print $1 }' \
    "$work/list" "$work/asked" >"$work/old"
  sed "s/^/old$US/" "$work/old"
  : >"$work/gone"
  while IFS= read -r _path; do
    if [ ! -e "$work/root$_path" ] && [ ! -L "$work/root$_path" ]; then printf '%s\n' "$_path"; fi
  done <"$work/old" >"$work/gone"
  [ -s "$work/gone" ] || return 0
  set +f
  for _list in "$info"/*.list; do
    case $_list in "$info/$package.list" | "$info/$package:"*) continue ;; esac
    as_merged <"$_list"
  done 2>/dev/null | sort -u >"$work/others"
  set -f
  while IFS= read -r _path; do
    _merged=$(printf '%s\n' "$_path" | as_merged)
    if grep -Fxq -e "$_merged" "$work/others"; then
      tell shared "$_path"
    elif [ -d "$host$_path" ] && [ ! -L "$host$_path" ] && find "$host$_path" -mindepth 1 2>/dev/null |
      sed "s,^$(printf '%s' "$host" | sed 's/[][\.*^$,]/\\&/g'),," | as_merged | grep -Fxvq -f "$work/list"; then
      tell shared "$_path"
    fi
  done <"$work/gone"
}

# What dpkg(1) notes in its status: ` PATH MD5`, then `obsolete` and the like
tell_conffiles() {
  awk -v "name=$package" -v "us=$US" '
    /^Package: / { ours = $2 == name; inside = 0 }
    /^[^ ]/ { inside = ours && /^Conffiles:/ }
    inside && /^ \// { print "was-conffile" us $1 us $2 us $3 }' "$host/var/lib/dpkg/status"
  [ ! -r "$work/control/conffiles" ] || while IFS= read -r _path; do
    case $_path in /*) tell conffile "$_path" ;; esac
  done <"$work/control/conffiles"
}

# dpkg-divert(1) and dpkg-statoverride(1), of the paths that were asked for
tell_exceptions() {
  while IFS= read -r _from && IFS= read -r _to && IFS= read -r _by; do
    case $asked$NL in
      *"$NL$_from$NL"* | *"$NL$_to$NL"*) [ "$_by" = "$package" ] || tell diverted "$_from" "$_to" ;;
    esac
  done 2>/dev/null <"$host/var/lib/dpkg/diversions"
  while IFS=' ' read -r _user _group _mode _path; do
    case $asked$NL in *"$NL$_path$NL"*) tell override "$_path" "$_user" "$_group" "$_mode" ;; esac
  done 2>/dev/null <"$host/var/lib/dpkg/statoverride"
}

# Scripts of the new version, and those with which the installed one leaves
tell_scripts() {
  for _script in preinst postinst; do
    [ ! -e "$work/control/$_script" ] || tell script "$_script"
  done
  for _script in prerm postrm; do
    [ ! -e "$info/$package.$_script" ] || tell script "$_script"
  done
}

unpack() {
  printf '%s forecast\n' "$nonce"
  asked=
  members=
  version=
  for record in $request; do
    _value=${record#*"$US"}
    case ${record%%"$US"*} in
      deb)
        field 2 "$record"
        package=$field
        field 3 "$record"
        file=$field
        field 4 "$record"
        _size=$field
        field 5 "$record"
        _sum=$field
        ;;
      fetch)
        field 2 "$record"
        package=$field
        field 3 "$record"
        version=$field
        field 4 "$record"
        _size=$field
        field 5 "$record"
        _sum=$field
        file="$package $version"
        ;;
      path) asked=$asked$NL$_value ;;
      member)
        asked=$asked$NL$_value
        members=$members$NL$_value
        ;;
    esac
  done
  make_folder
  enough_space "$_size" "unpacking $file"
  if [ -n "$version" ]; then
    fetch_package "$package" "$version"
    # The list of what is installed has no architecture in its name, or is found by it.
    package=${package%%:*}
  else
    take "$_size" "$work/deb"
  fi
  _taken=$(sha256sum <"$work/deb")
  [ -z "$_sum" ] || [ "${_taken%% *}" = "$_sum" ] || refuse connection-lost "$file did not arrive as a whole" \
    'nothing was changed on the host; run the command again' ''
  gently dpkg-deb -e "$work/deb" "$work/control" 2>"$work/words" || damaged
  _size=$(gently dpkg-deb --fsys-tarfile "$work/deb" 2>"$work/words" | wc -c)
  [ ! -s "$work/words" ] || damaged
  enough_space "$_size" "unpacking $file"
  mkdir "$work/root"
  # What dpkg unpacks into /lib lands in /usr/lib where that is a link.
  for _name in bin sbin lib lib32 lib64 libx32; do
    [ -L "$host/$_name" ] || continue
    case $(readlink -- "$host/$_name") in "usr/$_name" | "/usr/$_name") ;; *) continue ;; esac
    mkdir -p "$work/root/usr/$_name"
    ln -s "usr/$_name" "$work/root/$_name"
  done
  set --
  [ "$(id -u)" != 0 ] || set -- --same-owner
  gently dpkg-deb --fsys-tarfile "$work/deb" 2>/dev/null |
    gently tar -x -p --keep-directory-symlink "$@" -C "$work/root" -f - 2>"$work/words" || write_failed
  rm -f -- "$work/deb"
  tell_old_files
  for _path in $members; do
    if [ -e "$work/root$_path" ] || [ -L "$work/root$_path" ]; then tell brought "$_path"; fi
    if [ -f "$host$_path" ] && [ ! -L "$host$_path" ] && ! grep -Fxq -e "$_path" "$work/old"; then tell own "$_path"; fi
  done
  tell_conffiles
  tell_exceptions
  tell_scripts
}
damaged() {
  refuse package-unreadable "$file is damaged: the host's dpkg-deb can't unpack it" 'copy or download it again' \
    "$(one_line <"$work/words")"
}

IFS=$NL
task=${request%%"$NL"*}
task=${task#*"$US"}
if [ "$task" != unpack ]; then
  case $task in
    survey) survey ;;
    offers) offers ;;
    simulate) simulate ;;
  esac
  printf '%s end\n' "$nonce"
  exit 0
fi
unpack
# From here on the folder is the host.
ROOT=$work/root
base=/proc/self/none
foreign=no
IFS=$default_ifs
