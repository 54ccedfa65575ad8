import Octets
import Testing

struct HashIndexTests {
    /// Against a dictionary, with hashes of which few are different: entries lie behind others', and move when those
    /// are removed.
    @Test(arguments: [3 as UInt32, 1_000, .max])
    func findsWhatADictionaryFinds(hashesMax: UInt32) {
        var random = SystemRandomNumberGenerator()
        var index = HashIndex(slots: 1)
        var hashOfEntry: [Int: UInt32] = [:]
        for step in 0..<20_000 {
            let entry = Int.random(in: 0..<300, using: &random)
            if let hash = hashOfEntry[entry] {
                #expect(index.find(hash: hash) { $0 == entry } == entry)
                if step % 3 != 0 {
                    index.remove(entry, hash: hash)
                    hashOfEntry[entry] = nil
                    #expect(index.find(hash: hash) { $0 == entry } == -1)
                }
            } else {
                let hash = UInt32.random(in: 0...hashesMax, using: &random)
                index.insert(entry, hash: hash)
                hashOfEntry[entry] = hash
            }
            #expect(index.count == hashOfEntry.count)
        }
        for (entry, hash) in hashOfEntry { #expect(index.find(hash: hash) { $0 == entry } == entry) }
        #expect(index.find(hash: 7) { _ in false } == -1)
    }
}
