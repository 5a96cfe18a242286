# SPDX-License-Identifier: MIT
# file: tests/plugins/csv/test_csv_file.c
# row: tests/plugins/csv/test_csv_rows.c
# cell: tests/plugins/csv/test_csv_rows.c
CSV_FIXTURE = tests/plugins/csv/fixture.c tests/plugins/csv/fixture.h $(FAKE_HOST)
UNIT_TESTS += tests/plugins/csv/test_csv
tests_plugins_csv_test_csv_SOURCES = tests/plugins/csv/test_csv.c $(CSV_FIXTURE) $(CSV_SOURCES) $(COMMON_SOURCES)
tests_plugins_csv_test_csv_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_LDADD = $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_file
tests_plugins_csv_test_csv_file_SOURCES = tests/plugins/csv/test_csv_file.c $(CSV_FIXTURE) $(CSV_SOURCES) $(COMMON_SOURCES)
tests_plugins_csv_test_csv_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_file_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_file_LDADD = $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_rows
tests_plugins_csv_test_csv_rows_SOURCES = tests/plugins/csv/test_csv_rows.c $(CSV_FIXTURE) $(CSV_SOURCES) $(COMMON_SOURCES)
tests_plugins_csv_test_csv_rows_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_rows_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_rows_LDADD = $(TEST_LIBS) -lm
