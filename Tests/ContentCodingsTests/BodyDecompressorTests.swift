import ContentCodings
import Testing

@Suite struct BodyDecompressorTests {
    /// A message that ends with a block, without the flush whose end is left out (RFC 7692 § 7.2.3.4), and whose last
    /// octet fills the output: that there is no more is asked for once again, and does not change where it ends.
    @Test(arguments: [1, 2, 3]) func aMessageMayEndWhereItsOutputIsFull(room: Int) throws {
        let decompressor = try BodyDecompressor(.messageDeflate)
        // A stored block of two octets (RFC 1951 § 3.2.4).
        let body: [UInt8] = [0x00, 0x02, 0x00, 0xFD, 0xFF, 0x68, 0x69]
        var (octets, start, isFull) = ([UInt8](), 0, false)
        repeat {
            try octets.append(addingCapacity: room) { output in
                start += try decompressor.decompress(body.span.extracting(start...), into: &output)
                isFull = output.isFull
            }
        } while start < body.count || isFull
        #expect(octets == [0x68, 0x69])
        #expect(decompressor.hasEnded)
        try decompressor.endMessage()
    }
}
