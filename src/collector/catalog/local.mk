# SPDX-License-Identifier: MIT
# The devices and how they speak.
src_collector_libcollector_a_SOURCES += \
	%D%/catalog.c %D%/catalog.h \
	%D%/numbers.c %D%/numbers.h
