# SPDX-License-Identifier: MIT
# The filter that judges numbers, keeps gaps, and knows who is silent.
# The plugin is plugins/sequence.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/sequence.la
plugins_sequence_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_sequence_la_LDFLAGS = $(PLUGIN_LDFLAGS)
TRACKER_SOURCES =
TRACKER_SOURCES += \
	%D%/losses.c %D%/losses.h \
	%D%/causes.c %D%/causes.h \
	%D%/disorder.h \
	%D%/doubt.c %D%/doubt.h \
	%D%/gaps.c %D%/gaps.h %D%/gaps_data.h \
	%D%/gaps_list.c %D%/gaps_list.h \
	%D%/gaps_tell.c %D%/gaps_tell.h \
	%D%/gaps_rebuild.c %D%/gaps_rebuild.h \
	%D%/habits.c %D%/habits.h \
	%D%/init.c %D%/init.h \
	%D%/leap.c %D%/leap.h \
	%D%/listening.c %D%/listening.h \
	%D%/pace.c %D%/pace.h \
	%D%/presence.c %D%/presence.h \
	%D%/recovery.c %D%/recovery.h \
	%D%/reference.c %D%/reference.h \
	%D%/resize.c %D%/resize.h \
	%D%/rivals.c %D%/rivals.h \
	%D%/session.c %D%/session.h \
	%D%/stamps.h \
	%D%/tables.c %D%/tables.h \
	%D%/timing.c %D%/timing.h \
	%D%/tracker.c %D%/tracker.h \
	%D%/tracker_data.h \
	%D%/undo.c %D%/undo.h \
	%D%/watch.c %D%/watch.h \
	%D%/wheel.c %D%/wheel.h \
	%D%/width.h \
	%D%/window.c %D%/window.h
SEQUENCE_SOURCES = $(TRACKER_SOURCES)
SEQUENCE_SOURCES += \
	%D%/events.c %D%/events.h \
	%D%/report.c %D%/report.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/sequence.c %D%/sequence.h \
	%D%/worker.c %D%/worker.h
plugins_sequence_la_SOURCES = $(SEQUENCE_SOURCES)
plugins_sequence_la_LIBADD = plugins/common/libcommon.la
dist_man_MANS += %D%/muster-sequence.7

include tests/plugins/sequence/local.mk
