# SPDX-License-Identifier: MIT
# check: tests/e2e/plugin_tool.py
# child: tests/e2e/plugin_tool.py
# drive_filter: tests/e2e/plugin_tool.py
# drive_sink: tests/e2e/plugin_tool.py
# generate: tests/e2e/plugin_tool.py
# life: tests/e2e/plugin_tool.py
# main: tests/e2e/plugin_tool.py
# new: tests/e2e/plugin_tool.py
# pages: tests/e2e/plugin_tool.py
# report: tests/e2e/plugin_tool.py
# symbols: tests/e2e/plugin_tool.py
check_LTLIBRARIES += %D%/broken_sink.la
%C%_broken_sink_la_SOURCES = %D%/broken_sink.c
%C%_broken_sink_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_broken_sink_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/broken_filter.la
%C%_broken_filter_la_SOURCES = %D%/broken_filter.c
%C%_broken_filter_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_broken_filter_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
