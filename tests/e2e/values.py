#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Values of declared formats, by name and with units, in the outputs of a real daemon."""
import json
import struct

from muster import Case, main

CATALOG = """
formats:
  weather:
    header:
      - u8:  [version/4, type/4]
      - u16: device
      - u16: sequence
      - u32: time
    expect: { version: 1 }
    type: { 0: init, 1: data, 2: heartbeat }
    body:
      - when: { type: data }
        reading: [ i16: temperature, u8: humidity, u8: door ]
    values:
      temperature: { scale: 0.1, unit: Cel, absent: [-32768] }
      humidity: { unit: "%RH" }
      door: { names: { 0: closed, 1: "wide, open" } }
  tank:
    order: le
    header: [ u8: magic, u16: device, u16: sequence, f32: level, i16: temperature, text:u8: note ]
    expect: { magic: 0xa5 }
    values:
      level: { unit: m }
      temperature: { unit: Cel }
  unused:
    header: [ u16: device, u16: nothing ]
devices:
  - id: 7
    name: boiler
"""
LOG = '{ plugin = "log"; time = "none"; color = "never"; }'


def weather(device, sequence, *readings, kind=1):
    header = struct.pack("!BHHI", 0x10 | kind, device, sequence, 1762534152)
    return header + b"".join(struct.pack("!hBB", *reading) for reading in readings)


def tank(device, sequence, level, temperature, note=b""):
    return struct.pack("<BHHfhB", 0xA5, device, sequence, level, temperature, len(note)) + note


class Values(Case):
    def begin(self, chain, formats='( "weather", "tank" )'):
        self.write("devices.yaml", CATALOG)
        return self.start(chain, 'catalog = "devices.yaml";',
                          f'{{ address = "127.0.0.1"; port = 0; format = {formats}; }}')

    def play(self, collector):
        collector.send(weather(7, 1, (212, 48, 0), (-5, 50, 1)), weather(7, 2, (-32768, 49, 2)),
                       weather(7, 3, kind=2), tank(8, 9, 0.1, -40, b'a "b"'), tank(8, 10, 2.5, 3))
        return collector.stop()

    def test_wide(self):
        self.play(self.begin('  { plugin = "sequence"; }, { plugin = "csv"; path = "telemetry.csv"; }'))
        self.assertEqual(self.read("telemetry.csv").splitlines()[0].split(",")[8:],
                         ["version", "temperature", "humidity", "door", "magic", "level", "note"])
        self.assertEqual([(row["seq_num"], row["value"], row["temperature"], row["humidity"], row["door"],
                           row["level"], row["note"]) for row in self.rows()],
                         [("1", "", "21.2", "48", "closed", "", ""), ("1", "", "-0.5", "50", "wide, open", "", ""),
                          ("2", "", "", "49", "2", "", ""), ("3", "", "", "", "", "", ""),
                          ("9", "", "-40", "", "", "0.1", 'a "b"'), ("10", "", "3", "", "", "2.5", "")])

    def test_long(self):
        self.play(self.begin('  { plugin = "csv"; path = "telemetry.csv"; layout = "long"; }'))
        self.assertEqual([(row["seq_num"], row["field"], row["value"], row["unit"]) for row in self.rows()][:8],
                         [("1", "version", "1", ""), ("1", "temperature", "21.2", "Cel"), ("1", "humidity", "48", "%RH"),
                          ("1", "door", "closed", ""), ("1", "version", "1", ""),
                          ("1", "temperature", "-0.5", "Cel"), ("1", "humidity", "50", "%RH"),
                          ("1", "door", "wide, open", "")])

    def test_log_and_stats(self):
        collector = self.begin(f'  {LOG}, {{ plugin = "stats"; file = "stats.json"; }}')
        self.play(collector)
        out = collector.output()
        self.assertIn("DATA from 7 (boiler) seq=1 version=1 temperature=21.2 °C humidity=48 %RH door=closed\n", out)
        self.assertIn('temperature=-0.5 °C humidity=50 %RH door="wide, open"', out)
        self.assertIn("DATA from 7 (boiler) seq=2 version=1 humidity=49 %RH door=2\n", out)
        self.assertIn("HEARTBEAT from 7 (boiler) seq=3 version=1\n", out)
        self.assertIn("DATA from 8 seq=9 magic=165 level=0.1 m temperature=-40 °C note=", out)
        found = {(entry["device_id"], entry["field"]): entry for entry in json.loads(self.read("stats.json"))["values"]}
        self.assertEqual({key: found[7, "temperature"][key] for key in ("name", "unit", "count", "min", "max", "last")},
                         {"name": "boiler", "unit": "Cel", "count": 2, "min": -0.5, "max": 21.2, "last": -0.5})
        self.assertEqual(found[8, "level"]["min"], 0.1)
        self.assertNotIn((8, "note"), found)

    def test_values_are_columns_that_can_be_chosen(self):
        self.play(self.begin('  { plugin = "csv"; path = "telemetry.csv"; columns = ( "humidity", "seq_num" ); }'))
        self.assertEqual(self.read("telemetry.csv").splitlines()[:3], ["humidity,seq_num", "48,1", "50,1"])

    def test_a_name_that_there_is_not(self):
        self.write("devices.yaml", CATALOG)
        self.write("c.conf", 'catalog = "devices.yaml";\nlisten = ( { port = 0; format = "weather"; } );\n'
                             'chain = ( { plugin = "csv";\n columns = ( "humidty", "level" ); } );\n')
        done = self.musterd("-c", "c.conf", "--check", "--no-environment")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('c.conf:4: csv: columns: unknown "humidty"; did you mean "humidity"?', done.stderr)
        self.assertIn('columns: unknown "level"', done.stderr)  # no listener takes that format

    def test_a_new_value_needs_a_new_column(self):
        chain = '  { plugin = "csv"; path = "telemetry.csv"; }'
        self.play(self.begin(chain, '"weather"'))
        before = self.read("telemetry.csv")
        self.write("devices.yaml", CATALOG.replace("u8: door ]", "u8: door, u8: rain ]"))
        self.write("c.conf", 'catalog = "devices.yaml";\nlisten = ( { address = "127.0.0.1"; port = 0; '
                             f'format = "weather"; }} );\nchain = ( {chain} );\n')
        done = self.musterd("-c", "c.conf")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(", of which it does not have rain; move the file away", done.stderr)
        self.assertEqual(self.read("telemetry.csv"), before)

    def test_in_the_order_of_time(self):
        """What a filter holds back has its values when it comes."""
        collector = self.begin('  { plugin = "reorder"; window = "1s"; }, { plugin = "csv"; path = "telemetry.csv"; }')
        self.play(collector)
        self.assertEqual(sorted((row["device_id"], row["temperature"]) for row in self.rows()),
                         [("7", ""), ("7", ""), ("7", "-0.5"), ("7", "21.2"), ("8", "-40"), ("8", "3")])


if __name__ == "__main__":
    main()
