#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quickstart, in a folder whose ./configure and make are stand-ins, with the daemon that is built already."""
import os
import shutil
import subprocess

from muster import FLEET, MUSTERD, PATIENCE, PLUGINS, SOURCE, Case, main

MAKEFILE = """
all:
\t@echo "  CC       src/a.o"; echo "a.c:1:1: warning: odd" >&2
\t@test ! -e $(ROOT)/broken || { echo "a.c: error"; exit 3; }
check:
\t@echo "TESTS is $(TESTS)."
TESTS = all
"""


class Quickstart(Case):
    def setUp(self):
        super().setUp()
        for folder in ("etc", "tests", "bin"):
            os.mkdir(self.path(folder))
        shutil.copy(os.path.join(SOURCE, "quickstart"), self.folder)
        for name in ("collector.conf", "devices.yaml", "quickstart.conf"):
            shutil.copyfile(os.path.join(SOURCE, "etc", name), self.path(f"etc/{name}"))
        self.write("etc/collector.conf", self.read("etc/collector.conf").replace("port = 8888", "port = 0"))
        self.write("Makefile.stub", MAKEFILE.replace("$(ROOT)", self.folder))
        self.script("bin/dpkg-query", "echo installed")
        self.script("bootstrap", f'echo "made ./configure"; cp {self.path("configure.stub")} {self.path("configure")}')
        self.script("configure.stub", f'echo "configured"; cp {self.path("Makefile.stub")} Makefile; mkdir -p tests')
        self.script("tests/count", 'echo "1 passed, 0 failed, 0 skipped"')

    def script(self, name, command):
        self.write(name, f"#!/bin/sh\n{command}\n")
        os.chmod(self.path(name), 0o755)

    def run_it(self, *arguments, status=0):
        done = subprocess.run(
            [self.path("quickstart"), *arguments], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=PATIENCE, check=False, env={**os.environ, "PATH": f"{self.path('bin')}:{os.environ['PATH']}",
                                                "MAKEFLAGS": "", "MAKELEVEL": "0"})
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout.replace(self.folder, "ROOT").splitlines()

    def test_a_line_a_stage_and_warnings(self):
        self.assertEqual(self.run_it("build"), [
            "quickstart: making ./configure",
            "quickstart: configuring in ROOT/build",
            "quickstart: building in ROOT/build (nothing to do if nothing has changed)",
            "a.c:1:1: warning: odd"])
        for line in ("made ./configure", "configured", "  CC       src/a.o"):
            self.assertIn(line, self.read("build/quickstart.log").splitlines())

    def test_the_output_of_what_failed(self):
        self.write("broken", "")
        output = self.run_it("build", status=1)
        self.assertEqual(output[2:5], ["quickstart: building in ROOT/build (nothing to do if nothing has changed)",
                                       "  CC       src/a.o", "a.c:1:1: warning: odd"])
        self.assertIn("a.c: error", output)
        self.assertRegex(output[-1], "quickstart: that failed .*: make -s .*; its output is above, and kept in "
                                     "ROOT/build/quickstart.log")
        self.assertIn("a.c: error", self.read("build/quickstart.log"))
        os.remove(self.path("broken"))
        self.assertEqual(len(self.run_it("build")), 2)

    def test_check_ends_with_the_sum(self):
        self.assertEqual(self.run_it("check")[4:], [
            "quickstart: building the tests", "quickstart: running the tests", "TESTS is all.",
            "1 passed, 0 failed, 0 skipped"])

    def give_programs(self):
        os.makedirs(self.path("build/plugins"))
        os.symlink(os.path.abspath(MUSTERD), self.path("build/musterd"))
        os.symlink(os.path.abspath(FLEET), self.path("build/muster-fleet"))
        os.symlink(os.path.abspath(PLUGINS), self.path("build/plugins/.libs"))

    def test_a_run_has_names_and_ends_in_plain_words(self):
        self.give_programs()
        output = self.run_it("--seconds", "1")
        self.assertIn("quickstart: starting: build/musterd -c etc/quickstart.conf --plugin-path build/plugins/.libs",
                      output)
        self.assertTrue([line for line in output if "DATA from 101 (boiler) seq=1 value=26.6 first" in line], output)
        self.assertRegex(" ".join(output),
                         r"rows in telemetry\.csv, .* Nothing was lost\. quickstart: stopped in order; ")
        self.assertRegex(" ".join(output),
                         r"\d+ sent, \d+ rows for a collector that misses nothing\. Nothing was lost\. ")
        self.assertEqual(output[-1], "quickstart: stopped in order; the lines above say what came and what was lost, "
                                     "the rows are in telemetry.csv")
        self.assertGreater(len(self.rows()), 3)

    def test_a_configuration_with_a_catalog_of_its_own_or_a_mistake(self):
        self.give_programs()
        self.write("etc/collector.conf", 'catalog = "etc/devices.yaml";\n' + self.read("etc/collector.conf"))
        self.assertIn("quickstart: starting: build/musterd -c etc/collector.conf --plugin-path build/plugins/.libs",
                      self.run_it("--seconds", "1"))
        self.write("etc/collector.conf", "workers = many;\n")
        self.assertEqual(self.run_it(status=2)[-1],
                         "quickstart: the configuration has errors; the lines above say which")


if __name__ == "__main__":
    main()
