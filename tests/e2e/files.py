#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files that are written: links, devices, FIFOs, and other people's."""
import json
import os
import socket
import stat
import subprocess
import unittest

from muster import BUILD, DATA, FLEET, MUSTERD, Case, datagram, main, wait_until

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
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("collector.conf:1: stats: file: it is there already and holds something else", done.stderr)
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)

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
        self.write("log", "before\n")
        subprocess.run(["sh", "-c", f"exec {FLEET} --target 127.0.0.1:9 --count 1 --quiet --report /dev/stdout >>log"],
                       cwd=self.folder, timeout=60, check=True)
        before, report = self.read("log").splitlines()
        self.assertEqual((before, json.loads(report)["sent"]), ("before", 1))

    def report(self, name, status=0):
        """Plays one datagram, and returns what was said."""
        done = subprocess.run([FLEET, "--target", "127.0.0.1:9", "--count", "1", "--report", name, "--quiet"],
                              cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr


class OwnFiles(Case):
    """Two entries of a chain never write one file."""

    def check(self, first, second, is_fine=False):
        """Checks a chain of both, one a line."""
        self.write("collector.conf", f"chain = (\n {first},\n {second}\n);\n")
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 0 if is_fine else 2, f"{first} {second}: {done.stderr}")
        if not is_fine:
            self.assertRegex(done.stderr, r"^collector.conf:3: \w+: (path|file): .* of \w+ in line 2 writes")

    @staticmethod
    def csv(path=None, name="rows"):
        return f'{{ plugin = "csv"; name = "{name}"; ' + (f'path = "{path}"; }}' if path else "}")

    @staticmethod
    def stats(path, name="figures"):
        return f'{{ plugin = "stats"; name = "{name}"; file = "{path}"; }}'

    def test_one_spelling_and_others(self):
        os.mkdir(self.path("sub"))
        for other in ("out", "./out", "sub/../out", ".//out", self.path("out")):
            for _ in range(2):
                self.check(self.csv("out"), self.csv(other, "more"))
                self.check(self.csv("out"), self.stats(other))
                self.check(self.stats("out", "more"), self.stats(other))
                self.write("out", "")
            os.unlink(self.path("out"))
        self.check(self.csv(), self.csv("telemetry.csv", "more"))
        self.check(self.csv("missing/./a"), self.csv("missing//a", "more"))

    def test_links(self):
        os.mkdir(self.path("sub"))
        os.symlink("sub", self.path("folder"))
        os.symlink("sub/out", self.path("link"))
        for other in ("folder/out", "link"):
            self.check(self.csv("sub/out"), self.stats(other))  # there is none yet
        self.write("sub/out", "")
        os.link(self.path("sub/out"), self.path("hard"))
        for other in ("folder/out", "link", "hard"):
            self.check(self.csv("sub/out"), self.stats(other))

    def test_what_is_apart(self):
        self.write("a", "")
        os.mkdir(self.path("sub"))
        self.check(self.csv("a"), self.csv("b", "more"), is_fine=True)
        self.check(self.csv("a"), self.csv("sub/a", "more"), is_fine=True)
        self.check(self.csv("/dev/null"), self.csv("/dev/null", "more"), is_fine=True)
        self.check(self.csv("missing/a"), self.csv("missing/b", "more"), is_fine=True)


class Standard(Case):
    """Standard output and standard error."""

    def full(self, *command):
        """Runs it with a full standard output, and returns what it said."""
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, f"{command}: {done.stderr}")
        return done.stderr

    def test_full_output_is_told(self):
        self.write("collector.conf", "chain = ( " + CSV + " );")
        said = "cannot write to standard output: No space left on device"
        for arguments in (("--version",), ("--help",), ("--describe",), ("--describe", "csv"), ("-c", "collector.conf", "--check"),
                          ("--decode", "built-in", "006500000001690e24c80101")):
            self.assertEqual(self.full(*self.command(*arguments)), f"musterd: {said}\n")
        for argument in ("--version", "--help"):
            self.assertEqual(self.full(FLEET, argument), f"muster-fleet: {said}\n")
            self.assertEqual(self.full(os.path.join(BUILD, "muster-plugin"), argument), f"muster-plugin: {said}\n")
        self.assertIn("cannot write the report \"-\": No space left on device",
                      self.full(FLEET, "--target", "127.0.0.1:9", "--count", "1", "--report", "-"))

    def test_closed_output_is_told_and_goes_nowhere(self):
        """No text of a program goes out as a datagram, or into its data."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            target = f"127.0.0.1:{receiver.getsockname()[1]}"
            for closed in ("<&- >&- 2>&-", ">&-", "2>&-"):
                done = subprocess.run(["sh", "-c", f'exec "{FLEET}" --target {target} --count 3 --rate 1000 {closed}'],
                                      cwd=self.folder, capture_output=True, timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, b""))
                sizes = [len(receiver.recv(65536)) for _ in range(3)]
                self.assertTrue(all(12 <= size < 20 for size in sizes), sizes)
            receiver.setblocking(False)
            self.assertRaises(BlockingIOError, receiver.recv, 1)
        for command in (f"{FLEET} --target 127.0.0.1:9 --count 1 --quiet --report -", f"{MUSTERD} --describe"):
            done = subprocess.run(["sh", "-c", f"exec {command} >&-"], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("Bad file descriptor", done.stderr)

    def test_who_has_read_enough_is_not_told(self):
        with subprocess.Popen(self.command("--describe", "csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")

    def test_log_that_is_emptied_in_place_has_no_hole(self):
        """As copytruncate of logrotate does."""
        collector = self.start('{ plugin = "sequence"; }, { plugin = "log"; color = "never"; }')
        collector.send(*(datagram(1, seq, DATA, b"1") for seq in range(1, 101)))
        wait_until(lambda: "seq=100" in collector.output(), "all lines")
        os.truncate(collector.out_path, 0)
        os.truncate(collector.error_path, 0)
        collector.send(datagram(1, 101, DATA, b"1"))
        wait_until(lambda: "seq=101" in collector.output(), "a line behind")
        collector.stop()
        with open(collector.out_path, "rb") as out, open(collector.error_path, "rb") as error:
            self.assertRegex(out.read(), rb"^\S+ DATA from 1 seq=101 ")
            self.assertNotIn(b"\0", error.read())


class Locks(Case):
    """The lock of the state's directory."""

    def test_a_victim_stays(self):
        os.mkdir(self.path("state"))
        self.write("victim", "precious")
        os.link(self.path("victim"), self.path("state/musterd.lock"))
        self.write("collector.conf", 'listen = ( { port = 0; } ); state_dir = "state"; chain = ( ' + CSV + " );")
        for arguments in ((), ("--check",)):
            done = self.musterd("-c", "collector.conf", *arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn('cannot lock "state/musterd.lock": it has other names', done.stderr)
        self.assertEqual(self.read("victim"), "precious")


    @unittest.skipUnless(os.geteuid() == 0, "only root can play others")
    def test_what_others_have_put_there(self):
        """Where anybody can make files: a state of somebody else, who could cut it off under us, and a lock."""
        os.mkdir(self.path("state"))
        os.chmod(self.path("state"), 0o1777)
        collector = self.start('{ plugin = "sequence"; }, ' + CSV, settings='state_dir = "state";')
        collector.stop()
        for name, said in (("sequence.state", "is there already and the user 65534's"), ("musterd.lock", "cannot lock")):
            os.chown(self.path(f"state/{name}"), 65534, 65534)
            done = self.musterd("-c", "collector.conf")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)
            os.chown(self.path(f"state/{name}"), 0, 0)


if __name__ == "__main__":
    main()
