# SPDX-License-Identifier: MIT
# The built-in datagram.
noinst_LIBRARIES += src/libwire.a
src_libwire_a_SOURCES =
src_libwire_a_SOURCES += \
	%D%/datagram.c %D%/datagram.h
