# shellcheck shell=sh
# Challenges of an authority (RFC 8555) that failed of late, as certbot's own log tells them, whoever started
# it: a run, its timer, or somebody by hand. Let's Encrypt takes five failures an hour of an account for a
# name, and answers nothing but that for a while then: letsencrypt.org/docs/rate-limits. Sourced by runner.sh;
# a part of the probe. Needs lib.sh.
# shellcheck disable=SC2154 # ROOT is set by the program

# How many within the hour are too many to go on: the last one is left to whoever looks into it by hand.
most_failed=4

# failed_challenges NAME...: how many tries to get a certificate for one of the names failed within the last
# hour, when the last of them was, and from when on another one may be made: seconds since the epoch,
# separated by blanks; nothing where none failed. Status 1: not now, 0: now.
failed_challenges() {
  _now=$(date +%s)
  _since=$((_now - 3600))
  _tries=$(recent_failures "$@" | sort -u | tail -n 50 | while IFS= read -r _at; do
    _at=$(date -d "$_at" +%s 2>/dev/null) && [ "$_at" -gt "$_since" ] && [ "$_at" -le "$_now" ] && echo "$_at"
  done | sort -n)
  [ -n "$_tries" ] || return 0
  _failed=$(printf '%s\n' "$_tries" | grep -c .)
  _last=$(printf '%s\n' "$_tries" | tail -n 1)
  if [ "$_failed" -lt "$most_failed" ]; then
    echo "$_failed $_last $_now"
    return 0
  fi
  # Once so many have become older than an hour that there are fewer.
  _oldest=$(printf '%s\n' "$_tries" | tail -n "$most_failed" | head -n 1)
  echo "$_failed $_last $((_oldest + 3601))"
  return 1
}

# recent_failures NAME...: the local times of tries in certbot's log that failed for one of the names, one a
# line. A run of it begins with its version, and each message with the time; messages may have several lines.
recent_failures() {
  find "$ROOT/var/log/letsencrypt" -maxdepth 1 -type f -name 'letsencrypt.log*' ! -name '*.gz' -mmin -61 \
    -exec tail -q -c 1000000 {} + 2>/dev/null | LC_ALL=C awk -v wanted="$*" '
    BEGIN { n = split(tolower(wanted), words, " "); for (i = 1; i <= n; i++) names[words[i]] = 1 }
    function over() { if (failed != "" && !trial) print failed; failed = ""; trial = 0 }
    /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/ { at = substr($0, 1, 19) }
    /:certbot version: / { over() }
    # It asks another authority, which is there for that.
    /:Arguments: .*--(dry-run|staging|test-cert)/ { trial = 1 }
    $1 == "Domain:" && tolower($2) in names { failed = at }
    # certbot before 1.0
    /Failed authorization procedure[.] / {
      for (i = 1; i < NF; i++) if (tolower($i) in names && $(i + 1) ~ /^[(]/) failed = at
    }
    END { over() }'
}
