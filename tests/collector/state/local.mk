# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/state/test_state
tests_collector_state_test_state_SOURCES = tests/collector/state/test_state.c
tests_collector_state_test_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_state_test_state_CFLAGS = $(TEST_CFLAGS)
tests_collector_state_test_state_LDADD = $(TEST_LIBS)
