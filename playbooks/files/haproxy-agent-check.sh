#!/bin/sh
# haproxy-agent-check.sh [-c FILE] [THRESHOLD [VALUE]]... Tells HAProxy by one line (agent-check) how much
# more work this host can take: `up NN%`, and `up 0% #why` from a threshold on. Thresholds: cpu (90),
# publishers, subscribers, hls, band-in, band-out (100 each; Mbit/s for the last two).
#
# Not `down`, `drain` or `maint`: with `down`, HAProxy may cut live sessions and waits for an `up` for ever;
# the others would undo what an operator said. At 0% nobody new comes, and who is there stays.
#
# What can't be known is said behind the # and takes nobody away. While the statistics page is silent the
# weight of the last whole answer holds for a minute, as an overloaded server is what makes it silent; whether
# the server lives at all is for HAProxy's own health check. FILE, KEY=VALUE a line, is data, never run; see
# docs/wcs.md.
set -u
umask 077
# Behind xinetd standard error is the balancer's connection as well.
exec 2> /dev/null
LC_ALL=C
PATH=${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}
export LC_ALL PATH
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY WGETRC

conf=/etc/haproxy-agent-check.conf
if [ "${1-}" = -c ] && [ $# -ge 2 ]; then
  conf=$2
  shift 2
fi

thresholds=
statistics_url='http://127.0.0.1:8081/?action=stat'
# Seconds. HAProxy is to have its answer within 0.2.
statistics_timeout=0.12
cpu_keys=
publishers_keys='streams_webrtc_in streams_rtmp_in streams_rtsp_in streams_rtmfp_in streams_rtsp_push_in'
subscribers_keys='streams_webrtc_out streams_rtmp_out streams_rtsp_out streams_rtmfp_out streams_websocket_out'
hls_keys=streams_hls
band_in_keys=
band_out_keys=
interfaces=
grade_from=80
# systemd names one that it has made (RuntimeDirectory=); the other is for xinetd.
state_directory=${RUNTIME_DIRECTORY:-/run/haproxy-agent}
proc=/proc

if [ -f "$conf" ] && [ -r "$conf" ]; then
  while IFS='=' read -r key value || [ -n "$key" ]; do
    case $key in
      thresholds) thresholds=$value ;;
      statistics_url) statistics_url=$value ;;
      statistics_timeout) statistics_timeout=$value ;;
      cpu_keys) cpu_keys=$value ;;
      publishers_keys) publishers_keys=$value ;;
      subscribers_keys) subscribers_keys=$value ;;
      hls_keys) hls_keys=$value ;;
      band_in_keys) band_in_keys=$value ;;
      band_out_keys) band_out_keys=$value ;;
      interfaces) interfaces=$value ;;
      grade_from) grade_from=$value ;;
      state_directory) state_directory=$value ;;
      proc) proc=$value ;;
    esac
  done < "$conf"
fi
[ $# -eq 0 ] || thresholds="$*"

# systemd says who asks; its own address filter is silently off where the kernel or a container has none.
allowed='
function groups(address, group,   half, left, right, i, count, many) {
  if (address ~ /^[0-9.]+$/) address = "::ffff:" address
  if (match(address, /[0-9]+\.[0-9.]+$/)) {
    split(substr(address, RSTART), half, ".")
    address = substr(address, 1, RSTART - 1) sprintf("%x:%x", half[1] * 256 + half[2], half[3] * 256 + half[4])
  }
  count = split(tolower(address), half, "::")
  left = split(half[1], group, ":")
  if (count == 2) {
    many = split(half[2], right, ":")
    for (i = left + 1; i <= 8; i++) group[i] = "0"
    for (i = 1; i <= many; i++) group[8 - many + i] = right[i]
  }
  for (i = 1; i <= 8; i++) group[i] = hexadecimal(group[i])
}
function hexadecimal(text,   i, value) {
  for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
  return value + 0
}
function within(address, network,   part, bits, one, other, i, unit) {
  split(network, part, "/")
  bits = part[2] == "" ? 128 : part[2] + (part[1] ~ /:/ ? 0 : 96)
  groups(address, one)
  groups(part[1], other)
  for (i = 1; i <= 8 && bits > 0; i++) {
    unit = bits >= 16 ? 1 : 2 ^ (16 - bits)
    if (int(one[i] / unit) != int(other[i] / unit)) return 0
    bits -= 16
  }
  return 1
}
BEGIN {
  count = split(ENVIRON["ALLOWED_ADDRESSES"], network, " ")
  for (i = 1; i <= count; i++) if (within(ENVIRON["REMOTE_ADDR"], network[i])) exit 0
  exit 1
}
'
if [ -n "${REMOTE_ADDR-}" ] && [ -n "${ALLOWED_ADDRESSES-}" ]; then
  awk "$allowed" < /dev/null || exit 0
fi

# In a directory of somebody else's, links could lead us elsewhere: root who tries the program by hand uses
# none.
state_file=
if [ -d "$state_directory" ] && [ -w "$state_directory" ]; then
  # shellcheck disable=SC2012 # one name of our own, and only its owner is read
  owner=$(ls -ldn "$state_directory/." | awk '{ print $3; exit }')
  [ "$owner" != "$(id -u)" ] || state_file=$state_directory/state
fi
state=
if [ -n "$state_file" ] && [ -f "$state_file" ] && [ ! -L "$state_file" ]; then
  state=$(head -c 1000 "$state_file")
fi

# The page, and at its end how the fetching ended: an answer that was cut off must not be taken for a smaller
# number.
fetch() {
  if command -v curl > /dev/null; then
    curl -q --silent --fail --location --max-redirs 3 --noproxy '*' --max-time "$statistics_timeout" --output - "$statistics_url"
  elif command -v wget > /dev/null && command -v timeout > /dev/null; then
    timeout "$statistics_timeout" wget -q -O - "$statistics_url"
  else
    return 127
  fi
}
page() {
  fetch < /dev/null
  printf '\nfetched=%s\n' $?
}
needs_page() {
  for word in $thresholds; do
    case $word in
      publishers | subscribers | hls) return 0 ;;
      cpu) [ -z "$cpu_keys" ] || return 0 ;;
      band-in) [ -z "$band_in_keys" ] || return 0 ;;
      band-out) [ -z "$band_out_keys" ] || return 0 ;;
    esac
  done
  return 1
}

