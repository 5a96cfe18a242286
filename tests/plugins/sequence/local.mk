# SPDX-License-Identifier: MIT
# Modules that another test covers:
# doubt: tests/plugins/sequence/test_tracker_field.c
# events: tests/plugins/sequence/test_sequence.c
# init: tests/plugins/sequence/test_tracker.c
# losses: tests/plugins/sequence/test_gaps.c
# gaps_list: tests/plugins/sequence/test_gaps.c
# gaps_tell: tests/plugins/sequence/test_gaps.c
# gaps_rebuild: tests/plugins/sequence/test_gaps.c
# leap: tests/plugins/sequence/test_tracker_jumps.c
# metrics: tests/plugins/sequence/test_sequence.c
# pace: tests/plugins/sequence/test_tracker_jumps.c
# reference: tests/plugins/sequence/test_tracker.c
# rivals: tests/plugins/sequence/test_tracker_field.c
# session: tests/plugins/sequence/test_tracker.c
# tables: tests/plugins/sequence/test_recovery.c
# undo: tests/plugins/sequence/test_sequence_kill.c
# worker: tests/plugins/sequence/test_sequence.c

# The plugin's sources, and what several tests play or compare with: compiled once.
TEST_PARTS += $(SEQUENCE_LIBS) %D%/libsupport.a
%C%_libsequence_a_SOURCES = $(SEQUENCE_SOURCES)
%C%_libsequence_a_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libsequence_a_CFLAGS = $(TEST_CFLAGS)
%C%_libsupport_a_SOURCES = \
	%D%/account.c %D%/account.h \
	%D%/collector.c %D%/collector.h \
	%D%/field.c %D%/field.h \
	%D%/fleet.c %D%/fleet.h \
	%D%/laws.c %D%/laws.h \
	%D%/memory.h %D%/notes.h \
	%D%/oracle.c %D%/oracle.h \
	%D%/oracle_rows.c %D%/oracle_rows.h \
	%D%/oracle_session.c %D%/oracle_session.h \
	%D%/players.c %D%/players.h
%C%_libsupport_a_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_libsupport_a_CFLAGS = $(TEST_CFLAGS)

UNIT_TESTS += tests/plugins/sequence/test_causes
tests_plugins_sequence_test_causes_SOURCES = tests/plugins/sequence/test_causes.c
tests_plugins_sequence_test_causes_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_causes_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_causes_LDADD = $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_gaps
tests_plugins_sequence_test_gaps_SOURCES = tests/plugins/sequence/test_gaps.c
tests_plugins_sequence_test_gaps_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_gaps_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_gaps_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_habits
tests_plugins_sequence_test_habits_SOURCES = tests/plugins/sequence/test_habits.c
tests_plugins_sequence_test_habits_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_habits_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_habits_LDADD = $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_listening
tests_plugins_sequence_test_listening_SOURCES = tests/plugins/sequence/test_listening.c
tests_plugins_sequence_test_listening_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_listening_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_listening_LDADD = $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_presence
tests_plugins_sequence_test_presence_SOURCES = tests/plugins/sequence/test_presence.c
tests_plugins_sequence_test_presence_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_presence_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_presence_LDADD = $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_presence_random
tests_plugins_sequence_test_presence_random_SOURCES = tests/plugins/sequence/test_presence_random.c
tests_plugins_sequence_test_presence_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_presence_random_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_presence_random_LDADD = $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_recovery
tests_plugins_sequence_test_recovery_SOURCES = tests/plugins/sequence/test_recovery.c
tests_plugins_sequence_test_recovery_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_recovery_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_recovery_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_resize
tests_plugins_sequence_test_resize_SOURCES = tests/plugins/sequence/test_resize.c
tests_plugins_sequence_test_resize_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_resize_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_resize_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_sequence
tests_plugins_sequence_test_sequence_SOURCES = tests/plugins/sequence/test_sequence.c
tests_plugins_sequence_test_sequence_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_LDADD = $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_sequence_interrupted
tests_plugins_sequence_test_sequence_interrupted_SOURCES = tests/plugins/sequence/test_sequence_interrupted.c
tests_plugins_sequence_test_sequence_interrupted_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_interrupted_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_interrupted_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_sequence_kill
tests_plugins_sequence_test_sequence_kill_SOURCES = tests/plugins/sequence/test_sequence_kill.c
tests_plugins_sequence_test_sequence_kill_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_kill_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_kill_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_sequence_random
tests_plugins_sequence_test_sequence_random_SOURCES = tests/plugins/sequence/test_sequence_random.c
tests_plugins_sequence_test_sequence_random_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_random_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_random_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_sequence_state
tests_plugins_sequence_test_sequence_state_SOURCES = tests/plugins/sequence/test_sequence_state.c
tests_plugins_sequence_test_sequence_state_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_state_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_state_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_sequence_vectors
tests_plugins_sequence_test_sequence_vectors_SOURCES = tests/plugins/sequence/test_sequence_vectors.c
tests_plugins_sequence_test_sequence_vectors_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_sequence_vectors_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_sequence_vectors_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(FAKE_HOST_LIBS) plugins/common/libcommon.la $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_timing
tests_plugins_sequence_test_timing_SOURCES = tests/plugins/sequence/test_timing.c plugins/sequence/timing.c plugins/sequence/timing.h
tests_plugins_sequence_test_timing_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_timing_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_timing_LDADD = $(TEST_LIBS) -lm
UNIT_TESTS += tests/plugins/sequence/test_tracker
tests_plugins_sequence_test_tracker_SOURCES = tests/plugins/sequence/test_tracker.c
tests_plugins_sequence_test_tracker_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_tracker_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_tracker_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_window
tests_plugins_sequence_test_window_SOURCES = tests/plugins/sequence/test_window.c
tests_plugins_sequence_test_window_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_window_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_window_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_watch
tests_plugins_sequence_test_watch_SOURCES = tests/plugins/sequence/test_watch.c
tests_plugins_sequence_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_watch_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_watch_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_wheel
tests_plugins_sequence_test_wheel_SOURCES = tests/plugins/sequence/test_wheel.c plugins/sequence/wheel.c plugins/sequence/wheel.h
tests_plugins_sequence_test_wheel_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_wheel_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_wheel_LDADD = $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_tracker_field
tests_plugins_sequence_test_tracker_field_SOURCES = tests/plugins/sequence/test_tracker_field.c
tests_plugins_sequence_test_tracker_field_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_tracker_field_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_tracker_field_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)
UNIT_TESTS += tests/plugins/sequence/test_tracker_jumps
tests_plugins_sequence_test_tracker_jumps_SOURCES = tests/plugins/sequence/test_tracker_jumps.c
tests_plugins_sequence_test_tracker_jumps_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_sequence_test_tracker_jumps_CFLAGS = $(TEST_CFLAGS)
tests_plugins_sequence_test_tracker_jumps_LDADD = %D%/libsupport.a $(SEQUENCE_LIBS) $(TEST_LIBS)

EXTRA_DIST += tests/vectors/sequence/README.md \
	tests/vectors/sequence/batches.yaml \
	tests/vectors/sequence/init.yaml \
	tests/vectors/sequence/jumps.yaml \
	tests/vectors/sequence/listening.yaml \
	tests/vectors/sequence/numbered.yaml \
	tests/vectors/sequence/order.yaml \
	tests/vectors/sequence/presence.yaml \
	tests/vectors/sequence/restarts.yaml \
	tests/vectors/sequence/shared.yaml \
	tests/vectors/sequence/widths.yaml \
	tests/vectors/sequence/window.yaml \
	tests/vectors/sequence/wrap.yaml
