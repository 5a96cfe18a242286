# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/wire/test_wire
tests_wire_test_wire_SOURCES = tests/wire/test_wire.c
tests_wire_test_wire_CPPFLAGS = $(TEST_CPPFLAGS)
tests_wire_test_wire_CFLAGS = $(TEST_CFLAGS)
tests_wire_test_wire_LDADD = $(TEST_LIBS)
SCRIPT_TESTS += tests/wire/headers.sh
EXTRA_DIST += tests/wire/headers.sh
