"""Makes the inputs of the message benchmarks: recordings in the format of docs/formats.md, and a capture.

Each function writes one file and returns the `Truth` about it. All contents come from fixed seeds: the same every time.
"""

import collections
import random
import struct
import zlib

# Events that carry octets, their octets, and messages by the names that the summary of JSON Lines has.
Truth = collections.namedtuple("Truth", "events octets messages")

PORT = 443
# Events follow one another in recorded time at 500,000 a second.
STEP_NANOSECONDS = 2_000
START = 1_700_000_000_000_000_000
RECEIVED, SENT = 0, 1
WORDS_SEED, SOCKET = 7, 0xFFFF_8880_0000_0000


class Recording:
    """A record file being written (docs/formats.md, "Record files" and "Records")."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=1 << 20)
        self.file.write(b"\x89NSR\r\n\x1a\n" + struct.pack("<HHIQQ", 1, 32, 0, START, 0))
        self.time = START
        self.events = self.octets = 0

    def data(self, payload, direction, fd, sock=0, port=0, pid=4242):
        """Plaintext of OpenSSL (type 1); with a socket also its tuple."""
        self.time += STEP_NANOSECONDS
        family = 2 if sock else 0
        ends = ((b"\x0a\0\0\x07", b"\x5d\xb8\xd8\x22", port, PORT) if family else (b"", b"", 0, 0))
        self.file.write(struct.pack(
            "<IHBBQII16sQiIIHBB16s16sHHI", 104 + len(payload), 1, 1, 0, self.time, pid, pid, b"bench", sock, fd,
            len(payload), 0, 0x0304, direction, family, *ends, 0))
        self.file.write(payload)
        self.events += 1
        self.octets += len(payload)

    def destroy(self, sock, pid=4242):
        """A socket is gone (type 16)."""
        self.time += STEP_NANOSECONDS
        self.file.write(struct.pack("<IHBBQQII", 32, 16, 1, 0, self.time, sock, pid, 0))

    def end(self, **messages):
        self.file.close()
        return Truth(self.events, self.octets, messages)


class Text:
    """Text of made-up words, of which few are frequent: gzip makes a third of it, as of prose."""

    def __init__(self, octets=1 << 20):
        generator = random.Random(WORDS_SEED)
        words = ["".join(generator.choices("etaoinshrdlucmfwygpbvk", k=generator.randint(2, 9))) for _ in range(3000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        text = " ".join(generator.choices(words, weights, k=octets // 4))
        # Lines of 80.
        self.octets = b"".join(text[at:at + 79].encode() + b"\n" for at in range(0, octets, 79))

    def piece(self, number, octets):
        start = number * 4_099 % (len(self.octets) - octets)
        return self.octets[start:start + octets]


def get(number, octets):
    """A GET request of so many octets."""
    head = (f"GET /items/{number:07}?page=3&sort=name HTTP/1.1\r\nHost: api.example.com\r\n"
            "User-Agent: bench/1.0 (Linux)\r\nAccept: application/json\r\nAccept-Language: en\r\n").encode()
    if octets - len(head) > 60:
        head += b"Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n"
    padding = octets - len(head) - len(b"X-Id: \r\n\r\n")
    return head + b"X-Id: " + b"a" * padding + b"\r\n\r\n"


def response(body, coding=None):
    head = (f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nServer: bench\r\n"
            f"Cache-Control: max-age=60\r\nContent-Length: {len(body)}\r\n")
    if coding:
        head += f"Content-Encoding: {coding}\r\n"
    return head.encode() + b"\r\n" + body


def cut(octets, size):
    return [octets[at:at + size] for at in range(0, len(octets), size)]


def one_connection(path):
    """a: one connection, 200,000 events, each a whole GET of 200 octets."""
    recording = Recording(path)
    for number in range(200_000):
        recording.data(get(number, 200), SENT, fd=5)
    return recording.end(http_request=200_000)


def many_connections(path):
    """b: 10,000 connections, each a request of 300 octets and a response of 16 KiB in four events: all requests
    first, then the parts of the responses in turn."""
    recording, text = Recording(path), Text()
    for number in range(10_000):
        recording.data(get(number, 300), SENT, fd=number)
    heads = len(response(b"x" * 10_000)) - 10_000
    for part in range(4):
        for number in range(10_000):
            octets = response(text.piece(number, (16 << 10) - heads))
            recording.data(octets[part << 12:(part + 1) << 12], RECEIVED, fd=number)
    return recording.end(http_request=10_000, http_response=10_000)


def keep_alive(path):
    """c: 1,000 connections with sockets, ten rounds of a request of 300 octets and four events of 4 KiB back."""
    recording, text = Recording(path), Text()
    heads = len(response(b"x" * 10_000)) - 10_000
    for turn in range(10):
        for number in range(1_000):
            recording.data(get(number, 300), SENT, fd=number, sock=SOCKET + number, port=10_000 + number)
        for part in range(4):
            for number in range(1_000):
                octets = response(text.piece(number + turn, (16 << 10) - heads))
                recording.data(octets[part << 12:(part + 1) << 12], RECEIVED, number, SOCKET + number, 10_000 + number)
    for number in range(1_000):
        recording.destroy(SOCKET + number)
    return recording.end(http_request=10_000, http_response=10_000)


# The Huffman code of RFC 7541 appendix B is canonical: the order of the symbols of each length says it all. Here are
# those of up to seven bits.
HUFFMAN = {}


def fill_huffman():
    code, bits = 0, 5
    for length, symbols in [(5, "012aceiost"), (6, " %-./3456789=A_bdfghlmnpru"), (7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz")]:
        code <<= length - bits
        bits = length
        for symbol in symbols:
            HUFFMAN[symbol] = f"{code:0{length}b}"
            code += 1


fill_huffman()


class HPACKEncoder:
    """Enough of RFC 7541: indexed fields and literals, into a table that never gets full."""

    def __init__(self):
        # Position from the start of all that was ever put in; the newest has index 62.
        self.places = {}
        self.octets = 0

    @staticmethod
    def integer(value, bits, first):
        limit = (1 << bits) - 1
        if value < limit:
            return bytes([first | value])
        value -= limit
        octets = [first | limit]
        while value >= 128:
            octets.append(value & 127 | 128)
            value >>= 7
        return bytes(octets + [value])

    def string(self, text):
        bits = "".join(HUFFMAN[symbol] for symbol in text)
        bits += "1" * (-len(bits) % 8)
        return self.integer(len(bits) // 8, 7, 0x80) + int(bits, 2).to_bytes(len(bits) // 8, "big")

    def field(self, name, value, keeps):
        place = self.places.get((name, value))
        if place is not None:
            return self.integer(62 + len(self.places) - 1 - place, 7, 0x80)
        if keeps and self.octets + len(name) + len(value) + 32 <= 4_096:
            self.octets += len(name) + len(value) + 32
            self.places[name, value] = len(self.places)
            return b"\x40" + self.string(name) + self.string(value)
        return b"\0" + self.string(name) + self.string(value)


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def http2_fields(number, is_request, body_octets):
    """20 header fields: 15 that every message of the connection has, five of this one."""
    if is_request:
        fields = [(":method", "POST"), (":scheme", "https"), (":authority", "api.example.com")]
    else:
        fields = [(":status", "200"), ("server", "bench"), ("cache-control", "no-store")]
    fields += [(f"x-common-header-{at}", f"value-{at}-of-the-connection") for at in range(12)]
    varying = [("content-length", str(body_octets)), ("x-request-id", f"{number * 2654435761 % 2**32:08x}-{number:04}"),
               ("etag", f"tag-{number * 40503:x}"), ("x-timing", f"{number * 17 % 1000}ms")]
    varying += [(":path", f"/items/{number}/parts")] if is_request else [("x-cost", f"{number * 31 % 997}")]
    # Pseudo-fields stand in front.
    return sorted([(name, value, True) for name, value in fields] + [(name, value, False) for name, value in varying],
                  key=lambda field: field[0][0] != ":")


def http2_direction(is_request, text, connection, message_octets):
    encoder = HPACKEncoder()
    octets = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" if is_request else b"") + frame(4, 0, 0, struct.pack(">HI", 3, 100))
    for number in range(100):
        # What a head and the headers of two frames take is 100 octets, more or less.
        body_octets = message_octets - 150 + number % 100
        block = b"".join(encoder.field(*field) for field in http2_fields(number, is_request, body_octets))
        octets += frame(1, 4, 2 * number + 1, block)
        octets += frame(0, 1, 2 * number + 1, text.piece(connection * 100 + number, body_octets))
    return octets


def http2(path):
    """d: 200 HTTP/2 connections of 100 streams, 20 header fields and DATA each way, in events of 16 KiB."""
    recording, text = Recording(path), Text()
    parts = []
    for number in range(200):
        requests = cut(http2_direction(True, text, number, 800), 16 << 10)
        responses = cut(http2_direction(False, text, number, 960), 16 << 10)
        parts.append([(requests, SENT), (responses, RECEIVED)])
    for turn in range(6):
        for direction in range(2):
            for number, connection in enumerate(parts):
                pieces, way = connection[direction]
                if turn < len(pieces):
                    recording.data(pieces[turn], way, fd=number)
    return recording.end(http2_request=20_000, http2_response=20_000)


def compressed(path):
    """e: 1,000 connections, one gzip response of 64 KiB of text each, in events of 4 KiB, in turn."""
    recording, text = Recording(path), Text()
    connections = []
    for number in range(1_000):
        compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
        body = compressor.compress(text.piece(number, 64 << 10)) + compressor.flush()
        connections.append(cut(response(body, "gzip"), 4 << 10))
    for turn in range(max(map(len, connections))):
        for number, pieces in enumerate(connections):
            if turn < len(pieces):
                recording.data(pieces[turn], RECEIVED, fd=number)
    return recording.end(http_response=1_000)


def crowd(path):
    """100,000 connections, each five times a request and a response, in turn: 1,000,000 messages."""
    recording, text = Recording(path), Text()
    answers = [response(text.piece(number, 200)) for number in range(100)]
    requests = [get(number, 300) for number in range(100)]
    for turn in range(5):
        for number in range(100_000):
            recording.data(requests[number % 100], SENT, number, SOCKET + number, number % 60_000)
        for number in range(100_000):
            recording.data(answers[number % 100], RECEIVED, number, SOCKET + number, number % 60_000)
    return recording.end(http_request=500_000, http_response=500_000)


class Capture:
    """A classic pcap of Ethernet, IPv4 and TCP."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=1 << 20)
        self.file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1))
        self.time = START

    def segment(self, source, target, sequence, acknowledged, flags, payload=b""):
        """`source`, `target`: address in four octets, port."""
        self.time += STEP_NANOSECONDS
        tcp = struct.pack(">HHIIBBHHH", source[1], target[1], sequence, acknowledged, 0x50, flags, 65_535, 0, 0) + payload
        pseudo = source[0] + target[0] + struct.pack(">HH", 6, len(tcp))
        tcp = tcp[:16] + self.checksum(pseudo + tcp) + tcp[18:]
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, source[0], target[0])
        ip = ip[:10] + self.checksum(ip) + ip[12:]
        frame = bytes.fromhex("0200000000020200000000010800") + ip + tcp
        seconds, nanoseconds = divmod(self.time, 1_000_000_000)
        self.file.write(struct.pack("<IIII", seconds, nanoseconds, len(frame), len(frame)) + frame)

    @staticmethod
    def checksum(octets):
        octets += b"\0" * (len(octets) & 1)
        # The sum of words with the carries folded in is the rest of the division by 0xFFFF.
        return struct.pack(">H", 0xFFFF - int.from_bytes(octets, "big") % 0xFFFF)


