#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks each rule of tests/architecture in a copy of the tree, and sees that it says where, and no more."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.environ.get("top_srcdir", "."))
SCRIPT = os.path.join(SOURCE, "tests", "architecture")

KINDS = (".c", ".h", ".py", ".mk")  # what the rules look at
TOO_LONG = "pass\n" * 700

PLANTS = (  # rule, file (a new one if there is none), what is put at its end
    ("Includes go down only", "src/base/log.h", "#include <muster/wire.h>"),
    ("Includes go down only", "src/base/units.c", '#include "wire/datagram.h"'),
    ("Includes go down only", "src/base/clock.h", '#include "build.h"'),
    ("Includes go down only", "src/wire/datagram.h", '#include "collector/catalog/catalog.h"'),
    ("Includes go down only", "src/collector/catalog/catalog.h", '#include "../state/state.h"'),
    ("Includes go down only", "src/collector/state/state.h", '#include "collector/host/host.h"'),
    ("Includes go down only", "src/collector/host/host.h", '#  include "collector/flow/queue.h"'),
    ("Includes go down only", "src/collector/flow/queue.h", '#include "collector/config/config.h"'),
    ("Includes go down only", "src/collector/flow/queue.c", '#include "collector/live/pace.h"'),
    ("Includes go down only", "src/collector/live/pace.c", '#include "collector/replay/replay.h"'),
    ("Includes go down only", "src/collector/live/pace.h", '#include "collector/collector.h"'),
    ("Includes go down only", "src/collector/replay/replay.h", '#include "collector/ledger.h"'),
    ("Includes go down only", "src/attic/old.h", "/* SPDX-License-Identifier: MIT */ #include <muster/wire.h>"),
    ("Other programs share base", "src/fleet/play.h", '#include "collector/state/state.h"'),
    ("What is for authors of pl", "src/testing/instance.h", '#include "collector/flow/queue.h"'),
    ("What is for authors of pl", "src/testing/misuse.c", '#include "plugin_tool/new.h"'),
    ("What is for authors of pl", "src/plugin_tool/life.c", '#include "collector/live/pace.h"'),
    ("The contract is of itself", "include/muster/wire.h", "#include <stdio.h>"),
    ("The contract is of itself", "include/muster/plugin.h", '#include "base/clock.h"'),
    ("Plugins see the contract", "plugins/csv/csv.c", '#include "base/clock.h"'),
    ("Plugins see the contract", "plugins/csv/csv.c", '#include "../log/log.h"'),
    ("Plugins see the contract", "plugins/common/number.h", '#include "../csv/row.h"'),
    ("Plugins see the contract", "plugins/common/number.h", '#include "wire/datagram.h"'),
    ("Plugins see the contract", "plugins/log/log.c", '#include "build.h"'),
    ("Settings hold nothing live", "src/collector/config/config.h", '#include "collector/host/instance.h"'),
    ("Settings hold nothing live", "src/collector/config/config.h", '#include "collector/state/state.h"'),
    ("Settings hold nothing live", "src/collector/config/config.c", "int f(void) { return socket(0, 0, 0); }"),
    ("Settings hold nothing live", "src/collector/config/config.c", "int f(void) { dlopen (0, 0); }"),
    ("Settings hold nothing live", "src/collector/config/config.h", "struct muster_instance *f(void);"),
    ("Settings hold nothing live", "src/collector/config/check.c", '#include "collector/host/host.h"'),
    ("The path knows no socket", "src/collector/flow/queue.c", "#include <sys/socket.h>"),
    ("The path knows no socket", "src/collector/flow/sink.h", "#include <netinet/in.h>"),
    ("The path knows no socket", "src/collector/flow/sink.c", "int f(void) { return poll(0, 0, 0); }"),
    ("File formats are known in", "src/collector/host/host.h", "#include <libconfig.h>"),
    ("File formats are known in", "src/collector/catalog/catalog.c", "#include <yaml.h>"),
    ("Low layers return errors", "src/wire/datagram.c", 'void f(void) { log_line(0, 0, 0, ""); }'),
    ("Low layers return errors", "src/base/suggest.c", 'void f(void) { log_format(0, 0, 0, ""); }'),
    ("Low layers return errors", "src/collector/host/plugin.c", "void f(void) { problems_log(0, 0); }"),
    ("Each module of src has a", "src/base/untested.c", "/* SPDX-License-Identifier: MIT */"),
    ("Each C file says its lic", "src/base/free.h", "int f(void);"),
    ("Each C file says its lic", "tests/base/free.c", "int f(void);"),
    ("Tests are of 700 lines a", "tests/e2e/long.py", TOO_LONG),
)
HARMLESS = (  # neither of these is an include or a call
    ("src/collector/flow/queue.c", '/* poll(x); */ int queue_poll(void); // socket()\nconst char *s = "recv(2)";'),
    ("src/collector/flow/queue.h", "/*\n#include <poll.h>\n*/"),
    ("src/collector/host/plugin.h", "struct s { int (*log_line)(int); };\nint f(struct s *s) { return s->log_line(1); }"),
)


def run(folder):
    """What the script says of the tree: places with the rule that they break, all rules, its status."""
    done = subprocess.run([SCRIPT, folder], capture_output=True, text=True, check=False)
    broken, places, rules = set(), [], []
    for line in done.stdout.splitlines():
        place = re.match(r"[\w/.-]+:\d+(?=: )", line)
        outcome = re.match(r"(?:ok|FAILED): (.*)", line)
        if place:
            places.append(place.group())
        elif outcome:
            rules.append(outcome.group(1))
            broken.update((place, outcome.group(1)) for place in places)
            places = []
    return broken, rules, done.returncode


def copy(folder):
    """Copies what the rules look at, and so that it can be written to."""
    for top in ("include", "src", "plugins", "tests", "bench"):
        for base, _, names in os.walk(os.path.join(SOURCE, top)):
            to = os.path.join(folder, os.path.relpath(base, SOURCE))
            os.makedirs(to)
            for name in names:
                if name.endswith(KINDS):
                    shutil.copyfile(os.path.join(base, name), os.path.join(to, name))


def plant(folder, name, text):
    """Puts the text at the end of a file, and returns in which line it begins."""
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        file.seek(0)
        line = file.read().count("\n") + 1
        file.write(text + "\n")
    return line


def main():
    wrong = []
    with tempfile.TemporaryDirectory(prefix="muster-planted-") as folder:
        copy(folder)
        known, rules, _ = run(folder)
        expected = set()
        for start, path, text in PLANTS:
            line = plant(folder, path, text)
            rule = next((rule for rule in rules if rule.startswith(start)), f"(no rule {start})")
            expected.add((f"{path}:{701 if text is TOO_LONG else line}", rule))
        for path, text in HARMLESS:
            plant(folder, path, text)
        found, _, status = run(folder)
        found -= known
    wrong += [f"{place}: goes unnoticed: {rule}" for place, rule in expected - found]
    wrong += [f"{place}: does not break: {rule}" for place, rule in found - expected]
    wrong += [f"nothing here breaks the rule: {rule}" for rule in rules if rule not in dict(expected).values()]
    wrong += ["the exit status is 0"] if status == 0 else []
    passed = len(expected & found)
    for what in sorted(wrong):
        print(f"FAILED: {what}")
    print(f"{passed} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
