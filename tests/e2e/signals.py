#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a signal does to the daemon, from its first moments on."""
import os
import signal
import subprocess

from muster import MUSTERD, PLUGINS, Case, main, wait_until

CHAIN = '{ plugin = "sequence"; },\n{ plugin = "csv"; }'
MEANINGLESS = (signal.SIGUSR1, signal.SIGALRM)


def blocked(pid):
    """The signals that the process has blocked."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        mask = int(next(line.split()[1] for line in file if line.startswith("SigBlk")), 16)
    return {number for number in range(1, 32) if mask >> (number - 1) & 1}


class Signals(Case):
    def test_some_mean_nothing(self):
        collector = self.start(CHAIN)
        for number in MEANINGLESS:
            collector.process.send_signal(number)
            wait_until(lambda: f"{number.name} means nothing" in collector.log(), number.name)
        collector.stop()

    def test_each_that_stops_it_stops_it_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            collector = self.start(CHAIN)
            collector.stop(number)
            self.assertIn(f"{number.name}: stopping", collector.log())

    def test_none_ends_it_while_it_starts(self):
        self.write("collector.conf", f"listen = ( {{ port = 0; }} );\nchain = (\n{CHAIN}\n);\n")
        for numbers in ((signal.SIGHUP, *MEANINGLESS, signal.SIGTERM), (signal.SIGQUIT,)):
            with open(self.path("log"), "wb") as log:
                process = subprocess.Popen([MUSTERD, "-c", "collector.conf", "--plugin-path", PLUGINS],
                                           cwd=self.folder, stderr=log, stdout=subprocess.DEVNULL)
            self.running.append(process)
            # Its first act; what comes before that, the loader of programs has to bear.
            wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe") == os.path.realpath(MUSTERD) and
                       signal.SIGHUP in blocked(process.pid), "its first act")
            for number in numbers[:-1]:
                process.send_signal(number)

            def text():
                with open(self.path("log"), encoding="utf-8") as file:
                    return file.read()

            if len(numbers) > 1:
                wait_until(lambda: all(number.name in text() for number in numbers[:-1]), "it has seen them")
            process.send_signal(numbers[-1])
            self.assertEqual(process.wait(timeout=60), 0, text())
            self.assertIn("exact: every sum agrees", text())


if __name__ == "__main__":
    main()
