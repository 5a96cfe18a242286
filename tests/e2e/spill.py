#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a sink's queue cannot hold is spilled to a disk, and comes back in order, after a restart and a kill too."""
import os
import re
import signal

from muster import DATA, Case, datagram, main, wait_until

GOOD = '{ plugin = "csv"; }'
QUEUE = 2048


class Spill(Case):
    def begin(self, place="write", does="hang", settings="", more="", shut=True):
        """A daemon whose sink balky hangs or fails as long as the gate is shut."""
        if shut:
            self.write("shut", "")
        return self.start(GOOD + f',\n{{ plugin = "balky"; in = "{place}"; does = "{does}"; queue = {QUEUE}; '
                                 f'spill = "spilled"; {more} }}', settings='stop_timeout = "500ms"; ' + settings)

    def burst(self, collector, first, count, device=3):
        """Sends numbers, no faster than the other sink writes them."""
        already = self.rows_are()
        for start in range(first, first + count, 1000):
            part = range(start, min(start + 1000, first + count))
            for seq in part:
                collector.send(datagram(device, seq, DATA, b"1"))
            already += len(part)
            wait_until(lambda: self.rows_are() >= already, "the other sink has them")  # pylint: disable=cell-var-from-loop

    def rows_are(self):
        return self.read("telemetry.csv").count("\n") - 1 if os.path.exists(self.path("telemetry.csv")) else 0

    def numbers(self):
        return [int(line) for line in self.read("balky.txt").split()] if os.path.exists(self.path("balky.txt")) else []

    def segments(self):
        folder = self.path("spilled")
        return sorted(name for name in os.listdir(folder) if name.endswith(".spill")) if os.path.isdir(folder) else []

    def bytes(self):
        return sum(os.path.getsize(self.path(f"spilled/{name}")) for name in self.segments())

    def settles(self):
        """Until the spill thread has moved all that it will."""
        last = []

        def rests():
            last.append(self.bytes())
            return len(last) > 30 and last[-30] == last[-1] > 0
        wait_until(rests, "all is on the disk")

    def open_gate(self):
        os.unlink(self.path("shut"))

    def test_all_comes_back_in_order(self):
        collector = self.begin()
        self.burst(collector, 1, 10000)
        self.settles()
        self.assertIn('balky: the queue is full', collector.log())
        self.assertRegex(collector.log(), r'what comes now is spilled to ".*spilled", up to 1024 MiB')
        self.open_gate()
        self.burst(collector, 10001, 5000)
        wait_until(lambda: len(self.numbers()) == 15000, "all is written")
        self.assertEqual(self.numbers(), list(range(1, 15001)))
        wait_until(lambda: "all that was spilled is written" in collector.log(), "it says so")
        self.burst(collector, 15001, 100)
        wait_until(lambda: len(self.numbers()) == 15100, "the way is straight again")
        self.assertEqual(self.segments(), [])
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [15100, 15100, 0, 0])
        self.assertEqual(self.segments(), [])

    def test_across_a_stop_with_a_sink_that_hangs(self):
        collector = self.begin()
        self.burst(collector, 1, 10000)
        self.settles()
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [10000, 0, 0, 0])
        self.assertEqual(ledger.spilled["balky"], 10000)
        self.assertIn("10000 records stay spilled", collector.log())
        self.open_gate()
        collector = self.begin(shut=False)
        wait_until(lambda: len(self.numbers()) == 10000, "they come back")
        self.burst(collector, 10001, 10)
        wait_until(lambda: len(self.numbers()) == 10010, "and what is new, too")
        self.assertEqual(self.numbers(), list(range(1, 10011)))
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [10010, 10010, 0, 0])
        self.assertIn("10000 were spilled by an earlier run", ledger.text)
        self.assertEqual(self.segments(), [])

    def test_across_a_stop_with_a_sink_that_cannot_connect(self):
        collector = self.begin(place="connect", does="hang")
        self.burst(collector, 1, 100)  # the queue has room for all, and is spilled at the end
        ledger = collector.stop()
        self.assertEqual((ledger.sinks["balky"], ledger.spilled["balky"]), ([100, 0, 0, 0], 100))
        collector = self.begin(place="connect", shut=False)
        self.burst(collector, 101, 5000)
        self.settles()
        ledger = collector.stop()
        self.assertEqual((ledger.sinks["balky"], ledger.spilled["balky"]), ([5100, 0, 0, 0], 5100))
        self.open_gate()
        collector = self.begin(shut=False)
        wait_until(lambda: len(self.numbers()) == 5100, "they come back")
        self.assertEqual(self.numbers(), list(range(1, 5101)))
        collector.stop()

    def test_a_sink_that_fails(self):
        collector = self.begin(does="fail")
        self.burst(collector, 1, 1)
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        self.burst(collector, 2, 5000)
        self.settles()
        ledger = collector.stop()
        offered, written, queued, dropped = ledger.sinks["balky"]
        self.assertEqual((offered, written, queued), (5001, 0, 0))
        self.assertEqual(ledger.spilled["balky"], 5001 - dropped)
        self.assertRegex(ledger.text, rf"dropped {dropped}, sink failed {dropped}\n")
        self.open_gate()
        collector = self.begin(shut=False)
        wait_until(lambda: len(self.numbers()) == 5001 - dropped, "they come back")
        self.assertEqual(self.numbers(), sorted(self.numbers()))
        collector.stop()

    def test_kill_9_in_the_middle(self):
        collector = self.begin()
        self.burst(collector, 1, 10000)
        self.settles()
        collector.process.kill()
        collector.process.wait()
        self.open_gate()
        collector = self.begin(shut=False)
        # What was in the queue is gone, what was spilled is not.
        wait_until(lambda: self.numbers()[-1:] == [10000], "they come back")
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(numbers[0], 10001)))
        self.assertLessEqual(numbers[0], QUEUE + 1)
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [len(numbers), len(numbers), 0, 0])

    def test_kill_9_while_it_comes_back(self):
        collector = self.begin()
        self.burst(collector, 1, 20000)
        self.settles()
        collector.stop()
        self.open_gate()
        for _ in range(5):
            had = len(self.numbers())
            collector = self.begin(shut=False)
            wait_until(lambda: len(self.numbers()) > had or not self.segments(), "some come back")  # pylint: disable=cell-var-from-loop
            collector.process.kill()
            collector.process.wait()
        collector = self.begin(shut=False)
        wait_until(lambda: not self.segments(), "all is written")
        collector.stop()
        # Nothing is missing; what was not known to be written came again, with all behind it.
        numbers = [int(line) for line in re.findall(r"\d+", self.read("balky.txt"))]
        self.assertEqual(set(range(1, 20001)) - set(numbers), set())

    def test_a_torn_tail_is_cut_off(self):
        collector = self.begin()
        self.burst(collector, 1, 10000)
        self.settles()
        collector.process.kill()
        collector.process.wait()
        last = self.path(f"spilled/{self.segments()[-1]}")
        os.truncate(last, os.path.getsize(last) - 7)
        self.open_gate()
        collector = self.begin(shut=False)
        wait_until(lambda: not self.segments(), "what is whole is written")
        self.assertRegex(collector.log(), r"the last \d+ bytes of segment [0-9a-f]+ are torn or damaged, and cut off")
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(numbers[0], numbers[-1] + 1)))
        ledger = collector.stop()
        lost = 10000 - numbers[-1]
        self.assertGreater(lost, 0)
        self.assertEqual(ledger.sinks["balky"], [len(numbers) + lost, len(numbers), 0, lost])
        self.assertIn(f"spilled and damaged {lost}", ledger.text)

    def test_a_damaged_segment_is_set_aside(self):
        collector = self.begin(more='spill_size = "16MiB";')
        self.burst(collector, 1, 30000)
        self.settles()
        collector.stop()
        names = self.segments()
        self.assertGreater(len(names), 2)
        with open(self.path(f"spilled/{names[1]}"), "r+b") as file:
            file.seek(200)
            file.write(b"damage")
        self.open_gate()
        collector = self.begin(shut=False)
        wait_until(lambda: not self.segments(), "the rest is written")
        self.assertTrue(os.path.exists(self.path(f"spilled/{names[1]}.damaged")))
        numbers = self.numbers()
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [30000, len(numbers), 0, 30000 - len(numbers)])
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(numbers[-1], 30000)

    def test_rubbish_in_the_directory(self):
        os.mkdir(self.path("spilled"))
        self.write("spilled/balky.0000010000000000.spill", "rubbish")
        self.write("spilled/balky.0000010000000001.spill", "")
        self.write("spilled/somebody.else", "keep")
        collector = self.begin(shut=False)
        self.burst(collector, 1, 100)
        wait_until(lambda: len(self.numbers()) == 100, "it works")
        collector.stop()
        self.assertTrue(os.path.exists(self.path("spilled/balky.0000010000000000.spill.damaged")))
        self.assertEqual(self.read("spilled/somebody.else"), "keep")

    def test_the_oldest_make_room(self):
        collector = self.begin(more='spill_size = "16MiB"; spill_drop = "oldest";')
        self.burst(collector, 1, 120000)
        self.settles()
        self.assertLessEqual(self.bytes(), 16 << 20)
        wait_until(lambda: "the spill is full: the oldest records are dropped" in collector.log(), "it says so")
        self.open_gate()
        wait_until(lambda: self.numbers()[-1:] == [120000], "the newest are there")
        numbers = self.numbers()
        self.assertEqual(numbers, sorted(set(numbers)))
        ledger = collector.stop()
        lost = 120000 - len(numbers)
        self.assertGreater(lost, 0)
        self.assertEqual(ledger.sinks["balky"][1:], [len(numbers), 0, lost])
        self.assertRegex(ledger.text, rf"oldest of a full spill {lost} \(which arrived (at|from) ")

    def test_the_newest_find_no_room(self):
        collector = self.begin(more='spill_size = "16MiB";')
        self.burst(collector, 1, 120000)
        self.settles()
        wait_until(lambda: "spill_size is used up" in collector.log(), "it says so")
        self.open_gate()
        wait_until(lambda: not self.segments(), "what was spilled is written")
        ledger = collector.stop()
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(ledger.sinks["balky"], [120000, len(numbers), 0, 120000 - len(numbers)])
        self.assertIn(f"queue full {120000 - len(numbers)}", ledger.text)

    def test_a_directory_that_cannot_be(self):
        self.write("spilled", "a file")
        collector = self.begin(shut=False)
        self.assertIn("balky: cannot spill to", collector.log())
        self.burst(collector, 1, 100)
        wait_until(lambda: len(self.numbers()) == 100, "the sink works all the same")
        self.write("shut", "")
        self.burst(collector, 101, 3000)
        os.unlink(self.path("spilled"))
        wait_until(lambda: "works again" in collector.log(), "the directory is made")
        self.settles()
        self.open_gate()
        wait_until(lambda: len(self.numbers()) == 3100, "all is written")
        self.assertEqual(self.numbers(), list(range(1, 3101)))
        self.assertEqual(collector.stop().sinks["balky"], [3100, 3100, 0, 0])

    def test_workers_and_devices(self):
        collector = self.begin(settings="workers = 4;")
        for start in range(1, 3001, 500):
            for device in range(8):
                self.burst(collector, start, 500, device)
        self.settles()
        self.open_gate()
        wait_until(lambda: len(self.numbers()) == 24000, "all is written")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [24000, 24000, 0, 0])
        self.assertEqual(sorted(self.numbers()), sorted(list(range(1, 3001)) * 8))

    def test_two_of_one_directory(self):
        self.begin(shut=False)
        other = self.begin(shut=False)
        self.assertIn("another process uses the files of balky", other.log())

    def test_a_change_of_it_needs_a_restart(self):
        collector = self.begin(shut=False)
        config = self.read("collector.conf")
        self.write("collector.conf", config.replace('spill = "spilled"', 'spill = "elsewhere"'))
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "balky: where it spills has changed; that needs a restart" in collector.log(), "it says so")
        collector.stop()

    def test_a_filter_has_none(self):
        self.write("collector.conf", 'chain = ( { plugin = "sequence"; spill = "x"; } );')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertIn("spill: a filter has none", done.stderr)


class Stop(Case):
    def test_while_it_spills(self):
        """The stop comes in the middle: what is whole stays."""
        self.write("shut", "")
        collector = self.start(f'{{ plugin = "balky"; queue = {QUEUE}; spill = "spilled"; }}', settings='stop_timeout = "100ms";')
        for seq in range(1, 5001):
            collector.send(datagram(3, seq, DATA, b"1"))
        collector.process.send_signal(signal.SIGTERM)
        collector.process.wait(timeout=60)
        ledger = collector.stop()
        self.assertEqual(ledger.spilled["balky"], ledger.sinks["balky"][0])


if __name__ == "__main__":
    main()
