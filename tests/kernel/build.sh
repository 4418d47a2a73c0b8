#!/bin/bash
# usage: build.sh OUT   builds the user-mode kernel of kernel.config into the file OUT (some minutes on two cores).
# Needs Debian's gcc make flex bison bc libelf-dev libssl-dev xz-utils linux-source-6.1; running it needs bluez dbus iproute2.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
out=$(realpath -m "${1:?usage: build.sh OUT}")
source=$(ls /usr/src/linux-source-6.*.tar.xz 2>/dev/null | sort -V | tail -n 1) ||
    { echo "no kernel source: apt-get install linux-source-6.1" >&2; exit 3; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xf "$source" -C "$work" --strip-components=1
cp "$here/kernel.config" "$work/.config"
make -s -C "$work" ARCH=um olddefconfig
make -s -C "$work" ARCH=um -j"$(nproc)" linux
mkdir -p "$(dirname "$out")"
strip -o "$out.new" "$work/linux"
mv "$out.new" "$out"  # at once: a build that was cut off leaves nothing that looks whole
