#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Datagrams of declared formats, through a real daemon."""
import socket
import struct

from muster import Case, main, wait_until

CATALOG = """
formats:
  weather:
    header:
      - u8:  [version/4, type/4]
      - u16: device
      - u16: sequence
      - u32: time
    expect: { version: 1 }
    type: { 0: init, 1: data, 2: heartbeat, 3: ignore }
    body:
      - when: { type: data }
        reading: [ i16: temperature, u8: humidity ]
  little:
    order: le
    header: [ u8: magic, u16: device, u16: sequence ]
    expect: { magic: 0xa5 }
  stamped:
    header: [ u8: kind, u16: device, u8: check ]
    expect: { kind: 0x77 }
    check: xor8
  wide:
    header: [ u32: device, u8: sequence ]
  counted:
    header: [ u16: device, u16: sequence, u8: count ]
    counts: readings
    body: [ { reading: [ u8: v ] } ]
classes:
  station: { heartbeat: 30s }
default: station
devices:
  - id: 1001
    name: roof
"""
CHAIN = ('  { plugin = "sequence"; },\n  { plugin = "csv"; path = "telemetry.csv"; },\n'
         '  { plugin = "stats"; interval = "1h"; file = "stats.json"; }')


def weather(device, sequence, kind=1, readings=((212, 48),), version=1, time=1762534152):
    header = struct.pack("!BHHI", version << 4 | kind, device, sequence & 0xFFFF, time)
    return header + b"".join(struct.pack("!hB", *reading) for reading in readings)


def little(device, sequence):
    return struct.pack("<BHH", 0xA5, device, sequence)


