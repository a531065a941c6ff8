#!/usr/bin/env bash
# Bring what browser tests need: the system's Chromium and fonts with Chinese characters.
set -euo pipefail
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
fc-list 2>/dev/null | grep -qi 'cjk' || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif [ "${CI:-}" = true ]; then
  echo "browser tests need: ${missing[*]}" >&2
  exit 1
else
  echo "browser tests will be skipped; to run them: sudo apt-get install ${missing[*]}" >&2
fi
