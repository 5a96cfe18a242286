#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The control socket: where it is, whom it admits, and that no client of it costs anything that matters."""
import json
import os
import socket
import stat
import unittest

from control import Client, ControlCase
from muster import datagram, main, wait_until

CHAIN = '{ plugin = "csv"; path = "telemetry.csv"; }'


class Place(ControlCase):
    def test_mode_and_end(self):
        collector = self.start_controlled(CHAIN)
        about = os.stat(self.path("ctl.sock"))
        self.assertTrue(stat.S_ISSOCK(about.st_mode))
        self.assertEqual(stat.S_IMODE(about.st_mode), 0o660)
        collector.stop()
        self.assertFalse(os.path.exists(self.path("ctl.sock")))

    def test_runtime_directory(self):
        os.mkdir(self.path("run"))
        environment = {**os.environ, "RUNTIME_DIRECTORY": self.path("run") + ":/nonexistent"}
        collector = self.start(CHAIN, environment=environment)
        wait_until(lambda: "answering musterctl on " + self.path("run/control.sock") in collector.log(), "it is told")
        collector.stop()

    def test_state_directory(self):
        if os.path.isdir("/run/muster"):
            self.skipTest("/run/muster is there, and comes first")
        os.mkdir(self.path("state"))
        environment = {name: value for name, value in os.environ.items() if name != "RUNTIME_DIRECTORY"}
        collector = self.start(CHAIN, 'state_dir = "state";', environment=environment)
        wait_until(lambda: "answering musterctl on state/control.sock" in collector.log(), "it is told")
        collector.stop()

    def test_none(self):
        os.mkdir(self.path("state"))
        collector = self.start(CHAIN, 'state_dir = "state"; control = "none";')
        collector.send(datagram(1, 1))
        collector.stop()
        self.assertNotIn("musterctl", collector.log())
        self.assertNotIn("control.sock", os.listdir(self.path("state")))

    def test_a_stale_one_is_replaced(self):
        collector = self.start_controlled(CHAIN)
        collector.process.kill()
        collector.process.wait()
        self.assertTrue(os.path.exists(self.path("ctl.sock")))
        collector = self.start_controlled(CHAIN)
        self.assertEqual(self.ctl_lines("status")[0]["pid"], collector.process.pid)
        collector.stop()

    def test_that_of_a_live_daemon_is_not(self):
        first = self.start_controlled(CHAIN)
        second = self.start('{ plugin = "csv"; path = "second.csv"; }', 'control = "ctl.sock";')
        wait_until(lambda: "somebody listens on" in second.log(), "the second says so")
        self.assertEqual(self.ctl_lines("status")[0]["pid"], first.process.pid)
        second.send(datagram(1, 1))
        self.assertEqual(second.stop().received, 1)
        self.assertEqual(self.ctl_lines("status")[0]["pid"], first.process.pid)
        first.stop()

    def test_what_is_no_socket_is_not(self):
        self.write("ctl.sock", "precious")
        collector = self.start(CHAIN, 'control = "ctl.sock";')
        wait_until(lambda: "is there, and is no socket" in collector.log(), "it says so")
        collector.stop()
        self.assertEqual(self.read("ctl.sock"), "precious")

    def test_one_that_is_taken_away_is_made_again(self):
        collector = self.start_controlled(CHAIN)
        os.unlink(self.path("ctl.sock"))
        self.wait_for_socket()
        wait_until(lambda: "it is made again" in collector.log(), "it says so")
        collector.stop()

    def test_wrong_paths(self):
        for path, why in (("", "control: it is empty"), ("x" * 200, "too long for a socket")):
            self.write("collector.conf", f'control = "{path}"; chain = ( {CHAIN} );')
            done = self.musterd("-c", "collector.conf", "--check")
            self.assertEqual(done.returncode, 2)
            self.assertIn("collector.conf:1", done.stderr)
            self.assertIn(why, done.stderr)


