#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Answers: who asks for one gets it, from where he sent to; and after a sink, it means written."""
import os
import re
import shutil
import signal
import socket
import struct
import time

from muster import DATA, HEARTBEAT, INIT, PATIENCE, SOURCE, Case, datagram, main, wait_until

CSV = '{ plugin = "csv"; path = "telemetry.csv"; }'
SEQUENCE = '{ plugin = "sequence"; },\n'
DROPS = '{ plugin = "sequence"; duplicates = "drop"; },\n'
ASK = 1  # a flag: the device waits for an acknowledgement
ANY = '{ address = "127.0.0.1"; port = 0; format = "node"; }'

FORMAT = """formats:
  node:
    header: [ u16: device, u32: sequence, u32: time, u8: type, u8: flags ]
    type: { 0: heartbeat, 1: data, 2: init, 3: ignore }
    body:
      - when: { type: data }
        reading: [ i16: temperature ]
      - trailing: true
    reply:
      - { on: data, when: { flags: { has: 1 } }, send: [ u8: 1, u32: sequence ]%s }
      - { on: [init, ignore], send: [ u8: [10/4, 1/4], "text": "0123456789a", u16le: device ] }
      - { on: heartbeat, send: [ u8: 4 ], to: all }
devices:
""" + "".join(f"  - {{ id: {device} }}\n" for device in range(1, 100))


def reading(device, seq, value=212, flags=ASK):
    return datagram(device, seq, DATA, struct.pack("!h", value), flags=flags)


def acknowledged(seq):
    return struct.pack("!BI", 1, seq)


class Device:
    """A socket that sends and hears."""

    def __init__(self, test, target, family=socket.AF_INET, source=None):
        self.target = target
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        test.addCleanup(self.socket.close)
        if source is not None:
            self.socket.bind((source, 0))

    def send(self, *datagrams):
        for one in datagrams:
            self.socket.sendto(one, self.target)

    def hear(self):
        return self.socket.recv(100)

    def hear_from(self):
        return self.socket.recvfrom(100)

    def ask(self, one):
        self.send(one)
        return self.hear()


class Client:
    """The reference's second phase: readings, some of which are to be acknowledged, and heartbeats
    of which three in a row without an answer end it."""

    def __init__(self, device, number):
        self.device, self.number = device, number
        self.resent, self.beats = 0, 0

    def await_answer(self, one, expected, tries):
        for attempt in range(tries):
            self.device.send(one)
            self.resent += attempt > 0
            if self.device.hear() == expected:
                return True
        return False

    def run(self, rounds):
        self.device.send(datagram(self.number, 0, INIT))
        for seq in range(1, rounds + 1):
            one = datagram(self.number, seq, DATA, struct.pack("!H", 100 + seq), flags=seq % 2)
            if seq % 2 == 0:
                self.device.send(one)
            elif not self.await_answer(one, acknowledged(seq), 6):
                return False
            if seq % 5 == 0 and not self.await_answer(datagram(self.number, 0, HEARTBEAT), b"\4", 3):
                return False
        return True


