# SPDX-License-Identifier: MIT
"""What the tests of the control socket share: a daemon with one, musterctl, and a client of its own."""
import json
import os
import socket
import subprocess

from muster import BUILD, PATIENCE, Case, wait_until

MUSTERCTL = os.path.join(BUILD, "musterctl")


class Client:
    """A client that speaks the protocol, from its description and not from our C."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.rest = b""

    def close(self):
        self.socket.close()

    def line(self):
        """The next line, or None at the end of the connection."""
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def answer(self):
        """The lines of an answer, and its last one."""
        lines = []
        while True:
            line = self.line()
            if line is None:
                return lines, None
            if "ok" in line:
                return lines, line
            lines.append(line)

    def ask(self, command, **arguments):
        try:
            self.socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever is refused is told so
        return self.answer()


class ControlCase(Case):
    """A test with a daemon that has a control socket in the test's folder."""

    SOCKET = "ctl.sock"

    def start_controlled(self, chain, settings="", **options):
        collector = self.start(chain, f'control = "{self.SOCKET}";\n{settings}', **options)
        self.wait_for_socket()
        return collector

    def wait_for_socket(self):
        def answers():
            probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with probe:
                return probe.connect_ex(self.path(self.SOCKET)) == 0
        wait_until(answers, "the control socket answers")

    def client(self):
        client = Client(self.path(self.SOCKET))
        self.addCleanup(client.close)
        return client

    def ctl(self, *arguments, status=0, **options):
        """Runs musterctl, and returns what it printed: on standard output, or, if it fails, on the other."""
        done = subprocess.run([MUSTERCTL, "-s", self.path(self.SOCKET), *arguments], capture_output=True, text=True,
                              timeout=PATIENCE, check=False, **options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 or not done.stderr else done.stderr

    def ctl_lines(self, *arguments):
        return [json.loads(line) for line in self.ctl("--json", *arguments).splitlines()]

    def settled(self, received):
        """The status, once so many datagrams are received, and judged, and through all sinks."""
        def look():
            status = self.ctl_lines("status")[0]
            plugins = self.ctl_lines("plugins")
            done = all(line.get("queued", 0) + line.get("held", 0) == 0 for line in plugins)
            filters = [line for line in plugins if line["role"] == "filter"]
            done &= all(line["in"] + line["emitted"] == line["out"] + line["dropped"] for line in filters)
            done &= not filters or filters[0]["in"] >= status["datagrams"]["decoded"]
            return self.ctl_lines("status")[0] if status["datagrams"]["received"] == received and done else None
        return wait_until(look, f"{received} datagrams are through")
