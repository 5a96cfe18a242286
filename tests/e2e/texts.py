#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Texts that devices send do nothing to a terminal, a reader or a spreadsheet, wherever they come out."""
import csv
import json
import re
import unicodedata
import unittest

from muster import DATA, Case, datagram, main, wait_until

CATALOG = """
formats:
  words:
    header: [ u16: device, u32: sequence ]
    body:
      - reading: [ u8: level, text: word ]
        readings: 1
devices:
  - id: 7
    name: "%s"
"""


def is_shown(char):
    """Whether that character can stand in a line for a reader."""
    return char.isprintable() and char not in "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" and not (
        0x180b <= ord(char) <= 0x180f or 0xfe00 <= ord(char) <= 0xfe0f or 0xe0100 <= ord(char) <= 0xe01ef)


def read_back(text):
    """The bytes that a text stands for."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())


class Texts(Case):

    @unittest.skipUnless(unicodedata.unidata_version == "14.0.0", "this Python has another Unicode")
    def test_each_character(self):
        """All of the planes that have some, 100 a datagram, each behind a letter that a mark can stand on."""
        collector = self.start('{ plugin = "sequence"; }, { plugin = "csv"; columns = ( "value" ); }, { plugin = "log"; }')
        codes = [*range(1, 0xd800), *range(0xe000, 0x33480), *range(0xe0000, 0xe0200), 0xf0000, 0xffffd, 0x10fffd]
        texts = ["".join("a" + chr(code) for code in codes[i:i + 100]) for i in range(0, len(codes), 100)]
        for start in range(0, len(texts), 100):
            collector.send(*(datagram(1, start + i + 1, DATA, text.encode()) for i, text in enumerate(texts[start:start + 100])))
            wait_until(lambda: self.read("telemetry.csv").count("\n") == 1 + min(start + 100, len(texts)), "rows")
        collector.stop()
        for row, text in zip(self.rows(), texts):
            self.assertEqual(read_back(row["value"]), text.encode())
            kept = set(row["value"])
            for char in text:
                self.assertEqual(char in kept, is_shown(char), f"U+{ord(char):04X}")
        for line in collector.output().rstrip("\n").split("\n"):
            self.assertTrue(all(is_shown(char) for char in line), ascii(line))

    def test_marks_are_bounded(self):
        collector = self.start('{ plugin = "csv"; columns = ( "value" ); }, { plugin = "log"; color = "never"; }')
        collector.send(datagram(1, 1, DATA, ("z" + "\u0335\u0301" * 50 + "z\u0301").encode()), datagram(1, 2, DATA, "\u0301z".encode()))
        wait_until(lambda: len(self.rows()) == 2, "rows")
        collector.stop()
        marks = "\u0335\u0301" * 2
        self.assertEqual(self.rows()[0]["value"], "z" + marks + "\\xcc\\xb5\\xcc\\x81" * 48 + "z\u0301")
        self.assertEqual(self.rows()[1]["value"], "\\xcc\\x81z")
        self.assertIn("value=z" + marks + "\\xcc", collector.output())

    def test_what_leads_astray(self):
        """In rows, lines, figures and messages alike; and the names of the catalog as well."""
        self.write("devices.yaml", CATALOG % "pump\u202e\u2066 7")
        bad = "safe\u202eEvil\u200b\u00a0\u2028x\U000e0041\ue000"
        escaped = "safe\\xe2\\x80\\xaeEvil\\xe2\\x80\\x8b\\xc2\\xa0\\xe2\\x80\\xa8x\\xf3\\xa0\\x81\\x81\\xee\\x80\\x80"
        collector = self.start(
            '{ plugin = "csv"; columns = ( "device_name", "word" ); }, { plugin = "log"; color = "never"; },'
            '{ plugin = "stats"; file = "stats.json"; }', settings='catalog = "devices.yaml";',
            listen='{ address = "127.0.0.1"; port = 0; format = "words"; }')
        collector.send(b"\0\7" + (1).to_bytes(4, "big") + b"\5" + bad.encode())
        wait_until(lambda: len(self.rows()) == 1, "a row")
        collector.stop()
        self.assertEqual(self.rows()[0], {"device_name": "pump\\xe2\\x80\\xae\\xe2\\x81\\xa6 7", "word": escaped})
        self.assertIn(f'7 (pump\\xe2\\x80\\xae\\xe2\\x81\\xa6 7) seq=1 level=5 word={escaped}', collector.output())
        figures = self.read("stats.json")
        self.assertIn("pump\\u202e\\u2066 7", figures)
        self.assertEqual(json.loads(figures)["values"][0]["name"], "pump\u202e\u2066 7")
        for text in (figures, collector.output(), collector.log()):
            self.assertTrue(all(is_shown(char) or char == "\n" for char in text), ascii(text))

    def test_messages_of_errors(self):
        self.write("telemetry.csv", "a\u202e\x1b[2J\n")
        self.write("collector.conf", 'chain = ( { plugin = "csv"; required = true; }, { plugin = "no\u202e"; } );')
        done = self.musterd("-c", "collector.conf")
        self.assertIn("no\\xe2\\x80\\xae", done.stderr)
        self.write("collector.conf", 'listen = ( { port = 0; } ); chain = ( { plugin = "csv"; required = true; } );')
        done = self.musterd("-c", "collector.conf")
        self.assertIn("a\\xe2\\x80\\xae\\x1b[2J", done.stderr)

    def test_decoding(self):
        done = self.musterd("--decode", "built-in", "006500000001690e24c80101" + "a\u202e\u0085".encode().hex())
        self.assertIn("a\\xe2\\x80\\xae\\xc2\\x85", done.stdout)
        self.assertTrue(all(is_shown(char) or char == "\n" for char in done.stdout), ascii(done.stdout))

    def test_guard_of_a_spreadsheet(self):
        texts = ("=1+1", "@x", "+a", "-a", "-21.5", "+3", "=HYPERLINK(\"u\",\"t\")", "\t=1", "plain")
        collector = self.start('{ plugin = "csv"; guard = "spreadsheet"; }, { plugin = "csv"; name = "open"; path = "open.csv"; }')
        collector.send(*(datagram(1, i, DATA, text.encode()) for i, text in enumerate(texts)))
        wait_until(lambda: len(self.rows()) == len(self.rows("open.csv")) == len(texts), "rows")
        collector.stop()
        self.assertEqual([row["value"] for row in self.rows()],
                         ["'=1+1", "'@x", "'+a", "'-a", "-21.5", "+3", "'=HYPERLINK(\"u\",\"t\")", "\\x09=1", "plain"])
        self.assertEqual([row["value"] for row in self.rows("open.csv")], [text.replace("\t", "\\x09") for text in texts])

    def test_end_of_data_is_quoted(self):
        """PostgreSQL takes a line of nothing but that for the end of all rows."""
        collector = self.start('{ plugin = "csv"; columns = ( "value" ); }')
        collector.send(datagram(1, 1, DATA, b"\\."), datagram(1, 2, DATA, b"x"))
        wait_until(lambda: len(self.rows()) == 2, "rows")
        collector.stop()
        self.assertEqual(self.read("telemetry.csv"), 'value\n"\\."\nx\n')
        self.assertEqual(next(csv.DictReader(self.read("telemetry.csv").splitlines()))["value"], "\\.")


if __name__ == "__main__":
    main()
