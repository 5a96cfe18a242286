#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files that others move away, remove or empty while rows are written: no row is counted that is in none."""
import csv
import gzip
import io
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from muster import COLUMNS, DATA, PATIENCE, Case, datagram, main, wait_until

CHAIN = '{ plugin = "sequence"; events = false; },\n{ plugin = "csv"; }'
LOGROTATE = shutil.which("logrotate") or shutil.which("logrotate", path="/usr/sbin:/sbin")


def burst(collector, first, count):
    for seq in range(first, first + count):
        collector.send(datagram(3, seq, DATA, b"1"))


class Steady:
    """Sends numbers from 1 on, at a pace that any machine keeps up with, until it is told to end."""

    def __init__(self, collector):
        self.collector = collector
        self.sent = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ends.wait(0.001):
            self.sent += 1
            self.collector.send(datagram(3, self.sent, DATA, b"1"))

    def end(self):
        self.ends.set()
        self.thread.join()
        return self.sent


class Rotation(Case):
    def numbers(self, *names):
        """The numbers of the rows in these files, each of which begins with the header."""
        result = []
        for name in names:
            text = self.read(name, "rb")
            text = (gzip.decompress(text) if name.endswith(".gz") else text).decode()
            self.assertTrue(text.startswith(COLUMNS + "\n"), (name, text[:200]))
            self.assertEqual(text.count(COLUMNS), 1, name)
            result += [int(row["seq_num"]) for row in csv.DictReader(io.StringIO(text))]
        return result

    def has_row(self, number, name="telemetry.csv"):
        def there():
            try:
                return f"\n3,{number}," in self.read(name)
            except FileNotFoundError:
                return False

        wait_until(there, f"row {number} is in {name}")

    def series(self):
        """The file and all that it was before, the oldest first."""
        names = [name for name in os.listdir(self.folder) if name.startswith("telemetry.csv")]
        return sorted(names, key=lambda name: -int((name.replace(".gz", "").split(".") + ["0"])[2]))

    def logrotate(self, collector, options):
        self.write("logrotate.conf", f'{self.path("telemetry.csv")} {{\nrotate 50\n{options}\n'
                                     f"postrotate\n{collector}\nendscript\n}}\n")
        done = subprocess.run([LOGROTATE, "-f", "-s", self.path("logrotate.state"), self.path("logrotate.conf")],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(LOGROTATE, "there is no logrotate")
    def test_logrotate_moves_and_compresses(self):
        for signalled, options in ((True, "create\ncompress"), (False, "create\ncompress"), (False, "nocreate\ncompress"),
                                   (True, "nocreate\ncompress\ndelaycompress")):
            for name in self.series():
                os.unlink(self.path(name))
            collector = self.start(CHAIN)
            steady = Steady(collector)
            for _ in range(5):
                after = steady.sent
                self.has_row(after + 1)
                self.logrotate(f"kill -HUP {collector.process.pid}" if signalled else "true", options)
            self.has_row(steady.sent + 1)
            sent = steady.end()
            ledger = collector.stop()
            names = self.series()
            self.assertEqual(len(names), 6, names)
            self.assertEqual(self.numbers(*names), list(range(1, sent + 1)), options)
            self.assertEqual(ledger.sinks["csv"], [sent, sent, 0, 0])

    @unittest.skipUnless(LOGROTATE, "there is no logrotate")
    def test_logrotate_copies_and_truncates(self):
        collector = self.start(CHAIN)
        for part in range(4):
            burst(collector, part * 100 + 1, 100)
            self.has_row(part * 100 + 100)
            self.logrotate("true", "copytruncate\ncompress")
        collector.stop()
        names = self.series()
        self.assertEqual(len(names), 5, names)
        self.assertEqual(self.numbers(*names[:-1]), list(range(1, 401)))
        collector = self.start(CHAIN)  # what was emptied is no reason to refuse a start
        burst(collector, 401, 1)
        collector.stop()
        self.assertEqual(self.numbers("telemetry.csv"), [401])

    def test_a_file_that_is_removed_is_made_again(self):
        collector = self.start(CHAIN)
        burst(collector, 1, 10)
        self.has_row(10)
        os.unlink(self.path("telemetry.csv"))
        burst(collector, 11, 10)
        self.has_row(20)
        os.unlink(self.path("telemetry.csv"))
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")), "it is made again, also without a row")
        self.assertEqual(self.read("telemetry.csv"), COLUMNS + "\n")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["csv"], [20, 20, 0, 0])
        self.assertEqual(collector.log().count("has been removed, with the rows that were in it"), 2)

    def test_moved_away_again_and_again_under_load(self):
        collector = self.start(CHAIN)
        steady = Steady(collector)
        kept = []
        for _ in range(40):
            name = f"kept-{len(kept)}.csv"
            wait_until(lambda: os.path.exists(self.path("telemetry.csv")), "it is there")
            os.rename(self.path("telemetry.csv"), self.path(name))
            kept.append(name)
            time.sleep(0.005)
        self.has_row(steady.sent + 1)
        sent = steady.end()
        ledger = collector.stop()
        found = []
        for name in kept + ["telemetry.csv"]:
            found += self.numbers(name) if self.read(name) else []
        self.assertEqual(found, list(range(1, sent + 1)))
        self.assertEqual(ledger.sinks["csv"], [sent, sent, 0, 0])

    def test_rows_wait_until_the_path_can_be_opened(self):
        collector = self.start(CHAIN)
        burst(collector, 1, 10)
        self.has_row(10)
        os.rename(self.path("telemetry.csv"), self.path("old.csv"))
        self.write("telemetry.csv", "something,else\n")
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "csv: not connected; it is tried again until it works" in collector.log(), "it says so")
        os.unlink(self.path("old.csv"))
        burst(collector, 11, 10)
        os.unlink(self.path("telemetry.csv"))
        self.has_row(20)
        ledger = collector.stop()
        self.assertEqual(self.numbers("telemetry.csv"), list(range(11, 21)))
        self.assertEqual(ledger.sinks["csv"], [20, 20, 0, 0])
        self.assertEqual(collector.log().count("its first line is"), 1)

    def test_a_file_is_not_for_all_to_read(self):
        collector = self.start(CHAIN + ',\n{ plugin = "csv"; path = "open.csv"; mode = "0644"; }')
        collector.stop()
        self.assertEqual([os.stat(self.path(name)).st_mode & 0o7777 for name in ("telemetry.csv", "open.csv")],
                         [0o640, 0o644])
        self.write("collector.conf", f'listen = ( {{ port = 0; }} );\nchain = ( {{ plugin = "csv"; mode = "640x"; }} );\n')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("collector.conf:2: csv: mode: it is three octal digits", done.stderr)


if __name__ == "__main__":
    main()
