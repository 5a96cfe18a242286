#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sinks that are slow, stuck, full or broken: nobody else suffers, and the ledger is exact."""
import fcntl
import os
import re
import resource
import signal
import socket
import subprocess

from muster import DATA, MUSTERD, PLUGINS, Case, datagram, main, wait_until

GOOD = '{ plugin = "sequence"; events = false; },\n{ plugin = "csv"; },\n'
STATS = ',\n{ plugin = "stats"; interval = "1h"; file = "stats.json"; }'


def burst(collector, first, count, payload=b"1"):
    for seq in range(first, first + count):
        collector.send(datagram(3, seq, DATA, payload))


class Sinks(Case):
    def rows_reach(self, count):
        wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                   and self.read("telemetry.csv").count("\n") == count + 1, f"{count} rows are in the file")

    def test_a_stuck_sink_stops_nobody(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; queue = 2048; }' + STATS,
                               settings='stop_timeout = "200ms";')
        for part in range(5):
            burst(collector, 1 + part * 1000, 1000)
            self.rows_reach((part + 1) * 1000)
        ledger = collector.stop()
        self.assertEqual(len(self.rows()), 5000)
        offered, written, queued, dropped = ledger.sinks["trouble"]
        self.assertIn(offered, (5000, 5001))  # and the event, unless the stop came first
        self.assertEqual((written, queued, dropped), (0, 0, offered))
        self.assertEqual(ledger.sinks["csv"][1], 5000)
        self.assertIn("trouble: the queue is full", collector.log())
        self.assertIn("does not come back from its plugin", collector.log())
        self.assertRegex(ledger.text, r"queue full \d+, in the hands of the stuck plugin or behind \d+")
        self.assertTrue(self.stats()["final"])

    def test_a_failing_sink_is_out_of_service(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "fail"; after = 1; }')
        burst(collector, 1, 1)
        self.rows_reach(1)
        wait_until(lambda: "1 3 1" in self.read("trouble.txt") or "0 3 1" in self.read("trouble.txt"), "it took one")
        burst(collector, 2, 500)
        ledger = collector.stop()
        offered, written, queued, dropped = ledger.sinks["trouble"]
        self.assertIn(offered, (501, 502))  # and the event of it, unless the stop came first
        self.assertEqual((written, queued, dropped), (1, 0, offered - 1))
        self.assertEqual(len(self.rows()), 501)
        self.assertIn("trouble: this sink has failed and is out of service", collector.log())
        self.assertIn("closed", self.read("trouble.txt"))

    def test_a_sink_that_takes_few_gets_all_in_order(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "few"; }')
        burst(collector, 1, 40)
        wait_until(lambda: self.read("trouble.txt").count("\n") == 40, "all are taken")
        ledger = collector.stop()
        self.assertEqual([int(line.split()[2]) for line in self.read("trouble.txt").splitlines()[:-1]],
                         list(range(1, 41)))
        self.assertEqual(ledger.sinks["trouble"], [40, 40, 0, 0])

    def test_out_of_time_to_stop(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "few"; }', settings='stop_timeout = "100ms";')
        burst(collector, 1, 2000)
        self.rows_reach(2000)
        ledger = collector.stop()
        offered, written, queued, dropped = ledger.sinks["trouble"]
        self.assertEqual((offered, queued), (2000, 0))
        self.assertGreater(dropped, 0)
        self.assertEqual(self.read("trouble.txt").count("\n"), written + 1)

    def test_a_plugin_that_claims_too_much_is_caught(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "greedy"; }')
        burst(collector, 1, 10)
        self.rows_reach(10)
        collector.process.send_signal(signal.SIGTERM)
        collector.process.wait(timeout=60)
        self.assertIn("trouble.so): write() returned ", collector.log())
        self.assertEqual(collector.process.returncode, 0)

    def test_two_csv_sinks_and_one_commented_out(self):
        chain = ('{ plugin = "sequence"; events = false; },\n{ plugin = "csv"; path = "one.csv"; },\n'
                 '# { plugin = "log"; },\n'
                 '{ plugin = "csv"; path = "two.csv"; columns = ( "seq_num", "verdict" ); }')
        collector = self.start(chain)
        burst(collector, 1, 3)
        ledger = collector.stop()
        self.assertEqual(len(self.rows("one.csv")), 3)
        self.assertEqual(self.read("two.csv"), "seq_num,verdict\n1,first\n2,new\n3,new\n")
        self.assertEqual(set(ledger.sinks), {"csv", "csv2"})
        self.assertEqual(collector.output(), "")
        self.assertIn(f'"{os.path.realpath(self.folder)}/one.csv"', collector.log().replace(self.folder, os.path.realpath(self.folder)))

    def test_a_file_that_must_not_grow_loses_nothing(self):
        limit = 4096

        collector = self.start('{ plugin = "sequence"; events = false; },\n{ plugin = "csv"; path = "full.csv"; },\n'
                               '{ plugin = "csv"; path = "/dev/null"; name = "other"; }')
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        burst(collector, 1, 200)
        wait_until(lambda: "full.csv" in collector.log() and "rows wait" in collector.log(), "it says so")
        self.assertLessEqual(os.path.getsize(self.path("full.csv")), limit)
        self.assertTrue(self.read("full.csv").endswith("\n"), "whole rows only")
        resource.prlimit(collector.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: self.read("full.csv").count("\n") == 201, "the rest follows")
        ledger = collector.stop()
        self.assertEqual([int(r["seq_num"]) for r in self.rows("full.csv")], list(range(1, 201)))
        self.assertEqual(ledger.sinks["other"][1], 200)

    def test_rows_are_appended_and_another_header_is_refused(self):
        collector = self.start(GOOD.rstrip(",\n"))
        burst(collector, 1, 2)
        collector.stop()
        collector = self.start(GOOD.rstrip(",\n"))
        burst(collector, 3, 2)
        collector.stop()
        self.assertEqual([r["seq_num"] for r in self.rows()], ["1", "2", "3", "4"])
        self.write("telemetry.csv", "something,else\n1,2\n")
        done = self.musterd("-c", "collector.conf")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("something,else", done.stderr)
        self.assertEqual(self.read("telemetry.csv"), "something,else\n1,2\n")

    def test_kill_9_keeps_every_whole_row(self):
        collector = self.start(GOOD.rstrip(",\n"))
        burst(collector, 1, 500)
        self.rows_reach(500)
        collector.process.kill()
        collector.process.wait()
        collector = self.start(GOOD.rstrip(",\n"))
        burst(collector, 501, 10)
        collector.stop()
        self.assertEqual([int(r["seq_num"]) for r in self.rows()], list(range(1, 511)))

    def test_sighup_reopens_the_output(self):
        collector = self.start(GOOD.rstrip(",\n"))
        burst(collector, 1, 1)
        self.rows_reach(1)
        os.rename(self.path("telemetry.csv"), self.path("old.csv"))
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")), "the file is there again")
        burst(collector, 2, 1)
        collector.stop()
        self.assertEqual([r["seq_num"] for r in self.rows("old.csv")], ["1"])
        self.assertEqual([r["seq_num"] for r in self.rows()], ["2"])

    def test_a_closed_stdout_ends_the_log_alone(self):
        reader, writer = os.pipe()
        collector = self.start(GOOD + '{ plugin = "log"; }', stdout=writer)
        os.close(writer)
        os.close(reader)
        burst(collector, 1, 1)
        wait_until(lambda: "log: this sink has failed" in collector.log(), "the sink gives up")
        burst(collector, 2, 5)
        ledger = collector.stop()
        self.assertEqual(len(self.rows()), 6)
        self.assertEqual(ledger.sinks["log"], [7, 0, 0, 7])  # and the event of it

    def test_a_stderr_that_nobody_reads_stops_nobody(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        while True:
            try:
                os.write(writer, b"x" * 512)
            except BlockingIOError:
                break
        os.set_blocking(writer, True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.write("collector.conf", f'listen = ( {{ port = {port}; }} );\nchain = ( { GOOD.rstrip(",") } );'
                   .replace(",\n )", " )"))
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS], cwd=self.folder, stderr=writer)
        self.running.append(process)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)

        def arrived():
            sender.sendto(b"short", ("127.0.0.1", port))  # logged, as far as that goes
            sender.sendto(datagram(3, 1, DATA, b"1"), ("127.0.0.1", port))
            return os.path.exists(self.path("telemetry.csv")) and self.read("telemetry.csv").count("\n") > 100

        wait_until(arrived, "rows are written although the log is not")
        process.terminate()
        self.assertEqual(os.read(reader, 1), b"x")
        os.set_blocking(reader, False)

        def ended():
            try:
                os.read(reader, 65536)
            except BlockingIOError:
                pass
            return process.poll() is not None

        wait_until(ended, "it stops in order")
        self.assertEqual(process.returncode, 0)


    def test_a_failed_sink_sleeps_after_sighup(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "fail"; }')
        burst(collector, 1, 1)
        wait_until(lambda: "out of service" in collector.log(), "the sink has failed")
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP" in collector.log(), "it is asked to reopen")

        def sleeps():
            tasks = f"/proc/{collector.process.pid}/task"
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/stat", encoding="utf-8") as file:
                    name, state = re.match(r"\d+ \((.*)\) (\S)", file.read()).groups()
                if name == "trouble":
                    return state == "S"
            return False

        for _ in range(20):
            wait_until(sleeps, "its thread sleeps")
        collector.stop()

    def test_asked_twice_it_stops_at_once(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; }', settings='stop_timeout = "1h";')
        burst(collector, 1, 10)
        self.rows_reach(10)
        collector.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "SIGTERM: stopping" in collector.log(), "it stops")
        ledger = collector.stop()
        self.assertIn("asked again to stop", collector.log())
        self.assertEqual(ledger.sinks["trouble"], [10, 0, 0, 10])

    def test_a_pipe_that_nobody_reads_holds_what_the_ledger_says(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        collector = self.start(GOOD + '{ plugin = "log"; }', stdout=writer, settings='stop_timeout = "100ms";')
        os.close(writer)
        burst(collector, 1, 5000)
        self.rows_reach(5000)
        ledger = collector.stop()
        got = b""
        while True:
            piece = os.read(reader, 65536)
            if not piece:
                break
            got += piece
        offered, written, queued, dropped = ledger.sinks["log"]
        self.assertEqual((offered, queued), (5000, 0))
        self.assertGreater(dropped, 0)
        # A line that the pipe took in part is cut short, if only by its end; it is not counted as written.
        whole = sum(1 for line in got.split(b"\n")[:-1] if re.search(rb"seq=\d+ value=1( first)?$", line))
        self.assertEqual(whole, written)

    def test_what_a_sink_still_holds_is_flushed_again(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "lazy"; }')
        burst(collector, 1, 3)
        wait_until(lambda: self.read("trouble.txt").count("\n") == 3, "it is asked until it delivers")
        collector.stop()

    def test_a_flush_that_gives_up_more_than_it_was_given(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "generous"; }')
        burst(collector, 1, 20)
        ledger = collector.stop()
        self.assertIn(ledger.sinks["trouble"], ([20, 0, 0, 20], [21, 0, 0, 21]))  # and perhaps the event of it
        self.assertRegex(collector.log(), r"trouble\.so\): flush\(\) gave up \d+ records, but holds \d+ at most")
        self.assertRegex(ledger.text, "given up by the sink 2[01]")

    def test_what_a_sink_holds_at_the_end_is_not_written(self):
        collector = self.start(GOOD + '{ plugin = "trouble"; does = "keeping"; }', settings='stop_timeout = "100ms";')
        burst(collector, 1, 20)
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["trouble"], [20, 0, 0, 20])
        self.assertIn("20 records that the sink still holds could not be delivered", collector.log())

    def test_a_sink_that_takes_events_alone(self):
        collector = self.start('{ plugin = "shaper"; },\n{ plugin = "trouble"; does = "events"; },\n{ plugin = "csv"; }')
        burst(collector, 1, 1200)
        self.rows_reach(600)
        ledger = collector.stop()
        lines = [line.split()[-1] for line in self.read("trouble.txt").splitlines()]
        expected = []
        for seq in range(1, 1201, 2):
            expected += [f"a-{seq}", f"b-{seq}"] + ([f"many-{n}" for n in range(4000)] if seq == 1001 else [])
        self.assertEqual(lines, expected + ["end-0", "closed"])
        self.assertEqual(ledger.sinks["trouble"], [1200 + 4001, 1200 + 4001, 0, 0])


