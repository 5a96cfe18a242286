#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Started by root, and then somebody who may do little."""
import os
import pwd
import random
import socket
import subprocess
import unittest

from muster import COLUMNS, DATA, MUSTERD, PATIENCE, PLUGINS, SANITIZED, Case, datagram, main, wait_until

NOBODY = pwd.getpwnam("nobody")
CHAIN = '{ plugin = "sequence"; }, { plugin = "csv"; path = "out/telemetry.csv"; }'


def free_low_port():
    """One that root alone may bind."""
    for port in random.SystemRandom().sample(range(600, 1024), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            try:
                trial.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise unittest.SkipTest("no port below 1024 can be bound")


@unittest.skipIf(os.geteuid() != 0, "needs root")
class Privileges(Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        for name in ("out", "state"):
            os.mkdir(self.path(name), 0o755)
            os.chown(self.path(name), NOBODY.pw_uid, NOBODY.pw_gid)

    def fails(self, settings, chain=CHAIN, status=1, **options):
        """Starts it; returns what it says before it ends."""
        self.write("collector.conf", f'listen = ( {{ port = 0; }} );\n{settings}\nchain = ( {chain} );\n')
        done = subprocess.run([MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS], cwd=self.folder,
                              capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def test_what_is_left(self):
        """In every thread; with a port, a state and a file."""
        port = free_low_port()
        collector = self.start(CHAIN, 'user = "nobody"; workers = 3; state_dir = "state";',
                               f'{{ address = "127.0.0.1"; port = {port}; }}')
        self.assertEqual(collector.port, port)
        for number in range(10):
            collector.sender.sendto(datagram(7, number, DATA, b"1"), ("127.0.0.1", port))
        wait_until(lambda: os.path.exists(self.path("out/telemetry.csv")) and
                   len(self.rows("out/telemetry.csv")) == 10, "10 rows")
        tasks = f"/proc/{collector.process.pid}/task"
        self.assertGreater(len(os.listdir(tasks)), 4)
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/status", encoding="ascii") as file:
                if SANITIZED and file.readline() == "Name:\tmusterd\n" and int(task) != collector.process.pid:
                    continue  # the sanitizer's own
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual(set(status["Uid"].split()), {str(NOBODY.pw_uid)}, status)
            self.assertEqual(set(status["Gid"].split()), {str(NOBODY.pw_gid)}, status)
            self.assertNotIn("0", status["Groups"].split(), status)
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertEqual(int(status[name], 16), 0, (name, status))
            self.assertEqual(status["NoNewPrivs"], "1", status)
        self.assertEqual(os.stat(f"/proc/{collector.process.pid}/mem").st_uid, 0)  # it is not dumpable: proc(5)
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (10, 0))
        self.assertEqual(self.read("out/telemetry.csv").splitlines()[0], COLUMNS)
        for name in ("out/telemetry.csv", "state/sequence.state"):
            self.assertEqual(os.stat(self.path(name)).st_uid, NOBODY.pw_uid, name)
        self.assertRegex(collector.log(), f"runs as user {NOBODY.pw_uid}, group {NOBODY.pw_gid}\n")

    def test_rotation(self):
        """Its directory is its own, so a file that has gone is made again."""
        collector = self.start(CHAIN, 'user = "nobody"; group = "daemon";')
        collector.sender.sendto(datagram(7, 1, DATA, b"1"), ("127.0.0.1", collector.port))
        wait_until(lambda: os.path.exists(self.path("out/telemetry.csv")) and
                   self.rows("out/telemetry.csv"), "a row")
        os.rename(self.path("out/telemetry.csv"), self.path("out/old.csv"))
        collector.process.send_signal(1)
        wait_until(lambda: os.path.exists(self.path("out/telemetry.csv")), "the file is made again")
        collector.sender.sendto(datagram(7, 2, DATA, b"2"), ("127.0.0.1", collector.port))
        wait_until(lambda: self.rows("out/telemetry.csv"), "a row")
        collector.stop()
        self.assertEqual(os.stat(self.path("out/telemetry.csv")).st_uid, NOBODY.pw_uid)

    def test_what_is_not_its_own(self):
        os.mkdir(self.path("mine"), 0o755)
        said = self.fails('user = "nobody"; state_dir = "mine";')
        self.assertRegex(said, r"mine.*Permission denied")

    def test_who_cannot_become_another(self):
        said = self.fails('user = "daemon";', user=NOBODY.pw_uid, group=NOBODY.pw_gid)
        self.assertRegex(said, f"cannot become user .*: Operation not permitted; musterd was started by user "
                               f"{NOBODY.pw_uid}; expected root")

    def test_mistakes(self):
        for settings, said in (
                ('user = "nobodyy";', r'collector.conf:2:\d*:? ?user: there is no user "nobodyy" here'),
                ('user = "root";', 'user: "root" is root'),
                ('group = "daemon";', "group: there is no user to have it"),
                ('user = "nobody"; group = "no such";', 'group: there is no group "no such" here'),
                ('user = "77777";', "user: the number 77777 is nobody's here, so it has no group")):
            with self.subTest(settings):
                self.assertRegex(self.fails(settings, status=2), said)


if __name__ == "__main__":
    main()
