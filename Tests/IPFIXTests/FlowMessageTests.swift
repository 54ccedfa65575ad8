import CaptureTestSupport
import Flows
import Headers
import Octets
import Testing

@testable import IPFIX

@Suite struct FlowMessageTests {
    /// Flows as they come back: in milliseconds.
    static func flow(using random: inout SeededGenerator) -> MeteredFlow {
        let isV6 = Bool.random(using: &random)
        func high() -> UInt64 { isV6 ? random.next() : 0 }
        func low() -> UInt64 { isV6 ? random.next() : random.next() >> 32 }
        func direction() -> FlowDirection {
            var direction = FlowDirection()
            guard Int.random(in: 0..<4, using: &random) > 0 else { return direction }
            direction.packets = max(random.next() >> UInt64.random(in: 0..<64, using: &random), 1)
            direction.bytes = random.next() >> UInt64.random(in: 0..<64, using: &random)
            direction.ipBytes = random.next() >> UInt64.random(in: 0..<64, using: &random)
            direction.firstSeen = Int64(random.next() >> 24) * 1_000_000
            direction.lastSeen = Int64(random.next() >> 24) * 1_000_000
            direction.tcpFlags = TCPFlags(rawValue: UInt8(truncatingIfNeeded: random.next()))
            return direction
        }
        let key = FlowKey(
            sourceHigh: high(), sourceLow: low(), destinationHigh: high(), destinationLow: low(),
            meta: random.next() & ~0xFF | (isV6 ? 6 : 4))
        return MeteredFlow(
            key: key, forward: direction(), reverse: direction(),
            endReason: FlowEndReason.allCases.randomElement(using: &random)!)
    }

