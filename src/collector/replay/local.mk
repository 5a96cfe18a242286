# SPDX-License-Identifier: MIT
# The front of a packet capture.
src_collector_libcollector_a_SOURCES += \
	%D%/capture.c %D%/capture.h \
	%D%/link.c %D%/link.h \
	%D%/order.h \
	%D%/outputs.c %D%/outputs.h \
	%D%/packet.c %D%/packet.h \
	%D%/pcap.c %D%/pcap.h \
	%D%/pcapng.c %D%/pcapng.h \
	%D%/replay.c %D%/replay.h \
	%D%/stream.c %D%/stream.h
