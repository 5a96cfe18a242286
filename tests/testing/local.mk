# SPDX-License-Identifier: MIT
# Our plugins' tests use all of it.
# batches: tests/testing/test_testing.c
# callback_note: tests/testing/test_testing.c
# calls: tests/testing/test_testing.c
# functions: tests/testing/test_testing.c
# instance: tests/testing/test_testing.c
# misuse: tests/testing/test_testing.c
# texts: tests/testing/test_testing.c
# values: tests/testing/test_testing.c
UNIT_TESTS += %D%/test_testing
%C%_test_testing_SOURCES = %D%/test_testing.c
%C%_test_testing_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_testing_CFLAGS = $(TEST_CFLAGS)
%C%_test_testing_LDADD = $(TEST_LIBS)
