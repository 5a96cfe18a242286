#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plugins that crash, exit or hang: each is named, and none keeps the daemon from ending."""
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from muster import DATA, MUSTERD, PATIENCE, PLUGINS, SANITIZED, TEST_PLUGINS, Case, Ledger, datagram, main, wait_until

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
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

    def test_of_a_thread_of_its_own_the_plugin_is_named(self):
        """Whose file the code is in, or else what is on the stack: abort() is the C library's."""
        for plugin, does, where, number in ((SINK, "own_crash", "write", signal.SIGSEGV),
                                            (FILTER, "own_abort", "process", signal.SIGABRT)):
            status, log = self.until_it_ends(plugin, does, where)
            self.assertEqual(status, -number, log)
            path = re.escape(os.path.join(TEST_PLUGINS, plugin + ".so"))
            self.assertRegex(log, rf"(?m)^musterd: {number.name} in a thread of its own of the plugin {plugin} 1\.0 "
                                  rf"\({path}\)$")

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
                                      + ("a plugin logs what went wrong, frees what it has, and returns" if "close" in where
                                         else "a plugin logs why and returns MUSTER_FAILED instead"))
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

    def test_in_a_thread_of_its_own(self):
        status, log = self.until_it_ends(FILTER, "own_exit", "process")
        self.assertEqual(status, PLUGIN_DID_IT, log)
        self.assertIn(f"exit() was called in a thread of its own of the plugin {FILTER} 1.0 ("
                      + os.path.join(TEST_PLUGINS, FILTER + ".so"), log)

    def test_of_a_thread_alone(self):
        for plugin, where in ((SINK, "write"), (FILTER, "process")):
            status, log = self.until_it_ends(plugin, "thread_exit", where)
            self.assertEqual(status, PLUGIN_DID_IT, log)
            self.assertRegex(log, rf"a thread of the daemon was ended in {named(plugin, where)}")
            self.assertIn("NOT complete", log)


