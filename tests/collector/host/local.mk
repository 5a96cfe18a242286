# SPDX-License-Identifier: MIT
UNIT_TESTS += tests/collector/host/test_columns
tests_collector_host_test_columns_SOURCES = tests/collector/host/test_columns.c
tests_collector_host_test_columns_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_columns_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_columns_LDADD = tests/wire/libplan.a plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/collector/host/test_batch
tests_collector_host_test_batch_SOURCES = tests/collector/host/test_batch.c
tests_collector_host_test_batch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_batch_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_batch_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_batch_check
tests_collector_host_test_batch_check_SOURCES = tests/collector/host/test_batch_check.c
tests_collector_host_test_batch_check_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_batch_check_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_batch_check_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_host
tests_collector_host_test_host_SOURCES = tests/collector/host/test_host.c
tests_collector_host_test_host_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_host_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_host_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_metric
tests_collector_host_test_metric_SOURCES = tests/collector/host/test_metric.c
tests_collector_host_test_metric_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_metric_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_metric_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_plugin
tests_collector_host_test_plugin_SOURCES = tests/collector/host/test_plugin.c
tests_collector_host_test_plugin_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_plugin_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_plugin_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_options
tests_collector_host_test_options_SOURCES = tests/collector/host/test_options.c
tests_collector_host_test_options_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_options_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_options_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_text_number
tests_collector_host_test_text_number_SOURCES = tests/collector/host/test_text_number.c
tests_collector_host_test_text_number_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_text_number_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_text_number_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_rules
tests_collector_host_test_rules_SOURCES = tests/collector/host/test_rules.c
tests_collector_host_test_rules_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_rules_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_rules_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/collector/host/test_secret
tests_collector_host_test_secret_SOURCES = tests/collector/host/test_secret.c
tests_collector_host_test_secret_CPPFLAGS = $(TEST_CPPFLAGS)
tests_collector_host_test_secret_CFLAGS = $(TEST_CFLAGS)
tests_collector_host_test_secret_LDADD = $(TEST_LIBS)
# option: tests/collector/host/test_options.c
# note: tests/e2e/misuse.py
# owner: tests/e2e/misuse.py
# batch_index: tests/collector/host/test_batch_check.c
# rule_table: tests/collector/host/test_rules.c
# plugin_file: tests/collector/host/test_plugin.c
# plugin_list: tests/e2e/configuration.py
# plugin_find: tests/collector/host/test_plugin.c
# entry: tests/collector/config/test_config.c

# Plugins of other versions, all from one source; the loader's test finds them in
# tests/collector/host/.libs of the build tree.  -rpath makes libtool build a shared object that is
# not installed.
ODD_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/odd_good.la
%C%_odd_good_la_SOURCES = %D%/odd_plugin.c
%C%_odd_good_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=1
%C%_odd_good_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_good_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_short.la
%C%_odd_short_la_SOURCES = %D%/odd_plugin.c
%C%_odd_short_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=2
%C%_odd_short_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_short_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_major.la
%C%_odd_major_la_SOURCES = %D%/odd_plugin.c
%C%_odd_major_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=3
%C%_odd_major_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_major_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_future.la
%C%_odd_future_la_SOURCES = %D%/odd_plugin.c
%C%_odd_future_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=4
%C%_odd_future_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_future_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_no_write.la
%C%_odd_no_write_la_SOURCES = %D%/odd_plugin.c
%C%_odd_no_write_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=5
%C%_odd_no_write_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_no_write_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_options.la
%C%_odd_options_la_SOURCES = %D%/odd_plugin.c
%C%_odd_options_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=6
%C%_odd_options_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_options_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_reserved.la
%C%_odd_reserved_la_SOURCES = %D%/odd_plugin.c
%C%_odd_reserved_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=7
%C%_odd_reserved_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_reserved_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_no_role.la
%C%_odd_no_role_la_SOURCES = %D%/odd_plugin.c
%C%_odd_no_role_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=8
%C%_odd_no_role_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_no_role_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_no_name.la
%C%_odd_no_name_la_SOURCES = %D%/odd_plugin.c
%C%_odd_no_name_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=9
%C%_odd_no_name_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_no_name_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_no_symbol.la
%C%_odd_no_symbol_la_SOURCES = %D%/odd_plugin.c
%C%_odd_no_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=10
%C%_odd_no_symbol_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_no_symbol_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_number.la
%C%_odd_number_la_SOURCES = %D%/odd_plugin.c
%C%_odd_number_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=11
%C%_odd_number_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_number_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_twice.la
%C%_odd_twice_la_SOURCES = %D%/odd_plugin.c
%C%_odd_twice_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=12
%C%_odd_twice_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_twice_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_word.la
%C%_odd_word_la_SOURCES = %D%/odd_plugin.c
%C%_odd_word_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=13
%C%_odd_word_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_word_la_LDFLAGS = $(ODD_LDFLAGS)
check_LTLIBRARIES += %D%/odd_names.la
%C%_odd_names_la_SOURCES = %D%/odd_plugin.c
%C%_odd_names_la_CPPFLAGS = $(AM_CPPFLAGS) -DODD=14
%C%_odd_names_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_odd_names_la_LDFLAGS = $(ODD_LDFLAGS)
# instance: tests/collector/flow/test_chain.c
# callback: tests/collector/flow/test_chain.c
