# SPDX-License-Identifier: MIT
# musterd: a library of its rooms, for the tests too, and main.
noinst_LIBRARIES += %D%/libcollector.a
%C%_libcollector_a_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_DIRECTORY='"$(plugindir)"' \
	-DCONFIG_PATH='"$(configdir)/collector.conf"' \
	-DFORMATS_DIRECTORY='"$(pkgdatadir)/formats"'
%C%_libcollector_a_CFLAGS = $(AM_CFLAGS) $(LIBCONFIG_CFLAGS) $(YAML_CFLAGS)
%C%_libcollector_a_SOURCES = \
	%D%/attendant.h \
	%D%/collector.c %D%/collector.h \
	%D%/crash.c %D%/crash.h \
	%D%/decode.c %D%/decode.h \
	%D%/decode_input.c %D%/decode_input.h \
	%D%/ending.c %D%/ending.h \
	%D%/environment.c %D%/environment.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/loop.c %D%/loop.h \
	%D%/numbering.c %D%/numbering.h \
	%D%/overrun.c %D%/overrun.h \
	%D%/plain.c %D%/plain.h \
	%D%/reload.c %D%/reload.h \
	%D%/requests.c %D%/requests.h \
	%D%/restart.c %D%/restart.h \
	%D%/watchdog.c %D%/watchdog.h
include %D%/config/local.mk
include %D%/catalog/local.mk
include %D%/host/local.mk
include %D%/flow/local.mk
include %D%/live/local.mk
include %D%/replay/local.mk
include %D%/state/local.mk
include %D%/control/local.mk
COLLECTOR_LIBS = %D%/libcollector.a src/libwire.a src/libbase.a $(LIBCONFIG_LIBS) $(YAML_LIBS) -lm

# Which commit it was built from; " (0636427)", or nothing outside of a repository.
src/commit.h: FORCE-commit
	@commit=`git -C $(srcdir) rev-parse --short=7 HEAD 2>/dev/null`; \
	test -z "$$commit" || commit=" ($$commit)"; \
	mkdir -p src; echo "#define BUILD_COMMIT \"$$commit\"" >$@.tmp; \
	if cmp -s $@.tmp $@; then rm -f $@.tmp; else mv -f $@.tmp $@; fi
FORCE-commit:
.PHONY: FORCE-commit
BUILT_SOURCES += src/commit.h
CLEANFILES += src/commit.h

sbin_PROGRAMS += musterd
musterd_CPPFLAGS = $(%C%_libcollector_a_CPPFLAGS)
musterd_CFLAGS = $(%C%_libcollector_a_CFLAGS)
musterd_SOURCES = %D%/main.c
musterd_LDADD = %D%/control/libcontrol.a $(COLLECTOR_LIBS) $(JANSSON_LIBS)
