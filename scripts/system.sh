#!/usr/bin/env bash
# Bring what some tests need of the system: Chromium and fonts with Chinese characters for those of the console,
# FUSE for power cuts, ip and nft for cut networks, OpenMP for the learner. Without root it says what to install; those tests are skipped then.
set -euo pipefail
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
fc-list 2>/dev/null | grep -qi 'cjk' || missing+=(fonts-noto-cjk)
{ ldconfig -p 2>/dev/null | grep -q 'libfuse3\.so' && { [ "$(id -u)" -eq 0 ] || command -v fusermount3 >/dev/null; }; } || missing+=(fuse3)
PATH="$PATH:/usr/sbin:/sbin" command -v ip >/dev/null || missing+=(iproute2)
PATH="$PATH:/usr/sbin:/sbin" command -v nft >/dev/null || missing+=(nftables)
ldconfig -p 2>/dev/null | grep -q 'libgomp\.so\.1' || missing+=(libgomp1)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif [ "${CI:-}" = true ]; then
  echo "some tests need: ${missing[*]}" >&2
  exit 1
else
  echo "some tests will be skipped; to run them: sudo apt-get install ${missing[*]}" >&2
fi