class Outputs(Case):
    """Sinks whose output is not there, or is lost."""

    def trouble(self):
        return self.read("trouble.txt").splitlines()

    def test_records_wait_for_an_output_that_is_not_there(self):
        collector = self.start(GOOD + f'{{ plugin = "trouble"; does = "events"; gate = "{self.path("gate")}"; }},\n'
                                      f'{{ plugin = "trouble"; does = "lazy"; path = "two.txt"; gate = "{self.path("gate")}"; }}')
        burst(collector, 1, 100)
        wait_until(lambda: len(self.rows()) == 100, "the other sink has them")
        log = collector.log()
        self.assertEqual(log.count("trouble2: the gate is shut"), 1)
        self.assertEqual(log.count("trouble2: not connected; it is tried again until it works"), 1)
        self.assertEqual(self.read("two.txt"), "")
        self.write("gate", "")
        wait_until(lambda: self.read("two.txt").count("\n") == 100, "they are delivered")
        self.assertRegex(collector.log(), r"trouble2: connected, after \d+\.\d s; \d+ records have waited")
        self.assertEqual(collector.stop().sinks["trouble2"], [100, 100, 0, 0])

    def test_a_signal_has_it_tried_at_once(self):
        collector = self.start(GOOD + f'{{ plugin = "trouble"; does = "lazy"; gate = "{self.path("gate")}"; }}')
        burst(collector, 1, 5)
        wait_until(lambda: "the gate is shut" in collector.log(), "it has been tried")
        self.write("gate", "")
        collector.process.send_signal(signal.SIGHUP)
        # At least once: it may be connected already, and is then connected anew with what it holds.
        wait_until(lambda: self.read("trouble.txt").count("\n") >= 5, "they are delivered")
        collector.stop()

    def test_what_waits_for_an_output_at_the_end_is_counted(self):
        collector = self.start(GOOD + f'{{ plugin = "trouble"; does = "lazy"; gate = "{self.path("gate")}"; }}',
                               settings='stop_timeout = "200ms";')
        burst(collector, 1, 50)
        wait_until(lambda: len(self.rows()) == 50, "the other sink has them")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["trouble"], [50, 0, 0, 50])
        self.assertIn("out of time to stop 50", ledger.text)

    def test_what_was_not_delivered_is_offered_again(self):
        for workers in (1, 2):
            collector = self.start(GOOD + '{ plugin = "trouble"; does = "lossy"; }', settings=f"workers = {workers};")
            for device in range(4):
                for seq in range(1, 501):
                    collector.send(datagram(device, seq, DATA, f"{device}-{seq}".encode()))
            wait_until(lambda: len(self.rows()) == workers * 2000, "the other sink has them")
            ledger = collector.stop()
            self.assertEqual(ledger.sinks["trouble"], [2000, 2000, 0, 0])
            lines = [line for line in self.trouble() if line != "closed"]
            wanted = [f"{device}-{seq}" for device in range(4) for seq in range(1, 501)]
            self.assertEqual(sorted(lines), sorted(wanted))
            for device in range(4): # in order, for each device
                self.assertEqual([line for line in lines if line.startswith(f"{device}-")],
                                 [line for line in wanted if line.startswith(f"{device}-")])
            self.assertIn("trouble: the output is lost", collector.log())

    def test_a_fifo_whose_reader_comes_back(self):
        os.mkfifo(self.path("rows"))
        reader = os.open(self.path("rows"), os.O_RDONLY | os.O_NONBLOCK)
        collector = self.start(GOOD + '{ plugin = "csv"; path = "rows"; }')
        burst(collector, 1, 5)
        got = b""

        def has(count):
            nonlocal got
            try:
                got += os.read(reader, 65536)
            except BlockingIOError:
                pass
            return got.count(b"\n") == count

        wait_until(lambda: has(6), "the header and five rows")
        os.close(reader)
        burst(collector, 6, 5)
        wait_until(lambda: "this FIFO; start its reader" in collector.log(), "it is missed")
        reader, got = os.open(self.path("rows"), os.O_RDONLY | os.O_NONBLOCK), b""
        wait_until(lambda: has(6), "the header and the next five rows")
        self.assertEqual([line.split(b",")[1] for line in got.splitlines()[1:]], [b"6", b"7", b"8", b"9", b"10"])
        ledger = collector.stop()
        os.close(reader)
        self.assertEqual(ledger.sinks["csv2"], [10, 10, 0, 0])


