#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""muster-fleet asks for answers: it takes the right ones, sends again what has none, and counts."""
import socket
import struct
import subprocess
import threading

from muster import DATA, FLEET, HEARTBEAT, PATIENCE, Case, main

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
NODE = """
formats:
  node:
    header: [ u16: device, u32: sequence, u32: time, u8: type, u8: flags ]
    type: { 0: heartbeat, 1: data, 2: init }
    body:
      - when: { type: data }
        reading: [ text: value ]
        readings: 1
      - trailing: true
    reply:
      - { on: data, when: { flags: { has: 1 } }, send: [ u8: 1, u32: sequence ], to: all }
      - { on: heartbeat, send: [ u8: 4 ], to: all }
  mute:
    header: [ u16: device, u32: sequence ]
"""
PLAIN = NODE + "classes: { plain: { numbers: [ data ] } }\ndefault: plain\n"


class Server(threading.Thread):
    """Answers as `judge` says: it gets a datagram and how often it came, and gives a list of answers."""

    def __init__(self, judge):
        super().__init__()
        self.judge, self.seen, self.ending = judge, {}, False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while not self.ending:
            try:
                came, sender = self.socket.recvfrom(2000)
            except TimeoutError:
                continue
            key = (came, sender)
            self.seen[key] = self.seen.get(key, 0) + 1
            for answer in self.judge(came, self.seen[key]):
                self.socket.sendto(answer, sender)

    def stop(self):
        self.ending = True
        self.join()
        self.socket.close()


def right(came):
    """What the built-in format's devices wait for."""
    kind, number = came[10], came[2:6]
    return [b"\1" + number] if kind == DATA else [b"\4"] if kind == HEARTBEAT else []


class FleetAck(Case):
    def asked(self, judge, *arguments):
        server = Server(judge)
        try:
            played = self.fleet(server, "--ack", *arguments)
        finally:
            server.stop()
        acks = played["ack"]
        self.assertEqual(acks["asked"], acks["answered"] + acks["given_up"] + acks["waiting"])
        self.assertEqual(played["resent"], acks["resent"] - acks["withheld"])
        self.assertEqual(played["sent"], sum(server.seen.values()))
        self.assertEqual(played["sent"], played["planned"] - sum(played["withheld"].values()) +
                         sum(played["doubled"].values()) + played["resent"])
        return played, acks, server

    def test_all_are_answered(self):
        played, acks, _ = self.asked(lambda came, nth: right(came), "--devices", "10", "--interval", "50ms",
                                     "--heartbeat", "200ms", "--count", "400")
        self.assertEqual(acks["asked"], 390)  # all but INIT
        self.assertEqual((acks["answered"], acks["wrong"]), (390, 0))
        self.assertEqual(played["expect"]["missing"], 0)

    def test_what_has_no_answer_is_sent_again(self):
        """Each second message is answered at its second try."""
        def judge(came, nth):
            return right(came) if nth == 2 or struct.unpack("!I", came[2:6])[0] % 2 == 0 else []
        played, acks, server = self.asked(judge, "--devices", "5", "--interval", "50ms", "--heartbeat", "0",
                                          "--count", "105", "--ack-wait", "300ms")
        self.assertEqual((acks["asked"], acks["answered"], acks["given_up"]), (100, 100, 0))
        self.assertGreaterEqual(acks["late"], 50)
        self.assertGreaterEqual(acks["resent"], acks["late"])
        self.assertEqual(played["expect"]["duplicates"], acks["resent"])
        self.assertEqual(sum(n - 1 for n in server.seen.values()), acks["resent"])

    def test_nobody_answers(self):
        played, acks, server = self.asked(lambda came, nth: [], "--devices", "2", "--count", "4", "--speed", "1000",
                                          "--ack-wait", "10ms")
        self.assertEqual((acks["asked"], acks["answered"], acks["given_up"]), (2, 0, 2))
        self.assertEqual(acks["resent"], 10)
        self.assertEqual(sorted(server.seen.values()), [1, 1, 6, 6])
        self.assertEqual(played["expect"]["duplicates"], 10)

    def test_wrong_answers(self):
        """One of another number, one cut short, and the right one twice."""
        def judge(came, nth):
            return [b"\1\xff\xff\xff\xff", b"\1\0", *right(came), *right(came)] if came[10] == DATA else []
        _, acks, _ = self.asked(judge, "--devices", "3", "--rate", "500", "--count", "33")
        self.assertEqual((acks["asked"], acks["answered"]), (30, 30))
        self.assertGreaterEqual(acks["wrong"], 60)
        self.assertGreater(acks["again"], 0)

    def test_nobody_is_there(self):
        """What comes back by ICMP is no answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
        done = subprocess.run([FLEET, "--ack", "--target", f"127.0.0.1:{port}", "--devices", "2", "--count", "4",
                               "--speed", "1000", "--ack-wait", "10ms"], cwd=self.folder, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 asked = 0 answered + 2 given up + 0 still waited for", done.stderr)
        self.assertIn("2 that were not answered", " ".join(done.stderr.split()))

    # ---- Of musterd -------------------------------------------------------------------

    def compare(self, catalog, *arguments, sequence='{ plugin = "sequence"; }'):
        """A bad network, and all is answered in the end: nothing is lost, and each is counted once."""
        self.write("devices.yaml", catalog)
        collector = self.start(CHAIN.replace('{ plugin = "sequence"; }', sequence), settings='catalog = "devices.yaml";',
                               listen='{ address = "127.0.0.1"; port = 0; format = "node"; }')
        played = self.fleet(collector, "--ack", "--ack-wait", "200ms", "--devices", "20", "--interval", "100ms",
                            "--heartbeat", "500ms", "--count", "1000", "--loss", "10%", "--duplicate", "3%", *arguments)
        ledger, stats, acks, expect = collector.stop(), self.stats(), played["ack"], played["expect"]
        self.assertEqual((ledger.received, ledger.rejected, ledger.kernel_drops), (played["sent"], 0, 0), ledger.text)
        self.assertEqual((acks["answered"], acks["wrong"]), (acks["asked"], 0), acks)
        self.assertGreater(acks["resent"], 50)
        self.assertEqual({name: stats["metrics"]["sequence." + name] for name in ("missing", "recovered", "late", "duplicates")},
                         {name: expect[name] for name in ("missing", "recovered", "late", "duplicates")})
        self.assertEqual((expect["lost"], stats["open"]), (0, 0))
        self.assertGreater(expect["recovered"], 50)
        self.assertEqual(expect["records"], ledger.records)

    def test_the_built_in_header(self):
        self.compare(PLAIN)

    def test_a_format_that_has_a_reply(self):
        self.compare(NODE, "--format", "node", "--catalog", "devices.yaml", "--seed", "3")

    def test_what_cannot_be(self):
        self.write("devices.yaml", NODE)
        for arguments, said in ((["--ack", "--sockets", "one"], "--ack needs a socket for each device"),
                                (["--ack-wait", "1s"], "--ack-wait is of --ack"),
                                (["--ack", "--ack-wait", "0"], '"0" is not a duration'),
                                (["--ack", "--format", "mute", "--catalog", "devices.yaml"], 'has no `reply`'),
                                (["--ack", "--scenario", "x.yaml"], "leave out --ack")):
            done = subprocess.run([FLEET, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
