#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reorder: sinks get records in the order of their time stamps, as they were, and each of them."""
import random
import time

from replay import ethernet, ipv4, pcap, udp
from muster import DATA, HEARTBEAT, INIT, Case, datagram, main, wait_until

CSV = '{ plugin = "csv"; columns = ( "device_id", "seq_num", "timestamp", "msg_type", "value", "verdict", "source_port", "origin" ); }'
STATS = '{ plugin = "stats"; interval = "1h"; file = "stats.json"; }'


class Reorder(Case):
    def rows_reach(self, count):
        wait_until(lambda: self.read("telemetry.csv").count("\n") == count + 1, f"{count} rows are in the file")

    def shuffled(self, devices):
        """Each device's messages of the last minutes, in any order, and the same sorted by time."""
        now = int(time.time())
        sent = []
        for device in devices:
            sent.append((now - 300, device, 0, INIT, b""))
            sent += [(now - 300 + 2 * seq, device, seq, DATA, b"21.5") for seq in range(1, 101)]
            sent += [(now - 299 + 30 * beat, device, 0, HEARTBEAT, b"") for beat in range(8)]
        random.Random(7).shuffle(sent)
        return sent, now

    def send(self, collector, sent):
        collector.send(*[datagram(device, seq, kind, payload, stamp) for stamp, device, seq, kind, payload in sent])

    def test_rows_are_in_order_and_as_they_were(self):
        collector = self.start('{ plugin = "sequence"; },\n{ plugin = "reorder"; window = "3s"; },\n' + CSV + ",\n" + STATS)
        sent, now = self.shuffled(range(1, 6))
        self.send(collector, sent)
        self.rows_reach(len(sent))
        rows = self.rows()
        self.assertEqual([int(row["timestamp"]) for row in rows], sorted(stamp for stamp, *_ in sent))
        self.assertEqual(sorted((int(row["timestamp"]), int(row["device_id"]), int(row["seq_num"]), int(row["msg_type"]),
                                 row["value"].encode()) for row in rows), sorted(sent))
        self.assertEqual({(row["source_port"], row["origin"]) for row in rows},
                         {(str(collector.sender.getsockname()[1]), "")})
        collector.send(datagram(1, 99, DATA, b"x", now - 290))  # one that is too late
        self.rows_reach(len(sent) + 1)
        collector.send(datagram(1, 101, DATA, b"y", now))  # waits until the stop
        wait_until(lambda: collector.process.poll() is None, "it runs")
        ledger = collector.stop()
        came, emitted, out, dropped = ledger.filters["reorder"]
        self.assertEqual((came, emitted, dropped), (out, 0, 0))
        self.assertEqual([row["value"] for row in self.rows()][-2:], ["x", "y"])
        self.assertNotIn("taken out", ledger.text)
        stats = self.stats()
        self.assertEqual(stats["metrics"]["reorder.too_late"], 1)
        self.assertEqual(stats["metrics"]["reorder.held"], 0)
        self.assertNotIn("collector", {cause for cause, count in stats["lost_by_cause"].items() if count > 0})

    def test_in_front_of_the_tracker_what_overtakes_is_no_gap(self):
        collector = self.start('{ plugin = "reorder"; window = "3s"; },\n{ plugin = "sequence"; },\n' + CSV + ",\n" + STATS,
                               settings="workers = 2;")
        sent, _ = self.shuffled(range(1, 6))
        self.send(collector, sent)
        self.rows_reach(len(sent))
        collector.stop()
        stats = self.stats()
        self.assertEqual((stats["gaps"], stats["late"], stats["duplicates"], stats["restarts"]), (0, 0, 0, 0))
        for device in range(1, 6):
            stamps = [int(row["timestamp"]) for row in self.rows() if row["device_id"] == str(device)]
            self.assertEqual(stamps, sorted(stamps))

    def test_a_capture_has_the_time_of_its_own(self):
        """Nothing waits for the real clock, and within the window all is in order; what is beyond is too late."""
        noise = random.Random(3)
        made = [1762534152 * 10**9 + number * 100_000_000 for number in range(600)]
        ways = [(stamp + noise.randrange(0, 2500 if number % 50 else 9000) * 1_000_000, number, stamp // 10**9)
                for number, stamp in enumerate(made)]
        with open(self.path("a.pcap"), "wb") as file:
            file.write(pcap([(arrival, ethernet(ipv4(udp(datagram(7, number, DATA, b"1", stamp)))))
                             for arrival, number, stamp in sorted(ways)]))
        ledger, _ = self.replay("a.pcap", '{ plugin = "reorder"; window = "3s"; },\n' + CSV + ",\n" + STATS)
        self.assertEqual(ledger.filters["reorder"], [600, 0, 600, 0])
        rows = self.rows()
        self.assertEqual(sorted(int(row["seq_num"]) for row in rows), list(range(600)))
        newest, late = 0, 0
        for row in rows:
            late += int(row["timestamp"]) < newest
            newest = max(newest, int(row["timestamp"]))
        self.assertEqual(late, self.stats()["metrics"]["reorder.too_late"])
        self.assertLessEqual(late, 12)

    def test_an_event_stays_behind_its_record(self):
        collector = self.start('{ plugin = "deriver"; },\n{ plugin = "sequence"; },\n{ plugin = "reorder"; window = "1s"; },\n'
                               '{ plugin = "log"; time = false; },\n' + CSV)
        now = int(time.time())
        collector.send(*[datagram(7, seq, DATA, b"1", now - ago) for seq, ago in ((1, 50), (5, 10), (2, 40), (3, 30))])
        self.rows_reach(8)
        collector.stop()
        lines = collector.output().splitlines()
        self.assertEqual([line for line in lines if line.startswith("DATA")], [
            line for value in ("seq=1 value=1 first", "seq=2 value=1 LATE", "seq=3 value=1 LATE", "seq=5 value=1 GAP of 3 before it")
            for line in (f"DATA from 7 {value}", "DATA from 7 [deriver] value=2")], lines)
        for seq, event in ((2, "GAP RECOVERED 7 seq 2"), (3, "GAP RECOVERED 7 seq 3"), (5, "GAP OPENED 7 seq 2-4")):
            place = next(i for i, line in enumerate(lines) if line.startswith(event))
            self.assertIn(f"seq={seq} ", lines[place - 1])


if __name__ == "__main__":
    main()
