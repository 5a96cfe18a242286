#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What happens in the field, on a running collector: clocks that are not set, reboots with any number, two senders of
one id, strays.  Nothing that came is lost, and no more is lost than was sent."""
import socket
import time

from muster import DATA, INIT, Case, datagram, main, wait_until

T = 1795000000
CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; name = "messages"; path = "telemetry.csv"; columns = ["device_id", "seq_num", "verdict"]; },
  { plugin = "csv"; name = "gaps"; records = "gaps"; path = "gaps.csv"; },
  { plugin = "log"; show = "troubles"; color = "never"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""


class Odd(Case):
    def setUp(self):
        super().setUp()
        self.collector = self.start(CHAIN)
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for one in self.sockets:
            self.addCleanup(one.close)
        self.sent = 0

    def tell(self, number, stamp, kind=DATA, sender=0):
        self.sockets[sender].sendto(datagram(7, number, kind, b"", stamp), ("127.0.0.1", self.collector.port))
        self.sent += 1

    def finish(self):
        wait_until(lambda: len(self.rows()) == self.sent, "all rows")
        self.collector.stop()
        self.log = self.collector.output()
        stats = self.stats()
        lost = {number for row in self.rows("gaps.csv") if row["outcome"] == "lost"
                for number in range(int(row["first"]), int(row["last"]) + 1)}
        self.assertFalse(lost & {int(row["seq_num"]) for row in self.rows()})
        self.assertEqual(stats["missing"], stats["recovered"] + stats["packets_lost"] + stats["open"])
        return stats

    def test_every_tenth_without_a_clock(self):
        for number in range(1, 101):
            self.tell(number, 0 if number % 10 == 0 else T + 6 * number)
        self.assertEqual(self.finish()["missing"], 0)

    def test_every_tenth_a_day_off(self):
        for number in range(1, 101):
            self.tell(number, T + 6 * number - (86400 if number % 10 == 0 else 0))
        self.assertEqual(self.finish()["missing"], 0)

    def test_a_reboot_with_a_random_first_number(self):
        for i in range(20):
            self.tell(1 + i, T + 6 * i)
        for i in range(20):
            self.tell(1500000000 + i, T + 126 + 6 * i)
        stats = self.finish()
        self.assertEqual((stats["missing"], stats["restarts"], stats["outliers"]), (0, 1, 0))

    def test_boots_with_an_init_at_time_0(self):
        for boot in range(3):
            self.tell(0, 0, INIT)
            self.tell(1, 1)
            for number in range(2, 20):
                self.tell(number, T + 100 * boot + 6 * number)
        stats = self.finish()
        self.assertEqual((stats["duplicates"], stats["restarts"]), (0, 2))

    def test_wake_ups_with_the_same_number(self):
        for i in range(20):
            self.tell(1, T + 900 * i)
        stats = self.finish()
        self.assertEqual((stats["outliers"], stats["restarts"]), (1, 18))

    def test_a_stray(self):
        for stray in (25, 1500, 4000000000):
            for i in range(1, 21):
                self.tell(i, T)
            self.tell(stray, T)
            for i in range(21, 41):
                self.tell(i, T)
            self.tell(0, T + 1000, INIT)
        stats = self.finish()
        self.assertEqual(stats["packets_lost"], 0)

    def test_a_row_of_strays_of_a_future_clock(self):
        for i in range(1, 101):
            self.tell(i, T + 6 * i)
        for i in range(6):
            self.tell(2000000000 + i, T + 400000000 + i)
        for i in range(101, 301):
            self.tell(i, T + 6 * i)
        stats = self.finish()
        self.assertEqual(stats["missing"], 0)
        self.assertEqual([row["verdict"] for row in self.rows()[-190:]], ["new"] * 190)

    def test_two_senders(self):
        for offset in (30, 500, 2500, 50000):
            self.tell(0, T + offset, INIT)
            for i in range(100):
                self.tell(1 + i, T + offset)
                self.tell(1 + offset + i, T + offset, sender=1)
                time.sleep(0.0002)  # so that they come in turns
        stats = self.finish()
        self.assertEqual(stats["packets_lost"], 0)
        names = ["127.0.0.1:%d" % one.getsockname()[1] for one in self.sockets]
        told = [line for line in self.log.splitlines() if "TWO SENDERS 7" in line]
        self.assertEqual(len(told), 1)
        for name in names:
            self.assertIn(name, told[0])


if __name__ == "__main__":
    main()
