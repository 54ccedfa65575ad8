import Configuration
import Testing

@Suite struct ByteCountTextTests {
    @Test(
        arguments: [
            ("1048576", 1 << 20), ("512MiB", 512 << 20), ("2GiB", 2 << 30), ("2g", 2 << 30), ("64k", 64 << 10),
            ("1 GB", 1_000_000_000),
            ("1TiB", 1 << 40), ("0", 0), ("7B", 7),
        ] as [(String, UInt64)]) func reads(text: String, bytes: UInt64)
    {
        #expect(ByteCountText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "1.5GiB", "-1", "1XB", "99999999999999999999", "99999999999TiB"]) func refuses(
        text: String
    ) {
        #expect(ByteCountText.bytes(text) == nil)
    }
}