class Declared(Case):
    def begin(self, formats, workers=1):
        self.write("devices.yaml", CATALOG)
        return self.start(CHAIN, f'catalog = "devices.yaml";\nworkers = {workers};',
                          f'{{ address = "127.0.0.1"; port = 0; format = {formats}; }}')

    def seen(self):
        return [(row["device_id"], row["seq_num"], row["msg_type"], row["duplicate_flag"], row["gap_flag"])
                for row in self.rows()]

    def test_each_datagram_is_a_row_or_has_a_reason(self):
        collector = self.begin('"weather"')
        collector.send(weather(1001, 65534), weather(1001, 65535), weather(1001, 0), weather(1001, 2),
                       weather(1001, 3, kind=2, readings=()), weather(1001, 3, kind=2, readings=()))
        collector.send(b"\x11", weather(1001, 4, version=2), weather(1001, 4, kind=9), weather(1001, 4) + b"!")
        collector.send(weather(1001, 4, kind=3, readings=()))
        ledger = collector.stop()
        self.assertEqual(self.seen(), [("1001", "65534", "1", "0", "0"), ("1001", "65535", "1", "0", "0"),
                                       ("1001", "0", "1", "0", "0"), ("1001", "2", "1", "0", "1"),
                                       ("1001", "3", "0", "0", "0"), ("1001", "3", "0", "1", "0")])
        self.assertEqual((ledger.received, ledger.decoded, ledger.rejected, ledger.records), (11, 7, 4, 6))
        for reason in ("too_short 1", "no_format 1", "unknown_type 1", "bad_length 1"):
            self.assertIn(reason, ledger.text)
        self.assertEqual(self.stats()["rejected"], 4)
        self.assertEqual(self.stats()["rejected_by_reason"]["bad_length"], 1)
        self.assertIn("(1 of which are to be ignored, as their format says)", ledger.text)

    def test_a_datagram_of_several_readings_is_as_many_records(self):
        collector = self.begin('"weather"')
        collector.send(weather(7, 1, readings=((1, 2), (3, 4), (5, 6))), weather(7, 2))
        ledger = collector.stop()
        self.assertEqual([(row[1], row[3]) for row in self.seen()], [("1", "0")] * 3 + [("2", "0")])
        self.assertEqual((ledger.decoded, ledger.records), (2, 4))

    def test_several_formats_are_tried_in_order(self):
        collector = self.begin('( "weather", "little" )')
        collector.send(weather(7, 1), little(7, 2), little(8, 1)[:-1], b"\xff" * 9)
        ledger = collector.stop()
        self.assertEqual([row[:2] for row in self.seen()], [("7", "1"), ("7", "2")])
        self.assertEqual((ledger.decoded, ledger.rejected), (2, 2))

    def test_the_reason_is_of_the_format_that_it_came_closest_to(self):
        for formats in ('( "weather", "stamped" )', '( "stamped", "weather" )'):
            collector = self.begin(formats)
            collector.send(struct.pack("!BHB", 0x77, 7, 0x78), weather(7, 1) + b"!", weather(7, 1, version=7))
            ledger = collector.stop()
            for reason in ("bad_check 1", "bad_length 1", "no_format 1"):
                self.assertIn(reason, ledger.text)

    def many(self, formats, made):
        """Many devices, each from a socket of its own, on three workers: in order, and none lost."""
        collector = self.begin(formats, workers=3)
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
        for sequence in range(50):
            for device in range(20):
                collector.send(made(device, sequence), sender=senders[device % 4])
        wait_until(lambda: self.read("telemetry.csv").count("\n") == 1001, "all rows are there")
        for sender in senders:
            sender.close()
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.decoded), (1000, 1000))
        for device in range(20):
            rows = [row for row in self.seen() if row[0] == str(device)]
            self.assertEqual([(int(row[1]), row[3], row[4]) for row in rows], [(n, "0", "0") for n in range(50)])

    def test_workers_where_the_device_has_its_place(self):
        self.many('"weather"', weather)

    def test_workers_where_it_has_none(self):
        self.many('"little"', little)

    def test_a_count_of_zero_has_no_number(self):
        self.write("devices.yaml", CATALOG)
        chain = '{ plugin = "sequence"; },\n{ plugin = "csv"; path = "telemetry.csv"; }, { plugin = "log"; }'
        collector = self.start(chain, 'catalog = "devices.yaml";',
                               '{ address = "127.0.0.1"; port = 0; format = "counted"; }')
        collector.send(b"\0\7\0\5\2ab", b"\0\7\0\7\0", b"\0\7\0\7\1c")
        collector.stop()
        self.assertEqual([row[1] for row in self.seen()], ["5", "6", "", "7"])
        lines = [line for line in collector.output().splitlines() if "DATA" in line]
        self.assertEqual([line.partition(" seq=")[2].partition(" ")[0] for line in lines], ["5", "6", "", "7"])
        shown = self.musterd("--catalog", "devices.yaml", "--decode", "counted", "0007000700").stdout
        self.assertNotIn("sequence", shown.partition("taken:")[2])

    def test_the_summary_names_what_was_rejected(self):
        self.write("devices.yaml", CATALOG)
        collector = self.start(CHAIN, 'catalog = "devices.yaml"; unknown = "reject";',
                               '{ address = "127.0.0.1"; port = 0; format = ( "stamped", "wide" ); }')
        collector.send(struct.pack("!BHB", 0x77, 1001, 1), struct.pack("!IB", 7, 1), b"!")
        plain = " ".join(collector.stop().text.split())
        self.assertIn("Lost: 1 datagrams that are not of our devices' format; 1 datagrams whose check is wrong; "
                      "1 datagrams of devices that we do not know.", plain)

    def test_the_wrong_format_is_told_once(self):
        collector = self.begin('"weather"')
        for sequence in range(200):
            collector.send(little(7, sequence) + b"123456")
        ledger = collector.stop()
        self.assertEqual(ledger.rejected, 200)
        self.assertEqual(collector.log().count('is "weather" the right format?'), 1)

    def test_a_format_that_is_not_there(self):
        self.write("devices.yaml", CATALOG)
        self.write("c.conf", 'catalog = "devices.yaml";\nlisten = ( { port = 0;\n format = "wether"; } );\n'
                             f'chain = ( {CHAIN} );\n')
        done = self.musterd("-c", "c.conf", "--check", "--no-environment")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('c.conf:3: format: there is no format "wether"; did you mean "weather"?', done.stderr)


if __name__ == "__main__":
    main()
