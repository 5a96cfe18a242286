#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No output keeps the daemon from starting or from stopping, and one that is in order again is used again."""
import os
import signal

from muster import DATA, PLUGINS, Case, datagram, main, wait_until

GOOD = '{ plugin = "csv"; }'


def burst(collector, first, count):
    for seq in range(first, first + count):
        collector.send(datagram(3, seq, DATA, b"1"))


class Outputs(Case):
    def rows_reach(self, count):
        wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                   and self.read("telemetry.csv").count("\n") == count + 1, f"{count} rows are in the file")

    def numbers(self, name="balky.txt"):
        return [int(line) for line in self.read(name).split()] if os.path.exists(self.path(name)) else []


class Hanging(Outputs):
    """A callback that does not come back."""

    def hang(self, place, status=0):
        """The gate is shut when the first ten rows are there.  Returns the ledger, which does not say "exact"
        if the main thread hung itself."""
        collector = self.start(GOOD + f',\n{{ plugin = "balky"; in = "{place}"; gate = "{place}"; }}',
                               settings='stop_timeout = "300ms";')
        burst(collector, 1, 10)
        self.rows_reach(10)
        if place in ("flush", "write", "tick", "disconnect", "close"):
            wait_until(lambda: self.numbers() == list(range(1, 11)), "the sink has them, too")
        self.write(place, "")
        if place == "tick":
            wait_until(lambda: "the gate is shut" in collector.log(), "it hangs")
        burst(collector, 11, 10)
        self.rows_reach(20)
        if status == 0:
            return collector, collector.stop()
        collector.process.send_signal(signal.SIGTERM)
        self.assertEqual(collector.process.wait(timeout=60), status)
        return collector, None

    def test_in_connect(self):
        self.write("connect", "")
        collector, ledger = self.hang("connect")
        self.assertEqual(ledger.sinks["balky"], [20, 0, 0, 20])
        self.assertIn("connect() of the plugin balky 1.0", collector.log())
        self.assertIn("balky: the sink does not come back from its plugin; 20 records are given up", collector.log())

    def test_in_write(self):
        collector, ledger = self.hang("write")
        self.assertEqual(ledger.sinks["balky"], [20, 10, 0, 10])
        self.assertIn("write() of the plugin balky 1.0", collector.log())
        self.assertIn("in the hands of the stuck plugin or behind 10", ledger.text)

    def test_in_flush(self):
        collector, ledger = self.hang("flush")
        self.assertEqual(ledger.sinks["balky"], [20, 10, 0, 10])
        self.assertIn("flush() of the plugin balky 1.0", collector.log())

    def test_in_tick(self):
        _, ledger = self.hang("tick")
        self.assertEqual(ledger.sinks["balky"], [20, 10, 0, 10])

    def test_in_disconnect(self):
        collector, ledger = self.hang("disconnect")
        self.assertEqual(ledger.sinks["balky"], [20, 20, 0, 0])
        self.assertIn("balky: the sink does not come back from its plugin", collector.log())

    def test_in_close(self):
        collector, _ = self.hang("close", status=70)
        self.assertIn("close() of the plugin balky 1.0", collector.log())
        self.assertIn("balky: offered 20 = written 20 + held 0 + queued 0 + dropped 0", collector.log())

    def test_one_that_comes_back(self):
        self.write("shut", "")
        collector = self.start(GOOD + ',\n{ plugin = "balky"; in = "connect"; }')
        burst(collector, 1, 10)
        self.rows_reach(10)
        os.unlink(self.path("shut"))
        wait_until(lambda: self.numbers() == list(range(1, 11)), "what has waited is written")
        self.assertEqual(collector.stop().sinks["balky"], [10, 10, 0, 0])


class Failing(Outputs):
    """A sink that has said MUSTER_FAILED."""

    def fail(self, place):
        collector = self.start(GOOD + f',\n{{ plugin = "balky"; in = "{place}"; does = "fail"; }}')
        burst(collector, 1, 10)
        wait_until(lambda: self.numbers() == list(range(1, 11)), "it works at first")
        self.write("shut", "")
        return collector

    def recover(self, collector, sent, lost):
        """Those numbers are lost; all others arrive once the gate is open, without a restart."""
        os.unlink(self.path("shut"))
        collector.process.send_signal(signal.SIGHUP)
        wanted = [seq for seq in range(1, sent + 1) if seq not in lost]
        wait_until(lambda: self.numbers() == wanted, "what has waited is written")
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [sent, len(wanted), 0, len(lost)])
        log = collector.log()
        self.assertEqual(log.count("the gate is shut; open it"), 1)
        self.assertEqual(log.count("balky: this sink has failed and is out of service; what comes waits"), 1)
        self.assertRegex(log, r"balky: it works again, after \d+\.\d s; \d+ records wait")

    def test_in_write(self):
        collector = self.fail("write")
        burst(collector, 11, 1)
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        burst(collector, 12, 500)
        self.rows_reach(511)
        self.recover(collector, 511, [11])

    def test_in_flush(self):
        collector = self.fail("flush")
        burst(collector, 11, 1)
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        burst(collector, 12, 500)
        self.rows_reach(511)
        os.truncate(self.path("balky.txt"), len("".join(f"{n}\n" for n in range(1, 11))))
        self.recover(collector, 511, [11])

    def test_in_connect_while_it_runs(self):
        collector = self.fail("connect")
        collector.process.send_signal(signal.SIGHUP)  # without rotate it is connected anew
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        burst(collector, 11, 500)
        self.rows_reach(510)
        self.recover(collector, 510, [])

    def test_still_when_it_stops(self):
        collector = self.fail("write")
        burst(collector, 11, 1)
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        burst(collector, 12, 20)
        self.rows_reach(31)
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["balky"], [31, 10, 0, 21])
        self.assertIn("dropped 21, sink failed 21\n", ledger.text)

    def test_no_more_when_it_stops(self):
        collector = self.fail("write")
        burst(collector, 11, 1)
        wait_until(lambda: "out of service" in collector.log(), "it has failed")
        burst(collector, 12, 20)
        self.rows_reach(31)
        os.unlink(self.path("shut"))
        self.assertEqual(collector.stop().sinks["balky"], [31, 30, 0, 1])

    def test_at_the_start(self):
        self.write("shut", "")
        self.write("collector.conf", 'listen = ( { port = 0; } );\n'
                                     'chain = ( { plugin = "balky"; in = "connect"; does = "fail"; } );')
        done = self.musterd("-c", "collector.conf", "--plugin-path", PLUGINS)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the sink balky can never be connected (collector.conf:2)", done.stderr)
        self.assertEqual(done.stderr.count("the gate is shut; open it"), 1)

    def test_with_a_full_queue(self):
        self.write("other", "")
        collector = self.start(GOOD + ',\n{ plugin = "balky"; in = "write"; does = "fail"; queue = 2048; }')
        burst(collector, 1, 10)
        wait_until(lambda: self.numbers() == list(range(1, 11)), "it works at first")
        self.write("shut", "")
        for part in range(5):
            burst(collector, 11 + part * 1000, 1000)
            self.rows_reach(10 + (part + 1) * 1000)
        os.unlink(self.path("shut"))
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "it works again" in collector.log(), "it is back")
        ledger = collector.stop()
        offered, written, queued, dropped = ledger.sinks["balky"]
        self.assertEqual((offered, queued, written), (5010, 0, len(self.numbers())))
        self.assertGreater(written, 1000)
        self.assertRegex(ledger.text, r"queue full \d+, sink failed \d+")
        self.assertEqual(self.numbers(), sorted(set(self.numbers())))


