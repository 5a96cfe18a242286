# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/fleet/test_fleet
tests_fleet_test_fleet_SOURCES = tests/fleet/test_fleet.c
tests_fleet_test_fleet_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_fleet_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_fleet_LDADD = src/fleet/libfleet.a $(TEST_LIBS) -lm
