#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Devices that are no number of 16 bits: each is tracked, shown by what it calls itself, and known again."""
import glob
import os
import re
import signal
import socket
import struct

from muster import Case, datagram, main, wait_until

CATALOG = """
formats:
  wide:  { header: [ u32: device, u16: sequence ] }
  huge:  { order: le, header: [ u64: device, u16: sequence ] }
  imei:  { header: [ "bcd:8": device, u16: sequence ] }
  mac:   { header: [ u8: kind, "hex:6": device, u16: sequence ] }
  named: { header: [ "text:8": device, u16: sequence ] }
  pair:  { device: [ net, node ], header: [ u8: net, "text:u8": node, u16: sequence ] }
  host:  { device: source, header: [ u16: sequence ] }
devices:
  - { id: 7, name: seven }
  - { id: 356938035643809, name: truck, place: road }
  - { id: pump/1, name: pump }
  - { id: "0042", name: answer }
"""
CHAIN = ('  { plugin = "sequence"; },\n'
         '  { plugin = "csv"; path = "telemetry.csv"; columns = ( "device_id", "seq_num", "duplicate_flag", "gap_flag",'
         ' "gap", "device_name", "verdict" ); },\n'
         '  { plugin = "log"; color = "never"; time = false; },\n'
         '  { plugin = "stats"; interval = "1h"; file = "stats.json"; }')


def big(sequence):
    return struct.pack("!H", sequence)


# Of each format: the datagram of device number i, and what it calls itself.
FORMATS = {
    "wide": (lambda i, n: struct.pack("!IH", 60000 + 1000 * i, n), lambda i: str(60000 + 1000 * i)),
    "huge": (lambda i, n: struct.pack("<QH", 2**64 - 1 - i, n), lambda i: str(2**64 - 1 - i)),
    "imei": (lambda i, n: bytes.fromhex(f"{356938035643800 + i}f") + big(n), lambda i: str(356938035643800 + i)),
    "mac": (lambda i, n: b"\1" + bytes.fromhex(f"cbb8334c88{i:02x}") + big(n), lambda i: f"cbb8334c88{i:02x}"),
    "named": (lambda i, n: b'a"b,%02d\0 ' % i + big(n), lambda i: f'a"b,{i:02}'),
    "pair": (lambda i, n: b"\7\2n%d" % (i % 10) + big(n), lambda i: f"7/n{i % 10}"),
}


