# SPDX-License-Identifier: MIT
# What several plugins share.
noinst_LTLIBRARIES += %D%/libcommon.la
%C%_libcommon_la_CFLAGS = $(PLUGIN_CFLAGS)
COMMON_SOURCES =
COMMON_SOURCES += \
	%D%/lines.c %D%/lines.h \
	%D%/number.c %D%/number.h \
	%D%/number_table.c \
	%D%/say.c %D%/say.h \
	%D%/text.c %D%/text.h
%C%_libcommon_la_SOURCES = $(COMMON_SOURCES)