class Peers(ControlCase):
    def ask_as(self, user, group, groups):
        """What a process of that user is told: the last line of an answer, or the error of connect."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups(groups)
                os.setgid(group)
                os.setuid(user)
                client = Client(self.path("ctl.sock"))
                text = json.dumps(client.ask("sinks")[1])
                client.close()
            except OSError as error:
                text = json.dumps({"errno": error.errno})
            os.write(writer, text.encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        return json.loads(text)

    @unittest.skipIf(os.geteuid() != 0, "needs root, to be somebody else")
    def test_who_may_ask(self):
        collector = self.start_controlled(CHAIN)
        os.chmod(self.folder, 0o755)
        self.assertEqual(self.ask_as(12345, 12345, []).get("errno"), 13)  # EACCES
        os.chmod(self.path("ctl.sock"), 0o666)  # what the mode does not keep out, the daemon does
        answer = self.ask_as(12345, 12345, [])
        self.assertFalse(answer["ok"])
        self.assertIn("user 12345 may not ask", answer["error"])
        self.assertTrue(self.ask_as(12345, 0, [])["ok"])
        self.assertTrue(self.ask_as(12345, 12345, [0])["ok"])
        self.assertTrue(self.ask_as(0, 0, [])["ok"])
        collector.stop()


class Hostile(ControlCase):
    """Whatever a client does, others are answered, and datagrams are taken."""

    def setUp(self):
        super().setUp()
        self.collector = self.start_controlled(CHAIN)
        self.sent = 0

    def check_alive(self):
        self.collector.send(datagram(1, self.sent))
        self.sent += 1
        self.assertEqual(self.settled(self.sent)["pid"], self.collector.process.pid)

    def memory(self):
        with open(f"/proc/{self.collector.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def tearDown(self):
        self.check_alive()
        self.assertEqual(self.collector.stop().received, self.sent)

    def test_half_a_line(self):
        client = self.client()
        client.socket.sendall(b'{"command":"sta')
        self.check_alive()
        client.socket.sendall(b'tus"}\n')
        self.assertTrue(client.answer()[1]["ok"])

    def test_a_line_without_an_end(self):
        before, client = self.memory(), self.client()
        piece, sent = b"x" * 65536, 0
        try:
            while sent < 1 << 26:
                sent += client.socket.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertLess(sent, 1 << 22)
        self.assertLess(self.memory() - before, 4096)

    def test_one_that_never_reads(self):
        before, clients = self.memory(), [self.client() for _ in range(8)]
        for client in clients:
            client.socket.setblocking(False)
            try:
                for _ in range(20000):
                    client.socket.send(b'{"command":"help"}\n' * 50)
            except BlockingIOError:
                pass
        self.check_alive()
        self.assertLess(self.memory() - before, 8 * 1024)

    def test_many(self):
        clients = []
        for _ in range(1000):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(self.path("ctl.sock"))
            clients.append(client)
        self.check_alive()
        self.assertLess(len(os.listdir(f"/proc/{self.collector.process.pid}/fd")), 100)
        for client in clients:
            client.close()

    def test_several_requests_at_once(self):
        client = self.client()
        client.socket.sendall(b'{"command":"sinks"}\n' * 100)
        for _ in range(100):
            lines, last = client.answer()
            self.assertEqual((len(lines), last), (1, {"ok": True, "lines": 1}))

    def test_one_that_dies(self):
        for request in (b"", b"{", b'{"command":"help"}\n' * 1000):
            client = self.client()
            client.socket.sendall(request)
            client.close()
        self.check_alive()

    def test_what_is_no_request(self):
        client = self.client()
        for line, why in ((b"", "no JSON"), (b"junk", "no JSON"), (b"\xff\xfe\n", "no JSON"),
                          (b"[" * 5000, "no JSON"), (b"[1]", "an array"), (b"{}", 'without "command"'),
                          (b'{"command":1}', "no text"), (b'{"command":"sta\\u0000tus"}', "no JSON"),
                          (b'{"command":"status","command":"status"}', "no JSON"),
                          (b'{"command":"sinsk"}', 'did you mean "sinks"?'),
                          (b'{"command":"status","now":true}', "it takes none"),
                          (b'{"command":"status"} trailing', "no JSON")):
            client.socket.sendall(line + (b"" if line.endswith(b"\n") else b"\n"))
            lines, last = client.answer()
            self.assertEqual((lines, last["ok"]), ([], False))
            self.assertIn(why, last["error"], line)
        self.assertTrue(client.ask("status")[1]["ok"])

    def test_random_bytes(self):
        import random
        rng = random.Random(8)
        words = [b'{"command":"', b"status", b'"', b"}", b"\n", b"{", b"[", b"\\u00e4", b"\x00", b":", b","]
        for _ in range(50):
            client = self.client()
            try:
                client.socket.sendall(b"".join(rng.choice(words) for _ in range(400)) + b"\n")
            except (BrokenPipeError, ConnectionResetError):
                pass
            client.close()
        self.check_alive()


if __name__ == "__main__":
    main()
