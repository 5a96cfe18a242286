#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sockets outlive the process: handed to the next program, by a service manager, or through a kill."""
import array
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import unittest

from muster import DATA, MUSTERD, PATIENCE, PLUGINS, Case, Ledger, datagram, main, wait_until

TRIAL = 1024  # after so many datagrams that come as they should, each worker receives for itself
CHAIN = '{ plugin = "sequence"; },\n{ plugin = "csv"; }'


class Load:
    """Sends numbered datagrams of 20 devices until it is told to stop."""

    def __init__(self, port):
        self.sent, self.over = 0, threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.004):
            for _ in range(10):
                self.socket.send(datagram(self.sent % 20, self.sent // 20, DATA, b"1"))
                self.sent += 1

    def stop(self):
        self.over.set()
        self.thread.join()
        self.socket.close()
        return self.sent


def ledgers(log):
    return [Ledger("ledger after" + text) for text in log.split("ledger after")[1:]]


class Restart(Case):
    def restart(self, collector):
        before = len(collector.ports())
        collector.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: len(collector.ports()) > before, "it listens again")

    def under_load(self, settings):
        os.mkdir(self.path("state"))
        collector = self.start(CHAIN, settings=settings + ' state_dir = "state";')
        load = Load(collector.port)
        try:
            for _ in range(3):
                before = load.sent
                wait_until(lambda: load.sent > before + 200, "some are sent")  # pylint: disable=cell-var-from-loop
                self.restart(collector)
        finally:
            sent = load.stop()
        collector.stop()
        runs = ledgers(collector.log())
        self.assertEqual(len(runs), 4)
        self.assertEqual(set(collector.ports()), {collector.port})
        self.assertEqual(sum(run.kernel_drops + run.refused for run in runs), 0)
        self.assertEqual(sum(run.received for run in runs), sent)
        rows = self.rows()
        self.assertEqual(len(rows), sent)
        self.assertEqual({(row["duplicate_flag"], row["gap_flag"]) for row in rows}, {("0", "0")}, "nor was any missed")

    def test_no_datagram_is_lost(self):
        self.under_load("")

    def test_no_datagram_is_lost_by_several_workers(self):
        self.under_load("workers = 3;")

    def test_one_that_could_not_start_is_not_begun(self):
        collector = self.start(CHAIN)
        self.write("collector.conf", f"listen = ( {{ port = 0; }} );\nwrokers = 1;\nchain = (\n{CHAIN}\n);\n")
        collector.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: "it is not restarted, and goes on" in collector.log(), "it says so")
        self.assertRegex(collector.log(), r'collector\.conf:2: .*did you mean "workers"')
        collector.send(datagram(1, 1, DATA, b"x"))
        wait_until(lambda: len(self.rows()) == 1, "it goes on")
        collector.stop()

    def test_a_stuck_sink_is_cured(self):
        os.mkfifo(self.path("fifo"))
        reader = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        chain = CHAIN + ', { plugin = "csv"; name = "stuck"; path = "fifo"; }'
        collector = self.start(chain, settings='stop_timeout = "100ms";')
        for number in range(3000):
            collector.send(datagram(1, number, DATA, b"21.5"))
        wait_until(lambda: len(self.rows()) == 3000, "the other sink has all")
        self.restart(collector)
        collector.send(datagram(1, 3000, DATA, b"x"))
        wait_until(lambda: len(self.rows()) == 3001, "it goes on")
        os.close(reader)
        collector.stop()


def leave(inherited):
    """In the child: makes them the descriptors from 3 on, which they may be already, in another order."""
    copies = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100) for one in inherited]
    for place, copy in enumerate(copies, 3):
        os.dup2(copy, place)
        os.close(copy)


