# SPDX-License-Identifier: MIT
# values: tests/plugins/csv/test_csv_values.c
# plugin_log: tests/plugins/common/test_text_sink.c
UNIT_TESTS += tests/plugins/common/test_address
tests_plugins_common_test_address_SOURCES = tests/plugins/common/test_address.c
tests_plugins_common_test_address_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_address_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_address_LDADD = plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_fields
tests_plugins_common_test_fields_SOURCES = tests/plugins/common/test_fields.c
tests_plugins_common_test_fields_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_fields_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_fields_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_line_buffer
tests_plugins_common_test_line_buffer_SOURCES = tests/plugins/common/test_line_buffer.c
tests_plugins_common_test_line_buffer_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_line_buffer_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_line_buffer_LDADD = plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_number
tests_plugins_common_test_number_SOURCES = tests/plugins/common/test_number.c
tests_plugins_common_test_number_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_number_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_number_LDADD = plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_text_sink
tests_plugins_common_test_text_sink_SOURCES = tests/plugins/common/test_text_sink.c
tests_plugins_common_test_text_sink_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_text_sink_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_text_sink_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_unix_time
tests_plugins_common_test_unix_time_SOURCES = tests/plugins/common/test_unix_time.c
tests_plugins_common_test_unix_time_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_unix_time_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_unix_time_LDADD = plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/common/test_words
tests_plugins_common_test_words_SOURCES = tests/plugins/common/test_words.c
tests_plugins_common_test_words_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_common_test_words_CFLAGS = $(TEST_CFLAGS)
tests_plugins_common_test_words_LDADD = plugins/common/libcommon.la $(TEST_LIBS) -lm
