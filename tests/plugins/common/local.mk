# SPDX-License-Identifier: MIT
# plugin_log: tests/plugins/common/test_text_sink.c
UNIT_TESTS += tests/plugins/common/test_line_buffer
tests_plugins_common_test_line_buffer_SOURCES = tests/plugins/common/test_line_buffer.c $(COMMON_SOURCES)
tests_plugins_common_test_line_buffer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_line_buffer_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_line_buffer_LDADD = $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_text_sink
tests_plugins_common_test_text_sink_SOURCES = tests/plugins/common/test_text_sink.c $(FAKE_HOST) $(COMMON_SOURCES)
tests_plugins_common_test_text_sink_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_text_sink_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_text_sink_LDADD = $(TEST_LIBS) -lm
