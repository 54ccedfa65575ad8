import CaptureFiles

/// Packets that wait, with their octets, in the order in which they came. Memory is reused.
struct PacketQueue {
    struct Entry {
        var frame: FrameRecord
        /// When it came (monotonic nanoseconds).
        var arrival: Int64
        /// Place and number of its connection; a negative place: none.
        var slot: Int
        var serial: Int
        fileprivate var start: Int
    }

    private var entries: [Entry] = []
    private var first = 0
    private var octets: [UInt8] = []
    /// Octets before this one belong to packets that were removed.
    private var firstOctet = 0

    var isEmpty: Bool { first == entries.count }
    var count: Int { entries.count - first }
    /// Octets that wait, and what is remembered with them.
    var size: Int { octets.count - firstOctet + count * MemoryLayout<Entry>.stride }

    /// The packet that came first.
    var head: Entry? { first < entries.count ? entries[first] : nil }

    /// Its octets.
    var headOctets: Span<UInt8> {
        @_lifetime(borrow self) borrowing get {
            let entry = entries[first]
            return octets.span.extracting(entry.start..<entry.start + Int(entry.frame.capturedLength))
        }
    }

    mutating func append(_ frame: FrameRecord, _ packet: Span<UInt8>, arrival: Int64, slot: Int, serial: Int) {
        entries.append(Entry(frame: frame, arrival: arrival, slot: slot, serial: serial, start: octets.count))
        octets.append(contentsOf: packet)
    }

    mutating func removeFirst() {
        first += 1
        firstOctet = first < entries.count ? entries[first].start : octets.count
        if isEmpty {
            entries.removeAll(keepingCapacity: true)
            octets.removeAll(keepingCapacity: true)
        } else if first > 1_024, first > entries.count / 2, firstOctet > octets.count / 2 {
            // Moving costs as much as was removed.
            entries.removeFirst(first)
            octets.removeFirst(firstOctet)
            for index in entries.indices { entries[index].start -= firstOctet }
        } else {
            return
        }
        first = 0
        firstOctet = 0
    }
}
