# SPDX-License-Identifier: MIT
# What any program needs; knows nothing of Muster.
noinst_LIBRARIES += src/libbase.a
src_libbase_a_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
src_libbase_a_SOURCES =
src_libbase_a_SOURCES += \
	%D%/address.c %D%/address.h \
	%D%/clock.h \
	%D%/counter.h \
	%D%/destination.c %D%/destination.h \
	%D%/episode.c %D%/episode.h \
	%D%/eventcount.h \
	%D%/hash.c %D%/hash.h \
	%D%/iso_time.c %D%/iso_time.h \
	%D%/log.c %D%/log.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/network.c %D%/network.h \
	%D%/node.c %D%/node.h \
	%D%/node_yaml.c %D%/node_yaml.h \
	%D%/privileges.c %D%/privileges.h \
	%D%/printable.c %D%/printable.h \
	%D%/printable_table.c %D%/printable_table.h \
	%D%/notify.c %D%/notify.h \
	%D%/problems.c %D%/problems.h \
	%D%/rate.h \
	%D%/real.c %D%/real.h \
	%D%/replace.c %D%/replace.h \
	%D%/sanitized.h \
	%D%/standard.c %D%/standard.h \
	%D%/suggest.c %D%/suggest.h \
	%D%/text_file.c %D%/text_file.h \
	%D%/text.c %D%/text.h \
	%D%/thread.c %D%/thread.h \
	%D%/units.c %D%/units.h \
	%D%/wrap.c %D%/wrap.h

# Its table is made by hand, when Unicode has new characters.
EXTRA_DIST += %D%/printable_table.pl
