import KernelIO
import Testing

/// Time that never steps back, whatever is done to the wall clock.
@Suite struct SteadyClockTests {
    private static let second: Int64 = 1_000_000_000

    @Test func itIsTheWallClockWhileThatGoesForward() {
        var clock = SteadyClock()
        #expect(clock.now(wall: 100, monotonic: 7) == 100)
        #expect(clock.now(wall: 150, monotonic: 57) == 150)
        // Set forward, or a machine that slept: the monotonic clock knows nothing of it.
        #expect(clock.now(wall: 3600 * Self.second, monotonic: 58) == 3600 * Self.second)
    }

    @Test func itGoesOnAtItsPaceOnceTheClockIsSetBack() {
        var clock = SteadyClock()
        let noon = 43_200 * Self.second
        #expect(clock.now(wall: noon, monotonic: 5) == noon)
        // An hour back, and a second later.
        #expect(clock.now(wall: noon - 3599 * Self.second, monotonic: 5 + Self.second) == noon + Self.second)
        let later = clock.now(wall: noon - 3500 * Self.second, monotonic: 5 + 100 * Self.second)
        #expect(later == noon + 100 * Self.second)
        // And put right again, a little ahead.
        let right = clock.now(wall: noon + 102 * Self.second, monotonic: 5 + 101 * Self.second)
        #expect(right == noon + 102 * Self.second)
    }

    /// Steps of either sign, at random: the time never goes back, and never runs ahead of the greatest there was by
    /// more than what has passed.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func itNeverGoesBack(seed: UInt64) {
        var state = seed
        func random(_ bound: UInt64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33 % bound)
        }
        var clock = SteadyClock()
        var (monotonic, wall, last, bound) = (Int64(1000), Int64(1_000_000), Int64.min, Int64(1_000_000))
        for _ in 0..<1000 {
            let passed = random(1000)
            monotonic += passed
            wall += passed
            bound += passed
            if random(10) == 0 { wall += random(20_000) - 10_000 }
            bound = max(bound, wall)
            let now = clock.now(wall: wall, monotonic: monotonic)
            #expect(now >= last + (last == .min ? 0 : passed) || last == .min)
            #expect(now <= bound && now >= wall)
            last = now
        }
    }
}
