# SPDX-License-Identifier: MIT
# The front of sockets and threads.
src_collector_libcollector_a_SOURCES += \
	%D%/listener.c %D%/listener.h \
	%D%/pace.c %D%/pace.h \
	%D%/receive.c %D%/receive.h \
	%D%/worker.c %D%/worker.h
