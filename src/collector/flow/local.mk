# SPDX-License-Identifier: MIT
# A datagram becomes records, filters, sinks.
src_collector_libcollector_a_SOURCES += \
	%D%/accuse.c %D%/accuse.h \
	%D%/admit.c %D%/admit.h \
	%D%/answers.c %D%/answers.h \
	%D%/answers_open.c \
	%D%/answers_parts.h \
	%D%/answers_wait.c \
	%D%/block.h \
	%D%/chain.c %D%/chain.h %D%/chain_parts.h \
	%D%/chain_change.c \
	%D%/fanout.c %D%/fanout.h \
	%D%/notices.c %D%/notices.h \
	%D%/pipeline.c %D%/pipeline_open.c %D%/pipeline.h \
	%D%/pool.c %D%/pool.h \
	%D%/queue.c %D%/queue.h \
	%D%/recognize.c %D%/recognize.h \
	%D%/repeats.c %D%/repeats.h \
	%D%/sink.c %D%/sink.h \
	%D%/sink_output.c %D%/sink_output.h \
	%D%/sink_run.c %D%/sink_run.h \
	%D%/spill.c %D%/spill.h \
	%D%/spill_chunk.c %D%/spill_chunk.h \
	%D%/spill_file.c %D%/spill_file.h \
	%D%/spill_parts.h \
	%D%/spill_reader.c \
	%D%/spill_store.c %D%/spill_store.h \
	%D%/spill_thread.c %D%/spill_thread.h \
	%D%/strangers.c %D%/strangers.h \
	%D%/take.c %D%/take.h \
	%D%/visit.c %D%/visit.h
