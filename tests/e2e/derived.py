#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records that a filter makes: sinks tell who made them, nobody judges them, and rules are kept."""
import os
import re

from muster import DATA, Case, datagram, main, wait_until

CSV = ('{ plugin = "csv"; columns = ( "device_id", "seq_num", "timestamp", "value", "verdict", "source_port", '
       '"datagram_size", "origin" ); }')


class Derived(Case):
    def rows_reach(self, count):
        wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                   and self.read("telemetry.csv").count("\n") == count + 1, f"{count} rows are in the file")

    def test_sinks_tell_who_made_a_record(self):
        collector = self.start(
            '{ plugin = "deriver"; name = "double"; },\n{ plugin = "sequence"; events = false; },\n' + CSV +
            ',\n{ plugin = "log"; time = false; },\n{ plugin = "stats"; interval = "1h"; file = "stats.json"; }')
        for seq, text in ((1, b"26.5"), (2, b"27"), (5, b"1e2")):
            collector.send(datagram(7, seq, DATA, text))
        self.rows_reach(6)
        ledger = collector.stop()
        port = str(collector.sender.getsockname()[1])
        rows = [list(row.values()) for row in self.rows()]
        self.assertEqual(rows, [
            ["7", "1", "1762534152", "26.5", "first", port, "16", ""],
            ["7", "", "1762534152", "53", "none", port, "16", "double"],
            ["7", "2", "1762534152", "27", "new", port, "14", ""],
            ["7", "", "1762534152", "54", "none", port, "14", "double"],
            ["7", "5", "1762534152", "1e2", "gap", port, "15", ""],
            ["7", "", "1762534152", "200", "none", port, "15", "double"],
        ])
        self.assertEqual(collector.output().splitlines(), [
            "DATA from 7 seq=1 value=26.5 first",
            "DATA from 7 [double] value=53",
            "DATA from 7 seq=2 value=27",
            "DATA from 7 [double] value=54",
            "DATA from 7 seq=5 value=1e2 GAP of 2 before it",
            "DATA from 7 [double] value=200",
            "EVENT too-hot about 7: hotter than 100",
            f"REJECTED not-believed (15 bytes) from 127.0.0.1:{port}",
        ])
        self.assertEqual(ledger.filters["double"], [3, 5, 8, 0])
        self.assertEqual(ledger.received, 3)
        (worst,) = self.stats()["worst_devices"]
        self.assertEqual((worst["device_id"], worst["missing"], worst["gaps"]), (7, 2, 1))

    def test_a_record_of_another_workers_device_is_refused(self):
        collector = self.start('{ plugin = "deriver"; does = "foreign"; },\n' + CSV, "workers = 2;")
        for seq in range(1, 11):
            collector.send(datagram(7, seq, DATA, b"1"))
        self.rows_reach(10)
        ledger = collector.stop()
        self.assertEqual(ledger.filters["deriver"], [10, 0, 10, 0])
        self.assertEqual(len(re.findall(r"deriver: bug in the plugin deriver 1\.0 \(.*deriver\.so\): it adds a record "
                                        r"of a device that is another worker's", collector.log())), 1)

    def test_what_must_not_be_changed_in_place_is_mended(self):
        collector = self.start('{ plugin = "deriver"; does = "alter"; },\n' + CSV)
        for seq in range(1, 11):
            collector.send(datagram(7, seq, DATA, b"1"))
        self.rows_reach(20)
        ledger = collector.stop()
        self.assertEqual(ledger.filters["deriver"], [10, 10, 20, 0])
        self.assertEqual(len(re.findall(r"deriver: bug in the plugin .*: process\(\) changed kind, marks, payload",
                                        collector.log())), 1)
        self.assertTrue(all(row["value"].startswith("1") for row in self.rows() if row["origin"] == ""))


if __name__ == "__main__":
    main()
