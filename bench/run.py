#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks of musterd, each beside its floor in the same run; README.md says how and why.

Prints a table to standard output, and what is going on to standard error.
"""
import argparse
import csv
import json
import os
import random
import signal
import socket
import struct
import sys
import time

import lab as lab_module
from lab import (Failure, Floor, Lab, Muster, median, program, ratio_text, read, say, status, udp_socket, verdict,
                 wake_ups)
import peers

HEADER = "| what | floor | musterd | ratio | of the rounds | target | |\n|---|---|---|---|---|---|---|"
ROUNDS = 5


class Table:
    """Rows as they come."""

    def __init__(self):
        self.rows, self.notes = [], []

    def add(self, *cells):
        self.rows.append("| " + " | ".join(str(c) for c in cells) + " |")
        say("  " + " | ".join(str(c) for c in cells if c))

    def note(self, text):
        self.notes.append(text)
        say("  " + text)


# ---- live load -----------------------------------------------------------------------------


def check_sums(receiver, warm, run):
    """The receiver's own account of both loads must agree with ours."""
    received, drops = receiver.stop()
    if received + drops != warm + run.sent:
        raise Failure(f"{receiver.name} received {received} and lost {drops} of {warm + run.sent} datagrams")


def one_run(lab, kind, arguments):
    receiver = kind(lab)
    warm = []
    run = receiver.measure(lambda port: lab.fleet(port, *arguments),
                           lambda port: warm.append(lab.fleet(port, "--devices", 1000, "--rate", 20000, "--seconds",
                                                              0.2)[0]))
    check_sums(receiver, warm[0], run)
    run.sink_lost = receiver.sink_drops() if kind is Muster else 0
    receiver.clean()
    return run


def live(lab, table, what, arguments, target):
    """CPU time a datagram, floor and musterd in turn; returns the runs of both."""
    say(f"{what}: {ROUNDS} rounds")
    runs = {Floor: [], Muster: []}
    for _ in range(ROUNDS):
        for kind, done in runs.items():
            done.append(one_run(lab, kind, arguments))
    floor, muster = ([run.each_us for run in runs[kind]] for kind in (Floor, Muster))
    ratio, spread = ratio_text(muster, floor)
    rate = median([run.rate for run in runs[Floor] + runs[Muster]])
    # Work that a full queue spared must not count for speed.
    dropped = sum(run.sink_lost for run in runs[Muster]) / sum(run.received for run in runs[Muster])
    table.add(f"{what}, {rate / 1000:,.0f} k/s", f"{median(floor):.2f} µs", f"{median(muster):.2f} µs",
              f"{ratio:.2f}", spread, f"≤ {target}",
              f"not judged: a sink dropped {dropped:.1%}" if dropped > 0.001 else verdict(ratio <= target))
    return runs[Floor], runs[Muster]


def fed(lab, table, full):
    del full
    floor, muster = live(lab, table, "fed, CPU a datagram",
                         ("--devices", 1000, "--rate", 1000000, "--segment", "--seconds", 3), 1.15)
    lost = [sum(run.lost for run in runs) for runs in (floor, muster)]
    sinks = sum(run.sink_lost for run in muster)
    table.add("fed, lost", f"{lost[0]} of {sum(run.sent for run in floor):,}",
              f"{lost[1]} by the kernel, {sinks} by a sink, of {sum(run.sent for run in muster):,}", "", "",
              "none where the floor has none",
              "not shown: the floor has some" if lost[0] else verdict(lost[1] + sinks == 0))


def plain(lab, table, full):
    rates = (20000, 100000, "max") if full else (20000, "max")
    for rate in rates:
        what = "plain, flat out, CPU a datagram" if rate == "max" else "plain, CPU a datagram"
        live(lab, table, what, ("--devices", 1000, "--rate", rate, "--seconds", 4 if full else 2), 1.25)


