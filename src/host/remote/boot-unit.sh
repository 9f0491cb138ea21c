# shellcheck shell=sh
# The unit that settles a run when the host is started before the run has ended: before any service takes up
# files that may not stay. There only while the run is under way. Sourced by runner.sh and settle.sh.
#
# It is linked by us, not by `systemctl enable`, which would also load it. A unit that something else wants is
# started again with whatever is started later, so settle.sh goes on only while the host is initializing.
# shellcheck disable=SC2154 # run, dir and wish are set by the program
# shellcheck disable=SC2034 # said is for the program

unit_folder=$ROOT/etc/systemd/system
boot_unit=clusterproxy-settle-$run.service

make_folder() {
  [ ! -d "$1" ] || return 0
  printf '%s\n' "$1" >>"$dir/boot-folders" && mkdir -- "$1"
}

# unit_word PATH: as one word of a unit file, into $word: systemd.syntax(7), systemd.unit(5) on specifiers
unit_word() {
  word=$1
  case $word in *[\\\"%]*) word=$(printf '%s\n' "$word" | sed 's/[\\"]/\\&/g; s/%/%%/g') ;; esac
  word=\"$word\"
}

# The folders of all changes, and our own, as words of a unit file
needed_folders() {
  words='"/var/lib/clusterproxy" '
  each_record need_folder change
  printf '%s\n' "$words"
}
need_folder() {
  _folder=${3%/*}
  unit_word "${_folder:-/}"
  case " $words" in *" $word "*) ;; *) words="$words$word " ;; esac
}

boot_unit_text() {
  cat <<END
[Unit]
Description=Bring clusterproxy's run $run to its end before services start
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target shutdown.target
Conflicts=shutdown.target
RequiresMountsFor=$(needed_folders)

[Service]
Type=oneshot
# Never failed: a host must not be degraded because of a run that is long over.
ExecStart=-/bin/sh /var/lib/clusterproxy/runs/$run/settle.sh $run boot
TimeoutStartSec=300
END
}

# false with its words in $said
install_boot_unit() {
  said=$({
    true >"$dir/boot-unit" && make_folder "$ROOT/etc" && make_folder "$ROOT/etc/systemd" && make_folder "$unit_folder" &&
      make_folder "$unit_folder/sysinit.target.wants" &&
      boot_unit_text >"$unit_folder/$boot_unit" &&
      chmod 0644 "$unit_folder/$boot_unit" &&
      sync -- "$unit_folder/$boot_unit" &&
      ln -sT "/etc/systemd/system/$boot_unit" "$unit_folder/sysinit.target.wants/$boot_unit" &&
      sync -- "$unit_folder/sysinit.target.wants" "$unit_folder" "$dir"
  } 2>&1)
}

# Those of this run, and of others that came to an end while nobody could remove theirs.
remove_boot_unit() {
  set +f
  for _unit in "$unit_folder/sysinit.target.wants"/clusterproxy-settle-*.service "$unit_folder"/clusterproxy-settle-*.service; do
    set -f
    [ -L "$_unit" ] || [ -e "$_unit" ] || continue
    _run=${_unit##*/clusterproxy-settle-}
    _run=${_run%.service}
    if [ "$_run" = "$run" ] || is_over "$_run"; then
      rm -f -- "$_unit"
      _removed=$_unit
    fi
  done
  set -f
  # Whoever began to remove it may have been ended before systemd had forgotten it.
  [ -n "${_removed:-}" ] || [ -e "$dir/boot-unit" ] || return 0
  [ -z "${_removed:-}" ] || sync -- "$unit_folder/sysinit.target.wants" "$unit_folder"
  if [ -s "$dir/boot-folders" ]; then
    tac <"$dir/boot-folders" | while IFS= read -r _folder; do rmdir -- "$_folder"; done 2>/dev/null
  fi
  # Whoever made systemd read its units meanwhile made it know this one.
  if [ "$wish" = boot ] || [ -n "$(timeout 30 systemctl list-units --all --no-legend 'clusterproxy-settle-*' 2>/dev/null 9>&-)" ]; then
    timeout -k 5 60 systemctl daemon-reload >/dev/null 2>&1 9>&- || :
  fi
  rm -f -- "$dir/boot-unit"
}

is_over() {
  _state=
  [ -d "$base/runs/$1" ] || return 0
  { read -r _state <"$base/runs/$1/state" || :; } 2>/dev/null
  case $_state in committed | reverted | kept | refused | deferred | abandoned | conflict) return 0 ;; *) return 1 ;; esac
}
