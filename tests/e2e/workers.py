#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several workers: every device is one worker's, its order is kept, the ledger is exact."""
import socket

from muster import DATA, INIT, Case, datagram, main

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""


class Workers(Case):
    def play(self, workers, senders):
        """Each device's datagrams come from any sender, so that only steering by device keeps
        them together: a late one or a gap would show in the figures."""
        collector = self.start(CHAIN, settings=f"workers = {workers};")
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(senders)]
        for one in sockets:
            self.addCleanup(one.close)
        devices, numbers = 97, 60
        sent = 0
        for seq in range(numbers):
            for device in range(devices):
                kind = INIT if seq == 0 else DATA
                collector.send(datagram(device, seq, kind, b"" if seq == 0 else b"%d" % seq),
                               sender=sockets[sent % senders])
                sent += 1
        ledger = collector.stop()
        self.assertEqual(ledger.received + ledger.kernel_drops, sent)
        self.assertEqual(ledger.kernel_drops, 0)
        stats = self.stats()
        self.assertEqual((stats["gaps"], stats["late"], stats["duplicates"], stats["packets_lost"],
                          stats["restarts"], stats["devices"]), (0, 0, 0, 0, 0, devices))
        order = {}
        for row in self.rows():
            order.setdefault(row["device_id"], []).append(int(row["seq_num"]))
        self.assertEqual(len(order), devices)
        for seqs in order.values():
            self.assertEqual(seqs, list(range(numbers)))
        return collector

    def test_one(self):
        self.play(1, 1)

    def test_four_one_gateway(self):
        self.play(4, 1)

    def test_four_many_senders(self):
        self.play(4, 16)

    def test_one_for_each_cpu(self):
        self.play(0, 3)

    def test_rejects_of_every_worker_are_counted(self):
        collector = self.start(CHAIN, settings="workers = 4;")
        for device in range(64):
            collector.send(datagram(device, 1, 9), datagram(device, 1)[:2], b"", b"x")
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.rejected), (256, 256))
        self.assertEqual(self.stats()["rejected_by_reason"],
                         {"too_short": 192, "too_long": 0, "unknown_type": 64, "bad_payload": 0})


if __name__ == "__main__":
    main()
