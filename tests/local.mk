# SPDX-License-Identifier: MIT
# What `make check` runs: unit tests with Check, end-to-end tests in Python's standard library.

TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -I$(top_srcdir)/plugins
UNIT_TESTS =
SCRIPT_TESTS = tests/wire/headers.sh
E2E_TESTS = tests/e2e/accounting.py tests/e2e/configuration.py tests/e2e/datagrams.py tests/e2e/fleet.py tests/e2e/gaps.py \
	tests/e2e/killed.py tests/e2e/manuals.py tests/e2e/plugin_guide.py tests/e2e/replay.py \
	tests/e2e/sinks.py tests/e2e/state.py tests/e2e/workers.py

if HAVE_CHECK
UNIT_TESTS += tests/wire/test_wire tests/collector/test_catalog tests/collector/test_units \
	tests/collector/test_suggest tests/fleet/test_fleet tests/plugins/test_csv \
	tests/plugins/test_csv_rows tests/plugins/test_log
endif

check_PROGRAMS = $(UNIT_TESTS)
TESTS = $(UNIT_TESTS) $(SCRIPT_TESTS) $(E2E_TESTS)

TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(YAML_CFLAGS) $(LIBCONFIG_CFLAGS)
TEST_LIBS = src/collector/libcollector.a $(CHECK_LIBS) $(YAML_LIBS) $(LIBCONFIG_LIBS)

tests_wire_test_wire_SOURCES = tests/wire/test_wire.c tests/common/yaml.c tests/common/yaml.h \
	tests/common/wire_class.c tests/common/wire_class.h
tests_wire_test_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_wire_test_wire_CFLAGS = $(TEST_CFLAGS)
tests_wire_test_wire_LDADD = $(TEST_LIBS)

tests_collector_test_catalog_SOURCES = tests/collector/test_catalog.c \
	tests/common/yaml.c tests/common/yaml.h
tests_collector_test_catalog_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_catalog_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_catalog_LDADD = $(TEST_LIBS)

tests_collector_test_units_SOURCES = tests/collector/test_units.c
tests_collector_test_units_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_units_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_units_LDADD = $(TEST_LIBS)

tests_collector_test_suggest_SOURCES = tests/collector/test_suggest.c
tests_collector_test_suggest_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_suggest_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_suggest_LDADD = $(TEST_LIBS)

tests_fleet_test_fleet_SOURCES = tests/fleet/test_fleet.c
tests_fleet_test_fleet_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/src/fleet
tests_fleet_test_fleet_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_fleet_LDADD = src/fleet/libfleet.a $(CHECK_LIBS) -lm

# A plugin's tests link the plugin itself, and a host that is no daemon.
COMMON_SOURCES = plugins/common/lines.c plugins/common/number.c plugins/common/number_table.c plugins/common/say.c \
	plugins/common/text.c
FAKE_HOST = tests/plugins/fake_host.c tests/plugins/fake_host.h
CSV_SOURCES = plugins/csv/csv.c plugins/csv/field.c plugins/csv/file.c plugins/csv/row.c \
	$(COMMON_SOURCES)

tests_plugins_test_csv_SOURCES = tests/plugins/test_csv.c $(FAKE_HOST) $(CSV_SOURCES)
tests_plugins_test_csv_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_csv_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_csv_LDADD = $(CHECK_LIBS) -lm

tests_plugins_test_csv_rows_SOURCES = tests/plugins/test_csv_rows.c $(FAKE_HOST) $(CSV_SOURCES)
tests_plugins_test_csv_rows_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_csv_rows_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_csv_rows_LDADD = $(CHECK_LIBS) -lm

tests_plugins_test_log_SOURCES = tests/plugins/test_log.c $(FAKE_HOST) \
	plugins/log/log.c plugins/log/line.c $(COMMON_SOURCES)
tests_plugins_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_log_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_log_LDADD = $(CHECK_LIBS) -lm

# Plugins that misbehave.  -rpath makes libtool build a shared object that is not installed.
check_LTLIBRARIES = tests/plugins/trouble.la tests/plugins/shaper.la \
	tests/plugins/keeper.la tests/plugins/ticker.la
tests_plugins_keeper_la_SOURCES = tests/plugins/keeper.c
tests_plugins_keeper_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_keeper_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_trouble_la_SOURCES = tests/plugins/trouble.c
tests_plugins_trouble_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_trouble_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_ticker_la_SOURCES = tests/plugins/ticker.c
tests_plugins_ticker_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_ticker_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_shaper_la_SOURCES = tests/plugins/shaper.c
tests_plugins_shaper_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_shaper_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	CC='$(CC)'; CXX='$(CXX)'; \
	export top_srcdir top_builddir CC CXX;

