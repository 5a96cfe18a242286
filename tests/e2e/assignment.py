#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What those expect who collect to compare runs: each number once, short names, and five figures."""
from muster import DATA, HEARTBEAT, INIT, Case, datagram, main, wait_until

STATS = '{ plugin = "stats"; interval = "1h"; file = "stats.json"; }'
COPIES = [datagram(7, 0, INIT), *[datagram(7, seq, DATA, b"21.5") for seq in (1, 1, 2, 4, 2, 4, 4, 5)],
          datagram(7, 0, HEARTBEAT)]


class Assignment(Case):
    def send(self, collector):
        collector.send(*COPIES)
        wait_until(lambda: "7,0,1762534152,0," in self.read("telemetry.csv"), "the heartbeat is in the file")

    def test_duplicates_are_counted_and_left_out(self):
        collector = self.start('{ plugin = "sequence"; duplicates = "drop"; events = false; },\n'
                               '{ plugin = "csv"; },\n' + STATS)
        self.send(collector)
        ledger = collector.stop()
        self.assertEqual([row["seq_num"] for row in self.rows()], ["0", "1", "2", "4", "5", "0"])
        self.assertEqual({row["duplicate_flag"] for row in self.rows()}, {"0"})
        self.assertEqual(ledger.filters["sequence"], [10, 0, 6, 4])
        plain = " ".join(ledger.text.split())
        self.assertIn("10 sent to us, 4 duplicates left out, 6 rows in telemetry.csv, 6 records for stats. "
                      "Lost: 1 numbers", plain)
        self.assertNotIn("taken out", plain)
        stats = self.stats()
        self.assertEqual((stats["duplicates"], stats["metrics"]["sequence.duplicates_left_out"]), (4, 4))

    def test_what_was_left_out_is_no_cause_for_a_tracker_behind(self):
        collector = self.start('{ plugin = "sequence"; duplicates = "drop"; events = false; },\n'
                               '{ plugin = "sequence"; name = "second"; },\n{ plugin = "csv"; },\n'
                               '{ plugin = "csv"; name = "gaps"; records = "gaps"; path = "gaps.csv"; }')
        self.send(collector)
        collector.stop()
        self.assertEqual([(row["first"], row["outcome"], row["cause"]) for row in self.rows("gaps.csv")],
                         [("3", "lost", "network")])

    def test_the_short_name_of_the_number_is_a_column(self):
        collector = self.start('{ plugin = "csv"; columns = ( "device_id", "seq", "seq_num", "timestamp" ); }')
        collector.send(datagram(7, 4294967295))
        wait_until(lambda: self.read("telemetry.csv").count("\n") == 2, "a row")
        collector.stop()
        self.assertEqual(self.read("telemetry.csv"),
                         "device_id,seq,seq_num,timestamp\n7,4294967295,4294967295,1762534152\n")

    def test_five_figures(self):
        collector = self.start('{ plugin = "sequence"; },\n{ plugin = "csv"; },\n' + STATS)
        self.send(collector)
        collector.stop()
        stats = self.stats()
        self.assertEqual(stats["packets_received"], 10)
        self.assertAlmostEqual(stats["bytes_per_report"], sum(map(len, COPIES)) / 10)
        self.assertAlmostEqual(stats["duplicate_rate"], 4 / 10)
        self.assertEqual(stats["sequence_gap_count"], 1)
        self.assertGreater(stats["cpu_ms_per_report"], 0)
        self.assertRegex(collector.log(), r"stats: packets_received 10, bytes_per_report \d+\.\d{3}, duplicate_rate "
                         r"0\.400000, sequence_gap_count 1, cpu_ms_per_report \d+\.\d{6}\n")


if __name__ == "__main__":
    main()
