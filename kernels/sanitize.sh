#!/bin/sh
# Build the kernels with sanitizers and run tests under them; needs GCC's sanitizer libraries.
#
#   ./sanitize.sh address,undefined tests
#   ./sanitize.sh thread tests/test_threads.py
set -eu

sanitizers=$1
shift
python=${PYTHON:-python3}
build=build/sanitize-$sanitizers
site=$build/site

cmake -S . -B "$build" -DNEXTWORD_SANITIZE="$sanitizers" -DPython_EXECUTABLE="$(command -v "$python")"
cmake --build "$build" --parallel "${JOBS:-2}"
cmake --install "$build" --prefix "$site"
cp src/nextword_kernels/*.py* "$site/nextword_kernels/"

# Python itself is not instrumented, so that the libraries have to be there before it starts. Its
# own memory, and torch's, is not freed at exit: leaks are not looked for.
case $sanitizers in
    *thread*) library=libtsan.so ;;
    *) library=libasan.so ;;
esac
export LD_PRELOAD="$(gcc -print-file-name=$library) $(gcc -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0:halt_on_error=1:allocator_may_return_null=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:ignore_noninstrumented_modules=1
export PYTHONPATH="$site" OMP_NUM_THREADS=1 PYTHONMALLOC=malloc
# The memory layout that the thread sanitizer knows.
exec setarch "$(uname -m)" --addr-no-randomize "$python" -m pytest -q -p no:cacheprovider "$@"
