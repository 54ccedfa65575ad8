import CaptureTestSupport
import Flows
import Headers
import Testing

/// The key of IPv4 is turned without a branch, that of IPv6 with one: they must agree on which end comes first.
@Suite struct KeyPlanTests {
    @Test(arguments: [KeyFields.fiveTuple], [false, true]) func bothFormsOfAKeyAgree(
        fields: KeyFields, bidirectional: Bool
    ) {
        let plan = KeyPlan(FlowTask(name: "", fields: fields, bidirectional: bidirectional))
        var generator = SeededGenerator(seed: 4)
        let values: [UInt32] = [0, 1, 0x7FFF_FFFF, 0x8000_0000, .max]
        let ports: [UInt16] = [0, 1, 0x7FFF, 0x8000, .max]
        var directions: Set<UInt8> = []
        for _ in 0..<5_000 {
            let key = FlowKey(
                sourceHigh: 0, sourceLow: UInt64(values.randomElement(using: &generator)!),
                destinationHigh: 0, destinationLow: UInt64(values.randomElement(using: &generator)!),
                meta: FlowKey.meta(
                    sourcePort: ports.randomElement(using: &generator)!,
                    destinationPort: ports.randomElement(using: &generator)!, vlan: 7, protocol: 6, family: 4))
            let compact = plan.compact(CompactKey(key)), wide = plan.wide(key)
            #expect(compact.key == CompactKey(wide.key) && compact.direction == wide.direction, "\(key)")
            directions.insert(compact.direction)
            var back = key
            back.swapEnds()
            let other = plan.compact(CompactKey(back))
            if bidirectional {
                #expect(other.key == compact.key)
                #expect(other.direction == (CompactKey(key).hasEqualEnds ? 0 : 1 - compact.direction))
            } else {
                #expect(compact.direction == 0)
            }
        }
        #expect(directions.count == (bidirectional ? 2 : 1))
    }

    @Test func aNumberThatIsTheWholeKeyIsFound() {
        func field(_ fields: KeyFields, bidirectional: Bool = false) -> (shift: UInt64, count: Int)? {
            KeyPlan(FlowTask(name: "", fields: fields, bidirectional: bidirectional)).numberField
        }
        func expect(_ fields: KeyFields, _ shift: UInt64, _ count: Int) {
            #expect(field(fields).map { $0 == (shift, count) } == true)
        }
        expect(KeyFields(sourcePort: true), 48, 65_536)
        expect(KeyFields(destinationPort: true), 32, 65_536)
        expect(KeyFields(vlan: true), 16, 65_536)
        expect(KeyFields(protocol: true), 8, 256)
        #expect(field(KeyFields(sourcePort: true), bidirectional: true) == nil)
        #expect(field(KeyFields(source: .whole)) == nil)
        #expect(field(KeyFields(sourcePort: true, destinationPort: true)) == nil)
        #expect(field(KeyFields(protocol: true, vlan: true)) == nil)
        #expect(field(.fiveTuple) == nil)
    }
}
