# SPDX-License-Identifier: MIT
# Benchmarks: each beside a floor in the same run.  Not part of the tests; nothing here is timed there.

EXTRA_PROGRAMS = bench/tracker
bench_tracker_SOURCES = bench/tracker.c plugins/sequence/sequence.c $(TRACKER_SOURCES)

bench: bench/tracker
	./bench/tracker
.PHONY: bench
