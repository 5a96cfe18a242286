#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""musterctl devices, device, loss, gaps, check and forget: what they say is what gaps.csv and the fleet say."""
import csv
import io
import os

from control import ControlCase
from muster import HEARTBEAT, INIT, datagram, main, wait_until

CHAIN = ('{ plugin = "sequence"; }, { plugin = "csv"; path = "telemetry.csv"; },'
         ' { plugin = "csv"; name = "gaps"; records = "gaps"; path = "gaps.csv"; }')
CATALOG = """\
classes:
  node: { payload: text, numbers: [data], heartbeat: 200ms }
devices:
  - { id: 7, name: pump-7, place: site-47, class: node }
  - { id: 8, name: pump-8, place: site-47 }
  - { id: 9, name: fan, place: "site 48" }
  - { id: 4711, name: never, place: site-49 }
"""


class Known(ControlCase):
    """Known losses: what each device misses is known from what is sent."""

    def begin(self, settings="", **options):
        self.write("devices.yaml", CATALOG)
        collector = self.start_controlled(CHAIN, 'catalog = "devices.yaml";\n' + settings, **options)
        sent = [datagram(7, 0, INIT)] + [datagram(7, seq) for seq in (1, 2, 5, 6, 9, 8, 8)]  # misses 3, 4, 7
        sent += [datagram(8, seq) for seq in range(100, 120)]
        sent += [datagram(9, seq) for seq in (1, 3)]
        sent += [datagram(65000, seq) for seq in (0xFFFFFFFE, 0xFFFFFFFF, 2, 3)]  # misses 0, 1
        collector.send(*sent)
        self.settled(len(sent))
        return collector, len(sent)

    def devices(self, *words):
        return {line["device_id"]: line for line in self.ctl_lines("devices", *words)}

    def test_devices(self):
        collector, _ = self.begin()
        devices = self.devices()
        self.assertEqual(list(devices), ["7", "8", "9", "4711", "65000"])
        figures = {key: [line.get(name) for name in ("due", "have", "open", "recovered", "lost")]
                   for key, line in devices.items()}
        self.assertEqual(figures, {"7": [9, 6, 3, 1, 0], "8": [20, 20, 0, 0, 0], "9": [3, 2, 1, 0, 0],
                                   "4711": [None] * 5, "65000": [6, 4, 2, 0, 0]})
        pump = devices["7"]
        self.assertEqual([pump[name] for name in ("name", "place", "class", "duplicates", "late", "restarts", "beats")],
                         ["pump-7", "site-47", "node", 1, 1, 0, "10011011"])
        self.assertAlmostEqual(pump["loss_percent"], 100 / 3)
        self.assertEqual(pump["open_by_cause"], {"network": 3})
        self.assertEqual(devices["4711"]["presence"], "never-heard")
        self.assertNotIn("heard", devices["4711"])
        self.assertNotIn("name", devices["65000"])
        collector.stop()

    def test_gaps_are_those_of_gaps_csv(self):
        collector, _ = self.begin()
        gaps = self.ctl_lines("gaps")
        told = [(line["device_id"], line["first"], line["last"], line["count"], line["outcome"], line["cause"])
                for line in gaps]
        self.assertEqual(told, [("7", 3, 4, 2, "open", "network"), ("7", 7, 7, 1, "open", "network"),
                                ("9", 2, 2, 1, "open", "network"), ("65000", 0, 1, 2, "open", "network")])
        def told_in_csv():
            return {(row["device_id"], int(row["first"]), int(row["last"]), int(row["count"]), row["outcome"],
                     row["cause"]) for row in self.rows("gaps.csv")}
        wait_until(lambda: set(told) <= told_in_csv(), "what stays open is in gaps.csv")
        self.assertEqual([line["device_id"] for line in self.ctl_lines("gaps", "place=site 48")], ["9"])
        self.assertIn("expected id, name, place and class alone", self.ctl("gaps", "loss>5%", status=1))
        collector.stop()

    def test_loss_is_the_sum(self):
        collector, _ = self.begin()
        (total,) = self.ctl_lines("loss")
        self.assertEqual([total[name] for name in ("devices", "never_heard", "due", "have", "open", "recovered", "lost")],
                         [5, 1, 38, 32, 6, 1, 0])
        places = {line.get("place"): line for line in self.ctl_lines("loss", "--by", "place")}
        self.assertEqual({place: line["open"] for place, line in places.items()},
                         {"site-47": 3, "site 48": 1, "site-49": 0, None: 2})
        self.assertEqual(sum(line["due"] for line in places.values()), total["due"])
        causes = {line["cause"]: line["open"] + line["lost"] for line in self.ctl_lines("loss", "--by", "cause")}
        self.assertEqual(causes.pop("network"), 6)
        self.assertEqual(set(causes.values()), {0})
        self.assertEqual(set(causes) | {"network"}, set(self.ctl_lines("status")[0]["numbers"]["missing_by_cause"]))
        self.assertEqual([line["open"] for line in self.ctl_lines("loss", "class=node")], [3])
        self.assertIn('did you mean "place"?', self.ctl("loss", "--by", "plaec", status=1))
        collector.stop()

    def test_filters(self):
        collector, _ = self.begin()
        for words, expected in (
                (("place=site-47",), "7 8"), (("place=site 48",), "9"), (("place!=site-47",), "9 4711 65000"),
                (("name~PUMP",), "7 8"), (("loss>5%",), "7 9 65000"), (("loss>34",), ""),
                (("loss>=33%",), "7 9 65000"), (("loss<=0", "place=site-47"), "8"), (("never-heard",), "4711"),
                (("presence!=never-heard", "class=node"), "7"), (("due>=6", "due<20"), "7 65000"),
                (("silent>1h",), ""), (("silent<1h",), "7 8 9 65000"), (("open=1",), "9"), (("duplicates>0",), "7"),
                (("id=4711",), "4711"), (("late>0",), "7"), (("open!=1",), "7 8 65000")):
            self.assertEqual(" ".join(self.devices(*words)), expected, words)
        for word, why in (("plaice=x", 'did you mean "place"?'), ("loss>much", "expected a percentage"),
                          ("silent>5 parsecs", "expected a whole number with ns"), ("place>3", "=, != or ~ before a text"),
                          ("presence=lost", "online, late, silent or never-heard"), ("due==3", "expected =, !=, ~"),
                          ("place", "says nothing"), ("slient", 'did you mean "silent"?'), ("due~3", "before a number")):
            self.assertIn(why, self.ctl("devices", word, status=1), word)
        collector.stop()

    def test_one_device(self):
        collector, _ = self.begin()
        for name in ("7", "pump-7"):
            text = self.ctl("device", name)
            self.assertIn("7 pump-7, site-47, class node", text)
            self.assertIn("6 of 9 numbers (66.7 %): 3 open, 0 lost, 1 recovered; restarts 0, late 1, duplicates 1", text)
            self.assertRegex(text, r"(?m)^7 +pump-7 +site-47 +3 +4 +2 ")
        self.assertIn("never-heard", self.ctl("device", "never"))
        self.assertIn('there is no device "nobody"', self.ctl("device", "nobody", status=1))
        collector.stop()

    def test_csv(self):
        collector, _ = self.begin()
        rows = list(csv.DictReader(io.StringIO(self.ctl("devices", "--csv", "place=site 48"))))
        self.assertEqual([(row["device_id"], row["place"], row["due"], row["open_by_cause"]) for row in rows],
                         [("9", "site 48", "3", '{"network":1}')])
        collector.stop()

    def test_check(self):
        collector, _ = self.begin()
        for arguments, status, word in (
                (("--max-loss", "50%", "--max-silent", "9"), 0, "OK: loss 15.79 % of 38 numbers"),
                (("--max-loss", "1%"), 2, "CRITICAL: loss 15.79 % of 38 numbers (too much)"),
                (("--max-loss", "1%", "name=pump-8"), 0, "OK: loss 0.00 % of 20 numbers"), ((), 0, "OK"),
                (("--max-loss", "much"), 3, "UNKNOWN"), (("--max-silent", "-1"), 3, "UNKNOWN"),
                (("plaice=1",), 3, 'did you mean "place"?')):
            self.assertIn(word, self.ctl("check", *arguments, status=status), arguments)
        collector.send(datagram(7, 9, HEARTBEAT))
        wait_until(lambda: self.devices("silent") != {}, "pump-7 is silent")
        self.assertIn("silent 1 of 5 devices (too many)", self.ctl("check", "--max-silent", "0", status=2))
        collector.stop()
        self.assertIn("CRITICAL: cannot connect", self.ctl("check", status=2))

    def test_forget(self):
        collector, sent = self.begin()
        before = self.ctl_lines("status")[0]["numbers"]
        self.ctl("forget", "65000")
        self.ctl("forget", "pump-7")
        self.assertEqual(list(self.devices()), ["7", "8", "9", "4711"])
        self.assertEqual(self.devices()["7"]["presence"], "never-heard")
        self.assertIn("nothing is known", self.ctl("forget", "never", status=1))
        self.assertIn("there is no device", self.ctl("forget", "nobody", status=1))
        after = self.ctl_lines("status")[0]
        self.assertEqual((after["numbers"]["missing"], after["numbers"]["lost"]), (before["missing"], 5))
        self.assertEqual([after["devices"][name] for name in ("heard", "never_heard", "unknown")], [2, 2, 0])
        collector.send(datagram(7, 50), datagram(65000, 77))
        self.settled(sent + 2)
        again = self.devices()
        self.assertEqual([again[key]["have"] >= 1 for key in ("7", "65000")], [True, True])
        self.assertEqual(again["7"]["open"], 0)
        wait_until(lambda: {("7", "lost"), ("65000", "lost")} <=
                   {(row["device_id"], row["outcome"]) for row in self.rows("gaps.csv")}, "their gaps are closed")
        collector.stop()


