#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The plugin guide is true: its plugins are built outside the tree against the installed headers,
its commands give the output that it shows, and its plugins do what it says."""
import os
import re
import shutil
import subprocess
import unittest

from muster import BUILD, DATA, PATIENCE, SOURCE, Case, datagram, main, wait_until

GUIDE = os.path.join(SOURCE, "doc", "plugin-guide.md")
CC = os.environ.get("CC", "cc")


def blocks(language):
    """The code blocks of the guide in that language, in order."""
    with open(GUIDE, encoding="utf-8") as file:
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", file.read())


def commands():
    """Each command of the guide, with the output that is shown below it."""
    for block in blocks("console"):
        for command, output in re.findall(r"(?ms)^\$ (.*?)\n(.*?)(?=^\$ |\Z)", block):
            yield command, output


def without_time(ledger):
    return re.sub(r"ledger after [0-9.]+ s", "ledger", ledger)


@unittest.skipUnless(shutil.which("pkg-config") and shutil.which("nm"), "pkg-config and nm are needed")
class Guide(Case):
    def setUp(self):
        super().setUp()
        self.root = self.path("installed")
        self.install()
        for source in blocks("c"):
            self.write(re.match(r"/\* (\w+\.c): ", source).group(1), source)
        self.configurations = blocks("conf")
        for name, text in zip(("wrong.conf", "collector.conf"), self.configurations):
            self.write(name, text)

    def install(self):
        """make install below a folder of its own, and where pkg-config finds that."""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
        done = subprocess.run(["make", "-s", "install", f"DESTDIR={self.root}"], cwd=BUILD, env=environment,
                              capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (folder,) = [folder for folder, _, files in os.walk(self.root) if "muster.pc" in files]
        self.environment = {**environment, "PKG_CONFIG_PATH": folder, "PKG_CONFIG_SYSROOT_DIR": self.root,
                            "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
                            "PATH": BUILD + os.pathsep + os.environ["PATH"]}

    def run_command(self, command):
        """A command line of the guide, in the test's folder.  Returns all that it prints."""
        command = re.sub(r"^cc ", f"{CC} -Werror ", command)
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment, timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.stdout

    def build(self):
        for command, _ in commands():
            if command.startswith("cc "):
                self.assertEqual(self.run_command(command), "", command)

    def test_the_headers_are_the_installed_ones(self):
        flags = self.run_command("pkg-config --cflags muster").split()
        folders = [flag[2:] for flag in flags if flag.startswith("-I")]
        self.assertEqual(len(folders), 1, flags)
        self.assertTrue(folders[0].startswith(self.root), folders)
        self.assertEqual(sorted(os.listdir(os.path.join(folders[0], "muster"))),
                         ["plugin.h", "record.h", "test.h", "wire.h"])

    def test_each_command_prints_what_the_guide_shows(self):
        count = 0
        for command, output in commands():
            self.assertEqual(self.run_command(command), output, command)
            count += 1
        self.assertGreaterEqual(count, 5)

    def test_the_plugins_have_one_symbol_and_need_none_of_the_host(self):
        self.build()
        for name in ("last.so", "limits.so", "totals.so"):
            symbols = subprocess.run(["nm", "-D", self.path(name)], capture_output=True, text=True, check=True).stdout
            defined = re.findall(r"(?m)^[0-9a-f]+ [A-Z] (\S+)", symbols)
            self.assertEqual(defined, ["muster_plugin_v1"])
            for undefined in re.findall(r"(?m)^ +[Uw] (\S+)", symbols):
                self.assertRegex(undefined, r"@GLIBC|^_ITM_|^__gmon_start__$|^__cxa_finalize$", name)

    def test_the_plugins_do_what_the_guide_says(self):
        self.build()
        chain = re.search(r"(?s)chain = \(\n(.*)\n\);", self.configurations[1]).group(1)
        collector = self.start(chain)
        (script,) = blocks("python")
        self.assertIn(", 8888)", script)
        self.write("send.py", script.replace(", 8888)", f", {collector.port})"))
        self.run_command("python3 send.py")
        shown = [text for text in blocks("text") if re.match(r"\d+ \d+ ", text)]
        self.assertEqual(len(shown), 1)
        wait_until(lambda: os.path.exists(self.path("last.txt")) and self.read("last.txt") == shown[0],
                   "last.txt is as shown")
        ledger = collector.stop()
        (summary,) = [text for text in blocks("text") if text.startswith("ledger after")]
        self.assertEqual(without_time(ledger.text[ledger.text.rfind("ledger after"):]), without_time(summary))

    def test_the_last_value_survives_a_stop_and_what_could_not_be_saved_is_counted(self):
        self.build()
        os.mkdir(self.path("there"))
        collector = self.start('{ plugin = "./last.so"; path = "there/last.txt"; }', settings='stop_timeout = "200ms";')
        collector.send(datagram(7, 1, DATA, b"a"))
        wait_until(lambda: self.read("there/last.txt") == "7 1 a\n", "the first value is saved")
        shutil.rmtree(self.path("there"))
        collector.send(datagram(7, 2, DATA, b"b"))
        wait_until(lambda: "cannot write" in collector.log(), "it says that it cannot write")
        os.mkdir(self.path("there"))
        wait_until(lambda: os.path.exists(self.path("there/last.txt")) and self.read("there/last.txt") == "7 2 b\n",
                   "the next tick saves it")
        shutil.rmtree(self.path("there"))
        collector.send(datagram(7, 3, DATA, b"c\n"))
        ledger = collector.stop()
        self.assertEqual(ledger.sinks["last"], [3, 2, 0, 1])
        self.assertRegex(ledger.text, "out of time to stop 1")

    def test_the_totals_survive(self):
        self.build()
        os.mkdir(self.path("state"))
        chain = '{ plugin = "./totals.so"; },\n{ plugin = "csv"; }'
        for run, age in enumerate(("new", "of a run that stopped", "of a run that was killed")):
            collector = self.start(chain, 'state_dir = "state";')
            self.assertIn(f"totals: {run} messages so far; the state is {age}\n", collector.log())
            collector.send(datagram(9, run, DATA, b"1"))
            wait_until(lambda: os.path.exists(self.path("telemetry.csv"))
                       and self.read("telemetry.csv").count("\n") == run + 2,  # pylint: disable=cell-var-from-loop
                       "the row is there")
            if run == 0:
                collector.stop()
            else:
                collector.process.kill()
                collector.process.wait()


if __name__ == "__main__":
    main()
