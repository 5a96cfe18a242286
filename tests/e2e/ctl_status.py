#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""musterctl status, sinks and plugins: their figures are those of the ledger."""
import csv
import io
import os
import re
import subprocess

from control import ControlCase
from muster import SOURCE, datagram, main, wait_until

CHAIN = '{ plugin = "sequence"; }, { plugin = "csv"; path = "telemetry.csv"; }, { plugin = "log"; }'


class Status(ControlCase):
    def play(self, collector):
        """Numbers 1, 2, 5, 4 of device 7, a copy, and two datagrams that are none."""
        collector.send(*(datagram(7, seq) for seq in (1, 2, 5, 4, 4)), b"short", b"no")
        return 7

    def test_figures_are_those_of_the_ledger(self):
        os.mkdir(self.path("state"))  # so that nothing more is told at the end
        collector = self.start_controlled(CHAIN, 'state_dir = "state";')
        status = self.settled(self.play(collector))
        sinks = {line["sink"]: line for line in self.ctl_lines("sinks")}
        plugins = {line["entry"]: line for line in self.ctl_lines("plugins")}
        ledger = collector.stop()
        datagrams = status["datagrams"]
        self.assertEqual([datagrams[name] for name in ("received", "decoded", "rejected")],
                         [ledger.received, ledger.decoded, ledger.rejected])
        self.assertEqual(sum(datagrams["rejected_by_reason"].values()), 2)
        numbers = status["numbers"]
        self.assertEqual([numbers[name] for name in ("missing", "open", "recovered", "lost", "duplicates")],
                         [2, 1, 1, 0, 1])
        self.assertEqual(numbers["missing"], sum(numbers["missing_by_cause"].values()))
        for name, (offered, written, queued, dropped) in ledger.sinks.items():
            self.assertEqual([sinks[name][key] for key in ("offered", "written", "queued", "dropped")],
                             [offered, written, queued, dropped])
            self.assertEqual(sinks[name]["state"], "ok")
            self.assertEqual(plugins[name]["written"], written)
        for name, figures in ledger.filters.items():
            self.assertEqual([plugins[name][key] for key in ("in", "emitted", "out", "dropped")], figures)
        self.assertEqual([sink["sink"] for sink in status["sinks"]], ["csv", "log"])

    def test_for_people(self):
        collector = self.start_controlled(CHAIN)
        self.settled(self.play(collector))
        text = self.ctl("status")
        self.assertRegex(text, r"(?m)^musterd \S+ .*pid %d, up .* configuration collector.conf \(as on disk\)$"
                         % collector.process.pid)
        self.assertRegex(text, r"(?m)^in +\d+/s  7 received = 5 decoded \+ 2 rejected \(28\.6 %\): ")
        self.assertRegex(text, r"(?m)^numbers +2 missing = 1 open \+ 1 recovered \+ 0 lost; counted since ")
        self.assertRegex(text, r"(?m)^ +by cause: network 2$")
        self.assertRegex(text, r"(?m)^sinks +csv +ok +5 written, 0 queued, 0 dropped$")
        self.assertNotIn("\x1b", text)
        with open(self.path("collector.conf"), "a", encoding="utf-8") as out:
            out.write("# changed\n")
        self.assertIn("(has changed since it was read)", self.ctl("status"))
        collector.stop()

    def test_csv(self):
        collector = self.start_controlled(CHAIN)
        self.settled(self.play(collector))
        rows = dict(csv.reader(io.StringIO(self.ctl("--csv", "status"))))
        self.assertEqual(rows["datagrams.received"], "7")
        self.assertEqual(rows["numbers.missing_by_cause.network"], "2")
        sinks = list(csv.DictReader(io.StringIO(self.ctl("sinks", "--csv"))))
        self.assertEqual([(row["sink"], row["written"]) for row in sinks[:1]], [("csv", "5")])
        collector.stop()

    def test_a_sink_in_trouble_is_told(self):
        collector = self.start_controlled('{ plugin = "csv"; path = "absent/t.csv"; }, { plugin = "log"; }')
        sink = wait_until(lambda: next((line for line in self.ctl_lines("sinks") if line["state"] == "waiting"), None),
                          "csv is in trouble")
        self.assertEqual(sink["sink"], "csv")
        self.assertRegex(self.ctl("status"), r"(?m)^sinks +csv +waiting .*; so since \d{4}-")
        os.mkdir(self.path("absent"))
        wait_until(lambda: self.ctl_lines("sinks")[0]["state"] == "ok", "csv is connected")
        collector.stop()

    def test_a_sink_that_is_stuck_is_told(self):
        collector = self.start_controlled(
            '{ plugin = "misbehave_sink"; where = "write"; does = "hang"; }, { plugin = "log"; }')
        collector.send(datagram(1, 1))
        wait_until(lambda: self.ctl_lines("sinks")[0]["state"] == "stuck", "the sink is stuck")
        collector.process.kill()


class Words(ControlCase):
    """What is wrong with a command line is said, with what was expected."""

    def test_usage(self):
        self.assertIn('did you mean "status"?', self.ctl("statsu", status=2))
        self.assertIn("try: musterctl --help", self.ctl(status=2))
        self.assertIn("usage: musterctl", self.ctl("status", "now", status=2))
        self.assertIn("usage: musterctl", self.ctl("--help"))
        self.assertIn("no musterd answers there", self.ctl("status", status=1))
        self.assertIn("too long for a socket", self.ctl("-s", "/" + 200 * "x", "status", status=1))


    def test_completion_knows_every_command(self):
        usage = self.ctl("--help")
        commands = re.findall(r"(?m)^  ([a-z][a-z-]+) ", usage)
        self.assertIn("status", commands)
        script = ('source "$1"; COMP_WORDS=(musterctl ""); COMP_CWORD=1; _musterctl; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", os.path.join(SOURCE, "etc", "completion", "musterctl")],
                              capture_output=True, text=True, check=True)
        offered = done.stdout.split()
        self.assertEqual(set(commands) - set(offered), set())
        self.assertEqual({word for word in offered if not word.startswith("-")} - set(commands), set())


if __name__ == "__main__":
    main()
