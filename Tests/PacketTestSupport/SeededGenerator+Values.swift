import CaptureTestSupport

extension SeededGenerator {
    public mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.any(&self) } }
}

extension FixedWidthInteger {
    /// Any value of the type.
    public static func any(_ generator: inout SeededGenerator) -> Self { random(in: min...max, using: &generator) }
}