class Calls(Misuse):
    """Functions of the host that are called where they must not be."""

    def test_are_said_once_and_do_nothing(self):
        for plugin, does, where, expected in (
                (FILTER, "call", "process", (r"metric\(\) in process\(\); expected in open or worker_open",
                                             r"get_int\(\) in process\(\); expected in check, open, reload, "
                                             r"worker_open or connect")),
                (FILTER, "call_elsewhere", "process", (
                    r"metric\(\) in a thread of its own; expected in open or worker_open",
                    r"emit\(\) in a thread of its own; expected in process, worker_tick, worker_close "
                    r"or forget")),
                (SINK, "call", "write", (r"metric\(\) in write\(\); expected in open or worker_open",))):
            with self.subTest(plugin=plugin, does=does):
                if os.path.exists(self.path("telemetry.csv")):
                    os.remove(self.path("telemetry.csv"))
                collector = self.start(self.chain(plugin, does, where))
                for seq in range(5):
                    collector.send(datagram(3, seq, DATA, b"1"))
                    wait_until(lambda seq=seq: os.path.exists(self.path("telemetry.csv"))
                               and len(self.rows()) >= seq + 1, "a batch for each")
                ledger = collector.stop()
                self.assertEqual(ledger.received, 5)
                for pattern in expected:
                    path = re.escape(os.path.join(TEST_PLUGINS, plugin + ".so"))
                    found = re.findall(rf"{plugin}: bug in the plugin {plugin} 1\.0 \({path}\): {pattern}\n",
                                       collector.log())
                    self.assertEqual(len(found), 1, collector.log())
                if does == "call_elsewhere":
                    self.assertNotIn("it has emitted", collector.log())
                if plugin == FILTER:
                    self.assertEqual(ledger.filters[FILTER][1] > 0, does == "call")


    def accused(self, collector, plugin, pattern):
        path = re.escape(os.path.join(TEST_PLUGINS, plugin + ".so"))
        found = re.findall(rf"{plugin}: bug in the plugin {plugin} 1\.0 \({path}\): {pattern}\n", collector.log())
        self.assertEqual(len(found), 1, f"{pattern} in\n{collector.log()}")

    def test_records_that_are_none_are_said_once_and_counted(self):
        chain = self.chain(FILTER, "odd_records", "process").replace('"csv"', '"log"; time = false')
        collector = self.start(chain + ',\n{ plugin = "stats"; interval = "1h"; file = "stats.json"; }')
        for seq in range(3):
            collector.send(datagram(3, seq, DATA, b"1"))
            wait_until(lambda seq=seq: collector.output().count("\n") >= 5 * (seq + 1), "a batch for each")
        ledger = collector.stop()
        self.assertEqual(ledger.filters[FILTER], [3, 12, 15, 0])
        for pattern in (r"it adds the event 201, which its table `events` does not name; .* give it a line in .*",
                        r"it adds a reject for the reason 202, which its table `rejects` does not name; .*",
                        r"emit\(\) behind record number 4711, which the batch does not have; .*",
                        r"it adds a record of kind 9, which no sink can take; that record is left out; .*"):
            self.accused(collector, FILTER, pattern)
        self.assertNotIn("it has emitted", collector.log())
        self.assertEqual(self.stats()["metrics"][FILTER + ".refused"], 3)

    def test_without_what_they_need_are_said_and_do_nothing(self):
        for plugin, where in ((FILTER, "process"), (SINK, "write")):
            if os.path.exists(self.path("telemetry.csv")):
                os.remove(self.path("telemetry.csv"))
            collector = self.start(self.chain(plugin, "nulls", where))
            collector.send(datagram(3, 1, DATA, b"1"))
            wait_until(lambda c=collector, p=plugin: f"{p}: of nobody" in c.log(), "the line")
            collector.stop()
            if plugin == FILTER:
                self.accused(collector, plugin, r"emit\(\) with the batch of another call, or none")
                self.accused(collector, plugin, r"drop\(\) with the batch of another call, or none")
                self.accused(collector, plugin, r"emit\(\) without a record")
            else:
                self.accused(collector, plugin, r"emit\(\) in write\(\); expected in process, .*")
                self.accused(collector, plugin, r"drop\(\) in write\(\); expected in process, .*")
            for function in ("log", "now", "device_count", "wake"):
                self.accused(collector, plugin, rf"{function}\(\) without an instance; pass the one that open\(\) .*")
            self.accused(collector, plugin, r"log\(\) without a text")
            self.assertNotIn("it has emitted", collector.log())


class Silence(Misuse):
    """Callbacks that fail and do not say why."""

    def test_is_said_for_them_with_what_to_do(self):
        for plugin, where, hint in ((FILTER, "open", "host->log"), (FILTER, "worker_open", "host->log"),
                                    (SINK, "connect", "host->log"), (SINK, "check", "host->config_error or host->problem")):
            self.configure(self.chain(plugin, "fail", where))
            done = self.run_it("-c", "collector.conf")
            self.assertEqual(done.returncode, 2 if where == "check" else 1, done.stderr)
            self.assertIn(f"{where}() returned MUSTER_FAILED without a word; call {hint} before", done.stderr)
            self.assertEqual(done.stderr.count("without a word"), 1, done.stderr)
            self.assertNotIn("out of service", done.stderr)

    def test_of_an_output_that_is_tried_again_once(self):
        self.configure(self.chain(SINK, "again", "connect"))
        collector = self.start(self.chain(SINK, "again", "connect"), settings="stop_timeout = 0;")
        wait_until(lambda: "connect() returned MUSTER_AGAIN without a word" in collector.log(), "the line")
        self.assertRegex(collector.log(), r"misbehave_sink: not connected; it is tried again until it works, every 2 s and on SIGHUP; the queue has room for \d+ records\n")
        time.sleep(0.2)  # some more tries
        collector.stop()
        self.assertEqual(collector.log().count("without a word"), 1)
        self.assertNotRegex(collector.log().split("ledger after")[0], r"\b0 records")