class Kinds(Outputs):
    """Each kind of output that Muster comes with, in a trouble that may pass."""

    def starts(self, entry, sink, trouble):
        collector = self.start('{ plugin = "csv"; name = "good"; },\n' + entry)
        self.assertIn(trouble, collector.log())
        self.assertIn(f"{sink}: not connected; it is tried again until it works", collector.log())
        burst(collector, 1, 10)
        self.rows_reach(10)
        return collector

    def test_a_csv_in_a_folder_that_is_missing(self):
        collector = self.starts('{ plugin = "csv"; path = "away/rows.csv"; }', "csv", "No such file or directory")
        os.mkdir(self.path("away"))
        wait_until(lambda: os.path.exists(self.path("away/rows.csv"))
                   and self.read("away/rows.csv").count("\n") == 11, "all rows follow")
        collector.stop()

    def test_a_csv_in_a_folder_that_is_none(self):
        self.write("away", "a file")
        collector = self.starts('{ plugin = "csv"; path = "away/rows.csv"; }', "csv", "Not a directory")
        os.unlink(self.path("away"))
        os.mkdir(self.path("away"))
        wait_until(lambda: os.path.exists(self.path("away/rows.csv"))
                   and self.read("away/rows.csv").count("\n") == 11, "all rows follow")
        collector.stop()

    def test_a_csv_in_a_fifo_without_a_reader(self):
        os.mkfifo(self.path("rows"))
        collector = self.starts('{ plugin = "csv"; path = "rows"; }', "csv", "start its reader")
        reader = os.open(self.path("rows"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        got = b""

        def arrives():
            nonlocal got
            try:
                got += os.read(reader, 65536)
            except BlockingIOError:
                pass
            return got.count(b"\n") == 11
        wait_until(arrives, "the header and all rows")
        self.assertEqual(collector.stop().sinks["csv"], [10, 10, 0, 0])

    def test_a_csv_on_a_full_disk(self):
        collector = self.start('{ plugin = "csv"; name = "good"; },\n{ plugin = "csv"; path = "/dev/full"; }',
                               settings='stop_timeout = "200ms";')
        burst(collector, 1, 10)
        self.rows_reach(10)
        wait_until(lambda: "No space left on device" in collector.log(), "it says so")
        self.assertEqual(collector.stop().sinks["csv"], [10, 0, 0, 10])

    def test_a_report_in_a_folder_that_is_missing(self):
        collector = self.starts('{ plugin = "stats"; file = "away/stats.json"; interval = "1h"; }', "stats",
                                "No such file or directory")
        os.mkdir(self.path("away"))
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "stats: connected, after" in collector.log(), "the folder is found")
        collector.stop()
        self.assertTrue(self.stats("away/stats.json")["final"])

    def test_a_log_whose_reader_goes(self):
        reader, writer = os.pipe()
        collector = self.start('{ plugin = "csv"; },\n{ plugin = "log"; }', stdout=writer)
        os.close(writer)
        os.close(reader)
        burst(collector, 1, 10)
        wait_until(lambda: "log: this sink has failed" in collector.log(), "it says so")
        burst(collector, 11, 10)
        self.rows_reach(20)
        for count in range(1, 6):
            collector.process.send_signal(signal.SIGHUP)
            wait_until(lambda: collector.log().count("SIGHUP: ") >= count, "it is tried again")  # pylint: disable=cell-var-from-loop
        ledger = collector.stop()
        offered = ledger.sinks["log"][0]
        self.assertIn(offered, (20, 21))  # and perhaps the event of what is dropped
        self.assertEqual(ledger.sinks["log"], [offered, 0, 0, offered])
        # Once when it was lost, and once of all that it was tried.
        self.assertLessEqual(collector.log().count("nobody reads standard output any more"), 2)


if __name__ == "__main__":
    main()
