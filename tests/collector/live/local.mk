# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/live/test_pace
tests_collector_live_test_pace_SOURCES = tests/collector/live/test_pace.c
tests_collector_live_test_pace_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_live_test_pace_CFLAGS = $(TEST_CFLAGS)
tests_collector_live_test_pace_LDADD = $(TEST_LIBS)
