# SPDX-License-Identifier: MIT
# What the tests share: the main of every Check program, and a reader of vectors.
tests_libtest_a_CPPFLAGS = $(TEST_CPPFLAGS)
tests_libtest_a_CFLAGS = $(TEST_CFLAGS)
tests_libtest_a_SOURCES = \
	%D%/random.h \
	%D%/runner.c %D%/runner.h \
	%D%/wire_class.c %D%/wire_class.h \
	%D%/yaml.c %D%/yaml.h
