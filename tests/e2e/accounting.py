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

from muster import FLEET, Case, main, wait_until

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
            print("0 passed, 0 failed, 2 skipped")
            sys.exit(77)
        os.environ["MUSTER_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])
    loopback_up()
    main()
