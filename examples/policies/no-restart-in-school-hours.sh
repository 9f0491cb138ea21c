#!/bin/sh
# No service is restarted on weekdays from 07:00 to 18:00, whatever windows the inventory has and whoever says
# --now. TZ decides whose hours: set it in the inventory as [env, TZ=Europe/Berlin, ./THIS-FILE].
plan=$(cat)
day=$(date +%u) hour=$(date +%H)
hour=${hour#0}
if [ "$day" -le 5 ] && [ "$hour" -ge 7 ] && [ "$hour" -lt 18 ]; then
  case $plan in
    *'"restarts": 0'*) ;;
    *)
      echo '{"deny": ["services would be restarted in school hours"]}'
      exit 0
      ;;
  esac
fi
echo '{"deny": []}'
