#!/bin/sh
# Turns a fresh Debian root into the layer that all hosts of the lab share. mmdebstrap runs it as a
# customize hook: $1 is the new root.
set -eu
root=$1

# What a host's specification doesn't ask for doesn't run; the timers would only disturb measurements.
systemctl --quiet --root="$root" disable haproxy.service xinetd.service nginx.service caddy.service keepalived.service
systemctl --quiet --root="$root" mask \
  certbot.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer console-getty.service getty.target systemd-firstboot.service systemd-udevd.service \
  systemd-update-utmp-runlevel.service ldconfig.service

# Each host gets host keys of its own.
rm -f "$root"/etc/ssh/ssh_host_*

# ops: sudo without a password. deputy: sudo asks for one.
chroot "$root" useradd --create-home --shell /bin/bash ops
chroot "$root" useradd --create-home --shell /bin/bash deputy
echo 'deputy:lab-password' | chroot "$root" chpasswd
printf '%s\n' 'ops ALL=(ALL) NOPASSWD: ALL' 'deputy ALL=(ALL) ALL' > "$root/etc/sudoers.d/lab"
chmod 0440 "$root/etc/sudoers.d/lab"

# The accounts that packages of BigBlueButton make.
for account in bigbluebutton meteor etherpad freeswitch averox; do
  chroot "$root" useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$account"
done

# No name server listens there: a name that isn't in /etc/hosts fails at once instead of after a time-out.
echo 'nameserver 127.0.0.1' > "$root/etc/resolv.conf"
sed -i 's/^hosts:.*/hosts: files dns/' "$root/etc/nsswitch.conf"
rm -f "$root/etc/nginx/sites-enabled/default"
