# SPDX-License-Identifier: MIT
"""musterd beside other collectors: the same readings, from the same sender, in the format that each reads."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys

from lab import (PATIENCE, RECEIVE_BUFFER, SOURCE, Failure, Floor, Muster, Receiver, median, ratio_text, say,
                 verdict, wait_until)

HEADER = ("| load | program | CPU a record | musterd's part of it | of the rounds | written of those sent | "
          "target | |\n|---|---|---|---|---|---|---|---|")
ROUNDS = 5


def free_port():
    """A port that nobody has now; for programs that cannot pick one themselves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def count_lines(path):
    lines = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            lines += piece.count(b"\n")
    return lines


class MusterPeer(Muster):
    """Our own, with the default chain less log."""

    format, package, program, writes = "muster", None, None, True

    def written(self):
        return count_lines(self.output) - 1


class FloorPeer(Floor):
    """What no program that receives in this way can be cheaper than; it writes nothing."""

    name, format, package, program = "the floor, which only receives", "muster", None, None

    writes = False

    def written(self):
        return None


class Peer(Receiver):
    """Another program; `program` is looked for in the path, and `package` is where Debian has it."""

    format = program = package = hint = None
    writes = True

    def __init__(self, lab):
        super().__init__(lab)
        self.port = free_port()
        self.launch()
        wait_until(lambda: self.process.poll() is not None or self.is_bound(), f"{self.name} listens")
        if self.process.poll() is not None:
            raise Failure(f"{self.name} did not start:\n{self.log()}")

    @classmethod
    def find(cls):
        more = ["/usr/sbin", "/usr/local/sbin", "/opt/fluent-bit/bin"]
        return shutil.which(cls.program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *more]))

    def launch(self):
        raise NotImplementedError

    def is_bound(self):
        with open("/proc/net/udp", encoding="ascii") as file:
            return f":{self.port:04X} " in file.read()

    def prefix(self, *path):
        """Beside the program, if it is not installed in the usual place."""
        return os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(self.find()))), *path)

    def configure(self, text):
        with open(self.path("conf"), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path("conf")

    def written(self):
        """Records in the output; None if that cannot be told."""
        return count_lines(self.output)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.lab.running.remove(self.process)


class Rsyslog(Peer):
    """imudp to omfile, with a template that makes a row of CSV; all else as it comes."""

    name, program, package, format = "rsyslog", "rsyslogd", "rsyslog", "syslog"

    def launch(self):
        self.output = self.path("rows.csv")
        conf = self.configure(f"""module(load="imudp")
template(name="row" type="list") {{
  property(name="hostname") constant(value=",") property(name="procid") constant(value=",")
  property(name="timestamp" dateFormat="unixtimestamp") constant(value=",")
  property(name="msgid") constant(value=",") property(name="msg") constant(value=",")
  property(name="timegenerated" dateFormat="unixtimestamp") constant(value=".")
  property(name="timegenerated" dateFormat="subseconds") constant(value="\\n")
}}
input(type="imudp" address="127.0.0.1" port="{self.port}" rcvbufSize="{RECEIVE_BUFFER >> 20}m")
action(type="omfile" file="{self.output}" template="row")
""")
        environment = dict(os.environ)
        modules = glob.glob(self.prefix("lib", "*", "rsyslog"))
        if modules:
            environment["RSYSLOG_MODDIR"] = modules[0] + "/"
        self.spawn([self.find(), "-n", "-f", conf, "-i", self.path("pid")], environment=environment)


class Nfcapd(Peer):
    """NetFlow version 5, one flow a datagram, to its binary file."""

    name, program, package, format = "nfcapd", "nfcapd", "nfdump", "netflow"

    def launch(self):
        os.mkdir(self.path("flows"))
        self.spawn([self.find(), "-p", str(self.port), "-b", "127.0.0.1", "-l", self.path("flows"), "-t", "3600",
                    "-B", str(RECEIVE_BUFFER), "-P", self.path("pid")])

    def written(self):
        return None


class FluentBit(Peer):
    """in_udp to out_file, the datagram's text as it is."""

    name, program, package, format = "fluent-bit", "fluent-bit", None, "line"
    hint = "fluent-bit is not in Debian 12; see https://docs.fluentbit.io/manual/installation/linux/debian"

    def launch(self):
        self.output = self.path("rows.csv")
        self.spawn([self.find(), "-q", "-f", "1", "-i", "udp", "-p", "listen=127.0.0.1", "-p", f"port={self.port}",
                    "-p", "format=none", "-o", "file", "-p", f"path={self.folder}", "-p", "file=rows.csv",
                    "-p", "format=plain", "-m", "*"])


class Collectd(Peer):
    """The plugin network to the plugin csv, which has a file for each device and day."""

    name, program, package, format = "collectd", "collectd", "collectd-core", "collectd"

    def launch(self):
        plugins, types = self.prefix("lib", "collectd"), self.prefix("share", "collectd", "types.db")
        lines = [f'PluginDir "{plugins}"' if os.path.isdir(plugins) else "",
                 f'TypesDB "{types}"' if os.path.exists(types) else ""]
        conf = self.configure("\n".join(lines) + f"""
BaseDir "{self.folder}"
PIDFile "{self.path("pid")}"
LoadPlugin network
LoadPlugin csv
<Plugin network>
  Listen "127.0.0.1" "{self.port}"
</Plugin>
<Plugin csv>
  DataDir "{self.path("data")}"
</Plugin>
""")
        self.spawn([self.find(), "-f", "-C", conf])

    def written(self):
        return sum(count_lines(path) - 1 for path in glob.glob(self.path("data") + "/d*/*/*"))


class Python(Peer):
    """The plain server in Python's standard library."""

    name, program, package, format = "the Python server", sys.executable, None, "muster"

    def launch(self):
        self.output = self.path("rows.csv")
        self.spawn([sys.executable, os.path.join(SOURCE, "bench", "reference_server.py"), self.output,
                    str(RECEIVE_BUFFER)])
        self.wait_for_port(r"(\d+)\n")

    def written(self):
        return count_lines(self.output) - 1


PEERS = {"rsyslog": Rsyslog, "nfcapd": Nfcapd, "fluent-bit": FluentBit, "collectd": Collectd, "python": Python}
TARGETS = {Rsyslog: 0.5, Python: 0.1}


def one_run(lab, kind, arguments):
    """CPU time a record that was written, and the share of the records sent that was."""
    receiver = kind(lab)
    run = receiver.measure(lambda port: lab.flood(port, "--format", kind.format, *arguments),
                           lambda port: lab.flood(port, "--format", kind.format, "--count", 1000))
    rows = receiver.written()
    written = run.received if rows is None else rows - 1000
    receiver.stop()
    receiver.clean()
    if written <= 0:
        raise Failure(f"{kind.name} wrote nothing of {run.received} datagrams")
    return run.each_us * run.received / written, written, run.sent, run.rate


def compare(lab, table, full, names):
    present, arguments = [MusterPeer, FloorPeer], ("--devices", 1000, "--seconds", 3 if full else 1)
    for name in names:
        if PEERS[name].find():
            present.append(PEERS[name])
        else:
            table.note(f"{name}: not installed; " +
                       (PEERS[name].hint or f"apt-get install --no-install-recommends {PEERS[name].package}"))
    loads = (("plain", ("--rate", 50000)), ("plain, flat out", ()), ("fed", ("--segments", 64, "--rate", 1000000)))
    for what, more in loads:
        say(f"{what}: {ROUNDS} rounds of {', '.join(kind.name for kind in present)}")
        runs = {kind: [] for kind in present}
        for _ in range(ROUNDS):
            for kind, done in runs.items():
                done.append(one_run(lab, kind, arguments + more))
        ours = [run[0] for run in runs[MusterPeer]]
        rate = median([run[3] for done in runs.values() for run in done])
        for kind, done in runs.items():
            each = [run[0] for run in done]
            share = sum(run[1] for run in done) / sum(run[2] for run in done)
            cells = [f"{what}, {rate / 1000:,.0f} k/s", kind.name, f"{median(each):.2f} µs"]
            if kind is MusterPeer:
                cells += ["", ""]
            else:
                ratio, spread = ratio_text(ours, each)
                cells += [f"{ratio:.2f}", spread]
            target = TARGETS.get(kind)
            cells.append(f"{share:.1%}" if kind.writes else "")
            cells += [f"≤ {target}", verdict(ratio <= target)] if target else ["", ""]
            table.add(*cells)
