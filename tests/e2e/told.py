#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is rejected and what is dropped is told once, and told: lines that were held back are accounted for,
and a loss is told when it begins and with its sum when it ends."""
import os
import re
import signal
import socket

from muster import Case, datagram, main, wait_until

LOG = '{ plugin = "log"; color = "never"; time = false; }'
FIRST = "rejected a datagram of 3 bytes from 127.0.0.1:"


def numbers(pattern, text):
    return [int(number) for number in re.findall(pattern, text)]


class Told(Case):
    def sender(self, host):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((host, 0))
        self.addCleanup(sender.close)
        return sender

    def received(self, collector, count):
        wait_until(lambda: self.stats_now() >= count, f"{count} datagrams are received")

    def stats_now(self):
        try:
            return self.stats()["packets_received"]
        except (FileNotFoundError, ValueError):
            return 0

    def test_what_was_held_back_is_told_when_quiet_has_returned(self):
        collector = self.start(LOG)
        collector.send(*[b"bad"] * 100)
        wait_until(lambda: "rejected again" in collector.log(), "there is a sum")
        self.assertIn("rejected again: 95 more since the last such line, from 127.0.0.1: too_short", collector.log())
        self.assertEqual(collector.log().count(FIRST), 5)
        self.assertRegex(collector.log().splitlines()[0], r"info    musterd \S+( \([0-9a-f]+\))?, plugin ABI \d+\.\d+, "
                         r"pid %d, configuration collector\.conf$" % collector.process.pid)
        wait_until(lambda: "REJECTED 95 more too short within" in collector.output(), "the sink tells it, too")
        ledger = collector.stop()
        self.assertIn("100 sent to us, 101 records for log. Lost: 100 datagrams", ledger.text)
        self.assertEqual(collector.output().count("REJECTED"), 6)

    def test_a_flood_is_a_few_lines_and_hides_nobody(self):
        collector = self.start(LOG + ', { plugin = "stats"; interval = "1s"; file = "stats.json"; }')
        flooder, other = self.sender("127.0.0.2"), self.sender("127.0.0.3")
        for part in range(20):
            collector.send(*[b"bad"] * 100, sender=flooder)
            self.received(collector, (part + 1) * 100)
        collector.send(b"worse", b"worse", sender=other)
        self.received(collector, 2002)
        ledger = collector.stop()
        output = collector.output()
        self.assertLess(output.count("\n"), 50)
        self.assertEqual(output.count("too short (5 bytes) from 127.0.0.3"), 2)
        self.assertEqual(collector.log().count("from 127.0.0.3:"), 2)
        told = output.count("bytes) from 127.0.0.2")
        self.assertEqual(told + sum(numbers(r"REJECTED (\d+) more", output)), 2000)
        self.assertEqual(collector.log().count("bytes from 127.0.0.2:") +
                         sum(numbers(r"again: (\d+) more", collector.log())), 2000)
        self.assertIn("rejected 2002, too_short 2002", ledger.text)

    def test_kernel_drops_are_told_whatever_the_chain(self):
        collector = self.start('{ plugin = "csv"; path = "telemetry.csv"; }', settings='receive_buffer = "16KiB";')
        collector.process.send_signal(signal.SIGSTOP)
        collector.send(*[datagram(1, seq, payload=b"x" * 500) for seq in range(1, 1001)])
        collector.process.send_signal(signal.SIGCONT)
        wait_until(lambda: "the receive buffer is full: " in collector.log(), "it is told")
        wait_until(lambda: "the receive buffer is full; that is over: " in collector.log(), "its end is told")
        ledger = collector.stop()
        dropped = numbers(r"dropped by the kernel (\d+)", ledger.text)
        self.assertRegex(" ".join(ledger.text.split()), r"1000 sent to us, \d+ rows in telemetry.csv. Lost: %d datagrams "
                         "that the kernel dropped, since they came too fast\\." % dropped[0])
        self.assertEqual(numbers(r"that is over: (\d+) were, ", collector.log()), dropped)
        self.assertEqual(collector.log().count("the receive buffer is full"), 2)

    def test_what_a_random_counter_seems_to_miss_is_not_said_to_be_lost(self):
        numbers_of_random = [(n * 2654435761) % 500 for n in range(400)]
        collector = self.start('{ plugin = "sequence"; }, { plugin = "stats"; interval = "1h"; file = "stats.json"; }')
        collector.send(datagram(1, 1), datagram(1, 2), datagram(1, 5))
        for n in numbers_of_random:
            collector.send(datagram(2, n * 1000))
            collector.send(datagram(2, n * 1000 + 40))
        text = " ".join(collector.stop().text.split())
        stats = self.stats()
        self.assertGreater(stats["not_believable"]["lost"], 0)
        self.assertEqual(stats["packets_lost"], 2)
        self.assertIn("Lost: 2 numbers that devices have sent and sequence has not seen.", text)

    def test_a_loss_of_a_sink_is_told_and_an_event(self):
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        collector = self.start('{ plugin = "csv"; path = "pipe"; queue = 2048; }, ' + LOG +
                               ', { plugin = "csv"; name = "holes"; records = "holes"; path = "holes.csv"; }' +
                               ', { plugin = "stats"; interval = "1s"; file = "stats.json"; }')
        for part in range(10):
            collector.send(*[datagram(1, part * 1000 + seq) for seq in range(1000)])
            self.received(collector, (part + 1) * 1000)
        wait_until(lambda: "csv: the queue is full" in collector.log(), "its begin is told")
        self.assertNotIn("nothing is dropped any more", collector.log())

        def is_over():
            try:
                os.read(reader, 1 << 20)
            except BlockingIOError:
                pass
            return "DROPPED " in collector.output()
        wait_until(is_over, "there is an event at its end")
        ledger = collector.stop()
        full = numbers(r"queue full (\d+)", ledger.text)
        self.assertGreater(full[0], 1000)
        self.assertEqual(numbers(r"csv: nothing is dropped any more; before: (\d+) records? ", collector.log()), full)
        self.assertEqual(numbers(r"DROPPED (\d+) records for csv within", collector.output()), full)
        hole, = self.rows("holes.csv")
        self.assertEqual((hole["sink"], hole["count"], hole["reason"]), ("csv", str(full[0]), "full"))
        self.assertLess(hole["since"], hole["until"])
        self.assertIn("1 events of the collector's own", ledger.text)
        self.assertEqual(collector.log().count("csv: the queue is full"), 1)

    def test_the_first_row_behind_a_hole_says_how_much_is_missing(self):
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        collector = self.start('{ plugin = "csv"; path = "pipe"; queue = 2048; ' +
                               'columns = ["device_id", "seq_num", "dropped_before"]; }, ' + LOG +
                               ', { plugin = "stats"; interval = "1s"; file = "stats.json"; }')
        text, sent = b"", [0] * 10
        for part in range(12):
            devices = range(10) if part % 2 else range(5)
            for device in devices:
                collector.send(*[datagram(device, sent[device] + n) for n in range(400)])
                sent[device] += 400
            self.received(collector, sum(sent))

        def is_over():
            nonlocal text
            try:
                text += os.read(reader, 1 << 20)
            except BlockingIOError:
                pass
            return "DROPPED " in collector.output()
        wait_until(is_over, "the hole has an end")
        collector.send(*[datagram(device, sent[device]) for device in range(10)])
        wait_until(lambda: is_over() and text.endswith(b"\n") and
                   text.split(b"\n")[-2].startswith(b"9,%d," % sent[9]), "the last row is there")
        ledger = collector.stop()
        following, total = [0] * 10, 0
        for line in text.decode().splitlines()[1:]:
            device, seq, dropped = (int(cell) for cell in line.split(","))
            self.assertEqual(seq, following[device] + dropped, line)
            following[device] = seq + 1
            total += dropped
        self.assertEqual(following, [count + 1 for count in sent])
        self.assertEqual(ledger.sinks["csv"][3], total)

    def test_a_sink_that_has_failed_is_told_once(self):
        collector = self.start('{ plugin = "trouble"; does = "fail"; after = 1; }, ' + LOG)
        collector.send(datagram(3, 1))
        wait_until(lambda: os.path.exists(self.path("trouble.txt")) and " 3 1" in self.read("trouble.txt"),
                   "it took one")
        collector.send(*[datagram(3, seq) for seq in range(2, 101)])
        wait_until(lambda: "records for this sink are dropped and counted" in collector.log(), "its begin is told")
        ledger = collector.stop()
        self.assertEqual(collector.log().count("trouble: records for this sink are dropped and counted"), 1)
        # What came with the one that failed is dropped, and told; what came after it has waited.
        dropped = re.search(r"trouble: dropped until the end: (\d+) records? ", collector.log())
        self.assertTrue(dropped, collector.log())
        self.assertIn(f"DROPPED {dropped.group(1)} record", collector.output())
        self.assertEqual(ledger.sinks["trouble"][:2], [101, 1])  # and the event


if __name__ == "__main__":
    main()
