import ContentCodings
import Foundation
import Octets
import Testing

@testable import AppProtocols

/// The vectors of http2jp, from the folder that NETSPECTRA_VECTORS names.
struct HTTP2VectorTests {
    static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_VECTORS"].map { URL(fileURLWithPath: $0) }

    private static func files(under name: String) -> [URL] {
        guard let folder else { return [] }
        let found = FileManager.default.enumerator(
            at: folder.appendingPathComponent(name), includingPropertiesForKeys: nil)
        let files = (found?.allObjects as? [URL] ?? []).filter { ["json", "gz"].contains($0.pathExtension) }
        return files.sorted { $0.path < $1.path }
    }

    private static func object(_ file: URL) throws -> [String: Any] {
        var octets = [UInt8](try Data(contentsOf: file))
        if file.pathExtension == "gz" { octets = try decompressed(octets) }
        return try #require(try JSONSerialization.jsonObject(with: Data(octets)) as? [String: Any])
    }

    private static func decompressed(_ octets: [UInt8]) throws -> [UInt8] {
        var decompressor = try StreamDecompressor(.gzip)
        var all: [UInt8] = []
        var position = 0
        var stop: Result<StreamDecompressor.Stop, DecompressionFailure> = .success(.outputFull)
        while try stop.get() != .finished {
            all.append(addingCapacity: 1 << 20) { output in
                var consumed = 0
                do throws(DecompressionFailure) {
                    stop = .success(
                        try decompressor.decompress(
                            octets.span.extracting(position...), isFinal: true, consumed: &consumed, into: &output))
                } catch {
                    stop = .failure(error)
                }
                position += consumed
            }
        }
        return all
    }

    private static func octets(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
    }

    @Test(.enabled("NETSPECTRA_VECTORS is not set") { folder != nil })
    func storiesOfHeaderListsAreDecoded() throws {
        var lists = 0
        for file in Self.files(under: "hpack") {
            let cases = try #require(try Self.object(file)["cases"] as? [[String: Any]])
            var decoder = HPACKDecoder()
            for one in cases {
                // The lists themselves, which the stories were encoded from, have no octets.
                guard let wire = one["wire"] as? String else { continue }
                if let size = one["header_table_size"] as? Int { decoder.tableSizeAllowed = max(4_096, size) }
                let block = Self.octets(wire)
                var list = HeaderList()
                var progress = HPACKDecoder.Progress()
                _ = decoder.decode(
                    block.span, isLast: true, into: &list, &progress, .init(listOctetsMax: 1 << 20, fieldsMax: 2_000))
                let fields = try #require(one["headers"] as? [[String: String]])
                #expect(list.lines == fields.flatMap { $0.map { "\($0.key): \($0.value)" } }, "\(file.path)")
                #expect(!progress.isMalformed && progress.unknownFields == 0, "\(file.path)")
                lists += 1
            }
        }
        print("\(lists) header lists")
        #expect(lists >= 4_410)
    }

    @Test(.enabled("NETSPECTRA_VECTORS is not set") { folder != nil })
    func framesAreReadOrRefused() throws {
        var frames = 0
        for file in Self.files(under: "http2-frames") {
            let vector = try Self.object(file)
            let octets = Self.octets(try #require(vector["wire"] as? String))
            let conversation = HTTP2Conversation { $0.showsFrames = true }
            conversation.feed(.received, HTTP2Frame.settings())
            conversation.sink.messages.removeAll()
            conversation.feed(.received, octets)
            conversation.close()
            guard let frame = vector["frame"] as? [String: Any] else {
                // An end must refuse it: it is shown with what is wrong.
                #expect(!conversation.sink.malformations.isEmpty, "\(file.path)")
                #expect(conversation.sink.messages.contains { $0.notes.contains { "\($0)".hasPrefix("malformed") } })
                frames += 1
                continue
            }
            let message = try #require(conversation.sink.messages(.http2Frame).first, "\(file.path)")
            #expect(message.body.length == UInt64(try #require(frame["length"] as? Int)), "\(file.path)")
            #expect(Int(message.code) == frame["type"] as? Int && Int(message.flags) == frame["flags"] as? Int)
            #expect(Int(message.streamID) == frame["stream_identifier"] as? Int, "\(file.path)")
            try Self.check(message, frame["frame_payload"] as? [String: Any] ?? [:], conversation)
            frames += 1
        }
        #expect(frames >= 20)
    }

    /// What the payload says stands in the frame's octets, at its place (RFC 9113 § 6).
    private static func check(
        _ message: Message, _ payload: [String: Any], _ conversation: HTTP2Conversation
    ) throws {
        let octets = message.body.octets
        func number(at offset: Int) -> Int { Int(octets.span.bigEndian32(at: offset)) }
        if let code = payload["error_code"] as? Int { #expect(number(at: message.code == 7 ? 4 : 0) == code) }
        if let last = payload["last_stream_id"] as? Int { #expect(number(at: 0) == last) }
        if let debug = payload["additional_debug_data"] as? String {
            #expect(octets.dropFirst(8) == Array(debug.utf8)[...])
        }
        if let increment = payload["window_size_increment"] as? Int { #expect(number(at: 0) == increment) }
        if let settings = payload["settings"] as? [[Int]] {
            #expect(octets.count == 6 * settings.count)
            for (index, setting) in settings.enumerated() {
                #expect(Int(octets.span.bigEndian16(at: 6 * index)) == setting[0])
                #expect(number(at: 6 * index + 2) == setting[1])
            }
        }
        if let weight = payload["weight"] as? Int { #expect(Int(octets[4]) + 1 == weight) }
        if let dependency = payload["stream_dependency"] as? Int {
            #expect(number(at: 0) & 0x7FFF_FFFF == dependency)
        }
        if let padding = payload["padding_length"] as? Int {
            #expect(message.body.length == message.body.decodedLength + UInt64(padding + 1))
        }
        if let data = payload["data"] as? String {
            #expect(conversation.sink.messages.contains { $0.bodyText == data })
        }
        if let promised = payload["promised_stream_id"] as? Int { #expect(number(at: 0) == promised) }
    }
}
