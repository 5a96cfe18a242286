#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A device is one worker's, whatever the kernel does: broadcast, which every socket of a group gets, and
super-packets (UDP_SEGMENT), which are steered by their first segment alone."""
import random
import re
import socket
import subprocess
import threading

from muster import DATA, INIT, PATIENCE, Case, Ledger, datagram, main, wait_until

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
SIZE = 16  # bytes of each datagram in a super-packet
AT_ONCE = 60  # datagrams in one
UDP_SEGMENT = 103  # linux/udp.h
TRIAL = 1024  # after so many datagrams that come as they should, each worker receives for itself


class Steering(Case):
    def collector(self, workers, listen='{ address = "127.0.0.1"; port = 0; }'):
        collector = self.start(CHAIN, settings=f'workers = {workers}; receive_buffer = "8MiB";', listen=listen)
        self.next = {}
        return collector

    def segments(self):
        """A socket that makes a datagram of each SIZE bytes that it is given."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        try:
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
        except OSError:
            self.skipTest("this kernel has no UDP_SEGMENT")
        return sender

    def make(self, device):
        """The next datagram of a device."""
        seq = self.next.get(device, 0)
        self.next[device] = seq + 1
        return datagram(device, seq, INIT if seq == 0 else DATA, b"%04d" % (seq % 10000))

    def wait_for_rows(self, count):
        wait_until(lambda: self.read("telemetry.csv").count("\n") > count, f"{count} rows")

    def expect_order(self, ledger, sent):
        """All came, once and in order, and nobody thinks otherwise."""
        self.assertEqual((ledger.received, ledger.kernel_drops), (sent, 0), ledger.text)
        stats = self.stats()
        self.assertEqual((stats["gaps"], stats["late"], stats["duplicates"], stats["packets_lost"], stats["restarts"],
                          stats["devices"]), (0, 0, 0, 0, 0, len(self.next)))
        order = {}
        for row in self.rows():
            order.setdefault(int(row["device_id"]), []).append(int(row["seq_num"]))
        for device, seqs in order.items():
            self.assertEqual(seqs, list(range(self.next[device])))

    def copies(self, ledger):
        found = re.search(r"copies: (\d+) of", ledger.text)
        return int(found.group(1)) if found else 0

    def play_segments(self, workers):
        collector = self.collector(workers)
        sender, sent = self.segments(), 0
        for _ in range(500):
            collector.send(b"".join(self.make((sent + i) % 97) for i in range(AT_ONCE)), sender=sender)
            sent += AT_ONCE
            if sent % 6000 == 0:
                self.wait_for_rows(sent)
        self.expect_order(collector.stop(), sent)

    def test_segments_to_two(self):
        self.play_segments(2)

    def test_segments_to_four(self):
        self.play_segments(4)

    def test_segments_to_one(self):
        self.play_segments(1)

    def test_segments_that_begin_later(self):
        """Until the first of them each worker receives for itself.  It and those on the way with it may
        be late; nothing is lost or twice, and from then on all is in order."""
        collector = self.collector(4)
        sender, sent = self.segments(), 0
        for sent in range(1, 2 * TRIAL + 1):
            collector.send(self.make(sent % 8))
        self.wait_for_rows(sent)
        for _ in range(2):
            collector.send(b"".join(self.make((7 * i) % 97) for i in range(AT_ONCE)), sender=sender)
            sent += AT_ONCE
            self.wait_for_rows(sent)
        wait_until(lambda: "worker 0 receives for all workers" in collector.log(), "it was noticed")
        before = len(self.rows())
        for n in range(200):
            if n % 3 == 0:
                collector.send(self.make(n % 97))
                sent += 1
            collector.send(b"".join(self.make((sent + i) % 97) for i in range(AT_ONCE)), sender=sender)
            sent += AT_ONCE
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (sent, 0), ledger.text)
        self.assertEqual((self.stats()["packets_lost"], self.stats()["duplicates"]), (0, 0))
        last = {}
        for row in self.rows()[before:]:
            device, seq = int(row["device_id"]), int(row["seq_num"])
            self.assertEqual(seq, last.get(device, seq - 1) + 1)
            last[device] = seq

    def play_broadcast(self, workers):
        collector = self.collector(workers, listen='{ address = "0.0.0.0"; port = 0; }')
        collector.sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sent = 2 * TRIAL
        for n in range(sent):
            to = "127.255.255.255" if n % 2 == 0 else "127.0.0.1"
            collector.sender.sendto(self.make(n // 2 % 97), (to, collector.port))
        ledger = collector.stop()
        self.assertEqual(ledger.received, sent, ledger.text)
        self.assertEqual(self.copies(ledger), sent // 2 * (workers - 1))
        stats = self.stats()
        self.assertEqual((stats["duplicates"], stats["packets_lost"], stats["restarts"]), (0, 0, 0))
        self.assertEqual(len(self.rows()), sent)

    def test_broadcast_to_one(self):
        self.play_broadcast(1)

    def test_broadcast_to_two(self):
        self.play_broadcast(2)

    def test_broadcast_to_four(self):
        self.play_broadcast(4)

    def test_all_at_once_with_loss(self):
        """Whatever comes in whatever way, from several senders, with numbers left out and out of order:
        no thread touches another's device, and the sums are exact."""
        collector = self.collector(4, listen='{ address = "0.0.0.0"; port = 0; }')
        sent = [0, 0, 0]

        def play(way, sender):
            chance = random.Random(way)
            seq = 0
            for _ in range(300):
                some = []
                for _ in range(AT_ONCE):
                    seq += chance.choice((1, 1, 1, 2, -3, 70))
                    some.append(datagram(chance.randrange(13), seq, DATA, b"%04d" % way))
                if way == 0:
                    collector.send(b"".join(some), sender=sender)
                else:
                    to = "127.255.255.255" if way == 1 else "127.0.0.1"
                    for one in some:
                        sender.sendto(one, (to, collector.port))
                sent[way] += len(some)

        senders = [self.segments(), *(socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))]
        for sender in senders[1:]:
            self.addCleanup(sender.close)
        senders[1].setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        threads = [threading.Thread(target=play, args=(way, sender)) for way, sender in enumerate(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger = collector.stop()
        self.assertGreaterEqual(ledger.received + ledger.kernel_drops, sum(sent))
        offered, written, _, _ = ledger.sinks["csv"]  # on a slow machine its queue may have been full
        self.assertEqual((offered, len(self.rows())), (ledger.received, written))
        if ledger.kernel_drops == 0:
            self.assertEqual(ledger.received, sum(sent), ledger.text)
            self.assertEqual(self.copies(ledger), 3 * sent[1])


    def test_rare_segments(self):
        """One packet of segments in thousands of others: who has sent one may send another, so worker 0 goes
        on to receive for all."""
        collector = self.collector(4)
        sender, sent = self.segments(), 0
        for _ in range(6):
            for n in range(2 * TRIAL):
                collector.send(self.make(n % 8))
            sent += 2 * TRIAL
            collector.send(b"".join(self.make((i * 7 + 1) % 97) for i in range(AT_ONCE)), sender=sender)
            sent += AT_ONCE
            self.wait_for_rows(sent)
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (sent, 0), ledger.text)
        self.assertEqual(collector.log().count("worker 0 receives for all workers"), 1)
        self.assertEqual((self.stats()["packets_lost"], self.stats()["duplicates"]), (0, 0))

    # ---- plugins that hang, or take their time -----------------------------------------------

    def sluggish(self, settings):
        return self.start('{ plugin = "sluggish"; }, { plugin = "csv"; path = "telemetry.csv"; }', settings=settings)

    def test_worker_0_hangs_while_it_receives_for_all(self):
        """The others go on without it: with what it has not taken, and with what comes later."""
        collector = self.sluggish('workers = 4; stop_timeout = "1s";')
        collector.send(datagram(0, 1, DATA, b"hang"))
        for n in range(400):
            collector.send(datagram(n % 4, 1 + n // 4, DATA, b"1"))
        self.wait_for_rows(300)
        self.assertIn("worker 0, which receives for all workers, does not come back", collector.log())
        for n in range(400):
            collector.send(datagram(n % 4, 101 + n // 4, DATA, b"1"))
        self.wait_for_rows(600)
        order = {}
        for row in self.rows():
            order.setdefault(row["device_id"], []).append(int(row["seq_num"]))
        self.assertEqual(order, {str(device): list(range(1, 201)) for device in (1, 2, 3)})
        collector.process.terminate()
        self.assertEqual(collector.process.wait(timeout=PATIENCE), 70)

    def test_another_hangs(self):
        """Only that one is left behind at the stop, however short the time for it."""
        collector = self.sluggish('workers = 3; stop_timeout = "0s";')
        collector.send(datagram(1, 1, DATA, b"hang"))
        for n in range(30):
            collector.send(datagram(0, 1 + n, DATA, b"1"))
        self.wait_for_rows(30)
        collector.process.terminate()
        self.assertEqual(collector.process.wait(timeout=PATIENCE), 70)
        self.assertEqual(re.findall(r"worker (\d) has not ended", collector.log()), ["1"])

    def test_worker_0_is_slow_at_the_stop(self):
        """The others wait for what it still hands over."""
        collector = self.sluggish('workers = 2; stop_timeout = "60s"; receive_buffer = "8MiB";')
        for n in range(3000):
            collector.send(datagram(n % 2, n // 2, DATA, b"slow" if n % 2 == 0 else b"1"))
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.rejected), (3000, 0), ledger.text)

    def test_a_stop_before_the_first_look(self):
        """What came while plugins opened is taken, in whatever turn the workers see that it is time to stop."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.write("collector.conf", f'listen = ( {{ address = "127.0.0.1"; port = {port}; }} );\nworkers = 4;\n'
                   'chain = ( { plugin = "csv"; path = "telemetry.csv"; },'
                   ' { plugin = "misbehave_sink"; does = "sleep"; where = "open"; time = "600ms"; } );\n')
        with open(self.path("log"), "wb") as log:
            process = subprocess.Popen(self.command("-c", "collector.conf"), cwd=self.folder, stderr=log)
        self.running.append(process)
        bound = f"0100007F:{port:04X}"

        def listens():
            with open("/proc/net/udp", encoding="ascii") as file:
                return file.read().count(bound) == 4
        wait_until(listens, "it is bound")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for n in range(2000):
                sender.sendto(datagram(n % 8, n // 8, DATA, b"1"), ("127.0.0.1", port))
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)
        ledger = Ledger(self.read("log"))
        ledger.check(self)
        self.assertEqual((ledger.received, ledger.rejected), (2000, 0), ledger.text)


if __name__ == "__main__":
    main()
