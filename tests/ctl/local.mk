# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/ctl/test_show
tests_ctl_test_show_SOURCES = tests/ctl/test_show.c src/ctl/show.c
tests_ctl_test_show_CPPFLAGS = $(TEST_CPPFLAGS)
tests_ctl_test_show_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_ctl_test_show_LDADD = $(TEST_LIBS) $(JANSSON_LIBS)
# connection: tests/e2e/ctl_socket.py
# ctl: tests/e2e/ctl_status.py
# lists: tests/e2e/ctl_status.py
# main: tests/e2e/ctl_status.py
# status: tests/e2e/ctl_status.py
# table: tests/e2e/ctl_status.py
# check: tests/e2e/ctl_devices.py
# device: tests/e2e/ctl_devices.py
# orders: tests/e2e/ctl_orders.py
