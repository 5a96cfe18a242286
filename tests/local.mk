# SPDX-License-Identifier: MIT
# What `make check` runs: unit tests with Check, end-to-end tests in Python's standard library.

TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -I$(top_srcdir)/plugins
UNIT_TESTS =
SCRIPT_TESTS = tests/wire/headers.sh
E2E_TESTS = tests/e2e/configuration.py tests/e2e/datagrams.py tests/e2e/fleet.py \
	tests/e2e/manuals.py tests/e2e/plugin_guide.py \
	tests/e2e/sinks.py tests/e2e/workers.py

if HAVE_CHECK
UNIT_TESTS += tests/wire/test_wire tests/collector/test_catalog tests/collector/test_units \
	tests/collector/test_suggest tests/fleet/test_fleet tests/plugins/test_csv \
	tests/plugins/test_csv_rows tests/plugins/test_log
endif

check_PROGRAMS = $(UNIT_TESTS)
TESTS = $(UNIT_TESTS) $(SCRIPT_TESTS) $(E2E_TESTS)

TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(YAML_CFLAGS) $(LIBCONFIG_CFLAGS)
TEST_LIBS = src/collector/libcollector.a $(CHECK_LIBS) $(YAML_LIBS) $(LIBCONFIG_LIBS)

tests_wire_test_wire_SOURCES = tests/wire/test_wire.c tests/common/yaml.c tests/common/yaml.h
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
COMMON_SOURCES = plugins/common/lines.c plugins/common/number.c plugins/common/say.c \
	plugins/common/text.c
FAKE_HOST = tests/plugins/fake_host.c tests/plugins/fake_host.h
CSV_SOURCES = plugins/csv/csv.c plugins/csv/file.c plugins/csv/row.c $(COMMON_SOURCES)

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
check_LTLIBRARIES = tests/plugins/trouble.la tests/plugins/shaper.la
tests_plugins_trouble_la_SOURCES = tests/plugins/trouble.c
tests_plugins_trouble_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_trouble_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_shaper_la_SOURCES = tests/plugins/shaper.c
tests_plugins_shaper_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_shaper_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	CC='$(CC)'; CXX='$(CXX)'; \
	export top_srcdir top_builddir CC CXX;

EXTRA_DIST += $(SCRIPT_TESTS) $(E2E_TESTS) tests/count tests/e2e/muster.py \
	tests/e2e/reference-session.csv tests/vectors/wire.yaml
