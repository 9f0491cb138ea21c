# shellcheck shell=sh
# What is told of a run that waits until nobody is there. Runs after lib.sh.
# shellcheck disable=SC2154 # US is library.sh's
# shellcheck disable=SC2034 # queue_facts is for the programs

# queue_facts FOLDER: into $queue_facts: since and until when, seconds without people that it waits for, when
# it may begin (from, to: now, or next), then what queue.sh has found: since when nobody is there, when it was
# asked, none|busy|unknown, what keeps it from beginning, words. Times are since the epoch.
queue_facts() {
  _since=
  _until=
  _idle=
  _from=
  _to=
  _clock=$(date +%s)
  while IFS=$US read -r _kind _one _two _three _four _; do
    case $_kind in
      queue)
        _idle=$_one
        _until=$_three
        _since=$_four
        ;;
      queue-slot)
        if [ -z "$_from" ] && [ "$_clock" -lt "$_two" ]; then
          _from=$_one
          _to=$_two
        fi
        ;;
    esac
  done <"$1/manifest"
  _found=
  { IFS= read -r _found <"$1/asked" || :; } 2>/dev/null
  # Without what is about the start of the host.
  for _ in 1 2 3; do _found=${_found#*"$US"}; done
  queue_facts=$_since$US$_until$US$_idle$US$_from$US$_to$US$_found
} 2>/dev/null