class Filters(Case):
    def test_many_additions_past_a_stuck_sink(self):
        """The worker needs several blocks at the same time while a full queue holds all it may."""
        collector = self.start('{ plugin = "shaper"; },\n{ plugin = "trouble"; queue = 2048; },\n{ plugin = "csv"; }',
                               settings='stop_timeout = "100ms"; largest_datagram = "65507";')
        for _ in range(40):
            collector.send(datagram(3, 1001, DATA, b"x" * 60000))
        wait_until(lambda: self.read("telemetry.csv").count("\n") == 41, "all rows are there")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["csv"], [40, 40, 0, 0])
        self.assertEqual(ledger.sinks["trouble"][0], 40 * 4003 + 1 + 1)  # and the event of what is dropped

    def test_drops_and_additions_keep_their_places(self):
        collector = self.start('{ plugin = "shaper"; },\n{ plugin = "sequence"; events = false; },\n'
                               '{ plugin = "trouble"; does = "fail"; after = 1000000; },\n{ plugin = "csv"; }')
        count = 1500
        burst(collector, 1, count, b"reading")
        ledger = collector.stop()
        self.assertEqual(ledger.received, count)
        lines = self.read("trouble.txt").splitlines()
        expected = []
        for seq in range(1, count + 1, 2):
            expected += [f"0 3 {seq} reading", f"1 0 {seq} a-{seq}", f"1 0 {seq} b-{seq}"]
            if seq == 1001:
                expected += [f"1 0 {n} many-{n}" for n in range(4000)]
        expected += ["1 0 0 end-0", "closed"]
        self.assertEqual(lines, expected)
        emitted = count + 4000 + 1
        self.assertEqual(ledger.filters["shaper"], [count, emitted, count // 2 + emitted, count // 2])
        self.assertEqual(ledger.filters["sequence"][0], count // 2 + emitted)
        self.assertEqual(len(self.rows()), count // 2, "csv takes messages alone")


if __name__ == "__main__":
    main()
