#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line, and errors of the configuration: all at once, each with its line, nothing started."""
import os
import shutil
import signal
import socket
import subprocess

from muster import DATA, MUSTERD, PLUGINS, Case, datagram, main, wait_until


class Errors(Case):
    def check(self, text, *expected, status=2):
        """Checks that the file gives exactly these errors, and that nothing was started."""
        self.write("collector.conf", text)
        for arguments in (("--check",), ()):
            done = self.musterd("-c", "collector.conf", *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
            lines = [line for line in done.stderr.splitlines() if line.startswith("collector.conf:")]
            self.assertEqual(len(lines), len(expected), done.stderr)
            for line, (number, words) in zip(lines, expected):
                self.assertTrue(line.startswith(f"collector.conf:{number}: "), line)
                for word in words:
                    self.assertIn(word, line)
            self.assertIn(f"{len(expected)} error", done.stderr)
            self.assertIn("nothing was started", done.stderr)
        self.assertEqual(os.listdir(self.folder), ["collector.conf"])

    def test_every_error_of_the_file_is_listed(self):
        self.check("""listen = ( { adress = "127.0.0.1"; port = 99999; },
           { address = "localhost"; port = "eight"; } );
workers = 1000;
recieve_buffer = "4MiB";
queue = "many";
log_level = "verbose";
stop_timeout = "10 parsecs";
chain = (
  { plugin = "sequence"; window = 1000; mode = "refference"; },
  { plugin = "csw"; },
  { plugin = "csv"; path = 7; columns = ( "seq_num", "valeu" ); colour = true; },
  { plugin = "stats"; intervall = "10s"; worst = -1; },
  { path = "x"; }
);
""",
                   (1, ["address", "did you mean"]), (1, ["port", "99999", "0 to 65535"]),
                   (2, ["port", "whole number"]), (2, ["localhost", "IPv4 or IPv6"]),
                   (3, ["workers", "1000", "0 to 256"]), (4, ['did you mean "receive_buffer"?']),
                   (5, ["queue", "whole number"]), (6, ["log_level", "verbose", '"debug"']),
                   (7, ["stop_timeout", "10 parsecs"]),
                   (9, ["mode", 'did you mean "reference"?']), (9, ["window", "power of two"]),
                   (10, ['no plugin "csw"', 'did you mean "csv"?']),
                   (11, ["csv", "colour"]), (11, ["path", "path in quotes"]),
                   (11, ["columns", 'did you mean "value"?']),
                   (12, ['did you mean "interval"?']), (12, ["worst", "-1"]),
                   (13, ["plugin = \"NAME\""]))

    def test_a_syntax_error_has_its_line(self):
        self.check("workers = 1;\nqueue = = 5000;\nchain = ();\n", (2, ["syntax error"]))

    def test_the_chain_must_make_sense(self):
        self.check('chain = ( { plugin = "csv"; },\n { plugin = "sequence"; } );', (2, ["filters come first"]))
        self.check("workers = 1;\nchain = ();", (2, ["empty"]))
        self.check('chain = ( { plugin = "sequence"; } );', (1, ["no sink"]))
        self.check('chain = ( { plugin = "sequence"; queue = 5000; }, { plugin = "csv"; } );', (1, ["queue"]))
        self.check('chain = ( { plugin = "csv"; name = "a"; },\n { plugin = "csv"; name = "a"; path = "b"; } );',
                   (2, ['"a" is taken']))
        self.check('chain = ( { plugin = "csv"; columns = ( "value", "value" ); } );', (1, ["columns", "value"]))
        self.check('chain = { plugin = "csv"; };', (1, ["expected a list"]))
        self.check('chain = ( { plugin = "csv"; name = "a b"; } );', (1, ["letters"]))

    def test_a_setting_that_is_there_twice(self):
        self.check("workers = 1;\nworkers = 2;\n", (2, ["duplicate"]))

    def test_numbers_that_libconfig_would_cut_off(self):
        self.check("queue = 4294977296;\nworkers : 4294967298;\nchain = ( { plugin = \"log\"; } );",
                   (1, ["queue", "4294977296", "too large"]), (2, ["workers", "4294967298"]))
        self.check('listen = ( { address = "127.0.0.1"; port = 4294986197; } );', (1, ["port", "4294986197"]))
        self.check("queue = 4294977296L;", (1, ["queue", "4294977296 is out of range"]))

    def test_listeners_that_clash(self):
        self.check('listen = ( { address = "127.0.0.1"; port = 7; },\n{ address = "127.0.0.1"; port = 7; } );',
                   (2, ["127.0.0.1:7", "another entry"]))
        self.check('listen = ( { address = "127.0.0.1"; port = 7; },\n{ address = "0.0.0.0"; port = 7; } );',
                   (2, ["0.0.0.0:7"]))
        self.write("collector.conf", 'listen = ( { port = 7; }, { address = "::1"; port = 7; }, { port = 8; } );')
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)
        os.remove(self.path("collector.conf"))

    def test_a_file_that_is_no_plugin(self):
        self.write("collector.conf", "")
        self.check('chain = ( { plugin = "./collector.conf"; } );', (1, ["collector.conf\" is no shared object"]))
        self.check('chain = ( { plugin = "./missing.so"; } );', (1, ["cannot read", "No such file"]))

    def test_a_file_that_is_not_there(self):
        done = self.musterd("-c", "nowhere.conf")
        self.assertEqual(done.returncode, 2)
        self.assertIn('cannot read the configuration "nowhere.conf": No such file', done.stderr)

    def test_errors_of_the_catalog_come_with_the_others(self):
        self.write("devices.yaml", "devices:\n  - { id: 70000 }\n  - { id: 7, clas: x }\n")
        self.write("collector.conf", 'catalog = "devices.yaml";\nwrokers = 1;\nchain = ( { plugin = "log"; } );\n')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"devices\.yaml:2:\d+: ")
        self.assertRegex(done.stderr, r"devices\.yaml:3:\d+: .*did you mean")
        self.assertRegex(done.stderr, r"collector\.conf:2: .*did you mean \"workers\"")

    def test_includes_name_the_file(self):
        self.write("part.conf", "\nqueue = 1;\n")
        self.write("collector.conf", '@include "part.conf"\nchain = ( { plugin = "log"; } );\n')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, r"part\.conf:2: queue")

    def test_includes_that_cannot_be_have_a_place_and_a_reason(self):
        self.write("collector.conf", "")
        self.check('\n@include "missing.conf"', (2, ['cannot include "missing.conf"', "No such file"]))
        self.check('\n@include "/tmp"', (2, ["it is a directory"]))
        self.check('@include "collector.conf"', (1, ["the file that this stands in"]))

    def test_a_configuration_may_come_through_a_pipe(self):
        done = self.musterd("-c", "/dev/stdin", "--check", input='chain = ( { plugin = "log"; } ); # the end')
        self.assertEqual((done.returncode, done.stdout), (0, "/dev/stdin: fine\n"), done.stderr)
        done = self.musterd("-c", "/dev/stdin", "--check", input="\nwrokers = 1;")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/dev/stdin:2: ", done.stderr)

    def test_what_is_no_file_is_not_read(self):
        os.mkdir(self.path("folder"))
        for name, why in (("folder", "it is a directory"), ("/dev/zero", "it is a device"),
                          (self.write("large", " " * (1 << 20) + ";"), "larger than 1 MiB")):
            done = self.musterd("-c", name, "--check")
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr)

    def test_a_catalog_with_more_anchors_than_can_be_read_in_time(self):
        self.write("devices.yaml", "devices:\n" + "".join(f"- &a{i} {{ id: 1 }}\n" for i in range(80000)))
        self.write("collector.conf", 'catalog = "devices.yaml";\nchain = ( { plugin = "log"; } );\n')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("devices.yaml:258:3: there are more than 256 anchors (&NAME)", done.stderr)


