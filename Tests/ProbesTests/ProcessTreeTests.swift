import Glibc
import Testing

@testable import Probes

@Suite struct ProcessTreeTests {
    @Test(arguments: [
        ("4711 (curl) S 4710 4711 0", UInt32?.some(4_710)), ("1 (a) b) (c) R 7 1", 7), ("2 (kthreadd) S 0 0", 0),
        ("4711 (curl) S", nil), ("4711 curl S 4710", nil), ("", nil),
    ])
    func theParentStandsBehindTheName(stat: String, parent: UInt32?) {
        #expect(ProcessTree.parent(in: Array(stat.utf8)) == parent)
    }

    @Test func descendantsAreFoundAtAnyDepth() {
        let children: [UInt32: [UInt32]] = [1: [2, 3], 2: [4], 4: [5], 3: [1], 9: [10]]
        #expect(ProcessTree.descendants(of: [1], children) == [2, 3, 4, 5])
        #expect(ProcessTree.descendants(of: [2, 9], children) == [4, 5, 10])
        #expect(ProcessTree.descendants(of: [5], children).isEmpty)
    }

    @Test func thisProcessIsItsParentsChild() {
        #expect(ProcessTree.descendants(of: [UInt32(getppid())]).contains(UInt32(getpid())))
    }
}
