# SPDX-License-Identifier: MIT
# The sink that prints lines.
# The plugin is plugins/log.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/log.la
plugins_log_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_log_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_log_la_LIBADD = plugins/common/libcommon.la
LOG_SOURCES =
LOG_SOURCES += \
	%D%/line.c %D%/line.h %D%/stamp.c %D%/stamp.h \
	%D%/log.c \
	%D%/value.c %D%/value.h
plugins_log_la_SOURCES = $(LOG_SOURCES)
dist_man_MANS += %D%/muster-log.7

include tests/plugins/log/local.mk