class Answers(Case):
    def catalog(self, after=None, text=FORMAT):
        text = text % (f", after: {after}" if after else "")
        return f'catalog = "{self.write("devices.yaml", text)}";'

    def begin(self, chain=SEQUENCE + CSV, after=None, settings="", listen=ANY):
        collector = self.start(chain, self.catalog(after) + settings, listen)
        return collector, self.device(collector)

    def device(self, collector, source=None):
        return Device(self, ("127.0.0.1", collector.port), source=source)

    def beat(self, device):
        """A heartbeat, which is always answered: so there was no answer to what was sent before."""
        self.assertEqual(device.ask(datagram(200, 0, HEARTBEAT)), b"\4")

    def finish(self, collector, asked, sent, held=0, **refused):
        """Stops it; the summary must say this of the answers."""
        ledger = collector.stop()
        found = re.search(r"  answers: asked (\d+) = sent (\d+) \+ held (\d+) \+ refused (\d+)(.*)\n", ledger.text)
        numbers = [int(number) for number in found.groups()[:4]]
        self.assertEqual(numbers[0], sum(numbers[1:]), ledger.text)
        why = {reason.strip().replace(" ", "_"): int(count) for reason, count in re.findall(r", ([a-z ]+) (\d+)", found.group(5))}
        self.assertEqual((numbers[:3], why), ([asked, sent, held], refused), ledger.text)
        self.assertEqual(numbers[3], sum(refused.values()))
        return ledger

    def rows_of(self, device):
        return [row for row in self.rows() if row["device_id"] == str(device)]

    # ---- At once ------------------------------------------------------------------------

    def test_what_is_declared_is_answered(self):
        collector, device = self.begin()
        device.send(reading(7, 1, flags=0))
        self.assertEqual(device.ask(reading(7, 0xFFFFFFFF)), acknowledged(0xFFFFFFFF))
        self.assertEqual(device.ask(reading(7, 2, flags=0x81)), acknowledged(2))
        self.assertEqual(device.ask(datagram(7, 0, INIT, b"1234")), b"\xa10123456789a\7\0")
        self.assertEqual(device.ask(datagram(7, 0, 3, b"1234")), b"\xa10123456789a\7\0")
        self.assertEqual(device.ask(datagram(7, 0, HEARTBEAT)), b"\4")
        device.send(reading(7, 3)[:-1], datagram(7, 0, 9))  # rejected, so not answered
        self.beat(device)
        self.finish(collector, 6, 6)

    def test_refusals(self):
        collector, device = self.begin()
        device.send(reading(100, 1))  # not listed
        device.send(datagram(7, 0, INIT))  # 12 bytes; the answer has 14
        self.beat(device)
        self.finish(collector, 3, 1, device_not_listed=1, longer_than_the_datagram=1)

    def test_a_rate(self):
        collector, device = self.begin(listen='{ address = "127.0.0.1"; port = 0; format = "node"; reply_rate = 1; }')
        device.send(*(reading(7, seq) for seq in range(1, 51)))
        self.assertEqual(device.hear(), acknowledged(1))
        wait_until(lambda: len(self.rows_of(7)) == 50, "all are written")
        ledger = collector.stop()
        sent, refused = (int(n) for n in re.search(r"asked 50 = sent (\d+) .* too many a second (\d+)", ledger.text).groups())
        self.assertEqual(sent + refused, 50)
        self.assertLess(sent, 40)

    def test_no_port_to_answer_to(self):
        collector, device = self.begin()
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) if os.geteuid() == 0 else None
        if raw is None:
            self.skipTest("needs a raw socket")
        self.addCleanup(raw.close)
        payload = reading(7, 1)
        raw.sendto(struct.pack("!HHHH", 0, collector.port, 8 + len(payload), 0) + payload, ("127.0.0.1", 0))
        wait_until(lambda: self.rows_of(7), "it has come")
        self.beat(device)
        self.finish(collector, 2, 1, not_taken_by_the_kernel=1)

    def test_a_format_without_a_reply_says_nothing(self):
        collector = self.start(SEQUENCE + CSV)
        collector.send(datagram(7, 1, DATA, b"21.5"))
        ledger = collector.stop()
        self.assertNotIn("  answers:", ledger.text)

    def test_a_replay_sends_nothing(self):
        device = Device(self, ("127.0.0.1", 9))
        payload = reading(7, 1)
        port = device.socket.bind(("127.0.0.1", 0)) or device.socket.getsockname()[1]
        udp = struct.pack("!HHHH", port, 8888, 8 + len(payload), 0) + payload
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                             bytes((127, 0, 0, 1)), bytes((127, 0, 0, 1))) + udp
        with open(self.path("one.pcap"), "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            out.write(struct.pack("<IIII", 1766000000, 0, len(packet), len(packet)) + packet)
        ledger, _ = self.replay("one.pcap", SEQUENCE + CSV, self.catalog("csv"),
                                listen='{ port = 8888; format = "node"; }')
        self.assertEqual(ledger.records, 1)
        self.assertNotIn("  answers:", ledger.text)
        device.socket.setblocking(False)
        self.assertRaises(BlockingIOError, device.hear)

    # ---- From where ---------------------------------------------------------------------

    def test_the_address_that_it_was_sent_to(self):
        collector = self.start(SEQUENCE + CSV, self.catalog() + " workers = 2;",
                               '{ address = "0.0.0.0"; port = 0; format = "node"; }, '
                               '{ address = "::"; port = 0; format = "node"; }, '
                               '{ address = "::1"; port = 0; format = "node"; }')
        ports = wait_until(lambda: len(collector.ports()) == 3 and collector.ports(), "all listen")
        targets = [("127.0.0.5", ports[0]), ("127.0.0.9", ports[0]), ("::1", ports[1]), ("::1", ports[2])]
        for number, target in enumerate(targets):
            family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
            device = Device(self, target, family, None if family == socket.AF_INET6 else "127.0.0.77")
            for seq in range(1, 9):  # of several devices, so of both workers
                device.send(reading(10 * number + seq, seq))
                answer, source = device.hear_from()
                self.assertEqual((answer, source[:2]), (acknowledged(seq), target))
        self.finish(collector, 32, 32)

    def test_a_multicast_group(self):
        group = "239.255.77.1"
        collector = self.start(
            SEQUENCE + CSV, self.catalog(), f'{{ address = "{group}"; port = 0; interface = "lo"; format = "node"; }}')
        device = Device(self, (group, collector.port))
        device.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        answer = device.ask(reading(7, 1))
        self.assertEqual(answer, acknowledged(1))
        self.finish(collector, 1, 1)

    def test_many_at_once_from_several_workers(self):
        collector = self.start(SEQUENCE + CSV, self.catalog("csv") + " workers = 3;", ANY)
        devices = [self.device(collector) for _ in range(30)]
        for seq in range(1, 21):
            for number, device in enumerate(devices):
                device.send(reading(number + 1, seq))
        for device in devices:
            self.assertEqual(sorted(device.hear() for _ in range(20)), [acknowledged(seq) for seq in range(1, 21)])
        self.assertEqual(len(self.rows()), 600)
        self.finish(collector, 600, 600)

    # ---- After a sink -------------------------------------------------------------------

    def test_after_csv_the_row_is_in_the_file(self):
        collector, device = self.begin(after="csv")
        for seq in range(1, 200):
            self.assertEqual(device.ask(reading(7, seq, value=seq)), acknowledged(seq))
            self.assertEqual([row["seq_num"] for row in self.rows_of(7)][-1], str(seq))
        self.finish(collector, 199, 199)

    def test_killed_right_after(self):
        collector, device = self.begin(after="csv")
        for seq in range(1, 20):
            device.send(reading(7, seq))
        heard = struct.unpack("!BI", device.hear())[1]
        collector.process.kill()
        collector.process.wait()
        numbers = {int(row["seq_num"]) for row in self.rows_of(7)}
        self.assertLessEqual(set(range(1, heard + 1)), numbers)
        device.socket.setblocking(False)
        try:
            while True:
                self.assertIn(struct.unpack("!BI", device.hear())[1], numbers)
        except BlockingIOError:
            pass

    def test_a_sink_that_cannot_write_yet(self):
        collector, device = self.begin(SEQUENCE + '{ plugin = "csv"; path = "away/telemetry.csv"; }', after="csv")
        device.send(reading(7, 1), reading(7, 2), reading(7, 1))
        self.beat(device)
        os.mkdir(self.path("away"))
        self.assertEqual(sorted(device.hear() for _ in range(3)), [acknowledged(1), acknowledged(1), acknowledged(2)])
        self.assertEqual(len([row for row in self.rows("away/telemetry.csv") if row["device_id"] == "7"]), 3)
        self.finish(collector, 4, 4)

    def test_a_sink_that_never_writes(self):
        collector, device = self.begin(
            SEQUENCE + '{ plugin = "csv"; path = "/dev/full"; }', after="csv", settings='stop_timeout = "300ms";')
        device.send(*(reading(7, seq) for seq in range(1, 11)))
        self.beat(device)
        self.finish(collector, 11, 1, not_written=10)

    def test_a_sink_that_fails(self):
        collector, device = self.begin(SEQUENCE + '{ plugin = "trouble"; does = "fail"; after = 1; }', after="trouble")
        self.assertEqual(device.ask(reading(7, 1)), acknowledged(1))
        device.send(*(reading(7, seq) for seq in range(2, 12)))
        wait_until(lambda: "has failed and is out of service" in collector.log(), "it fails")
        self.beat(device)
        self.finish(collector, 12, 2, not_written=10)

    def test_a_stuck_sink(self):
        collector, device = self.begin(SEQUENCE + CSV + ', { plugin = "trouble"; queue = 2048; }', after="trouble",
                                       settings='stop_timeout = "200ms";')
        for part in range(5):  # more than the queue has room for
            device.send(*(reading(7, part * 1000 + seq) for seq in range(1, 1001)))
            wait_until(lambda: len(self.rows_of(7)) == (part + 1) * 1000, "csv has them")
        self.beat(device)
        self.finish(collector, 5001, 1, not_written=5000)

    def test_what_is_spilled_is_not_acknowledged(self):
        self.write("shut", "")
        chain = SEQUENCE + CSV + ', { plugin = "balky"; queue = 2048; spill = "spilled"; }'
        collector, device = self.begin(chain, after="balky", settings='stop_timeout = "200ms";')
        for part in range(5):
            device.send(*(reading(7, part * 1000 + seq) for seq in range(1, 1001)))
            wait_until(lambda: len(self.rows_of(7)) == (part + 1) * 1000, "csv has them")  # pylint: disable=cell-var-from-loop
        self.beat(device)
        ledger = self.finish(collector, 5001, 1, not_written=5000)
        self.assertEqual(ledger.spilled["balky"], ledger.sinks["balky"][0])

    def test_due_while_the_sinks_finish(self):
        collector, device = self.begin(SEQUENCE + '{ plugin = "csv"; path = "away/telemetry.csv"; }', after="csv",
                                       settings='stop_timeout = "50s";')
        device.send(*(reading(7, seq) for seq in range(1, 101)))
        self.beat(device)
        collector.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "records wait to be written" in collector.log(), "the sink has the rest of the time")
        os.mkdir(self.path("away"))
        collector.process.wait(timeout=PATIENCE)
        self.finish(collector, 101, 101)
        self.assertEqual([device.hear() for _ in range(100)], [acknowledged(seq) for seq in range(1, 101)])

    def test_more_wait_than_there_is_room_for(self):
        collector, device = self.begin(SEQUENCE + '{ plugin = "csv"; path = "away/telemetry.csv"; }, '
                                       '{ plugin = "csv"; name = "other"; path = "other.csv"; }', after="csv",
                                       listen='{ address = "127.0.0.1"; port = 0; format = "node"; reply_rate = 0; }')
        device.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        count = 16384 + 100
        for first in range(1, count + 1, 500):
            numbers = range(first, min(first + 500, count + 1))
            device.send(*(reading(7, seq) for seq in numbers))
            wait_until(lambda: self.read("other.csv").count("\n") > numbers[-1], "they are taken")  # pylint: disable=cell-var-from-loop
        os.mkdir(self.path("away"))
        wait_until(lambda: os.path.exists(self.path("away/telemetry.csv")) and
                   self.read("away/telemetry.csv").count("\n") == count + 1, "all are written")
        self.finish(collector, count, 16384, too_many_waiting=100)

    def test_a_sink_that_does_not_write_takes_no_room_of_others(self):
        text = FORMAT.replace("- { on: [init, ignore], send:", "- { on: init, send: [ u8: 2 ], after: csv }\n      - { on: ignore, send:")
        away = '{ plugin = "csv"; name = "away"; path = "away/telemetry.csv"; }'
        collector = self.start(SEQUENCE + CSV + ", " + away, self.catalog("away", text) + ' stop_timeout = "300ms";',
                               '{ address = "127.0.0.1"; port = 0; format = "node"; reply_rate = 0; }')
        device = self.device(collector)
        device.send(*(reading(7, seq) for seq in range(1, 4)))
        rounds, each = 180, 100  # more than have room at the same time
        for _ in range(rounds):
            device.send(*(datagram(8, 0, INIT) for _ in range(each)))
            self.assertEqual({device.hear() for _ in range(each)}, {b"\2"})
        self.finish(collector, rounds * each + 3, rounds * each, not_written=3)

    def test_devices_with_keys(self):
        catalog = """formats:
  keys:
    header: [ "hex:6": device, u16: sequence ]
    reply: [ { send: [ u8: 6, u16: sequence ], after: csv } ]
devices: [ { id: cbb8334c884f } ]
"""
        collector = self.start(DROPS + CSV, self.catalog(text=catalog + "%s") + ' unknown = "accept"; workers = 2;',
                               '{ address = "127.0.0.1"; port = 0; format = "keys"; }')
        device = self.device(collector)
        for seq in (1, 2, 1, 3):
            device.send(bytes.fromhex("cbb8334c8850") + struct.pack("!H", seq))  # another one
            self.assertEqual(device.ask(bytes.fromhex("cbb8334c884f") + struct.pack("!H", seq)), struct.pack("!BH", 6, seq))
        self.finish(collector, 8, 4, device_not_listed=4)

    # ---- Filters ------------------------------------------------------------------------

    def test_duplicates_left_out_are_answered(self):
        collector, device = self.begin(DROPS + CSV, after="csv")
        self.assertEqual(device.ask(reading(7, 1)), acknowledged(1))
        for _ in range(3):
            self.assertEqual(device.ask(reading(7, 1)), acknowledged(1))
        self.assertEqual(device.ask(reading(7, 2)), acknowledged(2))
        again = datagram(7, 1, DATA, struct.pack("!h", 212), timestamp=1762534151, flags=ASK)
        self.assertEqual(device.ask(again), acknowledged(1))
        self.assertEqual([row["seq_num"] for row in self.rows_of(7)], ["1", "2"])
        ledger = self.finish(collector, 6, 6)
        self.assertEqual(ledger.filters["sequence"][3], 4)

    def test_duplicates_of_what_waits(self):
        collector, device = self.begin(DROPS + '{ plugin = "csv"; path = "away/telemetry.csv"; }', after="csv")
        device.send(reading(7, 1), reading(7, 1), reading(7, 2), reading(7, 1))
        self.beat(device)
        device.send(reading(7, 2))
        self.beat(device)
        os.mkdir(self.path("away"))
        self.assertEqual(sorted(device.hear() for _ in range(5)), 3 * [acknowledged(1)] + 2 * [acknowledged(2)])
        self.assertEqual([row["seq_num"] for row in self.rows("away/telemetry.csv") if row["device_id"] == "7"], ["1", "2"])
        self.finish(collector, 7, 7)

    def test_a_lost_one_is_written_when_it_is_sent_again(self):
        """The tracker has seen it, and the sink has not: what is sent again is no duplicate there."""
        chain = ('{ plugin = "sequence"; duplicates = "drop"; },\n' + CSV +
                 ', { plugin = "csv"; name = "safe"; path = "away/safe.csv"; queue = 2048; }')
        collector, device = self.begin(chain, after="safe")
        for part in range(5):
            device.send(*(reading(7, part * 1000 + seq) for seq in range(1, 1001)))
            wait_until(lambda: len(self.rows_of(7)) == (part + 1) * 1000, "csv has them")  # pylint: disable=cell-var-from-loop
        os.mkdir(self.path("away"))
        answered = set()
        device.socket.settimeout(0.2)
        while len(answered) < 5000:
            for seq in [seq for seq in range(1, 5001) if seq not in answered][:500]:
                device.send(reading(7, seq))
            try:
                while True:
                    answered.add(struct.unpack("!BI", device.hear())[1])
            except TimeoutError:
                pass
            if answered:
                self.assertLessEqual(answered, {int(row["seq_num"]) for row in self.rows("away/safe.csv")})
        collector.stop()

    def test_kept_state_and_a_killed_run(self):
        """Of a killed run the tracker remembers numbers whose rows were never written."""
        os.mkdir(self.path("state"))
        chain = DROPS + '{ plugin = "csv"; path = "away/telemetry.csv"; }'
        collector, device = self.begin(chain, after="csv", settings='state_dir = "state";')
        device.send(reading(7, 1), reading(7, 2))
        self.beat(device)
        collector.process.kill()
        collector.process.wait()
        os.mkdir(self.path("away"))
        collector, device = self.begin(chain, after="csv", settings='state_dir = "state";')
        self.assertEqual(device.ask(reading(7, 2)), acknowledged(2))
        self.assertEqual(device.ask(reading(7, 1)), acknowledged(1))
        self.assertEqual(sorted(row["seq_num"] for row in self.rows("away/telemetry.csv")), ["1", "2"])
        self.finish(collector, 2, 2)

    def test_what_was_acknowledged_outlives_every_kill(self):
        """Several workers, duplicates left out, a queue that overflows, and kills at any time."""
        os.mkdir(self.path("state"))
        acknowledged_numbers, number = set(), 0
        for round_ in range(6):
            collector = self.start(
                DROPS + '{ plugin = "csv"; path = "telemetry.csv"; queue = 2048; sync = "second"; }',
                self.catalog("csv") + ' workers = 2; state_dir = "state";', ANY)
            devices = {device: self.device(collector) for device in (1, 2, 3, 4)}
            waiting = {(device, number + i) for device in devices for i in range(300)}
            number += 300
            for device, seq in sorted(waiting, key=lambda one: (one[1], one[0])):
                devices[device].send(reading(device, seq))
            for _ in range(3):
                for device, seq in sorted(waiting, key=lambda one: (one[1], one[0])):
                    devices[device].send(reading(device, seq))
                for device, one in devices.items():
                    one.socket.settimeout(0.01 * round_)
                    try:
                        while True:
                            waiting.discard((device, struct.unpack("!BI", one.hear())[1]))
                    except (TimeoutError, BlockingIOError):
                        pass
            collector.process.kill()
            collector.process.wait()
            acknowledged_numbers |= {(device, seq) for device in devices for seq in range(number - 300, number)} - waiting
        self.assertTrue(acknowledged_numbers)
        written = {(int(row["device_id"]), int(row["seq_num"])) for row in self.rows()}
        self.assertLessEqual(acknowledged_numbers, written)

    def test_what_a_filter_takes_out_is_not_safe(self):
        collector, device = self.begin('{ plugin = "shaper"; },\n' + CSV, after="csv")
        device.send(reading(7, 2))
        self.beat(device)
        self.assertEqual(device.ask(reading(7, 3)), acknowledged(3))
        self.finish(collector, 3, 2, taken_out_by_a_filter=1)

    def test_what_a_filter_holds_is_answered_when_it_is_written(self):
        collector, device = self.begin('{ plugin = "sequence"; },\n{ plugin = "reorder"; window = "1s"; },\n' + CSV, after="csv")
        device.send(*(reading(7, seq) for seq in (1, 2, 3)))
        self.assertEqual(sorted(device.hear() for _ in range(3)), [acknowledged(seq) for seq in (1, 2, 3)])
        self.assertEqual(len(self.rows_of(7)), 3)
        device.send(reading(7, 4), reading(7, 4))
        self.finish(collector, 5, 5)
        self.assertEqual([device.hear(), device.hear()], 2 * [acknowledged(4)])

    def test_all_readings_of_a_datagram(self):
        collector, device = self.begin(after="csv")
        many = datagram(7, 1, DATA, struct.pack("!600h", *range(600)), flags=ASK)
        device.send(many, reading(7, 2), many[:12] + many[12:14])
        self.assertEqual([device.hear() for _ in range(3)], [acknowledged(1), acknowledged(2), acknowledged(1)])
        self.assertEqual(len(self.rows_of(7)), 602)
        self.finish(collector, 3, 3)

    # ---- The reference's second phase -----------------------------------------------------

    def test_the_client_of_the_second_phase(self):
        for after in ("receive", "csv"):
            shutil.copy(os.path.join(SOURCE, "etc", "formats", "reference-2.yaml"), self.path("reference-2.yaml"))
            preset = self.read("reference-2.yaml")
            self.assertIn("send: [ u8: 1, u32: sequence ], after: csv }", preset)
            preset = preset.replace("send: [ u8: 1, u32: sequence ] }", f"send: [ u8: 1, u32: sequence ], after: {after} }}")
            self.write("reference-2.yaml", preset)
            self.write("devices.yaml", "include_formats: [ reference-2 ]\ndevices: [ { id: 7 } ]\n")
            collector = self.start(SEQUENCE + CSV, 'catalog = "devices.yaml";',
                                   '{ address = "127.0.0.1"; port = 0; format = "reference-2"; }')
            client = Client(self.device(collector), 7)
            self.assertTrue(client.run(40))
            self.assertEqual(client.resent, 0)
            self.finish(collector, 28, 28)

    # ---- What is said before the start ---------------------------------------------------

    def test_errors(self):
        listen = f"listen = ( {ANY} );\n"
        for after, chain, said in (
                ("cvs", CSV, 'devices.yaml:10:89: after: the chain has no sink "cvs"; did you mean "csv"?'),
                ("sequence", SEQUENCE + CSV,
                 'devices.yaml:10:89: after: "sequence" is a filter, and writes nothing; expected csv')):
            self.write("collector.conf", listen + self.catalog(after) + f"chain = (\n{chain}\n);\n")
            for arguments in (("--check",), ()):
                done = self.musterd(*arguments, "-c", "collector.conf")
                self.assertEqual(done.returncode, 2 if arguments else 2, done.stderr)
                self.assertIn(said, done.stderr)
        self.write("collector.conf", listen + self.catalog("csv") + 'chain = ( { plugin = "csv"; records = "gaps"; } );\n')
        done = self.musterd("-c", "collector.conf")
        self.assertIn("answers wait for the sink csv, which takes no messages", done.stderr)

    def test_an_answer_that_is_answered(self):
        """Of a datagram with a forged source, two collectors would answer each other for ever."""
        text = """formats:
  beat:
    header: [ u8: type, u8: device ]
    type: { 0: heartbeat, 4: data }
    reply: [ { on: data, send: [ u8: %d, u8: device ] } ]
"""
        for first, warned in ((4, True), (0, False), (5, False)):
            self.catalog(text=text % first + "%s")
            self.write("collector.conf", f'catalog = "devices.yaml"; listen = ( {ANY.replace("node", "beat")} ); chain = ( {CSV} );')
            done = self.musterd("--check", "-c", "collector.conf")
            self.assertEqual("devices.yaml:5:14: warning: reply: what is sent is a datagram of this format that is answered itself"
                             in done.stderr + done.stdout, warned, done.stderr + done.stdout)

    def test_decode(self):
        self.catalog("csv")
        done = self.musterd("--catalog", "devices.yaml", "--decode", "node", reading(7, 2).hex())
        self.assertTrue(done.stdout.endswith("\nanswer  01 00 00 00 02   after csv, to listed devices\n"), done.stdout)
        done = self.musterd("--catalog", "devices.yaml", "--decode", "node", datagram(7, 2, HEARTBEAT).hex())
        self.assertTrue(done.stdout.endswith("\nanswer  04   at once, to all devices\n"), done.stdout)
        done = self.musterd("--catalog", "devices.yaml", "--decode", "node", reading(7, 2, flags=0).hex())
        self.assertTrue(done.stdout.endswith("\nanswer  none\n"), done.stdout)


if __name__ == "__main__":
    main()
