# SPDX-License-Identifier: MIT
# What `make check` runs: unit tests with Check, end-to-end tests in Python's standard library.
# The folders are those of src/ and plugins/; a plugin's tests are included by its own fragment.

TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -I$(top_srcdir)/plugins
TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(YAML_CFLAGS) $(LIBCONFIG_CFLAGS)
TEST_LIBS = tests/libtest.a $(TESTING_LIBS) $(CHECK_LIBS)
FAKE_HOST_LIBS = tests/plugins/libfake_host.a
SEQUENCE_LIBS = tests/plugins/sequence/libsequence.a
UNIT_TESTS =
TEST_PARTS =
SCRIPT_TESTS = %D%/architecture %D%/planted.py

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	CC='$(CC)'; CXX='$(CXX)'; HARDENING='$(HARDENING_CPPFLAGS) $(HARDENING_CFLAGS)'; \
	export top_srcdir top_builddir CC CXX HARDENING;

tests_plugins_libfake_host_a_SOURCES = tests/plugins/fake_host.c tests/plugins/fake_host.h \
	tests/plugins/fake_calls.c tests/plugins/fake_calls.h
tests_plugins_libfake_host_a_CPPFLAGS = $(TEST_CPPFLAGS)
tests_plugins_libfake_host_a_CFLAGS = $(TEST_CFLAGS)

include %D%/common/local.mk
include %D%/base/local.mk
include %D%/wire/local.mk
include %D%/collector/local.mk
include %D%/ctl/local.mk
include %D%/fleet/local.mk
include %D%/testing/local.mk
include %D%/plugin_tool/local.mk
include %D%/e2e/local.mk
include %D%/fuzz/local.mk

if HAVE_CHECK
check_LIBRARIES += tests/libtest.a $(FAKE_HOST_LIBS) $(TEST_PARTS)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
TESTS += $(SCRIPT_TESTS)

# For sanitizers, under which some tests only take time.  Without those that look at files or build with the installed
# package, and the long plays of muster-fleet, whose parts other tests have:
UNSANITIZED = tests/architecture | tests/planted.py | tests/e2e/assignment.py | tests/e2e/hardened.py | \
	tests/e2e/manuals.py | tests/e2e/matrix.py | tests/e2e/plugin_guide.py | tests/e2e/plugin_tool.py | \
	tests/e2e/quickstart.py | tests/e2e/scenarios.py | tests/e2e/service.py
# Without threads of their own:
UNTHREADED = tests/base/* | tests/fuzz/* | tests/fleet/* | tests/plugins/* | tests/wire/* | \
	tests/e2e/fleet_formats.py | tests/e2e/format_vectors.py | tests/e2e/formats.py

check-memory:
	@list=; for test in $(TESTS); do \
	  case $$test in $(UNSANITIZED)) continue ;; esac; \
	  list="$$list $$test"; \
	done; \
	$(MAKE) check TESTS="$$list"

check-threads:
	@list=; for test in $(TESTS); do \
	  case $$test in \
	    tests/base/test_log* | tests/base/test_metrics*) ;; \
	    $(UNSANITIZED) | $(UNTHREADED)) continue ;; \
	  esac; \
	  list="$$list $$test"; \
	done; \
	$(MAKE) check TESTS="$$list"
.PHONY: check-memory check-threads
EXTRA_DIST += %D%/architecture %D%/planted.py %D%/count %D%/packages %D%/vectors/wire.yaml %D%/vectors/formats
