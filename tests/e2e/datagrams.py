#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Good datagrams and hostile ones, against a real daemon."""
import os
import signal
import socket
import subprocess
import time

from muster import COLUMNS, DATA, HEARTBEAT, INIT, SOURCE, Case, datagram, main, wait_until

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "log"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""

REFERENCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference-session.csv")


class Datagrams(Case):
    def test_one_datagram_is_one_row_at_once(self):
        collector = self.start(CHAIN)
        before = time.time()
        collector.send(datagram(101, 1, DATA, b"26.6"))
        wait_until(lambda: self.read("telemetry.csv").count("\n") == 2, "the row is in the file")
        after = time.time()
        (row,) = self.rows()
        self.assertEqual(self.read("telemetry.csv").splitlines()[0], COLUMNS)
        arrival = row.pop("arrival_time")
        self.assertRegex(arrival, r"^\d+\.\d{6}$")
        self.assertLessEqual(before - 0.001, float(arrival))
        self.assertLessEqual(float(arrival), after)
        self.assertEqual(row, {"device_id": "101", "seq_num": "1", "timestamp": "1762534152",
                               "msg_type": "1", "value": "26.6", "duplicate_flag": "0",
                               "gap_flag": "0"})
        wait_until(lambda: "DATA from 101 seq=1 value=26.6" in collector.output(), "the line is logged")
        collector.stop()

    def test_verdicts_and_flags(self):
        collector = self.start(CHAIN)
        collector.send(datagram(7, 0, INIT))
        for seq in (1, 2, 5, 4, 5, 6):
            collector.send(datagram(7, seq, DATA, b"1"))
        collector.send(datagram(7, 0, HEARTBEAT), datagram(7, 0, HEARTBEAT), datagram(7, 7, DATA, b"1"))
        ledger = collector.stop()
        flags = [(r["seq_num"], r["duplicate_flag"], r["gap_flag"]) for r in self.rows()]
        self.assertEqual(flags, [("0", "0", "0"), ("1", "0", "0"), ("2", "0", "0"), ("5", "0", "1"),
                                 ("4", "0", "0"), ("5", "1", "0"), ("6", "0", "0"), ("0", "0", "0"),
                                 ("0", "0", "0"), ("7", "0", "0")])
        self.assertEqual(ledger.received, 10)
        stats = self.stats()
        self.assertTrue(stats["final"])
        self.assertEqual((stats["packets_received"], stats["packets_lost"], stats["duplicates"]), (10, 1, 1))
        self.assertEqual((stats["late"], stats["recovered"], stats["missing"], stats["gaps"]), (1, 1, 2, 1))
        self.assertEqual(stats["average_packet_size"], 12.7 - 0.0)
        output = collector.output()
        self.assertIn("GAP of 2", output)
        self.assertIn("LATE", output)
        self.assertIn("DUPLICATE", output)
        self.assertIn("HEARTBEAT from 7", output)
        self.assertIn("packet loss count 1 ", collector.log())
        self.assertIn("packets received 10 ", collector.log())

    def test_restart_by_init_and_repeated_init(self):
        collector = self.start(CHAIN)
        collector.send(datagram(7, 0, INIT, timestamp=100), datagram(7, 0, INIT, timestamp=100))
        for seq in range(1, 6):
            collector.send(datagram(7, seq, DATA, b"1", timestamp=100 + seq))
        collector.send(datagram(7, 0, INIT, timestamp=200))
        for seq in range(1, 4):
            collector.send(datagram(7, seq, DATA, b"1", timestamp=200 + seq))
        collector.stop()
        stats = self.stats()
        self.assertEqual((stats["restarts"], stats["duplicates"], stats["packets_lost"], stats["gaps"]),
                         (1, 1, 0, 0))

    def test_wrap_is_an_ordinary_step(self):
        collector = self.start(CHAIN)
        for seq in (0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF, 0, 1, 3, 2, 1):
            collector.send(datagram(9, seq, DATA, b"x"))
        collector.stop()
        stats = self.stats()
        self.assertEqual((stats["gaps"], stats["missing"], stats["late"], stats["duplicates"],
                          stats["packets_lost"], stats["outliers"]), (1, 1, 1, 1, 0, 0))

    def test_each_hostile_datagram_is_counted_and_named(self):
        collector = self.start(CHAIN)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.bind(("127.0.0.1", 0))
        source = "127.0.0.1:%d" % sender.getsockname()[1]
        good = datagram(101, 1, DATA, b"26.6")
        for size in range(12):
            collector.send(good[:size], sender=sender)
        for kind in (3, 255):
            collector.send(datagram(101, 2, kind), sender=sender)
        collector.send(datagram(101, 3, DATA, b"x" * (1473 - 12)), datagram(101, 3, DATA, b"x" * 60000), sender=sender)
        collector.send(datagram(101, 1, DATA, b"x" * (1472 - 12)))
        collector.send(datagram(101, 2, DATA, b"\xff\xfe\x00\n\"a,b"))
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.decoded, ledger.rejected), (18, 2, 16))
        stats = self.stats()
        self.assertEqual(stats["rejected"], 16)
        self.assertEqual(stats["rejected_by_reason"],
                         {"too_short": 12, "too_long": 2, "unknown_type": 2, "bad_payload": 0})
        for reason in ("too_short", "too_long", "unknown_type"):
            self.assertRegex(collector.log(), rf"rejected a datagram of \d+ bytes from {source}: {reason}")
        rows = self.rows()
        self.assertEqual([r["value"] for r in rows], ["x" * 1460, '\\xff\\xfe\\x00\\x0a"a,b'])
        self.read("telemetry.csv", "rb").decode("utf-8")
        self.assertEqual((stats["gaps"], stats["packets_lost"]), (0, 0))

    def test_times_in_a_file_and_on_a_terminal(self):
        collector = self.start('{ plugin = "log"; }')
        collector.send(datagram(7, 1, DATA, b"1"))
        collector.stop()
        self.assertRegex(collector.output(),
                         r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d DATA from 7 seq=1 value=1\n\Z")
        master, terminal = os.openpty()
        self.addCleanup(os.close, master)
        collector = self.start('{ plugin = "log"; }', stdout=terminal)
        os.close(terminal)
        collector.send(datagram(7, 1, DATA, b"1"))
        collector.stop()
        self.assertRegex(os.read(master, 1000),
                         rb"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} DATA from 7 seq=1 value=1\r\n\Z")

    def test_u16_batches_become_one_record_a_reading(self):
        self.write("devices.yaml", """
classes:
  meter: { payload: u16 }
devices:
  - { id: 5, name: pump, class: meter }
""")
        collector = self.start(CHAIN, settings='catalog = "devices.yaml";')
        collector.send(datagram(5, 0, INIT), datagram(5, 1, DATA, b"\x00\x01\x00\x02\xff\xff"),
                       datagram(5, 4, DATA, b"\x01\x00"), datagram(5, 7, DATA, b"\x00\x07\x00\x08"),
                       datagram(5, 9, DATA, b"\x01"), datagram(5, 9, DATA, b""), datagram(6, 1, DATA, b"\x01"))
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.decoded, ledger.rejected, ledger.records), (7, 5, 2, 8))
        values = [(r["device_id"], r["seq_num"], r["value"], r["gap_flag"]) for r in self.rows()]
        self.assertEqual(values, [("5", "0", "", "0"), ("5", "1", "1", "0"), ("5", "2", "2", "0"),
                                  ("5", "3", "65535", "0"), ("5", "4", "256", "0"), ("5", "7", "7", "1"),
                                  ("5", "8", "8", "0"), ("6", "1", "\\x01", "0")])
        stats = self.stats()
        self.assertEqual(stats["rejected_by_reason"]["bad_payload"], 2)
        self.assertEqual((stats["missing"], stats["packets_lost"]), (2, 2))
        self.assertIn("(pump)", collector.output())

    def test_a_batch_larger_than_a_block(self):
        self.write("devices.yaml", "classes:\n  meter: { payload: u16 }\ndefault: meter\n")
        collector = self.start(CHAIN, settings='catalog = "devices.yaml"; largest_datagram = "65507";')
        readings = (65507 - 12) // 2
        collector.send(datagram(5, 1, DATA, b"\x00\x09" * readings), datagram(5, 1 + readings, DATA, b"\x00\x08"))
        ledger = collector.stop()
        self.assertEqual(ledger.records, readings + 1)
        rows = self.rows()
        self.assertEqual([int(r["seq_num"]) for r in rows], list(range(1, readings + 2)))
        self.assertEqual({r["value"] for r in rows[:-1]}, {"9"})
        self.assertEqual(self.stats()["missing"], 0)

    def test_ipv6_and_several_listeners(self):
        listen = '{ address = "127.0.0.1"; port = 0; }, { address = "::1"; port = 0; }'
        chain = CHAIN.replace('path = "telemetry.csv";',
                              'path = "telemetry.csv"; columns = ( "seq_num", "source" );')
        collector = self.start(chain, listen=listen)
        wait_until(lambda: len(collector.ports()) == 2, "both listeners are open")
        collector.send(datagram(1, 1, DATA, b"four"))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
            six.sendto(datagram(2, 2, DATA, b"six"), ("::1", collector.ports()[1]))
        ledger = collector.stop()
        self.assertEqual(ledger.received, 2)
        self.assertEqual(sorted((r["seq_num"], r["source"]) for r in self.rows()),
                         [("1", "127.0.0.1"), ("2", "::1")])

    def test_sigint_stops_too_and_what_the_kernel_holds_is_drained(self):
        collector = self.start(CHAIN)
        for seq in range(1, 3001):
            collector.send(datagram(3, seq, DATA, b"1"))
        ledger = collector.stop(signal.SIGINT)
        self.assertEqual(ledger.received + ledger.kernel_drops + ledger.refused, 3000)
        self.assertEqual(len(self.rows()), ledger.received)
        self.assertEqual(ledger.refused, 0)


