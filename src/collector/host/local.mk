# SPDX-License-Identifier: MIT
# The contract's side of the daemon.
src_collector_libcollector_a_SOURCES += \
	%D%/batch.c %D%/batch.h \
	%D%/batch_check.c %D%/batch_check.h \
	%D%/batch_index.c %D%/batch_index.h \
	%D%/callback.c %D%/callback.h \
	%D%/columns.c %D%/columns.h \
	%D%/entry.c %D%/entry.h \
	%D%/host.c %D%/host.h \
	%D%/instance.c %D%/instance.h \
	%D%/metric.c %D%/metric.h \
	%D%/option.c %D%/option.h \
	%D%/options.c %D%/options.h \
	%D%/note.c %D%/note.h \
	%D%/owner.c %D%/owner.h \
	%D%/plugin.c %D%/plugin.h \
	%D%/plugin_file.c %D%/plugin_file.h \
	%D%/plugin_find.c %D%/plugin_find.h \
	%D%/plugin_list.c %D%/plugin_list.h \
	%D%/rule_table.c %D%/rule_table.h \
	%D%/rules.c %D%/rules.h \
	%D%/secret.c %D%/secret.h
