# SPDX-License-Identifier: MIT
# value: tests/plugins/log/test_log.c
# line: tests/plugins/log/test_log.c
# stamp: tests/plugins/log/test_log.c
UNIT_TESTS += tests/plugins/log/test_log
tests_plugins_log_test_log_SOURCES = tests/plugins/log/test_log.c $(LOG_SOURCES)
tests_plugins_log_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_log_test_log_CFLAGS = $(TEST_CFLAGS)
tests_plugins_log_test_log_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