class Start(Case):
    def test_a_taken_port_is_a_failure_to_start(self):
        for settings in ("", "workers = 3;"):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.bind(("127.0.0.1", 0))
                port = other.getsockname()[1]
                self.write("collector.conf", f'{settings} listen = ( {{ port = {port}; }} );\n'
                                             'chain = ( { plugin = "csv"; } );')
                done = self.musterd("-c", "collector.conf")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"cannot listen on 127.0.0.1:{port}: Address already in use", done.stderr)

    def test_two_collectors_do_not_share_a_port(self):
        collector = self.start('{ plugin = "log"; }', settings="workers = 2;")
        self.write("collector.conf", f'workers = 2; listen = ( {{ port = {collector.port}; }} );\n'
                                     'chain = ( { plugin = "log"; } );')
        self.assertEqual(self.musterd("-c", "collector.conf").returncode, 1)
        collector.stop()

    def test_a_required_output_that_cannot_be_written_is_a_failure_to_start(self):
        self.write("collector.conf", 'listen = ( { port = 0; } );\n'
                                     'chain = ( { plugin = "csv"; path = "no/such/dir.csv"; required = true; } );')
        done = self.musterd("-c", "collector.conf")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r'/no/such/dir\.csv": No such file')
        self.assertIn("the sink csv is required, and could not be connected (collector.conf:2)", done.stderr)
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)

    def test_an_output_that_can_never_be_written_is_a_failure_to_start(self):
        self.write("telemetry.csv", "something else\n")
        self.write("collector.conf", 'listen = ( { port = 0; } );\nchain = ( { plugin = "csv"; } );')
        done = self.musterd("-c", "collector.conf")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the sink csv can never be connected (collector.conf:2)", done.stderr)
        self.assertEqual(self.read("telemetry.csv"), "something else\n")

    def test_plugins_that_do_not_open_or_break_the_contract(self):
        for does in ("closed", "undeclared"):
            self.write("collector.conf", 'listen = ( { port = 0; } );\n'
                                         f'chain = ( {{ plugin = "csv"; }}, {{ plugin = "trouble"; does = "{does}"; }} );')
            done = self.musterd("-c", "collector.conf")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("the plugin trouble could not be opened (collector.conf:2)", done.stderr)

    def test_a_file_of_something_else_is_not_replaced_by_figures(self):
        self.write("other.csv", "a,b\n1,2\n")
        self.write("collector.conf", 'listen = ( { port = 0; } );\nchain = ( { plugin = "stats"; file = "other.csv"; } );')
        done = self.musterd("-c", "collector.conf")
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds something else", done.stderr)
        self.assertEqual(self.read("other.csv"), "a,b\n1,2\n")

    def test_a_tracker_that_is_not_there_is_noticed(self):
        collector = self.start('{ plugin = "sequence"; name = "seq"; }, { plugin = "stats"; }')
        wait_until(lambda: 'no filter named "sequence"' in collector.log(), "it says so")
        collector.stop()

    def test_a_signal_ends_it_while_it_reads_its_configuration(self):
        os.mkfifo(self.path("fifo"))
        process = subprocess.Popen([MUSTERD, "-c", self.path("fifo")], stderr=subprocess.DEVNULL)
        self.running.append(process)

        def waits():
            with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
                return ") S " in file.read()

        wait_until(waits, "it waits for the file")
        process.terminate()
        self.assertEqual(process.wait(timeout=60), -signal.SIGTERM)

    def test_closed_standard_files_do_not_end_in_the_data(self):
        self.write("collector.conf", 'listen = ( { port = 0; } );\nchain = ( { plugin = "csv"; }, { plugin = "log"; } );')
        process = subprocess.Popen(
            ["sh", "-c", f'exec "{MUSTERD}" -c collector.conf --plugin-path "{PLUGINS}" <&- >&- 2>&-'], cwd=self.folder)
        self.running.append(process)

        def port():
            """The log is gone, so its socket says where it listens; its thread, that it does."""
            base = f"/proc/{process.pid}"
            try:
                links = [os.readlink(f"{base}/fd/{fd}") for fd in os.listdir(f"{base}/fd")]
                threads = [open(f"{base}/task/{t}/comm", encoding="utf-8").read() for t in os.listdir(f"{base}/task")]
            except FileNotFoundError:
                return None  # it opens and closes files while it starts
            if "worker-0\n" not in threads:
                return None
            with open("/proc/net/udp", encoding="utf-8") as file:
                for line in file.read().splitlines()[1:]:
                    if f"socket:[{line.split()[9]}]" in links:
                        return int(line.split()[1].split(":")[1], 16)
            return None

        where = wait_until(port, "it listens")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram(1, 1, DATA, b"x"), ("127.0.0.1", where))
            sender.sendto(b"short", ("127.0.0.1", where))
        wait_until(lambda: self.read("telemetry.csv").count("\n") == 2, "the row is there")
        process.terminate()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(self.read("telemetry.csv").count("\n"), 2, "and nothing else")

    def test_without_settings_there_are_defaults(self):
        self.write("collector.conf", "listen = ( { port = 0; } );\n")
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)

    def test_the_log_has_time_stamps_unless_under_a_journal(self):
        self.start('{ plugin = "csv"; }').stop()
        self.assertRegex(self.read("stderr.0"), r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info    listening on ")
        journal = os.stat(self.write("stderr.1", ""))
        stream = f"{journal.st_dev}:{journal.st_ino}"
        self.start('{ plugin = "csv"; }', environment={**os.environ, "JOURNAL_STREAM": stream}).stop()
        self.assertRegex(self.read("stderr.1"), r"(?m)^<6>listening on ")
        self.start('{ plugin = "csv"; }', environment={**os.environ, "JOURNAL_STREAM": "8:1"}).stop()
        self.assertRegex(self.read("stderr.2"), r"Z info    listening on ")


class Environment(Case):
    """What --check says of what is there; a start says the same."""

    def look(self, text, status, *words):
        self.write("collector.conf", text)
        before = sorted(os.listdir(self.folder))
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, status, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual("collector.conf: fine\n" in done.stdout, status == 0)
        done = self.musterd("-c", "collector.conf", "--check", "--no-environment")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(os.listdir(self.folder)), before, "nothing was made")

    def test_a_port_that_is_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            text = f'listen = ( {{ port = {port}; }} );\nchain = ( {{ plugin = "log"; }} );'
            self.look(text, 1, f"cannot listen on 127.0.0.1:{port}: Address already in use", "would not start here")
        self.look(text, 0)

    def test_outputs(self):
        chain = 'listen = ( {{ port = 0; }} );\nchain = ( {{ plugin = "csv"; path = "{}"; {} }} );'
        self.look(chain.format("no/such.csv", ""), 0,
                  f'collector.conf:2: warning: csv: path: cannot make "{self.path("no/such.csv")}": "{self.path("no")}": No such file or directory; '
                  "it would start, and try again")
        self.look(chain.format("no/such.csv", "required = true;"), 1, 'collector.conf:2: csv: path: cannot make "')
        self.write("telemetry.csv", "something else\n")
        self.write("collector.conf", chain.format("telemetry.csv", ""))
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("collector.conf:2: csv: path: there is a file with another first line", done.stderr)
        self.assertEqual(self.musterd("-c", "collector.conf", "--check", "--no-environment").returncode, 0)
        os.mkfifo(self.path("fifo"))
        self.look(chain.format("fifo", ""), 0)

    def test_the_state_of_one_that_runs(self):
        os.mkdir(self.path("state"))
        text = 'listen = ( { port = 0; } );\nstate_dir = "state";\nchain = ( { plugin = "csv"; } );'
        self.look(text.replace('"state"', '"none"'), 1, 'cannot use the state_dir "none": No such file')
        self.look(text.replace('"state"', '"collector.conf"'), 1, "Not a directory")
        collector = self.start('{ plugin = "csv"; }', settings='state_dir = "state";')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f'the state in "state" is in use by musterd, pid {collector.process.pid}', done.stderr)
        self.assertRegex(done.stderr, rf'warning: csv: path: ".*telemetry.csv" is in use by process {collector.process.pid}')
        collector.stop()
        self.assertEqual(self.musterd("-c", "collector.conf", "--check").returncode, 0)

    def test_it_is_for_a_check(self):
        self.write("collector.conf", "")
        done = self.musterd("-c", "collector.conf", "--no-environment")
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected --check, too", done.stderr)


