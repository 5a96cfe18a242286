# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/plugins/reorder/test_reorder
tests_plugins_reorder_test_reorder_SOURCES = tests/plugins/reorder/test_reorder.c $(REORDER_SOURCES)
tests_plugins_reorder_test_reorder_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_reorder_test_reorder_CFLAGS = $(TEST_CFLAGS)
tests_plugins_reorder_test_reorder_LDADD = $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS)
UNIT_TESTS += tests/plugins/reorder/test_waiting
tests_plugins_reorder_test_waiting_SOURCES = tests/plugins/reorder/test_waiting.c plugins/reorder/waiting.c
tests_plugins_reorder_test_waiting_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_reorder_test_waiting_CFLAGS = $(TEST_CFLAGS)
tests_plugins_reorder_test_waiting_LDADD = $(TEST_LIBS)
