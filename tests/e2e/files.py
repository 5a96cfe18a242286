#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files that are written: links, devices, FIFOs, and other people's."""
import json
import os
import stat
import subprocess
import unittest

from muster import DATA, FLEET, Case, datagram, main, wait_until

CSV = '{ plugin = "csv"; }'
STATS = '{ plugin = "stats"; interval = "1s"; print = false; file = "%s"; }'


class Replaced(Case):
    """The file of stats, which is replaced once a second, and the report of muster-fleet."""

    def figures(self, name="stats.json"):
        """What the file holds, or None as long as it holds nothing."""
        text = self.read(name)
        return json.loads(text) if text else None

    def test_link_mode_and_owner_stay(self):
        self.write("real.json", "")
        os.chmod(self.path("real.json"), 0o604)
        if os.geteuid() == 0:
            os.chown(self.path("real.json"), 65534, 65534)
        os.symlink("real.json", self.path("stats.json"))
        collector = self.start(STATS % "stats.json")
        wait_until(self.figures, "a report")
        collector.stop()
        self.assertTrue(os.path.islink(self.path("stats.json")))
        status = os.stat(self.path("real.json"))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o604)
        if os.geteuid() == 0:
            self.assertEqual((status.st_uid, status.st_gid), (65534, 65534))
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if "json" in name), ["real.json", "stats.json"])

    def test_mode_of_a_new_file(self):
        collector = self.start((STATS % "a.json").replace("interval", 'mode = "0664"; interval') + "," +
                               (STATS % "b.json").replace("{", '{ name = "second";', 1))
        wait_until(lambda: os.path.exists(self.path("a.json")) and os.path.exists(self.path("b.json")), "reports")
        collector.stop()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("a.json")).st_mode), 0o664)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("b.json")).st_mode), 0o640)

    def test_what_is_no_mode(self):
        for mode in ('"0755"', '"rw"', '"0440"', "640"):
            self.write("collector.conf", 'chain = ( { plugin = "stats"; file = "x"; mode = %s; } );' % mode)
            done = self.musterd("-c", "collector.conf", "--check")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, r"collector\.conf:1: (stats: )?mode")

    @unittest.skipUnless(os.geteuid() == 0, "only root makes devices")
    def test_device_stays_one(self):
        os.mknod(self.path("null"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        collector = self.start(STATS % "null" + "," + CSV)
        collector.send(datagram(1, 1, DATA, b"1"))
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")) and self.rows(), "a row")
        collector.stop()
        self.assertTrue(stat.S_ISCHR(os.lstat(self.path("null")).st_mode))

    def test_planted_names_lead_nowhere(self):
        self.write("victim", "precious")
        for name in ("stats.json.new", ".stats.json.new", "stats.json.tmp"):
            os.symlink("victim", self.path(name))
        collector = self.start(STATS % "stats.json")
        wait_until(lambda: os.path.exists(self.path("stats.json")), "a report")
        collector.stop()
        self.assertEqual(self.read("victim"), "precious")

    def test_fifo_without_a_reader_holds_nothing_up(self):
        os.mkfifo(self.path("pipe"))
        collector = self.start(STATS % "pipe")
        wait_until(lambda: "no process reads this FIFO" in collector.log(), "it is told")
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        wait_until(lambda: "again" in collector.log(), "it is told that it works")
        self.assertTrue(os.read(reader, 1 << 16).startswith(b"{"))
        collector.stop()
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.path("pipe")).st_mode))

    def test_something_else_stays(self):
        self.write("stats.json", "a diary")
        self.write("collector.conf", "chain = ( " + STATS % "stats.json" + " );\nlisten = ( { port = 0; } );")
        done = self.musterd("-c", "collector.conf")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("holds something else", done.stderr)
        self.assertEqual(self.read("stats.json"), "a diary")

    @unittest.skipUnless(os.geteuid() == 0, "only root can play others")
    def test_what_others_have_put_there(self):
        os.mkdir(self.path("open"))
        os.chmod(self.path("open"), 0o1777)
        self.write("open/theirs.json", "")
        os.chown(self.path("open/theirs.json"), 65534, 65534)
        self.write("ours", "")
        os.symlink("../ours", self.path("open/link.json"))
        os.chown(self.path("open/link.json"), 65534, 65534, follow_symlinks=False)
        for name in ("theirs", "link"):
            collector = self.start(STATS % f"open/{name}.json")
            wait_until(lambda: "where anybody can make" in collector.log(), "it is told")
            collector.stop()
        self.assertEqual(self.read("open/theirs.json") + self.read("ours"), "")

    def test_report_of_the_fleet(self):
        self.write("real.json", "{}")
        os.chmod(self.path("real.json"), 0o600)
        os.symlink("real.json", self.path("link.json"))
        self.report("link.json")
        self.assertTrue(os.path.islink(self.path("link.json")))
        self.assertEqual(self.figures("real.json")["sent"], 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("real.json")).st_mode), 0o600)
        os.mkfifo(self.path("pipe"))
        self.assertIn("no process reads this FIFO", self.report("pipe", status=1))
        os.mkdir(self.path("folder"))
        self.assertIn("it is a directory", self.report("folder", status=1))

    def report(self, name, status=0):
        """Plays one datagram, and returns what was said."""
        done = subprocess.run([FLEET, "--target", "127.0.0.1:9", "--count", "1", "--report", name, "--quiet"],
                              cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr


if __name__ == "__main__":
    main()
