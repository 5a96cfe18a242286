# SPDX-License-Identifier: MIT
# Files become values.
src_collector_libcollector_a_SOURCES += \
	%D%/check.c %D%/check.h \
	%D%/config.c %D%/config.h \
	%D%/devices.c %D%/devices.h \
	%D%/listen.c %D%/listen.h \
	%D%/literal.c %D%/literal.h \
	%D%/networks.c %D%/networks.h \
	%D%/node_conf.c %D%/node_conf.h \
	%D%/settings.c %D%/settings.h
