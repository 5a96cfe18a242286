# SPDX-License-Identifier: MIT
# muster-plugin: for authors of plugins.
noinst_LIBRARIES += %D%/libplugin_tool.a
%C%_libplugin_tool_a_SOURCES = \
	%D%/check.c %D%/check.h \
	%D%/child.c %D%/child.h \
	%D%/drive_filter.c %D%/drive_filter.h \
	%D%/drive_sink.c %D%/drive_sink.h \
	%D%/generate.c %D%/generate.h \
	%D%/life.c %D%/life.h \
	%D%/new.c %D%/new.h \
	%D%/pages.c %D%/pages.h \
	%D%/report.c %D%/report.h \
	%D%/symbols.c %D%/symbols.h \
	%D%/templates.h
nodist_%C%_libplugin_tool_a_SOURCES = templates.c

TEMPLATES = \
	%D%/templates/Makefile.in \
	%D%/templates/README.md.in \
	%D%/templates/filter.c.in \
	%D%/templates/filter.cc.in \
	%D%/templates/manual.7.in \
	%D%/templates/sink.c.in \
	%D%/templates/sink.cc.in \
	%D%/templates/test_filter.c.in \
	%D%/templates/test_sink.c.in
templates.c: %D%/templates.sh $(TEMPLATES)
	$(AM_V_GEN)(cd $(srcdir) && sh %D%/templates.sh $(TEMPLATES)) > $@.new && mv $@.new $@
CLEANFILES += templates.c
EXTRA_DIST += %D%/templates.sh $(TEMPLATES)

bin_PROGRAMS += muster-plugin
muster_plugin_SOURCES = %D%/main.c
muster_plugin_LDADD = %D%/libplugin_tool.a $(TESTING_LIBS) -lm
