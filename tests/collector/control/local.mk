# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/control/test_request
tests_collector_control_test_request_SOURCES = tests/collector/control/test_request.c
tests_collector_control_test_request_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_control_test_request_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_collector_control_test_request_LDADD = src/collector/control/libcontrol.a $(TEST_LIBS) $(JANSSON_LIBS)
UNIT_TESTS += tests/collector/control/test_samples
tests_collector_control_test_samples_SOURCES = tests/collector/control/test_samples.c
tests_collector_control_test_samples_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_control_test_samples_CFLAGS = $(TEST_CFLAGS)
tests_collector_control_test_samples_LDADD = src/collector/control/libcontrol.a $(TEST_LIBS)
# client: tests/e2e/ctl_socket.py
# commands: tests/e2e/ctl_socket.py
# control: tests/e2e/ctl_socket.py
# door: tests/e2e/ctl_socket.py
# entries: tests/e2e/ctl_status.py
# figures: tests/e2e/ctl_status.py
# file_mark: tests/e2e/ctl_status.py
# report: tests/e2e/ctl_socket.py
# status: tests/e2e/ctl_status.py
UNIT_TESTS += tests/collector/control/test_selection
tests_collector_control_test_selection_SOURCES = tests/collector/control/test_selection.c
tests_collector_control_test_selection_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_control_test_selection_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_collector_control_test_selection_LDADD = src/collector/control/libcontrol.a $(TEST_LIBS) $(JANSSON_LIBS)
# devices: tests/e2e/ctl_devices.py
# facts: tests/e2e/ctl_devices.py
# says_devices: tests/e2e/ctl_devices.py
# says_gaps: tests/e2e/ctl_devices.py
# order: tests/e2e/ctl_orders.py
# says_orders: tests/e2e/ctl_orders.py
