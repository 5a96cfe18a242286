#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the host offers to plugins, and what it says to those that ask for more."""
import os

from muster import TEST_PLUGINS, Case, main


class Asker(Case):
    def check(self, entry, *expected, arguments=("--check",), status=2):
        """Checks that the asker, as an entry of the chain on line 4, has these lines said."""
        self.write("collector.conf",
                   f'listen = ( {{ port = 0; }} );\n\nchain = (\n{{ plugin = "asker"; {entry} }}\n);\n')
        done = self.musterd("-c", "collector.conf", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        for line in expected:
            self.assertIn(line.replace("{BUG}", f"bug in the plugin asker 1.0 ({TEST_PLUGINS}/asker.so)"), done.stderr)
        return done

    def check_start(self, does, *expected):
        """The same, of a start that fails."""
        self.check(f'does = "{does}";', *expected, arguments=(), status=1)


class Options(Asker):
    def test_what_it_is_given(self):
        self.write("hush", "open sesame\n")
        collector = self.start('{ plugin = "asker"; share = 0.25; password = "file:hush"; }', 'log_level = "debug";')
        collector.stop()
        self.assertIn(f"asker: share 0.25, 11 letters of password, file {self.path('asked.txt')}", collector.log())
        self.assertIn("asker: share = 0.25\n", collector.log())
        self.assertIn("asker: password = (secret)\n", collector.log())
        self.assertIn(f'asker: file = "{self.path("asked.txt")}" (default)\n', collector.log())
        self.assertNotIn("sesame", collector.log() + collector.output())

    def test_what_it_is_described_as(self):
        done = self.musterd("--describe", "asker")
        self.assertEqual(done.returncode, 0)
        self.assertIn("  share (once called part)\n      A number.\n      a number such as 0.5, 0 to 1; default: 0.5\n",
                      done.stdout)
        self.assertIn('      a secret in quotes, "file:PATH" or "env:NAME"; default: none\n', done.stdout)
        self.assertIn("      a path in quotes; default: asked.txt\n", done.stdout)

    def test_what_it_is_not_given(self):
        done = self.check('share = 1.5; password = "file:none"; file = "";',
                          "collector.conf:4: share: 1.5 is out of range; expected 0 to 1\n",
                          'collector.conf:4: password: cannot read the secret from "none": No such file or directory\n',
                          "collector.conf:4: file: it is empty; expected the name of a file or directory\n",
                          "3 errors in the configuration")
        done = self.check('does = 1; share = "hush"; password = 1234567;', "3 errors in the configuration")
        self.assertNotIn("1234567", done.stderr)

    def test_a_former_name_is_read_with_a_warning(self):
        warning = ('collector.conf:4: {}setting "part" is called "share" now; it is still read under its former name, '
                   "but rename it\n")
        done = self.check("part = 0.75;", warning.format("warning: "), status=0)
        self.assertEqual(done.stdout, "collector.conf: fine\n")
        collector = self.start('{ plugin = "asker"; part = 0.75; }')
        collector.stop()
        self.assertIn("warning " + warning.format(""), collector.log())
        self.assertIn("asker: share 0.75", collector.log())
        self.check("part = 0.75;\nshare = 0.5;",
                   'collector.conf:4: setting "part" is the former name of "share", which is on line 5; expected one')

    def test_getters_of_another_type(self):
        self.check('does = "int_of_text";',
                   'collector.conf:4: asker: {BUG}: get_int() of the option "file", which is a path\n')
        self.check('does = "item_of_nothing";',
                   'asker: {BUG}: list_item() number 0 of the option "list", which has 0\n')
        for does, said in (("real_of_choice", 'get_real() of the option "does", which is a choice'),
                           ("undeclared", 'get_string() of the option "nothing", which it does not declare')):
            self.check_start(does, "asker: {BUG}: " + said + "\n")
        self.assertEqual(sorted(os.listdir(self.folder)), ["collector.conf"])


class Check(Asker):
    def test_what_it_complains_of(self):
        self.check('does = "complain";\nshare = 1;', "/etc/hostname:7: asker: a line is no good\n",
                   "/etc/hosts: asker: the file is no good\n", "collector.conf:4: asker: nothing is\n",
                   "collector.conf:5: asker: share: it is no good\n", "4 errors in the configuration")

    def test_a_check_that_breaks_the_contract(self):
        self.check('does = "fail_silently";', "collector.conf:4: asker: {BUG}: check() returned MUSTER_FAILED without a word; ")
        self.check('does = "fail_oddly";', "asker: {BUG}: check() returned 5; expected 0 or MUSTER_FAILED\n")
        self.check('does = "error_of_nothing";', "collector.conf:4: asker: {BUG}: config_error() of the option "
                   '"nothing", which it does not declare: it is no good\n', "1 error in the configuration")
        self.check_start("late_error", "config_error() in open(); expected in check\n")
        self.check_start("late_problem", "problem() in open(); expected in check\n")


class Metrics(Asker):
    def test_numbers_of_each_type_with_labels(self):
        collector = self.start('{ plugin = "stats"; file = "stats.json"; interval = 0; },\n'
                               '{ plugin = "asker"; does = "metrics"; }')
        collector.stop()
        self.assertIn("asker: sent 7, found 1 0 0\n", collector.log())
        shown = self.stats()["metrics"]
        self.assertEqual({name: shown[name] for name in shown if name.startswith("asker.") and "{" in name},
                         {"asker.sent{peer=a}": 3, 'asker.sent{peer="b"}': 4})
        self.assertEqual((shown["asker.share"], shown["asker.offset"]), (0.25, -7))

    def test_metrics_that_break_the_contract(self):
        self.check_start("metric_of_the_host", 'asker: {BUG}: the metric "dropped.by_me" is the host\'s\n')
        self.check_start("metric_twice", 'asker: {BUG}: the metric "sent" is declared already, of another kind, '
                         "type or label\n")


class Devices(Asker):
    def test_devices_by_number_and_id(self):
        self.write("devices.yaml", "devices:\n- {id: 4711, name: pump, place: hall, tags: {floor: 2, serves: all of it}}\n")
        collector = self.start('{ plugin = "asker"; does = "devices"; }', 'catalog = "devices.yaml";')
        collector.stop()
        self.assertIn('asker: device 4711 of 65536: 1 4711 "4711" pump hall floor=2 serves=all of it\n', collector.log())
        self.assertIn('asker: device 4712 is not listed: "4712" text\n', collector.log())
        self.assertIn('asker: device 18446744073709551615 is not listed: "" text\n', collector.log())

    def test_a_number_of_no_device(self):
        self.check_start("no_device", "asker: {BUG}: device() of number 65536; there are 65536\n")


if __name__ == "__main__":
    main()
