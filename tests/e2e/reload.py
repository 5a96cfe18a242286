#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The configuration is read again on SIGHUP, and plugins adopt what has changed."""

import os
import signal
import threading
import time
import unittest

from muster import DATA, Case, datagram, main, wait_until


class Reload(Case):
    SINK = '{{ plugin = "trouble"; does = "lazy"; after = {after}; path = "{path}"; }}'

    def begin(self, chain, **options):
        self.settings = options.get("settings", "")
        return self.start(chain, **options)

    def reload(self, collector, chain, expected):
        self.write("collector.conf", f'listen = ( {{ port = 0; }} );\n{self.settings}\nchain = (\n{chain}\n);\n')
        before = collector.log().count(expected)
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: collector.log().count(expected) > before, f"the log says {expected!r}")

    def test_a_sink_adopts_its_options_or_says_that_it_cannot(self):
        collector = self.begin(self.SINK.format(after=0, path="trouble.txt"))
        self.reload(collector, self.SINK.format(after=7, path="trouble.txt"), "trouble: the changed options are in force")
        self.assertIn("trouble: after is 7 now", collector.log())
        self.reload(collector, self.SINK.format(after=13, path="trouble.txt"), "trouble: the changed options are not adopted")
        self.reload(collector, self.SINK.format(after=9, path="trouble.txt"), "trouble: the changed options are in force")
        collector.send(datagram(1, 1, DATA, b"x"))
        wait_until(lambda: "0 1 1 x" in self.read("trouble.txt"), "it goes on")
        collector.stop()

    def test_a_sink_is_replaced_that_cannot_adopt_its_options(self):
        collector = self.begin(self.SINK.format(after=0, path="trouble.txt"))
        collector.send(datagram(1, 1, DATA, b"x"))
        self.reload(collector, self.SINK.format(after=8, path="other.txt"),
                    "trouble: the plugin takes a new instance for the changed options, and is replaced")
        wait_until(lambda: "trouble: it is closed: written " in collector.log(), "the old one has ended")
        collector.send(datagram(1, 2, DATA, b"y"))
        wait_until(lambda: "y" in self.read("other.txt"), "the new one writes")
        self.assertIn("0 1 1 x", self.read("trouble.txt"))
        self.assertNotIn("y", self.read("trouble.txt"))
        self.assertEqual(collector.stop().sinks["trouble"], [2, 2, 0, 0])

    def test_the_second_of_two_new_sinks_cannot_be_opened(self):
        """The first one, which has begun, ends; it may do so long after the reload is over."""
        one = '{ plugin = "csv"; path = "1.csv"; name = "one"; }'
        slow = '{ plugin = "balky"; name = "slow"; path = "balky.txt"; }'
        bad = '{ plugin = "misbehave_sink"; name = "bad"; does = "fail"; where = "open"; }'
        collector = self.begin(one)
        for _ in range(3):
            self.reload(collector, f"{one}, {slow}, {bad}", "the configuration is not adopted")
            self.reload(collector, one, "the configuration has not changed")
        collector.send(datagram(1, 1, DATA, b"x"))
        wait_until(lambda: len(self.rows("1.csv")) == 1, "it goes on")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["one"], [1, 1, 0, 0])

    def test_sinks_come_and_go(self):
        one, two = '{ plugin = "csv"; path = "1.csv"; name = "one"; }', '{ plugin = "csv"; path = "2.csv"; name = "two"; }'
        collector = self.begin(one)

        def rows(name):
            return [int(line.split(",")[1]) for line in self.read(name).splitlines()[1:]]

        def send(number, *names):
            collector.send(datagram(1, number, DATA, b"x"))
            for name in names:
                wait_until(lambda: number in rows(name), f"row {number} is in {name}")

        send(1, "1.csv")
        self.reload(collector, one + "," + two, "two: the sink is new")
        send(2, "1.csv", "2.csv")
        self.reload(collector, two, "one: the sink is in the configuration no longer, and is removed")
        wait_until(lambda: "one: it is closed: written 2, dropped 0" in collector.log(), "it has ended")
        send(3, "2.csv")
        self.reload(collector, two + "," + one, "one: the sink is new")
        send(4, "1.csv", "2.csv")
        self.reload(collector, two.replace("2.csv", "3.csv") + "," + one, "two: its options have changed, and it is replaced")
        send(5, "1.csv", "3.csv")
        sinks = collector.stop().sinks
        self.assertEqual((sinks["one"], sinks["two"]), ([4, 4, 0, 0], [4, 4, 0, 0]))
        self.assertEqual((rows("1.csv"), rows("2.csv"), rows("3.csv")), ([1, 2, 4, 5], [2, 3, 4], [5]))

    def test_a_sink_that_keeps_its_file_waits_for_the_old_one(self):
        csv = '{{ plugin = "csv"; path = "t.csv"; sync = "{}"; }}'
        collector = self.begin(csv.format("none"))
        for turn in range(6):
            for number in range(100):
                collector.send(datagram(1, 100 * turn + number, DATA, b"x"))
            self.reload(collector, csv.format("second" if turn % 2 == 0 else "none"),
                        "csv: its options have changed, and it is replaced")
        self.assertEqual(collector.stop().sinks["csv"], [600, 600, 0, 0])
        # Of several that wait for the file, any may have it next.
        rows = [int(line.split(",")[1]) for line in self.read("t.csv").splitlines()[1:]]
        self.assertEqual(sorted(rows), list(range(600)))

    def test_what_needs_a_restart_refuses_all_of_it_by_name(self):
        chain = '{ plugin = "sequence"; },\n{ plugin = "csv"; }'
        collector = self.begin(chain)
        refused = "the configuration is not adopted; what runs goes on with the old one"
        for changed, said in (('{ plugin = "csv"; path = "2.csv"; }', "collector.conf: sequence: the filter is in the configuration no longer"),
                              ('{ plugin = "keeper"; },\n' + chain, "collector.conf:4: keeper: the filter is new"),
                              (chain.replace('"sequence";', '"sequence"; window = 64;'),
                               "collector.conf:4: sequence: its options have changed")):
            self.reload(collector, changed + ', { plugin = "log"; }', refused)
            self.assertIn(said, collector.log())
        self.settings = "workers = 2;"
        self.reload(collector, chain, refused)
        self.assertIn("collector.conf:2: workers: it has changed; that needs a restart", collector.log())
        self.settings = ""
        self.reload(collector, chain, "the configuration has not changed")
        self.assertFalse(os.path.exists(self.path("2.csv")))
        self.assertEqual(list(collector.stop().sinks), ["csv"])

    def test_a_sink_that_could_never_write_is_refused(self):
        self.write("other.csv", "something else\n")
        collector = self.begin('{ plugin = "csv"; }')
        self.reload(collector, '{ plugin = "csv"; path = "other.csv"; }', "the configuration is not adopted")
        self.assertIn("csv: path: there is a file with another first line", collector.log())
        collector.stop()
        self.assertEqual(self.read("other.csv"), "something else\n")

    def test_the_catalog_alone(self):
        self.write("devices.yaml", "devices: [ { id: 7, name: pump } ]\n")
        chain = '{ plugin = "log"; }'
        collector = self.begin(chain, settings='catalog = "devices.yaml";')
        collector.send(datagram(7, 1, DATA, b"x"))
        wait_until(lambda: "DATA from 7 (pump)" in self.read("stdout.0"), "it has its name")
        self.write("devices.yaml", "devices: [ { id: 7, name: fan }, { id: 8, name: boiler } ]\n")
        self.reload(collector, chain, "the catalog has changed")
        collector.send(datagram(7, 2, DATA, b"x"))
        collector.send(datagram(8, 1, DATA, b"x"))
        wait_until(lambda: "DATA from 8 (boiler)" in self.read("stdout.0"), "the new one has a name")
        self.assertIn("DATA from 7 (fan) seq=2", self.read("stdout.0"))
        self.write("devices.yaml", "devices: [ { id: 7, nmae: fan } ]\n")
        self.reload(collector, chain, "the configuration is not adopted")
        self.assertRegex(collector.log(), r"devices\.yaml:1:21: .*did you mean")
        collector.stop()

    def test_settings_that_can_change(self):
        collector = self.begin('{ plugin = "csv"; }')
        self.settings = 'log_level = "debug"; stop_timeout = "3s";'
        self.reload(collector, '{ plugin = "csv"; }', "stop_timeout changes")
        self.reload(collector, '{ plugin = "csv"; }', "the configuration has not changed")
        wait_until(lambda: " debug   " in collector.log(), "it is in force")
        collector.stop()

    def test_under_load_nothing_is_lost(self):
        """Each turn replaces one sink, adds or removes another, and leaves a third alone."""
        kept = '{ plugin = "csv"; path = "kept.csv"; name = "kept"; }'
        moved = '{{ plugin = "csv"; path = "moved.{}.csv"; name = "moved"; }}'
        guest = ', { plugin = "csv"; path = "guest.csv"; name = "guest"; }'
        turns = int(os.environ.get("MUSTER_RELOADS", "8"))
        collector = self.begin(kept + "," + moved.format(0), settings="workers = 2;")
        stop, sent = threading.Event(), [0]

        def load():
            while not stop.is_set():
                for _ in range(20):
                    collector.send(datagram(sent[0] % 50, sent[0] // 50, DATA, b"21.5"))
                    sent[0] += 1
                stop.wait(0.004)

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for turn in range(1, turns + 1):
                self.reload(collector, kept + "," + moved.format(turn) + (guest if turn % 2 else ""),
                            "moved: its options have changed, and it is replaced")
                if turns > 8:
                    time.sleep(1)
        finally:
            stop.set()
            thread.join()
        ledger = collector.stop()
        rows = [line for turn in range(turns + 1) for line in self.read(f"moved.{turn}.csv").splitlines()[1:]]
        self.assertEqual(ledger.received + ledger.kernel_drops, sent[0])
        self.assertEqual(ledger.kernel_drops, 0)
        self.assertEqual(len(rows), sent[0])
        self.assertEqual(len({tuple(row.split(",")[:2]) for row in rows}), sent[0], "each is there once")
        self.assertEqual(self.read("kept.csv").count("\n") - 1, sent[0])
        self.assertEqual(ledger.sinks["moved"], [sent[0], sent[0], 0, 0])
        self.assertNotIn("kept: ", collector.log().split("listening on")[1].split("SIGTERM")[0].replace("kept: appending", ""))

    def test_what_has_not_changed_is_not_told(self):
        chain = self.SINK.format(after=1, path="trouble.txt")
        collector = self.begin(chain)
        self.reload(collector, chain, "SIGHUP: reopening every output")
        self.reload(collector, self.SINK.format(after=2, path="trouble.txt"), "after is 2 now")
        self.assertNotIn("after is 1 now", collector.log())
        collector.stop()

    def test_a_configuration_with_errors_changes_nothing(self):
        collector = self.begin(self.SINK.format(after=1, path="trouble.txt"))
        self.reload(collector, self.SINK.format(after="bad", path="trouble.txt"),
                    "the configuration is not adopted; what runs goes on with the old one")
        self.assertNotIn("after is", collector.log())
        collector.stop()

    def test_a_filter_adopts_between_two_batches_of_all_workers(self):
        keeper = '{{ plugin = "keeper"; fail = {fail}; }},\n'
        sink = self.SINK.format(after=0, path="trouble.txt")
        collector = self.begin(keeper.format(fail="false") + sink, settings="workers = 3;")
        for round in range(5):
            for number in range(30):
                collector.send(datagram(number, round, DATA, b"x"))
            wait_until(lambda: self.read("trouble.txt").count("\n") == 30 * (round + 1), "all are there")
            self.reload(collector, keeper.format(fail="true" if round % 2 == 0 else "false") + sink,
                        f"reloaded at {30 * (round + 1)} messages")
        self.assertEqual(collector.stop().sinks["trouble"], [150, 150, 0, 0])


if __name__ == "__main__":
    main()
