#!/bin/sh
exec python3 -B /usr/lib/bbb-standin/html5.py $((4099 + $1))
