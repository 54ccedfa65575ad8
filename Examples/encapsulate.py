#!/usr/bin/env python3
"""Carries an interface's packets inside others, as a kernel's own tunnels do, on kernels built without those.

    encapsulate.py vlan NAME ID LINK           Ethernet interface NAME; its frames leave through LINK with an 802.1Q tag
    encapsulate.py gre  NAME LOCAL REMOTE      IP interface NAME; its packets leave in GRE (RFC 2784) from LOCAL to REMOTE
    encapsulate.py 6in4 NAME LOCAL REMOTE      IP interface NAME; its IPv6 packets leave in IPv4 (RFC 4213)

Makes the interface, brings it up, says `ready`, and runs until it is killed. Give it addresses from outside.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_TAP, IFF_NO_PI = 1, 2, 0x1000
ETH_P_ALL, ETH_P_8021Q = 0x0003, 0x8100
PACKET_OUTGOING = 4
PACKET_AUXDATA, SOL_PACKET = 8, 263
GRE, IPV6_IN_IPV4 = 47, 41


def make_interface(name, kind):
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), kind | IFF_NO_PI))
    return descriptor


class VLAN:
    """IEEE 802.1Q: four octets after the addresses. The receiving kernel takes the tag out and tells it aside."""

    kind = IFF_TAP

    def __init__(self, identifier, link):
        self.identifier = int(identifier)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((link, 0))
        # Frames to this interface's own address come to LINK, which has another one.
        self.socket.setsockopt(SOL_PACKET, 1, struct.pack("iHH8s", socket.if_nametoindex(link), 1, 0, b""))

    def send(self, frame):
        self.socket.send(frame[:12] + struct.pack("!HH", ETH_P_8021Q, self.identifier) + frame[12:])

    def receive(self):
        frame, ancillary, _, address = self.socket.recvmsg(65535, 256)
        if address[2] == PACKET_OUTGOING:
            return None
        for level, kind, data in ancillary:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, *_, tci, _ = struct.unpack("IIIHHHH", data)
                if status & 0x10 and tci & 0x0FFF == self.identifier:
                    return frame
        if frame[12:14] == b"\x81\x00" and struct.unpack("!H", frame[14:16])[0] & 0x0FFF == self.identifier:
            return frame[:12] + frame[16:]
        return None


class InIPv4:
    """A header before the packet, in IPv4 with a protocol number of its own."""

    kind = IFF_TUN

    def __init__(self, protocol, local, remote):
        self.protocol = protocol
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
        self.socket.bind((local, 0))
        self.socket.connect((remote, 0))

    def send(self, packet):
        if self.protocol == GRE:
            packet = struct.pack("!HH", 0, 0x86DD if packet[0] >> 4 == 6 else 0x0800) + packet
        elif packet[0] >> 4 != 6:
            return
        self.socket.send(packet)

    def receive(self):
        packet = self.socket.recv(65535)
        payload = packet[(packet[0] & 15) * 4:]
        return payload[4:] if self.protocol == GRE else payload


def main():
    mode, name, first, second = sys.argv[1:]
    tunnel = {
        "vlan": lambda: VLAN(first, second),
        "gre": lambda: InIPv4(GRE, first, second),
        "6in4": lambda: InIPv4(IPV6_IN_IPV4, first, second),
    }[mode]()
    interface = make_interface(name, tunnel.kind)
    # Room for the added headers: 24 octets for GRE, 20 for 6in4; a tag is not counted in the MTU.
    mtu = 1500 if mode == "vlan" else 1476
    subprocess.run(["ip", "link", "set", name, "mtu", str(mtu), "up"], check=True)
    print("ready", flush=True)
    while True:
        for source in select.select([interface, tunnel.socket], [], [])[0]:
            try:
                carry(interface, tunnel, outwards=source == interface)
            except OSError as error:
                # The other end is not there yet, or the packet does not fit: a network loses such packets.
                print(error, file=sys.stderr)


def carry(interface, tunnel, outwards):
    if outwards:
        tunnel.send(os.read(interface, 65535))
    else:
        packet = tunnel.receive()
        if packet:
            os.write(interface, packet)


main()
