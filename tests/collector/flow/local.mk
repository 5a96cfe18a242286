# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/flow/test_queue
tests_collector_flow_test_queue_SOURCES = tests/collector/flow/test_queue.c
tests_collector_flow_test_queue_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_queue_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_queue_LDADD = $(TEST_LIBS)
