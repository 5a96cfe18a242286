# SPDX-License-Identifier: MIT
# The sink that writes rows.
# The plugin is plugins/csv.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/csv.la
plugins_csv_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_csv_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_csv_la_LIBADD = plugins/common/libcommon.la
CSV_SOURCES =
CSV_SOURCES += \
	%D%/cell.c %D%/cell.h \
	%D%/content.c %D%/content.h \
	%D%/csv.c \
	%D%/file.c %D%/file.h \
	%D%/misfit.c %D%/misfit.h \
	%D%/output.c %D%/output.h \
	%D%/row.c %D%/row.h
plugins_csv_la_SOURCES = $(CSV_SOURCES)
dist_man_MANS += %D%/muster-csv.7

include tests/plugins/csv/local.mk
