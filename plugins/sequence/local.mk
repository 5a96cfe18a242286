# SPDX-License-Identifier: MIT
# The filter that judges numbers, keeps gaps, and knows who is silent.
# The plugin is plugins/sequence.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/sequence.la
plugins_sequence_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_sequence_la_LDFLAGS = $(PLUGIN_LDFLAGS)
TRACKER_SOURCES =
TRACKER_SOURCES += \
	%D%/gaps.c %D%/gaps.h \
	%D%/hearing.c %D%/hearing.h \
	%D%/presence.c %D%/presence.h \
	%D%/tables.c %D%/tables.h \
	%D%/timing.c %D%/timing.h \
	%D%/tracker.c %D%/tracker.h \
	%D%/tracker_data.h \
	%D%/window.c
SEQUENCE_SOURCES = $(TRACKER_SOURCES)
SEQUENCE_SOURCES += \
	%D%/evidence.c %D%/evidence.h \
	%D%/sequence.c %D%/sequence.h \
	%D%/worker.c
plugins_sequence_la_SOURCES = $(SEQUENCE_SOURCES)
dist_man_MANS += %D%/muster-sequence.7

include tests/plugins/sequence/local.mk
