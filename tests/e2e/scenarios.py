#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""muster-fleet plays a scenario, musterd tells of it: the two accounts agree, to the last number."""
import json
import os
import subprocess
import unittest

from muster import DATA, FLEET, HEARTBEAT, PATIENCE, Case, main

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "csv"; name = "gaps"; path = "gaps.csv"; records = "gaps"; },
  { plugin = "log"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
LOOPBACK = '{ address = "127.0.0.1"; port = 0; }'

FIGURES = {"first": "first", "new": "in_order", "gaps": "gaps", "late": "late", "duplicates": "duplicates",
           "restarts": "restarts", "unnumbered": "unnumbered", "missing": "missing", "recovered": "recovered",
           "lost": "lost"}  # the fleet's names, and the metrics of the filter


class Scenarios(Case):
    def scenario(self, text, settings="", listen=LOOPBACK, *arguments):
        """Plays a scenario to a collector; returns the fleet's account and the collector's ledger."""
        self.write("scenario.yaml", text)
        collector = self.start(CHAIN, settings=settings, listen=listen)
        report = self.path("fleet.json")
        done = subprocess.run(
            [FLEET, "--target", f"127.0.0.1:{collector.port}", "--scenario", "scenario.yaml", "--report", report,
             "--quiet", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        played = json.loads(self.read("fleet.json"))
        self.assertEqual(played["unsent"] + played["refused"] + played["unreachable"], 0)
        return played, collector.stop()

    def compare_datagrams(self, played, ledger):
        """What is certain whatever the devices did."""
        expect, stats = played["expect"], self.stats()
        self.assertEqual(ledger.kernel_drops, 0, ledger.text)
        self.assertEqual(ledger.received, played["sent"])
        self.assertEqual(ledger.received, expect["datagrams"])
        self.assertEqual(stats["bytes_received"], played["bytes"])
        self.assertEqual(ledger.rejected, sum(expect["rejected"].values()))
        self.assertEqual({reason: n for reason, n in stats["rejected_by_reason"].items() if n > 0}, expect["rejected"])
        self.assertEqual(ledger.rejected, played["strangers"])
        self.assertEqual(ledger.records, expect["records"])
        self.assertEqual(len(self.rows()), expect["records"])
        return stats

    def compare(self, played, ledger):
        """The accounts of a scenario in which all is certain."""
        stats, expect = self.compare_datagrams(played, ledger), played["expect"]
        self.assertEqual(expect["unclaimed"], 0, expect["devices"])
        metrics = stats["metrics"]
        self.assertEqual({name: metrics["sequence." + metric] for name, metric in FIGURES.items()},
                         {name: expect[name] for name in FIGURES})
        self.assertEqual(metrics["sequence.outliers"], 0)
        rows = self.rows()
        self.assertEqual(sum(r["duplicate_flag"] == "1" for r in rows), expect["duplicates"])
        self.assertEqual(sum(r["gap_flag"] == "1" for r in rows), expect["gaps"])
        self.assertEqual({cause: n for cause, n in stats["lost_by_cause"].items() if n > 0},
                         {cause: n for cause, n in expect["lost_by"].items() if n > 0})
        return stats

    def compare_group(self, group, ids):
        """A group of a scenario in which others are not certain: by its rows."""
        rows = [r for r in self.rows() if int(r["device_id"]) in ids]
        self.assertEqual(len(rows), group["records"])
        self.assertEqual(group["unclaimed"], 0)
        self.assertEqual(sum(r["duplicate_flag"] == "1" for r in rows), group["duplicates"])
        self.assertEqual(sum(r["gap_flag"] == "1" for r in rows), group["gaps"])
        gaps = [g for g in self.rows("gaps.csv") if int(g["device_id"]) in ids]
        for outcome in ("recovered", "lost"):
            self.assertEqual(sum(int(g["count"]) for g in gaps if g["outcome"] == outcome), group[outcome], outcome)

    # ---- What the network does --------------------------------------------------------

    def test_the_network_loses_doubles_and_delays(self):
        self.write("devices.yaml", "classes: { meter: { payload: u16 } }\ndevices: [" + ", ".join(
            f"{{ id: {device}, class: meter }}" for device in range(7, 13)) + "]\n")
        played, ledger = self.scenario("""
for: 4s
seed: 3
devices:
  lossy:   { count: 20, interval: 50ms, heartbeat: 300ms }
  shaken:  { count: 20, interval: 50ms, heartbeat: 300ms }
  far:     { count: 10, interval: 50ms, heartbeat: 0 }
  batches: { ids: 7-12, interval: 80ms, payload: u16, readings: 9, start: 4294967000 }
timeline:
  - { at: 500ms, for: 1s, do: lose, share: 20%, group: [lossy, batches] }
  - { at: 2s, for: 300ms, do: lose, group: lossy }              # all of it
  - { at: 1s, for: 2s, do: jitter, by: 180ms, group: shaken }
  - { at: 1s, for: 2s, do: jitter, by: 300ms, group: batches }
  - { at: 1s, for: 2s, do: duplicate, share: 25% }
  - { at: 0s, for: 2s, do: delay, by: 150ms, group: far }
  - { at: 2s, for: 1s, do: jitter, by: 100ms, group: lossy }
""", settings='workers = 3; catalog = "devices.yaml";')
        self.compare(played, ledger)
        expect = played["expect"]
        for name in ("lost", "recovered", "duplicates", "late"):
            self.assertGreater(expect[name], 100, name)
        self.assertGreater(expect["groups"]["lossy"]["jump"], 5)
        self.assertGreater(played["underway"], 30)
        self.assertEqual(expect["lost"] + expect["invisible"],
                         expect["groups"]["batches"]["lost"] + expect["groups"]["batches"]["invisible"] +
                         expect["groups"]["lossy"]["lost"] + expect["groups"]["lossy"]["invisible"])

    # ---- What devices do --------------------------------------------------------------

    def test_devices_stop_and_burst(self):
        played, ledger = self.scenario("""
for: 3s
devices:
  sleepers: { count: 10, interval: 50ms, heartbeat: 200ms }
  mute:     { count: 10, interval: 50ms, heartbeat: 200ms }
  bursts:   { count: 10, interval: 1s, heartbeat: 200ms }
timeline:
  - { at: 1s, for: 1s, do: stop, group: sleepers }
  - { at: 1s, do: stop, what: data, group: mute }
  - { at: 500ms, for: 2s, do: burst, count: 40, every: 500ms, group: bursts }
""")
        stats = self.compare(played, ledger)
        self.assertEqual(stats["metrics"]["sequence.missing"], 0)
        self.assertGreater(played["expect"]["groups"]["bursts"]["new"], 10 * 40 * 4)
        by_id = {}
        for row in self.rows():
            by_id.setdefault(int(row["device_id"]), []).append(row)
        self.assertLess(sum(r["msg_type"] == str(DATA) for r in by_id[115]), 25)  # of `mute`
        self.assertGreater(sum(r["msg_type"] == str(HEARTBEAT) for r in by_id[115]), 10)

    def test_many_are_overtaken(self):
        played, ledger = self.scenario("""
for: 3s
devices: { wild: { count: 20, interval: 20ms, heartbeat: 300ms } }
timeline:
  - { at: 500ms, for: 2s, do: jitter, by: 500ms }
  - { at: 500ms, for: 2s, do: lose, share: 10% }
  - { at: 500ms, for: 2s, do: duplicate, share: 10% }
""", settings="workers = 2;")
        self.compare(played, ledger)
        self.assertGreater(played["expect"]["reach"], 15)

    def test_reboots_with_an_init_and_without(self):
        """Twice each; some numbers are missing when it happens."""
        played, ledger = self.scenario("""
for: 6s
devices:
  plain:  { count: 10, interval: 50ms, heartbeat: 500ms }
  silent: { count: 10, interval: 50ms, heartbeat: 500ms }
  random: { count: 20, interval: 50ms, heartbeat: 0 }
timeline:
  - { at: 500ms, for: 800ms, do: lose, share: 30% }
  - { at: 1500ms, for: 1200ms, do: reboot, group: plain }
  - { at: 4s, for: 1500ms, do: reboot, group: plain, first: 1000000 }
  - { at: 1500ms, for: 1200ms, do: reboot, init: false, group: silent }
  - { at: 4s, for: 1300ms, do: reboot, init: false, first: 3, group: silent }
  - { at: 2s, for: 1300ms, do: reboot, init: false, first: random, group: random }
""")
        self.compare(played, ledger)
        expect = played["expect"]
        self.assertEqual(expect["restarts"], 60)
        self.assertGreater(expect["lost_by"]["restart"], 50)

    def test_clocks_that_are_off(self):
        """Nobody is counted lost for a clock that is wrong all the time, now and then, or was put right."""
        played, ledger = self.scenario("""
for: 3s
devices:
  ahead:  { count: 5, interval: 50ms, heartbeat: 400ms }
  behind: { count: 5, interval: 50ms, heartbeat: 400ms }
  none:   { count: 5, interval: 50ms, heartbeat: 400ms }
  since:  { count: 5, interval: 50ms, heartbeat: 400ms }
  stands: { count: 5, interval: 50ms, heartbeat: 400ms }
  set:    { count: 5, interval: 50ms, heartbeat: 400ms }
  halts:  { count: 5, interval: 50ms, heartbeat: 400ms }
  wild:   { count: 5, interval: 50ms, heartbeat: 400ms }
timeline:
  - { at: 0s, do: clock, offset: 5000d, group: ahead }
  - { at: 0s, do: clock, offset: -5000d, group: behind }
  - { at: 0s, do: clock, zero: true, group: none }
  - { at: 0s, do: clock, uptime: true, group: since }
  - { at: 1s, do: clock, stop: true, group: stands }
  - { at: 1s, do: clock, offset: 1h, group: set }
  - { at: 0s, do: clock, zero: true, share: 10%, group: halts }
  - { at: 0s, do: clock, offset: 7000d, share: 10%, group: wild }
  - { at: 1s, for: 1s, do: lose, share: 20% }
  - { at: 1s, for: 1s, do: duplicate, share: 20% }
""")
        self.compare(played, ledger)
        stamps = {}
        for row in self.rows():
            stamps.setdefault(int(row["device_id"]), []).append(float(row["timestamp"]))
        now = max(stamps[121])  # of `stands`
        self.assertTrue(all(abs(t - now - 5000 * 86400) < 9 for t in stamps[101]))
        self.assertTrue(all(abs(t - now + 5000 * 86400) < 9 for t in stamps[106]))
        self.assertEqual(set(stamps[111]), {0})
        self.assertLessEqual(max(stamps[116]), 3)
        self.assertLessEqual(max(stamps[121]) - min(stamps[121]), 2)
        self.assertTrue(3595 < max(stamps[126]) - min(stamps[126]) < 3609)

    # ---- What others do ---------------------------------------------------------------

    def test_strangers(self):
        played, ledger = self.scenario("""
for: 1s
devices: { meters: { count: 20, interval: 50ms } }
timeline:
  - { at: 0s, do: strangers, every: 2ms }
  - { at: 100ms, for: 500ms, do: strangers, every: 5ms, size: 1500, from: 127.0.0.67 }
""", settings='largest_datagram = 1400;')
        expect = played["expect"]
        long = played["strangers"] - 500
        self.assertEqual(long, 100)
        # The fleet does not know how long a datagram may be here.
        expect["rejected"]["unknown_type"] -= long
        expect["rejected"]["too_long"] = long
        self.compare(played, ledger)

    # ---- Ways to send -----------------------------------------------------------------

    def test_broadcast_reaches_one_worker(self):
        played, ledger = self.scenario("""
for: 2s
devices: { meters: { count: 20, interval: 20ms, heartbeat: 200ms } }
timeline:
  - { at: 500ms, for: 1s, do: broadcast, to: 127.255.255.255 }
  - { at: 500ms, for: 1s, do: lose, share: 10% }
""", settings="workers = 3;", listen='{ address = "0.0.0.0"; port = 0; }')
        stats = self.compare(played, ledger)
        self.assertGreater(stats["metrics"]["collector.copies"], 500)

    def test_segments_of_several_devices(self):
        played, ledger = self.scenario("""
for: 3s
devices: { meters: { count: 50, interval: 20ms, heartbeat: 200ms } }
timeline:
  - { at: 500ms, for: 1s, do: segment }
  - { at: 1s, for: 1s, do: segment, count: 64 }
  - { at: 700ms, for: 1s, do: lose, share: 5% }
  - { at: 700ms, for: 1s, do: duplicate, share: 5% }
""", settings="workers = 4;")
        stats = self.compare(played, ledger)
        self.assertGreater(stats["metrics"]["collector.handed_over"], 500)

    # ---- What is not certain ----------------------------------------------------------

    def test_two_senders_strays_and_random_numbers(self):
        """Little can be said of these for certain, but that nothing is lost, and of others as ever."""
        played, ledger = self.scenario("""
for: 5s
devices:
  shared: { count: 3, interval: 50ms, heartbeat: 400ms }
  stray:  { count: 3, interval: 50ms, heartbeat: 400ms }
  random: { count: 3, interval: 50ms, heartbeat: 400ms }
  plain:  { count: 9, interval: 50ms, heartbeat: 400ms }
timeline:
  - { at: 1s, for: 3s, do: share, group: shared, from: 127.0.0.9, first: random }
  - { at: 1s, for: 40ms, do: share, group: stray, from: 127.0.0.9, first: random }
  - { at: 1s, do: random, group: random }
  - { at: 1s, for: 500ms, do: lose, share: 30%, group: plain }
""", settings="workers = 2;")
        stats = self.compare_datagrams(played, ledger)
        groups = played["expect"]["groups"]
        self.assertEqual(groups["shared"]["devices"]["two_senders"], 3)
        self.assertEqual(groups["stray"]["devices"]["two_senders"], 3)
        self.assertEqual(groups["random"]["devices"]["random"], 3)
        self.assertEqual(played["expect"]["unclaimed"], sum(groups[g]["records"] for g in ("shared", "stray", "random")))
        self.compare_group(groups["plain"], range(110, 119))
        self.assertEqual(stats["packets_lost"], groups["plain"]["lost"])
        told = [line.split("TWO SENDERS ")[1] for line in self.read("stdout.0").splitlines() if "TWO SENDERS" in line]
        self.assertEqual(sorted(int(line.split(":")[0]) for line in told), [101, 102, 103])
        self.assertEqual(played["expect"]["two_senders"], len(told))
        for line in told:
            self.assertRegex(line, r": 127\.0\.0\.[19]:\d+ and 127\.0\.0\.[19]:\d+$")
        self.assertEqual(stats["metrics"]["sequence.not_believable"], 3)

    # ---- The program ------------------------------------------------------------------

    def test_the_same_seed_plays_the_same(self):
        text = """
for: 4s
devices: { meters: { count: 30, interval: 50ms, heartbeat: 200ms } }
timeline:
  - { at: 0s, for: 4s, do: lose, share: 10% }
  - { at: 1s, for: 2s, do: jitter, by: 300ms }
  - { at: 1s, for: 3s, do: duplicate, share: 10% }
"""
        seen = []
        for seed in ("5", "5", "6"):
            played, ledger = self.scenario(text, "", LOOPBACK, "--seed", seed, "--speed", "4")
            self.compare(played, ledger)
            self.assertEqual(played["seed"], int(seed))
            seen.append([(r["device_id"], r["seq_num"], r["msg_type"], r["value"]) for r in self.rows()])
            for name in ("telemetry.csv", "gaps.csv"):
                os.remove(self.path(name))
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])

    def run_fleet(self, *arguments):
        return subprocess.run([FLEET, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE,
                              check=False)

    def test_what_is_wrong_is_told_with_its_place(self):
        self.write("bad.yaml", "for: 5x\ndevices:\n  a: { count: 2, intervall: 1s }\ntimeline:\n"
                   "  - { at: 1s, do: losse, group: a }\n  - { at: 9s, do: lose, share: 200%, group: b }\n")
        done = self.run_fleet("--scenario", "bad.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertEqual([line.split(" ")[0] for line in done.stderr.splitlines()],
                         ["bad.yaml:1:6:", "bad.yaml:3:18:", "bad.yaml:5:19:", "bad.yaml:6:32:", "bad.yaml:6:45:"])
        self.assertIn('did you mean "interval"?', done.stderr)
        self.assertIn('did you mean "lose"?', done.stderr)
        done = self.run_fleet("--scenario", "none.yaml")
        self.assertEqual((done.returncode, done.stderr), (2, "none.yaml: cannot read: No such file or directory\n"))

    def test_a_scenario_leaves_no_room_for_other_plans(self):
        done = self.run_fleet("--scenario", "x.yaml", "--loss", "5%")
        self.assertEqual(done.returncode, 2)
        self.assertIn("leave out --loss", done.stderr)

    def test_an_address_that_is_not_ours(self):
        self.write("away.yaml", "for: 1s\ndevices: { a: { count: 1, from: 192.0.2.77 } }\n")
        done = self.run_fleet("--scenario", "away.yaml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot send from 192.0.2.77", done.stderr)



if __name__ == "__main__":
    main()