class Keys(Case):
    def begin(self, formats, workers=1, settings="", chain=CHAIN):
        self.write("devices.yaml", CATALOG)
        listen = f"format = {formats};" if formats else ""
        return self.start(chain, f'catalog = "devices.yaml";\nworkers = {workers};\n{settings}',
                          f'{{ address = "127.0.0.1"; port = 0; {listen} }}')

    def lines(self, count):
        wait_until(lambda: self.read("telemetry.csv").count("\n") == count + 1, f"{count} rows are there")

    def play(self, name, workers):
        """Many devices from several sockets: a number is missing, one comes twice."""
        made, key = FORMATS[name]
        devices = 10 if name == "pair" else 30
        collector = self.begin(f'"{name}"', workers)
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
        for sequence in [0, 1, 2, 4, 5, 5, 6]:
            for device in range(devices):
                collector.send(made(device, sequence), sender=senders[device % 4])
        self.lines(7 * devices)
        for sender in senders:
            sender.close()
        ledger = collector.stop()
        of = {}
        for row in self.rows():
            of.setdefault(row["device_id"], []).append((row["seq_num"], row["gap"], row["duplicate_flag"]))
        self.assertEqual(sorted(of), sorted(key(i) for i in range(devices)))
        for seen in of.values():
            self.assertEqual([row[0] for row in seen], ["0", "1", "2", "4", "5", "5", "6"])
            self.assertEqual([row[1] for row in seen], ["0", "0", "0", "1", "0", "0", "0"])
            self.assertEqual([row[2] for row in seen], ["0", "0", "0", "0", "0", "1", "0"])
        self.assertEqual((ledger.received, ledger.rejected), (7 * devices, 0))
        self.assertEqual(self.stats()["sequence_gap_count"], devices)
        os.unlink(self.path("telemetry.csv"))

    def test_each_kind_of_key(self):
        for name in FORMATS:
            with self.subTest(name):
                self.play(name, 1)

    def test_with_several_workers(self):
        for name in FORMATS:
            with self.subTest(name):
                self.play(name, 3)

    def test_a_device_is_where_it_sends_from(self):
        collector = self.begin('"host"', 2)
        for host in ("127.0.0.2", "127.0.0.3"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((host, 0))
                collector.send(big(1), big(2), big(4), sender=sender)
        self.lines(6)
        collector.stop()
        self.assertEqual(sorted((row["device_id"], row["seq_num"], row["gap"]) for row in self.rows()),
                         [(host, *row) for host in ("127.0.0.2", "127.0.0.3")
                          for row in (("1", "0"), ("2", "0"), ("4", "1"))])

    def test_names_and_lines(self):
        collector = self.begin('"imei"')
        collector.send(FORMATS["imei"][0](9, 1), FORMATS["imei"][0](8, 1))
        self.lines(2)
        collector.stop()
        self.assertEqual([row["device_name"] for row in self.rows()], ["truck", ""])
        self.assertIn("DATA from 356938035643809 (truck) ", collector.output())
        self.assertIn("356938035643808", collector.output())

    def test_of_several_fields_and_of_digits_with_zeros_in_front(self):
        collector = self.begin('"named"')
        collector.send(b"pump/1\0\0" + big(1), b"0042\0\0\0\0" + big(1), b"42\0\0\0\0\0\0" + big(1),
                       b"7\0\0\0\0\0\0\0" + big(1))
        self.lines(4)
        collector.stop()
        self.assertEqual([(row["device_id"], row["device_name"]) for row in self.rows()],
                         [("pump/1", "pump"), ("0042", "answer"), ("42", ""), ("7", "seven")])

    def test_a_small_number_is_the_same_device_in_every_format(self):
        self.write("devices.yaml", CATALOG)
        collector = self.start(CHAIN, 'catalog = "devices.yaml"; workers = 2;',
                               '{ address = "127.0.0.1"; port = 0; }, '
                               '{ address = "127.0.0.1"; port = 0; format = "wide"; }')
        collector.send(datagram(7, 1), datagram(7, 2))
        self.lines(2)
        collector.sender.sendto(struct.pack("!IH", 7, 4), ("127.0.0.1", collector.ports()[1]))
        self.lines(3)
        collector.stop()
        self.assertEqual({row["device_id"] for row in self.rows()}, {"7"})

    def test_only_those_that_are_listed(self):
        collector = self.begin('"imei"', 2, 'unknown = "reject";')
        collector.send(FORMATS["imei"][0](9, 1), FORMATS["imei"][0](8, 1), FORMATS["imei"][0](9, 2))
        self.lines(2)
        ledger = collector.stop()
        self.assertEqual({row["device_name"] for row in self.rows()}, {"truck"})
        self.assertIn("unknown_device 1", ledger.text)

    def test_as_many_as_are_allowed(self):
        collector = self.begin('"wide"', 2, "unknown_most = 3;")
        for device in range(70000, 70010):
            collector.send(struct.pack("!IH", device, 1), struct.pack("!IH", device, 2))
        self.lines(6)
        ledger = collector.stop()
        self.assertEqual(len({row["device_id"] for row in self.rows()}), 3)
        self.assertIn("unknown_device 14", ledger.text)

    def test_they_are_known_again(self):
        state = 'state_dir = "state";'
        os.mkdir(self.path("state"))
        sequence = 1
        for workers, end in ((1, "stop"), (3, "kill"), (2, "stop"), (4, "kill"), (1, "stop")):
            for name in ("named", "wide"):
                made, key = FORMATS[name]
                collector = self.begin(f'"{name}"', workers, state)
                for device in range(20):
                    collector.send(made(device, sequence), made(device, sequence + 2))
                self.lines(40)
                if end == "stop":
                    collector.stop()
                else:
                    collector.process.send_signal(signal.SIGKILL)
                    collector.process.wait()
                of = {}
                for row in self.rows():
                    of.setdefault(row["device_id"], []).append((row["seq_num"], row["verdict"], row["gap"]))
                self.assertEqual(set(of), {key(i) for i in range(20)})
                for seen in of.values():
                    first = ("first", "0") if sequence == 1 else ("gap", "7")
                    self.assertEqual(seen, [(str(sequence), *first), (str(sequence + 2), "gap", "1")])
                os.unlink(self.path("telemetry.csv"))
            sequence += 10

    def test_numbers_that_were_lost_are_not_taken_for_others(self):
        """What the tracker kept of a device is not another's that has its number now."""
        os.mkdir(self.path("state"))
        made, _ = FORMATS["named"]
        for devices, verdict in (((0, 1, 2), "first"), ((2, 1, 0), "first"), ((0, 1, 2), "new")):
            collector = self.begin('"named"', 1, 'state_dir = "state";')
            for device in devices:
                collector.send(made(device, 1 if verdict == "first" else 2))
            self.lines(3)
            collector.stop()
            self.assertEqual({row["verdict"] for row in self.rows()}, {verdict})
            os.unlink(self.path("telemetry.csv"))
            if devices == (0, 1, 2) and verdict == "first":
                for file in glob.glob(self.path("state/musterd.devices*")):
                    os.unlink(file)

    def test_without_the_format_the_others_are_kept(self):
        os.mkdir(self.path("state"))
        state = 'state_dir = "state";'
        collector = self.begin('"wide"', 2, state)
        collector.send(*[struct.pack("!IH", device, n) for n in (1, 3) for device in (7, 70000)])
        self.lines(4)
        collector.stop()
        os.unlink(self.path("telemetry.csv"))
        collector = self.begin("", 2, state)
        collector.send(datagram(7, 5))
        self.lines(1)
        ledger = collector.stop()
        self.assertEqual(self.rows()[0]["device_name"], "seven")
        self.assertIn("that are forgotten: 1", collector.log())
        self.assertIn("exact", ledger.text)

    def test_a_key_is_shown_the_same_everywhere(self):
        """As the catalog has it: what it escapes is not escaped again, and CSV and JSON quote as they do."""
        self.write("devices.yaml", """
formats:
  named: { header: [ "text:8": device, u16: sequence ], body: [ { reading: [ u8: one, u8: two ], readings: 1 } ] }
devices:
  - { id: 'a\\x0a\\x5cx41', name: odd }
  - { id: 'q"u,o', name: quoted }
""")
        collector = self.start(
            CHAIN + ',\n  { plugin = "csv"; name = "long"; path = "long.csv"; layout = "long";'
            ' columns = ( "device_id", "field", "device_name" ); },\n'
            '  { plugin = "csv"; name = "gaps"; path = "gaps.csv"; records = "gaps"; columns = ( "device_id", "outcome" ); },\n'
            '  { plugin = "csv"; name = "plain"; path = "plain.csv"; }',
            'catalog = "devices.yaml"; workers = 2;', '{ address = "127.0.0.1"; port = 0; format = "named"; }')
        keys = {b"a\n\\x41\0\0": ("a\\x0a\\x5cx41", "odd"), b'q"u,o\0\0\0': ('q"u,o', "quoted")}
        for key in keys:
            collector.send(key + big(1) + b"\1\2", key + big(3) + b"\1\2", key + big(4) + b"\1", key + big(5) + b"\1\2")
        self.lines(6)
        ledger = collector.stop()
        self.assertIn("bad_length 2", ledger.text)
        for path, rows in (("telemetry.csv", 6), ("long.csv", 12), ("gaps.csv", 4), ("plain.csv", 6)):
            found = self.rows(path)
            self.assertEqual(len(found), rows, path)
            self.assertEqual({row["device_id"] for row in found}, {shown for shown, _ in keys.values()}, path)
        self.assertEqual({(row["device_id"], row["device_name"]) for row in self.rows("long.csv")}, set(keys.values()))
        self.assertEqual({(device["device_id"], device["name"]) for device in self.stats()["worst_devices"]},
                         set(keys.values()))
        for shown, name in keys.values():
            self.assertIn(f"DATA from {shown} ({name}) ", collector.output())

    def test_who_may_send(self):
        self.write("devices.yaml", CATALOG.replace("place: road", "source: 127.0.0.9"))
        collector = self.start('  { plugin = "csv"; path = "telemetry.csv"; columns = ( "device_id", "seq_num", "unknown" ); }',
                               'catalog = "devices.yaml"; workers = 2; unknown = "mark"; device_rate = 2;',
                               '{ address = "127.0.0.1"; port = 0; format = "imei"; }')
        made, _ = FORMATS["imei"]
        collector.send(made(9, 1), *[made(8, n) for n in range(1, 9)])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.9", 0))
            collector.send(made(9, 2), sender=sender)
        wait_until(lambda: "356938035643809,2" in self.read("telemetry.csv"), "the listed one is heard")
        ledger = collector.stop()
        self.assertRegex(ledger.text, r"source 1\b")
        self.assertIn("rate ", ledger.text)
        self.assertIn("exact", ledger.text)
        self.assertEqual([row for row in self.rows() if row["device_id"] == "356938035643809"],
                         [{"device_id": "356938035643809", "seq_num": "2", "unknown": "0"}])
        self.assertEqual({(row["device_id"], row["unknown"]) for row in self.rows()} -
                         {("356938035643809", "0")}, {("356938035643808", "1")})

    def test_one_that_is_listed_and_never_heard(self):
        self.write("devices.yaml", CATALOG + "classes: { text: { heartbeat: 1s } }\n")
        collector = self.start('  { plugin = "sequence"; silent_after = 2; },\n'
                               '  { plugin = "log"; color = "never"; time = false; }',
                               'catalog = "devices.yaml"; workers = 2;',
                               '{ address = "127.0.0.1"; port = 0; format = ( "pair", "imei" ); }')
        collector.send(b"\7\2n1" + big(1), FORMATS["imei"][0](9, 1))
        wait_until(lambda: re.search(r"NEVER HEARD.* pump/1 \(pump\)", collector.output()) and
                   re.search(r"SILENT.* 356938035643809 \(truck\)", collector.output()), "both are missed")
        collector.stop()

    def test_what_is_of_no_format_stays_where_it_came(self):
        collector = self.begin('"mac"', 4)
        for i in range(200):
            collector.send(bytes(7) + bytes([i]))
        for i in range(30):
            collector.send(FORMATS["mac"][0](i, 1))
        self.lines(30)
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.rejected), (230, 200))
        self.assertIn("exact", ledger.text)

    def test_many_that_are_listed(self):
        count = 100000
        self.write("devices.yaml", CATALOG + "".join(f"  - {{ id: {10**14 + 7919 * i} }}\n" for i in range(count)))
        os.mkdir(self.path("state"))
        for sequence, verdict in ((1, "first"), (2, "new")):
            collector = self.start(CHAIN, 'catalog = "devices.yaml"; workers = 2; state_dir = "state"; unknown = "reject";',
                                   '{ address = "127.0.0.1"; port = 0; format = "imei"; }')
            for i in range(0, count, 1000):
                collector.send(bytes.fromhex(f"{10**14 + 7919 * i}f") + big(sequence))
            self.lines(count // 1000)
            collector.stop()
            self.assertEqual({row["verdict"] for row in self.rows()}, {verdict})
            os.unlink(self.path("telemetry.csv"))

    def test_a_key_that_no_format_has_is_an_error(self):
        self.write("devices.yaml", "devices: [ { id: pump } ]\n")
        self.write("collector.conf", 'catalog = "devices.yaml"; chain = ( { plugin = "log"; } );\n')
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('devices.yaml:1:18: id: "pump" is no whole number from 0 to 65535', done.stderr)
        self.write("devices.yaml", CATALOG + "  - { id: pump/1 }\n")
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertIn('device "pump/1" is listed again; it is first on line', done.stderr)

    def test_an_id_as_labels_have_it_is_told_from_one_as_datagrams_do(self):
        self.write("collector.conf", 'catalog = "devices.yaml"; chain = ( { plugin = "log"; } );\n')
        formats = 'formats: { mac: { header: [ "hex:6": device ] }, imei: { header: [ "bcd:8": device ] } }\n'
        for key, hint in (("CB:B8:33:4C:88:4F", 'did you mean "cbb8334c884f"?'),
                          ("CBB8334C884F", 'did you mean "cbb8334c884f"?'),
                          ("35-693803-564380-9", 'did you mean "356938035643809"?'),
                          ("cbb8334c88", None), ("cbb8334c884f", None), ("cbb8334c884f001122", "no format"),
                          ("pump", "no format")):
            self.write("devices.yaml", formats + f'devices: [ {{ id: "{key}" }} ]\n')
            done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
            self.assertEqual(done.returncode, 2 if hint else 0, key + done.stderr)
            self.assertIn(hint or "", done.stderr)


if __name__ == "__main__":
    main()
