#!/bin/sh
# Waits for the end of the program that started it, however it ends, then ends the processes of that program
# and removes its folder ($1). stdin reports the processes: "+PID" for one that was started, "-PID" for one
# that has ended.
case ${1-} in
  */clusterproxy-*) ;;
  *) exit 2 ;;
esac
running=' '
while read -r line; do
  case $line in
    +*) running="$running${line#+} " ;;
    -*)
      pid=${line#-}
      case $running in
        *" $pid "*) running="${running%%" $pid "*} ${running#*" $pid "}" ;;
      esac
      ;;
  esac
done
for pid in $running; do
  kill "$pid" 2> /dev/null
done
rm -rf -- "$1"
