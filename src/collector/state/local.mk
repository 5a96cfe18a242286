# SPDX-License-Identifier: MIT
# What outlives the daemon.
src_collector_libcollector_a_SOURCES += \
	%D%/checksum.c %D%/checksum.h \
	%D%/state.c %D%/state.h \
	%D%/state_convert.c %D%/state_convert.h \
	%D%/state_directory.c %D%/state_directory.h \
	%D%/state_file.c %D%/state_file.h \
	%D%/state_find.c %D%/state_find.h \
	%D%/state_memory.c %D%/state_memory.h \
	%D%/state_store.c %D%/state_store.h
