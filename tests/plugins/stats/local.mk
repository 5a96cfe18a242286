# SPDX-License-Identifier: MIT
# devices: tests/plugins/stats/test_stats.c
# statistics: tests/plugins/stats/test_stats.c
UNIT_TESTS += tests/plugins/stats/test_stats
tests_plugins_stats_test_stats_SOURCES = tests/plugins/stats/test_stats.c $(FAKE_HOST) $(STATS_SOURCES) $(COMMON_SOURCES)
tests_plugins_stats_test_stats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_stats_test_stats_CFLAGS = $(TEST_CFLAGS)
tests_plugins_stats_test_stats_LDADD = $(TEST_LIBS) -lm
