#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""etc/assignment-matrix: each run agrees with what was played, and tables and plots are made of it."""
import csv
import os
import shutil
import subprocess
import unittest

from muster import FLEET, MUSTERD, PATIENCE, PLUGINS, SOURCE, Case, main

PROGRAM = os.path.join(SOURCE, "etc", "assignment-matrix")
SMALLEST = ("--losses", "0,5", "--delays", "100", "--intervals", "1,5", "--runs", "2", "--devices", "20", "--duration", "100",
            "--speed", "50")
PLOTS = ("bytes-per-report", "duplicate-rate", "loss-over-time", "cpu-over-time")


class Matrix(Case):
    def run_it(self, *arguments, status=0):
        done = subprocess.run(
            [PROGRAM, "--musterd", MUSTERD, "--fleet", FLEET, "--plugin-path", PLUGINS, "--out", self.path("out"), *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def table(self, name):
        with open(os.path.join(self.path("out"), name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_tables(self):
        self.run_it(*SMALLEST, "--no-plots")
        runs = self.table("results.csv")
        self.assertEqual([(row["loss_percent"], row["delay_ms"], row["interval_s"], row["run"], row["seed"]) for row in runs],
                         [(loss, "100", interval, run, run) for loss in "05" for interval in "15" for run in "12"])
        for row in runs:
            self.assertEqual((row["agrees"], row["kernel_drops"]), ("yes", "0"))
            self.assertEqual(row["packets_lost"], row["expect_lost"])
            self.assertEqual(int(row["packets_lost"]) > 0, row["loss_percent"] == "5")
        summary = {(row["loss_percent"], row["interval_s"], row["metric"]): row for row in self.table("summary.csv")}
        self.assertEqual(len(summary), 4 * 5)
        for (loss, interval, metric), row in summary.items():
            values = sorted(float(run[metric]) for run in runs if (run["loss_percent"], run["interval_s"]) == (loss, interval))
            self.assertEqual((float(row["min"]), float(row["max"])), (values[0], values[-1]))
            self.assertAlmostEqual(float(row["median"]), sum(values) / 2)
        self.assertGreater(len(self.table("over-time.csv")), 0)

    @unittest.skipIf(shutil.which("gnuplot") is None, "gnuplot is not installed")
    def test_plots(self):
        self.run_it(*SMALLEST)
        for plot in PLOTS:
            for ending, magic in (("png", b"\x89PNG"), ("svg", b"<?xml")):
                with open(os.path.join(self.path("out"), f"{plot}.{ending}"), "rb") as file:
                    content = file.read()
                self.assertTrue(content.startswith(magic), plot)
                self.assertGreater(len(content), 2000, plot)

    def test_what_cannot_be_is_said(self):
        self.assertIn("a delay is 0, or not less than its spread", self.run_it("--delays", "5", status=2).stderr)
        done = self.run_it("--runs", "1", "--musterd", "/bin/false", status=1)
        self.assertIn("assignment-matrix: musterd does not listen; see ", done.stderr)


if __name__ == "__main__":
    main()
