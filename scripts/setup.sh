#!/bin/sh
# Prepares a fresh clone for building and testing: sh scripts/setup.sh [--lab]
# With --lab, as root on Debian, it also installs what the tests against real hosts need. Safe to repeat.
set -eu
cd "$(dirname "$0")/.."

lab=
case ${1-} in
  '') ;;
  --lab) lab=yes ;;
  *)
    echo 'usage: sh scripts/setup.sh [--lab]' >&2
    exit 1
    ;;
esac

# The stamp contains the hash of the lock file from which node_modules was installed; file times mean nothing
# after a checkout. No dependency needs its install script.
install_node_modules() {
  stamp=node_modules/.clusterproxy-lock-hash
  wanted=$(node -p "crypto.createHash('sha256').update(fs.readFileSync('package-lock.json')).digest('hex')")
  if [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then
    return
  fi
  echo 'setup: installing node modules (npm ci)'
  # npm ci refuses a lock file that lacks other platforms' optional binaries (not always available where it
  # was made); npm install uses all locked versions just the same, and changes neither it nor package.json.
  set -- --ignore-scripts --no-audit --no-fund --loglevel=error
  npm ci "$@" > /dev/null 2>&1 || npm install --no-save "$@" > /dev/null
  echo "$wanted" > "$stamp"
}

# COMMAND:PACKAGE, or /FILE:PACKAGE
lab_needs='
  augtool:augeas-tools
  caddy:caddy
  chromium:chromium
  ffmpeg:ffmpeg
  fish:fish
  flock:util-linux
  haproxy:haproxy
  ip:iproute2
  jq:jq
  mandoc:mandoc
  mmdebstrap:mmdebstrap
  nginx:nginx-light
  nsenter:util-linux
  openssl:openssl
  pebble:pebble
  prometheus-blackbox-exporter:prometheus-blackbox-exporter
  prometheus-nginx-exporter:prometheus-nginx-exporter
  promtool:prometheus
  shellcheck:shellcheck
  ssh-keygen:openssh-client
  sshd:openssh-server
  systemd-nspawn:systemd-container
  zsh:zsh
  apache2:apache2-bin
  /usr/lib/nginx/modules/ngx_rtmp_module.so:libnginx-mod-rtmp
  /usr/lib/nginx/modules/ngx_stream_module.so:libnginx-mod-stream
  /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
'

missing_packages() {
  for need in $lab_needs; do
    case $need in
      /*) [ -e "${need%%:*}" ] || echo "${need#*:}" ;;
      *) PATH=$PATH:/usr/sbin:/sbin command -v "${need%%:*}" > /dev/null || echo "${need#*:}" ;;
    esac
  done | sort -u
}

# Packages with a service must not start it here, neither now (policy-rc.d, man invoke-rc.d) nor at the next
# boot: units that were not enabled before are disabled afterwards.
install_packages() {
  policy=/usr/sbin/policy-rc.d
  ours=
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 0755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 1' HUP INT TERM
  fi
  log=$(mktemp)
  if ! {
    apt-get update -q &&
      DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
  } > "$log" 2>&1 < /dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo 'setup: the packages could not be installed; tests against real hosts will be skipped' >&2
    return 0
  fi
  rm -f "$log"
  for package in "$@"; do
    case $package in
      nginx-light) disable nginx ;;
      caddy) disable caddy ;;
      haproxy) disable haproxy ;;
      prometheus) disable prometheus ;;
      openssh-server) disable ssh ;;
    esac
  done
  [ -z "$ours" ] || rm -f "$policy"
}

disable() {
  if command -v systemctl > /dev/null; then
    systemctl --quiet disable "$1.service" 2> /dev/null || true
  fi
  if command -v update-rc.d > /dev/null; then
    update-rc.d "$1" disable > /dev/null 2>&1 || true
  fi
}

prepare_lab() {
  if [ "$(uname -s)" != Linux ]; then
    echo 'setup: not Linux: tests against real hosts will be skipped'
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    echo 'setup: not root: tests against real hosts will be skipped'
    return
  fi
  install_kept_packages
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086 # one word a package
  set -- $missing
  if ! command -v apt-get > /dev/null; then
    echo "setup: no apt-get here: tests against real hosts will be skipped (they need: $*)"
  else
    echo "setup: installing packages: $*"
    install_packages "$@"
  fi
}

# For what is tried of a release and of an engine; see scripts/kept-packages.mjs.
install_kept_packages() {
  [ "$(uname -m)" = x86_64 ] || return 0
  node scripts/release/tools.mjs ||
    echo 'setup: what a single file is made with could not be installed; its tests will be skipped' >&2
  node scripts/engine-server.mjs ||
    echo 'setup: the engine of workers could not be installed; its tests will be skipped' >&2
}

install_node_modules
[ -z "$lab" ] || prepare_lab
