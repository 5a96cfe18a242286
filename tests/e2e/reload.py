#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The configuration is read again on SIGHUP, and plugins adopt what has changed."""

import os
import signal
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
        self.reload(collector, self.SINK.format(after=8, path="other.txt"), "trouble: the changed options take effect at the next start")
        self.reload(collector, self.SINK.format(after=13, path="trouble.txt"), "trouble: the changed options are not adopted")
        self.reload(collector, self.SINK.format(after=9, path="trouble.txt"), "trouble: the changed options are in force")
        collector.send(datagram(1, 1, DATA, b"x"))
        wait_until(lambda: "0 1 1 x" in self.read("trouble.txt"), "it goes on")
        self.assertFalse(os.path.exists(self.path("other.txt")))
        collector.stop()

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
                    "the configuration has errors; what runs goes on with the old one")
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

    def test_what_comes_and_goes_waits_for_the_next_start(self):
        collector = self.begin(self.SINK.format(after=0, path="trouble.txt"))
        self.reload(collector, '{ plugin = "csv"; }', "csv: it is new in the configuration; that takes effect at the next start")
        self.assertIn("trouble: it is in the configuration no longer; that takes effect at the next start", collector.log())
        collector.stop()


if __name__ == "__main__":
    main()
