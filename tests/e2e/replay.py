#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--replay: a capture goes the way of live datagrams, always with the same result."""
import csv
import os
import random
import signal
import socket
import struct
import subprocess

from muster import (DATA, HEARTBEAT, INIT, MUSTERD, PLUGINS, SOURCE, TEST_PLUGINS, Case, Ledger, datagram, main,
                    wait_until)

NULL, ETHERNET, RAW, SLL, SLL2, PPP = 0, 1, 101, 113, 276, 9
START = 1762534152 * 10**9
CHAIN = '{ plugin = "sequence"; },\n{ plugin = "csv"; path = "%s"; }'


def udp(payload, port=8888, length=None):
    return struct.pack("!HHHH", 40000, port, 8 + len(payload) if length is None else length, 0) + payload


def ipv4(body, protocol=17, fragment=0, total=None):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body) if total is None else total, 7, fragment, 64,
                       protocol, 0, socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2")) + body


def ipv6(body, following=17):
    address = socket.inet_pton(socket.AF_INET6, "2001:db8::9")
    return struct.pack("!IHBB16s16s", 6 << 28, len(body), following, 64, address, address) + body


def ethernet(body, kind=0x0800, tags=b""):
    return bytes(12) + tags + struct.pack("!H", kind) + body


def pcap(packets, link=ETHERNET, nanoseconds=True, order="<"):
    """Packets are (ns, bytes) or (ns, bytes, size on the wire)."""
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for ns, data, *wire in packets:
        parts.append(struct.pack(order + "IIII", ns // 10**9, ns % 10**9 // (1 if nanoseconds else 1000),
                                 len(data), wire[0] if wire else len(data)) + data)
    return b"".join(parts)


