#!/bin/sh
# Waits for the end of the program that started it, however it ends, and then ends what that has started and
# takes its folder ($1) away. stdin says what there is: "+PID" for a process that was started, "-PID" for one
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
