# SPDX-License-Identifier: MIT
# The filter that puts records in the order of their time stamps.
# The plugin is plugins/reorder.so, so that all are in one folder for musterd --plugin-path.
plugin_LTLIBRARIES += plugins/reorder.la
plugins_reorder_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_reorder_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_reorder_la_LIBADD = plugins/common/libcommon.la
REORDER_SOURCES = %D%/reorder.c %D%/waiting.c %D%/waiting.h
plugins_reorder_la_SOURCES = $(REORDER_SOURCES)
dist_man_MANS += %D%/muster-reorder.7

include tests/plugins/reorder/local.mk
