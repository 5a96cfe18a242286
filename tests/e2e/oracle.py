# SPDX-License-Identifier: MIT
"""What the tests of kept state share: devices whose every datagram is known, and what must be said of it.

The oracle is muster-sequence(7) in Python: it is told what arrived, in which run of the daemon, and knows each
verdict, each row of the file of gaps, and the counters."""
import collections
import random

from muster import DATA, HEARTBEAT, INIT, datagram

LOSS, TWICE, HELD = 0.05, 0.02, 0.03
EPOCH = 1762534152
MESSAGES = "first in_order gaps late duplicates restarts outliers unnumbered doubted".split()

Message = collections.namedtuple("Message", "serial device session number kind timestamp")


class Device:
    """One device in the field: INIT, DATA from 1 on, every fifth time a HEARTBEAT.  What it makes goes over a
    network that loses, doubles and holds back, by dice that are its own."""

    def __init__(self, device, seed, catalogue):
        self.device = device
        self.dice = random.Random(seed * 65536 + device)
        self.catalogue = catalogue  # of all messages ever made, by serial number
        self.session, self.number, self.clock = -1, 0, EPOCH
        self.held = []  # [how many messages from now, message]
        self.fate = {}  # serial: "lost", "twice", "held"

    def make(self, kind, number):
        message = Message(len(self.catalogue), self.device, self.session, number, kind, self.clock)
        self.catalogue.append(message)
        return message

    def through_the_network(self, message):
        """What comes out of it now."""
        roll = self.dice.random()
        out = []
        if roll < LOSS:
            self.fate[message.serial] = "lost"
        elif roll < LOSS + TWICE:
            self.fate[message.serial] = "twice"
            out.append(message)
            # A copy of an INIT behind something newer would be another start.
            self.held.append([0 if message.kind == INIT else self.dice.randint(0, 3), message])
        elif roll < LOSS + TWICE + HELD and message.kind != INIT:
            self.fate[message.serial] = "held"
            self.held.append([self.dice.randint(1, 3), message])
        else:
            out.append(message)
        return out + self.release()

    def release(self):
        due = [message for left, message in self.held if left == 0]
        self.held = [[left - 1, message] for left, message in self.held if left > 0]
        return due

    def flush(self):
        """What is still on its way."""
        due = [message for _, message in self.held]
        self.held = []
        return due

    def init(self, lossless=False):
        """It starts, or starts anew; then nothing of what it sent before is on its way any more."""
        out = self.flush()
        self.session += 1
        self.number = 0
        self.clock += 10
        message = self.make(INIT, 0)
        return out + ([message] if lossless else self.through_the_network(message))

    def step(self):
        self.number += 1
        self.clock += 6
        out = self.through_the_network(self.make(DATA, self.number))
        if self.number % 5 == 0:
            out += self.through_the_network(self.make(HEARTBEAT, 0))
        return out


def wire(message):
    return datagram(message.device, message.number, message.kind, b"%d" % message.serial, message.timestamp)


class Stretch:
    """Numbers of which at least one is missing; those before `first` are lost already, but have not been told."""

    def __init__(self, first, last, opened, down):
        self.untold = self.first = first
        self.last, self.opened, self.down = last, opened, down


class Known:
    """What is known of one device."""

    def __init__(self):
        self.init_time = None
        self.begun = False
        self.highest = self.begin = 0
        self.highest_run = None
        self.seen, self.gaps = set(), []


class Oracle:
    def __init__(self, window):
        self.window = window
        self.devices = {}
        self.counts = collections.Counter({name: 0 for name in (*MESSAGES, "missing", "recovered", "lost", "devices")})
        self.told = []  # rows of the file of gaps, each a tuple; see tell

    def judged(self):
        return sum(self.counts[name] for name in MESSAGES)

    def open(self):
        return self.counts["missing"] - self.counts["recovered"] - self.counts["lost"]

    def judge(self, message, run, at):
        """Arrived in that run of the daemon, as the datagram number `at` of all that were sent.  Returns the
        verdict and how many are missing before it."""
        known = self.devices.get(message.device)
        is_new = known is None
        if is_new:
            known = self.devices[message.device] = Known()
            self.counts["devices"] += 1
        verdict, missing = "unnumbered", 0
        if message.kind == INIT:
            verdict = self.judge_init(known, message, at, is_new)
        elif message.kind == DATA:
            verdict, missing = self.judge_number(known, message, run, at)
        self.counts[{"new": "in_order", "gap": "gaps", "duplicate": "duplicates",
                     "restart": "restarts"}.get(verdict, verdict)] += 1
        return verdict, missing

    def judge_init(self, known, message, at, is_new):
        if known.init_time == message.timestamp:
            return "duplicate"
        assert known.init_time is None or message.timestamp > known.init_time
        for gap in known.gaps:
            self.counts["lost"] += gap.last - gap.first + 1
            if gap.untold < gap.first:  # the window has left those behind
                self.tell(message, gap, gap.untold, gap.first - 1, "lost", at)
            self.tell(message, gap, gap.first, gap.last, "lost", at, restarts=True)
        known.gaps, known.seen, known.begun = [], set(), False
        known.init_time = message.timestamp
        return "first" if is_new else "restart"

    def judge_number(self, known, message, run, at):
        number = message.number
        if not known.begun:
            known.begun, known.begin, known.highest, known.highest_run = True, number, number, run
            known.seen = {number}
            return "first", 0
        if number <= known.highest:
            return self.judge_behind(known, message, at), 0
        missing = number - known.highest - 1
        assert missing < self.window // 2, "it might wait for its successor: the play is not to do that"
        if missing:
            known.gaps.append(Stretch(known.highest + 1, number - 1, at, known.highest_run != run))
            self.counts["missing"] += missing
        for entering in range(known.highest + 1, number + 1):
            leaving = entering - self.window
            if leaving >= known.begin and leaving not in known.seen:
                self.lose(known, message, leaving, at)
        known.seen.add(number)
        known.highest, known.highest_run = number, run
        return ("gap", missing) if missing else ("new", 0)

    def judge_behind(self, known, message, at):
        number = message.number
        assert known.highest - number < self.window, "behind the window: the play is not to do that"
        if number in known.seen:
            return "duplicate"
        known.seen.add(number)
        if number < known.begin:
            return "late"  # from before the session's first, so it was not missing
        self.counts["recovered"] += 1
        gap = next(gap for gap in known.gaps if gap.first <= number <= gap.last)
        self.tell(message, gap, number, number, "recovered", at)
        if number < gap.last:
            behind = Stretch(number + 1, gap.last, gap.opened, gap.down)
            known.gaps.insert(known.gaps.index(gap) + 1, behind)
        gap.last = number - 1
        if number == gap.first:
            if gap.untold < number:
                self.tell(message, gap, gap.untold, number - 1, "lost", at)
            known.gaps.remove(gap)
        return "late"

    def lose(self, known, message, number, at):
        gap = known.gaps[0]
        assert gap.first == number
        self.counts["lost"] += 1
        gap.first += 1
        if number == gap.last:
            self.tell(message, gap, gap.untold, gap.last, "lost", at)
            known.gaps.pop(0)

    def tell(self, message, gap, first, last, outcome, at, restarts=False):
        """A row of the file of gaps: device, first, last, outcome, cause, and which datagrams opened and closed it."""
        cause = "network"
        if gap.down and outcome == "lost":
            cause += "+collector-down"
        if restarts:
            cause += "+restart"
        self.told.append((message.device, first, last, outcome, cause, gap.opened, at))