export thresholds cpu_keys publishers_keys subscribers_keys hls_keys band_in_keys band_out_keys interfaces grade_from \
  proc state
# Its first line is the answer, the others are what to remember.
# shellcheck disable=SC2016 # the dollar signs are awk's
program='
function number(text) { return text ~ /^[0-9]+(\.[0-9]+)?$/ && length(text) < 20 }
function least(one, other) { return one < other ? one : other }
function say(text) { why = why (why == "" ? "" : "; ") text }
function show(value) { return value == int(value) ? sprintf("%d", value) : sprintf("%.1f", value) }

# The sum of those keys that the page has; -1 where it has none of them.
function sum_of(names,   list, count, i, sum, found) {
  count = split(names, list, " ")
  for (i = 1; i <= count; i++) if (list[i] in figure) { sum += figure[list[i]]; found = 1 }
  return found ? sum : -1
}

# uptime(1): it never jumps, as a clock does.
function uptime(   line, part) {
  if ((getline line < (proc "/uptime")) < 1) return -1
  split(line, part, " ")
  return number(part[1]) ? part[1] + 0 : -1
}

# Load of the last minute in percent of what the processors can do.
function load_average(   line, part, load, processors) {
  if ((getline line < (proc "/loadavg")) < 1) return -1
  split(line, part, " ")
  if (!number(part[1])) return -1
  load = part[1]
  while ((getline line < (proc "/stat")) > 0) if (line ~ /^cpu[0-9]/) processors++
  return processors > 0 ? load * 100 / processors : -1
}

# Received and sent bytes of the interfaces that lead out, each counted once: bridges and containers repeat
# what these see.
function count_bytes(   line, part, name, wanted, list, count, i, any) {
  count = split(interfaces, list, " ")
  for (i = 1; i <= count; i++) { wanted[list[i]] = 1; any = 1 }
  if (!any) while ((getline line < (proc "/net/route")) > 0) {
    split(line, part, " ")
    if (part[2] == "00000000") { wanted[part[1]] = 1; any = 1 }
  }
  received = sent = 0
  counted = 0
  while ((getline line < (proc "/net/dev")) > 0) {
    if (!match(line, /^ *[^ :]+:/)) continue
    name = substr(line, 1, RLENGTH - 1)
    gsub(/ /, "", name)
    if (any ? !(name in wanted) : name == "lo") continue
    split(substr(line, RLENGTH + 1), part, " ")
    if (!number(part[1]) || !number(part[9])) continue
    received += part[1]
    sent += part[9]
    counted = 1
  }
}

# Bandwidth since the last sample. Checks come from several balancers: one that comes within a second takes
# what the one before it found.
function measure(   age) {
  if (measured) return
  measured = 1
  rate_in = rate_out = -1
  count_bytes()
  age = now - sample_time
  if (!counted || now < 0) return
  if (sampled && age >= 0 && age < 1) {
    rate_in = sample_rate_in
    rate_out = sample_rate_out
    return
  }
  if (sampled && age >= 1 && age <= 120 && received >= sample_received && sent >= sample_sent) {
    rate_in = (received - sample_received) * 8 / 1e6 / age
    rate_out = (sent - sample_sent) * 8 / 1e6 / age
  }
  sampled = 1
  sample_time = now
  sample_received = received
  sample_sent = sent
  sample_rate_in = rate_in
  sample_rate_out = rate_out
}

