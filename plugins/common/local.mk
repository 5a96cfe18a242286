# SPDX-License-Identifier: MIT
# What several plugins share.
noinst_LTLIBRARIES += %D%/libcommon.la
%C%_libcommon_la_CFLAGS = $(PLUGIN_CFLAGS)
COMMON_SOURCES =
COMMON_SOURCES += \
	%D%/address.c %D%/address.h \
	%D%/fields.c %D%/fields.h \
	%D%/line_buffer.c %D%/line_buffer.h \
	%D%/number.c %D%/number.h \
	%D%/number_table.c \
	%D%/plugin_log.c %D%/plugin_log.h \
	%D%/plugin_metric.h \
	%D%/replace.h \
	%D%/text.h \
	%D%/text_sink.c %D%/text_sink.h \
	%D%/unix_time.c %D%/unix_time.h \
	%D%/values.c %D%/values.h \
	%D%/words.c %D%/words.h
# Of what any program needs, compiled for plugins: it becomes a part of each that uses it.
COMMON_SOURCES += \
	src/base/destination.c src/base/destination.h \
	src/base/printable.c src/base/printable.h \
	src/base/printable_table.c src/base/printable_table.h \
	src/base/replace.c src/base/replace.h \
	src/base/text.c src/base/text.h
%C%_libcommon_la_SOURCES = $(COMMON_SOURCES)

include tests/plugins/common/local.mk
