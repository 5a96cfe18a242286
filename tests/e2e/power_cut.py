#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Images of a disk under load, as a power cut would leave them: what was acknowledged is in the files.

The disk is an ext4 in a file that lies on an xfs, which can copy it in one instant (FICLONE).  Both are mounted in a
mount namespace of the test's own."""
import csv
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import unittest

from answers import ASK, Answers, Device, acknowledged, reading
from muster import Collector, main, wait_until

CUTS = int(os.environ.get("MUSTER_CUTS", "5"))  # 50 in a long run
SEED = int(os.environ.get("SEED", "1"))
DEVICES = range(1, 9)
CHAIN = """{ plugin = "sequence"; },
  { plugin = "csv"; path = "disk/telemetry.csv"; sync = "batch"; rotate_size = "16KiB"; }"""
INSIDE = "MUSTER_TEST_MOUNTS"  # is set in the namespace
TOOLS = [tool for tool in ("unshare", "mkfs.xfs", "mkfs.ext4") if shutil.which(tool) is None]


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class PowerCut(Answers):
    def make_disk(self):
        for name in ("outer", "disk"):
            os.mkdir(self.path(name))
        for name, size in (("outer.img", 400), ("outer/disk.img", 32)):
            with open(self.path(name), "wb") as image:
                image.truncate(size << 20)
            run("mkfs.xfs" if name == "outer.img" else "mkfs.ext4", "-q", self.path(name))
            folder = self.path("outer" if name == "outer.img" else "disk")
            run("mount", "-o", "loop", self.path(name), folder)
            self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        os.mkdir(self.path("disk/state"))

    def client(self, collector, number):
        """[its own thread] Sends a reading and waits for its acknowledgement, and again."""
        device, seq = Device(self, ("127.0.0.1", collector.port)), 0
        device.socket.settimeout(1)
        while not self.over.is_set():
            seq += 1
            while not self.over.is_set():
                device.send(reading(number, seq, flags=ASK))
                try:
                    if device.hear() == acknowledged(seq):
                        self.safe.append((number, seq))
                        break
                except TimeoutError:
                    pass

    def rows_below(self, folder):
        """Device and number of each row; a line that is not whole may be the last of the file that is written alone."""
        found = set()
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".csv"):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                whole, _, torn = file.read().rpartition(b"\n")
            if name != "telemetry.csv":
                self.assertEqual(torn, b"", name)
            lines = whole.decode("ascii").splitlines()
            if not lines:
                continue
            for row in csv.DictReader(lines):
                self.assertNotIn(None, row, name)
                self.assertNotIn(None, row.values(), name)
                found.add((int(row["device_id"]), int(row["seq_num"])))
        return found

    def look_at(self, image, safe):
        """What such a disk has, at once and after a start on it."""
        run("mount", "-o", "loop", image, self.path("disk"))
        try:
            missing = set(safe) - self.rows_below(self.path("disk"))
            self.assertFalse(missing, f"{len(missing)} of {len(safe)} acknowledged readings are in no file: {image}")
            collector = Collector(self)
            self.assertTrue(collector.stop().exact)
            self.assertFalse(set(safe) - self.rows_below(self.path("disk")), "after a start on it")
            with open(self.path("disk/telemetry.csv"), "rb") as file:
                self.assertTrue(file.read().endswith(b"\n"))
        finally:
            run("umount", "-l", self.path("disk"))

    def test_what_is_acknowledged_is_on_the_disk(self):
        self.make_disk()
        dice, self.over, self.safe, images = random.Random(SEED), threading.Event(), [], []
        collector, _ = self.begin(CHAIN, "csv", 'state_dir = "disk/state";')
        clients = [threading.Thread(target=self.client, args=(collector, number)) for number in DEVICES]
        for client in clients:
            client.start()
        try:
            for cut in range(CUTS):
                time.sleep(dice.uniform(0.05, 0.5))  # no wait for anything: any moment will do
                before = len(self.safe)
                wait_until(lambda before=before: len(self.safe) > before + 20, "more is acknowledged")
                images.append((self.path(f"outer/cut.{cut}"), list(self.safe)))
                run("cp", "--reflink=always", self.path("outer/disk.img"), images[-1][0])
        finally:
            self.over.set()
            for client in clients:
                client.join()
        collector.stop()
        run("umount", "-l", self.path("disk"))
        for image, safe in images:
            self.look_at(image, safe)
        print(f"{CUTS} cuts; acknowledged before: {[len(safe) for _, safe in images]}")


def load_tests(loader, _tests, _pattern):
    """Of this file alone, not what Answers has."""
    return unittest.TestSuite([PowerCut("test_what_is_acknowledged_is_on_the_disk")])


if __name__ == "__main__":
    if os.geteuid() != 0 or TOOLS:
        print("needs root, unshare, mkfs.xfs and mkfs.ext4\n0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv],
                   {**os.environ, INSIDE: "1"})
    main()
