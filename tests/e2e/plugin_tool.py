#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""muster-plugin: what new makes builds and passes its own check; check finds our plugins fine, and
finds in plugins that are broken what is broken."""
import os
import re
import shutil
import subprocess
import unittest

from muster import BUILD, PATIENCE, PLUGINS, SANITIZED, Case, main

TOOL = os.path.join(BUILD, "muster-plugin")
BROKEN = os.path.join(BUILD, "tests", "plugin_tool", ".libs")
CC = os.environ.get("CC", "cc")

BROKEN_SINK = {
    "keeps": r"flush\(\) reads a record after write\(\), which was given it, has returned; copy what you keep",
    "writes": r"write\(\) writes to a record, which other sinks read at the same time",
    "behind": r"write\(\) reads more than 16 bytes behind a payload's end",
    "much": r"write\(\) returned (\d+); expected 0 to \d+, as many records as it was given, MUSTER_LOST or MUSTER_FAILED",
    "gives-up": r"flush\(\) gave up 1000000 records, but holds \d+ at most",
    "twice": r"in open\(\): the plugin calls state\(\) twice in one open",
    "leaks": r"it leaves a file or socket open after close\(\): /dev/null",
    "exits": r"open\(\) calls exit\(\), which would end the daemon",
    "hangs": r"write\(\) has not returned for 10 s",
    "aborts": r"write\(\) crashes: SIGABRT: .*",
    "silent": r"connect\(\) returned MUSTER_FAILED without a log line that says why",
    "result": r"connect\(\) returned 7; expected 0, MUSTER_AGAIN or MUSTER_FAILED",
    "asks": r'in open\(\): the plugin calls get_int\(\) of the option "other", which it does not declare',
    "asks-late": r"in write\(\): the plugin calls get_int\(\) in write\(\); expected in check, open, .*",
    "thread": r"a thread of its own still runs after close\(\)",
    "check": r"check\(\) returned MUSTER_FAILED, but has reported no error",
    "never": r"connect\(\) returned MUSTER_AGAIN each time, so write\(\) could not be checked; .* nobody is there",
}
BROKEN_FILTER = {
    "payload": r"in process\(\): the plugin changes kind, payload, .* in place; drop it, and emit another",
    "bytes": r"process\(\) writes to a payload, which belongs to the host",
    "keeps": r"process\(\) reads a record after process\(\), which was given it, has returned; .*",
    "meddles": r"in process\(\): the plugin writes to the batch's own fields",
    "foreign": r"in process\(\): the plugin calls emit\(\) of a record of a device that is another worker's",
    "drops": r"in process\(\): the plugin calls drop\(\) of record 0 twice",
    "metrics": r'in open\(\): the plugin declares the metric "seen" a second time, .*',
    "late": r"in process\(\): the plugin calls metric\(\) in process\(\); expected in open or worker_open",
    "result": r"process\(\) returned \d+; expected 0 or MUSTER_FAILED",
}


@unittest.skipIf(SANITIZED, "muster-plugin check watches for crashes itself")
class Tool(Case):
    def tool(self, *arguments, status=0):
        done = subprocess.run([TOOL, *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_our_plugins_are_fine(self):
        for name, options in (("csv", [f"path={self.path('t.csv')}"]), ("log", []),
                              ("stats", [f"file={self.path('stats.json')}"]), ("sequence", [])):
            said = self.tool("check", f"{PLUGINS}/{name}.so", *options)
            self.assertRegex(said, rf"^{name} [0-9.]+, a (sink|filter): fine \(\d+ lives, .*\)\n$")

    def finds(self, plugin, ways):
        self.assertRegex(self.tool("check", f"{BROKEN}/{plugin}.so"), ": fine ")
        for way, expected in ways.items():
            with self.subTest(way):
                said = self.tool("check", f"{BROKEN}/{plugin}.so", f"how={way}", status=1)
                self.assertRegex(said, rf"(?m)^{expected}$")
                self.assertRegex(said, r"things? (is|are) wrong\n$")

    def test_a_broken_sink_is_found(self):
        self.finds("broken_sink", BROKEN_SINK)

    def test_a_broken_filter_is_found(self):
        self.finds("broken_filter", BROKEN_FILTER)

    def test_an_output_that_open_opens_is_noted(self):
        self.assertRegex(self.tool("check", f"{BROKEN}/broken_sink.so", "how=opened"), r"^note: open\(\) opens a file")

    def test_what_is_no_plugin_is_said(self):
        self.assertIn("nothing.so", self.tool("check", "nothing.so", status=1))
        self.write("text.so", "no plugin")
        self.assertIn("text.so", self.tool("check", "text.so", status=1))
        self.assertIn('the plugin has no option "other"',
                      self.tool("check", f"{BROKEN}/broken_sink.so", "other=1", status=1))
        self.assertIn('"how" is no OPTION=VALUE', self.tool("check", f"{BROKEN}/broken_sink.so", "how", status=1))

    def test_symbols_are_looked_at(self):
        self.tool("new", "mine", "--sink")
        source = self.read("mine/mine.c")
        include = ["-I", os.path.join(os.environ.get("top_srcdir", "."), "include")]
        for text, flags, expected in (
                (source + "int helper(void); int helper(void) { return 1; }\n", [], "it exports helper; "),
                (source + "int muster_run(void);\nint helper(void);\nint helper(void) { return muster_run(); }\n",
                 ["-fvisibility=hidden", "-Wl,-z,undefs"], "muster_run")):
            self.write("mine.c", text)
            subprocess.run([CC, "-std=gnu11", "-shared", "-fPIC", *flags, *include, "-o", self.path("mine.so"),
                            self.path("mine.c")], check=True, timeout=PATIENCE)
            said = self.tool("check", "mine.so", "path=/dev/null", status=1)
            self.assertIn(expected, said)

    def test_bad_command_lines_are_refused(self):
        for arguments, expected in (
                ([], "expected new or check"), (["make"], 'there is no command "make"'), (["new", "x"], "--sink or a --filter"),
                (["new", "x", "--sink", "--filter"], "--sink or a --filter"), (["new", "--sink"], "needs a name"),
                (["new", "x", "y", "--sink"], '"y"'), (["new", "x", "--other"], 'no option "--other"'),
                (["check"], "which FILE.so?")):
            self.assertIn(expected, self.tool(*arguments, status=2))
        for name in ("", "Upper", "../x", "-x", "1x", "x" * 41, "a b"):
            if not name.startswith("-"):
                self.assertIn("is no name for a plugin", self.tool("new", name, "--sink", status=1))
        os.mkdir(self.path("there"))
        self.assertIn('"there": it is there already', self.tool("new", "there", "--sink", status=1))
        self.assertEqual(os.listdir(self.path("there")), [])
        self.assertIn("usage:", self.tool("--help"))


@unittest.skipIf(SANITIZED, "an author links libmuster-test without a sanitizer")
@unittest.skipUnless(shutil.which("pkg-config"), "pkg-config is needed")
class New(Case):
    def test_what_is_new_passes_its_own_check(self):
        root = self.install()
        kinds = [("one", ["--sink"]), ("two-2", ["--filter"])]
        if os.environ.get("CXX"):
            kinds += [("three", ["--sink", "--cxx"]), ("four", ["--filter", "--cxx"])]
        for name, arguments in kinds:
            self.make("muster-plugin", "new", name, *arguments)
            said = self.make("make", "-s", "check", "CFLAGS=-O1 -Werror", "CXXFLAGS=-O1 -Werror", folder=name)
            self.assertIn(f"test_{name}: passed\n", said)
            self.assertRegex(said, rf"(?m)^{name} 0.1, a (sink|filter): fine ")
            self.make("make", "-s", "install", f"DESTDIR={root}", folder=name)
            self.assertTrue(any(f"{name}.so" in files for _, _, files in os.walk(root)))
            if shutil.which("mandoc"):
                self.assertEqual(self.make("mandoc", "-Tlint", "-W", "warning", f"{name}/muster-{name}.7"), "")

    def install(self):
        """make install below a folder of its own, and where pkg-config finds that."""
        root = self.path("installed")
        clean = {name: value for name, value in os.environ.items()
                 if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
        subprocess.run(["make", "-s", "install", f"DESTDIR={root}"], cwd=BUILD, env=clean, capture_output=True,
                       timeout=PATIENCE * 5, check=True)
        (folder,) = [folder for folder, _, files in os.walk(root) if "muster.pc" in files]
        self.environment = {**clean, "PKG_CONFIG_PATH": folder, "PKG_CONFIG_SYSROOT_DIR": root,
                            "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
                            "PATH": BUILD + os.pathsep + os.environ["PATH"]}
        abi = self.make("pkg-config", "--variable=abi", "muster")
        self.assertTrue(re.fullmatch(r"\d+\.\d+\n", abi), abi)
        return root

    def make(self, *command, folder="."):
        done = subprocess.run(command, cwd=self.path(folder), env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout


if __name__ == "__main__":
    main()