class Locale(Misuse):
    def test_what_a_plugin_sets_changes_no_output(self):
        """In German 99.5 is 99,5, which is no JSON."""
        made = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", "de_DE", "-f", "UTF-8", self.path("de_DE.UTF-8")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        if not made:
            self.skipTest("localedef cannot make de_DE.UTF-8")
        collector = self.start('{ plugin = "stats"; interval = "1h"; file = "stats.json"; },\n'
                               + self.chain(SINK, "setlocale", "open"),
                               environment={**os.environ, "LOCPATH": self.folder})
        for value in (b"99.5", b"0.25"):
            collector.send(datagram(3, 1, DATA, value))
        collector.stop()
        self.assertIn("misbehave_sink: de_DE.UTF-8\n", collector.log())
        self.assertEqual(self.stats()["average_packet_size"], 16.0)
        self.assertRegex(self.read("stats.json"), r'"average_packet_size": 16\.0')
        self.assertRegex(collector.log(), r"ledger after \d+\.\d s\n")


class Hanging:
    """A musterd in a folder of its own, so that several hang at the same time."""

    def __init__(self, test, plugin, where, does="hang", settings="stop_timeout = 0;", environment=None):
        self.plugin, self.where = plugin, where
        self.folder = test.path(f"{plugin}-{where}-{does}-{len(test.running)}")
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "collector.conf"), "w", encoding="utf-8") as file:
            file.write(f'listen = ( {{ address = "127.0.0.1"; port = 0; }} );\n{settings}\n'
                       f'chain = (\n{test.chain(plugin, does, where)}\n);\n')
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env={**os.environ, **(environment or {})})
        test.running.append(self.process)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            return file.read()

    def until(self, pattern):
        wait_until(lambda: re.search(pattern, self.log()), f"{self.plugin} {self.where}: {pattern}")

    def send(self, count=10):
        self.until("listening on")
        port = int(re.search(r"listening on \S+:(\d+)\n", self.log()).group(1))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for seq in range(count):
                sender.sendto(datagram(3, seq, DATA, b"1"), ("127.0.0.1", port))
        return port

    def rows(self):
        path = os.path.join(self.folder, "telemetry.csv")
        if not os.path.exists(path):
            return 0
        with open(path, encoding="utf-8") as file:
            return file.read().count("\n") - 1

    def end(self, number=signal.SIGTERM):
        """Signals it, and returns when it was."""
        self.process.send_signal(number)
        return time.monotonic()


