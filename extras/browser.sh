#!/usr/bin/env bash
# Brings what the browser's tests need (make browser): the system's Chromium, Playwright's Python driver in .venv, and axe-core.
#
# Playwright drives the system's own Chromium; it fetches no browser. axe-core, the accessibility checks, is kept in
# ~/.cache/mlops-labs (MLOPS_LABS_CACHE: elsewhere).
set -euo pipefail
cd "$(dirname "$0")/.."

PLAYWRIGHT=1.65.2
AXE=4.14.1
AXE_SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
CACHE=${MLOPS_LABS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mlops-labs}

MISSING=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || MISSING+=(chromium)
[ -f "$CACHE/axe-core-$AXE/axe.min.js" ] || command -v npm >/dev/null || MISSING+=(npm)
if [ ${#MISSING[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get install -y -q --no-install-recommends "${MISSING[@]}" || { apt-get update -q && apt-get install -y -q --no-install-recommends "${MISSING[@]}"; }
    else
        echo "extras/browser.sh: ${MISSING[*]} is missing; install it (on Debian and Ubuntu: sudo apt install ${MISSING[*]}), and run make browser again." >&2
        exit 1
    fi
fi

.venv/bin/python -c "import playwright, sys; sys.exit(playwright.__version__ != '$PLAYWRIGHT')" 2>/dev/null \
    || .venv/bin/python -m pip install --quiet --disable-pip-version-check "playwright==$PLAYWRIGHT"

if [ ! -f "$CACHE/axe-core-$AXE/axe.min.js" ]; then
    PLACE=$(mktemp -d)
    trap 'rm -rf "$PLACE"' EXIT
    (cd "$PLACE" && npm pack --silent "axe-core@$AXE" >/dev/null)
    echo "$AXE_SHA512  $PLACE/axe-core-$AXE.tgz" | sha512sum --check --quiet
    tar -C "$PLACE" -xzf "$PLACE/axe-core-$AXE.tgz" package/axe.min.js
    mkdir -p "$CACHE/axe-core-$AXE"
    mv "$PLACE/package/axe.min.js" "$CACHE/axe-core-$AXE/axe.min.js"
fi