def downloads(path):
    """A capture of 4,000 connections, 50 at a time: a request, a response of 64 KiB in segments of 1,460 octets, every
    second one acknowledged."""
    capture, text = Capture(path), Text()
    server = (b"\x5d\xb8\xd8\x22", 80)
    octets = 0

    def connection(number):
        nonlocal octets
        client = (struct.pack(">I", 0x0A00_0000 | number), 1_024 + number % 60_000)
        request, answer = get(number, 300), response(text.piece(number, 64 << 10))
        octets += len(request) + len(answer)
        yield client, server, 1_000, 0, 0x02, b""
        yield server, client, 9_000, 1_001, 0x12, b""
        yield client, server, 1_001, 9_001, 0x10, b""
        yield client, server, 1_001, 9_001, 0x18, request
        at = 9_001
        for index, piece in enumerate(cut(answer, 1_460)):
            yield server, client, at, 1_301, 0x10, piece
            at += len(piece)
            if index % 2:
                yield client, server, 1_301, at, 0x10, b""
        yield server, client, at, 1_301, 0x11, b""
        yield client, server, 1_301, at + 1, 0x11, b""
        yield server, client, at + 1, 1_302, 0x10, b""

    active, started = [], 0
    while active or started < 4_000:
        while len(active) < 50 and started < 4_000:
            active.append(connection(started))
            started += 1
        going = []
        for one in active:
            segment = next(one, None)
            if segment:
                capture.segment(*segment)
                going.append(one)
        active = going
    capture.file.close()
    return Truth(None, octets, {"http_request": 4_000, "http_response": 4_000})
