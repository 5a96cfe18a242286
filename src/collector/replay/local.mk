# SPDX-License-Identifier: MIT
# The front of a packet capture.
src_collector_libcollector_a_SOURCES += \
	%D%/packet.c %D%/packet.h
if HAVE_LIBPCAP
src_collector_libcollector_a_SOURCES += \
	%D%/capture_file.c %D%/capture_file.h \
	%D%/capture_pcap.c %D%/capture_pcap.h \
	%D%/stream.c %D%/stream.h \
	%D%/replay.c %D%/replay.h
endif
