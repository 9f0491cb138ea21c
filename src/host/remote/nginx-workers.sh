# shellcheck shell=sh
# nginx, whose reload says yes before the new workers have bound their ports: its master may still refuse the
# new files, and go on with the former ones. Sourced by runner.sh.
# shellcheck disable=SC2154 # ROOT, US, NL and the like are set by the others
# shellcheck disable=SC2034 # some variables are for handlers.sh

nginx_before() {
  nginx_logs=$NL$ROOT/var/log/nginx/error.log
  # shellcheck disable=SC2013 # each path is one word, since it holds no blank
  for _log in $(sed -n 's/^[[:space:]]*error_log[[:space:]]\{1,\}\(\/[^[:space:];]*\).*/\1/p' "$ROOT/etc/nginx/nginx.conf" 2>/dev/null); do
    case $nginx_logs$NL in *"$NL$ROOT$_log$NL"*) ;; *) nginx_logs=$nginx_logs$NL$ROOT$_log ;; esac
  done
  nginx_log_sizes=
  nginx_since=$(date +%s)
  IFS=$NL
  for _log in $nginx_logs; do
    _size=$(stat -L -c %s -- "$_log" 2>/dev/null) || _size=0
    nginx_log_sizes=$nginx_log_sizes$_log$US$_size$NL
  done
  IFS=$default_ifs
  nginx_workers_before=" $(nginx_workers) "
}

# pid:start time of each worker that isn't shutting down
nginx_workers() {
  for _process in $(children_of nginx.service); do
    _command=
    read -r _command <"$ROOT/proc/$_process/cmdline"
    case $_command in
      *'shutting down'*) ;;
      'nginx: worker process'*) with_start "$_process" ;;
    esac
  done
} 2>/dev/null

nginx_complaints() {
  {
    each nginx_log_since "$nginx_log_sizes"
    if command -v journalctl >/dev/null 2>&1; then
      timeout 5 journalctl --no-pager -q -o cat -u nginx.service --since "@$nginx_since" 2>/dev/null
    fi
  } | grep -E '\[(emerg|alert)\]' | sort -u | head -n 5
}
nginx_log_since() {
  _now=$(stat -L -c %s -- "$1" 2>/dev/null) || return 0
  _from=$2
  # smaller than before: rotated meanwhile
  [ "$_now" -ge "$_from" ] || _from=0
  # With a time limit: its folder may be another account's, who may put a pipe there.
  timeout 5 tail -c "+$((_from + 1))" -- "$1" 2>/dev/null
}

nginx_took_over() {
  evidence=$(nginx_complaints)
  if [ -n "$evidence" ]; then
    evidence=$(printf '%s\n' "$evidence" | one_line)
    unmet='nginx could not switch to the new configuration'
    hopeless=yes
    return 1
  fi
  unmet='no new nginx workers are running'
  _fresh=no
  for _worker in $(nginx_workers); do
    case $nginx_workers_before in
      *" $_worker "*)
        unmet='workers with the old configuration still accept connections'
        return 1
        ;;
      *) _fresh=yes ;;
    esac
  done
  [ $_fresh = yes ]
}
