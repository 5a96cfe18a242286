#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The file of gaps: a row for each stretch of numbers that was recovered or lost, adding up to the statistics."""
import os
import signal
import socket
import time
from collections import defaultdict

from muster import DATA, INIT, Case, datagram, main, wait_until

HEADER = "device_id,first,last,count,last_heard,opened,closed,outcome,cause"
CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; name = "messages"; path = "telemetry.csv"; },
  { plugin = "csv"; name = "gaps"; records = "gaps"; path = "gaps.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
NUMBERS = 2**32


def count(rows, outcome):
    return sum(int(row["count"]) for row in rows if row["outcome"] == outcome)


class Gaps(Case):
    def gaps(self):
        """The rows of what is not open any more.  Each must be sound."""
        self.assertEqual(self.read("gaps.csv").split("\n", 1)[0], HEADER)
        rows = self.rows("gaps.csv")
        for row in rows:
            self.assertEqual(int(row["count"]), (int(row["last"]) - int(row["first"]) + 1) % NUMBERS, row)
            self.assertLessEqual(row["last_heard"], row["opened"], row)  # of the same length until the year 2286
            self.assertLessEqual(row["opened"], row["closed"], row)
            self.assertIn(row["outcome"], ("open", "recovered", "lost", "taken-back"))
        return [row for row in rows if row["outcome"] != "open"]

    def play(self, settings, *arguments):
        """Plays a fleet, compares the three accounts and returns the rows."""
        collector = self.start(CHAIN, settings=settings)
        played = self.fleet(collector, "--devices", "200", "--rate", "10000", "--count", "20000", "--loss", "5%",
                            "--duplicate", "2%", "--reorder", "3%", *arguments)
        ledger = collector.stop()
        self.assertEqual(ledger.kernel_drops, 0, ledger.text)
        rows, stats = self.gaps(), self.stats()
        self.assertGreater(played["expect"]["lost"], 100)
        self.assertGreater(played["expect"]["recovered"], 50)
        self.assertEqual(count(rows, "lost"), played["expect"]["lost"])
        self.assertEqual(count(rows, "lost"), stats["packets_lost"])
        self.assertEqual(count(rows, "recovered"), played["expect"]["recovered"])
        self.assertEqual(count(rows, "recovered"), stats["recovered"])
        self.assertEqual(stats["metrics"]["gaps.rows"], len(self.rows("gaps.csv")))
        self.assertEqual(len(self.rows()), played["expect"]["records"])
        return rows

    def expect_apart(self, rows, start):
        """No number of a device is in two rows, and none that arrived is in a row of lost ones."""
        told, lost = defaultdict(set), defaultdict(set)
        for row in rows:
            first = (int(row["first"]) - start) % NUMBERS
            numbers = set(range(first, first + int(row["count"])))
            self.assertFalse(told[row["device_id"]] & numbers, row)
            told[row["device_id"]] |= numbers
            if row["outcome"] == "lost":
                lost[row["device_id"]] |= numbers
        for row in self.rows():
            if row["msg_type"] == str(DATA):
                self.assertNotIn((int(row["seq_num"]) - start) % NUMBERS, lost[row["device_id"]], row)

    def test_a_fleet(self):
        self.expect_apart(self.play(""), 0)

    def test_two_workers_and_the_wrap(self):
        start = NUMBERS - 50
        rows = self.play("workers = 2;", "--start-seq", str(start))
        self.expect_apart(rows, start)
        self.assertTrue(any(int(row["first"]) >= start for row in rows))
        self.assertTrue(any(int(row["last"]) < start for row in rows))

    def test_by_hand(self):
        collector = self.start(CHAIN)
        collector.send(
            datagram(7, 0, INIT), datagram(7, 1), datagram(7, 4),  # 2 and 3 are missing
            datagram(7, 3), datagram(7, 3),                        # late, and a duplicate
            datagram(8, 1), datagram(8, 2), datagram(8, 4),        # another device's gap, still open
            datagram(7, 0, INIT, timestamp=1762534152 + 600),      # a restart: 2 is lost
            datagram(7, 1), datagram(7, 2),
            datagram(9, NUMBERS - 2), datagram(9, 3))              # four numbers, across the wrap
        collector.stop()
        rows = [{name: row[name] for name in HEADER.split(",") if name not in ("last_heard", "opened", "closed")}
                for row in self.gaps()]

        def row(*values):
            return dict(zip(("device_id", "first", "last", "count", "outcome", "cause"), values))

        self.assertEqual(rows[:2], [row("7", "3", "3", "1", "recovered", "network"),
                                    row("7", "2", "2", "1", "lost", "network+restart")])
        self.assertEqual(sorted(rows[2:], key=lambda r: r["device_id"]),
                         [row("8", "3", "3", "1", "lost", "network"),
                          row("9", str(NUMBERS - 1), "2", "4", "lost", "network")])
        stats = self.stats()
        self.assertEqual((stats["missing"], stats["recovered"], stats["packets_lost"]), (7, 1, 6))
        self.assertIn(f" {len(rows)} rows in gaps.csv", " ".join(collector.log().split()))
        lost = {name: value for name, value in stats["metrics"].items() if "lost_by_cause" in name and value}
        self.assertEqual(lost, {"sequence.lost_by_cause{cause=network}": 5,
                                "sequence.lost_by_cause{cause=restart}": 1})

    def test_the_times(self):
        """A gap opens when the message behind it arrives, and closes when the missing one does."""
        collector = self.start(CHAIN)
        collector.send(datagram(7, 1), datagram(7, 3), datagram(7, 2))
        collector.stop()
        arrival = {row["seq_num"]: row["arrival_time"] for row in self.rows()}
        gap, = self.gaps()
        self.assertEqual((gap["last_heard"], gap["opened"], gap["closed"]),
                         (arrival["1"], arrival["3"], arrival["2"]))

    def test_a_row_when_it_changes(self):
        """One that is not overtaken has a row while it is open; and what came is no part of it."""
        collector = self.start(CHAIN.replace('"sequence";', '"sequence"; lost_after = "8s";'))
        collector.send(datagram(7, 1), datagram(7, 5), datagram(7, 3))

        def told():
            return [[row[name] for name in ("first", "last", "outcome", "cause")] for row in self.rows("gaps.csv")]

        expected = [["3", "3", "recovered", "network"], ["2", "2", "open", "network"], ["4", "4", "open", "network"],
                    ["2", "2", "lost", "network"], ["4", "4", "lost", "network"]]
        wait_until(lambda: len(told()) >= len(expected), "it is lost after a time")
        self.assertEqual(told(), expected)
        collector.send(datagram(7, 4))
        collector.stop()
        self.assertEqual(told(), [*expected, ["4", "4", "recovered", "network"]])
        stats = self.stats()
        self.assertEqual((stats["missing"], stats["recovered"], stats["packets_lost"], stats["open"]), (3, 2, 1, 0))

    def test_taken_back(self):
        """What a stray made missing, and had lost by time, is neither when its device goes on."""
        collector = self.start(CHAIN.replace('"sequence";', '"sequence"; lost_after = "1s";'))
        stray = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(stray.close)
        collector.send(datagram(7, 1), datagram(7, 2))
        wait_until(lambda: len(self.rows()) == 2, "what its device has sent")
        collector.send(datagram(7, 9), sender=stray)
        wait_until(lambda: any(row["outcome"] == "lost" for row in self.gaps()), "it is lost after a time")
        collector.send(datagram(7, 3), datagram(7, 4), datagram(7, 5))
        collector.stop()
        self.assertEqual([[row[name] for name in ("first", "last", "outcome")] for row in self.gaps()],
                         [["3", "8", "lost"], ["3", "3", "recovered"], ["4", "8", "taken-back"]])
        stats = self.stats()
        self.assertEqual((stats["missing"], stats["recovered"], stats["packets_lost"]), (1, 1, 0))

    def test_a_burst_that_the_kernel_drops_just_before_the_stop(self):
        """It is more than the device has ever sent in so short a time, but it is known that it came."""
        collector = self.start(CHAIN, settings='receive_buffer = "64KiB";')
        collector.send(datagram(7, 1))
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")) and self.rows(), "it has a row")
        time.sleep(1.1)     # so that it was some time ago
        collector.process.send_signal(signal.SIGSTOP)
        for number in range(2, 1500):
            collector.send(datagram(7, number))
        collector.process.send_signal(signal.SIGCONT)
        wait_until(lambda: len(self.rows()) > 10, "what fits has rows")
        collector.send(datagram(7, 1500))
        ledger = collector.stop()
        self.assertGreater(ledger.kernel_drops, 100)
        row = self.gaps()[-1]
        self.assertEqual((row["last"], row["outcome"], row["cause"]), ("1499", "lost", "network+kernel"))
        self.assertEqual(self.stats()["packets_lost"], ledger.kernel_drops)

    def test_columns(self):
        self.write("devices.yaml", "devices:\n  - { id: 7, name: boiler }\n")
        chain = CHAIN.replace('records = "gaps";', 'records = "gaps"; columns = ["device_name", "count", "outcome", "cause"];')
        collector = self.start(chain, settings='catalog = "devices.yaml";')
        collector.send(datagram(7, 1), datagram(7, 4))
        collector.stop()
        self.assertEqual(self.read("gaps.csv"), "device_name,count,outcome,cause\nboiler,2,lost,network\n")

    def test_columns_of_the_other_kind(self):
        for records, column in (("gaps", "seq_num"), ("messages", "cause")):
            self.write("collector.conf", "listen = ( { port = 0; } );\nchain = (\n"
                       f'  {{ plugin = "csv"; records = "{records}";\n    columns = ["device_id", "{column}"]; }}\n);\n')
            done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, f'collector.conf:4: .*no column "{column}" if records is "{records}"')

    def test_a_file_of_messages_is_left_alone(self):
        self.write("gaps.csv", "device_id,seq_num\n7,1\n")
        self.write("collector.conf", f"listen = ( {{ port = 0; }} );\nchain = (\n{CHAIN}\n);\n")
        done = self.musterd("-c", "collector.conf")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f'these rows need "{HEADER}"', done.stderr)
        self.assertEqual(self.read("gaps.csv"), "device_id,seq_num\n7,1\n")


if __name__ == "__main__":
    main()
