# shellcheck shell=sh
# Takes a run in: its files from stdin, each by its length, checked against their sums; then starts the runner
# as a unit of its own and goes on as follow.sh, which is sent behind it. A run that is to wait until nobody
# is there gets a timer instead (see queue.sh), and takes the place of others of its cluster that wait here.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

run=
limit=
stop_limit=
incoming=
refused() {
  printf '%s\n' "$nonce begin" "problem$US$1$US$2$US$3$US$4" "$nonce end refused"
  [ -z "$incoming" ] || rm -rf -- "$incoming"
  exit 0
}

cannot_write() {
  problem=$(printf '%s' "$problem" | one_line)
  if disk_trouble /var/lib/clusterproxy "$problem"; then refused "$code" "$words" "$advice" "$problem"; fi
  refused not-permitted "/var/lib/clusterproxy can't be written" "log in as root, or set 'become: sudo' in the inventory" "$problem"
}

# Of what was begun, words are lost on the way: on a disk that can be written, only space can be missing.
no_space() {
  problem='No space left on device'
  cannot_write
}

take_file() {
  _path=$incoming/$2
  [ -d "${_path%/*}" ] || mkdir -p -- "${_path%/*}"
  # dd takes this many bytes and no more; the next file follows.
  if [ "$3" -eq 0 ]; then : >"$_path"; else dd bs="$3" count=1 iflag=fullblock of="$_path" 2>/dev/null; fi
}

# sd_booted(3): systemd is what runs this host
[ -d "$ROOT/run/systemd/system" ] || refused no-systemd 'this host does not run systemd' \
  'use a host that runs systemd: only systemd can finish or revert a run when the connection or the power is lost' ''

# shellcheck disable=SC2012 # for a person to read
[ "$foreign" = no ] || refused folder-not-roots "/var/lib/clusterproxy is a link, or belongs to another account" \
  'find out who made it, and move it out of the way: clusterproxy will create it again as a folder of root' "$(ls -ld -- "$ROOT/var/lib/clusterproxy" | one_line)"

store_states() {
  make_states "$incoming" || return
  if [ -n "$queue" ]; then
    mv -T -- "$incoming/states/queued" "$incoming/state" && printf '%s\n' "state${US}queued$US$(date +%s)" >"$incoming/log" || return
  fi
  true >>"$incoming/log" && true >>"$base/lock" && cat /proc/sys/kernel/random/boot_id >"$incoming/received" || return
  set +f
  sync -- "$incoming"/* "$incoming"/*/* "$incoming" "$base"
  _status=$?
  set -f
  return $_status
}

# start_it: false with its words in $problem
start_it() {
  [ -n "$queue" ] || {
    start_runner "$run" "$limit" "$stop_limit"
    return
  }
  field 2 "$(grep "^cluster$US" "$base/runs/$run/manifest")"
  _cluster=$field
  set +f
  for _folder in "$base"/runs/*/; do
    set -f
    _folder=${_folder%/}
    state_of "$_folder"
    cluster_of "$_folder"
    if [ "$state" = queued ] && [ "$whose" = "$_cluster" ] && [ "${_folder##*/}" != "$run" ]; then
      sh "$_folder/settle.sh" "${_folder##*/}" replace "$run" >/dev/null 2>&1 &&
        printf '%s\n' "warning${US}the run ${_folder##*/}, which waited here until nobody would be there, was replaced by this one" >>"$base/runs/$run/log"
    fi
  done
  set -f
  problem=$(systemctl restart "clusterproxy-queued-$run.timer" 2>&1)
}

IFS=$NL
for record in $request; do
  IFS=$US
  # shellcheck disable=SC2086 # splitting is what it is for
  set -- $record
  IFS=$NL
  case $1 in
    run)
      run=$2
      limit=$3
      stop_limit=$4
      # Under another name until it is complete: of several attempts exactly one is renamed.
      incoming=$base/runs/.incoming-$run-$nonce
      [ ! -e "$base/runs/$run" ] || break
      problem=$( (umask 077 && mkdir -p -- "$base/runs" && mkdir -- "$incoming") 2>&1) || cannot_write
      chmod 0700 "$base"
      umask 077
      ;;
    file) take_file "$@" || no_space ;;
  esac
done
IFS=$default_ifs

if [ ! -e "$base/runs/$run" ]; then
  # A connection that broke off leaves less than was announced; there is nobody left to tell.
  (cd "$incoming" && sha256sum --status -c sums) ||
    refused incomplete 'the upload arrived incomplete' 'run the command again' ''
  queue=$(grep "^queue$US" "$incoming/manifest")
  if [ -n "$queue" ]; then
    field 2 "$(grep "^machine$US" "$incoming/manifest")"
    same_machine "$field" || refused another-machine 'this is not the machine that the plan was made for' \
      'another machine answers at its address now: check the inventory, then plan again' ''
  fi
  store_states || no_space
  if [ -n "$queue" ]; then
    field 3 "$queue"
    # Before the run has its name: else a power cut could leave one that nobody ever asks for.
    enable_queue "$run" "$field" || {
      problem=$said
      stop_queue "$run"
      refused not-started 'the host could not be told to ask for the run by a timer' 'look at the output of systemd' "$(printf '%s' "$problem" | one_line)"
    }
  fi
  if mv -T -- "$incoming" "$base/runs/$run" 2>/dev/null; then
    sync -- "$base/runs"
    { cp -- "$base/runs/$run/settle-entry.sh" "$base/.settle.$run" && sync -- "$base/.settle.$run" && mv -T -f -- "$base/.settle.$run" "$base/settle"; } 2>/dev/null ||
      rm -f -- "$base/.settle.$run"
    start_it || {
      printf 'refused\n' >"$base/runs/$run/end"
      sh "$base/runs/$run/settle.sh" "$run" >/dev/null 2>&1
      incoming=
      refused not-started "the host could not start the run as a systemd ${queue:+timer or }unit" 'look at the output of systemd' "$(printf '%s' "$problem" | one_line)"
    }
  else
    rm -rf -- "$incoming"
  fi
fi
request="follow$US$run${US}1"
