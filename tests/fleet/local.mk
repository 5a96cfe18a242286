# SPDX-License-Identifier: MIT
# main: tests/e2e/fleet.py
# message: tests/fleet/test_play.c
# send: tests/fleet/test_run.c
UNIT_TESTS += tests/fleet/test_account
tests_fleet_test_account_SOURCES = tests/fleet/test_account.c tests/fleet/plan.h
tests_fleet_test_account_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_account_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_account_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_heap
tests_fleet_test_heap_SOURCES = tests/fleet/test_heap.c
tests_fleet_test_heap_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_heap_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_heap_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_options
tests_fleet_test_options_SOURCES = tests/fleet/test_options.c
tests_fleet_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_options_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_options_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_plain
tests_fleet_test_plain_SOURCES = tests/fleet/test_plain.c
tests_fleet_test_plain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_plain_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_plain_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_play
tests_fleet_test_play_SOURCES = tests/fleet/test_play.c tests/fleet/plan.h
tests_fleet_test_play_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_play_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_play_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_report
tests_fleet_test_report_SOURCES = tests/fleet/test_report.c
tests_fleet_test_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_report_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_report_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_run
tests_fleet_test_run_SOURCES = tests/fleet/test_run.c tests/fleet/plan.h
tests_fleet_test_run_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_run_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_run_LDADD = src/fleet/libfleet.a src/libbase.a $(TEST_LIBS) -lm
