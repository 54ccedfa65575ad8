import KernelIO
import Testing

@Suite struct DescriptorsTests {
    /// The next descriptor takes the number that reading the directory had, and is new all the same. A capture was
    /// damaged where it was not: a half of a trace closed it, and went on to write into what took its number.
    @Test func theOpenOnesAreThoseThatStayOpen() throws {
        #expect(Descriptors.open.isSuperset(of: [0, 1, 2]))
        // Other tests open files meanwhile: in a few of many attempts they may come between.
        let isNew = (0..<20).map { _ in
            let before = Descriptors.open
            let wakeUp = WakeUp()
            return !before.contains(wakeUp.descriptor) && Descriptors.open.contains(wakeUp.descriptor)
        }
        #expect(isNew.contains(true))
    }
}
