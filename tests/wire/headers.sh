#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public headers compile on their own, as C11 and as C++, with every warning on.
# Uses $CC, $CXX and $top_srcdir.  Exits with 77 (skipped) if there is no C++ compiler.

top=${top_srcdir:-.}
cc=${CC:-cc}
headers="muster/wire.h muster/record.h muster/plugin.h"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-align
    -Wcast-qual -Wformat=2 -Wwrite-strings -Werror"
c_warnings="-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition"
cxx_warnings="-Wold-style-cast -Woverloaded-virtual -Wnon-virtual-dtor"
failed=0

# compile LANGUAGE COMPILER FLAGS...: the program comes from the standard input.
# The variables hold several words on purpose.
compile()
{
    language=$1
    shift
    # shellcheck disable=SC2086
    "$@" $warnings -I "$top/include" -x "$language" -fsyntax-only -
}

# check WHAT LANGUAGE COMPILER FLAGS...: each header alone, and all in the other order.
check()
{
    what=$1
    shift
    for header in $headers; do
        if ! printf '#include <%s>\n#include <%s>\n' "$header" "$header" | compile "$@"; then
            echo "$header does not compile as $what" >&2
            failed=1
        fi
    done
    if ! printf '#include <%s>\n' muster/plugin.h muster/record.h muster/wire.h |
        compile "$@"; then
        echo "the headers do not compile together as $what" >&2
        failed=1
    fi
    # A warning in a header must be an error, or the checks above say nothing.
    if printf '#include <muster/wire.h>\nint f(long x);\nint f(long x) { return x; }\n' |
        compile "$@" 2>/dev/null; then
        echo "a conversion goes unnoticed as $what: the warnings are not on" >&2
        failed=1
    fi
}

# shellcheck disable=SC2086
for standard in c11 gnu17; do
    check "$standard" c $cc -std=$standard $c_warnings
done

cxx=$CXX
for candidate in c++ g++ clang++; do
    [ -n "$cxx" ] && break
    command -v $candidate >/dev/null 2>&1 && cxx=$candidate
done
# shellcheck disable=SC2086
if [ -z "$cxx" ] || ! echo 'int main() {}' | $cxx -x c++ -fsyntax-only - 2>/dev/null; then
    [ $failed -ne 0 ] && exit 1
    echo "no C++ compiler: only C was checked" >&2
    exit 77
fi
# shellcheck disable=SC2086
for standard in c++11 c++17; do
    check "$standard" c++ $cxx -std=$standard $cxx_warnings
done
exit $failed
