# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: a real musterd, real datagrams, real files.

Each test has a folder and a port of its own, so that tests may run side by side.
"""
import csv
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.environ.get("top_builddir", os.path.join(os.getcwd(), "build"))
SOURCE = os.environ.get("top_srcdir", os.getcwd())
MUSTERD = os.path.join(BUILD, "musterd")
FLEET = os.path.join(BUILD, "muster-fleet")
PLUGINS = os.path.join(BUILD, "plugins", ".libs")
TEST_PLUGINS = os.path.join(BUILD, "tests", "e2e", "plugins", ".libs")

with open(MUSTERD, "rb") as _program:
    SANITIZED = re.search(rb"__[at]san_init", _program.read()) is not None

HEARTBEAT, DATA, INIT = 0, 1, 2
PATIENCE = 60  # seconds; generous, since sanitizers and busy machines are slow
COLUMNS = "device_id,seq_num,timestamp,msg_type,value,duplicate_flag,gap_flag,arrival_time"


def datagram(device, seq, kind=DATA, payload=b"", timestamp=1762534152, flags=None):
    """The wire format, from its description and not from our C."""
    if flags is None:
        flags = 1 if kind == DATA else 0
    return struct.pack("!HIIBB", device, seq & 0xFFFFFFFF, timestamp, kind, flags) + payload


def wait_until(condition, what):
    """Polls until the condition holds, and returns what it gave."""
    end = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s in vain: {what}")
        time.sleep(0.01)


def number(text):
    return int(text.replace(",", ""))


class Ledger:
    """The summary that musterd prints at its end."""

    def __init__(self, text):
        self.text = text
        start = text.rfind("ledger after")
        assert start >= 0, f"no ledger in:\n{text}"
        lines = text[start:].splitlines()
        found = re.search(r"datagrams: received (\d+) = decoded (\d+) \+ rejected (\d+)", text[start:])
        self.received, self.decoded, self.rejected = (int(n) for n in found.groups())
        found = re.search(r"dropped by the kernel (\d+), refused while stopping (\d+)", text[start:])
        self.kernel_drops, self.refused = (int(n) for n in found.groups())
        self.records = int(re.search(r"records: (\d+)", text[start:]).group(1))
        found = re.search(r"  capture: packets (.*)\n", text[start:])
        self.capture = {}  # of a replay: "packets" and where they went
        for part in re.split(r" [=+] ", "packets " + found.group(1)) if found else ():
            name, count = part.rsplit(" ", 1)
            self.capture[name] = int(count)
        self.filters, self.sinks, self.spilled = {}, {}, {}
        for line in lines:
            found = re.match(r"  (\S+): in (\d+) \+ emitted (\d+) = out (\d+) \+ dropped (\d+)", line)
            if found:
                self.filters[found.group(1)] = [int(n) for n in found.groups()[1:]]
            found = re.match(r"  (\S+): offered (\d+) = written (\d+) \+ held 0 \+ queued (\d+)(?: \+ spilled (\d+))?"
                             r" \+ dropped (\d+)", line)
            if found:
                name, offered, written, queued, spilled, dropped = found.groups()
                self.sinks[name] = [int(offered), int(written), int(queued), int(dropped)]
                self.spilled[name] = int(spilled or 0)
        self.exact = "exact: every sum agrees" in text[start:] and "NOT exact" not in text[start:]

    def check(self, test):
        """The sums again, from the printed figures."""
        test.assertTrue(self.exact, self.text)
        test.assertEqual(self.received, self.decoded + self.rejected, self.text)
        if self.capture:
            test.assertEqual(2 * self.capture["packets"], sum(self.capture.values()), self.text)
            test.assertEqual(self.capture["taken"], self.received, self.text)
        for came, emitted, out, dropped in self.filters.values():
            test.assertEqual(came + emitted, out + dropped, self.text)
        for name, (offered, written, queued, dropped) in self.sinks.items():
            test.assertEqual(offered, written + queued + self.spilled[name] + dropped, self.text)


class Case(unittest.TestCase):
    """A test with a folder of its own and daemons that end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.running = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path(name)

    def read(self, name, mode="r"):
        with open(self.path(name), mode, **({} if "b" in mode else {"encoding": "utf-8", "newline": ""})) as file:
            return file.read()

    def rows(self, name="telemetry.csv"):
        with open(self.path(name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def stats(self, name="stats.json"):
        return json.loads(self.read(name))

    @staticmethod
    def command(*arguments):
        return [MUSTERD, "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS, *arguments]

    def musterd(self, *arguments, **options):
        """Runs musterd to its end; for command lines that start nothing."""
        return subprocess.run(self.command(*arguments), cwd=self.folder, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, **options)

    def replay(self, capture, chain, settings="", listen='{ port = 8888; }', status=0, into=None, **options):
        """Replays a capture to its end, and returns its ledger (None: it did not start) and its log."""
        self.write("collector.conf", f"listen = ( {listen} );\n{settings}\nchain = (\n{chain}\n);\n")
        done = subprocess.run(
            [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS,
             "--replay", capture, *(("--into", into) if into else ())], cwd=self.folder, capture_output=True, timeout=PATIENCE, check=False, **options)
        log = done.stderr.decode()
        self.assertEqual(done.returncode, status, log)
        self.assertNotIn("bug:", log)
        if "ledger after" not in log:
            return None, log
        ledger = Ledger(log)
        ledger.check(self)
        return ledger, log

    def start(self, chain, settings="", listen='{ address = "127.0.0.1"; port = 0; }', **options):
        """Starts a collector with that chain and waits until it listens."""
        self.write("collector.conf", f"listen = ( {listen} );\n{settings}\nchain = (\n{chain}\n);\n")
        return Collector(self, **options)

    def fleet(self, collector, *arguments):
        """Plays devices to the end and returns the simulator's own account."""
        report = self.path("fleet.json")
        done = subprocess.run(
            [FLEET, "--target", f"127.0.0.1:{collector.port}", "--report", report, "--quiet", *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(report, encoding="utf-8") as file:
            return json.load(file)


class Collector:
    """A running musterd."""

    def __init__(self, test, stdout=None, environment=None):
        self.test = test
        self.error_path = test.path(f"stderr.{len(test.running)}")
        self.out_path = test.path(f"stdout.{len(test.running)}")
        with open(self.error_path, "wb") as error, open(self.out_path, "wb") as out:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS],
                cwd=test.folder, stdin=subprocess.DEVNULL, stdout=stdout if stdout is not None else out,
                stderr=error, env=environment)
        test.running.append(self.process)
        wait_until(lambda: self.process.poll() is not None or self.ports(), "musterd listens")
        test.assertIsNone(self.process.poll(), self.log())
        self.port = self.ports()[0]
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        test.addCleanup(self.sender.close)

    def log(self):
        with open(self.error_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def output(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ports(self):
        return [int(port) for port in re.findall(r"listening on \S+:(\d+)\n", self.log())]

    def send(self, *datagrams, sender=None):
        for one in datagrams:
            (sender or self.sender).sendto(one, ("127.0.0.1", self.port))

    def stop(self, number=signal.SIGTERM, status=0):
        """Stops it in order, and returns the ledger after checking its sums."""
        self.process.send_signal(number)
        self.process.wait(timeout=PATIENCE)
        self.test.assertEqual(self.process.returncode, status, self.log())
        ledger = Ledger(self.log())
        ledger.check(self.test)
        self.test.assertNotIn("bug:", self.log())
        return ledger


def main():
    """Runs the tests of the calling file, and ends with the line that counts them."""
    suite = unittest.defaultTestLoader.loadTestsFromName("__main__")
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 77 if skipped == result.testsRun else 0)
