# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/replay/test_capture
tests_collector_replay_test_capture_SOURCES = tests/collector/replay/test_capture.c
tests_collector_replay_test_capture_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_capture_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_capture_LDADD = $(TEST_LIBS)
if HAVE_LIBPCAP
UNIT_TESTS += tests/collector/replay/test_capture_file
tests_collector_replay_test_capture_file_SOURCES = tests/collector/replay/test_capture_file.c
tests_collector_replay_test_capture_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_capture_file_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_capture_file_LDADD = $(TEST_LIBS)
endif
# replay: tests/e2e/replay.py
