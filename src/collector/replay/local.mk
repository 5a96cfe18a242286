# SPDX-License-Identifier: MIT
# The front of a packet capture.
src_collector_libcollector_a_SOURCES += \
	%D%/capture.c %D%/capture.h
if HAVE_LIBPCAP
src_collector_libcollector_a_SOURCES += \
	%D%/capture_file.c %D%/capture_file.h \
	%D%/capture_pcap.c %D%/capture_pcap.h \
	%D%/capture_stream.c %D%/capture_stream.h \
	%D%/replay.c %D%/replay.h
endif
