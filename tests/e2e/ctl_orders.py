#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""musterctl reload, rotate and log-level: what they change, and that whoever asks is told why not."""
import os

from control import ControlCase
from muster import datagram, main, wait_until

CHAIN = '{ plugin = "csv"; path = "telemetry.csv"; }, { plugin = "log"; show = "troubles"; }'


class Orders(ControlCase):
    def configure(self, chain, settings=""):
        self.write("collector.conf", 'listen = ( { address = "127.0.0.1"; port = 0; } );\n'
                   f'control = "ctl.sock";\n{settings}\nchain = (\n{chain}\n);\n')

    def test_reload(self):
        collector = self.start_controlled(CHAIN)
        self.configure(CHAIN + ', { plugin = "csv"; name = "more"; path = "more.csv"; }')
        self.assertTrue(self.ctl_lines("status")[0]["configuration_has_changed"])
        self.ctl("reload", "--dry-run")
        self.assertEqual([line["sink"] for line in self.ctl_lines("sinks")], ["csv", "log"])
        self.ctl("reload")
        self.assertEqual([line["sink"] for line in self.ctl_lines("sinks")], ["csv", "log", "more"])
        self.assertFalse(self.ctl_lines("status")[0]["configuration_has_changed"])
        collector.send(datagram(1, 1))
        wait_until(lambda: os.path.exists(self.path("more.csv")) and len(self.rows("more.csv")) == 1, "the new sink writes")
        collector.stop()

    def test_errors_come_back_with_their_place(self):
        collector = self.start_controlled(CHAIN)
        self.configure('{ plugin = "csv"; paht = "x.csv"; }')
        client = self.client()
        lines, last = client.ask("reload", dry_run=True)
        self.assertFalse(last["ok"])
        self.assertTrue(any(line["said"].startswith("collector.conf:") and 'did you mean "path"?' in line["said"]
                            for line in lines), lines)
        self.ctl("reload", status=1)
        self.assertEqual([line["sink"] for line in self.ctl_lines("sinks")], ["csv", "log"])
        collector.stop()

    def test_rotate(self):
        collector = self.start_controlled(CHAIN)
        collector.send(datagram(1, 1))
        wait_until(lambda: len(self.rows()) == 1, "the row is there")
        os.rename(self.path("telemetry.csv"), self.path("old.csv"))
        self.ctl("rotate")
        wait_until(lambda: os.path.exists(self.path("telemetry.csv")), "there is a new file")
        collector.send(datagram(1, 2))
        wait_until(lambda: len(self.rows()) == 1, "the next row is in it")
        self.assertEqual(len(self.rows("old.csv")), 1)
        collector.stop()

    def test_restart(self):
        """It is the same process, and nothing is lost; with a configuration that is wrong, it goes on."""
        collector = self.start_controlled(CHAIN)
        collector.send(datagram(1, 1))
        wait_until(lambda: len(self.rows()) == 1, "the row is there")
        configuration = self.read("collector.conf")
        self.write("collector.conf", configuration + "nonsense = 1;\n")
        lines, end = self.client().ask("restart")
        self.assertFalse(end["ok"])
        self.assertIn("nonsense", "".join(line["said"] for line in lines))
        self.write("collector.conf", configuration)
        self.ctl("restart")
        collector.send(datagram(1, 2))
        wait_until(lambda: len(self.rows()) == 2, "what came meanwhile has a row")
        wait_until(lambda: collector.log().count("answering musterctl on") == 2, "it answers again")
        self.assertIn(f"pid {collector.process.pid}", self.ctl("status"))
        collector.process.terminate()
        self.assertEqual(collector.process.wait(), 0)

    def test_log_level(self):
        collector = self.start_controlled(CHAIN)
        self.ctl("log-level", "debug")
        self.ctl("rotate")
        wait_until(lambda: " debug " in collector.log(), "it says more")
        self.assertIn('did you mean "error"?', self.ctl("log-level", "eror", status=1))
        self.ctl("log-level", status=2)
        collector.stop()

    def test_a_client_that_leaves(self):
        """Its order is carried out, and the next one's, too."""
        collector = self.start_controlled(CHAIN)
        for _ in range(20):
            client = self.client()
            client.socket.sendall(b'{"command":"reload"}\n')
            client.close()
        wait_until(lambda: self.client().ask("reload")[1]["ok"], "an order is taken again")
        collector.stop()


if __name__ == "__main__":
    main()
