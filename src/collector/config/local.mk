# SPDX-License-Identifier: MIT
# Files become values.
src_collector_libcollector_a_SOURCES += \
	%D%/config.c %D%/config.h \
	%D%/literal.c %D%/literal.h \
	%D%/yaml_file.c %D%/yaml_file.h