def reference_session():
    """The rows of a session as the reference server wrote them."""
    with open(REFERENCE, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        return [dict(zip(names, line.strip().split(","))) for line in file]


class ReferenceSession(Case):
    def play(self, mode):
        chain = CHAIN.replace('"sequence";', f'"sequence"; {mode}')
        collector = self.start(chain)
        session = reference_session()
        self.assertGreater(len(session), 25)
        for row in session:
            collector.send(datagram(int(row["device_id"]), int(row["seq_num"]), int(row["msg_type"]),
                                    row["value"].encode(), int(row["timestamp"])))
        ledger = collector.stop()
        self.assertEqual(ledger.received, len(session))
        ours = self.rows()
        for ours_row, row in zip(ours, session):
            for name in ("device_id", "seq_num", "timestamp", "msg_type", "value"):
                self.assertEqual(ours_row[name], row[name])
        return ours, session

    def test_no_gap_is_reported_for_heartbeats(self):
        ours, _ = self.play("")
        self.assertEqual({(r["duplicate_flag"], r["gap_flag"]) for r in ours}, {("0", "0")})
        stats = self.stats()
        self.assertEqual((stats["missing"], stats["duplicates"], stats["restarts"]), (0, 0, 0))

    def test_reference_mode_gives_the_reference_flags(self):
        ours, session = self.play('mode = "reference";')
        self.assertEqual([(r["duplicate_flag"], r["gap_flag"]) for r in ours],
                         [(r["duplicate_flag"], r["gap_flag"]) for r in session])
        self.assertIn("1", {r["gap_flag"] for r in session})


class Catalogue(Case):
    def test_every_message_may_number(self):
        self.write("devices.yaml", "classes:\n  all: { numbers: all }\ndefault: all\n")
        collector = self.start(CHAIN, settings='catalog = "devices.yaml";')
        collector.send(datagram(1, 0, INIT), datagram(1, 1, DATA, b"a"), datagram(1, 2, HEARTBEAT),
                       datagram(1, 4, DATA, b"b"))
        collector.stop()
        stats = self.stats()
        self.assertEqual((stats["missing"], stats["gaps"]), (1, 1))

    def test_the_example_catalog_and_configuration_are_fine(self):
        done = subprocess.run(["cp", os.path.join(SOURCE, "etc", "devices.yaml"), self.folder], check=True)
        self.assertEqual(done.returncode, 0)
        with open(os.path.join(SOURCE, "etc", "collector.conf"), encoding="utf-8") as file:
            self.write("collector.conf", 'catalog = "devices.yaml";\n' + file.read())
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        self.assertFalse(os.path.exists(self.path("telemetry.csv")), "--check writes nothing")


if __name__ == "__main__":
    main()
