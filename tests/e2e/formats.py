#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Declared formats for a person: musterd --check, and musterd --decode."""
import os
import re
import shutil
import subprocess

from muster import MUSTERD, PATIENCE, PLUGINS, SOURCE, Case, main

PRESETS = os.path.join(SOURCE, "etc", "formats")
RUUVI = "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"
WEATHER = """
formats:
  weather:
    header:
      - u8: [version/4, type/4]
      - u16: device
      - u16: sequence
      - u32: time
    expect: { version: 1 }
    type: { 1: data, 2: heartbeat, 3: ignore }
    check: { is: sum8 }
    trailer: [ u8: check ]
    body:
      - when: { type: data }
        header: [ u8: count ]
        reading: [ i16: temperature, f32: level, "text:3": place ]
      - when: { type: heartbeat }
    values:
      temperature: { scale: 0.1, unit: Cel, absent: [-32768] }
"""


def summed(text):
    """The bytes with their sum behind them, as digits."""
    data = bytes.fromhex(text)
    return (data + bytes([sum(data) & 0xff])).hex()


DATA = summed("11 0007 0017 69430580 02 00d4 3f8ccccd 616263 8000 40490fdb 78797a")


class Formats(Case):
    def setUp(self):
        super().setUp()
        self.catalog = os.path.join(self.folder, "devices.yaml")
        self.write(WEATHER)

    def write(self, text):
        with open(self.catalog, "w", encoding="utf-8") as file:
            file.write(text)

    def run_it(self, *arguments, typed=None):
        return subprocess.run([MUSTERD, *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, input=typed)

    def decode(self, *arguments, status, typed=None):
        done = self.run_it("--catalog", self.catalog, "--decode", *arguments, typed=typed)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_every_field_is_shown(self):
        done = self.decode("weather", DATA, status=0)
        lines = [line.split() for line in done.stdout.splitlines()]
        for expected in ("0 11 u8[7:4] version 1", "u8[3:0] type 1 data", "1 00 07 u16 device 7",
                         "10 00 d4 i16 temperature 212 21.2 Cel"):
            self.assertTrue(any(" ".join(line).startswith(expected) for line in lines), expected + done.stdout)
        self.assertIn("2025-12-17T19:33:20Z", done.stdout)
        self.assertEqual([line for line in done.stdout.splitlines() if len(line) > 80], [])

    def test_records_are_shown(self):
        out = self.decode("weather", DATA, status=0).stdout.partition("taken: ")[2].splitlines()
        self.assertEqual(out[0], "2 records")
        self.assertEqual(out[1], "     1  device 7  sequence 23  data  2025-12-17T19:33:20Z")
        self.assertEqual(out[2].split(), ["version=1", "temperature=21.2", "Cel", "level=1.1", "place=abc"])
        self.assertEqual(out[4].split(), ["version=1", "level=3.1415927", "place=xyz"])

    def test_a_refusal_says_why(self):
        done = self.decode("weather", summed("11 0007 0017 69430580 02 00d4 3f8ccccd 616263 80"), status=1)
        self.assertRegex(done.stdout, r"refused: bad_length, at byte \d+\n +\S.*\n +What follows")
        for digits, reason in (("11", "too_short"), (summed("21 0007 0017 69430580"), "no_format"),
                               (summed("14 0007 0017 69430580"), "unknown_type"),
                               (DATA[:-2] + "ff", "bad_check")):
            done = self.decode("weather", digits, status=1)
            self.assertIn(f"\nrefused: {reason}, at byte ", done.stdout)
        done = self.decode("weather", summed("13 0007 0017 69430580"), status=0)
        self.assertIn("\nignored: ", done.stdout)

    def test_bytes_are_taken_as_people_have_them(self):
        pairs = re.findall("..", DATA)
        expected = self.decode("weather", DATA, status=0).stdout
        forms = ([" ".join(pairs)], pairs, [":".join(pairs).upper()], ["0x" + ", 0x".join(pairs)])
        for form in forms:
            self.assertEqual(self.decode("weather", *form, status=0).stdout, expected, form)
        typed = [DATA + "\n", "\n".join(pairs)]
        for command in (["xxd"], ["xxd", "-p"], ["hexdump", "-C"], ["hexdump", "-v", "-C"], ["od", "-An", "-tx1"]):
            if shutil.which(command[0]) is not None:
                typed.append(subprocess.run(command, input=bytes.fromhex(DATA), capture_output=True,
                                            check=True).stdout.decode())
        for text in typed:
            self.assertEqual(self.decode("weather", "-", typed=text, status=0).stdout, expected, text)

    def test_bytes_that_cannot_be_read(self):
        for digits, said in ((["123"], 'an odd number of digits, 3, in "123"'), (["12 3g"], "odd number"),
                             (["zz"], '"zz" is not hexadecimal')):
            done = self.decode("weather", *digits, status=2)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stdout, "")
        done = self.decode("weather", "-", typed="0000000 0711 1700\n", status=2)
        self.assertIn("hexdump -C", done.stderr)

    def test_a_format_that_is_not_there(self):
        done = self.decode("wether", "00", status=2)
        self.assertEqual(done.stderr, 'musterd: no format "wether"; did you mean "weather"?\n'
                                      "There are: built-in, weather\n")

    def test_the_built_in_format(self):
        done = self.decode("built-in", "0007 00000001 69430581 01 01 32362e36", status=0)
        self.assertIn("value=26.6", done.stdout)
        self.assertIn("sequence 1  data", done.stdout)
        done = self.decode("built-in", "0007 00000001 69430581 00 00", status=0)
        self.assertNotIn("sequence 1  ", done.stdout.partition("taken")[2])
        self.write("classes: { meter: { payload: u16 } }\ndevices: [ { id: 7, class: meter } ]\n")
        done = self.decode("built-in", "0007 00000005 69430581 01 01 0001 0002", status=0)
        self.assertIn("sequence 6  data", done.stdout)
        for digits in ("0007 00000005 69430581 01 01 000102", "0007 00000005 69430581 01 01"):
            self.assertIn("refused: bad_payload", self.decode("built-in", digits, status=1).stdout)

    def test_without_a_catalog(self):
        done = self.run_it("--decode", "built-in", "0007000000016943058101013236")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_catalog_of_a_configuration(self):
        with open(os.path.join(self.folder, "collector.conf"), "w", encoding="utf-8") as file:
            file.write('catalog = "devices.yaml";\n')
        done = self.run_it("-c", "collector.conf", "--plugin-path", PLUGINS, "--decode", "weather", DATA)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_it("-c", "collector.conf", "--plugin-path", PLUGINS, "--check", "--no-environment")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.write(WEATHER + f"    examples: [ {{ hex: {DATA}, is: {{ device: 8 }} }} ]\n")
        done = self.run_it("-c", "collector.conf", "--plugin-path", PLUGINS, "--check", "--no-environment")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"devices\.yaml:\d+:\d+: example: the device is 7; the example says 8\n")

    def test_nothing_but_the_catalog_of_a_configuration_is_read(self):
        with open(os.path.join(self.folder, "collector.conf"), "w", encoding="utf-8") as file:
            file.write('catalog = "devices.yaml";\nlisten = ( { prot = 1; } );\nchain = ( { plugin = "none"; } );\n')
        done = self.run_it("-c", "collector.conf", "--decode", "weather", DATA)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(os.path.join(self.folder, "collector.conf"), "w", encoding="utf-8") as file:
            file.write("catalog = 5;\n")
        done = self.run_it("-c", "collector.conf", "--decode", "weather", DATA)
        self.assertEqual(done.returncode, 2)
        self.assertIn("collector.conf:1: catalog is a number; expected a file in quotes", done.stderr)
        with open(os.path.join(self.folder, "collector.conf"), "w", encoding="utf-8") as file:
            file.write("workers = 1;\n")
        done = self.run_it("-c", "collector.conf", "--decode", "built-in", "0007000000016943058101013236")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def pipe(self, data, status=0):
        done = subprocess.run([MUSTERD, "--catalog", self.catalog, "--decode", "weather", "-"], input=data,
                              capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def test_standard_input_as_it_is(self):
        expected = self.decode("weather", DATA, status=0).stdout
        self.assertEqual(self.pipe(bytes.fromhex(DATA)), (expected, "musterd: standard input is not hexadecimal: "
                                                          f"{len(DATA) // 2} bytes are taken as they are\n"))
        self.assertEqual(self.pipe(DATA.encode())[1],
                         f"musterd: standard input is hexadecimal, of {len(DATA) // 2} bytes\n")
        self.assertIn("weather, 6 bytes\n", self.pipe(b"$GPRMC", status=1)[0])
        self.assertIn("weather, 0 bytes\n", self.pipe(b"", status=1)[0])
        self.assertIn("weather, 65535 bytes\n", self.pipe(b"\0" * 65535, status=1)[0])
        for data in (b"\0" * 65536, b"00" * 65536, b"\0" * (3 << 20)):
            self.assertIn("more than 65535 bytes", self.pipe(data, status=2)[1])
        self.assertIn("an odd number of digits", self.pipe(b"12 345\n", status=2)[1])

    def test_presets_decode_their_examples(self):
        for name in sorted(os.listdir(PRESETS)):
            self.write(f"include_formats: [ {os.path.join(PRESETS, name)} ]\n")
            done = self.run_it("--catalog", self.catalog, "--decode", name[:-len(".yaml")], "")
            self.assertEqual((done.returncode, done.stderr), (1, ""), name)
        self.write(f"include_formats: [ {os.path.join(PRESETS, 'ruuvi5')} ]\n")
        self.assertIn("temperature=24.3 Cel", self.decode("ruuvi5", RUUVI, status=0).stdout)

    def test_the_guide_decodes_its_example(self):
        with open(os.path.join(SOURCE, "doc", "formats.md"), encoding="utf-8") as file:
            guide = file.read()
        yaml = re.findall(r"```yaml\n(.*?)```", guide, re.S)
        command, shown = re.search(r"--decode tracker (.*?)\n(tracker, \d.*?)```", guide, re.S).groups()
        self.write(yaml[0] + yaml[1])
        done = self.decode("tracker", command.replace("\\", ""), status=0)
        self.assertEqual(done.stdout.rstrip(), shown.rstrip())
        for said in re.findall(r"(refused: .*?)```", guide, re.S):
            right = "crc16-x25" if "bad_check" in said else "u16: speed"
            self.write(yaml[0].replace(right, "crc16-arc" if "bad_check" in said else "u8: speed"))
            self.assertIn(said, self.decode("tracker", command.replace("\\", ""), status=1).stdout)

    def test_a_file_of_formats_that_is_not_there(self):
        self.write("include_formats: [ nothing-there ]\n")
        done = self.decode("built-in", "00", status=2)
        self.assertIn('devices.yaml:1:20: include_formats: no file "nothing-there"', done.stderr)

    def test_arguments_that_do_not_go_together(self):
        for arguments, said in ((["--decode", "weather"], "needs the bytes"), (["--catalog", "x"], "is for --decode"),
                                (["-c", "x", "--catalog", "y", "--decode", "z", "00"], "one of them")):
            done = self.run_it(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)

    def test_a_number_that_is_none_is_said_without_other_advice(self):
        self.write("""
formats:
  ascii:
    separator: comma
    header: [ number: device, number: sequence, number: temperature ]
""")
        for text, said in (("17,-3,2", 'sequence is "-3", which is no whole number from 0 on'),
                           ("17,abc,2", 'sequence is "abc", which is no whole number'),
                           (",7,2", "the device's name is empty")):
            done = self.decode("ascii", text.encode().hex(), status=1)
            self.assertIn(said, done.stdout)
            self.assertNotIn("expect", done.stdout)
            self.assertNotIn("readings", done.stdout)

    def test_one_mistake_of_the_catalog_is_one_error(self):
        self.write("formats:\n  f: { header: [ u8: device, u8: sequence, i31: temp ] }\n")
        with open(os.path.join(self.folder, "c.conf"), "w", encoding="utf-8") as file:
            file.write('catalog = "devices.yaml"; listen = ( { format = "f"; } );\n'
                       'chain = ( { plugin = "csv"; columns = ( "device_id", "temp" ); } );\n')
        done = self.run_it("-c", "c.conf", "--check", "--no-environment", "--plugin-path", PLUGINS)
        self.assertEqual(done.returncode, 2)
        self.assertIn("1 error in the configuration", done.stderr)


main()
