#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages say what the programs have: every option, and nothing else."""
import os
import re
import shutil
import subprocess

from muster import FLEET, MUSTERD, SOURCE, Case, main


def read(*parts):
    with open(os.path.join(SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


def listed(page):
    """Names of options and settings that the page lists."""
    return set(re.findall(r"(?m)^\.It Cm ([a-z_]+)\b", page))


class Manuals(Case):
    def test_every_option_of_a_plugin_is_described(self):
        for plugin in ("sequence", "csv", "log", "stats"):
            done = self.musterd("--describe", plugin)
            options = set(re.findall(r"(?m)^  ([a-z_]+)$", done.stdout))
            self.assertGreater(len(options), 0)
            missing = options - listed(read("plugins", plugin, f"muster-{plugin}.7"))
            self.assertEqual(missing, set(), plugin)

    def test_every_setting_is_described(self):
        code = read("src", "collector", "config.c")
        settings = set(re.findall(r'\{\.name = "([a-z_]+)"', code))
        self.assertIn("stop_timeout", settings)
        self.assertEqual(settings - listed(read("doc", "collector.conf.5")), set())

    def test_every_command_line_option_is_described(self):
        for program, page in ((MUSTERD, "musterd.8"), (FLEET, "muster-fleet.1")):
            usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
            page = read("doc", page)
            for option in set(re.findall(r"--([a-z][a-z-]+)", usage)):
                self.assertRegex(page, rf"Fl Fl {option}\b", option)

    def test_the_pages_are_well_formed(self):
        mandoc = shutil.which("mandoc")
        if mandoc is None:
            self.skipTest("mandoc is not installed")
        for folder in ("doc", *(os.path.join("plugins", p) for p in ("sequence", "csv", "log", "stats"))):
            for name in sorted(os.listdir(os.path.join(SOURCE, folder))):
                if re.fullmatch(r".*\.[1578]", name):
                    done = subprocess.run([mandoc, "-Tlint", "-W", "warning", os.path.join(SOURCE, folder, name)],
                                          capture_output=True, text=True, check=False)
                    self.assertEqual(done.stdout + done.stderr, "", name)


if __name__ == "__main__":
    main()
