import Headers
import Testing

@Suite struct LayerPathTests {
    @Test func keepsTheFirstEight() {
        var path = LayerPath()
        for _ in 0..<3 {
            for layer in [ProtocolLayer.ethernet, .ipv4, .gre] { path.append(layer) }
        }
        #expect(path.count == 8)
        #expect(path.layers == [.ethernet, .ipv4, .gre, .ethernet, .ipv4, .gre, .ethernet, .ipv4])
    }
}
