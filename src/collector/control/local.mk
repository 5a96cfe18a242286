# SPDX-License-Identifier: MIT
# The control socket and its commands; a library of its own, since no other program needs jansson.
noinst_LIBRARIES += %D%/libcontrol.a
%C%_libcontrol_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_libcontrol_a_SOURCES = \
	%D%/about.h \
	%D%/order.c %D%/order.h \
	%D%/report.c %D%/report.h \
	%D%/client.c %D%/client.h \
	%D%/command.h \
	%D%/commands.c \
	%D%/control.c %D%/control.h \
	%D%/devices.c %D%/devices.h \
	%D%/door.c %D%/door.h \
	%D%/entries.c \
	%D%/facts.c %D%/facts.h \
	%D%/figures.c %D%/figures.h \
	%D%/file_mark.c %D%/file_mark.h \
	%D%/request.c %D%/request.h \
	%D%/samples.c %D%/samples.h \
	%D%/says.h \
	%D%/says_devices.c \
	%D%/says_gaps.c \
	%D%/says_orders.c \
	%D%/selection.c %D%/selection.h \
	%D%/status.c
