# SPDX-License-Identifier: MIT
# A datagram becomes records, filters, sinks.
src_collector_libcollector_a_SOURCES += \
	%D%/block.c %D%/block.h \
	%D%/fanout.c \
	%D%/queue.c %D%/queue.h \
	%D%/sink.c %D%/sink.h