def pcapng(packets):
    """Packets are (ns or None, bytes) or (ns, bytes, link type); each link type is an interface."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def packet(ns, data, link=ETHERNET):
        if ns is None:  # a simple packet block; it is of the first interface
            return block(3, struct.pack("<I", len(data)) + data)
        return block(6, struct.pack("<IIIII", links.index(link), ns >> 32, ns & 0xFFFFFFFF, len(data), len(data)) +
                     data)

    links = sorted({link[0] if link else ETHERNET for _, _, *link in packets})
    parts = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    parts += [block(1, struct.pack("<HHI", link, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)) for link in links]
    return b"".join(parts + [packet(*one) for one in packets])


def fleet(devices=40, numbers=60, seed=1):
    """Datagrams of many devices, with loss, duplicates and disorder: (ns, datagram)."""
    dice = random.Random(seed)
    sent = []
    for device in range(devices):
        for seq in range(numbers):
            ns = START + seq * 10**9 + device * 10**6
            kind = INIT if seq == 0 else DATA
            for _ in range(dice.choice((0, 1, 1, 1, 1, 1, 1, 2))):
                sent.append((ns + dice.randrange(3 * 10**9), datagram(device, seq, kind, b"%d" % seq if seq else b"")))
    return sorted(sent)


class Replay(Case):
    def capture(self, packets, name="test.pcap", **options):
        with open(self.path(name), "wb") as out:
            out.write(packets if isinstance(packets, bytes) else pcap(packets, **options))
        return name

    def by_device(self, name):
        rows = {}
        for row in self.rows(name):
            rows.setdefault(row["device_id"], []).append(tuple(row.values()))
        return rows

    def test_the_reference_session(self):
        with open(os.path.join(SOURCE, "tests", "e2e", "reference-session.csv"), encoding="utf-8", newline="") as file:
            session = list(csv.DictReader(file))
        packets = []
        for row in session:
            seconds, _, part = row["arival_time"].partition(".")
            packets.append((int(seconds) * 10**9 + int(part.ljust(9, "0")), ethernet(ipv4(udp(datagram(
                int(row["device_id"]), int(row["seq_num"]), int(row["msg_type"]), row["value"].encode(),
                int(row["timestamp"])))))))
        self.capture(packets)
        ledger, log = self.replay("test.pcap", CHAIN % "one.csv" + ',\n{ plugin = "stats"; interval = "1h"; '
                                                                   'file = "stats.json"; }')
        self.assertEqual(ledger.capture, {"packets": 30, "taken": 30, "other port": 0, "not UDP": 0, "fragments": 0,
                                          "truncated in capture": 0, "malformed": 0})
        self.assertIn('replaying "test.pcap"', log)
        self.assertNotIn("listening", log)
        for row, was, (ns, _) in zip(self.rows("one.csv"), session, packets):
            self.assertEqual((row["seq_num"], row["value"], row["timestamp"]),
                             (was["seq_num"], was["value"], was["timestamp"]))
            self.assertEqual(row["gap_flag"], "0", "heartbeats have no number, so there is no gap")
            self.assertEqual(row["arrival_time"], f"{ns // 10**9}.{ns % 10**9 // 1000:06}")
        self.assertEqual(len(self.rows("one.csv")), 30)
        # The capture's time is the clock: 138 s in a moment.
        self.assertIsNone(self.stats()["worst_jitter"], "timestamps in whole seconds say nothing of it")
        self.assertAlmostEqual(self.stats()["seconds"], (packets[-1][0] - packets[0][0]) / 1e9, places=3)

        self.replay("test.pcap", CHAIN % "two.csv")
        self.assertEqual(self.read("one.csv", "rb"), self.read("two.csv", "rb"))
        self.capture(packets, "micro.pcap", nanoseconds=False, order=">")
        self.replay("micro.pcap", CHAIN % "three.csv")
        self.assertEqual(self.read("one.csv", "rb"), self.read("three.csv", "rb"))
        self.capture(pcapng(packets), "test.pcapng")
        self.replay("test.pcapng", CHAIN % "four.csv")
        self.assertEqual(self.read("one.csv", "rb"), self.read("four.csv", "rb"))

    def test_any_number_of_workers(self):
        sent = fleet()
        self.capture([(ns, ethernet(ipv4(udp(one)))) for ns, one in sent])
        outcomes, first = [], None
        for run, workers in enumerate((1, 1, 4, 7)):
            ledger, _ = self.replay("test.pcap", CHAIN % f"{run}.csv" + ',\n{ plugin = "trouble"; does = "fail"; '
                                    f'after = 1000000; path = "{run}.txt"; }}', settings=f"workers = {workers};")
            self.assertEqual(ledger.received, len(sent))
            events = {}  # and messages, as they came
            for line in self.read(f"{run}.txt").splitlines()[:-1]:
                events.setdefault(line.split()[1], []).append(line)
            outcomes.append(self.by_device(f"{run}.csv"))
            first = events if run == 0 else first
            self.assertEqual(events, first)
        self.assertEqual(self.read("0.csv"), self.read("1.csv"))
        self.assertEqual(outcomes[0], outcomes[2])
        self.assertEqual(outcomes[0], outcomes[3])
        self.assertIn("1", {row[-2] for rows in outcomes[0].values() for row in rows}, "there are gaps")

    def test_filters_tick_by_the_time_of_the_capture(self):
        second = 10**9
        # An old packet, a pause, one who asks for an early tick, and a jump of 30 years.
        times = [0, 1500, 900, 1600, 61600, 61700, 30 * 365 * 86400 * 1000]
        self.capture([(START + ms * 10**6, ethernet(ipv4(udp(datagram(at, 7 if ms == 61600 else 1)))))
                      for at, ms in enumerate(times)])
        told = []
        for workers in (1, 3):
            self.replay("test.pcap", '{ plugin = "ticker"; },\n{ plugin = "trouble"; does = "events"; path = '
                        f'"{workers}.txt"; queue = 2048; }}', settings=f"workers = {workers};")
            ticks = [line.split()[-1] for line in self.read(f"{workers}.txt").splitlines()[:-1]]
            self.assertEqual(len(set(ticks)) * workers, len(ticks), "each worker ticks at each time")
            told.append(set(ticks))
        self.assertEqual(told[0], told[1])
        ticks = [tuple(int(n) - START for n in tick.split("-")[1:]) for tick in told[0]]
        for now, monotonic, wall in ticks:
            self.assertEqual((now, now), (monotonic, wall))
        ticks = sorted(now for now, _, _ in ticks)
        self.assertEqual(ticks[:63], [n * second for n in range(1, 63)] + [62 * second + second // 4])
        self.assertEqual(ticks[63], 63 * second + second // 4)
        # A day of ticks, then one after the jump.
        self.assertEqual(len(ticks), 61 + 86401)
        self.assertEqual(ticks[-1], times[-1] * 10**6)

    def test_what_is_damaged_does_not_move_the_clock(self):
        second, year = 10**9, 365 * 86400 * 10**9
        good = [ethernet(ipv4(udp(datagram(3, n, DATA, b"1")))) for n in range(4)]
        bad, other = ethernet(ipv4(udp(b"x", length=999))), ethernet(ipv4(udp(b"x", port=53, length=999)))
        chain = ('{ plugin = "sequence"; },\n{ plugin = "csv"; path = "%s.csv"; },\n'
                 '{ plugin = "stats"; interval = "1h"; file = "%s.json"; print = false; }')
        # Before the first that is sound, between, and behind; the last of them with a time that is just ahead.
        self.capture([(START + year, bad), (START + year, good[0][:20]), (START + year, b"", 60), (START + year, other),
                      (START, good[0]), (START + year, bad), (START + year, b"", 60), (START + second, good[1]),
                      (START + 2 * second, bad)])
        ledger, _ = self.replay("test.pcap", chain % ("one", "one"))
        self.assertEqual(ledger.capture, {"packets": 9, "taken": 2, "other port": 1, "not UDP": 0, "fragments": 0,
                                          "truncated in capture": 2, "malformed": 4})
        self.assertEqual([row["arrival_time"] for row in self.rows("one.csv")],
                         ["1762534152.000000", "1762534153.000000"])
        self.assertEqual(self.stats("one.json")["seconds"], 1)
        # What is sound moves it, whatever it is; also with its first bytes only.
        self.capture([(START, good[0]), (START + 2 * second, ethernet(b"", kind=0x0806)),
                      (START + 3 * second, good[1][:20], 60)])
        self.replay("test.pcap", chain % ("two", "two"))
        self.assertEqual(self.stats("two.json")["seconds"], 3)
        # A packet without a time takes place when the last sound one did; of an unknown link type none is sound.
        self.capture(pcapng([(None, good[0]), (START, good[0]), (START + year, bad), (START + year, b"x" * 60, 189),
                             (None, good[1]), (START + second, good[2]), (None, good[3])]))
        ledger, _ = self.replay("test.pcap", chain % ("three", "three"))
        self.assertEqual(ledger.capture["taken"], 5)
        self.assertEqual([row["arrival_time"] for row in self.rows("three.csv")],
                         ["0.000000"] + ["1762534152.000000"] * 2 + ["1762534153.000000"] * 2)

    def test_a_mixed_capture_is_counted_exactly(self):
        good = datagram(3, 1, DATA, b"1")
        packets = [ethernet(ipv4(udp(good))),
                   ethernet(ipv6(udp(good)), 0x86DD),
                   ethernet(ipv4(udp(good)), tags=b"\x88\xa8\0\5\x81\0\0\6"),
                   ethernet(ipv4(udp(good)) + bytes(18)),
                   ethernet(ipv6(b"\x11\0\1\4\0\0\0\0" + udp(good), 0), 0x86DD),
                   ethernet(ipv4(udp(b""))),                                           # too short
                   ethernet(ipv4(udp(good, port=53))), ethernet(ipv6(udp(good, port=8889)), 0x86DD),
                   ethernet(ipv4(udp(good, port=53, length=999))),                     # not our business
                   ethernet(ipv4(bytes(20), protocol=6)), ethernet(bytes(28), 0x0806),
                   ethernet(ipv4(udp(good), fragment=0x2000)), ethernet(ipv4(good, fragment=3)),
                   ethernet(ipv6(b"\x11\0\0\1\0\0\0\7" + udp(good), 44), 0x86DD),
                   ethernet(ipv4(udp(good, length=7))), ethernet(ipv4(udp(good), total=999)), b"", b"x"]
        whole = ethernet(ipv4(udp(good)))
        cut = [(START, whole[:n], len(whole)) for n in (0, 13, 30, 40, len(whole) - 1)]
        cut.append((START, ethernet(ipv4(udp(good, port=53)))[:40], len(whole)))       # but another port
        self.capture([(START, one) for one in packets] + cut)
        ledger, _ = self.replay("test.pcap", CHAIN % "telemetry.csv")
        self.assertEqual(ledger.capture, {"packets": 24, "taken": 6, "other port": 4, "not UDP": 2, "fragments": 3,
                                          "truncated in capture": 5, "malformed": 4})
        self.assertEqual((ledger.received, ledger.rejected), (6, 1))
        self.assertEqual(len(self.rows()), 5)

    def test_every_link_type(self):
        good = datagram(3, 1, DATA, b"1")
        for link, packet in ((NULL, b"\2\0\0\0" + ipv4(udp(good))), (RAW, ipv6(udp(good))), (RAW, ipv4(udp(good))),
                             (228, ipv4(udp(good))), (229, ipv6(udp(good))), (108, b"\0\0\0\2" + ipv4(udp(good))),
                             (SLL, bytes(14) + b"\x08\x00" + ipv4(udp(good))),
                             (SLL2, b"\x86\xdd" + bytes(18) + ipv6(udp(good))),
                             (SLL, bytes(14) + b"\x81\0\0\5\x08\0" + ipv4(udp(good))),
                             (ETHERNET, ethernet(b"\x11\0\0\7\0\x2b\0\x21" + ipv4(udp(good)), 0x8864)),
                             (ETHERNET, ethernet(b"\0\x10\0\x40\0\x20\1\x40" + ipv6(udp(good)), 0x8847)),
                             (ETHERNET, ethernet(ipv4(udp(good)), tags=b"\x88\xa8\0\5\x91\0\0\6\x92\0\0\7\x81\0\0\1"))):
            self.capture([(START, packet)], link=link)
            ledger, _ = self.replay("test.pcap", CHAIN % f"{link}.csv")
            self.assertEqual(ledger.capture["taken"], 1, link)
            os.remove(self.path(f"{link}.csv"))
        self.capture([(START, b"x" * 60)], link=PPP)
        ledger, log = self.replay("test.pcap", CHAIN % "ppp.csv", status=1)
        self.assertIsNone(ledger)
        self.assertIn("link type is PPP", log)
        self.assertFalse(os.path.exists(self.path("ppp.csv")))

    def test_ports(self):
        packets = [(START, ethernet(ipv4(udp(datagram(3, port, DATA), port=port)))) for port in (1, 8888, 8889, 9)]
        self.capture(packets)
        ledger, _ = self.replay("test.pcap", CHAIN % "two.csv",
                                listen='{ address = "203.0.113.5"; port = 8888; }, { port = 8889; }')
        self.assertEqual((ledger.capture["taken"], ledger.capture["other port"]), (2, 2))
        ledger, _ = self.replay("test.pcap", CHAIN % "any.csv", listen="{ port = 0; }")
        self.assertEqual(ledger.capture["taken"], 4)

    def test_nothing_is_lost_to_a_slow_sink(self):
        self.capture([(START + n, ethernet(ipv4(udp(datagram(3, n))))) for n in range(40)])
        ledger, _ = self.replay("test.pcap", '{ plugin = "csv"; },\n{ plugin = "trouble"; does = "few"; }',
                                settings='stop_timeout = "100ms";')
        self.assertEqual(ledger.sinks["trouble"], [40, 40, 0, 0])

    def test_a_pipe_that_is_read_late_gets_all(self):
        count = 20000
        self.capture([(START + n, ethernet(ipv4(udp(datagram(3, n, DATA, b"reading"))))) for n in range(count)])
        chain = ('{ plugin = "shaper"; },\n{ plugin = "log"; queue = 2048; },\n'
                 '{ plugin = "csv"; path = "telemetry.csv"; queue = 2048; }')
        self.write("collector.conf", f"listen = ( {{ port = 8888; }} );\nchain = ( {chain} );\n")
        with open(self.path("stderr"), "wb") as error:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS,
                 "--replay", "test.pcap"], cwd=self.folder, stdout=subprocess.PIPE, stderr=error)
        self.running.append(process)
        # Until nothing moves any more: the pipe is full, then the queue, then the replay waits.
        sizes = []
        wait_until(lambda: sizes.append(os.path.getsize(self.path("telemetry.csv"))
                                        if os.path.exists(self.path("telemetry.csv")) else 0)
                   or (len(sizes) > 30 and sizes[-1] > 0 and len(set(sizes[-30:])) == 1), "it waits")
        self.assertIsNone(process.poll())
        self.assertLess(self.read("telemetry.csv").count("\n"), count // 2)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        ledger = Ledger(self.read("stderr"))
        ledger.check(self)
        for sink in ledger.sinks.values():
            self.assertEqual(sink[3], 0, ledger.text)
        self.assertEqual(output.count(b"value=reading"), count // 2)
        self.assertEqual(len(self.rows()), count // 2, "the shaper drops every other one")

    def test_a_stuck_sink_holds_nothing_back_and_can_be_interrupted(self):
        self.capture([(START + n, ethernet(ipv4(udp(datagram(3, n))))) for n in range(20000)])
        self.write("collector.conf", 'listen = ( { port = 8888; } );\nstop_timeout = "100ms";\nchain = ( { plugin = '
                   '"log"; }, { plugin = "csv"; path = "telemetry.csv"; }, { plugin = "trouble"; } );\n')
        with open(self.path("stderr"), "wb") as error, open(self.path("stdout"), "wb") as out:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--plugin-path", TEST_PLUGINS,
                 "--replay", "test.pcap"], cwd=self.folder, stdout=out, stderr=error)
        self.running.append(process)
        # The replay stands still when some thousands wait for the stuck sink.  The others have them.
        wait_until(lambda: self.read("stdout").count("\n") >= 4000, "the log has what was replayed")
        wait_until(lambda: len(self.rows()) >= 4000, "the file, too")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)
        ledger = Ledger(self.read("stderr"))
        ledger.check(self)
        self.assertIn("stopping before the end of the capture", ledger.text)
        self.assertLess(ledger.capture["taken"], 20000)
        self.assertEqual(ledger.sinks["csv"][0], ledger.sinks["csv"][1])

    def test_hostile_datagrams_as_live(self):
        dice = random.Random(3)
        hostile = [b"", b"x", datagram(3, 1, 9), datagram(3, 1, DATA, bytes(2000)), datagram(65535, 2**32 - 1, DATA),
                   datagram(3, 1, HEARTBEAT, b"\xff\x00\n,\"" * 20), datagram(3, 5, DATA, b"a,b\r\n\"c\"\0")]
        hostile += [dice.randbytes(dice.randrange(64)) for _ in range(300)]
        collector = self.start(CHAIN % "live.csv", settings='largest_datagram = "1KiB";')
        for one in hostile:
            collector.send(one)
        live = collector.stop()
        self.assertEqual(live.kernel_drops, 0)
        self.capture([(START + n, ethernet(ipv4(udp(one)))) for n, one in enumerate(hostile)])
        ledger, _ = self.replay("test.pcap", CHAIN % "replayed.csv",
                                settings='largest_datagram = "1KiB";\nworkers = 3;')
        self.assertEqual((ledger.received, ledger.decoded, ledger.rejected),
                         (live.received, live.decoded, live.rejected))
        without_time = [{device: [row[:-1] for row in rows] for device, rows in self.by_device(name).items()}
                        for name in ("live.csv", "replayed.csv")]
        self.assertEqual(*without_time)

    def test_a_capture_that_is_cut_off(self):
        packets = [(START, ethernet(ipv4(udp(datagram(3, n))))) for n in range(3)]
        self.capture(pcap(packets)[:-5])
        ledger, log = self.replay("test.pcap", CHAIN % "telemetry.csv", status=1)
        self.assertEqual(ledger.capture["taken"], 2)
        self.assertEqual(len(self.rows()), 2)
        self.assertRegex(log, r'warning cannot read all of "test.pcap": .*truncated')

    def test_captures_that_were_appended(self):
        packets = [(START + n * 10**9, ethernet(ipv4(udp(datagram(3, n, DATA, b"1"))))) for n in range(6)]
        raw = [(START + n * 10**9, ipv6(udp(datagram(3, n, DATA, b"1")))) for n in range(6, 9)]
        self.capture(pcap(packets[:2]) + pcap(packets[2:4], nanoseconds=False, order=">") + pcap([], RAW) +
                     pcapng(packets[4:]) + pcap(raw, RAW))
        ledger, _ = self.replay("test.pcap", CHAIN % "appended.csv")
        self.assertEqual((ledger.capture["packets"], ledger.capture["taken"]), (9, 9))
        self.capture(packets + [(ns, ethernet(one, kind=0x86DD)) for ns, one in raw], "one.pcap")
        self.replay("one.pcap", CHAIN % "one.csv")
        self.assertEqual(self.read("appended.csv"), self.read("one.csv"))
        self.capture(pcap(packets[:2]) + pcap(packets[2:4])[:-3], "cut.pcap")
        ledger, log = self.replay("cut.pcap", CHAIN % "cut.csv", status=1)
        self.assertEqual(ledger.capture["taken"], 3)
        self.assertRegex(log, 'warning cannot read all of "cut.pcap": it is truncated: of the packet at byte [0-9]+, ')

    def test_interfaces_of_different_link_types(self):
        one, two, six = (datagram(3, n, DATA, b"1") for n in range(1, 4))
        self.capture(pcapng([(START, ethernet(ipv4(udp(one)))), (START + 1, b"\xff\3\0\x21" + ipv4(udp(one)), PPP),
                             (START + 2, ipv4(udp(two)), RAW),
                             (START + 3, bytes(14) + b"\x86\xdd" + ipv6(udp(six)), SLL)]))
        ledger, log = self.replay("test.pcap", CHAIN % "telemetry.csv")
        self.assertEqual((ledger.capture["taken"], ledger.capture["not UDP"]), (3, 1))
        self.assertEqual([row["seq_num"] for row in self.rows()], ["1", "2", "3"])
        self.assertEqual(log.count('"test.pcap" has packets whose link type is PPP (9), which count as not UDP'), 1)
        self.capture(pcapng([(START, b"x" * 60, PPP), (START, b"x" * 60, PPP)]))
        ledger, log = self.replay("test.pcap", CHAIN % "ppp.csv", status=1)
        self.assertIsNone(ledger)
        self.assertRegex(log, r'error +cannot replay "test.pcap": its link type is PPP \(9\); expected Ethernet')
        self.assertFalse(os.path.exists(self.path("ppp.csv")), "nothing was opened")

    def test_what_is_no_capture(self):
        for content, expected in ((None, 'cannot open "test.pcap": No such file'),
                                  (b"", 'cannot read "test.pcap" as a capture: it is empty'),
                                  (b"device_id,seq_num\n" * 9, 'cannot read "test.pcap" as a capture: unknown file'),
                                  (pcap([]) + b"\1\2\3", 'cannot read all of "test.pcap"')):
            if content is not None:
                self.capture(content)
            ledger, log = self.replay("test.pcap", CHAIN % "telemetry.csv", status=1)
            self.assertIsNone(ledger)
            self.assertIn(expected, log)
            self.assertFalse(os.path.exists(self.path("telemetry.csv")), "nothing was opened")
        self.capture([])
        ledger, _ = self.replay("test.pcap", CHAIN % "telemetry.csv")
        self.assertEqual(ledger.capture["packets"], 0)

    def test_live_files_are_left_alone(self):
        session = [datagram(3, n, DATA, b"1") for n in range(5)]
        absolute = self.path("far/rows.csv")
        chain = ('{ plugin = "sequence"; },\n{ plugin = "csv"; path = "near/../telemetry.csv"; },\n'
                 f'{{ plugin = "csv"; name = "far"; path = "{absolute}"; }},\n'
                 '{ plugin = "stats"; interval = "1h"; file = "stats.json"; }')
        for name in ("far", "near", "elsewhere"):
            os.mkdir(self.path(name))
        live = ("telemetry.csv", "far/rows.csv", "stats.json")
        collector = self.start(chain)
        for one in session:
            collector.send(one)
        wait_until(lambda: len(self.rows()) == 5, "they are there")
        collector.stop()
        before = [(self.read(name), os.stat(self.path(name)).st_mtime_ns) for name in live]
        self.capture([(START + n * 10**9, ethernet(ipv4(udp(one)))) for n, one in enumerate(session[:3])])

        ledger, log = self.replay("test.pcap", chain, status=1)
        self.assertIsNone(ledger)
        for name in live:
            self.assertRegex(log, f'error .*"{self.folder}/(near/../)?{name}" exists, .* with --into DIR\n')
        for into in (".", "elsewhere/.."):
            _, log = self.replay("test.pcap", chain, status=2, into=into)
            self.assertIn(f'with --into "{into}" it would still be "{self.path("telemetry.csv")}"', log)
        _, log = self.replay("missing.pcap", chain, status=1, into="again/1")
        self.assertFalse(os.path.exists(self.path("again")), "nothing was made")
        self.write("file", "")
        ledger, log = self.replay("test.pcap", chain, status=1, into="file/1")
        self.assertIn('cannot make the directory "file": there is something else of that name', log)

        self.replay("test.pcap", chain, into="again/1")
        self.assertEqual(len(self.rows("again/1/telemetry.csv")), 3)
        self.assertEqual(self.read("again/1/telemetry.csv"), self.read("again/1/far/rows.csv"))
        self.assertEqual(self.stats("again/1/stats.json")["seconds"], 2)
        # From elsewhere the same paths are absolute ones.
        done = subprocess.run([MUSTERD, "-c", "../collector.conf", "--plugin-path", PLUGINS, "--replay", "../test.pcap",
                               "--into", "../again/2"], cwd=self.path("elsewhere"), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("again/2/telemetry.csv"), self.read("again/1/telemetry.csv"))
        self.assertEqual(self.read(f"again/2{absolute}"), self.read("again/1/telemetry.csv"))
        # A directory of its own takes several captures.
        self.replay("test.pcap", chain, into=self.path("again/1"))
        self.assertEqual(len(self.rows("again/1/telemetry.csv")), 6)
        self.assertEqual([(self.read(name), os.stat(self.path(name)).st_mtime_ns) for name in live], before)

    def test_an_output_that_cannot_be_does_not_hold_it_up_for_ever(self):
        self.capture([(START, ethernet(ipv4(udp(datagram(7, 1, DATA, b"1")))))])
        ledger, log = self.replay("test.pcap", '{ plugin = "csv"; path = "no/such/t.csv"; }', status=1)
        self.assertIsNone(ledger)
        self.assertIn("could not be connected, and would hold the capture back for ever", log)

    def test_into_what_and_of_what(self):
        for arguments, expected in ((("--into", "x"), "expected --replay CAPTURE"),
                                    (("--replay", "x", "--into", ""), "names no directory")):
            done = self.musterd("-c", "collector.conf", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(expected, done.stderr)

    def test_standard_input(self):
        packets = [(START + n, ethernet(ipv4(udp(datagram(3, n))))) for n in range(3)]
        ledger, log = self.replay("-", CHAIN % "telemetry.csv", input=pcap(packets))
        self.assertEqual(ledger.received, 3)
        self.assertIn("replaying standard input", log)

    def follow(self, source, stdin=None):
        """Starts a replay of a pipe or FIFO."""
        self.write("collector.conf", f"listen = ( {{ port = 8888; }} );\nchain = ( {CHAIN % 'telemetry.csv'} );\n")
        with open(self.path("stderr"), "wb") as error:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS, "--replay", source],
                cwd=self.folder, stdin=stdin, stderr=error)
        self.running.append(process)
        return process

    def test_a_pipe_is_followed_and_left_at_a_signal(self):
        process = self.follow("-", subprocess.PIPE)
        wait_until(lambda: "waiting for the first packet" in self.read("stderr"), "it says what it waits for")
        process.stdin.write(pcap([]))
        for n in range(1, 20):
            process.stdin.write(pcap([(START + n, ethernet(ipv4(udp(datagram(3, n)))))])[24:])
            process.stdin.flush()
            wait_until(lambda: os.path.exists(self.path("telemetry.csv")) and len(self.rows()) == n,  # pylint: disable=cell-var-from-loop
                       "it is there at once")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)
        process.stdin.close()
        Ledger(self.read("stderr")).check(self)

    def test_a_fifo_that_nobody_writes_is_left_at_a_signal(self):
        os.mkfifo(self.path("fifo"))
        process = self.follow("fifo")
        wait_until(lambda: "waiting for the first packet" in self.read("stderr"), "it says what it waits for")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertFalse(os.path.exists(self.path("telemetry.csv")), "nothing was opened")

    def test_a_fifo(self):
        os.mkfifo(self.path("fifo"))
        process = self.follow("fifo")
        with open(self.path("fifo"), "wb") as out:
            out.write(pcap([(START + n, ethernet(ipv4(udp(datagram(3, n))))) for n in range(1, 2001)]))
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual([int(row["seq_num"]) for row in self.rows()], list(range(1, 2001)))

    def test_a_capture_of_other_things(self):
        self.capture([(START, ethernet(ipv4(udp(datagram(3, 1), port=9999)))), (START, ethernet(b"", kind=0x0806))])
        ledger, log = self.replay("test.pcap", CHAIN % "telemetry.csv")
        self.assertEqual(ledger.capture["taken"], 0)
        self.assertIn("warning none of its 2 packets came in: 1 are for ports that are not in `listen`, 1 are no UDP", log)

    def test_devices_that_are_never_heard_again(self):
        """A listener of the wrong format is told of, and a large fleet is not one."""
        def play(devices, seconds, listed=""):
            self.capture([(START + int(n * seconds * 10**9), ethernet(ipv4(udp(datagram(device, n)))))
                          for n, device in enumerate(devices)])
            self.write("devices.yaml", f"devices: [ {listed} ]\n")
            return self.replay("test.pcap", CHAIN % f"{seconds}{len(listed)}.csv", 'catalog = "devices.yaml";\nworkers = 2;')[1]

        said = 'is "built-in" the right format?'
        self.assertEqual(play(range(3000), 1).count(said), 1)
        self.assertEqual(play([n % 1000 for n in range(3000)], 0.02).count(said), 0)
        self.assertEqual(play(range(3000), 1, ", ".join(f"{{ id: {n} }}" for n in range(3000))).count(said), 0)


if __name__ == "__main__":
    main()
