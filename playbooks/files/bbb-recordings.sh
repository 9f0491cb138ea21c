#!/bin/sh
# bbb-recordings.sh FOLDER HANDLERS: whether recordings are in work on this node, which a restart of
# everything would break off: bbb-conf --restart doesn't resume them (bigbluebutton#14759). FOLDER is that of
# recordings. Status 0: none, 1: some.
#
# In work is what a worker of Resque is processing; what waits in its queues in Redis; what was recorded and
# has not been queued yet (status/recorded); and an archive that is on its way to Scalelite. Where Redis can't
# be asked, a recording counts that was archived within the last day, and has neither been published nor
# failed. What has stood still for longer than a day while no worker is processing anything is told, but keeps
# nobody waiting: nothing goes on with it by itself. So does what has failed.
#
# While a run is put back that has begun one of the HANDLERS, which restart everything, only what is being
# processed counts: the rest isn't broken off any further.
#
# A guard's program: docs/your-own-playbook.md says what it may use and what it has to say.

status=$ROOT$1/status
handlers=$2
spool=$ROOT$1/scalelite
[ -d "$status" ] || exit 0
now=$(date +%s)

# session SINCE WORDS: it has no people
session() {
  printf '%s\n' "$US$US$1$US$2"
}

# in_folder FOLDER SUFFIX: the files there, each with when it was last changed; without following links
in_folder() {
  timeout -k 1 3 find "$1" -mindepth 1 -maxdepth 1 -type f -name "*$2" -printf '%T@ %f\n' 2>/dev/null
}

# Resque names its processes after what they do: "resque-2.0.0: Processing rap:process since 1700000000 […]".
processing=$(
  grep -aohs '^resque-[^ ]*: Processing rap:[a-z]* since [0-9]*' "$ROOT"/proc/[0-9]*/cmdline | sed 's/.* //'
)
for since in $processing; do session "$since" 'being processed'; done
in_work=${processing:+yes}

# waiting: of each queue how many jobs are in it, one a line; false where Redis doesn't say
waiting() {
  command -v redis-cli >/dev/null 2>&1 || return
  queues=$(timeout -k 1 3 redis-cli --raw smembers resque:queues </dev/null 2>/dev/null) || return
  for queue in $queues; do
    case $queue in rap:*) ;; *) continue ;; esac
    jobs=$(timeout -k 1 3 redis-cli --raw llen "resque:queue:$queue" </dev/null 2>/dev/null) || return
    # An error, such as one of a password that is wanted, isn't told by the status.
    case $jobs in '' | *[!0-9]*) return 1 ;; esac
    echo "$jobs"
  done
  case $queues in *ERR* | *NOAUTH*) return 1 ;; esac
}

# What was archived and has neither been published nor failed: when it was archived, one a line.
unpublished() {
  {
    in_folder "$status/published" .done
    in_folder "$status/published" .fail
    in_folder "$status/processed" .fail
    in_folder "$status/sanity" .fail
    in_folder "$status/archived" .fail
    echo archived
    in_folder "$status/archived" .done
  } | awk '
    $1 == "archived" { archived = 1; next }
    # An id is 40 hexadecimal digits and a time; behind it may be a format.
    { match($2, /^[0-9a-f]+-[0-9]+/); id = substr($2, 1, RLENGTH) }
    id == "" { next }
    !archived { ended[id] = 1; next }
    !(id in ended) { print int($1) }'
}

recorded=$(in_folder "$status/recorded" .done | awk '{ print int($1) }')
sent=$([ ! -d "$spool" ] || in_folder "$spool" .tar | awk '{ print int($1) }')
failed=$(for step in archived sanity processed published; do in_folder "$status/$step" .fail; done | grep -c .)
[ "$failed" -eq 0 ] ||
  printf '%s\n' "note${US}recordings that have failed: $failed (bbb-record --list-recent shows the latest)"

still=0
# each_of WORDS TIME...: sessions, or what has stood still for longer than a day
each_of() {
  words=$1
  shift
  for time; do
    if [ -z "$in_work" ] && [ $((now - time)) -gt 86400 ]; then
      still=$((still + 1))
    else
      session "$time" "$words"
      waits=yes
    fi
  done
}
waits=
# shellcheck disable=SC2086 # several handlers
if ! begun $handlers; then
  # shellcheck disable=SC2086 # several times
  each_of 'recorded, and not queued yet' $recorded
  # shellcheck disable=SC2086
  each_of 'not transferred to Scalelite yet' $sent
  if jobs=$(waiting); then
    jobs=$(printf '%s\n' "$jobs" | awk '{ sum += $1 } END { print (sum > 200 ? 200 : sum + 0) }')
    # Redis doesn't tell since when a job waits: it can't be longer than since the last one was archived.
    newest=$(unpublished | sort -n | tail -n 1)
    if [ -z "$in_work" ] && [ $((now - ${newest:-$now})) -gt 86400 ]; then
      still=$((still + jobs))
      jobs=0
    fi
    while [ "$jobs" -gt 0 ]; do
      session '' 'waiting to be processed'
      waits=yes
      jobs=$((jobs - 1))
    done
  else
    # shellcheck disable=SC2046 # several times
    each_of 'archived, and not published yet' $(unpublished | tail -n 200)
  fi
fi
[ "$still" -eq 0 ] ||
  printf '%s\n' "note${US}recordings that have stood still for more than a day: $still (bbb-record --rebuild ID starts one anew)"
[ -z "$in_work$waits" ] || exit 1
exit 0
