#!/usr/bin/env python3
"""Sends and receives datagrams for the sample capture.

    datagrams.py receive PORT                                   UDP and UDP-Lite, both families, until killed
    datagrams.py send HOST PORT COUNT OCTETS SECONDS_BETWEEN    UDP
    datagrams.py send-lite HOST PORT COUNT OCTETS SECONDS_BETWEEN
    datagrams.py join GROUP LINK                                joins and leaves an IPv4 multicast group (IGMP)
"""

import select
import socket
import sys
import time

UDPLITE = 136


def receive(port):
    sockets = []
    for protocol in (socket.IPPROTO_UDP, UDPLITE):
        sockets.append(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, protocol))
        sockets[-1].bind(("::", port))
    while True:
        for ready in select.select(sockets, [], [])[0]:
            ready.recv(65535)


def send(protocol, host, port, count, octets, pause):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM, protocol) as sender:
        for number in range(count):
            sender.sendto(str(number).encode().rjust(octets, b"."), (host, port))
            time.sleep(pause)


def join(group, link):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        request = socket.inet_aton(group) + bytes(4) + socket.if_nametoindex(link).to_bytes(4, sys.byteorder)
        member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        time.sleep(0.3)


mode, *arguments = sys.argv[1:]
if mode == "receive":
    receive(int(arguments[0]))
elif mode == "join":
    join(*arguments)
else:
    host, port, count, octets, pause = arguments
    protocol = UDPLITE if mode == "send-lite" else socket.IPPROTO_UDP
    send(protocol, host, int(port), int(count), int(octets), float(pause))