class Many(ControlCase):
    def test_as_the_fleet_knows(self):
        """With several workers, and under a restart of the daemon."""
        os.mkdir(self.path("state"))
        collector = self.start_controlled(CHAIN, 'workers = 3; state_dir = "state";')
        report = self.fleet(collector, "--devices", "700", "--rate", "4000", "--count", "9000", "--loss", "5%",
                            "--duplicate", "2%", "--reorder", "3%")
        self.settled(report["sent"])
        for _ in range(2):
            numbers = self.ctl_lines("status")[0]["numbers"]
            (total,) = self.ctl_lines("loss")
            devices = self.ctl_lines("devices")
            self.assertEqual(len(devices), 700)
            ids = [int(line["device_id"]) for line in devices]
            self.assertEqual(ids, sorted(set(ids)))
            for line in devices:
                self.assertEqual(line["due"], line["have"] + line["open"] + line["lost"])
            for name in ("due", "have", "open", "recovered", "lost"):
                self.assertEqual(total[name], sum(line[name] for line in devices))
            self.assertEqual(total["open"] + total["lost"] + total["recovered"], numbers["missing"])
            self.assertEqual([total["open"] + total["lost"], total["recovered"]],
                             [report["expect"]["lost"], report["expect"]["recovered"]])
            self.assertEqual(sum(line["duplicates"] for line in devices), numbers["duplicates"])
            gaps = self.ctl_lines("gaps")
            self.assertEqual(sum(line["count"] for line in gaps), total["open"] + total["lost"])
            collector.stop()
            collector = self.start_controlled(CHAIN, 'workers = 2; state_dir = "state";')
        collector.stop()

    def test_a_worker_that_is_stuck(self):
        collector = self.start_controlled(
            '{ plugin = "sequence"; }, { plugin = "misbehave_filter"; where = "process"; does = "hang"; },'
            ' { plugin = "log"; }', "stop_timeout = 0;")
        collector.send(datagram(1, 1))
        wait_until(lambda: "has not answered for a second" in self.ctl("devices", status=1)
                   if self.ctl_lines("status")[0]["datagrams"]["received"] else False, "it is told")
        self.ctl("status")
        collector.process.kill()


if __name__ == "__main__":
    main()
