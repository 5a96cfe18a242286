# SPDX-License-Identifier: MIT
# Benchmarks: each beside a floor in the same run.  Not part of the tests; nothing here is timed there.

EXTRA_PROGRAMS = bench/tracker
bench_tracker_SOURCES = bench/tracker.c plugins/sequence/sequence.c plugins/sequence/gaps.c \
	plugins/sequence/tracker.c plugins/sequence/window.c

bench: bench/tracker
	./bench/tracker
.PHONY: bench
