#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plugins that crash, exit or hang: each is named, and none keeps the daemon from ending."""
import os
import re
import resource
import signal
import subprocess
import unittest

from muster import DATA, MUSTERD, PATIENCE, PLUGINS, TEST_PLUGINS, Case, Ledger, datagram, main, wait_until

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
with open(MUSTERD, "rb") as program:
    SANITIZED = re.search(rb"__[at]san_init", program.read()) is not None
FILTER, SINK = "misbehave_filter", "misbehave_sink"
PLUGIN_DID_IT = 70


def named(plugin, where):
    """How a plugin and its callback are named, as a pattern."""
    path = re.escape(os.path.join(TEST_PLUGINS, plugin + ".so"))
    return rf'{where}\(\) of the plugin {plugin} 1\.0 \(entry "{plugin}", {path}\)'


class Misuse(Case):
    def chain(self, plugin, does, where, more=""):
        entry = f'{{ plugin = "{plugin}"; does = "{does}"; where = "{where}"; {more} }}'
        csv = '{ plugin = "csv"; }'
        return f"{entry},\n{csv}" if plugin == FILTER else f"{csv},\n{entry}"

    def run_it(self, *arguments, environment=None):
        """Runs musterd to its end, which it comes to by itself."""
        return subprocess.run(
            [MUSTERD, "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS, *arguments], cwd=self.folder,
            capture_output=True, text=True, timeout=PATIENCE, check=False, env={**os.environ, **(environment or {})})

    def configure(self, chain):
        self.write("collector.conf",
                   f'listen = ( {{ address = "127.0.0.1"; port = 0; }} );\nstop_timeout = 0;\nchain = (\n{chain}\n);\n')

    def until_it_ends(self, plugin, does, where, count=10):
        """Starts it, sends some datagrams, and returns how it ended."""
        if os.path.exists(self.path("telemetry.csv")):
            os.remove(self.path("telemetry.csv"))
        collector = self.start(self.chain(plugin, does, where), settings="stop_timeout = 0;")
        collector.send(*(datagram(3, seq, DATA, b"1") for seq in range(count)))
        if where in ("close", "worker_close"):
            wait_until(lambda: os.path.exists(self.path("telemetry.csv")) and len(self.rows()) == count, "rows")
            collector.process.terminate()
        collector.process.wait(timeout=PATIENCE)
        return collector.process.returncode, collector.log()


@unittest.skipIf(SANITIZED, "a sanitizer reports crashes itself")
class Crash(Misuse):
    def test_the_plugin_and_the_callback_are_named(self):
        for plugin, does, where, number in (
                (SINK, "crash", "write", signal.SIGSEGV), (FILTER, "divide", "process", signal.SIGFPE),
                (FILTER, "overflow", "process", signal.SIGSEGV), (SINK, "abort", "flush", signal.SIGABRT),
                (FILTER, "crash", "worker_close", signal.SIGSEGV), (SINK, "crash", "close", signal.SIGSEGV)):
            with self.subTest(plugin=plugin, does=does, where=where):
                status, log = self.until_it_ends(plugin, does, where)
                self.assertEqual(status, -number, log)
                self.assertRegex(log, rf"(?m)^musterd: {number.name} in {named(plugin, where)}$")

    def test_before_anything_has_started(self):
        for where in ("check", "open", "worker_open"):
            self.configure(self.chain(FILTER, "crash", where))
            done = self.run_it("-c", "collector.conf")
            self.assertEqual(done.returncode, -signal.SIGSEGV, done.stderr)
            self.assertRegex(done.stderr, rf"musterd: SIGSEGV in {named(FILTER, where)}\n")

    def test_while_it_is_loaded(self):
        path = os.path.join(TEST_PLUGINS, SINK + ".so")
        done = self.run_it("--describe", SINK, environment={"MISBEHAVE_LOAD": "crash"})
        self.assertEqual(done.returncode, -signal.SIGSEGV, done.stderr)
        self.assertIn(f"musterd: SIGSEGV in the loading or unloading of the plugin {path}\n", done.stderr)

    def test_a_signal_from_elsewhere_is_no_plugins_fault(self):
        collector = self.start('{ plugin = "csv"; }')
        collector.process.send_signal(signal.SIGABRT)
        self.assertEqual(collector.process.wait(timeout=PATIENCE), -signal.SIGABRT)
        self.assertIn("musterd: SIGABRT, which another process has sent\n", collector.log())


class Exit(Misuse):
    def test_is_said_with_the_ledger_as_it_stands(self):
        for plugin, where, count in ((SINK, "write", 1), (FILTER, "process", 1), (SINK, "close", 10),
                                     (FILTER, "worker_close", 10)):
            with self.subTest(plugin=plugin, where=where):
                status, log = self.until_it_ends(plugin, "exit", where, count)
                self.assertEqual(status, PLUGIN_DID_IT, log)
                self.assertRegex(log, rf"exit\(\) was called in {named(plugin, where)}; that ends the daemon; "
                                      r"a plugin returns MUSTER_FAILED instead")
                self.assertEqual(Ledger(log).received, count)
                self.assertIn("NOT complete: the daemon did not end in order", log)
                self.assertNotIn("exact: every sum agrees", log)
                self.assertNotIn("bug in musterd", log)

    def test_before_anything_has_started(self):
        for where, arguments in (("check", ["--check"]), ("check", []), ("open", []), ("worker_open", [])):
            self.configure(self.chain(FILTER, "exit", where))
            done = self.run_it("-c", "collector.conf", *arguments)
            self.assertEqual(done.returncode, PLUGIN_DID_IT, done.stderr)
            self.assertRegex(done.stderr, rf"exit\(\) was called in {named(FILTER, where)}")
            self.assertNotIn("ledger after", done.stderr)

    def test_while_it_is_loaded(self):
        self.configure(self.chain(SINK, "nothing", "open"))
        for arguments in (["--describe", SINK], ["-c", "collector.conf", "--check"], ["-c", "collector.conf"]):
            done = self.run_it(*arguments, environment={"MISBEHAVE_LOAD": "exit"})
            self.assertEqual(done.returncode, PLUGIN_DID_IT, done.stderr)
            self.assertIn("exit() was called in the loading or unloading of the plugin "
                          + os.path.join(TEST_PLUGINS, SINK + ".so"), done.stderr)

    def test_of_a_thread_alone(self):
        for plugin, where in ((SINK, "write"), (FILTER, "process")):
            status, log = self.until_it_ends(plugin, "thread_exit", where)
            self.assertEqual(status, PLUGIN_DID_IT, log)
            self.assertRegex(log, rf"a thread of the daemon was ended in {named(plugin, where)}")
            self.assertIn("NOT complete", log)


if __name__ == "__main__":
    main()
