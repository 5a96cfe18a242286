# SPDX-License-Identifier: MIT
# file: tests/plugins/csv/test_csv_file.c
# content: tests/plugins/csv/test_csv_file.c
# misfit: tests/e2e/configuration.py
# output: tests/plugins/csv/test_csv_file.c
# segment: tests/plugins/csv/test_csv_file.c
# digest: tests/plugins/csv/test_csv_segments.c
# figures: tests/plugins/csv/test_csv_segments.c
# finish: tests/plugins/csv/test_csv_segments.c
# keep: tests/plugins/csv/test_csv_segments.c
# manifest: tests/plugins/csv/test_csv_segments.c
# pack: tests/plugins/csv/test_csv_segments.c
# series: tests/plugins/csv/test_csv_segments.c
# tend: tests/plugins/csv/test_csv_segments.c
# settings: tests/plugins/csv/test_csv.c
# row: tests/plugins/csv/test_csv_rows.c
# cell: tests/plugins/csv/test_csv_rows.c
TEST_PARTS += %D%/libfixture.a
%C%_libfixture_a_SOURCES = %D%/fixture.c %D%/fixture.h $(CSV_SOURCES)
%C%_libfixture_a_CPPFLAGS = $(TEST_CPPFLAGS) $(CSV_CPPFLAGS)
%C%_libfixture_a_CFLAGS = $(TEST_CFLAGS)
UNIT_TESTS += tests/plugins/csv/test_csv
tests_plugins_csv_test_csv_SOURCES = tests/plugins/csv/test_csv.c
tests_plugins_csv_test_csv_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_LDADD = %D%/libfixture.a $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(CSV_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_file
tests_plugins_csv_test_csv_file_SOURCES = tests/plugins/csv/test_csv_file.c
tests_plugins_csv_test_csv_file_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_file_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_file_LDADD = %D%/libfixture.a $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(CSV_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_rows
tests_plugins_csv_test_csv_rows_SOURCES = tests/plugins/csv/test_csv_rows.c
tests_plugins_csv_test_csv_rows_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_rows_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_rows_LDADD = %D%/libfixture.a $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(CSV_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_values
tests_plugins_csv_test_csv_values_SOURCES = tests/plugins/csv/test_csv_values.c
tests_plugins_csv_test_csv_values_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_csv_test_csv_values_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_values_LDADD = %D%/libfixture.a $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(CSV_LIBS) $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/csv/test_csv_segments
tests_plugins_csv_test_csv_segments_SOURCES = tests/plugins/csv/test_csv_segments.c
tests_plugins_csv_test_csv_segments_CPPFLAGS = $(TEST_CPPFLAGS) $(CSV_CPPFLAGS)
tests_plugins_csv_test_csv_segments_CFLAGS = $(TEST_CFLAGS)
tests_plugins_csv_test_csv_segments_LDADD = %D%/libfixture.a $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(CSV_LIBS) $(TEST_LIBS) -lm
