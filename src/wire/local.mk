# SPDX-License-Identifier: MIT
# The built-in datagram, and the rule that steers it to a worker.
noinst_LIBRARIES += src/libwire.a
src_libwire_a_SOURCES =
src_libwire_a_SOURCES += \
	%D%/datagram.c %D%/datagram.h \
	%D%/steering.c %D%/steering.h