EXTRA_DIST += $(SCRIPT_TESTS) $(E2E_TESTS) tests/count tests/e2e/kept.py tests/e2e/muster.py \
	tests/common/random.h \
	tests/e2e/oracle.py tests/e2e/reference-session.csv tests/vectors/wire.yaml

# ---- the core: queues, batches, options, loader, metrics, tracker, statistics ------------------

if HAVE_CHECK
UNIT_TESTS += tests/collector/test_batch tests/collector/test_capture \
	tests/collector/test_loader \
	tests/collector/test_metrics tests/collector/test_options tests/collector/test_queue \
	tests/collector/test_pace tests/collector/test_state \
	tests/plugins/test_presence \
	tests/plugins/test_sequence tests/plugins/test_sequence_kill \
	tests/plugins/test_sequence_random tests/plugins/test_sequence_state \
	tests/plugins/test_sequence_vectors \
	tests/plugins/test_stats tests/plugins/test_timing
if HAVE_LIBPCAP
UNIT_TESTS += tests/collector/test_capture_file
endif
endif

tests_collector_test_batch_SOURCES = tests/collector/test_batch.c
tests_collector_test_batch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_batch_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_batch_LDADD = $(TEST_LIBS)

tests_collector_test_capture_SOURCES = tests/collector/test_capture.c
tests_collector_test_capture_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_capture_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_capture_LDADD = $(TEST_LIBS)

tests_collector_test_capture_file_SOURCES = tests/collector/test_capture_file.c
tests_collector_test_capture_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_capture_file_CFLAGS = $(TEST_CFLAGS) $(PCAP_CFLAGS)
tests_collector_test_capture_file_LDADD = $(TEST_LIBS) $(PCAP_LIBS)

tests_collector_test_loader_SOURCES = tests/collector/test_loader.c
tests_collector_test_loader_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_loader_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_loader_LDADD = $(TEST_LIBS)

tests_collector_test_metrics_SOURCES = tests/collector/test_metrics.c
tests_collector_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_metrics_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_metrics_LDADD = $(TEST_LIBS)

tests_collector_test_options_SOURCES = tests/collector/test_options.c
tests_collector_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_options_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_options_LDADD = $(TEST_LIBS)

tests_collector_test_queue_SOURCES = tests/collector/test_queue.c
tests_collector_test_queue_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_queue_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_queue_LDADD = $(TEST_LIBS)

tests_collector_test_pace_SOURCES = tests/collector/test_pace.c
tests_collector_test_pace_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_pace_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_pace_LDADD = $(TEST_LIBS)

tests_collector_test_state_SOURCES = tests/collector/test_state.c
tests_collector_test_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_test_state_CFLAGS = $(TEST_CFLAGS)
tests_collector_test_state_LDADD = $(TEST_LIBS)

tests_plugins_test_presence_SOURCES = tests/plugins/test_presence.c $(TRACKER_SOURCES)
tests_plugins_test_presence_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_presence_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_presence_LDADD = $(CHECK_LIBS)

tests_plugins_test_sequence_SOURCES = tests/plugins/test_sequence.c tests/plugins/memory.h $(FAKE_HOST) \
	$(SEQUENCE_SOURCES)
tests_plugins_test_sequence_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_sequence_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_sequence_LDADD = $(CHECK_LIBS) -lm

tests_plugins_test_sequence_random_SOURCES = tests/plugins/test_sequence_random.c \
	tests/plugins/oracle.c tests/plugins/oracle.h tests/plugins/memory.h \
	$(TRACKER_SOURCES)
tests_plugins_test_sequence_kill_SOURCES = tests/plugins/test_sequence_kill.c \
	tests/plugins/oracle.c tests/plugins/oracle.h tests/plugins/memory.h $(TRACKER_SOURCES)
tests_plugins_test_sequence_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_sequence_kill_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_sequence_kill_LDADD = $(CHECK_LIBS)

tests_plugins_test_sequence_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_sequence_random_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_sequence_random_LDADD = $(CHECK_LIBS)

tests_plugins_test_sequence_state_SOURCES = tests/plugins/test_sequence_state.c \
	tests/plugins/memory.h $(FAKE_HOST) $(SEQUENCE_SOURCES)
tests_plugins_test_sequence_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_sequence_state_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_sequence_state_LDADD = $(CHECK_LIBS) -lm

tests_plugins_test_stats_SOURCES = tests/plugins/test_stats.c $(FAKE_HOST) \
	plugins/stats/stats.c plugins/stats/figures.c plugins/common/say.c
