#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The plugin guide is true: its plugins are built outside the tree with nothing but the installed package,
its commands give the output that it shows, and its plugins do what it says."""
import os
import re
import shutil
import socket
import subprocess
import unittest

from kept import free_port
from muster import BUILD, DATA, PATIENCE, SANITIZED, SOURCE, Case, datagram, main, wait_until

GUIDE = os.path.join(SOURCE, "doc", "plugin-guide.md")
CC = os.environ.get("CC", "cc")
CXX = os.environ.get("CXX", "")
PLUGINS = ("range", "rows", "tcp", "mean", "site")
RANGE = '{ plugin = "./range.so"; least = -1000; most = 1000; },\n'
ROWS = '{ plugin = "./rows.so"; path = "rows.txt"; }'


def blocks(language):
    """The code blocks of the guide in that language, in order."""
    with open(GUIDE, encoding="utf-8") as file:
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", file.read())


def commands():
    """Each command of the guide, with the output that is shown below it."""
    for block in blocks("console"):
        for command, output in re.findall(r"(?ms)^\$ (.*?)\n(.*?)(?=^\$ |\Z)", block):
            yield command, output


def without_time(ledger):
    return re.sub(r"ledger after [0-9.]+ s", "ledger", ledger)


def without_counts(text):
    """A busy machine has a plugin called more often."""
    return re.sub(r"fine \(.*\)", "fine", text)


@unittest.skipIf(SANITIZED, "an author links libmuster-test without a sanitizer")
@unittest.skipUnless(shutil.which("pkg-config") and CXX, "pkg-config and a C++ compiler are needed")
class Guide(Case):
    def setUp(self):
        super().setUp()
        self.root = self.path("installed")
        self.install()
        for source in blocks("c") + blocks("cpp"):
            self.write(re.match(r"(?:/\*|//) (\w+\.cc?): ", source).group(1), source)
        self.configurations = blocks("conf")
        for name, text in zip(("wrong.conf", "collector.conf"), self.configurations):
            self.write(name, text)
        self.send, server = blocks("python")
        self.write("server.py", server)
        self.port = free_port("127.0.0.1")
        self.servers = []
        self.addCleanup(self.stop_servers)

    def install(self):
        """make install below a folder of its own, and where pkg-config finds that."""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
        done = subprocess.run(["make", "-s", "install", f"DESTDIR={self.root}"], cwd=BUILD, env=environment,
                              capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (folder,) = [folder for folder, _, files in os.walk(self.root) if "muster.pc" in files]
        self.environment = {**environment, "PKG_CONFIG_PATH": folder, "PKG_CONFIG_SYSROOT_DIR": self.root,
                            "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
                            "PATH": BUILD + os.pathsep + os.environ["PATH"]}

    def run_command(self, command):
        """A command line of the guide, in the test's folder.  Returns all that it prints."""
        command = re.sub(r"^cc ", f"{CC} -Werror ", command)
        command = re.sub(r"^c\+\+ ", f"{CXX} -Werror ", command).replace("port=7000", f"port={self.port}")
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment, timeout=PATIENCE * 5,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.stdout

    def build(self):
        for command, _ in commands():
            if command.startswith(("cc ", "c++ ")):
                self.assertEqual(self.run_command(command), "", command)

    def start_server(self, script="server.py"):
        with open(self.path("lines.txt"), "a", encoding="utf-8") as lines:
            server = subprocess.Popen(["python3", script, str(self.port)], cwd=self.folder, stdout=lines)  # pylint: disable=consider-using-with
        self.servers.append(server)

        def is_there():
            if server.poll() == 0:
                return True  # it has had what it wanted
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until(is_there, "the server is there")
        return server

    def stop_servers(self):
        for server in self.servers:
            server.kill()
            server.wait()

    def lines(self, name):
        return self.read(name).splitlines() if os.path.exists(self.path(name)) else []

    def test_the_headers_are_the_installed_ones(self):
        flags = self.run_command("pkg-config --cflags muster").split()
        folders = [flag[2:] for flag in flags if flag.startswith("-I")]
        self.assertEqual(len(folders), 1, flags)
        self.assertTrue(folders[0].startswith(self.root), folders)
        self.assertEqual(sorted(os.listdir(os.path.join(folders[0], "muster"))),
                         ["plugin.h", "record.h", "test.h", "wire.h"])
        self.assertEqual(self.run_command("pkg-config --variable=abi muster"), "1.0\n")

    def test_each_command_prints_what_the_guide_shows(self):
        count = 0
        self.start_server()
        for command, output in commands():
            self.assertEqual(without_counts(self.run_command(command)), without_counts(output), command)
            count += 1
        self.assertGreaterEqual(count, 12)
        checked = {match.group(1) for match in (re.match(r"muster-plugin check (\w+)\.so", command)
                                                for command, _ in commands()) if match}
        self.assertEqual(checked, set(PLUGINS))

    def test_the_sink_for_a_server_is_short(self):
        (source,) = [source for source in blocks("c") if source.startswith("/* tcp.c")]
        self.assertLess(len([line for line in source.splitlines() if line.strip()]), 100)

    def test_the_first_plugins_do_what_the_guide_says(self):
        self.build()
        chain = re.search(r"(?s)chain = \(\n(.*)\n\);", self.configurations[1]).group(1)
        collector = self.start(chain)
        self.assertIn(", 8888)", self.send)
        self.write("send.py", self.send.replace(", 8888)", f", {collector.port})"))
        self.run_command("python3 send.py")
        (shown,) = [text for text in blocks("text") if re.match(r"\d+ \d+ ", text)]
        wait_until(lambda: self.lines("rows.txt") == shown.splitlines(), "rows.txt is as shown")
        os.rename(self.path("rows.txt"), self.path("rows.1"))
        collector.process.send_signal(1)
        wait_until(lambda: os.path.exists(self.path("rows.txt")), "the file is made anew")
        ledger = collector.stop()
        (summary,) = [text for text in blocks("text") if text.startswith("ledger after")]
        self.assertEqual(without_time(ledger.text[ledger.text.rfind("ledger after"):]), without_time(summary))

    def test_every_record_reaches_a_server_that_comes_and_goes(self):
        self.build()
        # This one reads a part of a line, and goes.
        self.write("rude.py", "import socket, sys\n"
                   "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
                   "part = b''\nwhile not part:\n    part = s.accept()[0].recv(7)\n"
                   "print(part.decode().split('\\n')[0])\n")
        collector = self.start(f'{{ plugin = "./tcp.so"; port = {self.port}; }}')
        wait_until(lambda: "cannot reach the server" in collector.log(), "it says that nobody is there")
        for seq in range(300):
            collector.send(datagram(7, seq, DATA, b"1"))
        rude = self.start_server("rude.py")
        self.assertEqual(rude.wait(PATIENCE), 0)
        self.write("lines.txt", "")
        server = self.start_server()
        wait_until(lambda: "7 299" in self.lines("lines.txt"), "the first are there")
        server.kill()
        server.wait()
        for seq in range(300, 600):
            collector.send(datagram(7, seq, DATA, b"1"))
        self.start_server()
        wait_until(lambda: "7 599" in self.lines("lines.txt"), "all are there")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["tcp"][:2], [600, 600])
        seen = []
        for line in self.lines("lines.txt"):  # at least once, in order
            if line not in seen:
                seen.append(line)
        self.assertEqual(seen, [f"7 {seq}" for seq in range(600)])

    def test_a_stop_need_not_wait_for_the_server(self):
        self.build()
        self.write("mute.py", "import socket, sys, time\n"
                   "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(600)\n")
        self.start_server("mute.py")
        collector = self.start(f'{{ plugin = "./tcp.so"; port = {self.port}; }}', settings='stop_timeout = "1s";')
        collector.send(datagram(7, 1, DATA, b"1"))
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["tcp"][:2], [1, 0])

    def test_the_means_survive_a_stop_and_a_kill(self):
        self.build()
        os.mkdir(self.path("state"))
        chain = RANGE + '{ plugin = "./mean.so"; },\n' + ROWS
        expected = []
        for run, mean in enumerate(("8", "6", "4", "5")):
            collector = self.start(chain, 'state_dir = "state";')
            value = (8, 4, 0, 8)[run]
            expected += [f"9 {run} reading {value}", f"9 0 mean {mean}"]
            collector.send(datagram(9, run, DATA, str(value).encode()))
            wait_until(lambda: self.lines("rows.txt") == expected, "both rows are there")
            if run % 2 == 0:
                collector.stop()
            else:
                collector.process.kill()
                collector.process.wait()

    def test_the_devices_of_a_site_are_added_up_over_the_workers(self):
        self.build()
        self.write("devices.yaml", "devices:\n" + "".join(
            f"  - {{ id: {number}, place: {place} }}\n" for number, place in ((1, "north"), (2, "north"), (3, "south"))))
        collector = self.start(RANGE + '{ plugin = "./site.so"; limit = 60; },\n{ plugin = "log"; }',
                               'workers = 2;\ncatalog = "devices.yaml";')
        collector.send(datagram(1, 1, DATA, b"61"), datagram(3, 1, DATA, b"61"))
        collector.send(datagram(2, 1, DATA, b"62"))
        wait_until(lambda: "site-hot" in collector.output(), "the site is hot")
        collector.send(datagram(1, 2, DATA, b"20"))
        wait_until(lambda: "site-cool" in collector.output(), "the site is cool")
        ledger = collector.stop()
        self.assertEqual(collector.output().count("site-hot"), 1)
        self.assertIn("north", collector.output())
        self.assertNotIn("south", collector.output())
        self.assertRegex(ledger.text, r"site: in 4 \+ emitted 2 = out 6 \+ dropped 0")


if __name__ == "__main__":
    main()
