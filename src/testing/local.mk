# SPDX-License-Identifier: MIT
# libmuster-test: a host for unit tests of plugins.
noinst_LIBRARIES += %D%/libtesting.a
%C%_libtesting_a_SOURCES = \
	%D%/batches.c %D%/batches.h \
	%D%/callback_note.c %D%/callback_note.h \
	%D%/calls.c %D%/calls.h \
	%D%/functions.c \
	%D%/instance.c %D%/instance.h \
	%D%/misuse.c %D%/misuse.h \
	%D%/texts.c %D%/texts.h \
	%D%/values.c %D%/values.h
TESTING_LIBS = %D%/libtesting.a $(COLLECTOR_LIBS)

# What is installed is one object that has all it needs of the rooms below, and shows muster_test_
# alone, so that no name of ours meets one of the author's.
TESTING_PARTS = %D%/libtesting.a src/collector/libcollector.a src/libwire.a src/libbase.a
testlibdir = $(libdir)
nodist_testlib_DATA = libmuster-test.a
libmuster-test.a: $(TESTING_PARTS)
	$(AM_V_AR)$(LD) -r -o libmuster-test.o --whole-archive %D%/libtesting.a --no-whole-archive \
	  src/collector/libcollector.a src/libwire.a src/libbase.a
	$(AM_V_at)$(OBJCOPY) -w --keep-global-symbol='muster_test_*' libmuster-test.o
	$(AM_V_at)rm -f $@ && $(AR) cr $@ libmuster-test.o && $(RANLIB) $@
CLEANFILES += libmuster-test.a libmuster-test.o
