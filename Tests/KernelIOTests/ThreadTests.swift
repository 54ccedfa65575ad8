import Glibc
import KernelIO
import Testing

@Suite struct ThreadTests {
    @Test func joiningWaitsForTheClosure() throws {
        let done = Monitor(0)
        let threads = try (0..<20).map { index in
            try WorkerThread(name: "a name longer than fifteen octets") {
                usleep(UInt32(index) * 100)
                done.withLock { $0 += 1 }
            }
        }
        for thread in threads { thread.join() }
        #expect(done.withLock { $0 } == 20)
    }

    @Test(arguments: [0, 1, 2, 7, 1_000], [0, 1, 2, 8, 64]) func concurrentlyRunsEachIndexOnce(count: Int, threads: Int)
    {
        let runs = Monitor([Int](repeating: 0, count: count))
        concurrently(count, threads: threads) { index in runs.withLock { $0[index] += 1 } }
        #expect(runs.withLock { $0 } == [Int](repeating: 1, count: count))
    }

    @Test func concurrentlyUsesSeveralThreads() {
        // Each waits for the other: one thread alone would never return.
        let arrived = Monitor(0)
        concurrently(2, threads: 2) { _ in
            arrived.update { $0 += 1 }
            arrived.wait { $0 == 2 ? () : nil }
        }
        #expect(arrived.withLock { $0 } == 2)
    }

    /// Several producers and consumers on a queue of one: whoever waits is woken.
    @Test func monitorsHandValuesOverWithoutLoss() throws {
        let slot = Monitor(Int?.none)
        let sum = Monitor(0)
        let producers = try (0..<4).map { producer in
            try WorkerThread(name: "producer") {
                for index in 0..<500 {
                    slot.wait { slot -> Void? in
                        guard slot == nil else { return nil }
                        slot = producer * 500 + index
                        return ()
                    }
                }
            }
        }
        let consumers = try (0..<4).map { _ in
            try WorkerThread(name: "consumer") {
                for _ in 0..<500 {
                    let value = slot.wait { slot -> Int? in
                        defer { slot = nil }
                        return slot
                    }
                    sum.withLock { $0 += value }
                }
            }
        }
        for thread in producers + consumers { thread.join() }
        #expect(sum.withLock { $0 } == 2_000 * 1_999 / 2)
        #expect(slot.withLock { $0 } == nil)
    }

    /// Looking at a value in vain is no news to those who sleep until it changes.
    @Test func lookingForAWhileWakesNobody() throws {
        let flag = Monitor(false)
        let looks = Monitor(0)
        let sleeper = try WorkerThread(name: "sleeper") {
            flag.wait { flag -> Void? in
                looks.withLock { $0 += 1 }
                return flag ? () : nil
            }
        }
        while looks.withLock({ $0 }) == 0 { usleep(100) }
        usleep(1_000)
        var left = 200
        flag.waitShortly { _ -> Void? in
            left -= 1
            usleep(50)
            return left == 0 ? () : nil
        }
        let woken = looks.withLock { $0 }
        flag.update { $0 = true }
        sleeper.join()
        // Once to begin with, and once for the value that was found; spurious wake-ups are rare.
        #expect(woken <= 5)
    }

    @Test func waitingGivesUpAfterAWhile() throws {
        let flag = Monitor(false)
        let start = Clock.monotonicNanoseconds
        let late: Bool? = flag.wait(nanoseconds: 30_000_000) { $0 ? true : nil }
        #expect(late == nil && Clock.monotonicNanoseconds - start >= 29_000_000)
        let setter = try WorkerThread(name: "setter") {
            usleep(1_000)
            flag.update { $0 = true }
        }
        let set: Bool? = flag.wait(nanoseconds: 60_000_000_000) { $0 ? true : nil }
        setter.join()
        #expect(set == true)
    }

    @Test func failuresPassThroughTheLock() {
        struct Failure: Error {}
        let value = Monitor(1)
        #expect(throws: Failure.self) {
            try value.withLock { (value: inout Int) throws(Failure) in
                value = 2
                throw Failure()
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test func theMachineSaysSomethingSensible() {
        #expect(Machine.processorCount >= 1)
        #expect(Machine.randomSeed() != Machine.randomSeed())
        // After 2020, before 2200.
        #expect((1_577_836_800_000_000_000...7_258_118_400_000_000_000).contains(Clock.wallNanoseconds))
        #expect(Terminal.environment("NETSPECTRA_NO_SUCH_VARIABLE") == nil)
        #expect(Terminal.environment("PATH") != nil)
    }
}
