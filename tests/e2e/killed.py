#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A collector that is killed or stopped in the middle of a session and started again: nothing is told that is not so.

A thousand devices send on meanwhile.  What a run has judged is a stretch of what was sent, since there is one socket
and one worker: from the first row that it wrote to as many messages as the state has counted.  For that stretch each
verdict, gap and counter is known, by the oracle."""
import collections
import concurrent.futures
import datetime
import os
import re
import signal
import subprocess
import time

from kept import DEVICES, WINDOW, Kept, Run, copy_sparsely
from muster import DATA, HEARTBEAT, INIT, SANITIZED, datagram, main, wait_until
from oracle import EPOCH, MESSAGES
from replay import ethernet, fleet, ipv4, pcap, udp

KILLS = int(os.environ.get("MUSTER_KILLS", "6" if SANITIZED else "17"))  # 1,000 in a long run
SERIAL = 4  # the column of a row that says which message it is of
RUSH = 1000  # datagrams that wait for it in one go, just before a kill
OUTAGE = 2000  # datagrams at most that nobody hears, however long it takes to come back: no step is over half the window
PROBE = f"""  {{ plugin = "sequence"; window = {WINDOW}; }},
  {{ plugin = "stats"; interval = 0; file = "probe.json"; }}"""


class Killed(Kept):
    """Killed in the middle of it."""

    settings = "workers = 1;"

    def come_back(self):
        """[another thread] The collector is dead; the next one begins."""
        self.collector.process.wait()
        run = self.runs[-1]
        run.sizes = self.sizes()
        run.state = self.path(f"state.{len(self.runs)}")
        copy_sparsely(self.path("state/sequence.state"), run.state)
        return self.begin(settings=self.settings)

    def has_written_all(self):
        """Every datagram that was sent since it listens has its row, and no thread has anything to do."""
        missing = collections.Counter(self.log[self.runs[-1].up:])
        before = self.runs[-2].sizes["telemetry.csv"] if len(self.runs) > 1 else 0
        for line in self.read("telemetry.csv", "rb")[before:].splitlines():
            fields = line.split(b",")
            if len(fields) > SERIAL and fields[SERIAL].isdigit():
                missing.subtract([int(fields[SERIAL])])
        if max(missing.values(), default=0) > 0:
            return False
        tasks = f"/proc/{self.collector.process.pid}/task"
        states = []
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/stat", encoding="ascii") as file:
                states.append(file.read().rpartition(")")[2].split()[0])
        return set(states) == {"S"}

    def play_kills(self, kills):
        """Sends on and on, while the collector is killed and comes back again and again."""
        messages = (message for _ in iter(int, 1) for message in self.round())
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            for _ in range(kills):
                for _ in range(self.dice.randint(1500, 3000)):
                    self.send(next(messages))
                wait_until(self.has_written_all, "all that was sent is written")
                self.runs[-1].rush = len(self.log)
                self.collector.process.send_signal(signal.SIGSTOP)  # so that it is busy when it goes on
                for _ in range(self.dice.randint(RUSH // 3, RUSH)):
                    self.send(next(messages), paced=False)
                self.collector.process.send_signal(signal.SIGCONT)
                instant = time.perf_counter() + self.dice.uniform(0, 0.004)
                while time.perf_counter() < instant:
                    pass
                self.collector.process.kill()
                self.runs[-1].end = len(self.log)
                coming = pool.submit(self.come_back)
                while not coming.done():
                    if len(self.log) - self.runs[-1].end < OUTAGE:
                        self.send(next(messages))
                    else:
                        concurrent.futures.wait([coming], 0.01)
                self.collector = coming.result()
                self.assertRegex(self.collector.log(), "sequence: state of the last run, .* and was killed\n")
                self.runs.append(Run(len(self.log)))
        for _ in range(1000):
            self.send(next(messages))

    def stop_in_order(self):
        self.runs[-1].end = len(self.log)
        self.assertEqual(self.collector.stop().kernel_drops, 0)
        self.runs[-1].sizes = self.sizes()
        self.runs[-1].counters = self.counters()

    def count_at(self, run):
        """The counters of a run that was killed: from a daemon that finds the copy of its state."""
        os.makedirs(self.path("probe"), exist_ok=True)
        os.replace(run.state, self.path("probe/sequence.state"))
        probe = self.start(PROBE, settings='state_dir = "probe";')
        self.assertRegex(probe.log(), "and was killed\n")
        probe.stop()
        return self.counters("probe.json")

    def find_first(self, run, rows):
        """The place of the first datagram that the run took: its rows are what was sent from there on."""
        serials = [int(row["value"]) for row in rows]
        before = self.runs[self.runs.index(run) - 1].end if run is not self.runs[0] else 0
        places = [place for place in range(before, run.up + 1)
                  if self.log[place:place + len(serials)] == serials]
        self.assertEqual(len(places), 1, f"run {self.runs.index(run)}: its {len(rows)} rows are no stretch of what was "
                                         f"sent between {before} and {run.end}")
        return places[0]

    def verify_run(self, number, run):
        """Returns what it judged, and how much of that and of the gaps it told had not been written."""
        rows, gaps = self.added("telemetry.csv", run), self.added("gaps.csv", run)
        self.assertTrue(rows)
        judged, told = self.oracle.judged(), len(self.oracle.told)
        counters = run.counters or self.count_at(run)
        first = self.find_first(run, rows)
        end = first + sum(counters[name] for name in MESSAGES) - judged
        self.assertLessEqual(end, run.end)
        self.assertGreaterEqual(end, first + len(rows))
        for place in range(first, end):
            verdict = self.oracle.judge(self.catalogue[self.log[place]], number, place)
            if place < first + len(rows):
                self.expect_row(rows[place - first], place, verdict)
        told = self.oracle.told[told:]
        self.assertLessEqual(len(gaps), len(told))
        for row, expected in zip(gaps, told):
            self.expect_gap(row, expected)
        self.expect_counters(counters)
        run.judged, run.written, run.untold = (first, end), first + len(rows), told[len(gaps):]
        if run.state is None:
            self.assertEqual((run.written, run.untold), (run.end, []))
            return
        for place in (run.written, *(row[-1] for row in run.untold)):
            self.assertGreaterEqual(place, run.rush)

    def read_files(self):
        """For each device, session and number: the ones with a row, those that are told lost, and those told recovered.
        What a row says of itself must be so."""
        sent, seen = collections.Counter(self.log), collections.Counter()
        begins, written, told = collections.defaultdict(list), set(), {"lost": set(), "recovered": set()}
        for row in self.rows():
            message = self.catalogue[int(row["value"])]
            seen[message.serial] += 1
            self.assertLessEqual(seen[message.serial], sent[message.serial], row)
            if row["duplicate_flag"] == "1":
                self.assertEqual(sent[message.serial], 2, row)
            if row["verdict"] == "restart":
                self.assertEqual(message.kind, INIT)
                begins[message.device].append(row["arrival_time"])
            if message.kind == DATA:
                written.add((message.device, message.session, message.number))
        for row in self.rows("gaps.csv"):
            if row["outcome"] == "open":
                continue
            device = int(row["device_id"])
            session = sum(begin < row["opened"] for begin in begins[device])
            keys = {(device, session, number) for number in range(int(row["first"]), int(row["last"]) + 1)}
            self.assertFalse(keys & told["lost"] or keys & told["recovered"], f"told twice: {row}")
            told[row["outcome"]] |= keys
        self.assertEqual(sum(map(len, begins.values())), self.stats()["restarts"])
        self.assertEqual(self.stats()["restarts"], DEVICES + 50)
        return written, told["lost"], told["recovered"]

    def verify_truth(self):
        """The same once more without the oracle: from the files, and from what was sent when."""
        written, lost, recovered = self.read_files()
        heard = collections.defaultdict(list)
        for message in (self.catalogue[self.log[place]] for run in self.runs for place in range(*run.judged)):
            if message.kind == DATA:
                heard[message.device, message.session].append(message.number)
        untold = {(row[0], number) for run in self.runs for row in run.untold for number in range(row[1], row[2] + 1)}
        tally = collections.Counter()
        for message in self.catalogue:
            if message.kind != DATA:
                continue
            key = message.device, message.session, message.number
            numbers = heard[key[:2]]
            if message.number in numbers:
                self.assertFalse(key in lost, key)
                tally["written" if key in written else "in the daemon at a kill"] += 1
                continue
            self.assertFalse(key in written or key in recovered, key)
            if not numbers or not numbers[0] < message.number < max(numbers):
                self.assertFalse(key in lost, key)
                tally["before the first or after the last"] += 1
            elif (key[0], key[2]) in untold:
                tally["lost, and untold at a kill"] += 1
            else:
                self.assertTrue(key in lost, key)
                fate = self.devices[message.device - 1].fate.get(message.serial)
                tally["lost by the network" if fate == "lost" else "lost while the collector was down"] += 1
        return tally

    def play(self, kills):
        """All of it.  Nobody starts anew when it might not be heard."""
        self.collector = self.begin(settings=self.settings)
        self.runs.append(Run(0))
        for device in self.devices:
            self.send_all(device.init())
        for _ in range(3):
            self.send_all(self.round())
        self.restart(self.devices[:25])
        self.send_all(self.round())
        self.play_kills(kills)
        self.restart(self.devices[25:50])
        for _ in range(2):
            self.send_all(self.round())
        self.stop_in_order()
        self.collector = self.begin(settings=self.settings)
        self.runs.append(Run(len(self.log)))
        self.restart(self.devices)  # so that all that is open is told
        self.stop_in_order()

    def test_killed_again_and_again(self):
        self.play(KILLS)
        for number, run in enumerate(self.runs):
            self.verify_run(number, run)
        self.assertEqual(self.oracle.open(), 0)
        self.assertLessEqual(self.stats()["metrics"]["sequence.first"], 2 * DEVICES + 50)
        tally = self.verify_truth()
        print(f"{len(self.log)} datagrams, {dict(tally)};", "not written at the kills:",
              [(run.judged[1] - run.written, len(run.untold)) for run in self.runs if run.state])
        for name in ("lost by the network", "lost while the collector was down"):
            self.assertGreater(tally[name], 100)

    def test_killed_with_three_workers(self):
        """Where each of them was is not known; but what is told must be true, and little untold."""
        self.settings = "workers = 3;"
        self.play(3)
        written, lost, recovered = self.read_files()
        stats = self.stats()
        self.assertEqual((stats["open"], stats["missing"]), (0, stats["recovered"] + stats["packets_lost"]))
        self.assertFalse(written & lost)
        near = set()  # what may have been judged, and not written, at a kill
        for run in self.runs[:3]:
            for place in range(run.rush, run.end):
                message = self.catalogue[self.log[place]]
                near.add((message.device, message.session, message.number))
        self.assertLessEqual(recovered - written, near)
        numbers = collections.defaultdict(set)
        for device, session, number in written:
            numbers[device, session].add(number)
        missing = {(*key, number) for key, some in numbers.items() for number in range(min(some), max(some))} - written
        untold = (stats["packets_lost"] - len(lost)) + (stats["recovered"] - len(recovered))
        in_the_daemon = missing - lost
        print(f"{len(written)} written, {len(lost)} lost, {len(recovered)} recovered, {untold} untold, "
              f"{len(in_the_daemon)} numbers neither written nor lost")
        # Each is of a message that was judged before a kill, or of a gap that was told then; or it is from before
        # the first of its session, which came late.
        self.assertLessEqual(len(in_the_daemon), untold + 3 * RUSH + DEVICES // 10)

    def test_the_cause_of_what_was_missed_meanwhile(self):
        """It is known, whatever else of the device is heard before the number that shows the gap."""
        def tell(device, number, kind=DATA, later=0):
            self.socket.sendto(datagram(device, number, kind, b"", EPOCH + number + later), self.target)

        def wait_for_rows(count):
            wait_until(lambda: self.size("telemetry.csv") and len(self.rows()) == count, f"{count} rows")

        self.collector = self.begin()
        for device in range(1, 7):
            tell(device, 8)
            tell(device, 10)
        wait_for_rows(12)
        self.collector.process.kill()
        self.collector.process.wait()
        self.collector = self.begin()
        tell(2, 0, HEARTBEAT)
        tell(3, 10)     # a duplicate
        tell(4, 9)      # late
        tell(5, 75)     # not believed alone
        tell(6, 11)     # so that what is missing behind it went missing now
        for device in range(1, 7):
            tell(device, 76 if device == 5 else 13)
        for device in range(1, 7):
            tell(device, 0, INIT, 9999)
        self.collector.stop()
        found = {(int(row["device_id"]), int(row["first"])): row["cause"] for row in self.rows("gaps.csv")
                 if row["outcome"] == "lost" and int(row["first"]) > 9}
        down = "network+collector-down+restart"
        # Of device 5 the window had left most behind.
        self.assertEqual(found, {**{(device, 11): down for device in range(1, 5)}, (6, 12): "network+restart",
                                 (5, 11): "network+collector-down", (5, 13): down})

    def test_killed_while_it_starts_or_stops(self):
        self.collector = self.begin()
        for device in self.devices[::5]:
            self.send_all(device.init())
        for _ in range(4):
            self.send_all(message for device in self.devices[::5] for message in device.step())
        self.collector.stop()
        before = self.counters()
        self.assertGreater(before["open"], 0)
        began = time.monotonic()
        self.collector = self.begin()
        took = time.monotonic() - began
        self.collector.stop()
        for turn in range(12):
            with open(self.path("cut-short"), "wb") as error:
                process = subprocess.Popen(self.collector.process.args, cwd=self.folder, stdin=subprocess.DEVNULL,
                                           stdout=error, stderr=error)
            self.running.append(process)
            if turn % 3 == 0:
                wait_until(lambda: "listening on" in self.read("cut-short"), "it listens")
                process.terminate()
            time.sleep(self.dice.uniform(0, 1.2 * took))  # no wait for anything: any moment will do
            process.kill()
            process.wait()
        self.collector = self.begin()
        self.collector.stop()
        self.assertEqual(self.counters(), before)
        self.assertEqual(sorted(os.listdir(self.path("state"))), ["musterd.lock", "sequence.state"])


class Stopped(Kept):
    def test_stopped_in_order_and_started_with_other_workers(self):
        """Nobody sends while it is down, so all is exact."""
        for number, workers in enumerate((1, 2, 3, 2, 1)):
            self.collector = self.begin(settings=f"workers = {workers};")
            run = Run(len(self.log))
            self.runs.append(run)
            if number == 0:
                for device in self.devices:
                    self.send_all(device.init())
            for _ in range(3):
                self.send_all(self.round())
            if number == 4:
                self.restart(self.devices)
            run.end = len(self.log)
            ledger = self.collector.stop()
            self.assertEqual((ledger.received, ledger.kernel_drops, ledger.refused), (run.end - run.up, 0, 0))
            run.sizes = self.sizes()
            self.verify(number, run)
        self.assertEqual(self.oracle.open(), 0)
        self.assertGreater(self.oracle.counts["recovered"], 100)
        self.assertGreater(self.oracle.counts["duplicates"], 100)
        fates = collections.Counter(fate for device in self.devices for fate in device.fate.values())
        self.assertLessEqual(self.oracle.counts["lost"], fates["lost"])
        self.assertEqual(self.stats()["restarts"], DEVICES)

    def verify(self, number, run):
        rows, gaps = collections.defaultdict(list), collections.defaultdict(list)
        for row in self.added("telemetry.csv", run):
            rows[int(row["device_id"])].append(row)
        for row in self.added("gaps.csv", run):
            gaps[int(row["device_id"])].append(row)
        already = len(self.oracle.told)
        for place in range(run.up, run.end):
            message = self.catalogue[self.log[place]]
            self.assertTrue(rows[message.device], f"the row of datagram {place} is missing")
            self.expect_row(rows[message.device].pop(0), place, self.oracle.judge(message, number, place))
        self.assertFalse(any(rows.values()))
        for told in self.oracle.told[already:]:
            self.assertTrue(gaps[told[0]], f"a gap is not told: {told}")
            self.expect_gap(gaps[told[0]].pop(0), told)
        self.assertFalse(any(gaps.values()))
        self.expect_counters(self.counters())


class Presence(Kept):
    """Devices that fall silent: what the log says of them."""

    def heartbeat(self, device):
        self.beats += 1
        self.socket.sendto(datagram(device, 0, HEARTBEAT, b"", 1762534152 + self.beats), self.target)
        return time.time()

    def wait_for(self, line):
        return wait_until(lambda: re.search(rf"^(\S+) {line}", self.collector.output(), re.M), line)

    def test_late_silent_and_back(self):
        self.beats = 0
        self.write("devices.yaml", "classes:\n  beacon: { heartbeat: 1s }\ndefault: beacon\n")
        chain = """  { plugin = "sequence"; silent_after = 2; },
          { plugin = "log"; show = "troubles"; color = "never"; },
          { plugin = "stats"; interval = "1h"; file = "stats.json"; }"""
        settings = 'catalog = "devices.yaml";'
        self.collector = self.begin(chain, settings)
        for device in (7, 8):
            self.heartbeat(device)
        for device in (7, 8):
            self.wait_for(f"OVERDUE {device}, last heard ")
            self.wait_for(f"SILENT {device} for ")
        last = self.heartbeat(7)
        self.wait_for("BACK 7 after ")
        output = self.collector.output()
        self.assertLess(output.index("OVERDUE 7"), output.index("SILENT 7"))
        self.assertEqual(output.count("SILENT 8"), 1)
        self.collector.process.kill()
        self.collector.process.wait()
        dead = time.time()
        time.sleep(3)  # nobody listens for that long: what is tested is that it makes nobody late
        down = time.time() - dead
        self.collector = self.begin(chain, settings)
        overdue = self.wait_for("OVERDUE 7, last heard ").group(1)
        told = datetime.datetime.fromisoformat(overdue).timestamp()
        # One and a half intervals in which it listened, and the time when it did not; 0.2 s for its units of time.
        self.assertGreater(told - last, down + 1.5 - 0.2)
        self.wait_for("SILENT 7 for ")
        self.heartbeat(8)
        self.wait_for(r"BACK 8 after ")
        output = self.collector.output()
        for line in ("SILENT 8", "OVERDUE 8", "NEW DEVICE", "BACK 7"):
            self.assertNotIn(line, output)  # the first two were told before the kill
        self.collector.stop()
        stats = self.stats()
        self.assertEqual([stats[name] for name in ("devices", "online", "late_devices", "silent")], [2, 1, 0, 1])


class ReplayBeside(Kept):
    """A replay, while there is a kept state."""

    def play_capture(self):
        chain = '{ plugin = "sequence"; window = 64; }, { plugin = "csv"; path = "replayed.csv"; }'
        ledger, log = self.replay("test.pcap", chain, settings='state_dir = "state";')
        self.assertGreater(ledger.received, 100)
        self.assertNotIn("state", log)

    def test_it_leaves_the_state_alone(self):
        with open(self.path("test.pcap"), "wb") as out:
            out.write(pcap([(ns, ethernet(ipv4(udp(one)))) for ns, one in fleet()]))
        self.collector = self.begin()
        self.send_all(message for device in self.devices[:50] for message in device.init() + device.step())
        self.collector.stop()
        counters, state = self.counters(), self.read("state/sequence.state", "rb")
        status = os.stat(self.path("state/sequence.state"))
        self.play_capture()
        self.assertEqual(self.read("state/sequence.state", "rb"), state)
        self.assertEqual(os.stat(self.path("state/sequence.state")).st_mtime_ns, status.st_mtime_ns)
        alone = self.read("replayed.csv")
        os.remove(self.path("replayed.csv"))
        self.collector = self.begin()
        self.play_capture()  # beside one that lives and has the lock
        self.assertEqual(self.read("replayed.csv"), alone)
        self.collector.stop()
        self.assertEqual(self.counters(), counters)
        self.assertEqual(sorted(os.listdir(self.path("state"))), ["musterd.lock", "sequence.state"])


if __name__ == "__main__":
    main()
