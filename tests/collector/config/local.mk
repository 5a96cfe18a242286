# SPDX-License-Identifier: MIT
# own_files: tests/e2e/files.py
UNIT_TESTS += tests/collector/config/test_check
tests_collector_config_test_check_SOURCES = tests/collector/config/test_check.c tests/collector/config/files.h
tests_collector_config_test_check_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_check_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_check_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/config/test_config
tests_collector_config_test_config_SOURCES = tests/collector/config/test_config.c tests/collector/config/files.h
tests_collector_config_test_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_config_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_config_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/config/test_devices
tests_collector_config_test_devices_SOURCES = tests/collector/config/test_devices.c tests/collector/config/files.h
tests_collector_config_test_devices_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_devices_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_devices_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/config/test_format_reader
tests_collector_config_test_format_reader_SOURCES = tests/collector/config/test_format_reader.c tests/collector/config/files.h
tests_collector_config_test_format_reader_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_format_reader_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_format_reader_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/config/test_formats
tests_collector_config_test_formats_SOURCES = tests/collector/config/test_formats.c tests/collector/config/files.h
tests_collector_config_test_formats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_formats_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_formats_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/config/test_node
tests_collector_config_test_node_SOURCES = tests/collector/config/test_node.c tests/collector/config/files.h
tests_collector_config_test_node_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_config_test_node_CFLAGS = $(TEST_CFLAGS)
tests_collector_config_test_node_LDADD = $(TEST_LIBS)
# node_conf: tests/collector/config/test_node.c
# conf_text: tests/collector/config/test_node.c
# literal: tests/collector/config/test_node.c
# settings: tests/e2e/configuration.py
# listen: tests/e2e/listeners.py
# networks: tests/e2e/admission.py
# device_ids: tests/collector/config/test_devices.c
# decimal: tests/collector/config/test_format_reader.c
# format_fields: tests/collector/config/test_format_reader.c
# format_files: tests/collector/config/test_formats.c
# after: tests/e2e/answers.py
# format_replies: tests/collector/config/test_formats.c
# format_types: tests/collector/config/test_formats.c
# format_values: tests/collector/config/test_format_reader.c
# hexadecimal: tests/collector/config/test_format_reader.c
# example_values: tests/collector/config/test_formats.c
# examples: tests/collector/config/test_formats.c
# format_shown: tests/e2e/formats.py