    static func messages(_ flows: [MeteredFlow], _ encoder: inout FlowMessageEncoder) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        func take(_ encoder: inout FlowMessageEncoder) {
            encoder.closeMessage()
            let message = encoder.message
            messages.append(message.indices.map { message[$0] })
        }
        encoder.openMessage(at: 1_700_000_000_000_000_000, withTemplates: true)
        for flow in flows where !encoder.append(flow) {
            take(&encoder)
            encoder.openMessage(at: 1_700_000_000_000_000_000, withTemplates: messages.count % 16 == 0)
            let isAppended = encoder.append(flow)
            #expect(isAppended)
        }
        take(&encoder)
        return messages
    }

    /// What a collector gets: each direction that has packets on its own.
    private static func apart(_ flows: [MeteredFlow]) -> [MeteredFlow] {
        flows.flatMap { flow in
            var back = flow
            (back.forward, back.reverse) = (flow.reverse, FlowDirection())
            back.key.swapEnds()
            var forth = flow
            forth.reverse = FlowDirection()
            return [forth, back].filter { $0.forward.packets > 0 }
        }
    }

    @Test(arguments: UInt64(0)..<100, FlowDirections.allCases)
    func whatIsWrittenIsRead(seed: UInt64, directions: FlowDirections) throws {
        var random = SeededGenerator(seed: seed)
        let flows = (0..<Int.random(in: 0...400, using: &random)).map { _ in Self.flow(using: &random) }
        var encoder = FlowMessageEncoder(directions: directions, domain: 77)
        var decoder = FlowMessageDecoder()
        let messages = Self.messages(flows, &encoder)
        for message in messages {
            #expect(message.count <= FlowMessageEncoder.datagramOctetsMax)
            try decoder.decode(message.span, at: 0)
        }
        #expect(decoder.domain == 77 && decoder.directions == directions && decoder.missingRecords == 0)
        #expect(decoder.takeFlows() == (directions == .together ? flows : Self.apart(flows)))
        // Full messages, but for the last: less than a record of two directions is left.
        #expect(messages.dropLast().allSatisfy { $0.count > 1400 - 2 * 82 - 4 })
    }

    /// Whose flows are goes with them; each direction tells both ends.
    @Test(arguments: FlowDirections.allCases) func processesAreWrittenAndRead(directions: FlowDirections) throws {
        var random = SeededGenerator(seed: 9)
        let flows = (0..<100).map { _ in Self.flow(using: &random) }
        let web = FlowProcess(pid: 80, uid: 33, comm: "nginx"), curl = FlowProcess(pid: 4_000_000_000, comm: "curl")
        let ends = flows.indices.map { index -> FlowEnds in
            switch index % 4 {
            case 0: FlowEnds(source: .known(curl), destination: .known(web))
            case 1: FlowEnds(source: .unknown, destination: .known(web))
            case 2: FlowEnds(source: .several, destination: .unknown)
            default: FlowEnds()
            }
        }
        var encoder = FlowMessageEncoder(directions: directions, domain: 1, hasProcesses: true)
        var decoder = FlowMessageDecoder()
        encoder.openMessage(at: 0, withTemplates: true)
        func close() throws {
            encoder.closeMessage()
            let message = encoder.message
            #expect(message.count <= FlowMessageEncoder.datagramOctetsMax)
            try decoder.decode(message, at: 0)
        }
        for (flow, ends) in zip(flows, ends) where !encoder.append(flow, ends) {
            try close()
            encoder.openMessage(at: 0, withTemplates: false)
            let hasRoom = encoder.append(flow, ends)
            #expect(hasRoom)
        }
        try close()
        let expected = zip(flows, ends).flatMap { flow, ends -> [FlowEnds] in
            // What nobody is sure of is exported as unknown.
            let told = FlowEnds(
                source: ends.source.process == nil ? .unknown : ends.source, destination: ends.destination)
            if directions == .together { return [told] }
            let back = FlowEnds(source: told.destination, destination: told.source)
            return [(flow.forward, told), (flow.reverse, back)].filter { $0.0.packets > 0 }.map(\.1)
        }
        #expect(decoder.ends == expected && decoder.flows.count == expected.count)
    }

    /// The numbers of RFC 7011 § 3.1 tell a collector what it has missed, and a new session begins at 0.
    @Test func messagesAreNumberedByTheirRecords() throws {
        var random = SeededGenerator(seed: 3)
        let flows = (0..<300).map { _ in Self.flow(using: &random) }
        var encoder = FlowMessageEncoder(directions: .apart, domain: 1)
        let messages = Self.messages(flows, &encoder)
        var decoder = FlowMessageDecoder()
        var records = 0
        for (index, message) in messages.enumerated() where index != 2 {
            let number = message[8..<12].reduce(0) { $0 << 8 | Int($1) }
            if index < 2 { #expect(number == records) }
            try decoder.decode(message.span, at: 0)
            records = decoder.flows.count
        }
        #expect(decoder.missingRecords > 0)
        #expect(Int(decoder.missingRecords) + decoder.flows.count == Self.apart(flows).count)
        encoder.beginSession()
        encoder.openMessage(at: 0, withTemplates: false)
        let number = encoder.message.bigEndian32(at: 8)
        #expect(number == 0)
    }

    /// The template as another program reads it (RFC 7011 § 3.4.1).
    @Test func theTemplateSaysWhatTheRecordsHold() {
        var encoder = FlowMessageEncoder(directions: .apart, domain: 1)
        encoder.openMessage(at: 0, withTemplates: true)
        encoder.closeMessage()
        let message = encoder.message
        var found: [Int] = []
        for index in stride(from: 20, to: 24 + 13 * 4, by: 2) {
            found.append(Int(message.bigEndian16(at: index)))
        }
        #expect(
            found == [
                300, 13, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 58, 2, 136, 1, 152, 8, 153, 8, 2, 8, 1, 8, 352, 8, 6, 2,
            ])
    }

    /// Times before 1970 cannot be said in IPFIX.
    @Test func timesBefore1970AreClamped() throws {
        var random = SeededGenerator(seed: 1)
        var flow = Self.flow(using: &random)
        flow.forward.packets = 1
        flow.reverse = FlowDirection()
        (flow.forward.firstSeen, flow.forward.lastSeen) = (.min, -1)
        var encoder = FlowMessageEncoder(directions: .apart, domain: 1)
        var decoder = FlowMessageDecoder()
        for message in Self.messages([flow], &encoder) { try decoder.decode(message.span, at: 0) }
        #expect(decoder.flows.map(\.forward.firstSeen) == [0] && decoder.flows.map(\.forward.lastSeen) == [0])
    }

    /// Damage gives an error inside the message or other values, never a trap.
    @Test(arguments: UInt64(0)..<200) func damageIsTold(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let flows = (0..<20).map { _ in Self.flow(using: &random) }
        var encoder = FlowMessageEncoder(directions: seed % 2 == 0 ? .apart : .together, domain: 1)
        var message = Self.messages(flows, &encoder)[0]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            message[Int.random(in: 0..<message.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
        }
        if seed % 3 == 0 { message.removeLast(Int.random(in: 0...message.count, using: &random)) }
        var decoder = FlowMessageDecoder()
        do throws(IPFIXFailure) {
            try decoder.decode(message.span, at: 0)
        } catch {
            #expect(0...message.count ~= error.offset)
        }
        #expect(decoder.flows.count <= message.count / 58)
    }

    /// Each shorter message is refused, as its length says.
    @Test func everyShorterMessageIsRefused() {
        var random = SeededGenerator(seed: 9)
        var encoder = FlowMessageEncoder(directions: .apart, domain: 1)
        let message = Self.messages([Self.flow(using: &random), Self.flow(using: &random)], &encoder)[0]
        for count in 0..<message.count {
            var decoder = FlowMessageDecoder()
            let wasRefused: Bool
            do throws(IPFIXFailure) {
                try decoder.decode(message.span.extracting(0..<count), at: 0)
                wasRefused = false
            } catch {
                wasRefused = true
            }
            #expect(wasRefused, "\(count)")
        }
    }
}
