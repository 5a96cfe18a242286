#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a system needs to run the daemon as a service: as the system's own tools read it."""
import os
import re
import shutil
import signal
import subprocess
import unittest

from muster import BUILD, MUSTERD, PATIENCE, SANITIZED, SOURCE, Case, main, wait_until

UNIT = os.path.join(BUILD, "etc", "system", "musterd.service")
EXPOSURE = 1.5  # at most, of 10


def needs(program):
    return unittest.skipIf(shutil.which(program) is None, f"needs {program}")


class Service(Case):
    def run_tool(self, *command, **options):
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **options)

    def unit(self):
        """The unit with programs that are there, so that only the unit itself is in question."""
        with open(UNIT, encoding="utf-8") as file:
            text = file.read()
        text, count = re.subn(r"(?m)^ExecStart=\S+", f"ExecStart={os.path.abspath(MUSTERD)}", text)
        self.assertEqual(count, 1)
        return self.write("musterd.service", re.sub(r"(?m)^Documentation=.*\n", "", text))

    @needs("systemd-analyze")
    def test_it_is_a_unit(self):
        done = self.run_tool("systemd-analyze", "verify", "--man=no", self.unit())
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    @needs("systemd-analyze")
    def test_what_it_is_exposed_to(self):
        done = self.run_tool("systemd-analyze", "security", "--offline=yes", "--no-pager",
                             f"--threshold={int(EXPOSURE * 10)}", self.unit())
        found = re.search(r"Overall exposure level for musterd.service: ([\d.]+)", done.stdout)
        self.assertTrue(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found.group(1)), EXPOSURE)
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipIf(SANITIZED, "a sanitizer makes calls of its own")
    @needs("systemd-analyze")
    @needs("strace")
    def test_the_system_calls_that_it_makes(self):
        """None is refused that it cannot do without."""
        allowed = self.calls("@system-service") - self.calls("@privileged") - self.calls("@resources")
        allowed |= self.calls("@chown")
        self.write("collector.conf", """listen = ( { address = "127.0.0.1"; port = 0; } );
            state_dir = "."; workers = 2; chain = ( { plugin = "sequence"; }, { plugin = "csv"; path = "a.csv"; },
            { plugin = "stats"; file = "s.json"; }, { plugin = "log"; } );\n""")
        with open(self.path("error"), "wb") as error:
            strace = subprocess.Popen(["strace", "-f", "-qq", "-o", "calls", *self.command("-c", "collector.conf")],
                                      cwd=self.folder, stdout=error, stderr=error)
        self.running.append(strace)
        wait_until(lambda: "listening on" in self.read("error"), "it listens")
        with open(f"/proc/{strace.pid}/task/{strace.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGTERM)
        strace.wait(PATIENCE)
        self.assertIn("ledger after", self.read("error"))
        made = set(re.findall(r"(?m)^\d+ +(\w+)\(", self.read("calls")))
        self.assertIn("recvmmsg", made)
        # The soft limit of files is raised where that is allowed; execve is the shell's.
        self.assertEqual(made - allowed - {"prlimit64", "setrlimit", "execve"}, set())

    def calls(self, group):
        done = self.run_tool("systemd-analyze", "--no-pager", "syscall-filter", group)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = set()
        for word in re.findall(r"(?m)^ +([@\w-]+)$", done.stdout):
            found |= self.calls(word) if word.startswith("@") else {word}
        return found

    @needs("systemd-sysusers")
    def test_its_user(self):
        """As a system without it would make it."""
        os.makedirs(self.path("root/etc"))
        done = self.run_tool("systemd-sysusers", "--root", self.path("root"),
                             os.path.join(os.path.abspath(SOURCE), "etc/system/muster.sysusers"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(self.read("root/etc/passwd"), r"(?m)^muster:[^:]*:\d+:\d+:")

    @needs("logrotate")
    def test_rotation_is_understood(self):
        source = os.path.join(SOURCE, "etc", "system", "muster.logrotate")
        with open(source, encoding="utf-8") as file:
            text = file.read().replace("/var/log/muster", self.folder).replace("su muster muster", "")
        self.write("rotate", text)
        os.chmod(self.path("rotate"), 0o644)
        done = self.run_tool("logrotate", "--debug", "--state", self.path("rotated"), self.path("rotate"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("error:", done.stderr)

    @needs("apparmor_parser")
    def test_the_profile_is_understood(self):
        done = self.run_tool("apparmor_parser", "-Q", "-K", os.path.join(os.path.abspath(BUILD), "etc", "system",
                                                                        "musterd.apparmor"))
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
