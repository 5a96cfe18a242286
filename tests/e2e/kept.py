# SPDX-License-Identifier: MIT
"""A collector that keeps its state and comes back to its port, a thousand devices that send to it, and what its files
say of them, run by run."""
import os
import random
import socket
import time

from muster import Case, wait_until
from oracle import Device, Oracle, wire

DEVICES, FAST, WINDOW = 1000, 5, 64  # every tenth device sends so many times as often
RATE, BURST = 6000, 24               # datagrams a second, and between two looks at the clock
WAITING = 65536                      # bytes in the collector's socket that are no danger yet
SEED = int(os.environ.get("SEED", "1"))
CHAIN = f"""  {{ plugin = "sequence"; window = {WINDOW}; }},
  {{ plugin = "csv"; name = "messages"; path = "telemetry.csv";
    columns = ["device_id", "seq_num", "timestamp", "msg_type", "value", "duplicate_flag", "arrival_time", "verdict",
               "gap"]; }},
  {{ plugin = "csv"; name = "gaps"; records = "gaps"; path = "gaps.csv"; }},
  {{ plugin = "stats"; interval = "1h"; file = "stats.json"; }}"""
GAP = "device_id first last outcome cause opened closed".split()


def free_port(address):
    """One that no socket without a port of its own can get while the collector is away."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        least = int(file.read().split()[0])
    for port in random.SystemRandom().sample(range(1024, least), 50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            try:
                trial.bind((address, port))
                return port
            except OSError:
                pass
    raise AssertionError("there is no free port")


def copy_sparsely(source, target):
    """A state is many pages of zeros."""
    with open(source, "rb") as old, open(target, "wb") as new:
        while page := old.read(4096):
            if page.strip(b"\0"):
                new.write(page)
            else:
                new.seek(len(page), os.SEEK_CUR)
        new.truncate()


class Run:
    """One run of the daemon.  Places are in the list of all that was sent."""

    def __init__(self, up):
        self.up = up       # here it was seen to listen
        self.rush = None   # here all that had been sent was written, and what it was killed in began
        self.end = None    # here it was killed or told to stop
        self.sizes = None  # of the files then
        self.state = None  # the state then, a copy
        self.counters = None


class Kept(Case):
    """A collector with a state, and a port to come back to."""

    def setUp(self):
        super().setUp()
        pid = os.getpid()
        self.address = f"127.{pid >> 16 & 127 | 128}.{pid >> 8 & 255}.{pid & 255 or 1}"
        self.port = free_port(self.address)
        self.target = self.address, self.port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.dice = random.Random(SEED)
        os.mkdir(self.path("state"))
        self.catalogue, self.log, self.times, self.runs = [], [], [], []
        self.devices = [Device(device, SEED, self.catalogue) for device in range(1, DEVICES + 1)]
        self.slots = [device for device in self.devices for _ in range(FAST if device.device % 10 == 0 else 1)]
        self.collector, self.due, self.oracle = None, time.monotonic(), Oracle(WINDOW)
        self.arrivals = {}  # of what is in the file, by place

    def begin(self, chain=CHAIN, settings="", **options):
        return self.start(chain, settings=f'state_dir = "state"; receive_buffer = "1MiB";\n{settings}',
                          listen=f'{{ address = "{self.address}"; port = {self.port}; }}', **options)

    # ---- sending ----

    def waiting(self):
        """Bytes in the collector's fullest socket."""
        place = f"{int.from_bytes(socket.inet_aton(self.address), 'little'):08X}:{self.port:04X}"
        with open("/proc/net/udp", encoding="ascii") as file:
            return max((int(line.split()[4].split(":")[1], 16) for line in file if line.split()[1] == place), default=0)

    def send(self, message, paced=True):
        if paced and len(self.log) % BURST == 0:
            self.due = max(self.due + BURST / RATE, time.monotonic() - 0.02)
            time.sleep(max(0, self.due - time.monotonic()))
            wait_until(lambda: self.waiting() < WAITING, "the collector takes what came")
        self.times.append(time.time())
        self.socket.sendto(wire(message), self.target)
        self.log.append(message.serial)

    def send_all(self, messages):
        for message in messages:
            self.send(message)

    def round(self):
        """Every device sends, and the fast ones several times; in an order by chance."""
        self.dice.shuffle(self.slots)
        for device in self.slots:
            yield from device.step()

    def restart(self, devices):
        for device in devices:
            self.send_all(device.init(lossless=True))

    # ---- what a run left ----

    def size(self, name):
        """Bytes up to the end of the last whole row."""
        if not os.path.exists(self.path(name)):
            return 0
        return self.read(name, "rb").rfind(b"\n") + 1

    def sizes(self):
        return {name: self.size(name) for name in ("telemetry.csv", "gaps.csv")}

    def added(self, name, run):
        """The rows that a run wrote; of gaps, those that tell an end."""
        content = self.read(name, "rb")
        columns = content[:content.find(b"\n")].decode().split(",")
        before = self.runs[self.runs.index(run) - 1].sizes[name] if self.runs[0] is not run else 0
        lines = content[before or content.find(b"\n") + 1:run.sizes[name]].decode().splitlines()
        rows = [dict(zip(columns, line.split(","))) for line in lines]
        return [row for row in rows if row.get("outcome") != "open"]

    def counters(self, name="stats.json"):
        metrics = self.stats(name)["metrics"]
        return {name: metrics[f"sequence.{name}"] for name in (*self.oracle.counts, "open")}

    def expect_counters(self, found):
        self.assertEqual(found, {**self.oracle.counts, "open": self.oracle.open()})
        self.assertEqual(found["missing"], found["recovered"] + found["lost"] + found["open"])

    def expect_row(self, row, place, verdict):
        message = self.catalogue[self.log[place]]
        expected = (message.device, message.number, message.timestamp, message.kind, message.serial,
                    int(verdict[0] == "duplicate"), verdict[0], verdict[1])
        found = tuple(int(row[name]) for name in "device_id seq_num timestamp msg_type value duplicate_flag".split())
        self.assertEqual((*found, row["verdict"], int(row["gap"])), expected)
        self.arrivals[place] = row["arrival_time"]

    def expect_gap(self, row, told):
        *expected, opened, closed = told
        self.assertEqual([row[name] for name in GAP[:5]], [str(value) for value in expected],
                         f"opened by datagram {opened} at {self.times[opened]}, closed by {closed}")
        self.assertEqual(row["opened"], self.arrivals.get(opened, row["opened"]))
        self.assertEqual(row["closed"], self.arrivals.get(closed, row["closed"]))
        self.assertEqual(int(row["count"]), int(row["last"]) - int(row["first"]) + 1)
