#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""muster-fleet plays, musterd counts: what was played on purpose is what is reported, to the last one."""
import os

from muster import Case, main

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""


class Fleet(Case):
    def compare(self, played, ledger):
        """What the collector must say of a play of which the kernel dropped nothing."""
        self.assertEqual(ledger.kernel_drops, 0, ledger.text)
        self.assertEqual(ledger.received, played["sent"])
        expect = played["expect"]
        stats = self.stats()
        self.assertEqual(ledger.records, expect["records"])
        self.assertEqual(stats["packets_received"], expect["datagrams"])
        self.assertEqual(stats["bytes_received"], played["bytes"])
        for ours, theirs in (("missing", "missing"), ("recovered", "recovered"), ("packets_lost", "lost"),
                             ("late", "late"), ("gaps", "gaps"), ("duplicates", "duplicates")):
            self.assertEqual(stats[ours], expect[theirs], ours)
        self.assertEqual(stats["open"], 0)
        self.assertEqual(stats["restarts"], 0)
        self.assertEqual(stats["metrics"]["sequence.unnumbered"], expect["unnumbered"])
        rows = self.rows()
        self.assertEqual(len(rows), expect["records"])
        self.assertEqual(sum(r["duplicate_flag"] == "1" for r in rows), expect["duplicates"])
        self.assertEqual(sum(r["gap_flag"] == "1" for r in rows), expect["gaps"])
        return stats

    def test_the_reference_timetable_with_impairments(self):
        collector = self.start(CHAIN)
        played = self.fleet(collector, "--devices", "1000", "--speed", "20", "--count", "12000", "--seed", "7",
                            "--loss", "5%", "--duplicate", "2%", "--reorder", "3%")
        self.assertGreater(played["expect"]["lost"], 100)
        self.assertGreater(played["expect"]["recovered"], 50)
        self.compare(played, collector.stop())

    def test_no_impairment_no_trouble(self):
        collector = self.start(CHAIN)
        played = self.fleet(collector, "--devices", "50", "--speed", "200", "--count", "3000")
        self.assertEqual(played["expect"]["missing"], 0)
        stats = self.compare(played, collector.stop())
        self.assertEqual(stats["devices"], 50)
        self.assertEqual(stats["worst_devices"], [])

    def test_a_gateway_and_a_socket_a_device_with_four_workers(self):
        for sockets in ("one", "each"):
            collector = self.start(CHAIN, settings="workers = 4;")
            played = self.fleet(collector, "--devices", "200", "--rate", "20000", "--count", "20000", "--sockets", sockets,
                                "--loss", "1%", "--duplicate", "1%", "--reorder", "1%")
            self.compare(played, collector.stop())
            os.remove(self.path("telemetry.csv"))

    def test_delay_and_jitter(self):
        """Datagrams overtake each other, and copies their originals, over many intervals."""
        collector = self.start(CHAIN, settings="workers = 2;")
        played = self.fleet(collector, "--devices", "40", "--interval", "20 ms", "--heartbeat", "100ms", "--count", "4000",
                            "--delay", "30ms", "--jitter", "200ms", "--loss", "5%", "--duplicate", "5%", "--reorder", "2%")
        self.assertGreater(played["expect"]["late"], 1000)
        self.assertGreater(played["expect"]["reach"], 5)
        self.assertEqual(played["expect"]["leaps"], 0)
        self.assertGreater(played["underway"], 40 * 1.5)
        self.compare(played, collector.stop())

    def test_the_wrap(self):
        collector = self.start(CHAIN)
        played = self.fleet(collector, "--devices", "20", "--rate", "20000", "--count", "8000", "--start-seq",
                            str(2**32 - 100), "--loss", "5%", "--duplicate", "5%", "--reorder", "5%")
        self.compare(played, collector.stop())
        self.assertTrue(any(int(r["seq_num"]) > 2**31 for r in self.rows()))

    def test_batches_of_readings(self):
        self.write("devices.yaml", "classes:\n  meter: { payload: u16 }\ndefault: meter\n")
        collector = self.start(CHAIN, settings='catalog = "devices.yaml";')
        played = self.fleet(collector, "--devices", "20", "--rate", "5000", "--count", "3000", "--payload", "u16",
                            "--readings", "30", "--loss", "5%", "--duplicate", "5%", "--reorder", "5%")
        self.assertGreater(played["expect"]["records"], 50000)
        self.compare(played, collector.stop())

    def test_the_same_seed_plays_the_same(self):
        figures = []
        for _ in range(2):
            collector = self.start(CHAIN)
            played = self.fleet(collector, "--devices", "10", "--rate", "10000", "--count", "2000", "--seed", "42",
                                "--loss", "10%", "--duplicate", "10%", "--reorder", "10%")
            collector.stop()
            figures.append((played["expect"], [(r["device_id"], r["seq_num"], r["value"]) for r in self.rows()]))
            os.remove(self.path("telemetry.csv"))
        self.assertEqual(figures[0], figures[1])

    def test_flat_out_the_ledger_is_exact_whatever_was_dropped_where(self):
        """A small receive buffer and small queues, so that something is dropped."""
        chain = CHAIN.replace("  { plugin = \"stats\"", "  { plugin = \"log\"; queue = 2048; },\n  { plugin = \"stats\"")
        collector = self.start(chain, settings='receive_buffer = "64KiB";')
        played = self.fleet(collector, "--devices", "1000", "--rate", "max", "--count", "300000")
        self.assertEqual(played["sent"], 300000)
        ledger = collector.stop()
        self.assertEqual(ledger.received + ledger.kernel_drops + ledger.refused, 300000, ledger.text)
        offered, written, queued, _ = ledger.sinks["csv"]
        self.assertEqual((offered, queued), (ledger.records, 0))
        self.assertEqual(len(self.rows()), written)
        self.assertEqual(collector.output().count("\n"), ledger.sinks["log"][1])
        stats = self.stats()
        self.assertEqual(stats["packets_received"], ledger.received)
        self.assertEqual(stats["kernel_drops"], ledger.kernel_drops)


if __name__ == "__main__":
    main()
