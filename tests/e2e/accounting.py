#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The collector's account against the kernel's own: in a network namespace of its own, where nobody
else sends, every datagram sent is received, dropped, refused, or was answered "port unreachable"."""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading

from muster import DATA, FLEET, Case, datagram, main, wait_until

SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def kernel_figures():
    with open("/proc/net/snmp", encoding="ascii") as file:
        names, values = [line.split()[1:] for line in file if line.startswith("Udp:")]
    return dict(zip(names, map(int, values)))


class Accounting(Case):
    def play(self, workers):
        collector = self.start('{ plugin = "sequence"; }, { plugin = "csv"; path = "/dev/null"; }',
                               settings=f'workers = {workers}; receive_buffer = "64KiB";')
        report = self.path("fleet.json")
        fleet = subprocess.Popen(  # pylint: disable=consider-using-with
            [FLEET, "--target", f"127.0.0.1:{collector.port}", "--rate", "max", "--devices", "100", "--count",
             "400000", "--quiet", "--report", report])
        self.running.append(fleet)
        wait_until(lambda: kernel_figures()["OutDatagrams"] > 100000 or fleet.poll() is not None, "it sends")
        ledger = collector.stop()
        self.assertEqual(fleet.wait(), 0)
        kernel = kernel_figures()
        self.assertEqual(kernel["OutDatagrams"] - self.before["OutDatagrams"], 400000)
        self.assertEqual(ledger.kernel_drops + ledger.refused, kernel["InErrors"] - self.before["InErrors"], ledger.text)
        self.assertEqual(ledger.received + ledger.kernel_drops + ledger.refused
                         + kernel["NoPorts"] - self.before["NoPorts"], 400000, ledger.text)

    def send_until(self, port, enough):
        """Sends to a port, open or not, until told.  Returns the thread."""
        def send():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                seq = 0
                while not enough.is_set():
                    sender.sendto(datagram(seq % 100, seq // 100, DATA, b"20.5"), ("127.0.0.1", port))
                    seq += 1
        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(enough.set)
        return thread

    def play_start_and_stop(self, workers):
        """Sending begins before the collector starts, and ends after it has ended, which takes a while:
        a sink's reader does not read.  Nothing is in no figure."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        os.mkfifo(self.path("stuck"))
        reader = os.open(self.path("stuck"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        enough = threading.Event()
        thread = self.send_until(port, enough)
        wait_until(lambda: kernel_figures()["NoPorts"] > self.before["NoPorts"], "it sends")
        collector = self.start('{ plugin = "sequence"; }, { plugin = "csv"; path = "stuck"; }',
                               settings=f'workers = {workers}; receive_buffer = "1MiB"; stop_timeout = "1s";',
                               listen=f'{{ address = "127.0.0.1"; port = {port}; }}')
        begun = kernel_figures()["OutDatagrams"]
        wait_until(lambda: kernel_figures()["OutDatagrams"] > begun + 20000, "it receives")
        ledger = collector.stop()
        enough.set()
        thread.join()
        kernel = {name: value - self.before[name] for name, value in kernel_figures().items()}
        self.assertGreater(ledger.refused, 0)
        self.assertEqual(ledger.kernel_drops + ledger.refused, kernel["InErrors"], ledger.text)
        self.assertEqual(ledger.received, kernel["InDatagrams"], ledger.text)
        self.assertEqual(ledger.received + ledger.kernel_drops + ledger.refused + kernel["NoPorts"],
                         kernel["OutDatagrams"], ledger.text)

    def test_start_and_stop_of_one_worker(self):
        self.play_start_and_stop(1)

    def test_start_and_stop_of_two_workers(self):
        self.play_start_and_stop(2)

    def test_wrong_checksums(self):
        """They are no want of room: a sender of them keeps nobody's cause from being told."""
        collector = self.start('{ plugin = "sequence"; }, { plugin = "csv"; path = "/dev/null"; },'
                               ' { plugin = "stats"; interval = "1h"; file = "stats.json"; }')
        payload = datagram(7, 1, DATA, b"x" * 200)
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        self.addCleanup(raw.close)
        for _ in range(100):
            raw.sendto(struct.pack("!HHHH", 4711, collector.port, 8 + len(payload), 0x1234) + payload,
                       ("127.0.0.1", 0))
        collector.send(datagram(7, 1, DATA, b"x"))
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (1, 0), ledger.text)
        self.assertIn("wrong checksum 100\n", ledger.text)

    def setUp(self):
        super().setUp()
        self.before = kernel_figures()

    def test_one_worker(self):
        self.play(1)

    def test_three_workers(self):
        self.play(3)


if __name__ == "__main__":
    if os.environ.get("MUSTER_TEST_NAMESPACE") is None:
        if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0:
            print("network namespaces cannot be made here")
            print("0 passed, 0 failed, 5 skipped")
            sys.exit(77)
        os.environ["MUSTER_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])
    loopback_up()
    main()
