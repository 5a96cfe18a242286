# SPDX-License-Identifier: MIT
# recognize: tests/e2e/declared.py
# take: tests/collector/flow/test_pipeline.c
UNIT_TESTS += tests/collector/flow/test_admit
tests_collector_flow_test_admit_SOURCES = tests/collector/flow/test_admit.c
tests_collector_flow_test_admit_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_admit_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_admit_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/flow/test_queue
tests_collector_flow_test_queue_SOURCES = tests/collector/flow/test_queue.c
tests_collector_flow_test_queue_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_queue_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_queue_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/flow/test_block
tests_collector_flow_test_block_SOURCES = tests/collector/flow/test_block.c
tests_collector_flow_test_block_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_block_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_block_LDADD = $(TEST_LIBS)
FLOW_PATH = tests/collector/flow/path.c tests/collector/flow/path.h
UNIT_TESTS += tests/collector/flow/test_arrival
tests_collector_flow_test_arrival_SOURCES = tests/collector/flow/test_arrival.c $(FLOW_PATH)
tests_collector_flow_test_arrival_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_arrival_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_arrival_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/flow/test_chain
tests_collector_flow_test_chain_SOURCES = tests/collector/flow/test_chain.c $(FLOW_PATH)
tests_collector_flow_test_chain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_chain_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_chain_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/flow/test_pipeline
tests_collector_flow_test_pipeline_SOURCES = tests/collector/flow/test_pipeline.c $(FLOW_PATH)
tests_collector_flow_test_pipeline_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_pipeline_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_pipeline_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/flow/test_repeats
tests_collector_flow_test_repeats_SOURCES = tests/collector/flow/test_repeats.c
tests_collector_flow_test_repeats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_flow_test_repeats_CFLAGS = $(TEST_CFLAGS)
tests_collector_flow_test_repeats_LDADD = $(TEST_LIBS)
# accuse: tests/e2e/misuse.py
# fanout: tests/e2e/sinks.py
# notices: tests/e2e/told.py
# pool: tests/collector/flow/test_queue.c
# sink: tests/e2e/sinks.py
# sink_run: tests/e2e/sinks.py
# sink_output: tests/e2e/sinks.py
# pipeline_open: tests/collector/flow/test_pipeline
