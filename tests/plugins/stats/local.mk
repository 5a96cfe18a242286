# SPDX-License-Identifier: MIT
# devices: tests/plugins/stats/test_stats.c
# json: tests/plugins/stats/test_stats.c
# statistics: tests/plugins/stats/test_stats.c
UNIT_TESTS += tests/plugins/stats/test_stats
tests_plugins_stats_test_stats_SOURCES = tests/plugins/stats/test_stats.c $(STATS_SOURCES)
tests_plugins_stats_test_stats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_stats_test_stats_CFLAGS = $(TEST_CFLAGS)
tests_plugins_stats_test_stats_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/stats/test_ranges
tests_plugins_stats_test_ranges_SOURCES = tests/plugins/stats/test_ranges.c $(STATS_SOURCES)
tests_plugins_stats_test_ranges_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_stats_test_ranges_CFLAGS = $(TEST_CFLAGS)
tests_plugins_stats_test_ranges_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
