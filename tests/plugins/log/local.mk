# SPDX-License-Identifier: MIT
# line: tests/plugins/log/test_log.c
# stamp: tests/plugins/log/test_log.c
UNIT_TESTS += tests/plugins/log/test_log
tests_plugins_log_test_log_SOURCES = tests/plugins/log/test_log.c $(FAKE_HOST) $(LOG_SOURCES) $(COMMON_SOURCES)
tests_plugins_log_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_log_test_log_CFLAGS = $(TEST_CFLAGS)
tests_plugins_log_test_log_LDADD = $(TEST_LIBS) -lm
