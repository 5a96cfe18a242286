#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where it may listen: addresses and interfaces that come later, links, multicast groups.  In a network
namespace of its own, with a veth pair whose other end is in a second one, where a peer sends."""
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

from muster import DATA, PATIENCE, Case, datagram, main, wait_until

CHAIN = """  { plugin = "sequence"; },
  { plugin = "csv"; path = "telemetry.csv"; },
  { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
PORT = 9000  # the namespace is the test's own
GROUP, GROUP_6 = "239.1.2.3", "ff12::4711"

# Runs in the peer's namespace: sends each line's datagram, "FAMILY SOURCE ADDRESS PORT HEX".
PEER = """
import socket, sys
print("ready", flush=True)
for line in sys.stdin:
    family, source, address, port, data = line.split()
    with socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        index = socket.if_nametoindex("v1")
        if family == "6":
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            sender.sendto(bytes.fromhex(data), (address, int(port), 0, index))
        else:
            sender.bind((source, 0))
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
            sender.sendto(bytes.fromhex(data), (address, int(port)))
    print("sent", flush=True)
"""


def ip(*arguments, pid=None):
    inside = ["nsenter", "-t", str(pid), "-n"] if pid is not None else []
    subprocess.run([*inside, "ip", *arguments], check=True, capture_output=True)


class Listeners(Case):
    def setUp(self):
        super().setUp()
        self.peer = None
        self.addCleanup(subprocess.run, ["ip", "link", "del", "v0"], capture_output=True, check=False)

    def begin_peer(self):
        """The veth pair v0 - v1, with addresses."""
        self.peer = subprocess.Popen(["unshare", "-n", sys.executable, "-c", PEER], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.running.append(self.peer)
        self.addCleanup(self.peer.stdout.close)
        self.addCleanup(self.peer.stdin.close)
        self.assertEqual(self.peer.stdout.readline(), "ready\n")
        pid = self.peer.pid
        ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
        ip("link", "set", "v1", "netns", str(pid))
        ip("addr", "add", "10.9.0.1/24", "dev", "v0")
        ip("addr", "add", "fe80::1/64", "dev", "v0", "nodad")
        ip("link", "set", "v0", "up")
        for address in ("10.9.0.2/24", "10.9.0.3/24"):
            ip("addr", "add", address, "dev", "v1", pid=pid)
        ip("addr", "add", "fe80::2/64", "dev", "v1", "nodad", pid=pid)
        ip("link", "set", "v1", "up", pid=pid)

    def send(self, address, data, port=PORT, source="10.9.0.2"):
        family = "6" if ":" in address else "4"
        self.peer.stdin.write(f"{family} {source} {address} {port} {data.hex()}\n")
        self.peer.stdin.flush()
        self.assertEqual(self.peer.stdout.readline(), "sent\n")

    def wait_for_rows(self, count):
        wait_until(lambda: len(self.rows()) >= count, f"{count} rows")

    def expect_numbers(self, numbers):
        self.assertEqual([int(row["seq_num"]) for row in self.rows()], list(numbers))

    # ---- what comes later ----------------------------------------------------------------

    def test_an_address_that_comes_later(self):
        """One that is missing, as at boot, does not keep the others down; it is listened on all the same."""
        collector = self.start(CHAIN, listen='{ address = "127.0.0.1"; port = 0; },'
                                             f' {{ address = "10.8.0.1"; port = {PORT}; }}')
        self.assertIn("no interface has the address of 10.8.0.1:9000 now", collector.log())
        collector.send(datagram(7, 1, DATA))
        self.wait_for_rows(1)
        ip("addr", "add", "10.8.0.1/32", "dev", "lo")
        self.addCleanup(ip, "addr", "del", "10.8.0.1/32", "dev", "lo")
        collector.sender.sendto(datagram(7, 2, DATA), ("10.8.0.1", PORT))
        self.wait_for_rows(2)
        collector.stop()
        self.expect_numbers((1, 2))

    def play_interface(self, workers):
        """One that comes later, goes, and comes back under another index."""
        collector = self.start(CHAIN, settings=f"workers = {workers};",
                               listen='{ address = "127.0.0.1"; port = 0; },'
                                      f' {{ address = "0.0.0.0"; port = {PORT}; interface = "v0"; }}')
        self.assertIn("cannot listen on 0.0.0.0:9000 yet: there is no interface v0", collector.log())
        for n in (1, 2, 3):
            self.begin_peer()
            wait_until(lambda n=n: collector.log().count("listening on 0.0.0.0:9000") == n, "it listens")
            for device in range(8):
                self.send("10.9.0.1", datagram(device, n, DATA))
            self.wait_for_rows(8 * n)
            ip("link", "del", "v0")
            self.peer.kill()
            self.peer.wait()
            wait_until(lambda n=n: collector.log().count("the interface v0 is gone") == n, "it is missed")
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (24, 0), ledger.text)
        self.assertEqual(sorted((int(row["device_id"]), int(row["seq_num"])) for row in self.rows()),
                         [(device, n) for device in range(8) for n in (1, 2, 3)])
        self.assertEqual(collector.log().count("yet: there is no interface"), 1)
        self.assertNotIn("cannot", collector.log().replace("cannot listen on 0.0.0.0:9000 yet", ""))

    def test_an_interface_that_comes_later(self):
        self.play_interface(1)

    def test_an_interface_that_comes_later_with_two_workers(self):
        self.play_interface(2)

    def test_one_interface_alone(self):
        self.begin_peer()
        collector = self.start(CHAIN, listen=f'{{ address = "0.0.0.0"; port = {PORT}; interface = "v0"; }}')
        collector.sender.sendto(datagram(7, 1, DATA), ("127.0.0.1", PORT))
        self.send("10.9.0.1", datagram(7, 2, DATA))
        self.wait_for_rows(1)
        collector.stop()
        self.expect_numbers((2,))

    # ---- links ---------------------------------------------------------------------------

    def test_a_link_local_address(self):
        self.begin_peer()
        collector = self.start(CHAIN, listen=f'{{ address = "fe80::1%v0"; port = {PORT}; }}')
        self.assertIn("listening on [fe80::1%v0]:9000", collector.log())
        self.send("fe80::1", datagram(7, 1, DATA))
        self.send("fe80::1", b"short")
        self.wait_for_rows(1)
        wait_until(lambda: re.search(r"from \[fe80::2%v0\]:\d+: too_short", collector.log()), "its zone is told")
        collector.stop()

    # ---- groups --------------------------------------------------------------------------

    def play_group(self, group, workers):
        """Each worker's socket gets a copy of each datagram; each becomes one record."""
        self.begin_peer()
        collector = self.start(CHAIN, settings=f"workers = {workers};",
                               listen=f'{{ address = "{group}"; port = {PORT}; interface = "v0"; }}')
        for n in range(200):
            self.send(group, datagram(n % 10, n // 10, DATA))
        self.wait_for_rows(200)
        ledger = collector.stop()
        self.assertEqual((ledger.received, ledger.kernel_drops), (200, 0), ledger.text)
        found = re.search(r"copies: (\d+) of", ledger.text)
        self.assertEqual(int(found.group(1)) if found else 0, 200 * (workers - 1))
        stats = self.stats()
        self.assertEqual((stats["duplicates"], stats["gaps"], stats["late"]), (0, 0, 0))

    def test_a_group_with_one_worker(self):
        self.play_group(GROUP, 1)

    def test_a_group_with_two_workers(self):
        self.play_group(GROUP, 2)

    def test_a_group_with_four_workers(self):
        self.play_group(GROUP, 4)

    def test_a_group_of_ipv6(self):
        self.play_group(GROUP_6, 2)

    def test_a_group_on_two_interfaces(self):
        self.begin_peer()
        both = ", ".join(f'{{ address = "{GROUP}"; port = {PORT}; interface = "{name}"; }}' for name in ("lo", "v0"))
        collector = self.start(CHAIN, listen=both)
        self.send(GROUP, datagram(7, 1, DATA))
        self.wait_for_rows(1)
        collector.stop()
        self.expect_numbers((1,))

    def test_a_restart_leaves_each_interface_its_socket(self):
        """Of one address; and the first is in the configuration no more."""
        self.begin_peer()
        one, other = (f'{{ address = "0.0.0.0"; port = {PORT}; interface = "{name}"; }}' for name in ("lo", "v0"))
        collector = self.start(CHAIN, listen=f"{one}, {other}")
        self.send("10.9.0.1", datagram(7, 1, DATA))
        self.wait_for_rows(1)
        self.write("collector.conf", self.read("collector.conf").replace(f"{one}, ", ""))
        collector.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: collector.log().count("listening on") == 3, "it listens again")
        self.assertIn("1 of the 2 sockets", collector.log())
        self.send("10.9.0.1", datagram(7, 2, DATA))
        self.wait_for_rows(2)
        collector.stop()

    def test_a_group_whose_interface_comes_back(self):
        """Found by its routes, or by its name."""
        for interface in ("", 'interface = "v0";'):
            self.begin_peer()
            ip("route", "add", "239.0.0.0/8", "dev", "v0")
            collector = self.start(CHAIN, settings="workers = 2;",
                                   listen=f'{{ address = "{GROUP}"; port = {PORT}; {interface} }}')
            for n in (1, 2):
                self.send(GROUP, datagram(7, n, DATA))
                self.wait_for_rows(n)
                ip("link", "del", "v0")
                self.peer.kill()
                self.peer.wait()
                if n == 1:
                    self.begin_peer()
                    ip("route", "add", "239.0.0.0/8", "dev", "v0")
                    wait_until(lambda: collector.log().count("listening on 239.1.2.3:9000") == 2, "it joins again")
            collector.stop()
            self.expect_numbers((1, 2))
            os.remove(self.path("telemetry.csv"))

    def test_certain_sources_alone(self):
        self.begin_peer()
        collector = self.start(CHAIN, listen=f'{{ address = "232.1.2.3"; port = {PORT}; interface = "v0";'
                                             ' sources = ( "10.9.0.3" ); }')
        self.send("232.1.2.3", datagram(7, 1, DATA), source="10.9.0.2")
        self.send("232.1.2.3", datagram(7, 2, DATA), source="10.9.0.3")
        self.wait_for_rows(1)
        collector.stop()
        self.expect_numbers((2,))

    def test_a_group_without_a_route(self):
        """No interface is named, and no route leads there yet."""
        collector = self.start(CHAIN, listen='{ address = "127.0.0.1"; port = 0; },'
                                             f' {{ address = "{GROUP}"; port = {PORT}; }}')
        self.assertIn("cannot join the group of 239.1.2.3:9000 yet", collector.log())
        self.begin_peer()
        ip("route", "add", "239.0.0.0/8", "dev", "v0")
        wait_until(lambda: "listening on 239.1.2.3:9000" in collector.log(), "it joins")
        self.send(GROUP, datagram(7, 1, DATA))
        self.wait_for_rows(1)
        collector.stop()

    # ---- what can never be ---------------------------------------------------------------

    def test_what_can_never_be_bound_is_said_by_check(self):
        for listen, expected in (
                ('address = "::ffff:192.0.2.1";', 'is an IPv4 address in IPv6 form, for which IPv6 sockets here do '
                                                  'not receive; expected "192.0.2.1"'),
                ('address = "fe80::1";', 'expected its zone, such as "fe80::1%eth0"'),
                ('address = "fe80::1%a/b";', '"a/b" is not the name of an interface'),
                ('address = "fe80::1%v0"; interface = "v1";', 'its zone is "v0", but interface is "v1"'),
                ('address = "10.0.0.1%v0";', 'has a zone, which only a link-local address needs'),
                ('address = "10.0.0.1"; sources = ( "10.0.0.2" );', "the address is no multicast group"),
                (f'address = "{GROUP}"; sources = ( "::1" );', "cannot send to this group"),
                (f'address = "{GROUP}"; sources = ( "10.0.0.1", "10.0.0.1" );', '"10.0.0.1" is there twice'),
                ('address = "fe80::1%2";', 'is a number, which changes from boot to boot'),
                ('address = "ff01::1";', 'expected its zone, such as "ff01::1%eth0"'),
                ('address = "localhost";', "not a name")):
            self.write("collector.conf", f"listen = ( {{ {listen} }} );\nchain = ( {{ plugin = \"csv\"; }} );\n")
            done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
            self.assertEqual(done.returncode, 2, listen)
            self.assertIn(expected, done.stderr)

    def test_a_port_that_only_root_may_have(self):
        self.write("collector.conf", 'listen = ( { port = 67; } );\nchain = ( { plugin = "csv"; path = "t.csv"; } );\n')
        command = ["setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"]
        if shutil.which(command[0]) is None:
            self.skipTest("there is no setpriv")
        done = subprocess.run([*command, *self.command("-c", "collector.conf")], cwd=self.folder, text=True,
                              capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen on 127.0.0.1:67: Permission denied; a port below", done.stderr)

    # ---- workers, files --------------------------------------------------------------------

    def test_a_worker_for_each_cpu_that_it_may_use(self):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        self.addCleanup(os.sched_setaffinity, 0, before)
        collector = self.start(CHAIN, settings="workers = 0;")
        threads = []
        for task in os.listdir(f"/proc/{collector.process.pid}/task"):
            with open(f"/proc/{collector.process.pid}/task/{task}/comm", encoding="ascii") as file:
                threads.append(file.read().strip())
        collector.stop()
        self.assertEqual([name for name in threads if name.startswith("worker")], ["worker-0"])

    def test_many_sockets(self):
        """The soft limit for open files is no limit of ours."""
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        collector = self.start(CHAIN, settings="workers = 8;",
                               listen=", ".join('{ address = "127.0.0.1"; port = 0; }' for _ in range(40)))
        wait_until(lambda: len(collector.ports()) == 40, "all of them listen")
        collector.stop()


if __name__ == "__main__":
    if os.environ.get("MUSTER_TEST_NAMESPACE") is None:
        able = shutil.which("ip") is not None and subprocess.run(
            ["unshare", "-rn", "sh", "-c", "ip link add v0 type veth peer name v1 && unshare -n true"],
            capture_output=True, check=False).returncode == 0
        if not able:
            print("no ip(8), or network namespaces cannot be made here")
            print("0 passed, 0 failed, 18 skipped")
            sys.exit(77)
        os.environ["MUSTER_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])
    ip("link", "set", "lo", "up")
    main()
