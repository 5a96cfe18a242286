# SPDX-License-Identifier: MIT
# The front of sockets and threads.
src_collector_libcollector_a_SOURCES += \
	%D%/drops.c %D%/drops.h \
	%D%/inbox.c %D%/inbox.h \
	%D%/inherited.c %D%/inherited.h \
	%D%/intake.c %D%/intake.h \
	%D%/listener.c %D%/listener.h \
	%D%/live.c %D%/live.h \
	%D%/pace.c %D%/pace.h \
	%D%/port.c %D%/port.h \
	%D%/receiver.c %D%/receiver.h \
	%D%/reply.c %D%/reply.h \
	%D%/socket.c %D%/socket.h \
	%D%/steering.c %D%/steering.h \
	%D%/worker.c %D%/worker.h
