# SPDX-License-Identifier: MIT
# muster-fleet: plays devices.
noinst_LIBRARIES += %D%/libfleet.a
%C%_libfleet_a_SOURCES =
%C%_libfleet_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/draw.h \
	%D%/heap.c %D%/heap.h \
	%D%/message.c %D%/message.h \
	%D%/options.c %D%/options.h \
	%D%/plain.c %D%/plain.h \
	%D%/play.c %D%/play.h \
	%D%/report.c %D%/report.h \
	%D%/run.c %D%/run.h \
	%D%/send.c %D%/send.h

bin_PROGRAMS += muster-fleet
muster_fleet_SOURCES = %D%/main.c
muster_fleet_LDADD = %D%/libfleet.a src/libbase.a -lm
