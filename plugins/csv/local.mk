# SPDX-License-Identifier: MIT
# The sink that writes rows.
# The plugin is plugins/csv.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/csv.la
# zstd and nettle may be missing: see configure.
CSV_CPPFLAGS = $(ZSTD_DEFINES) $(ZSTD_CFLAGS) $(NETTLE_DEFINES) $(NETTLE_CFLAGS)
CSV_LIBS = $(ZSTD_LIBS) $(NETTLE_LIBS)
plugins_csv_la_CPPFLAGS = $(AM_CPPFLAGS) $(CSV_CPPFLAGS)
plugins_csv_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_csv_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_csv_la_LIBADD = plugins/common/libcommon.la $(CSV_LIBS)
CSV_SOURCES =
CSV_SOURCES += \
	%D%/cell.c %D%/cell.h \
	%D%/content.c %D%/content.h \
	%D%/csv.c \
	%D%/digest.c %D%/digest.h \
	%D%/figures.c %D%/figures.h \
	%D%/file.c %D%/file.h \
	%D%/finish.c %D%/finish.h \
	%D%/keep.c %D%/keep.h \
	%D%/manifest.c %D%/manifest.h \
	%D%/misfit.c %D%/misfit.h \
	%D%/output.c %D%/output.h \
	%D%/pack.c %D%/pack.h \
	%D%/row.c %D%/row.h \
	%D%/segment.c %D%/segment.h \
	%D%/series.c %D%/series.h \
	%D%/settings.c %D%/settings.h \
	%D%/tend.c %D%/tend.h
plugins_csv_la_SOURCES = $(CSV_SOURCES)
dist_man_MANS += %D%/muster-csv.7

include tests/plugins/csv/local.mk
