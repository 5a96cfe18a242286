# SPDX-License-Identifier: MIT
# Benchmarks: each beside a floor in the same run.  Not part of the tests; nothing here is timed there.
#
#   make bench                    two to three minutes; BENCH=full: the whole table
#   make bench BENCH_ONLY="fed"   only these; bench/README.md has the names
#   make bench-peers              beside other collectors
#   make bench-readme             both, and the tables into bench/README.md

BENCH = quick
BENCH_ONLY =
BENCHES = bench/capture bench/contract bench/floor bench/flood bench/format bench/memory bench/tracker
EXTRA_PROGRAMS = $(BENCHES)
CLEANFILES += $(BENCHES)

bench_capture_SOURCES = bench/capture.c
bench_contract_SOURCES = bench/contract.c
bench_contract_LDADD = $(COLLECTOR_LIBS)
bench_floor_SOURCES = bench/floor.c
bench_flood_SOURCES = bench/flood.c
bench_format_SOURCES = bench/format.c
bench_format_LDADD = $(COLLECTOR_LIBS)
bench_memory_SOURCES = bench/memory.c plugins/common/number.c plugins/common/number.h \
	plugins/common/number_table.c
bench_tracker_SOURCES = bench/tracker.c $(SEQUENCE_SOURCES) $(COMMON_SOURCES)

BENCH_RUN = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	PYTHONDONTWRITEBYTECODE=1 $(PYTHON) $(srcdir)/bench/run.py \
	`case '$(BENCH)' in full) echo --full;; esac`

benches: $(BENCHES)
bench: all $(BENCHES)
	@$(BENCH_RUN) $(BENCH_ONLY)
bench-peers: all $(BENCHES)
	@$(BENCH_RUN) --peers $(BENCH_ONLY)
bench-readme: all $(BENCHES)
	@$(BENCH_RUN) --readme
	@$(BENCH_RUN) --readme --peers
.PHONY: bench benches bench-peers bench-readme

EXTRA_DIST += bench/README.md bench/lab.py bench/peers.py bench/reference_server.py bench/run.py
