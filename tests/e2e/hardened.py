#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs and plugins are built with what makes a bug harder to use, as far as configure found it."""
import glob
import os
import subprocess
import unittest

from muster import BUILD, FLEET, MUSTERD, PLUGINS, main

HARDENING = os.environ.get("HARDENING", "")


def readelf(option, path):
    return subprocess.run(["readelf", option, "-W", path], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


@unittest.skipUnless(HARDENING.strip(), "configured without")
class Hardened(unittest.TestCase):
    def setUp(self):
        self.programs = [MUSTERD, FLEET, os.path.join(BUILD, "muster-plugin")]
        self.files = self.programs + glob.glob(os.path.join(PLUGINS, "*.so"))

    def test_what_is_linked_stays_as_it_was(self):
        """Addresses are looked up before anything runs, and cannot be written afterwards; no stack is executed."""
        self.assertGreater(len(self.files), 6)
        for path in self.files:
            with self.subTest(path):
                self.assertIn("GNU_RELRO", readelf("-l", path))
                self.assertRegex(readelf("-d", path), r"BIND_NOW|Flags: .*NOW")
                self.assertRegex(readelf("-l", path), r"GNU_STACK .* RW  ")

    def test_programs_are_loaded_anywhere(self):
        if "-fPIE" not in HARDENING:
            self.skipTest("the compiler has no such flag")
        for path in self.programs:
            self.assertRegex(readelf("-h", path), r"Type:\s+DYN")

    def test_stacks_are_watched(self):
        if "-fstack-protector-strong" not in HARDENING:
            self.skipTest("the compiler has no such flag")
        for path in self.programs + [os.path.join(PLUGINS, "csv.so")]:
            self.assertTrue("__stack_chk_fail" in readelf("-s", path), path)

    def test_lengths_are_checked(self):
        if "_FORTIFY_SOURCE" not in HARDENING:
            self.skipTest("the compiler has no such flag, or does not optimize")
        self.assertTrue("__snprintf_chk" in readelf("-s", MUSTERD))


if __name__ == "__main__":
    main()