def latency(lab, table, full):
    """From before a datagram is sent to its row being read from the file."""
    del full
    say("rows on a quiet line: 1,000")
    receiver = Muster(lab)
    rng = random.Random(4)
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, open(receiver.output, "rb", buffering=0) as rows:
        sender.connect(("127.0.0.1", receiver.port))
        rows.seek(0, os.SEEK_END)
        for seq in range(1, 1001):
            time.sleep(rng.uniform(0.005, 0.015))
            one = struct.pack("!HIIBB", seq % 10, seq // 10 + 1, int(time.time()), 1, 1) + b"26.6"
            begin = time.perf_counter()
            sender.send(one)
            row = b""
            while not row.endswith(b"\n"):  # at the end of a page a reader may see half of one
                row += rows.read()
                if time.perf_counter() - begin > 10:
                    raise Failure("a row did not come within 10 s")
            times.append(time.perf_counter() - begin)
    receiver.stop()
    receiver.clean()
    times.sort()
    p50, p99 = times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
    table.add("quiet line, from sendto(2) to the row in the file", "", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "", "",
              "p99 ≤ 5 ms", verdict(p99 <= 5))


def idle(lab, table, full):
    del full
    say("idle: 5 s")
    receiver = Muster(lab)
    time.sleep(1)
    before = sum(wake_ups(receiver.process.pid).values())
    time.sleep(5)
    each = (sum(wake_ups(receiver.process.pid).values()) - before) / 5
    receiver.stop()
    receiver.clean()
    table.add("idle, wake-ups a second of all threads", "", f"{each:.1f}", "", "", "≤ 20", verdict(each <= 20))


# ---- replay --------------------------------------------------------------------------------


def run_replay(lab, capture, chain, settings):
    """Records a second of CPU time; user, system, all threads, start and end included."""
    folder = lab.new_folder()
    conf = os.path.join(folder, "collector.conf")
    with open(conf, "w", encoding="utf-8") as out:
        out.write(f"listen = ( {{ port = 8888; }} );\n{settings}\nchain = (\n{chain}\n);\n")
    log_path = os.path.join(folder, "log")
    with open(log_path, "wb") as log:
        process = lab.spawn([program("musterd"), "-c", conf, "--plugin-path", os.path.abspath(lab_module.PLUGINS),
                             "--replay", capture], lab_module.RECEIVER, folder, stderr=log)
        _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    lab.running.remove(process)
    if process.returncode != 0:
        raise Failure(f"the replay ended with {process.returncode}:\n{read(log_path)}")
    return folder, usage.ru_utime + usage.ru_stime


def replay(lab, table, full):
    count = 10000000 if full else 2000000
    u16 = 'catalog = "devices.yaml";'
    cases = (
        ("replay, a text each", count, 0, 1000, "text", "", 8 / 12),
        ("replay, 30 readings each", count // 10, 30, 1000, "u16", u16, 0.7),
        ("replay, a text each, at the devices' own pace", count // 10, 0, 6000000, "text", "", None),
    )
    for what, datagrams, readings, interval, kind, settings, target in cases:
        say(f"{what}: {datagrams:,} datagrams, {ROUNDS} rounds")
        capture = lab.path("fleet.pcap")
        lab.run([program("bench", "capture"), capture, str(datagrams), "1000", str(readings), str(interval), "8888"],
                lab_module.SENDER)
        catalog = lab.path("devices.yaml")
        with open(catalog, "w", encoding="utf-8") as out:
            out.write("classes:\n  meter: { payload: u16 }\ndefault: meter\n")
        floor, muster = [], []
        rows_path = lab.path("memory.csv")
        for i in range(ROUNDS + 1):
            figures = json.loads(lab.run([program("bench", "memory"), capture, rows_path, kind], lab_module.RECEIVER))
            if i > 0:
                # What is deleted leaves its memory to the next run.  Memory that was not in use
                # before costs a virtual machine 50 ns a row, and only one of the two would pay it.
                os.unlink(rows_path)
            folder, cpu = run_replay(lab, capture, '{ plugin = "sequence"; }, { plugin = "csv"; path = "rows.csv"; }',
                                     settings.replace("devices.yaml", catalog))
            if i == 0:
                compare_rows(rows_path, os.path.join(folder, "rows.csv"))
                os.unlink(rows_path)
            else:
                floor.append(figures["rows"] / figures["cpu_seconds"] / 1e6)
                muster.append(figures["rows"] / cpu / 1e6)
            os.unlink(os.path.join(folder, "rows.csv"))
        ratio, spread = ratio_text(muster, floor)
        table.add(f"{what}, {figures['rows'] / 1e6:g} M rows", f"{median(floor):.1f} M rows/s",
                  f"{median(muster):.1f} M rows/s", f"{ratio:.2f}", spread,
                  f"≥ {target:.2f}" if target else "", verdict(ratio >= target) if target else "")
        os.unlink(capture)


def compare_rows(floor, muster):
    """Both must have written the same; musterd has a header in front."""
    with open(floor, "rb") as ours, open(muster, "rb") as theirs:
        theirs.readline()
        while (piece := ours.read(1 << 20)) == theirs.read(1 << 20):
            if not piece:
                return
    raise Failure("the replay's rows differ from those of the floor")


# ---- memory --------------------------------------------------------------------------------


def resident(lab, devices, count, pace):
    """Resident size after each quarter of the datagrams, and the most that it was."""
    receiver = Muster(lab)
    after, sent = [], 0
    for _ in range(4):
        sent += lab.fleet(receiver.port, "--devices", devices, *pace, "--count", count // 4)[0]
        receiver.settle()
        after.append(status(receiver.process.pid, "VmRSS") / 1024)
    most = status(receiver.process.pid, "VmHWM") / 1024
    count = sent - udp_socket(receiver.port)[1]
    heard = lab_module.wait_until(lambda: wait_for_records(receiver, count), "stats")["devices"]
    receiver.stop()
    receiver.clean()
    return after, most, sent, heard


def memory(lab, table, full):
    segments = ("--rate", 1000000, "--segment")
    cases = ((1000, 8000000 if full else 2000000, segments), (2, 2000000, segments),
             (65536, 65536 * (200 if full else 40), ("--rate", "max")))
    for devices, count, pace in cases:
        say(f"memory: {devices:,} devices, {count:,} datagrams")
        after, most, sent, heard = resident(lab, devices, count, pace)
        table.add(f"memory, {heard:,} devices, {sent / devices:,.0f} datagrams each", "",
                  f"{most:.1f} MiB at most; after each quarter {', '.join(f'{size:.1f}' for size in after)}", "", "",
                  "≤ 64 MiB", verdict(most <= 64))


# ---- scale ---------------------------------------------------------------------------------


def check_order(path):
    """Each device's numbers rise in the file; returns rows, devices, and numbers that are missing."""
    last, missing, rows = {}, 0, 0
    with open(path, encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        next(table)
        for row in table:
            device, seq = row[0], int(row[1])
            before = last.get(device, 0)
            if seq <= before:
                raise Failure(f"device {device}: number {seq} behind {before}")
            missing += seq - before - 1
            last[device] = seq
            rows += 1
    return rows, len(last), missing


def scale_run(lab, workers, sockets, look):
    receiver = Muster(lab, lab_module.RECEIVERS, f"workers = {workers};")
    # Less than what overloads it: a dropped record costs nothing.
    run = receiver.measure(lambda port: lab.flood(port, "--devices", 65536, "--sockets", sockets, "--segments", 16,
                                                  "--rate", 400000, "--count", 65536 * 32), lambda port: None)
    figures = lab_module.wait_until(lambda: wait_for_records(receiver, run.received), "stats")
    check_sums(receiver, 0, run)
    lost = run.lost + receiver.sink_drops()
    count = {name: figures["metrics"][f"sequence.{name}"]
             for name in ("first", "late", "duplicates", "restarts", "outliers", "gaps")}
    begun, gaps = count.pop("first"), count.pop("gaps")
    if sum(count.values()) > 0 or gaps > run.lost or begun > 65536 or (run.lost == 0 and begun < 65536):
        raise Failure(f"{workers} workers: {begun} devices began, {gaps} gaps, {count}")
    if look:
        rows, devices, missing = check_order(receiver.output)
        if rows + lost < run.sent or missing > lost or (lost == 0 and devices != 65536):
            raise Failure(f"{rows} rows of {devices} devices, {missing} numbers missing, {lost} lost")
    receiver.clean()
    run.sink_lost = lost - run.lost
    return run


def check_steering(lab, workers, sockets):
    """Devices with the same id modulo workers must all be on one worker: the others sleep on."""
    receiver = Muster(lab, lab_module.RECEIVERS, f"workers = {workers};")
    seen = set()
    # Until it knows the senders, one worker receives for all.
    lab.flood(receiver.port, "--devices", 65536, "--sockets", sockets, "--rate", 40000, "--seconds", 0.2)
    receiver.settle()
    for first in range(workers):
        before = wake_ups(receiver.process.pid)
        lab.flood(receiver.port, "--devices", 65536 // workers, "--first", first, "--step", workers,
                  "--sockets", sockets, "--rate", 40000, "--seconds", 0.5)
        receiver.settle()
        after = wake_ups(receiver.process.pid)
        each = sorted((count - before[thread], thread[0]) for thread, count in after.items()
                      if thread[0].startswith("worker-"))
        # Those that sleep look at their clocks once or twice a second.
        if len(each) != workers or each[-1][0] < 100 or (workers > 1 and each[-2][0] > 20):
            raise Failure(f"{workers} workers, {sockets} sockets: the devices {first} modulo {workers} are not on one "
                          f"worker; wake-ups: {each}")
        seen.add(each[-1][1])
    if len(seen) != workers:
        raise Failure(f"{workers} workers: only {sorted(seen)} work")
    receiver.stop()
    receiver.clean()


def wait_for_records(receiver, count):
    """The figures, once they are of all records."""
    figures = json.loads(read(receiver.path("stats.json")))
    return figures if figures["packets_received"] >= count else None


def scale(lab, table, full):
    if not full:
        return
    enough = len(lab_module.RECEIVERS) >= 4
    for sockets in (1, 64):
        say(f"scale: 65,536 devices, {sockets} sending socket(s), {ROUNDS} rounds of 1, 2 and 4 workers")
        runs, dropped = {1: [], 2: [], 4: []}, 0
        for workers in runs:
            check_steering(lab, workers, sockets)
        for i in range(ROUNDS):
            for workers, done in runs.items():
                run = scale_run(lab, workers, sockets, i == 0)
                done.append(run.each_us)
                dropped += run.lost + run.sink_lost
        for workers in (2, 4):
            ratio, spread = ratio_text(runs[workers], runs[1])
            table.add(f"scale, {workers} workers beside 1, {sockets} sending socket{'s' if sockets > 1 else ''}",
                      f"{median(runs[1]):.2f} µs (1 worker)", f"{median(runs[workers]):.2f} µs", f"{ratio:.2f}",
                      spread, "≤ 1.1 where the cores are there",
                      f"not judged: {dropped} were lost" if dropped else
                      verdict(ratio <= 1.1) if enough else f"{verdict(ratio <= 1.1)}, on too few cores")
    table.note("scale: devices with the same id modulo workers are on one worker, and the other workers sleep; in each "
               "run the ledger is exact and no verdict is wrong; the rows of each device are in order (first round).")
    if not enough:
        table.note(f"scale: this machine has {len(os.sched_getaffinity(0))} CPUs, so the workers share "
                   f"{len(lab_module.RECEIVERS)} of them, beside the sender's.")


# ---- the filter alone ----------------------------------------------------------------------


def tracker(lab, table, full):
    del full
    say("the filter sequence alone")
    for line in lab.run([program("bench", "tracker")], lab_module.RECEIVER).splitlines()[1:]:
        table.note("sequence alone: " + " ".join(line.split()))


def contract(lab, table, full):
    del full
    say("filters and sinks that do nothing")
    for line in lab.run([program("bench", "contract")], lab_module.RECEIVER).splitlines():
        table.note("contract: " + " ".join(line.split()))


# ---- all of it -----------------------------------------------------------------------------

BENCHMARKS = {"fed": fed, "plain": plain, "latency": latency, "idle": idle, "replay": replay, "memory": memory,
              "scale": scale, "tracker": tracker, "contract": contract}


def put_into_readme(text, marker):
    path = os.path.join(lab_module.SOURCE, "bench", "README.md")
    before = read(path)
    begin, end = f"<!-- {marker}: made by make bench-readme -->\n", f"<!-- {marker}: end -->\n"
    if begin not in before or end not in before:
        raise Failure(f'"{path}" has no comments that mark where the table of "{marker}" is')
    after = before[:before.index(begin) + len(begin)] + "\n" + text + "\n" + before[before.index(end):]
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(after)
    os.replace(path + ".new", path)


def buffer_note(lab):
    receiver = Floor(lab)
    granted = receiver.receive_buffer
    receiver.stop()
    receiver.clean()
    return f"receive buffer {granted >> 20} MiB" + ("" if granted == lab_module.RECEIVE_BUFFER else
                                                   ", the most that the kernel allows")


def main():
    parser = argparse.ArgumentParser(description="Benchmarks of musterd, beside a floor in the same run.")
    parser.add_argument("--full", action="store_true", help="the whole table, not the quick one")
    parser.add_argument("--peers", action="store_true", help="compare with other programs instead")
    parser.add_argument("--readme", action="store_true", help="write the table into bench/README.md, too")
    parser.add_argument("--directory", help="where files are written; default: /dev/shm if it has the room")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"only these: {' '.join(BENCHMARKS)}; with --peers: {' '.join(peers.PEERS)}")
    options = parser.parse_args()
    known = peers.PEERS if options.peers else BENCHMARKS
    for name in options.names:
        if name not in known:
            parser.error(f'there is no benchmark "{name}"; there are {", ".join(known)}')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    table = Table()
    with Lab(options.directory, (6 if options.full else 2) << 30) as lab:
        about = f"{lab_module.describe(lab.directory)}; {buffer_note(lab)}; {'full' if options.full else 'quick'}."
        say(about)
        if len(os.sched_getaffinity(0)) < 2:
            table.note("One CPU only: sender and receiver share it, so nothing here says much.")
        elif len(os.sched_getaffinity(0)) == 2:
            table.note("Two CPUs: the sender has one, the receiver with all its threads the other.")
        header = peers.HEADER if options.peers else HEADER
        if options.peers:
            peers.compare(lab, table, options.full, options.names or list(peers.PEERS))
        else:
            for name in options.names or BENCHMARKS:
                BENCHMARKS[name](lab, table, options.full)
    text = "\n".join([about, "", header, *table.rows, "", *(f"- {note}" for note in table.notes), ""])
    print(text)
    if options.readme:
        put_into_readme(text, "peers" if options.peers else "bench")


if __name__ == "__main__":
    try:
        main()
    except Failure as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