class CommandLine(Case):
    def test_version_and_help(self):
        done = self.musterd("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^musterd \d+\.\d+\.\d+ \(plugin ABI 1\.0\)\n$")
        done = self.musterd("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("-c", "--check", "--plugin-path", "--describe", "--version"):
            self.assertIn(option, done.stdout)

    def test_wrong_usage(self):
        for arguments in ((), ("--no-such-option",), ("-c",), ("-c", "x", "surplus")):
            done = self.musterd(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertNotEqual(done.stderr, "")

    def test_describe(self):
        for plugin in ("sequence", "csv", "log", "stats"):
            done = self.musterd("--describe", plugin)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, rf"^{plugin} \S+, a (filter|sink): ")
            self.assertIn("default: ", done.stdout)
        self.assertEqual(self.musterd("--describe", "nothing").returncode, 2)

    def test_list(self):
        os.mkdir(self.path("more"))
        self.write("more/broken.so", "no shared object")
        shutil.copy(os.path.join(PLUGINS, "csv.so"), self.path("more"))
        done = self.musterd("--list", "--plugin-path", "more", "--plugin-path", "nowhere")
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = " ".join(done.stdout.split())
        for plugin in ("sequence", "csv", "log", "stats", "reorder"):
            self.assertRegex(listed, rf"(^| ){plugin} \S+, a (filter|sink): ")
        self.assertRegex(listed, r"broken, of no use: .* is no shared object.*\. more/broken\.so")
        self.assertIn('none from "nowhere": No such file or directory', listed)
        self.assertRegex(listed, r"not in use, one of that name comes before it\. more/csv\.so")

    def test_a_plugin_that_is_not_found_comes_with_a_hint(self):
        self.write("collector.conf", 'chain = ( { plugin = "historian"; } );')
        done = self.musterd("-c", "collector.conf", "--check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("; --plugin-path DIR names another directory, --list shows what there is", done.stderr)


if __name__ == "__main__":
    main()
