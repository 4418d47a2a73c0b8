#!/bin/bash
# Process 1 of the guest. Its root is the host's / through hostfs, read-only; what must be written lives in memory.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /run/dbus /dev/pts /dev/shm
mount -t tmpfs shm /dev/shm
if [ -d /var/lib/bluetooth ]; then mount -t tmpfs bonds /var/lib/bluetooth; fi
export TMPDIR=/run/tmp PYTHONDONTWRITEBYTECODE=1
ip link set lo up
[ -e /dev/vhci ] || mknod /dev/vhci c 10 137
for word in $(cat /proc/cmdline); do
    case $word in COACH_*=*) export "$word" ;; esac
done
dbus-daemon --system --fork --nopidfile
bluetoothd=$(ls /usr/libexec/bluetooth/bluetoothd /usr/lib/bluetooth/bluetoothd 2>/dev/null | head -n 1)
"$bluetoothd" -n > /run/bluetoothd.log 2>&1 &
cd "$COACH_ROOT" && PYTHONPATH=$COACH_ROOT timeout "${COACH_PATIENCE_S:-280}" "$COACH_PYTHON" "tests/kernel/$COACH_GUEST" || cat /run/bluetoothd.log
echo "guest ended"
echo o > /proc/sysrq-trigger
sleep 5
