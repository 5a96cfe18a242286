# SPDX-License-Identifier: MIT
# The sink that counts and reports.
# The plugin is plugins/stats.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/stats.la
plugins_stats_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_stats_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_stats_la_LIBADD = plugins/common/libcommon.la
STATS_SOURCES =
STATS_SOURCES += \
	%D%/devices.c %D%/devices.h \
	%D%/json.c %D%/json.h \
	%D%/ranges.c %D%/ranges.h \
	%D%/statistics.c %D%/statistics.h \
	%D%/stats.c
plugins_stats_la_SOURCES = $(STATS_SOURCES)
dist_man_MANS += %D%/muster-stats.7

include tests/plugins/stats/local.mk
