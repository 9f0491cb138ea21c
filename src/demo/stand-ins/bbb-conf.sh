#!/bin/sh
# bbb-conf for a folder. Like the real one, it adds logoutURL to the operator's properties on every call if it
# is missing.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

properties=$root/etc/bigbluebutton/bbb-web.properties
[ -e "$root/etc/bigbluebutton/bigbluebutton-release" ] || {
  echo 'BigBlueButton does not appear to be installed.'
  exit 1
}
if [ -e "$properties" ] && ! grep -q '^bigbluebutton.web.logoutURL=' "$properties"; then
  echo 'bigbluebutton.web.logoutURL=default' >>"$properties"
fi
case ${1:-} in
  --restart)
    journal "bbb-conf --restart"
    rm -f "$memory/meetings"
    systemctl reload nginx >/dev/null 2>&1
    systemctl restart bbb-web >/dev/null 2>&1
    ;;
  --status) systemctl is-active nginx bbb-web ;;
esac
# The real one nearly always returns 0.
exit 0
