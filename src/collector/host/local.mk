# SPDX-License-Identifier: MIT
# The contract's side of the daemon.
src_collector_libcollector_a_SOURCES += \
	%D%/batch.c %D%/batch.h \
	%D%/instance.c %D%/instance.h \
	%D%/loader.c %D%/loader.h \
	%D%/options.c %D%/options.h
