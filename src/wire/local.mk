# SPDX-License-Identifier: MIT
# The built-in datagram, declared formats, and the rule that steers it to a worker.
noinst_LIBRARIES += src/libwire.a
src_libwire_a_SOURCES =
src_libwire_a_SOURCES += \
	%D%/datagram.c %D%/datagram.h \
	%D%/format.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan_check.c \
	%D%/plan_compile.c \
	%D%/plan_device.c \
	%D%/plan_encode.c %D%/plan_encode.h %D%/plan_encode_data.h \
	%D%/plan_encoder.c \
	%D%/plan_explain.c %D%/plan_explainer.h \
	%D%/plan_fast.c \
	%D%/plan_fields.c \
	%D%/plan_known.c \
	%D%/plan_maker.h \
	%D%/plan_names.c \
	%D%/plan_parts.h \
	%D%/plan_plausible.c %D%/plan_plausible.h \
	%D%/plan_record.c \
	%D%/plan_reply.c \
	%D%/plan_shape.c %D%/plan_shape.h \
	%D%/plan_tell.c \
	%D%/plan_time.c \
	%D%/plan_values.c \
	%D%/plan_walk.c \
	%D%/steering.c %D%/steering.h
