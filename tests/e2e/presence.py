#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who is there: late, silent, back, without DATA, never heard; in captures, whose time is theirs."""
import os
import re
import subprocess
import time

from muster import DATA, HEARTBEAT, MUSTERD, PATIENCE, PLUGINS, Case, Ledger, datagram, main, wait_until
from replay import START, ethernet, ipv4, pcap, udp

CHAIN = """  { plugin = "sequence"; },
  { plugin = "log"; show = "troubles"; color = "never"; time = false; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; print = false; }"""
SECONDS = START // 10**9


class Presence(Case):
    chain = CHAIN

    def play(self, sent, catalog=None):
        """What is told of `sent`, a list of (second, datagram), and of 30 s more in which 999 is heard."""
        sent = sorted(sent)
        sent.append((sent[-1][0] + 30, datagram(999, 1)))
        with open(self.path("test.pcap"), "wb") as out:
            out.write(pcap([(START + int(at * 10**9), ethernet(ipv4(udp(one)))) for at, one in sent]))
        settings = f'catalog = "{self.write("devices.yaml", catalog)}";' if catalog else ""
        self.write("collector.conf", f"{settings}\nchain = (\n{self.chain}\n);\n")
        if os.path.exists(self.path("stats.json")):
            os.remove(self.path("stats.json"))
        done = subprocess.run([MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--replay", "test.pcap"],
                              cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        Ledger(done.stderr).check(self)
        return [line for line in done.stdout.splitlines() if "NEW DEVICE" not in line and not re.search(r"\b999\b", line)]

    def test_heartbeats_without_a_clock(self):
        sent = []
        for i in range(8):
            sent += [(i, datagram(1, 0, HEARTBEAT, timestamp=0)), (i, datagram(2, 0, HEARTBEAT, timestamp=1795000000)),
                     (i, datagram(3, 0, HEARTBEAT, timestamp=SECONDS + i)),
                     (i + 0.2, datagram(3, 0, HEARTBEAT, timestamp=SECONDS + i))]  # and a copy
        self.assertEqual(sorted(self.play(sent)), [
            "OVERDUE 1, last heard 2 s ago", "OVERDUE 2, last heard 2 s ago", "OVERDUE 3, last heard 1.8 s ago",
            "SILENT 1 for 4 s", "SILENT 2 for 4 s", "SILENT 3 for 3.8 s"])

    def test_waking_in_bursts(self):
        for beats, sleep in ((1, 20), (3, 10), (3, 600), (4, 3600)):
            sent, at = [], 0
            for _ in range(12):
                for _ in range(beats):
                    sent.append((at, datagram(1, 0, HEARTBEAT, timestamp=SECONDS + at)))
                    at += 1
                at += sleep
            told = self.play(sent)
            self.assertEqual([line for line in told if "SILENT" in line or "BACK" in line], [], (beats, sleep))

    def test_three_quick_heartbeats(self):
        sent, at = [], 0
        for quick in (True, False, False, True, False, False, False):
            for _ in range(3):
                sent.append((at, datagram(1, 0, HEARTBEAT, timestamp=SECONDS + at)))
                at += 1 if quick else 30
            at += 29 if quick else 0
        self.assertEqual(self.play(sent), [])

    def test_data_ends(self):
        catalog = "classes:\n  c: { heartbeat: 30s, data: 6s }\ndefault: c\n"
        sent = [(30 * i + 5, datagram(7, 0, HEARTBEAT, timestamp=SECONDS + 30 * i)) for i in range(12)]
        times = [6 * i for i in range(60) if not 10 <= i < 40]
        sent += [(at, datagram(7, i + 1, timestamp=SECONDS + at)) for i, at in enumerate(times)]
        self.assertEqual(self.play(sent, catalog)[:2], ["NO DATA 7 for 41 s", "DATA BACK 7 after 186 s"])

    def test_never_heard(self):
        catalog = "classes:\n  c: { heartbeat: 2s }\ndevices:\n  - { id: 101, name: attic, class: c }\n  - { id: 102 }\n"
        sent = [(i, datagram(7, i + 1, timestamp=SECONDS + i)) for i in range(20)]
        self.assertEqual(self.play(sent, catalog), ["NEVER HEARD 101 (attic), awaited for 8 s"])
        metrics = self.stats()["metrics"]
        self.assertEqual(metrics["sequence.never_heard"], 2)
        self.assertEqual(metrics["sequence.unknown"], 2)

    def test_forgotten(self):
        self.chain = CHAIN.replace('"sequence";', '"sequence"; forget_after = "1h";')
        sent = [(at, datagram(7, at + 1, timestamp=SECONDS + at)) for at in (0, 1, 4)]
        sent += [(100 * i, datagram(8, i + 1, timestamp=SECONDS + 100 * i)) for i in range(40)]
        sent += [(3901, datagram(7, 1, timestamp=SECONDS))]  # as for the first time
        told = self.play(sent)
        self.assertRegex(told.pop(3), "^FORGOTTEN 7, last heard 360[01] s ago$")
        self.assertEqual(told, ["DATA from 7 seq=5 GAP of 2 before it", "GAP OPENED 7 seq 3-4 (2 missing)",
                                "GAP LOST 7 seq 3-4 (2 lost, cause network)"])
        metrics = self.stats()["metrics"]
        self.assertEqual((metrics["sequence.devices"], metrics["sequence.first"], metrics["sequence.lost"]), (3, 4, 2))

    def test_a_year_of_silence_is_cheap(self):
        catalog = "classes:\n  c: { heartbeat: 10s }\ndefault: c\n"
        sent = [(0, datagram(i, 1)) for i in range(20001) if i != 999]
        sent += [(366 * 86400, datagram(1, 2, timestamp=SECONDS + 366 * 86400))]
        before = time.monotonic()
        told = self.play(sent, catalog)
        self.assertEqual(len([line for line in told if "SILENT" in line]), 20000)
        self.assertIn("BACK 1 after 31622400 s", told)
        print(f"{time.monotonic() - before:.1f} s", end=" ")

    def test_live(self):
        collector = self.start(CHAIN, 'catalog = "%s";' % self.write(
            "devices.yaml", "classes:\n  c: { heartbeat: 1s, data: 1s }\ndefault: c\ndevices: [ { id: 5 } ]\n"))
        collector.send(datagram(7, 1))
        wait_until(lambda: "SILENT 7 for " in collector.output(), "7 is silent")
        wait_until(lambda: "NEVER HEARD 5, " in collector.output(), "5 is missed")
        collector.send(datagram(7, 2))
        wait_until(lambda: "BACK 7 after " in collector.output(), "7 is back")

        def beats():
            collector.send(datagram(7, 0, HEARTBEAT))
            time.sleep(0.1)
            return "NO DATA 7 for " in collector.output()
        wait_until(beats, "its DATA is missed")
        collector.send(datagram(7, 3, DATA))
        wait_until(lambda: "DATA BACK 7 after " in collector.output(), "its DATA is back")
        collector.stop()
        self.assertEqual(len(re.findall("NEVER HEARD", collector.output())), 1)


if __name__ == "__main__":
    main()
