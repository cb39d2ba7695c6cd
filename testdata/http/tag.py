"""Puts an 802.1Q tag into each Ethernet frame of a pcap file.

usage: tag.py FROM TO VLAN
"""
import struct
import sys

data = open(sys.argv[1], "rb").read()
tag = struct.pack("!HH", 0x8100, int(sys.argv[3]))
out, at = data[:24], 24
while at < len(data):
    seconds, fraction, kept, length = struct.unpack_from("<IIII", data, at)
    frame = data[at + 16 : at + 16 + kept]
    out += struct.pack("<IIII", seconds, fraction, kept + 4, length + 4) + frame[:12] + tag + frame[12:]
    at += 16 + kept
open(sys.argv[2], "wb").write(out)
