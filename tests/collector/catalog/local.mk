# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/catalog/test_catalog
tests_collector_catalog_test_catalog_SOURCES = tests/collector/catalog/test_catalog.c
tests_collector_catalog_test_catalog_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_catalog_test_catalog_CFLAGS = $(TEST_CFLAGS)
tests_collector_catalog_test_catalog_LDADD = $(TEST_LIBS)