class Hang(Misuse):
    # stop_timeout is 0, so a second is the limit; the rest is for a machine that is slow.
    LIMIT = 1 + 10

    def ended(self, one, since):
        one.process.wait(timeout=PATIENCE)
        self.assertLess(time.monotonic() - since, self.LIMIT, one.log())
        return one.process.returncode, one.log()

    def test_it_is_said_and_when_it_comes_back_too(self):
        ones = [Hanging(self, SINK, "write", "sleep"), Hanging(self, FILTER, "process", "sleep"),
                Hanging(self, FILTER, "open", "sleep"), Hanging(self, SINK, "check", "sleep")]
        for one in ones[:2]:
            one.send(1)
        for one in ones:
            one.until(rf"warning {named(one.plugin, one.where)} has not returned for 2 s\n")
            one.until(rf"warning {named(one.plugin, one.where)}: it came back after [3-9]\.\d s\n")
            one.until("listening on")
            one.end()
            self.assertEqual(one.process.wait(timeout=PATIENCE), 0, one.log())
            ledger = Ledger(one.log())
            ledger.check(self)
            if one.where in ("write", "process"):
                self.assertEqual(ledger.sinks["csv"], [1, 1, 0, 0])

    def test_a_stop_that_begins_does_not_wait_for_it(self):
        """Those that hang when the daemon is to stop, and in the stop itself."""
        ones = [Hanging(self, *what) for what in (
            (SINK, "connect"), (SINK, "write"), (SINK, "flush"), (SINK, "tick"), (SINK, "disconnect"),
            (SINK, "close"), (FILTER, "process"), (FILTER, "worker_tick"), (FILTER, "worker_close"),
            (FILTER, "close"))]
        for one in ones:
            one.send()
        for one in ones:
            if one.where in ("connect", "write", "flush", "tick", "process", "worker_tick"):
                one.until(rf"{named(one.plugin, one.where)} has not returned for 2 s\n")
            else:
                wait_until(lambda one=one: one.rows() == 10, "the rows are there")
        begun = {one: one.end() for one in ones}
        for one in ones:
            with self.subTest(plugin=one.plugin, where=one.where):
                status, log = self.ended(one, begun[one])
                self.assertRegex(log, rf"error   {named(one.plugin, one.where)} does not come back")
                ledger = Ledger(log)
                self.assertNotIn("bug", log)
                if one.plugin == SINK and one.where != "close":
                    # Its thread is left behind; all that was received is in some sum.
                    self.assertEqual(status, 0, log)
                    ledger.check(self)
                    self.assertEqual(ledger.received, 10)
                else:
                    self.assertEqual(status, PLUGIN_DID_IT, log)
                    self.assertIn("NOT complete: the daemon did not end in order", log)
                    self.assertNotIn("exact: every sum agrees", log)
                if one.where in ("close", "worker_close"):
                    self.assertEqual(ledger.received, 10)
                    self.assertEqual(ledger.sinks["csv"], [10, 10, 0, 0])

    def test_before_anything_has_started(self):
        """The main thread itself hangs, and sees no signal."""
        ones = [Hanging(self, FILTER, "open"), Hanging(self, FILTER, "worker_open"), Hanging(self, SINK, "open")]
        for one in ones:
            one.until(rf"{named(one.plugin, one.where)} has not returned for 2 s\n")
        for one in ones:
            status, log = self.ended(one, one.end())
            self.assertEqual(status, PLUGIN_DID_IT, log)
            self.assertRegex(log, rf"error   {named(one.plugin, one.where)} does not come back, and the time to stop is over")
            self.assertNotIn("ledger after", log)

    def test_while_the_configuration_is_read(self):
        path = os.path.join(TEST_PLUGINS, SINK + ".so")
        for number, status in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGQUIT, PLUGIN_DID_IT)):
            ones = [Hanging(self, SINK, "check"),
                    Hanging(self, SINK, "load", does="nothing", environment={"MISBEHAVE_LOAD": "hang"})]
            ones[0].until(rf"{named(SINK, 'check')} has not returned for 2 s\n")
            ones[1].until(rf"the loading or unloading of the plugin {re.escape(path)} has not returned for 2 s\n")
            for one in ones:
                self.assertEqual(self.ended(one, one.end(number))[0], status)

    def test_who_is_in_a_hurry_does_not_wait_for_it(self):
        ones = [Hanging(self, *what, settings='stop_timeout = "1h";') for what in (
            (FILTER, "process"), (SINK, "write"), (SINK, "close"))]
        for one in ones:
            one.send()
            if one.where != "close":
                one.until(rf"{named(one.plugin, one.where)} has not returned for 2 s\n")
            one.end()
            one.until("SIGTERM: stopping")
        for one in ones[:2]:
            one.until(r"has not returned for|records wait to be written")
        for one in ones:
            time.sleep(0.2)  # signals sent at once are those of one that sends each twice
            self.ended(one, one.end())
            self.assertRegex(one.log(), rf"{named(one.plugin, one.where)} does not come back")

    def test_a_replay_too(self):
        self.write("capture", "")
        with open(self.path("capture"), "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # raw IP
            for seq in range(200):
                udp = struct.pack("!HHHH", 4000, 8888, 8 + 13, 0) + datagram(3, seq, DATA, b"1")
                packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                                     bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])) + udp
                out.write(struct.pack("<IIII", 1762534152 + seq, 0, len(packet), len(packet)) + packet)
        self.write("collector.conf", 'listen = ( { port = 8888; } );\nstop_timeout = 0;\n'
                   f'chain = (\n{self.chain(FILTER, "hang", "process")}\n);\n')
        with open(self.path("log"), "wb") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS,
                 "--replay", "capture"], cwd=self.folder, stderr=log)
        self.running.append(process)
        wait_until(lambda: "has not returned for 2 s" in self.read("log"), "it hangs")
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), PLUGIN_DID_IT)
        self.assertRegex(self.read("log"), rf"{named(FILTER, 'process')} does not come back")
        self.assertIn("NOT complete", self.read("log"))


if __name__ == "__main__":
    main()
