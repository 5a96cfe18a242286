#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may send: by address, by rate, by the catalog; what is turned away is counted by reason."""
import os
import socket

from muster import Case, datagram, main, wait_until

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "log"; show = "troubles"; color = "never"; time = false; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; print = false; }"""
CATALOG = """devices:
  - { id: 1 }
  - { id: 2, source: 127.0.0.2 }
  - { id: 3, source: [127.0.0.0/30, "::1"] }
"""


class Admission(Case):
    def sender(self, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sender = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.bind((address, 0))
        return sender

    def catalog(self, text=CATALOG):
        return f'catalog = "{self.write("devices.yaml", text)}";'

    def finish(self, collector, received, **reasons):
        """Stops it when all has come; the reasons must be these.  Returns the devices of the rows."""
        ledger = collector.stop()
        self.assertEqual(ledger.received, received, ledger.text)
        self.assertEqual(ledger.rejected, sum(reasons.values()), ledger.text)
        told = self.stats()["rejected_by_reason"]
        self.assertEqual({reason: count for reason, count in told.items() if count}, reasons)
        return [int(row["device_id"]) for row in self.rows()]

    def test_a_listener_allows(self):
        collector = self.start(CHAIN, listen='{ address = "127.0.0.1"; port = 0; allow = ( "127.0.0.2", "127.1.0.0/16" ); }')
        for i, address in enumerate(("127.0.0.2", "127.0.0.1", "127.1.2.3", "127.2.0.1")):
            collector.send(datagram(i, 1), sender=self.sender(address))
        collector.send(b"\0\1rubbish", sender=self.sender("127.0.0.1"))
        self.assertEqual(self.finish(collector, 5, source=3), [0, 2])
        self.assertIn("REJECTED source (", collector.output())
        self.assertRegex(collector.log(), r"rejected a datagram of 12 bytes from 127\.0\.0\.1:\d+: source")

    def test_ipv6(self):
        collector = self.start(CHAIN, listen='{ address = "::1"; port = 0; allow = ( "::1/128" ); }, '
                                             '{ address = "::1"; port = 0; allow = ( "10.0.0.0/8" ); }')
        wait_until(lambda: len(collector.ports()) == 2, "both listen")
        sender = self.sender("::1")
        for port in collector.ports():
            sender.sendto(datagram(7, 1), ("::1", port))
        self.assertEqual(self.finish(collector, 2, source=1), [7])

    def test_a_device_sends_from_its_own(self):
        collector = self.start(CHAIN, self.catalog() + "\nworkers = 2;")
        for device in (1, 2, 3, 4):
            for address in ("127.0.0.1", "127.0.0.2", "127.0.0.9"):
                collector.send(datagram(device, 1), sender=self.sender(address))
        self.assertEqual(sorted(self.finish(collector, 12, source=3)), [1, 1, 1, 2, 3, 3, 4, 4, 4])

    def test_rates(self):
        collector = self.start(CHAIN, "device_rate = 5; source_rate = 50;")
        for i in range(200):
            collector.send(datagram(7, i + 1), sender=self.sender("127.0.0.3"))
        wait_until(lambda: len(self.rows()) >= 5, "some are taken")
        for i in range(5):
            collector.send(datagram(8, i + 1), sender=self.sender("127.0.0.4"))
        ledger = collector.stop()
        self.assertEqual(ledger.received, 205)
        devices = [int(row["device_id"]) for row in self.rows()]
        self.assertEqual(devices.count(8), 5)
        self.assertLess(devices.count(7), 200)  # how many depends on how fast they were sent
        self.assertEqual(self.stats()["rejected_by_reason"]["rate"], 205 - len(devices))

    def test_unknown_devices(self):
        for setting, taken, rejected in (('unknown = "accept";', [1, 4, 5, 6], 0), ('unknown = "mark";', [1, 4, 5, 6], 0),
                                         ('unknown = "reject";', [1], 3), ("unknown_most = 2;", [1, 4, 5], 1),
                                         ('unknown = "mark"; unknown_most = 0;', [1], 3)):
            with self.subTest(setting):
                collector = self.start(CHAIN, self.catalog() + "\n" + setting)
                collector.send(*(datagram(device, 1) for device in (4, 5, 6, 1)))
                ledger = collector.stop()
                self.assertEqual((ledger.received, ledger.rejected), (4, rejected))
                self.assertEqual(self.stats()["rejected_by_reason"].get("unknown_device", 0), rejected)
                self.assertEqual(sorted(int(row["device_id"]) for row in self.rows()), taken)
                os.unlink(self.path("telemetry.csv"))

    def test_marked_rows(self):
        chain = CHAIN.replace('"telemetry.csv"', '"telemetry.csv"; columns = ( "device_id", "unknown" )')
        collector = self.start(chain, self.catalog() + '\nunknown = "mark";')
        collector.send(datagram(1, 1), datagram(9, 1))
        collector.stop()
        self.assertEqual(self.read("telemetry.csv").split(), ["device_id,unknown", "1,0", "9,1"])

    def test_a_list_of_nobody(self):
        self.write("collector.conf", 'listen = ( { allow = ( ); } );\n')
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("collector.conf:1: allow: the list is empty, which would allow nobody", done.stderr)

    def test_mistakes(self):
        self.write("devices.yaml", "devices:\n  - { id: 1, source: 10.0.0.1/8 }\n  - { id: 2, source: host }\n")
        self.write("collector.conf", 'listen = ( { allow = ( "10.0.0.0/33", "1.2.3.4/24" ); } );\n'
                                     'catalog = "devices.yaml";\nunknown = "maybe";\n')
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertEqual(done.returncode, 2, done.stderr)
        for text in ('source: "10.0.0.1/8" has bits behind its length; did you mean "10.0.0.0/8"?',
                     'source: "host" is not a block of addresses', 'allow: "10.0.0.0/33" is not a block of addresses',
                     'did you mean "1.2.3.0/24"?', "unknown:"):
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    main()
