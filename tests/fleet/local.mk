# SPDX-License-Identifier: MIT
FLEET_LIBS = src/fleet/libfleet.a src/libwire.a src/libbase.a $(YAML_LIBS)
# main: tests/e2e/fleet.py
# dialect: tests/e2e/fleet_formats.py
# message: tests/fleet/test_play.c
# pace: tests/fleet/test_run.c
# perform: tests/e2e/scenarios.py
# claims_report: tests/e2e/scenarios.py
# claims_sums: tests/fleet/test_claims.c
# values: tests/fleet/test_options.c
# fields: tests/fleet/test_scenario.c
# scenario_acts: tests/fleet/test_scenario.c
# stage_way: tests/fleet/test_stage.c
# send: tests/fleet/test_run.c
UNIT_TESTS += tests/fleet/test_account
tests_fleet_test_account_SOURCES = tests/fleet/test_account.c tests/fleet/plan.h
tests_fleet_test_account_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_account_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_account_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_ack
tests_fleet_test_ack_SOURCES = tests/fleet/test_ack.c tests/fleet/plan.h
tests_fleet_test_ack_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_ack_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_ack_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_heap
tests_fleet_test_heap_SOURCES = tests/fleet/test_heap.c
tests_fleet_test_heap_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_heap_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_heap_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_options
tests_fleet_test_options_SOURCES = tests/fleet/test_options.c
tests_fleet_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_options_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_options_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_plain
tests_fleet_test_plain_SOURCES = tests/fleet/test_plain.c
tests_fleet_test_plain_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_plain_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_plain_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_play
tests_fleet_test_play_SOURCES = tests/fleet/test_play.c tests/fleet/plan.h
tests_fleet_test_play_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_play_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_play_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_report
tests_fleet_test_report_SOURCES = tests/fleet/test_report.c
tests_fleet_test_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_report_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_report_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_run
tests_fleet_test_run_SOURCES = tests/fleet/test_run.c tests/fleet/plan.h
tests_fleet_test_run_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_run_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_run_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_scenario
tests_fleet_test_scenario_SOURCES = tests/fleet/test_scenario.c tests/fleet/scenes.h
tests_fleet_test_scenario_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_scenario_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_scenario_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_stage
tests_fleet_test_stage_SOURCES = tests/fleet/test_stage.c tests/fleet/scenes.h
tests_fleet_test_stage_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_stage_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_stage_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/fleet/test_claims
tests_fleet_test_claims_SOURCES = tests/fleet/test_claims.c tests/fleet/scenes.h
tests_fleet_test_claims_CPPFLAGS = $(TEST_CPPFLAGS)
tests_fleet_test_claims_CFLAGS = $(TEST_CFLAGS)
tests_fleet_test_claims_LDADD = $(FLEET_LIBS) $(TEST_LIBS) -lm
