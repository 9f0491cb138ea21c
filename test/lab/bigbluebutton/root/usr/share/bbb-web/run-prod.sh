#!/bin/sh
# Java 8 does not know JDK_JAVA_OPTIONS.
unset JDK_JAVA_OPTIONS
exec python3 -B /usr/lib/bbb-standin/bbb_web.py -Dserver.address=127.0.0.1 -Dserver.port=8090
