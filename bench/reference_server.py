#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The plain server in Python that the benchmarks compare with: a datagram, a row, a flush.

    reference_server.py FILE RECEIVE_BUFFER

Prints its port, and runs until SIGTERM.
"""
import csv
import signal
import socket
import struct
import sys
import time

HEADER = struct.Struct("!HIIBB")


def serve(sock, out):
    writer = csv.writer(out)
    writer.writerow(["device_id", "seq_num", "timestamp", "msg_type", "value", "duplicate_flag", "gap_flag",
                     "arrival_time"])
    last_seq = {}
    while True:
        data, _ = sock.recvfrom(2048)
        arrival = time.time()
        if len(data) < HEADER.size:
            continue
        device, seq, timestamp, kind, _ = HEADER.unpack(data[:HEADER.size])
        value = data[HEADER.size:].decode("ascii", "replace")
        last = last_seq.get(device)
        duplicate = int(last is not None and seq == last)
        gap = int(last is not None and seq > last + 1)
        last_seq[device] = seq
        writer.writerow([device, seq, timestamp, kind, value, duplicate, gap, arrival])
        out.flush()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    path, receive_buffer = sys.argv[1], int(sys.argv[2])
    force = getattr(socket, "SO_RCVBUFFORCE", 33)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, \
            open(path, "w", encoding="utf-8", newline="") as out:
        try:
            sock.setsockopt(socket.SOL_SOCKET, force, receive_buffer)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.bind(("127.0.0.1", 0))
        print(sock.getsockname()[1], flush=True)
        serve(sock, out)


main()
