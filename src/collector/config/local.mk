# SPDX-License-Identifier: MIT
# Files become values.
src_collector_libcollector_a_SOURCES += \
	%D%/after.c %D%/after.h \
	%D%/check.c %D%/check.h \
	%D%/conf_text.c %D%/conf_text.h \
	%D%/config.c %D%/config.h \
	%D%/decimal.c %D%/decimal.h \
	%D%/device_ids.c %D%/device_ids.h \
	%D%/devices.c %D%/devices.h \
	%D%/example_values.c %D%/example_values.h \
	%D%/examples.c %D%/examples.h \
	%D%/format_fields.c %D%/format_fields.h \
	%D%/format_files.c %D%/format_files.h \
	%D%/format_reader.c %D%/format_reader.h \
	%D%/format_replies.c %D%/format_replies.h \
	%D%/format_shown.c %D%/format_shown.h \
	%D%/format_types.c %D%/format_types.h \
	%D%/format_values.c %D%/format_values.h \
	%D%/formats.c %D%/formats.h \
	%D%/hexadecimal.c %D%/hexadecimal.h \
	%D%/listen.c %D%/listen.h \
	%D%/literal.c %D%/literal.h \
	%D%/networks.c %D%/networks.h \
	%D%/node_conf.c %D%/node_conf.h \
	%D%/own_files.c %D%/own_files.h \
	%D%/settings.c %D%/settings.h
