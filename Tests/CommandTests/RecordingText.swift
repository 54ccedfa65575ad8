import Foundation

/// A recording in JSON Lines, line by line: what a program sent and received on one descriptor or socket.
struct RecordingText {
    private(set) var lines: [String] = []
    private var time: Int64 = 1_700_000_000_000_000_000

    static let client = "10.0.0.7:51837-93.184.216.34:443"

    enum Way: Int { case received, sent }

    mutating func say(_ way: Way, _ text: String, after milliseconds: Int64 = 1, sock: UInt64 = 1) {
        say(way, Data(text.utf8), after: milliseconds, sock: sock)
    }

    mutating func say(_ way: Way, _ octets: Data, after milliseconds: Int64 = 1, sock: UInt64 = 1) {
        time += milliseconds * 1_000_000
        lines.append(
            """
            {"Op":"data","DataType":\(way.rawValue),"Timestamp":\(time),"Pid":4242,"Tid":4242,"Comm":"curl","Fd":5,\
            "Version":772,"DataLen":\(octets.count),"Tuple":"\(Self.client)","Sock":\(sock),\
            "Payload":"\(octets.base64EncodedString())"}
            """)
    }

    mutating func destroy(sock: UInt64 = 1) {
        time += 1_000_000
        lines.append(#"{"Op":"destroy","Timestamp":\#(time),"Sock":\#(sock)}"#)
    }

    mutating func add(line: String) { lines.append(line) }

    var data: Data { Data((lines.joined(separator: "\n") + "\n").utf8) }
}
