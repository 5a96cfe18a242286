#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of csv that are cut into segments: by size, by time and on command; finished, kept, removed."""
import csv
import hashlib
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

from muster import COLUMNS, DATA, HEARTBEAT, PLUGINS, Case, datagram, main, wait_until

NAME = re.compile(r"telemetry-(\d{8}T\d{6}Z)-(\d{6})\.csv(\.zst|\.json)?")
ZSTD = shutil.which("zstd")
with open(os.path.join(PLUGINS, "csv.so"), "rb") as _plugin:
    _plugin = _plugin.read()
    HAS_ZSTD = ZSTD is not None and b"ZSTD_compressStream2" in _plugin
    HAS_SHA256 = b"nettle_sha256" in _plugin


def chain(options, more=""):
    return f'{{ plugin = "sequence"; events = false; }},\n{{ plugin = "csv"; {options} }}{more}'


def burst(collector, first, count, device=3, payload=b"1"):
    for seq in range(first, first + count):
        collector.send(datagram(device, seq, DATA, payload))


class Segments(Case):
    def names(self, behind=None):
        """Of the segments, in order; or those with that behind it."""
        found = [match for match in map(NAME.fullmatch, os.listdir(self.folder)) if match]
        found = [match for match in found if behind is None or (match[3] or "") == behind]
        return [match[0] for match in sorted(found, key=lambda match: int(match[2]))]

    def content(self, name):
        text = self.read(name, "rb")
        if name.endswith(".zst"):
            text = subprocess.run([ZSTD, "-dc"], input=text, capture_output=True, check=True).stdout
        return text

    def rows_of(self, *names):
        rows = []
        for name in names:
            text = self.content(name).decode()
            self.assertTrue(text.startswith(COLUMNS + "\n"), (name, text[:100]))
            self.assertTrue(text.endswith("\n"))
            rows += list(csv.DictReader(io.StringIO(text)))
        return rows

    def numbers(self, *names):
        return [int(row["seq_num"]) for row in self.rows_of(*names)]

    def current(self, name="telemetry.csv"):
        """The text of the file that rows go to, which is not there for a moment when a segment ends."""
        try:
            return self.read(name)
        except FileNotFoundError:
            return ""

    def current_numbers(self):
        return [int(line.split(",")[1]) for line in self.current().splitlines()[1:]]

    def finished(self, count):
        """Waits until so many segments are finished, and returns their names and manifests."""
        wait_until(lambda: len(self.names(".json")) >= count, f"{count} segments are finished")
        manifests = [json.loads(self.read(name)) for name in self.names(".json")]
        return [manifest["file"]["name"] for manifest in manifests], manifests

    def check_manifest(self, manifest):
        name = manifest["file"]["name"]
        raw, text, rows = self.read(name, "rb"), self.content(name), self.rows_of(name)
        self.assertEqual(manifest["file"]["bytes"], len(raw))
        content = manifest["content"] or manifest["file"]
        self.assertEqual(content["bytes"], len(text))
        if HAS_SHA256:
            self.assertEqual(manifest["file"]["sha256"], hashlib.sha256(raw).hexdigest())
            self.assertEqual(content["sha256"], hashlib.sha256(text).hexdigest())
        self.assertEqual(manifest["durable_bytes"], len(text))
        self.assertEqual(manifest["number"], int(NAME.fullmatch(name)[2]))
        self.assertEqual(manifest["rows"], len(rows))
        arrivals = [row["arrival_time"] for row in rows]
        self.assertEqual(f'{manifest["first_arrival"]:.6f}', min(arrivals))
        self.assertEqual(f'{manifest["last_arrival"]:.6f}', max(arrivals))
        for device in manifest["devices"]:
            own = [row for row in rows if row["device_id"] == device["device"]]
            seqs = [int(row["seq_num"]) for row in own if row["msg_type"] != "0"] or [None]
            self.assertEqual((device["rows"], device["first"], device["last"]), (len(own), seqs[0], seqs[-1]))
        self.assertEqual(sum(device["rows"] for device in manifest["devices"]), len(rows))

    @unittest.skipUnless(HAS_ZSTD, "there is no zstd")
    def test_by_size_and_compressed(self):
        collector = self.start(chain('rotate_size = "2KiB"; compress = "zstd"; sync = "interval"; mode = "0644";'))
        for part in range(10):
            burst(collector, part * 100 + 1, 50)
            collector.send(datagram(4, 0, HEARTBEAT))
            burst(collector, part * 100 + 51, 50, device=4)
            wait_until(lambda: len(self.names(".json")) > part, "one more is finished")
        names, manifests = self.finished(10)
        ledger = collector.stop()
        names, manifests = self.finished(10)
        for manifest in manifests:
            self.check_manifest(manifest)
            self.assertEqual((manifest["dropped"], manifest["holes"]), (0, []))
            self.assertEqual(os.stat(self.path(manifest["file"]["name"])).st_mode & 0o7777, 0o644)
        self.assertEqual([manifest["number"] for manifest in manifests], list(range(1, len(names) + 1)))
        self.assertEqual(self.names(""), [], "what is compressed is there once")
        self.assertEqual([n for n in self.numbers(*names, "telemetry.csv") if n > 0], list(range(1, 1001)))
        self.assertEqual(ledger.sinks["csv"], [1010, 1010, 0, 0])

    def test_by_time(self):
        collector = self.start(chain('rotate_every = "1s";'))
        for seq in range(1, 301):
            burst(collector, seq, 1)
            time.sleep(0.01)
        names, manifests = self.finished(2)
        wait_until(lambda: self.current() == COLUMNS + "\n", "the last ends without another row, too")
        collector.stop()
        names, manifests = self.finished(3)
        seconds = []
        for name, manifest in zip(names, manifests):
            self.check_manifest(manifest)
            seconds.append({row["arrival_time"].split(".")[0] for row in self.rows_of(name)})
        self.assertEqual([len(some) for some in seconds], [1] * len(names), "a segment is of one second")
        self.assertEqual(len(set().union(*seconds)), len(names))
        self.assertEqual(self.numbers(*names, "telemetry.csv"), list(range(1, 301)))

    def test_on_command_and_numbers_that_go_on(self):
        collector = self.start(chain("segments = true;"))
        for number in (1, 2):
            burst(collector, number, 1)
            wait_until(lambda: self.current_numbers() == [number], "the row is there")
            collector.process.send_signal(signal.SIGHUP)
            self.finished(number)
        collector.process.send_signal(signal.SIGHUP)  # without a row there is nothing to end
        wait_until(lambda: collector.log().count("SIGHUP: reopening") == 3, "it has heard")
        burst(collector, 3, 1)
        collector.stop()
        self.assertEqual(self.numbers(*self.names(""), "telemetry.csv"), [1, 2, 3])
        for name in self.names():
            os.unlink(self.path(name))
        collector = self.start(chain("segments = true;"))
        burst(collector, 4, 1)
        wait_until(lambda: self.current_numbers() == [3, 4], "the row is there")
        collector.process.send_signal(signal.SIGHUP)
        (name,), (manifest,) = self.finished(1)
        collector.stop()
        self.assertEqual((manifest["number"], manifest["rows"]), (3, 2), "no number comes back")
        self.assertIsNone(manifest["holes"], "an earlier run has written a part of it")
        self.check_manifest(manifest)
        self.assertEqual(name, self.names("")[0])

    def test_what_is_kept(self):
        def old(number, day):
            name = f"telemetry-{day}T000000Z-{number:06}.csv"
            self.write(name, COLUMNS + "\n" + "x" * 5000 + "\n")
            self.write(name + ".json", "{}\n")

        for options, left in (('keep_files = 2;', 2), ('keep_size = "11KiB";', 2), ('keep_age = "1d";', 0),
                              ('keep_free = "1000000GiB";', 0), ('keep_files = 3; keep_size = "1GiB";', 3)):
            for number in range(1, 6):
                old(number, "20200101")
            self.write("telemetry-20200101T000000Z-000009.csv.bak", "not ours\n")
            self.write("telemetry-20200101T000000Z-000000.csv.json", "{}\n")  # of one whose removal was cut short
            collector = self.start(chain(f"segments = true; {options}"))
            wait_until(lambda: "removed " in collector.log(), "too many are removed")
            collector.stop()
            self.assertEqual([int(NAME.fullmatch(name)[2]) for name in self.names("")], list(range(6 - left, 6)), options)
            self.assertEqual([name + ".json" for name in self.names("")], self.names(".json"))
            self.assertEqual(self.read("telemetry-20200101T000000Z-000009.csv.bak"), "not ours\n")
            self.assertEqual("less than keep_free is free" in collector.log(), "keep_free" in options)
            for name in self.names():
                os.unlink(self.path(name))

    @unittest.skipUnless(HAS_ZSTD, "there is no zstd")
    def test_the_next_start_finishes_what_a_crash_has_left(self):
        text = COLUMNS + "\n" + "".join(f"3,{n},1762534152,1,1,0,0,1795807608.00000{n}\n" for n in range(1, 4))
        begun = "telemetry-20261127T100000Z-000001.csv"  # not begun
        half = "telemetry-20261127T110000Z-000002.csv"  # the compressed file is there, the manifest is not
        whole = "telemetry-20261127T120000Z-000003.csv"  # only the plain file is still there
        renamed = "telemetry-20261127T130000Z-000007.csv"  # has its name, and the old one, too
        for name in (begun, half, whole, renamed):
            self.write(name, text)
        self.write(half + ".zst", "half a fi")
        self.write(f".{half}.zst.0123456789abcdef.new", "less")
        self.write(whole + ".zst", "as if whole")
        self.write(whole + ".json", json.dumps({"file": {"name": whole + ".zst"}}))
        os.link(self.path(renamed), self.path("telemetry.csv"))
        collector = self.start(chain('segments = true; compress = "zstd";'))
        wait_until(lambda: not self.names(""), "all are finished")
        burst(collector, 1, 1)
        wait_until(lambda: self.current_numbers() == [1], "the row is in a new file")
        collector.process.send_signal(signal.SIGHUP)
        self.finished(5)
        collector.stop()
        self.assertEqual([int(NAME.fullmatch(name)[2]) for name in self.names(".zst")], [1, 2, 3, 7, 8])
        for name in (begun, half, renamed):
            manifest = json.loads(self.read(name + ".json"))
            self.check_manifest(manifest)
            self.assertEqual(manifest["rows"], 3)
        self.assertEqual(self.read(whole + ".zst"), "as if whole")
        self.assertFalse([name for name in os.listdir(self.folder) if name.endswith(".new")])

    @unittest.skipUnless(HAS_ZSTD and shutil.which("strace"), "there is no zstd, or no strace")
    def test_a_next_file_that_cannot_take_the_path(self):
        """What has got a name is a segment, and rows go on in another file."""
        collector = self.start(chain('segments = true; compress = "zstd";'))
        burst(collector, 1, 3)
        wait_until(lambda: self.current_numbers() == [1, 2, 3], "the rows are there")
        with open(self.path("calls"), "wb") as calls:
            strace = subprocess.Popen(  # pylint: disable=consider-using-with
                ["strace", "-f", "-P", "telemetry.csv", "-e", "trace=renameat,renameat2",
                 "-e", "inject=renameat,renameat2:error=EIO:when=1", "-p", str(collector.process.pid)], stderr=calls)
        self.running.append(strace)
        wait_until(lambda: strace.poll() is not None or "attached" in self.read("calls"), "it is traced")
        if strace.poll() is not None:
            self.skipTest(self.read("calls"))
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "cannot make the next " in collector.log(), "it fails")
        (name,), (manifest,) = self.finished(1)
        strace.terminate()
        strace.wait()
        burst(collector, 4, 3)
        wait_until(lambda: self.current_numbers()[-1:] == [6], "rows go on")
        ledger = collector.stop()
        self.check_manifest(manifest)
        self.assertEqual(self.numbers(name), [1, 2, 3])
        self.assertEqual(self.numbers("telemetry.csv"), [4, 5, 6])
        self.assertEqual(ledger.sinks["csv"], [6, 6, 0, 0])

    @unittest.skipUnless(HAS_ZSTD, "there is no zstd")
    def test_killed_again_and_again(self):
        sent = 0
        for turn in range(12):
            collector = self.start(chain('rotate_size = "1KiB"; compress = "zstd";'))
            for _ in range(20 + turn):
                burst(collector, sent + 1, 10)
                sent += 10
                time.sleep(0.002)
            collector.process.kill()
            collector.process.wait()
        collector = self.start(chain('rotate_size = "1KiB"; compress = "zstd";'))
        burst(collector, sent + 1, 1)
        wait_until(lambda: self.current_numbers()[-1:] == [sent + 1], "rows go on")
        wait_until(lambda: not self.names(""), "all are finished")
        collector.stop()
        names, manifests = self.finished(12)
        for manifest in manifests:
            self.check_manifest(manifest)
        numbers = self.numbers(*names, "telemetry.csv")
        self.assertEqual(numbers, sorted(set(numbers)), "no row is there twice, and all are in order")
        self.assertEqual(len({manifest["number"] for manifest in manifests}), len(manifests))

    @unittest.skipUnless(HAS_ZSTD, "there is no zstd")
    def test_another_takes_over_and_no_number_comes_back(self):
        """A reload has a new instance wait for the file while the old one still ends segments."""
        options = 'rotate_size = "{}KiB"; compress = "zstd";'
        collector = self.start(chain(options.format(1)))
        sent = 0
        for size in range(2, 7):
            config = self.read("collector.conf")
            self.write("collector.conf", config.replace(options.format(size - 1), options.format(size)))
            for part in range(40):
                burst(collector, sent + 1, 5)
                sent += 5
                time.sleep(0.002)
                if part == 20:
                    collector.process.send_signal(signal.SIGHUP)
            wait_until(lambda: collector.log().count("SIGHUP: reopening") == size - 1, "it has heard")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["csv"], [sent, sent, 0, 0])
        collector = self.start(chain(options.format(6)))
        wait_until(lambda: not self.names(""), "all are finished")
        collector.stop()
        names, manifests = self.finished(5)
        # Several that wait for the file get it in any order.
        self.assertEqual(sorted(self.numbers(*names, "telemetry.csv")), list(range(1, sent + 1)))
        self.assertEqual(len({manifest["number"] for manifest in manifests}), len(names))

    def test_what_was_dropped_is_in_the_manifest(self):
        collector = self.start(chain("segments = true; queue = 2048;"))
        burst(collector, 1, 1)
        wait_until(lambda: self.current_numbers() == [1], "the row is there")
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
        sent = 1
        while "the queue is full" not in collector.log() and sent < 100000:
            burst(collector, sent + 1, 100)
            sent += 100
            time.sleep(0.005)
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        wait_until(lambda: len(self.current().splitlines()) > 1000, "rows go on")
        burst(collector, sent + 1, 1)
        wait_until(lambda: self.current_numbers()[-1] == sent + 1, "the last row is there")
        collector.process.send_signal(signal.SIGHUP)
        _, (manifest,) = self.finished(1)
        ledger = collector.stop()
        dropped = ledger.sinks["csv"][3]
        self.assertGreater(dropped, 0)
        self.assertEqual(manifest["dropped"], dropped)
        self.assertEqual(sum(hole["count"] for hole in manifest["holes"]), dropped)
        self.assertEqual({hole["device"] for hole in manifest["holes"]}, {"3"})
        self.assertEqual(manifest["rows"] + dropped, sent + 1)

    def test_what_is_on_the_disk_is_counted(self):
        stats = ',\n{ plugin = "stats"; interval = "1h"; file = "stats.json"; }'
        for sync, durable in (("batch", 500), ("interval", 500), ("none", 0)):
            collector = self.start(chain(f'sync = "{sync}"; path = "{sync}.csv";', stats))
            burst(collector, 1, 500)
            wait_until(lambda: self.current(f"{sync}.csv").count("\n") == 501, "all rows are there")
            collector.process.send_signal(signal.SIGHUP)
            wait_until(lambda: f'appending to "{os.path.realpath(self.folder)}/{sync}.csv"' in collector.log(), "looked")
            self.assertEqual(collector.stop().sinks["csv"], [500, 500, 0, 0])
            metrics = self.metrics()
            self.assertEqual((metrics["csv.rows"], metrics["csv.durable_rows"]), (500, durable))
            self.assertEqual(metrics["csv.durable_bytes"], metrics["csv.bytes"] if durable else 0)

    def metrics(self):
        found = {}

        def look(value, name=""):
            if isinstance(value, dict):
                for key, inner in value.items():
                    look(inner, f"{name}.{key}" if name else key)
            else:
                found[name] = value

        look(self.stats())
        return {key.split("metrics.", 1)[-1]: value for key, value in found.items()}

    def test_options_that_do_not_fit(self):
        for options, message in (('keep_files = 3;', "csv: keep_files: it is about finished segments"),
                                 ('compress = "zstd";', "csv: compress: it is about finished segments"),
                                 ('rotate_size = "10";', "rotate_size"), ('rotate_every = "10ms";', "rotate_every"),
                                 ('sync = "always";', "sync")):
            self.write("collector.conf", f'listen = ( {{ port = 0; }} );\nchain = ( {{ plugin = "csv"; {options} }} );\n')
            done = self.musterd("-c", "collector.conf", "--check")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(message, done.stderr)
        self.write("real.csv", "")
        os.symlink("real.csv", self.path("link.csv"))
        os.mkfifo(self.path("fifo.csv"))
        for path in ("link.csv", "fifo.csv"):
            self.write("collector.conf", 'listen = ( { address = "127.0.0.1"; port = 0; } );\n'
                                         f'chain = ( {{ plugin = "csv"; path = "{path}"; segments = true; }} );\n')
            done = self.musterd("-c", "collector.conf")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("into segments: it is no file of that name", done.stderr)


if __name__ == "__main__":
    main()
