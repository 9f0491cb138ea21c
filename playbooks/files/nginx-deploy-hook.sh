#!/bin/sh
# Written by clusterproxy: edits get lost. certbot runs it for each certificate that it has renewed, with the
# certificate's folder in RENEWED_LINEAGE. nginx reads the new one by a reload, in which no connection ends. A
# configuration that it can't use is told, and the old certificate stays until that is mended.
set -eu

name='{{ cluster.hostname }}'

lineage=${RENEWED_LINEAGE:?}
[ "${lineage##*/}" = "$name" ] || exit 0
systemctl is-active --quiet nginx.service || exit 0
nginx -t -q
systemctl reload nginx.service
