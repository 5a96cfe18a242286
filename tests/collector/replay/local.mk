# SPDX-License-Identifier: MIT
# link: tests/collector/replay/test_capture.c
# stream: tests/collector/replay/test_pcap.c
# replay: tests/e2e/replay.py
CAPTURE_FILE = tests/collector/replay/file.c tests/collector/replay/file.h

UNIT_TESTS += tests/collector/replay/test_packet
tests_collector_replay_test_packet_SOURCES = tests/collector/replay/test_packet.c
tests_collector_replay_test_packet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_packet_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_packet_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/replay/test_capture
tests_collector_replay_test_capture_SOURCES = tests/collector/replay/test_capture.c $(CAPTURE_FILE)
tests_collector_replay_test_capture_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_capture_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_capture_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/replay/test_outputs
tests_collector_replay_test_outputs_SOURCES = tests/collector/replay/test_outputs.c
tests_collector_replay_test_outputs_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_outputs_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_outputs_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/replay/test_pcap
tests_collector_replay_test_pcap_SOURCES = tests/collector/replay/test_pcap.c $(CAPTURE_FILE)
tests_collector_replay_test_pcap_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_pcap_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_pcap_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/replay/test_pcapng
tests_collector_replay_test_pcapng_SOURCES = tests/collector/replay/test_pcapng.c $(CAPTURE_FILE)
tests_collector_replay_test_pcapng_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_replay_test_pcapng_CFLAGS = $(TEST_CFLAGS)
tests_collector_replay_test_pcapng_LDADD = $(TEST_LIBS)
