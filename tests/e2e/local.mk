# SPDX-License-Identifier: MIT
# A real daemon, real datagrams, real files.
E2E_TESTS = \
	%D%/accounting.py \
	%D%/admission.py \
	%D%/answers.py \
	%D%/assignment.py \
	%D%/configuration.py \
	%D%/ctl_devices.py \
	%D%/ctl_orders.py \
	%D%/ctl_socket.py \
	%D%/ctl_status.py \
	%D%/datagrams.py \
	%D%/declared.py \
	%D%/derived.py \
	%D%/files.py \
	%D%/fleet.py \
	%D%/fleet_ack.py \
	%D%/fleet_formats.py \
	%D%/format_vectors.py \
	%D%/formats.py \
	%D%/gaps.py \
	%D%/hardened.py \
	%D%/host.py \
	%D%/keys.py \
	%D%/killed.py \
	%D%/listeners.py \
	%D%/manuals.py \
	%D%/matrix.py \
	%D%/misuse.py \
	%D%/odd.py \
	%D%/outputs.py \
	%D%/plugin_guide.py \
	%D%/plugin_tool.py \
	%D%/power_cut.py \
	%D%/presence.py \
	%D%/privileges.py \
	%D%/quickstart.py \
	%D%/replay.py \
	%D%/reorder.py \
	%D%/reload.py \
	%D%/restart.py \
	%D%/rotation.py \
	%D%/scenarios.py \
	%D%/segments.py \
	%D%/service.py \
	%D%/signals.py \
	%D%/sinks.py \
	%D%/spill.py \
	%D%/state.py \
	%D%/steering.py \
	%D%/texts.py \
	%D%/told.py \
	%D%/values.py \
	%D%/workers.py
SCRIPT_TESTS += $(E2E_TESTS)
EXTRA_DIST += $(E2E_TESTS) %D%/control.py %D%/kept.py %D%/muster.py %D%/oracle.py %D%/reference-session.csv

# Plugins that misbehave.  -rpath makes libtool build a shared object that is not installed.
check_LTLIBRARIES += %D%/plugins/asker.la
%C%_plugins_asker_la_SOURCES = %D%/plugins/asker.c
%C%_plugins_asker_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_asker_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/balky.la
%C%_plugins_balky_la_SOURCES = %D%/plugins/balky.c
%C%_plugins_balky_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_balky_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/deriver.la
%C%_plugins_deriver_la_SOURCES = %D%/plugins/deriver.c
%C%_plugins_deriver_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_deriver_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/keeper.la
%C%_plugins_keeper_la_SOURCES = %D%/plugins/keeper.c
%C%_plugins_keeper_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_keeper_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/misbehave_filter.la
%C%_plugins_misbehave_filter_la_SOURCES = %D%/plugins/misbehave.c
%C%_plugins_misbehave_filter_la_CPPFLAGS = $(AM_CPPFLAGS) -DFILTER=1
%C%_plugins_misbehave_filter_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_misbehave_filter_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/misbehave_sink.la
%C%_plugins_misbehave_sink_la_SOURCES = %D%/plugins/misbehave.c
%C%_plugins_misbehave_sink_la_CPPFLAGS = $(AM_CPPFLAGS) -DFILTER=0
%C%_plugins_misbehave_sink_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_misbehave_sink_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/shaper.la
%C%_plugins_shaper_la_SOURCES = %D%/plugins/shaper.c
%C%_plugins_shaper_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_shaper_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/sluggish.la
%C%_plugins_sluggish_la_SOURCES = %D%/plugins/sluggish.c
%C%_plugins_sluggish_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_sluggish_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/ticker.la
%C%_plugins_ticker_la_SOURCES = %D%/plugins/ticker.c
%C%_plugins_ticker_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_ticker_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
check_LTLIBRARIES += %D%/plugins/trouble.la
%C%_plugins_trouble_la_SOURCES = %D%/plugins/trouble.c
%C%_plugins_trouble_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_plugins_trouble_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
