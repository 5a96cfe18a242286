# SPDX-License-Identifier: MIT
# musterctl: asks a running musterd.
bin_PROGRAMS += musterctl
musterctl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
musterctl_SOURCES = \
	%D%/check.c \
	%D%/connection.c %D%/connection.h \
	%D%/ctl.c %D%/ctl.h \
	%D%/device.c \
	%D%/lists.c \
	%D%/main.c \
	%D%/orders.c \
	%D%/show.c %D%/show.h \
	%D%/status.c \
	%D%/table.c %D%/table.h
musterctl_LDADD = src/libbase.a $(JANSSON_LIBS)
