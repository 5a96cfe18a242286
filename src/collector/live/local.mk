# SPDX-License-Identifier: MIT
# The front of sockets and threads.
src_collector_libcollector_a_SOURCES += \
	%D%/listener.c %D%/listener.h \
	%D%/live.c %D%/live.h \
	%D%/pace.c %D%/pace.h \
	%D%/receiver.c %D%/receiver.h \
	%D%/socket.c %D%/socket.h \
	%D%/worker.c %D%/worker.h
