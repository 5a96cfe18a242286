# SPDX-License-Identifier: MIT
"""What the benchmarks measure with: receivers and senders on a CPU each, CPU time, drops, settling."""
import ctypes
import datetime
import glob
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("top_builddir", os.path.join(os.getcwd(), "build"))
SOURCE = os.environ.get("top_srcdir", os.getcwd())
PLUGINS = os.path.join(BUILD, "plugins", ".libs")
RECEIVE_BUFFER = 64 << 20
CHAIN = ('{ plugin = "sequence"; },\n  { plugin = "csv"; path = "telemetry.csv"; },\n'
         '  { plugin = "stats"; file = "stats.json"; interval = "1s"; print = false; }')
PATIENCE = 120  # seconds
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """A benchmark that could not be run; the text says why."""


def program(*path):
    found = os.path.join(BUILD, *path)
    if not os.path.exists(found):
        raise Failure(f'there is no "{found}"; run this with make bench')
    return found


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > end:
            raise Failure(f"waited {PATIENCE} s in vain: {what}")
        time.sleep(0.01)
    return result


# ---- /proc ---------------------------------------------------------------------------------


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def cpu_ns(pid):
    """User and system time of all threads that live."""
    try:
        return sum(int(read(path).split()[0]) for path in glob.glob(f"/proc/{pid}/task/*/schedstat"))
    except (OSError, IndexError, ValueError):
        fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 10**9 // os.sysconf("SC_CLK_TCK")


def status(pid, name):
    """A figure of /proc/PID/status."""
    return int(re.search(rf"^{name}:\s+(\d+)", read(f"/proc/{pid}/status"), re.M).group(1))


def wake_ups(pid):
    """How often each thread has waited for something, by its name and id."""
    found = {}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        text = read(f"{task}/status")
        name = re.search(r"^Name:\s+(.*)", text).group(1)
        found[name, task] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M).group(1))
    return found


def udp_socket(port):
    """Bytes that wait, and datagrams dropped, of all sockets that are bound to that port."""
    waiting = drops = 0
    for path in ("/proc/net/udp", "/proc/net/udp6"):
        for line in read(path).splitlines()[1:] if os.path.exists(path) else ():
            fields = line.split()
            if int(fields[1].rsplit(":", 1)[1], 16) == port:
                waiting += int(fields[4].split(":")[1], 16)
                drops += int(fields[12])
    return waiting, drops


# ---- The machine ---------------------------------------------------------------------------