class Manager(Case):
    """In place of systemd."""

    def begin(self, *inherited, environment=None, settings="", more=""):
        self.write("collector.conf", f"listen = ( {{ port = {self.port}; }} );\n{settings}\nchain = (\n{CHAIN}{more}\n);\n")
        shell = f'LISTEN_PID=$$ LISTEN_FDS={len(inherited)} exec "$@"' if inherited else 'exec "$@"'
        with open(self.path("log"), "ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["sh", "-c", shell, "sh", MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS],
                cwd=self.folder, stderr=log, env={**os.environ, **(environment or {})},
                preexec_fn=(lambda: leave(inherited)) if inherited else None, close_fds=False)
        self.running.append(process)
        return process

    def setUp(self):
        super().setUp()
        self.held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.held.bind(("127.0.0.1", 0))
        self.addCleanup(self.held.close)
        self.port = self.held.getsockname()[1]
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.sender.close)
        self.sender.connect(("127.0.0.1", self.port))
        self.number = 0

    def send(self, count):
        for _ in range(count):
            self.sender.send(datagram(1, self.number, DATA, b"x"))
            self.number += 1

    def wait_for_rows(self, count):
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")) and len(self.rows()) == count, f"{count} rows are there")

    def test_what_came_before_the_start_is_taken(self):
        self.send(100)
        process = self.begin(self.held)
        self.send(100)
        self.wait_for_rows(200)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)
        self.send(50)
        process = self.begin(self.held)
        self.wait_for_rows(250)
        process.terminate()
        process.wait(timeout=PATIENCE)
        runs = ledgers(self.read("log"))
        self.assertEqual([run.received for run in runs], [200, 50])

    def test_a_kill_loses_what_it_had_in_its_hands_alone(self):
        process = self.begin(self.held)
        self.send(100)
        self.wait_for_rows(100)
        process.kill()
        process.wait(timeout=PATIENCE)
        self.send(100)
        process = self.begin(self.held)
        self.wait_for_rows(200)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)

    def test_a_socket_of_no_listener_is_closed_and_said(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        self.held.close()
        process = self.begin(other)
        wait_until(lambda: "listening on" in self.read("log"), "it listens")
        self.assertIn("1 of the 1 sockets that musterd was started with is of no listener and closed", self.read("log"))
        self.assertIn("what waits in them is in no count", self.read("log"))
        process.terminate()
        process.wait(timeout=PATIENCE)

    def test_what_is_lost_with_fewer_workers_is_said(self):
        """As it is left by the program before, which had two."""
        first, second = self.group(2)
        for number in range(64):  # from ports enough for both
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(datagram(1, number, DATA, b"x"), ("127.0.0.1", self.port))
        process = self.begin(first, second, environment={"MUSTER_DROPS": "0,0"})
        first.close()
        second.close()
        wait_until(lambda: "listening on" in self.read("log"), "it listens")
        lost = int(re.search(r"1 of the 2 sockets .* more than workers; (\d+) datagrams that came there are lost", self.read("log"))[1])
        self.assertGreater(lost, 0)
        self.wait_for_rows(64 - lost)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)

    def group(self, size):
        """Sockets of one address, in the order that the kernel has them in."""
        self.held.close()
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(size)]
        for one in sockets:
            self.addCleanup(one.close)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(("127.0.0.1", self.port))
        return sockets

    def test_what_is_passed_in_another_order_is_steered_as_before(self):
        names = "listener-0-2:other:listener-0-1:listener-0-0"
        first, second, third = self.group(3)
        stats = ', { plugin = "stats"; file = "stats.json"; }'
        process = self.begin(third, self.sender, second, first, environment={"LISTEN_FDNAMES": names},
                             settings="workers = 3;", more=stats)
        wait_until(lambda: "listening on" in self.read("log"), "it listens")
        for number in range(4 * TRIAL):
            self.sender.send(datagram(number % 8, number // 8, DATA, b"x"))
            if number % 256 == 255:
                self.wait_for_rows(number + 1)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)
        handed_over = self.stats()["metrics"]["collector.handed_over"]
        self.assertTrue(0 < handed_over < 2 * TRIAL, "in the end each worker finds its own alone")
        self.assertEqual({row["gap_flag"] + row["duplicate_flag"] for row in self.rows()}, {"00"})

    def test_the_manager_is_told(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("notify"))
        manager.settimeout(PATIENCE)
        process = self.begin(self.held, environment={"NOTIFY_SOCKET": self.path("notify"), "FDSTORE": "16", "WATCHDOG_USEC": "4000000"})
        kept = []

        def hear(wanted):
            while True:
                text, ancillary, _, _ = manager.recvmsg(4096, socket.CMSG_SPACE(4))
                for _, _, data in ancillary:
                    kept.extend(array.array("i", data))
                if re.search(wanted, text.decode()):
                    return

        hear("^FDSTORE=1\nFDPOLL=0\nFDNAME=listener-0-0$")
        stored = socket.socket(fileno=kept[0])
        self.addCleanup(stored.close)
        self.assertEqual(stored.getsockname(), ("127.0.0.1", self.port))
        hear("^READY=1$")
        hear("^WATCHDOG=1$")
        process.send_signal(signal.SIGHUP)
        hear("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$")
        hear("^READY=1$")
        process.send_signal(signal.SIGUSR2)
        hear("^RELOADING=1")
        hear("^READY=1$")
        process.terminate()
        hear("^STOPPING=1$")
        process.wait(timeout=PATIENCE)


if __name__ == "__main__":
    main()
