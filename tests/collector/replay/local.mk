# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/replay/test_packet
tests_collector_replay_test_packet_SOURCES = tests/collector/replay/test_packet.c
tests_collector_replay_test_packet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_packet_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_packet_LDADD = $(TEST_LIBS)
if HAVE_LIBPCAP
UNIT_TESTS += tests/collector/replay/test_capture_file
tests_collector_replay_test_capture_file_SOURCES = tests/collector/replay/test_capture_file.c
tests_collector_replay_test_capture_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_capture_file_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_capture_file_LDADD = $(TEST_LIBS)
endif
# replay: tests/e2e/replay.py
