#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Formats with datagrams and what they must become, tests/vectors/formats: the examples of a catalog
are decoded when it is read."""
import glob
import os
import re
import subprocess

from muster import MUSTERD, PATIENCE, SOURCE, Case, main

FILES = sorted(glob.glob(os.path.join(SOURCE, "tests", "vectors", "formats", "*.yaml")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Vectors(Case):
    def decode(self, path):
        """Reads the catalog, and decodes a datagram that is too short for any of its formats."""
        name = re.search(r"^  ([a-z0-9-]+):$", read(path), re.M).group(1)
        return subprocess.run([MUSTERD, "--catalog", path, "--decode", name, "00"], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def test_all(self):
        self.assertGreaterEqual(len(FILES), 6)
        for path in FILES:
            with self.subTest(os.path.basename(path)):
                done = self.decode(path)
                self.assertEqual(done.stderr, "")
                self.assertIn("too_short", done.stdout)

    def test_each_is_looked_at(self):
        """With another sequence number each example that has one is wrong."""
        for path in FILES:
            text, count = re.subn(r"(is: \{[^{}]*sequence: )(\d+)", lambda found: f"{found[1]}{int(found[2]) ^ 1}", read(path))
            copy = os.path.join(self.folder, os.path.basename(path))
            with open(copy, "w", encoding="utf-8") as file:
                file.write(text)
            with self.subTest(os.path.basename(path)):
                wrong = self.decode(copy).stderr.count("example: the sequence number is ")
                self.assertEqual(wrong, count)
                self.assertGreater(wrong, 0)


if __name__ == "__main__":
    main()