function value_of(name,   value) {
  if (name == "publishers") return sum_of(ENVIRON["publishers_keys"])
  if (name == "subscribers") return sum_of(ENVIRON["subscribers_keys"])
  if (name == "hls") return sum_of(ENVIRON["hls_keys"])
  if (name == "cpu") {
    value = sum_of(ENVIRON["cpu_keys"])
    return value < 0 ? load_average() : value
  }
  value = sum_of(ENVIRON[name == "band-in" ? "band_in_keys" : "band_out_keys"])
  if (value >= 0) return value
  measure()
  return name == "band-in" ? rate_in : rate_out
}

function weigh(name, limit,   value, grade) {
  value = value_of(name)
  if (value < 0) {
    if (name ~ /^band/ && counted) say(name " not measured yet")
    else if (!silent || name ~ /^(cpu|band)/) say(name " unknown")
    return
  }
  if (value >= limit) { weight = 0; say(name " " show(value) " of " show(limit)); return }
  grade = grade_from < 100 ? int(100 * (limit - value) / (limit * (1 - grade_from / 100))) : 100
  if (grade < 1) grade = 1
  if (grade < 100) say(name " " show(value) " of " show(limit))
  weight = least(weight, grade)
}

{
  sub(/\r$/, "")
  if (NR > 20000 || !match($0, /^[A-Za-z0-9_.-]+=/)) next
  name = substr($0, 1, RLENGTH - 1)
  value = substr($0, RLENGTH + 1)
  sub(/[ \t].*$/, "", value)
  if (name == "fetched") fetched = value
  else if (number(value) && !(name in figure)) figure[name] = value + 0
}

END {
  split("cpu 90 publishers 100 subscribers 100 hls 100 band-in 100 band-out 100", word, " ")
  for (i = 1; i <= 12; i += 2) usual[word[i]] = word[i + 1]
  proc = ENVIRON["proc"]
  interfaces = ENVIRON["interfaces"]
  grade_from = number(ENVIRON["grade_from"]) ? ENVIRON["grade_from"] + 0 : 80
  now = uptime()
  count = split(ENVIRON["state"], line, "\n")
  for (i = 1; i <= count; i++) {
    split(line[i], part, " ")
    if (part[1] == "sampled" && number(part[2]) && number(part[3]) && number(part[4])) {
      sampled = 1
      sample_time = part[2] + 0; sample_received = part[3] + 0; sample_sent = part[4] + 0
      sample_rate_in = number(part[5]) ? part[5] + 0 : -1
      sample_rate_out = number(part[6]) ? part[6] + 0 : -1
    }
    if (part[1] == "weighed" && number(part[2]) && number(part[3]) && part[3] <= 100) {
      weighed = 1
      weighed_at = part[2] + 0
      last_weight = int(part[3])
    }
  }

  weight = 100
  silent = fetched != "none" && fetched != "0"
  # A page that was cut off may lack keys, or end within a number.
  if (silent) split("", figure)
  count = split(ENVIRON["thresholds"], word, " ")
  for (i = 1; i <= count; i++) {
    name = word[i]
    if (!(name in usual)) { say("no such threshold"); continue }
    limit = usual[name]
    if (i < count && !(word[i + 1] in usual)) {
      i++
      if (!number(word[i]) || word[i] + 0 <= 0) { say(name " has no number above 0"); continue }
      limit = word[i] + 0
    }
    weigh(name, limit)
  }
  if (count == 0) say("no thresholds")
  if (silent) {
    if (fetched == "127") say("neither curl nor wget is installed")
    else say("the statistics page does not answer")
    age = now - weighed_at
    if (weighed && now >= 0 && age >= 0 && age <= 60) {
      if (last_weight < weight) say(sprintf("weight of %d s ago", age))
      weight = least(weight, last_weight)
    }
  } else if (now >= 0) {
    weighed = 1
    weighed_at = now
    last_weight = weight
  }
  printf "up %d%%%s\n", weight, why == "" ? "" : " #" why
  if (sampled) printf "sampled %.2f %.0f %.0f %.3f %.3f\n", sample_time, sample_received, sample_sent, sample_rate_in, sample_rate_out
  if (weighed) printf "weighed %.2f %d\n", weighed_at, last_weight
}
'
if needs_page; then
  outcome=$(page | head -c 262144 | awk "$program")
else
  outcome=$(echo fetched=none | awk "$program")
fi

newline='
'
line=${outcome%%"$newline"*}
case $line in
  'up '*%*) ;;
  *) line='up #the agent itself does not work: awk failed' outcome= ;;
esac
printf '%s\n' "$line"

# Renamed into place, so that checks that run at the same moment read one state or the other.
remembered=${outcome#*"$newline"}
if [ -n "$state_file" ] && [ -n "$outcome" ] && [ "$remembered" != "$outcome" ]; then
  temporary=$state_directory/.state.$$
  if printf '%s\n' "$remembered" > "$temporary" && mv -f "$temporary" "$state_file"; then :; else rm -f "$temporary"; fi
fi
exit 0
