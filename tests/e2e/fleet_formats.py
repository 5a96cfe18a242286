#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""muster-fleet plays declared formats, musterd decodes them: the two accounts agree, to the last number."""
import json
import os
import socket
import subprocess

from muster import FLEET, PATIENCE, SOURCE, Case, main

PRESETS = os.path.join(SOURCE, "etc", "formats")
NAMES = ("assignment", "ccsds", "mavlink2", "netflow5", "reference", "reference-2", "rtp", "ruuvi5")
CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
BAD = ("--loss", "5%", "--duplicate", "5%", "--reorder", "5%")
FIGURES = {"missing": "missing", "recovered": "recovered", "lost": "lost", "late": "late", "gaps": "gaps",
           "duplicates": "duplicates", "unnumbered": "unnumbered", "shared": "shared"}
OWN = """
formats:
  tracker:                    # all that a format can have
    order: le
    header:
      - u8: start
      - u8: [version/3, batch/1, type/4]
      - u16: device
      - u16: sequence
      - u32: time
      - u16: ms
      - u8: flags
    trailer: [ u16be: check ]
    expect: { start: 0x7a, version: [2, 3] }
    type: { 1: data, 2: heartbeat, 9: init }
    check: { is: crc16-x25, from: 1 }
    time: { unit: s, epoch: gps, fraction: ms, per: 1000 }
    body:
      - when: { type: data, batch: 0 }
        reading: [ i16: temperature ]
        readings: 1
      - when: { type: data }
        header: [ u8: count, "text:u8": name ]
        reading: [ i16: temperature, f32: level, "number:comma": speed ]
    values:
      temperature: { scale: 0.1, unit: Cel, absent: [-32768] }
      speed: { unit: km/h }
  short:
    header: [ u8: device, u8: sequence, u16: time ]
    time: { unit: s, wraps: true }
    counts: readings
    body: [ { reading: [ u8: value ] } ]
  addressed:
    device: source
    header: [ u16: sequence ]
    body: [ { reading: [ "text": value ], readings: 1 } ]
  keyed:
    header: [ "text:6": site, "bcd:2": rack, "hex:1": slot, u32: sequence ]
    device: [ site, rack, slot ]
    body: [ {} ]
  uncounted:
    header: [ u16: device, u32: time ]
"""


