# SPDX-License-Identifier: MIT
# file: tests/plugins/csv/test_csv.c
# row: tests/plugins/csv/test_csv_rows.c
# cell: tests/plugins/csv/test_csv_rows.c
UNIT_TESTS += tests/plugins/csv/test_csv
tests_plugins_csv_test_csv_SOURCES = tests/plugins/csv/test_csv.c $(FAKE_HOST) $(CSV_SOURCES) $(COMMON_SOURCES)
tests_plugins_csv_test_csv_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_LDADD = $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_rows
tests_plugins_csv_test_csv_rows_SOURCES = tests/plugins/csv/test_csv_rows.c $(FAKE_HOST) $(CSV_SOURCES) $(COMMON_SOURCES)
tests_plugins_csv_test_csv_rows_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_rows_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_rows_LDADD = $(TEST_LIBS) -lm