def cpus():
    """The sender's CPUs and the receiver's."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[:1], usable[1:2] or usable[:1], usable[1:] or usable[:1]


SENDER, RECEIVER, RECEIVERS = cpus()


def describe(directory):
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    commit = subprocess.run(["git", "-C", SOURCE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False) if shutil.which("git") else None
    commit = commit.stdout.strip() if commit and commit.returncode == 0 else ""
    if commit:
        changed = subprocess.run(["git", "-C", SOURCE, "status", "--porcelain", "--untracked-files=no"],
                                 capture_output=True, text=True, check=False).stdout.strip()
        commit = f"commit {commit}" + (" with changes" if changed else "")
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    mounted = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True,
                             check=False).stdout.strip()
    count = len(os.sched_getaffinity(0))
    parts = [day, f"{count} CPU{'s' if count > 1 else ''}, {model.group(1) if model else os.uname().machine}",
             f"Linux {os.uname().release}", commit or "no commit known", f"output on {mounted} ({directory})"]
    return "; ".join(parts)


# ---- Processes -----------------------------------------------------------------------------


class Lab:
    """A folder and the processes of one run; both end with it."""

    def __init__(self, directory=None, need=2 << 30):
        if directory is None:
            directory = "/dev/shm" if self.has_room("/dev/shm", need) else tempfile.gettempdir()
        self.directory = directory
        self.folder = tempfile.mkdtemp(prefix="muster-bench-", dir=directory)
        self.running = []
        self.names = 0

    @staticmethod
    def has_room(directory, need):
        """Whether it is a tmpfs that can take as much, with memory to spare."""
        if not os.path.ismount(directory) or not os.access(directory, os.W_OK):
            return False
        about = os.statvfs(directory)
        available = int(re.search(r"MemAvailable:\s+(\d+)", read("/proc/meminfo")).group(1)) << 10
        return about.f_bavail * about.f_frsize > need and available > 2 * need

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def new_folder(self):
        self.names += 1
        path = self.path(f"run{self.names}")
        os.mkdir(path)
        return path

    def spawn(self, command, on, cwd=None, environment=None, stdout=None, stderr=None):
        """Starts a process on these CPUs, that does not outlive the benchmark."""
        libc = ctypes.CDLL(None)

        def prepare():
            os.sched_setaffinity(0, on)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            command, cwd=cwd or self.folder, stdin=subprocess.DEVNULL, stdout=stdout or subprocess.DEVNULL,
            stderr=stderr or subprocess.DEVNULL, env=environment, preexec_fn=prepare)
        self.running.append(process)
        return process

    def run(self, command, on, cwd=None):
        """Runs a program to its end, and returns what it printed."""
        process = self.spawn(command, on, cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, error = process.communicate()
        self.running.remove(process)
        if process.returncode != 0:
            raise Failure(f"{os.path.basename(command[0])} ended with {process.returncode}: {error.decode().strip()}")
        return out.decode()

    # -- loads: each returns how many datagrams were sent, and in how many seconds

    def fleet(self, port, *arguments):
        report = self.path("fleet.json")
        self.run([program("muster-fleet"), "--target", f"127.0.0.1:{port}", "--report", report, "--quiet",
                  *(str(a) for a in arguments)], SENDER)
        figures = json.loads(read(report))
        return figures["sent"], figures["seconds"]

    def flood(self, port, *arguments):
        figures = json.loads(self.run([program("bench", "flood"), "--port", str(port), *(str(a) for a in arguments)],
                                      SENDER))
        return figures["sent"], figures["seconds"]


class Receiver:
    """A program that receives on `port`; those below say how it is started."""

    name = "?"
    output = None  # the file that it writes, if it is one

    def __init__(self, lab, on=None):
        self.lab = lab
        self.on = on or RECEIVER
        self.folder = lab.new_folder()
        self.log_path = os.path.join(self.folder, "log")
        self.port = 0
        self.process = None

    def spawn(self, command, **options):
        with open(self.log_path, "ab") as log:
            options.setdefault("stdout", log)
            self.process = self.lab.spawn(command, self.on, self.folder, stderr=log, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def log(self):
        return read(self.log_path)

    def wait_for_port(self, pattern):
        """The port that the program says it listens on."""
        found = wait_until(lambda: re.search(pattern, self.log()) or self.process.poll() is not None,
                           f"{self.name} listens")
        if found is True:
            raise Failure(f"{self.name} did not start:\n{self.log()}")
        self.port = int(found.group(1))

    def cpu(self):
        return cpu_ns(self.process.pid)

    def settle(self):
        """Waits until all that was sent is received and written: nothing moves any more."""
        before, still, end = None, 0, time.monotonic() + PATIENCE
        while still < 3:
            if time.monotonic() > end:
                raise Failure(f"{self.name} does not come to rest")
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended:\n{self.log()}")
            size = os.path.getsize(self.output) if self.output and os.path.exists(self.output) else 0
            now = self.cpu(), size, udp_socket(self.port)[0]
            # A program at rest may still look at its clocks.
            quiet = before and now[1:] == before[1:] and now[2] == 0 and now[0] - before[0] < 1000000
            still = still + 1 if quiet else 0
            before = now
            time.sleep(0.06)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{self.name} does not stop") from error
        self.lab.running.remove(self.process)

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def measure(self, load, warm):
        """Plays `warm` and then `load`, and returns what the second took."""
        warm(self.port)
        self.settle()
        cpu, drops = self.cpu(), udp_socket(self.port)[1]
        sent, seconds = load(self.port)
        self.settle()
        lost = udp_socket(self.port)[1] - drops
        return Run(self.cpu() - cpu, sent, lost, seconds)


class Run:
    """One measurement."""

    def __init__(self, cpu, sent, lost, seconds):
        self.cpu, self.sent, self.lost = cpu, sent, lost
        self.received = sent - lost
        self.rate = sent / seconds
        self.each_us = cpu / max(self.received, 1) / 1000


class Floor(Receiver):
    """The bare receive loop."""

    name = "floor"

    def __init__(self, lab, on=None):
        super().__init__(lab, on)
        self.spawn([program("bench", "floor"), str(RECEIVE_BUFFER)])
        self.wait_for_port(r'"port": (\d+)')
        self.receive_buffer = int(re.search(r'"receive_buffer": (\d+)', self.log()).group(1))

    def stop(self):
        super().stop()
        figures = json.loads(self.log().splitlines()[-1])
        return figures["received"], figures["kernel_drops"]


class Muster(Receiver):
    """musterd with the chain sequence, csv, stats."""

    name = "musterd"

    def __init__(self, lab, on=None, settings="", chain=CHAIN):
        super().__init__(lab, on)
        self.output = self.path("telemetry.csv")
        with open(self.path("collector.conf"), "w", encoding="utf-8") as out:
            out.write(f'listen = ( {{ address = "127.0.0.1"; port = 0; }} );\nreceive_buffer = {RECEIVE_BUFFER};\n'
                      f"{settings}\nchain = (\n  {chain}\n);\n")
        self.spawn([program("musterd"), "-c", "collector.conf", "--plugin-path", os.path.abspath(PLUGINS)])
        self.wait_for_port(r"listening on \S+:(\d+)\n")

    def stop(self):
        super().stop()
        log = self.log()
        if self.process.returncode != 0 or "exact: every sum agrees" not in log:
            raise Failure(f"musterd ended with {self.process.returncode}:\n{log}")
        received = int(re.search(r"datagrams: received (\d+)", log).group(1))
        drops = int(re.search(r"dropped by the kernel (\d+)", log).group(1))
        return received, drops

    def sink_drops(self):
        """Records that found a queue full, after the stop."""
        return sum(int(n) for n in re.findall(r" = written \d+ \+ held \d+ \+ queued \d+ \+ dropped (\d+)", self.log()))


# ---- Figures -------------------------------------------------------------------------------


def median(values):
    return statistics.median(values)


def ratio_text(upper, lower):
    """The ratio of the medians, and the least and largest ratio of a round."""
    each = [u / l for u, l in zip(upper, lower)]
    return median(upper) / median(lower), f"{min(each):.2f}–{max(each):.2f}"


def verdict(met):
    return "met" if met else "not met"


def say(text):
    print(text, file=sys.stderr, flush=True)