class FleetFormats(Case):
    def begin(self, name, catalog=None, settings="", address="127.0.0.1"):
        self.write("devices.yaml", catalog or f"include_formats: [ {os.path.join(PRESETS, name)} ]\n")
        listen = f'{{ address = "{address}"; port = 0; format = "{name}"; }}'
        settings = f'catalog = "devices.yaml";\n{settings}'
        return self.start(CHAIN, settings=settings, listen=listen)

    def play(self, collector, name, *arguments):
        return self.fleet(collector, "--format", name, "--catalog", "devices.yaml", *arguments)

    def compare(self, played, ledger):
        """What the collector must say of a play of which the kernel dropped nothing."""
        self.assertEqual(ledger.kernel_drops, 0, ledger.text)
        self.assertEqual((ledger.received, ledger.rejected), (played["sent"], 0), ledger.text)
        expect, stats = played["expect"], self.stats()
        self.assertEqual((stats["packets_received"], stats["bytes_received"]), (expect["datagrams"], played["bytes"]))
        self.assertEqual({name: stats["metrics"]["sequence." + metric] for name, metric in FIGURES.items()},
                         {name: expect[name] for name in FIGURES})
        self.assertEqual(stats["metrics"]["sequence.outliers"] + stats["restarts"] + stats["open"], 0)
        rows = self.rows()
        self.assertEqual((ledger.records, len(rows)), (expect["records"], expect["records"]))
        if expect["shared"] == 0:  # else all readings of a datagram are flagged
            self.assertEqual(sum(r["duplicate_flag"] == "1" for r in rows), expect["duplicates"])
            self.assertEqual(sum(r["gap_flag"] == "1" for r in rows), expect["gaps"])
        return rows

    def presets(self, *arguments, **options):
        for name in NAMES:
            with self.subTest(name):
                collector = self.begin(name, **options)
                played = self.play(collector, name, "--devices", "50", *arguments)
                self.assertEqual(played["format"], name)
                self.assertGreater(played["expect"]["lost"], 50)
                self.assertGreater(played["expect"]["duplicates"], 50)
                self.compare(played, collector.stop())
                os.remove(self.path("telemetry.csv"))

    def test_presets_at_a_rate(self):
        self.presets("--rate", "10000", "--count", "4000", *BAD)

    def test_presets_by_the_timetable_on_three_workers(self):
        self.presets("--interval", "20ms", "--heartbeat", "50ms", "--count", "4000", "--jitter", "100ms", *BAD,
                     settings="workers = 3;")

    def test_the_wrap(self):
        for name, bits, readings in (("assignment", 16, 1), ("ccsds", 14, 1), ("reference-2", 32, 7), ("rtp", 16, 1)):
            with self.subTest(name):
                collector = self.begin(name)
                options = ["--readings", str(readings)] if readings > 1 else []
                played = self.play(collector, name, "--devices", "20", "--rate", "10000", "--count", "4000",
                                   "--start-seq", str(2**bits - 50), *BAD, *options)
                numbers = {int(row["seq_num"]) for row in self.compare(played, collector.stop()) if row["seq_num"]}
                self.assertTrue({2**bits - 1, 0, 1} <= numbers)
                self.assertLess(max(numbers), 2**bits)
                os.remove(self.path("telemetry.csv"))

    def test_all_that_a_format_can_have(self):
        for readings in (1, 5):
            collector = self.begin("tracker", OWN)
            played = self.play(collector, "tracker", "--devices", "30", "--readings", str(readings), "--interval", "50ms",
                               "--heartbeat", "200ms", "--count", "3000", "--seed", "5", *BAD)
            self.assertEqual(played["expect"]["shared"] > 0, readings > 1)
            for row in self.compare(played, collector.stop()):
                if row["msg_type"] == "1":
                    self.assertTrue(10 <= float(row["temperature"]) <= 40, row)
            os.remove(self.path("telemetry.csv"))

    def test_narrow_numbers_and_times(self):
        collector = self.begin("short", OWN)
        played = self.play(collector, "short", "--devices", "20", "--first-id", "0", "--readings", "3", "--rate", "2000",
                           "--count", "4000", "--loss", "2%", "--duplicate", "2%")
        self.assertEqual(played["seq_bits"], 8)
        self.compare(played, collector.stop())

    def test_without_a_number(self):
        collector = self.begin("uncounted", OWN)
        played = self.play(collector, "uncounted", "--rate", "5000", "--count", "1000", *BAD)
        self.assertEqual(played["expect"]["unnumbered"], played["expect"]["records"])
        self.compare(played, collector.stop())

    def sent(self, *arguments):
        """What arrives of a play, without a collector."""
        self.write("devices.yaml", OWN)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            server.bind(("127.0.0.1", 0))
            server.settimeout(PATIENCE)
            done = subprocess.run([FLEET, "--catalog", "devices.yaml", "--quiet", "--target",
                                   f"127.0.0.1:{server.getsockname()[1]}", "--count", "40", "--rate", "1000", *arguments],
                                  cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [server.recvfrom(65535) for _ in range(40)]

    def test_a_device_that_is_an_address_has_one(self):
        came = self.sent("--format", "addressed", "--devices", "20", "--first-id", "250")
        numbers = {}
        for payload, (host, _) in came:
            numbers.setdefault(host, []).append(payload[:2])
        self.assertEqual(set(numbers), {f"127.0.{n // 256}.{n % 256}" for n in range(250, 270)})
        self.assertEqual(set(map(tuple, numbers.values())), {(b"\0\1", b"\0\2")})

    def test_a_key_of_several_fields(self):
        came = self.sent("--format", "keyed", "--devices", "2", "--first-id", str(7 * 2560000 + 1234 * 256 + 255))
        keys = sorted({payload[:9] for payload, _ in came})
        self.assertEqual(keys, [b"7\0\0\0\0\0\x12\x34\xff", b"7\0\0\0\0\0\x12\x35\x00"])

    def test_keyed_devices(self):
        for name in ("addressed", "keyed"):
            with self.subTest(name):
                collector = self.begin(name, OWN, "workers = 2;")
                played = self.play(collector, name, "--devices", "30", "--rate", "5000", "--count", "3000", *BAD)
                rows = self.compare(played, collector.stop())
                self.assertEqual(len({row["device_id"] for row in rows}), 30)
                os.remove(self.path("telemetry.csv"))

    def test_the_same_seed_plays_the_same(self):
        rows = []
        for _ in range(2):
            collector = self.begin("tracker", OWN)
            self.play(collector, "tracker", "--devices", "5", "--rate", "5000", "--count", "500", "--seed", "7", *BAD)
            collector.stop()
            rows.append([(r["device_id"], r["seq_num"], r["temperature"]) for r in self.rows()])
            os.remove(self.path("telemetry.csv"))
        self.assertEqual(rows[0], rows[1])

    # ---- Scenarios --------------------------------------------------------------------

    def scenario(self, name, text, *arguments, catalog=None, settings=""):
        collector = self.begin(name, catalog, settings)
        self.write("scenario.yaml", text)
        done = subprocess.run(
            [FLEET, "--target", f"127.0.0.1:{collector.port}", "--scenario", "scenario.yaml", "--report", "fleet.json",
             "--quiet", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        played, ledger, stats = json.loads(self.read("fleet.json")), collector.stop(), self.stats()
        expect = played["expect"]
        self.assertEqual(ledger.kernel_drops, 0, ledger.text)
        self.assertEqual((ledger.received, ledger.records), (played["sent"], expect["records"]))
        self.assertEqual({reason: n for reason, n in stats["rejected_by_reason"].items() if n > 0}, expect["rejected"])
        self.assertEqual(expect["unclaimed"], 0, expect["devices"])
        names = dict(FIGURES, first="first", new="in_order", restarts="restarts")
        self.assertEqual({name: stats["metrics"]["sequence." + metric] for name, metric in names.items()},
                         {name: expect[name] for name in names})
        self.assertEqual({cause: n for cause, n in stats["lost_by_cause"].items() if n > 0},
                         {cause: n for cause, n in expect["lost_by"].items() if n > 0})
        os.remove(self.path("telemetry.csv"))
        return played

    def test_a_scenario_of_a_format(self):
        """The network is bad, devices reboot with an INIT, and strangers come."""
        for name in ("assignment", "reference", "reference-2"):
            with self.subTest(name):
                played = self.scenario(name, f"""
for: 5s
format: {name}
catalog: devices.yaml
devices:
  lossy: {{ count: 20, interval: 50ms, heartbeat: 300ms }}
  born:  {{ ids: [7, 20-29], interval: 50ms, heartbeat: 0, start: 65000 }}
timeline:
  - {{ at: 500ms, for: 1s, do: lose, share: 20%, group: lossy }}
  - {{ at: 1s, for: 2s, do: duplicate, share: 25% }}
  - {{ at: 2s, for: 300ms, do: lose, group: lossy }}
  - {{ at: 2s, for: 1s, do: jitter, by: 100ms, group: lossy }}
  - {{ at: 2500ms, for: 1500ms, do: reboot, group: born }}
  - {{ at: 1s, for: 1s, do: strangers, size: 3 }}
""")
                self.assertGreater(played["expect"]["restarts"], 10)
                self.assertGreater(played["expect"]["lost"], 50)
                self.assertGreater(sum(played["expect"]["rejected"].values()), 50)

    def test_a_restart_without_an_init(self):
        """Of 16 bits; the command line names the format."""
        played = self.scenario("assignment", """
for: 5s
devices: { units: { count: 20, interval: 50ms, start: 500 } }
timeline:
  - { at: 2500ms, for: 1500ms, do: reboot, init: false, first: 3 }
""", "--format", "assignment", "--catalog", "devices.yaml")
        self.assertEqual(played["expect"]["restarts"], 20)

    # ---- What cannot be ---------------------------------------------------------------

    def test_what_cannot_be_played_is_said(self):
        self.write("devices.yaml", OWN + """
  full:
    header: [ u16: device, u16: sequence, u16: time ]
""")
        for arguments, said in (
                (["--format", "traker"], 'there is no format "traker" in devices.yaml; did you mean "tracker"?'),
                (["--format", "short", "--devices", "300"], "tells the devices 0 to 255 apart"),
                (["--format", "short", "--start-seq", "256"], "has 8 bits; expected 255 at most"),
                (["--format", "uncounted", "--readings", "3"], "no data datagram of it has 3 readings"),
                (["--format", "full"], "too few bits for the time"),
                (["--format", "short", "--payload", "u16"], "--payload is of the built-in format"),
                ([], "--catalog has the format that --format names"),
                (["--start-seq", "4294967296"], "--catalog has the format")):
            done = subprocess.run([FLEET, "--catalog", "devices.yaml", *arguments], cwd=self.folder, capture_output=True,
                                  text=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)

    def test_what_is_not_sent_is_said(self):
        collector = self.begin("uncounted", OWN)
        done = subprocess.run([FLEET, "--catalog", "devices.yaml", "--format", "uncounted", "--count", "3", "--speed",
                               "100", "--target", f"127.0.0.1:{collector.port}"], cwd=self.folder, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        collector.stop()
        self.assertEqual(done.returncode, 0)
        self.assertIn("no init is sent: of the format uncounted, none of its types is init", done.stderr)
        self.assertIn("no heartbeat is sent", done.stderr)
        self.assertIn("so nothing is known of loss", done.stderr)


if __name__ == "__main__":
    main()
