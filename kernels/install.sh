#!/bin/sh
# Build the compiled kernels and install them for an interpreter; nextword works without them.
#
#   kernels/install.sh .venv/bin/python .venv/kernels.log
#
# Called where constraints.txt lies. Where they cannot be had, it says what is missed and how to get
# it, leaves none of an earlier time behind, and ends with 1.
set -u

python=$1
log=$2
# Absolute, lest pip take the folder's name for that of a package in the index.
folder=$(CDPATH='' cd "$(dirname "$0")" && pwd) || exit 1

give_up() {
    "$python" -m pip uninstall --yes nextword-kernels >/dev/null 2>&1
    echo "note: $1; nextword works without its compiled kernels, only slower." >&2
    echo "help: $2, then: make kernels" >&2
    exit 1
}

find_compiler() {
    for name; do
        "$name" --version >/dev/null 2>&1 && echo "$name" && return
    done
    return 1
}

has_python_headers() {
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}

# What pip fetches to build with is pinned too; it reads one name or the other, as old as it is.
build() {
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
        "$python" -m pip install --disable-pip-version-check --no-deps --force-reinstall \
        "$folder"
}

# Named for the build too, which else asks for the compiler that Python itself was built with.
if test -z "${CXX:-}"; then
    CXX=$(find_compiler c++ g++ clang++) || give_up "there is no C++ compiler" \
        "Install one (apt install g++, dnf install gcc-c++, or xcode-select --install on macOS)"
    export CXX
fi
has_python_headers || give_up "Python's headers are missing" \
    "Install them (apt install python3-dev, or dnf install python3-devel)"
echo 'Building the compiled kernels, which takes about two minutes.'
{ build && "$python" -c 'import nextword_kernels'; } >"$log" 2>&1 ||
    give_up "the build failed" "See $log, mend it"
