#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""State that outlives the daemon: stopped, killed, damaged, copied, and one collector at a time.

The plugin keeper counts messages in it, and logs at its start how old it is and the count."""
import os
import re
import signal
import sys
import unittest

from muster import DATA, Case, datagram, main, wait_until

CHAIN = '{ plugin = "keeper"; },\n{ plugin = "csv"; }'
HEADER = 4096  # bytes of a state file before its content, where pages are not larger


class State(Case):
    def setUp(self):
        super().setUp()
        self.sent = 0
        self.settings = 'state_dir = "state";'

    def begin(self, chain=CHAIN, **options):
        return self.start(chain, settings=self.settings, **options)

    def send(self, collector, count):
        """Sends messages, and waits until they are through the filters."""
        for _ in range(count):
            self.sent += 1
            collector.send(datagram(1, self.sent, DATA, b"1"))
        wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                   and self.read("telemetry.csv").count("\n") == self.sent + 1, "all rows are there")

    def found(self, collector, age, kept, count):
        self.assertIn(f"keeper: the state is {age}, {kept}: {count} messages\n", collector.log())

    def refused(self, chain=CHAIN):
        """A daemon that does not start.  Returns its log."""
        self.write("collector.conf", f"listen = ( {{ port = 0; }} );\n{self.settings}\nchain = ( {chain} );\n")
        done = self.musterd("-c", "collector.conf")
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def files(self, folder="state"):
        return sorted(name for name in os.listdir(self.path(folder)) if name != "control.sock")

    def test_it_survives_a_stop(self):
        os.mkdir(self.path("state"))
        collector = self.begin()
        self.found(collector, "new", "kept", 0)
        self.assertIn('keeper: the state begins anew, in "state/keeper.state"', collector.log())
        self.send(collector, 3)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 3)
        self.assertRegex(collector.log(),
                         r"keeper: state of the last run, which stopped in order at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n")
        self.send(collector, 2)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 5)
        collector.stop()
        self.assertEqual(self.files(), ["keeper.state", "musterd.lock"])

    def test_it_survives_a_kill(self):
        os.mkdir(self.path("state"))
        collector = self.begin()
        self.send(collector, 4)
        collector.process.kill()
        collector.process.wait()
        collector = self.begin()
        self.found(collector, "killed", "kept", 4)
        self.assertRegex(collector.log(), r"keeper: state of the last run, which began at .* and was killed\n")
        self.send(collector, 1)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 5)
        collector.stop()

    def test_several_workers_count_side_by_side(self):
        os.mkdir(self.path("state"))
        self.settings += " workers = 2;"
        collector = self.begin()
        for device in range(100):
            collector.send(datagram(device, 1, DATA, b"1"))
        wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                   and self.read("telemetry.csv").count("\n") == 101, "all rows are there")
        collector.process.kill()
        collector.process.wait()
        collector = self.begin()
        self.found(collector, "killed", "kept", 100)
        collector.stop()

    def test_one_collector_at_a_time(self):
        os.mkdir(self.path("state"))
        collector = self.begin()
        log = self.refused()
        self.assertIn(f'the state in "state" is in use by musterd, pid {collector.process.pid}; ', log)
        self.send(collector, 2)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 2)
        collector.stop()

    def test_a_directory_that_is_not_there(self):
        self.assertIn('there is no state_dir "state"; make it: mkdir -p state', self.refused())
        os.mkdir(self.path("state"))
        self.settings += ' state_live_dir = "live";'
        self.assertIn('there is no state_live_dir "live"; make it: mkdir -p live', self.refused())

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_directory_that_cannot_be_written(self):
        os.mkdir(self.path("state"), 0o500)
        self.assertIn('cannot lock "state/musterd.lock": Permission denied', self.refused())

    def test_without_one_it_says_so(self):
        self.settings = ""
        collector = self.begin('{ plugin = "keeper"; },\n{ plugin = "keeper"; },\n{ plugin = "csv"; }')
        self.found(collector, "new", "not kept", 0)
        self.assertEqual(collector.log().count("no state_dir is set: what is known of the devices is forgotten "
                                               "when musterd stops\n"), 1)
        self.send(collector, 2)
        collector.stop()
        collector = self.begin('{ plugin = "csv"; path = "other.csv"; }')
        self.assertNotIn("state", collector.log())  # nobody asked
        collector.stop()

    def test_what_is_damaged_is_set_aside(self):
        os.mkdir(self.path("state"))
        for place in (HEADER + 3, 0):
            collector = self.begin()
            self.send(collector, 3)
            collector.stop()
            with open(self.path("state/keeper.state"), "r+b") as file:
                file.seek(place)
                byte = file.read(1)[0]
                file.seek(place)
                file.write(bytes([byte ^ 0xFF]))
            damaged = self.read("state/keeper.state", "rb")
            before = set(self.files())
            collector = self.begin()
            self.found(collector, "new", "kept", 0)
            (aside,) = set(self.files()) - before
            self.assertRegex(aside, r"^keeper\.state\.aside-\d{8}-\d{6}(-\d+)?$")
            self.assertRegex(collector.log(), rf'warning keeper: cannot use the state in "state/keeper.state": .*; '
                                              rf'it is set aside as "state/{re.escape(aside)}"\n')
            self.assertEqual(self.read(os.path.join("state", aside), "rb"), damaged)
            collector.stop()

    def test_copies_from_a_live_directory(self):
        os.mkdir(self.path("state"))
        os.mkdir(self.path("live"))
        self.settings += ' state_live_dir = "live"; state_interval = "20ms";'
        collector = self.begin()
        self.send(collector, 3)
        wait_until(lambda: "keeper.state" in self.files(), "a copy is there while it runs")
        copy = os.stat(self.path("state/keeper.state")).st_ino
        wait_until(lambda: "keeper.state" in self.files()
                   and os.stat(self.path("state/keeper.state")).st_ino != copy, "another follows")
        self.send(collector, 1)
        collector.stop()
        self.assertEqual(self.files(), ["keeper.state", "musterd.lock"])
        os.unlink(self.path("live/keeper.state"))  # the machine was down
        collector = self.begin()
        self.found(collector, "stopped", "kept", 4)
        self.send(collector, 1)

        def is_copied():
            with open(self.path("state/keeper.state"), "rb") as file:
                file.seek(HEADER)
                return int.from_bytes(file.read(8), "little") == 5
        if os.sysconf("SC_PAGESIZE") == HEADER and sys.byteorder == "little":
            wait_until(is_copied, "the copy has the last message")
        collector.process.kill()
        collector.process.wait()
        os.rename(self.path("live/keeper.state"), self.path("kept"))
        collector = self.begin()
        self.found(collector, "stale", "kept", 5)
        self.assertIn("keeper: state from a snapshot of ", collector.log())
        collector.process.kill()
        collector.process.wait()

    def test_copies_at_the_stop_alone(self):
        os.mkdir(self.path("state"))
        os.mkdir(self.path("live"))
        self.settings += ' state_live_dir = "live"; state_interval = 0;'
        collector = self.begin()
        self.send(collector, 3)
        self.assertEqual(self.files(), ["musterd.lock"])
        collector.process.kill()
        collector.process.wait()
        collector = self.begin()
        self.found(collector, "killed", "kept", 3)
        collector.stop()
        self.assertEqual(self.files(), ["keeper.state", "musterd.lock"])

    def test_a_start_that_fails_changes_nothing(self):
        os.mkdir(self.path("state"))
        log = self.refused('{ plugin = "keeper"; fail = true; }, { plugin = "csv"; }')
        self.assertIn("failing, as told", log)
        self.assertEqual(self.files(), ["musterd.lock"])
        collector = self.begin()
        self.send(collector, 3)
        collector.stop()
        before = self.read("state/keeper.state", "rb")
        self.refused('{ plugin = "keeper"; fail = true; }, { plugin = "csv"; }')
        self.assertEqual(self.read("state/keeper.state", "rb"), before)
        self.refused('{ plugin = "keeper"; }, { plugin = "csv"; path = "nowhere/at.csv"; required = true; }')
        self.assertEqual(self.read("state/keeper.state", "rb"), before)

    def test_a_run_without_it_leaves_it_stale(self):
        os.mkdir(self.path("state"))
        collector = self.begin()
        self.send(collector, 3)
        collector.stop()
        collector = self.begin('{ plugin = "csv"; }')
        self.send(collector, 2)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stale", "kept", 3)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 3)
        collector.stop()

    def test_a_damaged_copy_does_not_harm_what_is_live(self):
        os.mkdir(self.path("state"))
        os.mkdir(self.path("live"))
        self.settings += ' state_live_dir = "live"; state_interval = "50ms";'
        collector = self.begin()
        wait_until(lambda: "keeper.state" in self.files(), "it copies")
        self.send(collector, 3)
        collector.process.kill()
        collector.process.wait()
        os.truncate(self.path("state/keeper.state"), HEADER // 2)
        collector = self.begin()
        self.found(collector, "killed", "kept", 3)
        self.assertIn("is set aside", collector.log())
        collector.stop()

    def test_a_check_touches_nothing(self):
        os.mkdir(self.path("state"))
        self.write("collector.conf", f"{self.settings}\nchain = ( {CHAIN} );\n")
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)
        self.assertEqual(self.files(), [])

    def test_a_stuck_sink_does_not_keep_others_from_closing_in_order(self):
        os.mkdir(self.path("state"))
        self.settings += ' stop_timeout = "100ms";'
        collector = self.begin(CHAIN + ',\n{ plugin = "trouble"; }')
        self.send(collector, 2)
        collector.stop()
        collector = self.begin()
        self.found(collector, "stopped", "kept", 2)  # the filter's own was closed in order
        collector.stop()

    def test_a_plugin_that_asks_wrongly_is_told_so(self):
        os.mkdir(self.path("state"))
        for options, what in (("often = 2;", "it asks for its state twice"),
                              ("late = true; often = 0;", "state() in worker_open(); expected in open")):
            log = self.refused(f'{{ plugin = "keeper"; {options} }}, {{ plugin = "csv"; }}')
            self.assertRegex(log, rf"keeper: bug in the plugin keeper 1.0 \(.*/keeper.so\): {re.escape(what)}")

    def test_the_tracker_goes_on_in_another_window(self):
        os.mkdir(self.path("state"))
        rows = []

        def run(window, *numbers, kill=False):
            """A run in which devices 1 and 2 send these numbers.  Returns its log and figures."""
            collector = self.begin(f'''{{ plugin = "sequence"; window = {window}; }},
  {{ plugin = "csv"; columns = ["device_id", "seq_num", "verdict"]; }},
  {{ plugin = "stats"; file = "stats.json"; interval = "1s"; }}''')
            for device, number in numbers:
                collector.send(datagram(device, number, DATA, b"1"))
                rows.append((device, number))
            wait_until(lambda: self.read("telemetry.csv").count("\n") == len(rows) + 1, "all rows are there")
            if kill:
                collector.process.kill()
                collector.process.wait()
            else:
                collector.stop()
            return collector.log(), self.stats()

        def expect(stats, **expected):
            shown = {name: stats["metrics"]["sequence." + name] for name in expected}
            self.assertEqual(shown, expected)

        both = [(1, number) for number in range(1, 201) if number not in (10, 150)] + [(2, 1), (2, 2)]
        _, stats = run(256, *both)
        expect(stats, devices=2, missing=2, open=2, lost=0, recovered=0, gaps=2)
        log, stats = run(64, (1, 201), (2, 3))
        self.assertIn("sequence: the window was of 256 numbers and is of 64; missing numbers that have no place in it, "
                      "and are lost: 1\n", log)
        self.assertIn("sequence: state of the last run, which stopped in order at ", log)
        expect(stats, devices=2, missing=2, open=1, lost=1, recovered=0, gaps=2)
        run(64, (1, 202), kill=True)
        log, stats = run(1024, (1, 150), (1, 203), (2, 4), (1, 203))
        self.assertIn("sequence: the window was of 64 numbers and is of 1024; missing numbers that have no place in it, "
                      "and are lost: 0\n", log)
        self.assertRegex(log, "sequence: state of the last run, which began at .* and was killed\n")
        expect(stats, devices=2, missing=2, open=0, lost=1, recovered=1, gaps=2, duplicates=1, restarts=0, outliers=0)
        shown = self.rows()[len(both):]
        self.assertEqual([(row["device_id"], row["seq_num"], row["verdict"]) for row in shown],
                         [("1", "201", "new"), ("2", "3", "new"), ("1", "202", "new"), ("1", "150", "late"),
                          ("1", "203", "new"), ("2", "4", "new"), ("1", "203", "duplicate")])
        self.assertEqual(self.files(), ["musterd.lock", "sequence.state"])

    def test_settings_that_make_no_sense(self):
        for settings, expected in (
                ('\nstate_live_dir = "live";', "collector.conf:2: state_live_dir: there is no state_dir, "),
                ('\nstate_dir = "";', "collector.conf:2: state_dir: it is empty; expected a directory"),
                ('\nstate_dir = "a";\nstate_live_dir = "";', "collector.conf:3: state_live_dir: it is empty; "),
                ('\nstate_interval = "8d";', "collector.conf:2: state_interval: ")):
            self.write("collector.conf", f"{settings}\n")
            done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(expected, done.stderr)

    def test_sighup_does_not_disturb_the_copies(self):
        os.mkdir(self.path("state"))
        os.mkdir(self.path("live"))
        self.settings += ' state_live_dir = "live"; state_interval = "50ms";'
        collector = self.begin()
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP" in collector.log(), "it reopens")
        wait_until(lambda: "keeper.state" in self.files(), "it copies")
        collector.stop()


if __name__ == "__main__":
    main()