tests_plugins_test_stats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_stats_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_stats_LDADD = $(CHECK_LIBS) -lm

tests_plugins_test_timing_SOURCES = tests/plugins/test_timing.c plugins/sequence/timing.c \
	plugins/sequence/timing.h
tests_plugins_test_timing_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_timing_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_timing_LDADD = $(CHECK_LIBS) -lm

# Plugins of other versions, all from one source; the loader's test finds them in
# tests/collector/.libs of the build tree.
check_LTLIBRARIES += tests/collector/odd_good.la tests/collector/odd_short.la \
	tests/collector/odd_major.la tests/collector/odd_future.la tests/collector/odd_no_write.la \
	tests/collector/odd_options.la tests/collector/odd_reserved.la \
	tests/collector/odd_no_role.la tests/collector/odd_no_name.la \
	tests/collector/odd_no_symbol.la
ODD_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_collector_odd_good_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_good_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=1
tests_collector_odd_good_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_good_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_short_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_short_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=2
tests_collector_odd_short_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_short_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_major_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_major_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=3
tests_collector_odd_major_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_major_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_future_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_future_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=4
tests_collector_odd_future_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_future_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_no_write_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_no_write_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=5
tests_collector_odd_no_write_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_no_write_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_options_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_options_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=6
tests_collector_odd_options_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_options_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_reserved_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_reserved_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=7
tests_collector_odd_reserved_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_reserved_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_no_role_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_no_role_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=8
tests_collector_odd_no_role_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_no_role_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_no_name_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_no_name_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=9
tests_collector_odd_no_name_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_no_name_la_LDFLAGS = $(ODD_LDFLAGS)
tests_collector_odd_no_symbol_la_SOURCES = tests/collector/odd_plugin.c
tests_collector_odd_no_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=10
tests_collector_odd_no_symbol_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_collector_odd_no_symbol_la_LDFLAGS = $(ODD_LDFLAGS)

# ---- fuzz targets, replayed over their corpora; no Check, no libFuzzer -------------------------

FUZZ_TESTS = tests/fuzz/fuzz-capture tests/fuzz/fuzz-catalog tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-row tests/fuzz/fuzz-wire
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
REPLAY = tests/fuzz/replay.c tests/fuzz/fuzz.h tests/fuzz/file.h

tests_fuzz_fuzz_capture_SOURCES = tests/fuzz/capture.c $(REPLAY)
tests_fuzz_fuzz_capture_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_fuzz_capture_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_capture_LDADD = src/collector/libcollector.a

tests_fuzz_fuzz_catalog_SOURCES = tests/fuzz/catalog.c $(REPLAY)
tests_fuzz_fuzz_catalog_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_fuzz_catalog_CFLAGS = $(AM_CFLAGS) $(LIBCONFIG_CFLAGS) $(YAML_CFLAGS)
tests_fuzz_fuzz_catalog_LDADD = src/collector/libcollector.a $(LIBCONFIG_LIBS) $(YAML_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/config.c $(REPLAY)
tests_fuzz_fuzz_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_fuzz_config_CFLAGS = $(AM_CFLAGS) $(LIBCONFIG_CFLAGS) $(YAML_CFLAGS)
tests_fuzz_fuzz_config_LDADD = src/collector/libcollector.a $(LIBCONFIG_LIBS) $(YAML_LIBS)

tests_fuzz_fuzz_row_SOURCES = tests/fuzz/row.c $(REPLAY) plugins/csv/field.c plugins/csv/row.c \
	$(COMMON_SOURCES)
tests_fuzz_fuzz_row_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_fuzz_row_CFLAGS = $(AM_CFLAGS)

tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/wire.c $(REPLAY)
tests_fuzz_fuzz_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fuzz_fuzz_wire_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_wire_LDADD = src/collector/libcollector.a

EXTRA_DIST += tests/fuzz/corpus
CLEANFILES = fuzz-*.input

tests_plugins_test_sequence_vectors_SOURCES = tests/plugins/test_sequence_vectors.c $(FAKE_HOST) \
	tests/plugins/memory.h \
	tests/common/yaml.c tests/common/yaml.h tests/common/wire_class.c tests/common/wire_class.h \
	$(SEQUENCE_SOURCES)
tests_plugins_test_sequence_vectors_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_test_sequence_vectors_CFLAGS = $(TEST_CFLAGS)
tests_plugins_test_sequence_vectors_LDADD = $(TEST_LIBS) -lm
EXTRA_DIST += tests/vectors/sequence.yaml
