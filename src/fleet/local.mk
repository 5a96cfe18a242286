# SPDX-License-Identifier: MIT
# muster-fleet: plays devices.
noinst_LIBRARIES += %D%/libfleet.a
%C%_libfleet_a_SOURCES =
%C%_libfleet_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/ack.c %D%/ack.h \
	%D%/claims.c %D%/claims.h \
	%D%/claims_report.c %D%/claims_report.h \
	%D%/claims_sums.c \
	%D%/dialect.c %D%/dialect.h \
	%D%/draw.h \
	%D%/fields.c %D%/fields.h \
	%D%/heap.c %D%/heap.h \
	%D%/message.c %D%/message.h \
	%D%/options.c %D%/options.h \
	%D%/pace.c %D%/pace.h \
	%D%/perform.c %D%/perform.h \
	%D%/plain.c %D%/plain.h \
	%D%/play.c %D%/play.h \
	%D%/report.c %D%/report.h \
	%D%/run.c %D%/run.h \
	%D%/scenario.c %D%/scenario.h \
	%D%/scenario_acts.c %D%/scenario_acts.h \
	%D%/send.c %D%/send.h \
	%D%/stage.c %D%/stage.h %D%/stage_data.h \
	%D%/stage_way.c %D%/stage_way.h \
	%D%/values.c %D%/values.h

bin_PROGRAMS += muster-fleet
muster_fleet_SOURCES = %D%/main.c
# Of the daemon, what reads a catalog.
muster_fleet_LDADD = %D%/libfleet.a $(COLLECTOR_LIBS)
