#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages say what the programs have: every option, and nothing else."""
import os
import re
import shutil
import subprocess

from muster import BUILD, FLEET, MUSTERD, PLUGINS, SOURCE, Case, main

TOOL = os.path.join(BUILD, "muster-plugin")
CTL = os.path.join(BUILD, "musterctl")
PLUGIN_NAMES = sorted(name for name in os.listdir(os.path.join(SOURCE, "plugins"))
                      if os.path.exists(os.path.join(SOURCE, "plugins", name, f"muster-{name}.7")))


def read(*parts):
    with open(os.path.join(SOURCE, *parts), encoding="utf-8") as file:
        return file.read()


def listed(page):
    """Names of options and settings that the page lists."""
    return set(re.findall(r"(?m)^\.It Cm ([a-z_]+)\b", page))


class Manuals(Case):
    def test_every_option_of_a_plugin_is_described(self):
        self.assertIn("csv", PLUGIN_NAMES)
        for plugin in PLUGIN_NAMES:
            done = self.musterd("--describe", plugin)
            options = set(re.findall(r"(?m)^  ([a-z_]+)$", done.stdout))
            self.assertGreater(len(options), 0)
            missing = options - listed(read("plugins", plugin, f"muster-{plugin}.7"))
            self.assertEqual(missing, set(), plugin)

    def test_every_setting_is_described(self):
        done = self.musterd("--describe")
        settings = set(re.findall(r"(?m)^  ([a-z_]+)$", done.stdout))
        for name in ("stop_timeout", "port", "queue", "payload", "place", "default"):
            self.assertIn(name, settings)
        self.assertEqual(settings - listed(read("doc", "collector.conf.5")), set())

    def test_every_command_line_option_is_described(self):
        for program, page in ((MUSTERD, "musterd.8"), (FLEET, "muster-fleet.1"), (TOOL, "muster-plugin.1"),
                              (CTL, "musterctl.1")):
            usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
            page = read("doc", page)
            for option in set(re.findall(r"--([a-z][a-z-]+)", usage)):
                self.assertRegex(page, rf"Fl Fl {option}\b", option)

    def test_help_fits_a_terminal(self):
        commands = [[MUSTERD, "--help"], [MUSTERD, "--describe"], [FLEET, "--help"],
                    [TOOL, "--help"], [CTL, "--help"], [os.path.join(SOURCE, "quickstart"), "--help"]]
        commands += [[MUSTERD, "--plugin-path", PLUGINS, "--describe", name] for name in PLUGIN_NAMES]
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            long = [line for line in done.stdout.splitlines()
                    if len(line) > 80 and line != f"{PLUGINS}/{command[-1]}.so"]
            self.assertEqual(long, [], command)

    def well_formed(self, *command):
        """Whether a program has nothing to say against any page."""
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        for folder in ("doc", *(os.path.join("plugins", name) for name in PLUGIN_NAMES)):
            for name in sorted(os.listdir(os.path.join(SOURCE, folder))):
                if re.fullmatch(r".*\.[1578]", name):
                    done = subprocess.run(
                        [*command, os.path.join(SOURCE, folder, name)], capture_output=True, text=True, check=False,
                        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
                    yield name, done

    def test_mandoc_finds_the_pages_well_formed(self):
        for name, done in self.well_formed("mandoc", "-Tlint", "-W", "warning"):
            self.assertEqual(done.stdout + done.stderr, "", name)

    def test_groff_finds_the_pages_well_formed(self):
        for name, done in self.well_formed("man", "--warnings", "-E", "UTF-8", "-l"):
            self.assertEqual(done.stderr, "", name)
            self.assertGreater(len(done.stdout), 1000, name)


if __name__ == "__main__":
    main()
