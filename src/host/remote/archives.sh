# shellcheck shell=sh
# Actions that unpack archives. Sourced by runner.sh, after act.sh.
# shellcheck disable=SC2154 # dir, act and what else belongs to an action are set by act.sh
# shellcheck disable=SC2034 # act_failed is for act.sh

# unpack SOURCE-KIND SOURCE SHA256 DIRECTORY STRIP USER GROUP MARKER MARK: unpacked beside its place, looked
# through, then put there by a rename. Names are without the run: what a power cut left is found by whoever
# comes next.
unpack() {
  _directory=$ROOT$4
  _parent=${_directory%/*}
  _fresh=$_parent/.cp-archive-${_directory##*/}.new
  _old=$_parent/.cp-archive-${_directory##*/}.old
  is_roots "$_parent" || return
  mkdir -p -- "$_parent" 2>>"$act_output" || return
  # A power cut between the two renames.
  if [ -e "$_old" ] && [ ! -e "$_directory" ]; then mv -T -- "$_old" "$_directory"; fi
  rm -rf -- "$_fresh" "$_old"
  is_ours "$_directory" "${8##*/}" || return
  bring_archive "$1" "$2" "$3" || return
  if unpack_beside "$_fresh" "$5" "$6:$7" "${8##*/}" "$9" && sync -f -- "$_fresh" && put_directory "$_fresh" "$_directory" "$_old"; then
    rm -rf -- "$_old" "$dir/archive-$act"
    return 0
  fi
  rm -rf -- "$_fresh" "$dir/archive-$act"
  return 1
}

# is_roots FOLDER: whether root alone gives names on the way to it. What is unpacked there, and the way to it,
# go by names.
is_roots() {
  if walk "$1"; then
    note_way "$walked"
    each judge_folder "$(owners_of_folders)"
    if ! first_turn && ! first_exposed "$walked"; then return 0; fi
    act_failed="${1#"$ROOT"} lies in ${found#"$ROOT"}, which other accounts than root can write to; unpack it into a folder that only root can write to"
  fi
  return 1
}

is_ours() {
  if [ -L "$1" ]; then
    act_failed="${1#"$ROOT"} is a symbolic link, and clusterproxy does not replace links"
    return 1
  fi
  if [ ! -e "$1" ] || [ -e "$1/$2" ] || rmdir -- "$1" 2>/dev/null; then return 0; fi
  act_failed="${1#"$ROOT"} already exists and was not unpacked by clusterproxy; move it away, or name another directory"
  return 1
}

bring_archive() {
  case $1 in
    url)
      archive=$dir/archive-$act
      fetch "$2" "$archive" || {
        act_failed="${act_failed:-"$2 could not be fetched"}"
        return 1
      }
      ;;
    upload) archive=$dir/archives/$act ;;
    *)
      # What is looked at is what is unpacked, whoever else may write to it.
      archive=$dir/archive-$act
      doing cp -- "$ROOT$2" "$archive" || {
        act_failed="${act_failed:-"$2 can't be read on the host"}"
        return 1
      }
      ;;
  esac
  if [ ! -r "$archive" ]; then
    act_failed="$2 can't be read on the host"
    return 1
  fi
  _sum=$(sha256sum <"$archive") || return
  [ "${_sum%% *}" = "$3" ] && return
  act_failed="the sha256 of the archive is ${_sum%% *}, but should be $3"
  return 1
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    doing curl -q --silent --show-error --fail --location --proto '=http,https' --retry 3 --output "$2" -- "$1"
  elif command -v wget >/dev/null 2>&1; then
    doing wget --no-verbose --tries=3 --timeout=60 -O "$2" -- "$1"
  else
    act_failed='the host has neither curl nor wget'
    return 1
  fi
}

# unpack_beside FOLDER STRIP OWNER MARKER MARK tar(1) does without absolute names and names with `..`, and so
# do we, but not without a word. A link may lead anywhere below.
unpack_beside() {
  if doing_to "$dir/members" tar -tf "$archive"; then :; else
    act_failed="${act_failed:-"it is not an archive that tar can read"}"
    return 1
  fi
  if grep -Eq '^/|(^|/)\.\.(/|$)' "$dir/members"; then
    act_failed="the archive has names that point outside it: $(grep -E '^/|(^|/)\.\.(/|$)' "$dir/members" | head -n 3 | tr '\n' ' ')"
    return 1
  fi
  (umask 022 && mkdir -m 0755 -- "$1") 2>>"$act_output" || return
  doing tar -xf "$archive" --no-same-owner --no-same-permissions --strip-components="$2" -C "$1" || return
  if ! find "$1" -mindepth 1 -print -quit | grep -q .; then
    act_failed="with $2 leading components stripped, nothing is left of the names in the archive"
    return 1
  fi
  _strange=$(find "$1" ! -type f ! -type d ! -type l -print | head -n 1)
  _leaving=$(find "$1" -type l -print | leaving "$1" | head -n 3)
  if [ -n "$_strange$_leaving" ]; then
    act_failed="the archive has devices, or links that point outside it: ${_strange#"$1"}$_leaving"
    return 1
  fi
  # The mark is made before its owner could put a link there, who gets in only when all that is in it has its
  # owner.
  _mode=$(stat -c %a -- "$1") && doing chmod 0700 -- "$1" && rm -f -- "$1/$4" && printf '%s\n' "$5" >"$1/$4" &&
    doing chown -R -h -- "$3" "$1" && doing chmod "0$_mode" -- "$1"
}
doing_to() {
  _listing=$1
  shift
  now
  _left=$((act_until - now))
  [ $_left -gt 0 ] || _left=1
  timeout -k 5 "$_left" "$@" </dev/null >"$_listing" 2>>"$act_output" 9>&-
}
leaving() {
  while IFS= read -r _link; do
    case $(readlink -n -- "$_link") in
      /*) printf '%s ' "${_link#"$1"}" && continue ;;
    esac
    case $(readlink -m -- "$_link")/ in "$1"/*) ;; *) printf '%s ' "${_link#"$1"}" ;; esac
  done
}

put_directory() {
  if [ -e "$2" ]; then mv -T -- "$2" "$3" 2>>"$act_output" || return; fi
  mv -T -- "$1" "$2" 2>>"$act_output" && sync -- "${2%/*}"
}
